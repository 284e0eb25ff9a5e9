/*
 * The operating system's clock after 2038, where a 32-bit time_t ends: certificates are judged by the
 * right date.
 *
 *     far_future --host H --port P --ca FILE --cert FILE --key FILE
 *
 * The server's and the device's certificates are valid from 2020 to 2119. This program takes the place of
 * the C library's clock, by the name that the library calls it.
 */
#include "support.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "linksdk_hal.h"

#if defined(__LP64__)
#define SYSTEM_CALL SYS_clock_gettime
#define wide_clock_gettime clock_gettime
typedef struct timespec wide_time;
#else
#define SYSTEM_CALL SYS_clock_gettime64
#define wide_clock_gettime __clock_gettime64
typedef struct {
    int64_t tv_sec;
    int64_t tv_nsec;
} wide_time;
#endif

int wide_clock_gettime(clockid_t clock, wide_time *now);

static int64_t today; /* seconds since 1970; 0: the real time */
static int asked;

int wide_clock_gettime(clockid_t clock, wide_time *now)
{
    long result = syscall(SYSTEM_CALL, clock, now);

    if (result == 0 && clock == CLOCK_REALTIME && today != 0) {
        now->tv_sec = today;
        asked++;
    }
    return (int)result;
}

static int connects(int argc, char *argv[], const char *ca)
{
    uintptr_t handle = HAL_SSL_Establish(required(argc, argv, "--host"),
                                         (uint16_t)number(required(argc, argv, "--port")), ca,
                                         (uint32_t)strlen(ca) + 1);

    HAL_SSL_Destroy(handle);
    return handle != 0;
}

int main(int argc, char *argv[])
{
    const char *ca = read_file(required(argc, argv, "--ca"));
    /* The last second of 32 bits and the next one, 2100, the last second of 2118. */
    static const int64_t valid[] = {2147483647, 2147483648, 4102444800, 4701974399};
    static const int64_t expired = 4701974402; /* 2 seconds into 2119 */

    collect_log();
    use_credentials(argc, argv);
    CHECK(connects(argc, argv, ca));
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        today = valid[i];
        asked = 0;
        CHECK(connects(argc, argv, ca));
        CHECK(asked > 0);
    }
    today = expired;
    CHECK(!connects(argc, argv, ca));
    CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F04);
    g_cli_crt = g_cli_key = NULL;
    CHECK(!connects(argc, argv, ca));
    CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F06);
    return 0;
}
