/* Stands for the Link SDK's own TLS HAL, in an archive that comes first on the link line. */
#include <stdint.h>

uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len);
int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms);
int HAL_SSL_Write(uintptr_t handle, const char *buf, int len, int timeout_ms);
int32_t HAL_SSL_Destroy(uintptr_t handle);

uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len)
{
    (void)host, (void)port, (void)ca_crt, (void)ca_crt_len;
    return 99;
}

int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms)
{
    (void)handle, (void)buf, (void)len, (void)timeout_ms;
    return 99;
}

int HAL_SSL_Write(uintptr_t handle, const char *buf, int len, int timeout_ms)
{
    (void)handle, (void)buf, (void)len, (void)timeout_ms;
    return 99;
}

int32_t HAL_SSL_Destroy(uintptr_t handle)
{
    (void)handle;
    return 99;
}
