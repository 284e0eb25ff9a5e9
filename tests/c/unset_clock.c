/*
 * A device whose clock was never set: refused, until the firmware says that it is to be accepted, and
 * then nothing but the dates is given up.
 *
 *     unset_clock --host H --port P --ca FILE --cert FILE --key FILE --other-ca FILE
 */
#include "support.h"

#include "linksdk_hal.h"

static const char *host;
static uint16_t port;
static int64_t seconds;

static int64_t clock_of_the_device(void *context)
{
    (void)context;
    return seconds;
}

static int connects(const char *ca)
{
    uintptr_t handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);

    HAL_SSL_Destroy(handle);
    return handle != 0;
}

int main(int argc, char *argv[])
{
    const char *ca = read_file(required(argc, argv, "--ca"));
    const char *other_ca = read_file(required(argc, argv, "--other-ca"));
    /* Not known, 1970, the last second of 2019. */
    static const int64_t never_set[] = {-1, 0, 1577836799};

    host = required(argc, argv, "--host");
    port = (uint16_t)number(required(argc, argv, "--port"));
    collect_log();
    use_credentials(argc, argv);
    CHECK_EQUAL(linksdk_set_time_source(clock_of_the_device, NULL), 0);
    CHECK_EQUAL(linksdk_accept_unset_clock(2), -0x113);
    for (size_t i = 0; i < sizeof(never_set) / sizeof(never_set[0]); i++) {
        seconds = never_set[i];
        CHECK_EQUAL(linksdk_accept_unset_clock(0), 0);
        CHECK(!connects(ca));
        CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F04);
        CHECK_EQUAL(linksdk_accept_unset_clock(1), 0);
        forget_reports();
        CHECK(connects(ca));
        CHECK(log_contains("the clock is not set and the firmware accepts that"));
        /* Everything else is checked. */
        CHECK(!connects(other_ca));
        CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F06);
        host = "127.0.0.1";
        CHECK(!connects(ca));
        CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F06);
        host = required(argc, argv, "--host");
    }
    /* 2020 and 2200: the clock is set, and dates count. */
    seconds = 1577836800;
    CHECK(!connects(ca));
    CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F04);
    seconds = 7258118400;
    CHECK(!connects(ca));
    CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F04);
    CHECK_EQUAL(linksdk_set_time_source(NULL, NULL), 0);
    forget_reports();
    CHECK(connects(ca));
    CHECK(!log_contains("the clock is not set"));
    return 0;
}
