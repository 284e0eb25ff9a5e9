/*
 * Handshakes and bulk transfer with one peer. Prints one JSON object a line.
 *
 *     speed-PEER handshakes --port P --second-port R --count N --ca F --cert F --key F --tls 1.2|1.3
 *     speed-PEER bulk       --port P --calls LARGE,MEDIUM,SMALL ...
 *
 * Under callgrind each measured part begins with zeroed counts and ends with a dump named after it,
 * so that what the program does around it is not in the figures.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

static const int SIZES[] = {16384, 1024, 100};

struct lap {
    int64_t wall;
    int64_t cpu;
};

static struct lap begin(void)
{
    struct lap lap;

    CALLGRIND_ZERO_STATS;
    lap.wall = wall_ns();
    lap.cpu = cpu_ns();
    return lap;
}

static struct lap end(struct lap begun, const char *name)
{
    struct lap lap;

    lap.cpu = cpu_ns() - begun.cpu;
    lap.wall = wall_ns() - begun.wall;
    CALLGRIND_DUMP_STATS_AT(name);
    return lap;
}

/* One connection: establish, one exchange so that session tickets arrive, end. */
static void handshake(const char *port, const char *name)
{
    struct lap begun = begin();
    uintptr_t handle = connect_to(port);
    struct lap lap = end(begun, name);
    const char *text = description(handle);
    int64_t answered = wall_ns() - begun.wall;

    HAL_SSL_Destroy(handle);
    printf("{\"part\": \"%s\", \"wall_ns\": %lld, \"cpu_ns\": %lld, \"answered_ns\": %lld, "
           "\"connection\": \"%s\"}\n",
           name, (long long)lap.wall, (long long)lap.cpu, (long long)answered, text);
}

static void handshakes(int count)
{
    handshake("--port", "cold");
    for (int i = 0; i < count; i++) {
        handshake("--port", "full");
    }
    handshake("--second-port", "prime");
    for (int i = 0; i < count; i++) {
        handshake("--second-port", "resumed");
    }
}

static void report(const char *direction, int size, int calls, struct lap lap)
{
    printf("{\"part\": \"%s-%d\", \"calls\": %d, \"wall_ns\": %lld, \"cpu_ns\": %lld}\n", direction, size,
           calls, (long long)lap.wall, (long long)lap.cpu);
}

static void bulk(const char *list)
{
    uintptr_t handle = connect_to("--port");
    char *bytes = calloc(1, 16384);
    char text[64];
    char name[32];

    description(handle);
    for (int i = 0; i < 3; i++) {
        int size = SIZES[i];
        int calls = (int)strtol(list, (char **)&list, 10);
        struct lap lap;

        list++;
        snprintf(text, sizeof(text), "S %lld", (long long)calls * size);
        request(handle, text);
        lap = begin();
        for (int call = 0; call < calls; call++) {
            send_bytes(handle, bytes, size);
        }
        snprintf(name, sizeof(name), "write-%d", size);
        lap = end(lap, name);
        expect(handle, bytes, 1);
        report("write", size, calls, lap);

        snprintf(text, sizeof(text), "G %lld %d", (long long)calls * size, size);
        request(handle, text);
        lap = begin();
        for (int call = 0; call < calls; call++) {
            expect(handle, bytes, size);
        }
        snprintf(name, sizeof(name), "read-%d", size);
        report("read", size, calls, end(lap, name));
    }
    HAL_SSL_Destroy(handle);
    free(bytes);
}

int main(int argc, char *argv[])
{
    const char *mode = argc > 1 ? argv[1] : "";

    CALLGRIND_DUMP_STATS_AT("start");
    prepare(argc, argv);
    if (strcmp(mode, "handshakes") == 0) {
        handshakes(atoi(option(argc, argv, "--count", "5")));
    } else if (strcmp(mode, "bulk") == 0) {
        bulk(option(argc, argv, "--calls", NULL));
    } else {
        fprintf(stderr, "usage: %s handshakes|bulk --port P ...\n", argv[0]);
        return 2;
    }
    return 0;
}
