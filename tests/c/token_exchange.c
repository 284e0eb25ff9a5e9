/*
 * A key in a PKCS#11 token against another TLS implementation: it authenticates, and data flows.
 *
 *     token_exchange --host H --port P --ca FILE --certificate FILE --module FILE --token LABEL
 *                    --pin PIN --label KEY
 */
#include "support.h"

#include "linksdk_hal.h"
#include "../../c-examples/pkcs11_signer.h"

#define LINE "hello\n"
#define REVERSED "olleh\n"

int main(int argc, char *argv[])
{
    const char *ca = read_file(required(argc, argv, "--ca"));
    const int length = (int)strlen(LINE);
    char answer[sizeof(LINE)] = "";
    linksdk_connection_info_t info;
    struct pkcs11_signer *signer;
    uintptr_t handle;

    collect_log();
    signer = pkcs11_signer_open(required(argc, argv, "--module"), required(argc, argv, "--token"),
                                required(argc, argv, "--pin"), required(argc, argv, "--label"));
    CHECK(signer != NULL);
    CHECK_EQUAL(linksdk_set_signer(read_file(required(argc, argv, "--certificate")),
                                   pkcs11_signer_sign, signer), 0);
    handle = HAL_SSL_Establish(required(argc, argv, "--host"),
                               (uint16_t)number(required(argc, argv, "--port")), ca,
                               (uint32_t)strlen(ca) + 1);
    CHECK(handle != 0);
    memset(&info, 0, sizeof(info));
    info.struct_size = sizeof(info);
    CHECK_EQUAL(linksdk_connection_info(handle, &info), 0);
    CHECK_EQUAL(info.device_authenticated, 1);
    CHECK_EQUAL(HAL_SSL_Write(handle, LINE, length, 5000), length);
    CHECK_EQUAL(HAL_SSL_Read(handle, answer, length, 5000), length);
    CHECK(strcmp(answer, REVERSED) == 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    CHECK_EQUAL(linksdk_set_signer(NULL, NULL, NULL), 0);
    pkcs11_signer_close(signer);
    return 0;
}
