/*
 * The TLS HAL against another TLS implementation: handshake with client certificate, a line there
 * and back, a read that times out, the end, and what a stale handle does.
 *
 *     hal_exchange --host H --port P --ca FILE [--cert FILE --key FILE] --answer reversed|same
 */
#include "support.h"

#include "linksdk_hal.h"

#define LINE "0123456789 the quick brown fox\n"
#define REVERSED "xof nworb kciuq eht 9876543210\n"

int main(int argc, char *argv[])
{
    const char *host = required(argc, argv, "--host");
    uint16_t port = (uint16_t)number(required(argc, argv, "--port"));
    const char *ca = read_file(required(argc, argv, "--ca"));
    const char *expected = strcmp(required(argc, argv, "--answer"), "same") == 0 ? LINE : REVERSED;
    const int length = (int)strlen(LINE);
    char answer[256];
    linksdk_connection_info_t info;
    uintptr_t handle;
    int count = 0;

    collect_log();
    use_credentials(argc, argv);
    handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
    CHECK(handle != 0);
    CHECK(handle <= 0x7fffffff);

    memset(&info, 0, sizeof(info));
    info.struct_size = sizeof(info);
    CHECK_EQUAL(linksdk_connection_info(handle, &info), 0);
    CHECK(strcmp(info.protocol, "TLSv1.2") == 0 || strcmp(info.protocol, "TLSv1.3") == 0);
    CHECK(strncmp(info.cipher_suite, "TLS", 3) == 0);
    CHECK(strncmp(info.server_subject, "CN=", 3) == 0);
    CHECK(info.server_issuer[0] != '\0');
    CHECK(info.server_not_after > 0 && info.device_not_after > 0);
    CHECK_EQUAL(info.device_authenticated, 1);
    CHECK_EQUAL(info.resumed, 0);
    CHECK_EQUAL(linksdk_last_error(handle, NULL, 0), 0);

    CHECK_EQUAL(HAL_SSL_Write(handle, LINE, length, 5000), length);
    /* Exactly what was asked for, although more is on its way. */
    CHECK_EQUAL(HAL_SSL_Read(handle, answer, 5, 5000), 5);
    count = HAL_SSL_Read(handle, answer + 5, length - 5, 5000);
    CHECK_EQUAL(count, length - 5);
    answer[length] = '\0';
    CHECK(strcmp(answer, expected) == 0);

    CHECK_EQUAL(HAL_SSL_Read(handle, answer, 1, 50), 0);
    /* What arrived before the timeout is handed over. */
    CHECK_EQUAL(HAL_SSL_Write(handle, LINE, length, 5000), length);
    CHECK_EQUAL(HAL_SSL_Read(handle, answer, length + 10, 1000), length);

    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    CHECK(HAL_SSL_Read(handle, answer, 1, 50) < 0);
    CHECK(HAL_SSL_Write(handle, LINE, length, 50) < 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    return 0;
}
