/*
 * Waiting costs nothing: a thread that waits in Read or Write sleeps until something happens.
 *
 *     idle --host H --port P --ca FILE --wait read|write
 *
 * The server sends nothing, half of a record, or does not read. Counted are the calling thread's
 * context switches and processor time over one second.
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include "support.h"

#include <sys/resource.h>

#include "linksdk_hal.h"

#define WAIT_MS 1000
#define MOST_SWITCHES 10
#define MOST_CPU_MS 20
#define BULK (1 << 20)

static char bulk[BULK];

static int64_t cpu_us(const struct rusage *usage)
{
    return (int64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000
           + usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

int main(int argc, char *argv[])
{
    const char *ca = read_file(required(argc, argv, "--ca"));
    int writes = strcmp(required(argc, argv, "--wait"), "write") == 0;
    struct rusage before;
    struct rusage after;
    uintptr_t handle;
    char byte;
    int passed;

    collect_log();
    handle = HAL_SSL_Establish(required(argc, argv, "--host"),
                               (uint16_t)number(required(argc, argv, "--port")), ca,
                               (uint32_t)strlen(ca) + 1);
    CHECK(handle != 0);
    if (writes) {
        /* Until the socket takes no more. */
        while (HAL_SSL_Write(handle, bulk, BULK, 300) > 0) {
        }
    } else {
        /* What a TLS 1.3 server sends after the handshake, and the half of a record, is taken here. */
        CHECK_EQUAL(HAL_SSL_Read(handle, &byte, 1, 300), 0);
    }
    /* The kernel may find more room for a full socket later; what counts is a wait for nothing. */
    do {
        CHECK_EQUAL(getrusage(RUSAGE_THREAD, &before), 0);
        passed = writes ? HAL_SSL_Write(handle, bulk, BULK, WAIT_MS)
                        : HAL_SSL_Read(handle, &byte, 1, WAIT_MS);
        CHECK(passed == 0 || (writes && passed > 0));
        CHECK_EQUAL(getrusage(RUSAGE_THREAD, &after), 0);
    } while (passed > 0);
    printf("%ld switches, %lld us\n", after.ru_nvcsw - before.ru_nvcsw,
           (long long)(cpu_us(&after) - cpu_us(&before)));
    CHECK(after.ru_nvcsw - before.ru_nvcsw <= MOST_SWITCHES);
    CHECK(cpu_us(&after) - cpu_us(&before) <= MOST_CPU_MS * 1000);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    return 0;
}
