/*
 * Reads and writes come back at their bound: not before it, and at most 50 ms after it.
 *
 *     time_bounds --host H --port P --ca FILE --cert FILE --key FILE
 *
 * The server sends back what it gets. As nobody reads that, it soon cannot send, and no longer
 * reads. A machine under load can delay any one call, so each measurement may be taken twice.
 */
#include "support.h"

#include "linksdk_hal.h"

#define TOLERANCE_MS 50
#define BULK (1 << 20)

static char bulk[BULK];

static int64_t read_duration(uintptr_t handle, int timeout_ms)
{
    char byte;
    int64_t start = now_ms();

    CHECK_EQUAL(HAL_SSL_Read(handle, &byte, 1, timeout_ms), 0);
    return now_ms() - start;
}

/* The socket is full and the peer does not read: nothing can be accepted. */
static int64_t write_duration(uintptr_t handle, int timeout_ms)
{
    int64_t start = now_ms();

    CHECK_EQUAL(HAL_SSL_Write(handle, bulk, BULK, timeout_ms), 0);
    return now_ms() - start;
}

static void check_bound(int64_t (*duration)(uintptr_t, int), uintptr_t handle, int timeout_ms)
{
    int64_t took = duration(handle, timeout_ms);

    CHECK(took >= timeout_ms);
    if (took > timeout_ms + TOLERANCE_MS) {
        took = duration(handle, timeout_ms);
    }
    CHECK(took >= timeout_ms);
    CHECK(took <= timeout_ms + TOLERANCE_MS);
}

int main(int argc, char *argv[])
{
    const char *ca = read_file(required(argc, argv, "--ca"));
    static const int timeouts_ms[] = {0, 1, 10, 200, 1000};
    uintptr_t handle;
    int accepted;
    int64_t start;

    collect_log();
    use_credentials(argc, argv);
    memset(bulk, 'x', BULK);
    for (int i = 99; i < BULK; i += 100) {
        bulk[i] = '\n';
    }
    handle = HAL_SSL_Establish(required(argc, argv, "--host"),
                               (uint16_t)number(required(argc, argv, "--port")), ca,
                               (uint32_t)strlen(ca) + 1);
    CHECK(handle != 0);

    for (size_t i = 0; i < sizeof(timeouts_ms) / sizeof(timeouts_ms[0]); i++) {
        check_bound(read_duration, handle, timeouts_ms[i]);
    }

    /* Fills what the engine and the socket take; the last call accepted less than it was given. */
    start = now_ms();
    do {
        accepted = HAL_SSL_Write(handle, bulk, BULK, 500);
        CHECK(accepted >= 0);
        CHECK(now_ms() - start < 30000);
    } while (accepted > 0);

    for (size_t i = 0; i < sizeof(timeouts_ms) / sizeof(timeouts_ms[0]); i++) {
        check_bound(write_duration, handle, timeouts_ms[i]);
    }

    /* A peer that does not read does not hold up the end either. */
    start = now_ms();
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    CHECK(now_ms() - start < 1000);
    return 0;
}
