/*
 * Firmware on a Link SDK, for the matrix of link lines: it says which implementations answered.
 *
 * As built by default it asks neither for a function of the MQTT client nor for one of the TLS HAL, and it
 * defines no credentials: nothing pulls a library out of an archive before the SDK does.
 *
 *     CALLS_CLIENT          it calls the MQTT client itself, as mqtt_example.c does
 *     ASSIGNS_CREDENTIALS   it assigns g_cli_crt
 *     CALLS_OURS            it calls a function that only linksdk-hal has
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "connection_manager.h"

extern const char *iotx_ca_crt;

/* Weak references take nothing out of an archive. */
#if defined(ASSIGNS_CREDENTIALS)
extern const char *g_cli_crt;
#else
extern const char *g_cli_crt __attribute__((weak));
#endif
#if defined(CALLS_OURS)
int linksdk_last_error(uintptr_t handle, char *buffer, size_t size);
#else
int linksdk_last_error(uintptr_t handle, char *buffer, size_t size) __attribute__((weak));
#endif

int firmware(void);

static const char *certificate(void)
{
#if !defined(ASSIGNS_CREDENTIALS)
    if (&g_cli_crt == NULL) {
        return "missing";
    }
#endif
    return g_cli_crt == NULL ? "none" : g_cli_crt;
}

int firmware(void)
{
    char why[256] = "";
    iotx_mqtt_param_t parameters;

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = "localhost";
    parameters.port = 1;
    iotx_ca_crt = "no PEM";
    parameters.pub_key = iotx_ca_crt;
#if defined(ASSIGNS_CREDENTIALS)
    g_cli_crt = NULL;
#endif
#if defined(CALLS_CLIENT)
    IOT_MQTT_Construct(&parameters);
#else
    cm_open(&parameters);
#endif
#if !defined(CALLS_OURS)
    if (linksdk_last_error == NULL) {
        printf("certificate: %s\n", certificate());
        return 0;
    }
#endif
    if (linksdk_last_error(0, why, sizeof(why)) != 0 && why[0] != '\0') {
        printf("ours: TLS\n");
    }
    printf("certificate: %s\n", certificate());
    return 0;
}
