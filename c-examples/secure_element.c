/*
 * The device's private key stays in a secure element or PKCS#11 token and signs there.
 *
 *     secure_element HOST PORT CA_FILE CERTIFICATE_FILE MODULE TOKEN PIN KEY_LABEL
 *
 * Connects to the platform and prints who the device is. The firmware holds the certificate, which is
 * no secret, and a function that signs; pkcs11_signer.c is that function for every token with a
 * PKCS#11 module (tried with SoftHSM2). For a chip with an interface of its own write another one:
 * linksdk_hal.h says at linksdk_set_signer what it gets and what it gives back.
 *
 * The PIN is an argument to keep the example short. On a device it would be seen in the list of
 * processes: take it from where the token's documentation says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infra_compat.h"
#include "mqtt_api.h"
#include "linksdk_hal.h"
#include "pkcs11_signer.h"

#define LONGEST_FILE 65536

static char ca[LONGEST_FILE];
static char certificate[LONGEST_FILE];

static int fail(const char *what)
{
    char why[256];
    int code = linksdk_last_error(0, why, sizeof(why));

    if (code == 0) {
        fprintf(stderr, "secure_element: %s\n", what);
    } else {
        fprintf(stderr, "secure_element: %s: %s (state code -0x%04X)\n", what, why,
                (unsigned)-code);
    }
    return EXIT_FAILURE;
}

static void on_log(int level, const char *line, void *context)
{
    (void)level;
    (void)context;
    printf("log       %s\n", line);
}

static int on_identity(const char *payload)
{
    printf("identity  %s\n", payload);
    return 0;
}

/* The whole file as a C string. 0, or -1 when it cannot be read or is too long. */
static int read_file(const char *path, char text[LONGEST_FILE])
{
    FILE *file = fopen(path, "rb");
    size_t length;
    int failed;

    if (file == NULL) {
        return -1;
    }
    length = fread(text, 1, LONGEST_FILE, file);
    failed = ferror(file) || length == LONGEST_FILE;
    text[failed ? 0 : length] = '\0';
    fclose(file);
    return failed ? -1 : 0;
}

static int connect_once(char *host, long port)
{
    iotx_mqtt_param_t parameters;
    linksdk_connection_info_t info;
    void *client;
    int result = EXIT_SUCCESS;

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = host;
    parameters.port = (uint16_t)port;
    iotx_ca_crt = ca;
    client = IOT_MQTT_Construct(&parameters);
    if (client == NULL) {
        return fail("no connection");
    }
    memset(&info, 0, sizeof(info));
    info.struct_size = sizeof(info);
    if (linksdk_connection_info(0, &info) != 0) {
        result = fail("the connection is gone already");
    } else {
        printf("agreed    %s %s, device certificate %s\n", info.protocol, info.cipher_suite,
               info.device_authenticated ? "presented" : "missing");
    }
    if (IOT_MQTT_Destroy(&client) != 0) {
        result = fail("the client could not be ended");
    }
    return result;
}

int main(int argc, char *argv[])
{
    struct pkcs11_signer *signer;
    long port = argc == 9 ? strtol(argv[2], NULL, 10) : 0;
    int result;

    if (port < 1 || port > 65535) {
        return fail("usage: secure_element HOST PORT CA_FILE CERTIFICATE_FILE MODULE TOKEN PIN "
                    "KEY_LABEL");
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    linksdk_set_log_hook(on_log, NULL);
    if (IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity) != 0) {
        return fail("the handler of the identity was not taken");
    }
    if (read_file(argv[3], ca) != 0 || read_file(argv[4], certificate) != 0) {
        return fail("CA_FILE or CERTIFICATE_FILE cannot be read");
    }
    signer = pkcs11_signer_open(argv[5], argv[6], argv[7], argv[8]);
    if (signer == NULL) {
        return fail("the key was not found in the token");
    }
    /* Takes the place of g_cli_crt and g_cli_key. The certificate is copied. */
    result = linksdk_set_signer(certificate, pkcs11_signer_sign, signer);
    if (result == 0) {
        result = connect_once(argv[1], port);
    } else {
        fprintf(stderr, "secure_element: the certificate cannot be used (state code -0x%04X)\n",
                (unsigned)-result);
        result = EXIT_FAILURE;
    }
    /* Only when nothing can call the signer any more may it be closed. */
    if (linksdk_set_signer(NULL, NULL, NULL) != 0) {
        return fail("the signer is still in use");
    }
    pkcs11_signer_close(signer);
    return result;
}
