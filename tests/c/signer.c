/*
 * linksdk_set_signer: what is refused when it is set, and what a function that does not sign does to
 * a connection.
 *
 *     signer --host H --port P --ca FILE --certificate FILE --expired FILE
 */
#include "support.h"

#include "linksdk_hal.h"

static int calls;

/* What a failing signer may do: refuse, give nothing, give too much, give nonsense. */
static int sign(void *context, int scheme, const uint8_t *input, size_t input_size,
                uint8_t *signature, size_t *signature_size)
{
    const char *behaviour = context;

    calls++;
    CHECK(scheme == 0x0804 || scheme == 0x0401);
    CHECK_EQUAL(input_size, scheme == 0x0401 ? 51 : 32);
    CHECK(input != NULL && signature != NULL);
    CHECK_EQUAL(*signature_size, 1024);
    if (strcmp(behaviour, "refuses") == 0) {
        return -1;
    }
    if (strcmp(behaviour, "gives nothing") == 0) {
        *signature_size = 0;
    } else if (strcmp(behaviour, "gives too much") == 0) {
        *signature_size = 1025;
    } else {
        memset(signature, 0x55, 256);
        *signature_size = 256;
    }
    return 0;
}

int main(int argc, char *argv[])
{
    static const char *const behaviours[] = {"refuses", "gives nothing", "gives too much",
                                             "gives nonsense"};
    const char *host = required(argc, argv, "--host");
    uint16_t port = (uint16_t)number(required(argc, argv, "--port"));
    const char *ca = read_file(required(argc, argv, "--ca"));
    const char *certificate = read_file(required(argc, argv, "--certificate"));
    const char *expired = read_file(required(argc, argv, "--expired"));
    char byte;

    collect_log();
    CHECK_EQUAL(linksdk_set_signer(certificate, NULL, NULL), -0x0F03);
    CHECK_EQUAL(linksdk_set_signer(NULL, sign, NULL), -0x0F03);
    CHECK_EQUAL(linksdk_set_signer("no PEM", sign, NULL), -0x0F02);
    CHECK_EQUAL(linksdk_set_signer(expired, sign, NULL), -0x0F04);
    CHECK_EQUAL(linksdk_set_signer(NULL, NULL, NULL), 0);
    CHECK_EQUAL(calls, 0);

    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        uintptr_t handle;
        char why[256];

        CHECK_EQUAL(linksdk_set_signer(certificate, sign, (void *)behaviours[i]), 0);
        calls = 0;
        forget_reports();
        handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
        CHECK_EQUAL(calls, 1);
        if (handle != 0) {
            /* TLS 1.3: the server's answer to nonsense comes after our side of the handshake. */
            CHECK(strcmp(behaviours[i], "gives nonsense") == 0);
            CHECK_EQUAL(HAL_SSL_Read(handle, &byte, 1, 5000), -1);
            CHECK(linksdk_last_error(handle, why, sizeof(why)) < 0);
            CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
        } else {
            CHECK(linksdk_last_error(0, why, sizeof(why)) < 0);
            CHECK(strcmp(behaviours[i], "gives nonsense") == 0
                  || log_contains("the signing function gave no signature"));
        }
    }
    /* Nothing of this lasts. */
    CHECK_EQUAL(linksdk_set_signer(NULL, NULL, NULL), 0);
    return 0;
}
