/*
 * Many devices at once, for many.py.
 *
 *     many client --host H --port P --ca FILE --cert FILE --key FILE
 *         One device, with the MQTT client. Waits for a line on standard input, connects, publishes a
 *         message, writes "ready MILLISECONDS TRIES" when it is acknowledged, and stays connected.
 *     many connections --host H --port P --ca FILE --folder DIR --count N
 *         N devices in one process, each a connection of the TLS HAL with the least MQTT: credentials
 *         DIR/dI.crt and DIR/dI.key, I from 1. Writes "connected N MILLISECONDS BYTES THREADS", BYTES
 *         being the heap that all connections together hold, and stays connected.
 *
 * Both end when standard input does.
 */
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "infra_compat.h"
#include "mqtt_api.h"
#include "wrappers_tls.h"

#include "linksdk_hal.h"

#define TRIES 20
#define CALL_MS 20000

static int acknowledged;

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *required(int argc, char *argv[], const char *name)
{
    for (int i = 2; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    fprintf(stderr, "%s: %s is missing\n", argv[0], name);
    exit(2);
}

static char *file(const char *path)
{
    FILE *opened = fopen(path, "rb");
    char *content = calloc(1, 16384);

    if (opened == NULL || content == NULL || fread(content, 1, 16383, opened) == 0) {
        perror(path);
        exit(2);
    }
    fclose(opened);
    return content;
}

static void await_line(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
    }
}

static int input_ended(int wait_ms)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};

    return poll(&input, 1, wait_ms) > 0;
}

static void on_event(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)client;
    acknowledged |= event->event_type == IOTX_MQTT_EVENT_PUBLISH_SUCCESS;
}

static int client(int argc, char *argv[])
{
    iotx_mqtt_param_t parameters;
    char message[] = "here";
    long long begin;
    int tries = 0;
    void *handle = NULL;

    g_cli_crt = file(required(argc, argv, "--cert"));
    g_cli_key = file(required(argc, argv, "--key"));
    iotx_ca_crt = file(required(argc, argv, "--ca"));
    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)strtol(required(argc, argv, "--port"), NULL, 10);
    parameters.request_timeout_ms = 10000;
    parameters.keepalive_interval_ms = 300000;
    parameters.handle_event.h_fp = on_event;
    await_line();
    begin = now_ms();
    while (handle == NULL) {
        if (++tries > TRIES) {
            return 1;
        }
        handle = IOT_MQTT_Construct(&parameters);
    }
    IOT_MQTT_Publish_Simple(handle, "/ext/many/here", IOTX_MQTT_QOS1, message, (int)strlen(message));
    while (!acknowledged && !input_ended(0)) {
        IOT_MQTT_Yield(handle, 200);
    }
    printf("ready %lld %d\n", now_ms() - begin, tries);
    fflush(stdout);
    while (!input_ended(0)) {
        IOT_MQTT_Yield(handle, 1000);
    }
    return IOT_MQTT_Destroy(&handle) == 0 ? 0 : 1;
}

/* CONNECT as the platform wants it: MQTT 3.1.1, clean session, keep alive 1200 s, id ".|securemode=2|". */
static const unsigned char connect_packet[] = {
    0x10, 0x1b, 0x00, 0x04, 'M', 'Q', 'T', 'T', 0x04, 0x02, 0x04, 0xb0, 0x00, 0x0f, '.',
    '|',  's',  'e',  'c',  'u', 'r', 'e', 'm', 'o',  'd',  'e',  '=',  '2',  '|'};

static uintptr_t establish(const char *host, uint16_t port, const char *ca)
{
    uintptr_t handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
    int size = (int)sizeof(connect_packet);
    char answer[4];

    if (handle != 0
        && (HAL_SSL_Write(handle, (const char *)connect_packet, size, CALL_MS) != size
            || HAL_SSL_Read(handle, answer, 4, CALL_MS) != 4 || answer[0] != 0x20
            || answer[3] != 0)) {
        HAL_SSL_Destroy(handle);
        handle = 0;
    }
    return handle;
}

static int threads(void)
{
    char line[128];
    int count = 0;
    FILE *status = fopen("/proc/self/status", "r");

    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        sscanf(line, "Threads: %d", &count);
    }
    if (status != NULL) {
        fclose(status);
    }
    return count;
}

static int connections(int argc, char *argv[])
{
    const char *host = required(argc, argv, "--host");
    uint16_t port = (uint16_t)strtol(required(argc, argv, "--port"), NULL, 10);
    const char *folder = required(argc, argv, "--folder");
    long count = strtol(required(argc, argv, "--count"), NULL, 10);
    char *ca = file(required(argc, argv, "--ca"));
    uintptr_t *handles = calloc((size_t)count, sizeof(*handles));
    long long begin = now_ms();
    size_t before = 0;

    for (long i = 0; handles != NULL && i < count; i++) {
        char path[512];
        char *certificate;
        char *key;

        snprintf(path, sizeof(path), "%s/d%ld.crt", folder, i + 1);
        certificate = file(path);
        snprintf(path, sizeof(path), "%s/d%ld.key", folder, i + 1);
        key = file(path);
        g_cli_crt = certificate;
        g_cli_key = key;
        handles[i] = establish(host, port, ca);
        free(certificate);
        free(key);
        if (handles[i] == 0) {
            char reason[256] = "";

            linksdk_last_error(0, reason, sizeof(reason));
            fprintf(stderr, "connection %ld: %s\n", i + 1, reason);
            return 1;
        }
        if (i == 0) {
            /* What the process holds once, whatever the number of its connections. */
            before = mallinfo2().uordblks;
        }
    }
    printf("connected %ld %lld %zu %d\n", count, now_ms() - begin, mallinfo2().uordblks - before,
           threads());
    fflush(stdout);
    input_ended(-1);
    for (long i = 0; handles != NULL && i < count; i++) {
        HAL_SSL_Destroy(handles[i]);
    }
    free(handles);
    free(ca);
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "client") == 0) {
        return client(argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "connections") == 0) {
        return connections(argc, argv);
    }
    fprintf(stderr, "usage: %s client|connections ...\n", argv[0]);
    return 2;
}
