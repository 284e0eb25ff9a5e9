#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MS 20000

static int count;
static char **words;
static char *anchors;

const char *option(int argc, char *argv[], const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    if (otherwise == NULL) {
        fprintf(stderr, "%s: %s is missing\n", argv[0], name);
        exit(2);
    }
    return otherwise;
}

static char *file(const char *path)
{
    FILE *input = fopen(path, "rb");
    char *text = calloc(1, 65536);

    if (input == NULL || text == NULL || fread(text, 1, 65535, input) == 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    fclose(input);
    return text;
}

void prepare(int argc, char *argv[])
{
    count = argc;
    words = argv;
    anchors = file(option(argc, argv, "--ca", NULL));
    g_cli_crt = file(option(argc, argv, "--cert", NULL));
    g_cli_key = file(option(argc, argv, "--key", NULL));
    if (peer_offer(strcmp(option(argc, argv, "--tls", "1.2"), "1.3") == 0 ? 0x0304 : 0x0303) != 0) {
        fprintf(stderr, "%s: not with this protocol version\n", argv[0]);
        exit(3);
    }
}

uintptr_t connect_to(const char *port_option)
{
    uint16_t port = (uint16_t)atoi(option(count, words, port_option, NULL));
    uintptr_t handle = HAL_SSL_Establish("localhost", port, anchors, (uint32_t)strlen(anchors) + 1);

    if (handle == 0) {
        fprintf(stderr, "%s: no connection to localhost:%u\n", words[0], port);
        exit(1);
    }
    return handle;
}

void send_bytes(uintptr_t handle, const char *bytes, int size)
{
    int sent = HAL_SSL_Write(handle, bytes, size, WAIT_MS);

    if (sent != size) {
        fprintf(stderr, "%s: wrote %d of %d bytes\n", words[0], sent, size);
        exit(1);
    }
}

void request(uintptr_t handle, const char *text)
{
    char padded[BENCH_REQUEST + 1];

    snprintf(padded, sizeof(padded), "%-*s", BENCH_REQUEST, text);
    send_bytes(handle, padded, BENCH_REQUEST);
}

void expect(uintptr_t handle, char *bytes, int size)
{
    int got = HAL_SSL_Read(handle, bytes, size, WAIT_MS);

    if (got != size) {
        fprintf(stderr, "%s: read %d of %d bytes\n", words[0], got, size);
        exit(1);
    }
}

const char *description(uintptr_t handle)
{
    static char answer[BENCH_REQUEST + 1];
    int end = BENCH_REQUEST;

    request(handle, "D");
    expect(handle, answer, BENCH_REQUEST);
    while (end > 0 && answer[end - 1] == ' ') {
        end--;
    }
    answer[end] = '\0';
    return answer;
}

static int64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t wall_ns(void)
{
    return now(CLOCK_MONOTONIC);
}

int64_t cpu_ns(void)
{
    return now(CLOCK_PROCESS_CPUTIME_ID);
}
