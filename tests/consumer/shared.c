/*
 * An application with the shared library: what it assigns to the library's data, or defines in its place,
 * is what the library sees.
 */
#include <stdio.h>
#include <string.h>

#include "linksdk_hal.h"

#if defined(DEFINES_CREDENTIALS)
const char *g_cli_crt = "not a certificate";
const char *g_cli_key = "not a key";
#endif

/* Weak references of the library, which this program fulfils. */
int HAL_Kv_Set(const char *key, const void *val, int len, int sync);
int HAL_Kv_Get(const char *key, void *val, int *buffer_len);
int HAL_Kv_Del(const char *key);

int HAL_Kv_Set(const char *key, const void *val, int len, int sync)
{
    (void)key, (void)val, (void)len, (void)sync;
    return -1;
}

int HAL_Kv_Get(const char *key, void *val, int *buffer_len)
{
    (void)key, (void)val, (void)buffer_len;
    return -1;
}

int HAL_Kv_Del(const char *key)
{
    (void)key;
    return 0;
}

int main(void)
{
    char why[256] = "";

#if !defined(DEFINES_CREDENTIALS)
    if (g_cli_crt != NULL || g_cli_key != NULL) {
        return 1;
    }
    g_cli_crt = "not a certificate";
    g_cli_key = "not a key";
#endif
    /* The platform's roots are data of the library, too. */
    if (strstr(iotx_ca_crt, "BEGIN CERTIFICATE") == NULL) {
        return 2;
    }
    if (HAL_SSL_Establish("localhost", 1, iotx_ca_crt, (uint32_t)strlen(iotx_ca_crt) + 1) != 0) {
        return 3;
    }
    if (linksdk_last_error(0, why, sizeof(why)) >= 0 || strstr(why, "g_cli_crt") == NULL) {
        fprintf(stderr, "the library did not see the credentials: %s\n", why);
        return 4;
    }
    return linksdk_identity_in_hal_kv(1) == 0 ? 0 : 5;
}
