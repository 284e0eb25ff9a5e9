/* The SDK's own TLS HAL: the seven symbols of one member of libiot_hal.a. */
#include <stdio.h>

#include "wrappers.h"

int mbedtls_ssl_handshake(void);
int ssl_hooks_set(ssl_hooks_t *hooks);

extern const char *g_cli_crt;
extern const char *g_cli_key;
const char *g_cli_crt = "sample";
const char *g_cli_key = "sample";

int ssl_hooks_set(ssl_hooks_t *hooks)
{
    return hooks == NULL ? -1 : 0;
}

uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len)
{
    (void)host, (void)port, (void)ca_crt, (void)ca_crt_len;
    printf("original: TLS\n");
    return (uintptr_t)mbedtls_ssl_handshake();
}

int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms)
{
    (void)handle, (void)buf, (void)len, (void)timeout_ms;
    return 0;
}

int HAL_SSL_Write(uintptr_t handle, const char *buf, int len, int timeout_ms)
{
    (void)handle, (void)buf, (void)len, (void)timeout_ms;
    return 0;
}

int32_t HAL_SSL_Destroy(uintptr_t handle)
{
    (void)handle;
    return 0;
}
