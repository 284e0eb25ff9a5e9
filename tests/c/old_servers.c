/*
 * What only the engine mbedtls has, and only when the firmware asks for it by name.
 *
 *     old_servers --host H --port P --ca FILE --want rsa|psk
 *
 * The server speaks nothing but that: without asking there is no connection.
 */
#include "support.h"

#include "linksdk_hal.h"

static const char *host;
static const char *ca;
static uint16_t port;

/* The cipher suite of a connection, or NULL when none comes about. */
static const char *suite(void)
{
    static linksdk_connection_info_t info;
    uintptr_t handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
    char answer[8] = "";

    if (handle == 0) {
        return NULL;
    }
    memset(&info, 0, sizeof(info));
    info.struct_size = sizeof(info);
    CHECK_EQUAL(linksdk_connection_info(handle, &info), 0);
    CHECK_EQUAL(HAL_SSL_Write(handle, "hello\n", 6, 5000), 6);
    CHECK_EQUAL(HAL_SSL_Read(handle, answer, 6, 5000), 6);
    CHECK(strcmp(answer, "olleh\n") == 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    return info.cipher_suite;
}

static void rsa(void)
{
    CHECK(suite() == NULL);
    CHECK_EQUAL(linksdk_allow_rsa_key_exchange(2), -0x113);
    CHECK_EQUAL(linksdk_allow_rsa_key_exchange(1), 0);
    forget_reports();
    CHECK(strncmp(suite(), "TLS_RSA_WITH_", 13) == 0);
    CHECK(log_contains("TLS_RSA_* key exchange is offered"));
    /* Certificates are verified as ever. */
    host = "127.0.0.1";
    CHECK(suite() == NULL);
    CHECK(log_contains("not for 127.0.0.1"));
    host = "localhost";
    CHECK_EQUAL(linksdk_allow_rsa_key_exchange(0), 0);
    CHECK(suite() == NULL);
}

static void psk(void)
{
    CHECK(suite() == NULL);
    CHECK_EQUAL(linksdk_use_tls_psk("a1AbCdEfGhI", NULL, "secret"), -0x113);
    CHECK_EQUAL(linksdk_use_tls_psk("a1AbCdEfGhI", "", "secret"), -0x113);
    CHECK_EQUAL(linksdk_use_tls_psk("a1AbCdEfGhI-much-too-long", "device_1", "secret"), -0x113);
    CHECK(suite() == NULL);
    CHECK_EQUAL(linksdk_use_tls_psk("a1AbCdEfGhI", "device_1", "another secret"), 0);
    CHECK(suite() == NULL);
    CHECK(log_contains("DeviceSecret"));
    CHECK_EQUAL(linksdk_use_tls_psk("a1AbCdEfGhI", "device_1", "secret"), 0);
    forget_reports();
    CHECK(strstr(suite(), "PSK_WITH_") != NULL);
    CHECK(log_contains("TLS-PSK: no certificate is checked"));
    CHECK(!log_contains("g_cli_crt"));
    CHECK_EQUAL(linksdk_use_tls_psk(NULL, NULL, NULL), 0);
    CHECK(suite() == NULL);
}

int main(int argc, char *argv[])
{
    const char *want = required(argc, argv, "--want");

    host = required(argc, argv, "--host");
    port = (uint16_t)number(required(argc, argv, "--port"));
    ca = read_file(required(argc, argv, "--ca"));
    collect_log();
    if (strcmp(linksdk_engine(), "mbedtls") != 0) {
        CHECK_EQUAL(linksdk_allow_rsa_key_exchange(1), -0x0F0E);
        CHECK_EQUAL(linksdk_allow_rsa_key_exchange(0), 0);
        CHECK_EQUAL(linksdk_use_tls_psk("a1AbCdEfGhI", "device_1", "secret"), -0x0F0E);
        CHECK_EQUAL(linksdk_use_tls_psk(NULL, NULL, NULL), 0);
        CHECK(log_contains("the engine rustls cannot do"));
        CHECK(suite() == NULL);
    } else if (strcmp(want, "rsa") == 0) {
        rsa();
    } else {
        psk();
    }
    return 0;
}
