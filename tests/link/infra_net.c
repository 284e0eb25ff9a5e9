/* The SDK's network layer, built with INFRA_MEM_STATS: it asks for every function of the TLS HAL. */
#include <stdlib.h>
#include <string.h>

#include "wrappers.h"

int ssl_hooks_set(ssl_hooks_t *hooks);
int iotx_net_exchange(const char *host, unsigned short port, const char *ca_crt);

static void *allocate(uint32_t size)
{
    return malloc(size);
}

static ssl_hooks_t hooks = {allocate, free};

int iotx_net_exchange(const char *host, unsigned short port, const char *ca_crt)
{
    char byte = 0;
    uintptr_t handle;

    ssl_hooks_set(&hooks);
    handle = HAL_SSL_Establish(host, port, ca_crt, (uint32_t)strlen(ca_crt) + 1);
    if (handle == 0) {
        return -1;
    }
    HAL_SSL_Write(handle, &byte, 1, 1);
    HAL_SSL_Read(handle, &byte, 1, 1);
    return HAL_SSL_Destroy(handle);
}
