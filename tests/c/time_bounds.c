/*
 * Reads and writes come back at their bound: not before it, and at most 50 ms after it.
 *
 *     time_bounds --host H --port P --ca FILE --cert FILE --key FILE
 *
 * The server sends back what it gets. As nobody reads that, it soon cannot send, and no longer
 * reads. What the thread waited for a processor is not counted, and as a machine under load has other
 * ways to delay any one call, each measurement may be taken twice.
 */
#include "support.h"

#include "linksdk_hal.h"

#define TOLERANCE_MS 50
#define BULK (1 << 20)

static char bulk[BULK];

static int read_nothing(uintptr_t handle, int timeout_ms)
{
    char byte;

    return HAL_SSL_Read(handle, &byte, 1, timeout_ms);
}

/* The socket is full and the peer does not read: nothing can be accepted. */
static int write_nothing(uintptr_t handle, int timeout_ms)
{
    return HAL_SSL_Write(handle, bulk, BULK, timeout_ms);
}

/* Whether the call came back in time; never before it. */
static int is_punctual(int (*call)(uintptr_t, int), uintptr_t handle, int timeout_ms)
{
    int64_t start = now_ms();
    int64_t queued = queued_ms();
    int64_t took;

    CHECK_EQUAL(call(handle, timeout_ms), 0);
    took = now_ms() - start;
    CHECK(took >= timeout_ms);
    return took - (queued_ms() - queued) <= timeout_ms + TOLERANCE_MS;
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
        CHECK(is_punctual(read_nothing, handle, timeouts_ms[i])
              || is_punctual(read_nothing, handle, timeouts_ms[i]));
    }

    /* Fills what the engine and the socket take; the last call accepted less than it was given. */
    start = now_ms();
    do {
        accepted = HAL_SSL_Write(handle, bulk, BULK, 500);
        CHECK(accepted >= 0);
        CHECK(now_ms() - start < 30000);
    } while (accepted > 0);

    for (size_t i = 0; i < sizeof(timeouts_ms) / sizeof(timeouts_ms[0]); i++) {
        CHECK(is_punctual(write_nothing, handle, timeouts_ms[i])
              || is_punctual(write_nothing, handle, timeouts_ms[i]));
    }

    /* A peer that does not read does not hold up the end either. */
    start = now_ms() - queued_ms();
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    CHECK(now_ms() - queued_ms() - start < 1000);
    return 0;
}
