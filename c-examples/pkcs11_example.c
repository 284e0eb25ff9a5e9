/*
 * A TLS connection whose private key stays in a PKCS#11 token (tried with SoftHSM2).
 *
 *     pkcs11_example HOST PORT CA_FILE CERTIFICATE_FILE MODULE TOKEN PIN KEY_LABEL
 *
 * Connects, sends the line "hello", prints the line that comes back, and says what was agreed on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linksdk_hal.h"
#include "pkcs11_signer.h"

#define LINE "hello\n"
#define TIMEOUT_MS 5000

static void on_log(int level, const char *line, void *context)
{
    (void)level;
    (void)context;
    printf("log       %s\n", line);
}

/* The whole file as a C string, or the end of the program. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(65536);
    size_t length;

    if (file == NULL || text == NULL) {
        fprintf(stderr, "pkcs11_example: %s cannot be read\n", path);
        exit(1);
    }
    length = fread(text, 1, 65535, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

static int fail(const char *what)
{
    char why[256] = "";

    linksdk_last_error(0, why, sizeof(why));
    fprintf(stderr, "pkcs11_example: %s: %s\n", what, why);
    return 1;
}

static int talk(const char *host, const char *port, const char *ca_file)
{
    char *ca = read_file(ca_file);
    char answer[sizeof(LINE)] = "";
    linksdk_connection_info_t info;
    uintptr_t handle;
    int length = (int)strlen(LINE);
    int status = 1;

    memset(&info, 0, sizeof(info));
    info.struct_size = sizeof(info);
    handle = HAL_SSL_Establish(host, (uint16_t)atoi(port), ca, (uint32_t)strlen(ca) + 1);
    free(ca);
    if (handle == 0) {
        return fail("no connection");
    }
    if (HAL_SSL_Write(handle, LINE, length, TIMEOUT_MS) != length
        || HAL_SSL_Read(handle, answer, length, TIMEOUT_MS) != length
        || linksdk_connection_info(handle, &info) != 0) {
        fail("no answer");
    } else {
        printf("agreed    %s %s, device certificate %s\n", info.protocol, info.cipher_suite,
               info.device_authenticated ? "presented" : "missing");
        printf("answer    %s", answer);
        status = 0;
    }
    HAL_SSL_Destroy(handle);
    return status;
}

int main(int argc, char *argv[])
{
    struct pkcs11_signer *signer;
    char *certificate;
    int status;

    if (argc != 9) {
        fprintf(stderr, "usage: pkcs11_example HOST PORT CA_FILE CERTIFICATE_FILE MODULE TOKEN PIN "
                        "KEY_LABEL\n");
        return 2;
    }
    linksdk_set_log_hook(on_log, NULL);
    signer = pkcs11_signer_open(argv[5], argv[6], argv[7], argv[8]);
    if (signer == NULL) {
        return 1;
    }
    certificate = read_file(argv[4]);
    if (linksdk_set_signer(certificate, pkcs11_signer_sign, signer) != 0) {
        fprintf(stderr, "pkcs11_example: the certificate cannot be used; see the log\n");
        status = 1;
    } else {
        status = talk(argv[1], argv[2], argv[3]);
    }
    /* Nothing may call the signer any more. */
    linksdk_set_signer(NULL, NULL, NULL);
    free(certificate);
    pkcs11_signer_close(signer);
    return status;
}
