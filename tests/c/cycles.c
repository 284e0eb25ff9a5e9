/*
 * Thousands of connections that fail in every way there is: nothing grows.
 *
 *     cycles --host H --port P --ca FILE --cert FILE --key FILE --other-key FILE --cycles N [--leak 1]
 *
 * The server fails at another place each time; in between the firmware itself gets things wrong. After
 * a first part, in which caches fill, the memory in use, descriptors and threads stay as they are. With
 * --leak this program leaks a descriptor itself, to show that it would be noticed.
 */
#include "support.h"

#include <dirent.h>
#include <malloc.h>
#include <unistd.h>

#include "linksdk_hal.h"

#define SETTLE_MS 5000
#define HEAP_TOLERANCE (48 * 1024) /* what caches hold differs from moment to moment */

static const char *ca;
static const char *certificate;
static const char *key;
static const char *other_key;
static uint16_t port;
static int connected;
static int refused;

struct usage {
    int descriptors;
    int threads;
    int64_t heap;
};

static int entries(const char *folder)
{
    DIR *directory = opendir(folder);
    int count = 0;

    CHECK(directory != NULL);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static struct usage measure(void)
{
    struct usage usage;

    usage.descriptors = entries("/proc/self/fd");
    usage.threads = entries("/proc/self/task");
    usage.heap = (int64_t)mallinfo2().uordblks;
    return usage;
}

/* Like measure, once no more than these threads are left: one that looked up a name may just be ending. */
static struct usage measure_settled(int threads)
{
    int64_t start = now_ms();
    struct usage usage = measure();

    while (usage.threads > threads && now_ms() - start < SETTLE_MS) {
        usage = measure();
    }
    return usage;
}

/* One connection with whatever comes of it. */
static void try_once(const char *host, const char *trust)
{
    uintptr_t handle = HAL_SSL_Establish(host, port, trust, (uint32_t)strlen(trust) + 1);
    char buffer[64];
    int result;

    if (handle == 0) {
        refused++;
        CHECK(linksdk_last_error(0, buffer, sizeof(buffer)) < 0);
        return;
    }
    connected++;
    result = HAL_SSL_Write(handle, "hello\n", 6, 1000);
    CHECK(result == 6 || result < 0);
    /* The server ends the connection by itself. */
    do {
        result = HAL_SSL_Read(handle, buffer, sizeof(buffer), 2000);
        CHECK(result != 0);
    } while (result > 0);
    CHECK_EQUAL(HAL_SSL_Read(handle, buffer, sizeof(buffer), 2000), result);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    CHECK_EQUAL(HAL_SSL_Read(handle, buffer, sizeof(buffer), 2000), -1);
}

static void one_cycle(int number_of_cycle)
{
    g_cli_crt = certificate;
    g_cli_key = key;
    switch (number_of_cycle % 16) {
    case 3:
        g_cli_key = NULL;
        break;
    case 5:
        g_cli_key = other_key;
        break;
    case 7:
        g_cli_crt = g_cli_key = NULL;
        break;
    case 9:
        g_cli_key = "no PEM";
        break;
    default:
        break;
    }
    switch (number_of_cycle % 8) {
    case 2:
        try_once("127.0.0.1", ca); /* not the name in the certificate */
        break;
    case 4:
        try_once("localhost", "no PEM");
        break;
    case 6:
        CHECK_EQUAL(HAL_SSL_Establish(NULL, port, ca, 1), 0);
        CHECK_EQUAL(HAL_SSL_Destroy(0), 0);
        break;
    default:
        try_once("localhost", ca);
        break;
    }
}

int main(int argc, char *argv[])
{
    int cycles = (int)number(required(argc, argv, "--cycles"));
    int leak = option(argc, argv, "--leak") != NULL;
    struct usage first;
    struct usage last;

    certificate = read_file(required(argc, argv, "--cert"));
    key = read_file(required(argc, argv, "--key"));
    other_key = read_file(required(argc, argv, "--other-key"));
    ca = read_file(required(argc, argv, "--ca"));
    port = (uint16_t)number(required(argc, argv, "--port"));
    for (int i = 0; i < cycles / 4; i++) {
        one_cycle(i);
    }
    first = measure();
    for (int i = 0; i < cycles; i++) {
        one_cycle(i);
        if (leak && i == 0) {
            CHECK(dup(0) >= 0);
        }
    }
    last = measure_settled(first.threads);
    printf("%d connected, %d refused; descriptors %d and %d, threads %d and %d, heap %lld and %lld\n",
           connected, refused, first.descriptors, last.descriptors, first.threads, last.threads,
           (long long)first.heap, (long long)last.heap);
    CHECK(connected > cycles / 10 && refused > cycles / 10);
    CHECK_EQUAL(last.descriptors, first.descriptors);
    CHECK(last.threads <= first.threads);
    CHECK(last.heap <= first.heap + HEAP_TOLERANCE);
    return 0;
}
