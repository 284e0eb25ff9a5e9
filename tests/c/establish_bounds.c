/*
 * HAL_SSL_Establish comes back by its bound: not before it when the peer only waits, and at most 250 ms
 * after it.
 *
 *     establish_bounds --host H --port P --ca FILE --code CODE [--until-connected 1]
 *
 * CODE is what linksdk_last_error gives. With --until-connected attempts are made until one succeeds:
 * the server stalls at another place each time and ends by doing what it should. What the thread waited
 * for a processor is not counted, and as a machine under load has other ways to delay any one call, one
 * may be late.
 */
#include "support.h"

#include "linksdk_hal.h"

#define BOUND_MS 200
#define TOLERANCE_MS 250
#define MOST_ATTEMPTS 100

static const char *host;
static const char *ca;
static uint16_t port;
static int64_t took;
static int64_t queued;

static uintptr_t establish(void)
{
    int64_t start = now_ms();
    int64_t queued_before = queued_ms();
    uintptr_t handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);

    took = now_ms() - start;
    queued = queued_ms() - queued_before;
    return handle;
}

int main(int argc, char *argv[])
{
    int code = (int)number(required(argc, argv, "--code"));
    int until_connected = option(argc, argv, "--until-connected") != NULL;
    int attempts = 0;
    int late = 0;

    host = required(argc, argv, "--host");
    port = (uint16_t)number(required(argc, argv, "--port"));
    ca = read_file(required(argc, argv, "--ca"));
    collect_log();
    CHECK_EQUAL(linksdk_set_establish_timeout(99), -0x113);
    CHECK_EQUAL(linksdk_set_establish_timeout(120001), -0x113);
    CHECK_EQUAL(linksdk_set_establish_timeout(BOUND_MS), 0);
    for (;;) {
        uintptr_t handle = establish();

        attempts++;
        if (handle != 0) {
            CHECK(until_connected);
            CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
            break;
        }
        CHECK_EQUAL(linksdk_last_error(0, NULL, 0), code);
        CHECK(took >= BOUND_MS);
        late += took - queued > BOUND_MS + TOLERANCE_MS;
        CHECK(late <= 1);
        if (!until_connected && attempts == 3) {
            break;
        }
        CHECK(attempts < MOST_ATTEMPTS);
    }
    printf("%d attempts, %d late\n", attempts, late);
    CHECK(attempts >= 3);
    return 0;
}
