/*
 * What the HAL returns after the server has ended the connection: first what had arrived, then the
 * same negative value for good, at once and not only at the timeout.
 *
 *     connection_end --host H --port P --control P --ca FILE --cert FILE --key FILE
 *                    --end close-notify|fin|rst --result -2
 */
#include "support.h"

#include "linksdk_hal.h"

/* MQTT CONNECT with the documented client id and a keep alive of 60 s: CONNACK is the answer. */
#define CONNECT_HEAD "\x10\x1b\x00\x04MQTT\x04\x02\x00\x3c\x00\x0f"
static const char connect_packet[] = CONNECT_HEAD ".|securemode=2|";
#define CONNECT_LENGTH ((int)sizeof(connect_packet) - 1)

int main(int argc, char *argv[])
{
    const char *ca = read_file(required(argc, argv, "--ca"));
    int expected = (int)number(required(argc, argv, "--result"));
    char buffer[512];
    uintptr_t handle;
    int64_t start;
    int count;

    collect_log();
    use_credentials(argc, argv);
    handle = HAL_SSL_Establish(required(argc, argv, "--host"),
                               (uint16_t)number(required(argc, argv, "--port")), ca,
                               (uint32_t)strlen(ca) + 1);
    CHECK(handle != 0);
    CHECK_EQUAL(HAL_SSL_Write(handle, connect_packet, CONNECT_LENGTH, 5000), CONNECT_LENGTH);
    CHECK_EQUAL(HAL_SSL_Read(handle, buffer, 4, 5000), 4);
    CHECK(memcmp(buffer, "\x20\x02\x00\x00", 4) == 0);

    control((uint16_t)number(required(argc, argv, "--control")), required(argc, argv, "--end"));
    start = now_ms();
    do {
        count = HAL_SSL_Read(handle, buffer, (int)sizeof(buffer), 10000);
        CHECK(count != 0);
    } while (count > 0);
    CHECK_EQUAL(count, expected);
    CHECK(now_ms() - start < patiently(5000));
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(HAL_SSL_Read(handle, buffer, 1, 10000), expected);
        CHECK_EQUAL(HAL_SSL_Read(handle, buffer, 1, 0), expected);
        CHECK(HAL_SSL_Write(handle, "x", 1, 10000) < 0);
    }
    CHECK(now_ms() - start < patiently(5000));
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    return 0;
}
