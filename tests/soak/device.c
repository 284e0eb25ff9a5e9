/*
 * A device that runs for hours: one thread yields, another publishes numbered QoS 1 messages, and every
 * message comes back through a subscription. What happens is written to standard output, one line an
 * event, "MILLISECONDS EVENT ..."; soak.py compares it with what the platform saw.
 *
 *     device --host H --port P --ca FILE --cert FILE --key FILE --product-key PK --device-name DN
 *            [--pause MS] [--patience MS] [--leak BYTES] [--leak-descriptor N]
 *
 * A client whose next attempt is more than --patience away is destroyed, and a new one constructed: the
 * back-off then begins anew. --leak loses memory with every message, --leak-descriptor a descriptor with
 * every Nth: the test has to notice. The line "finish" on standard input ends it in an orderly way, the
 * end of standard input at once.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "infra_compat.h"
#include "infra_state.h"
#include "mqtt_api.h"

#include "linksdk_hal.h"

#define SAMPLE_MS 500
#define DRAIN_MS 60000

static char topics[128];
static long publish_pause_ms = 50;
static long patience_ms = 5000;
static long leak_bytes;
static long leak_descriptor;
/* Counts clients: what is accepted by one is not acknowledged to the next. */
static atomic_int epoch;
static atomic_int publishing;
static atomic_int ended;
static atomic_long unacknowledged;
static long report_id;
static int restart_wanted;
static int subscribe_wanted;

static int64_t milliseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

/* Whole lines, by one system call: both threads write. */
static void note(const char *format, ...)
{
    char line[256];
    int length = snprintf(line, sizeof(line), "%lld ", (long long)milliseconds(CLOCK_REALTIME));
    va_list arguments;

    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof(line) - (size_t)length - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof(line) - 2) {
        length = (int)sizeof(line) - 2;
    }
    line[length++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length) != length) {
        _exit(1); /* Whoever reads the journal is gone. */
    }
}

static const char *option(int argc, char *argv[], const char *name, const char *otherwise)
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

static const char *file(const char *path)
{
    FILE *opened = fopen(path, "rb");
    char *content = calloc(1, 65536);

    if (opened == NULL || content == NULL || fread(content, 1, 65535, opened) == 0) {
        perror(path);
        exit(2);
    }
    fclose(opened);
    return content;
}

static int on_identity(const char *payload)
{
    note("identity %s", payload);
    return 0;
}

static int on_state(const int code, const char *message)
{
    const char *result;
    long wait;

    /* The client's own message, about the firmware's version. */
    if (code == STATE_MQTT_PUB_INFO && strncmp(message, "pub - '/ota/", 12) == 0
        && (result = strstr(message, "': ")) != NULL && strtol(result + 3, NULL, 10) > 0) {
        report_id = strtol(result + 3, NULL, 10);
        note("report %d %ld", atomic_load(&epoch), report_id);
    }
    if (code == LINKSDK_STATE_MQTT_RECONNECT_WAIT
        && sscanf(message, "next attempt to connect in %ld ms", &wait) == 1) {
        note("wait %d %ld", atomic_load(&epoch), wait);
        restart_wanted = restart_wanted || wait > patience_ms;
    }
    return 0;
}

static void on_message(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    const iotx_mqtt_topic_info_t *message = event->msg;

    (void)context;
    (void)client;
    if (event->event_type == IOTX_MQTT_EVENT_PUBLISH_RECEIVED) {
        note("delivered %.*s", (int)message->payload_len, message->payload);
    }
}

static void on_event(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)client;
    switch (event->event_type) {
    case IOTX_MQTT_EVENT_DISCONNECT:
        note("disconnected");
        break;
    case IOTX_MQTT_EVENT_RECONNECT:
        note("reconnected");
        break;
    case IOTX_MQTT_EVENT_SUBCRIBE_NACK:
        subscribe_wanted = 1;
        break;
    case IOTX_MQTT_EVENT_PUBLISH_SUCCESS:
        if ((long)(uintptr_t)event->msg == report_id) {
            report_id = 0;
        } else {
            atomic_fetch_sub(&unacknowledged, 1);
        }
        note("acknowledged %d %u", atomic_load(&epoch), (unsigned)(uintptr_t)event->msg);
        break;
    default:
        break;
    }
}

static void leak(long number)
{
    if (leak_bytes > 0) {
        void *volatile lost = malloc((size_t)leak_bytes);

        memset(lost, 1, (size_t)leak_bytes);
    }
    if (leak_descriptor > 0 && number % leak_descriptor == 0 && dup(STDERR_FILENO) < 0) {
        note("cannot leak more");
    }
}

static void *publish(void *unused)
{
    long number = 0;

    (void)unused;
    while (!atomic_load(&ended)) {
        if (atomic_load(&publishing) && IOT_MQTT_CheckStateNormal(NULL) == 1) {
            char topic[160];
            char payload[32];
            int of = atomic_load(&epoch);
            int result;

            number++;
            snprintf(topic, sizeof(topic), "%s%ld", topics, number);
            snprintf(payload, sizeof(payload), "%ld", number);
            atomic_fetch_add(&unacknowledged, 1);
            result = IOT_MQTT_Publish_Simple(NULL, topic, IOTX_MQTT_QOS1, payload,
                                             (int)strlen(payload));
            if (result > 0) {
                note("accepted %d %d %ld", of, result, number);
            } else {
                atomic_fetch_sub(&unacknowledged, 1);
                note("refused %d %ld", result, number);
            }
            leak(number);
        }
        pause_ms(publish_pause_ms);
    }
    return NULL;
}

static void *construct(int argc, char *argv[])
{
    iotx_mqtt_param_t parameters;
    void *client;

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = option(argc, argv, "--host", NULL);
    parameters.port = (uint16_t)strtol(option(argc, argv, "--port", NULL), NULL, 10);
    parameters.request_timeout_ms = 1000;
    parameters.keepalive_interval_ms = 30000;
    parameters.handle_event.h_fp = on_event;
    atomic_fetch_add(&epoch, 1);
    atomic_store(&unacknowledged, 0);
    restart_wanted = 0;
    report_id = 0;
    note("construct %d", atomic_load(&epoch));
    client = IOT_MQTT_Construct(&parameters);
    note(client == NULL ? "not-constructed %d" : "constructed %d", atomic_load(&epoch));
    subscribe_wanted = client != NULL;
    return client;
}

static void subscribe(void *client)
{
    char filter[160];

    snprintf(filter, sizeof(filter), "%s+", topics);
    subscribe_wanted = IOT_MQTT_Subscribe(client, filter, IOTX_MQTT_QOS1, on_message, NULL) < 0;
}

/* 1 for the line "finish", -1 for the end of standard input, 0 for neither. */
static int told(void)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    char text[64];

    if (poll(&input, 1, 0) <= 0) {
        return 0;
    }
    return read(STDIN_FILENO, text, sizeof(text)) > 0 ? 1 : -1;
}

static void run(int argc, char *argv[])
{
    void *client = NULL;
    int64_t next_sample = 0;
    int64_t last = INT64_MAX;
    long construct_pause = 200;

    for (;;) {
        int64_t now = milliseconds(CLOCK_MONOTONIC);
        int order = told();

        if (order < 0) {
            break;
        }
        if (order > 0) {
            note("finishing");
            atomic_store(&publishing, 0);
            last = now + DRAIN_MS;
        }
        if (last != INT64_MAX
            && ((client != NULL && atomic_load(&unacknowledged) <= 0) || now > last)) {
            break;
        }
        if (client != NULL && restart_wanted) {
            note("destroyed %d", atomic_load(&epoch));
            IOT_MQTT_Destroy(&client);
        }
        if (client == NULL) {
            client = construct(argc, argv);
            if (client == NULL) {
                pause_ms(construct_pause);
                construct_pause = construct_pause < 2000 ? construct_pause * 2 : 2000;
                continue;
            }
            construct_pause = 200;
        }
        if (subscribe_wanted) {
            subscribe(client);
        }
        IOT_MQTT_Yield(client, 100);
        now = milliseconds(CLOCK_MONOTONIC);
        if (now >= next_sample) {
            next_sample = now + SAMPLE_MS;
            note("sample %zu %d %ld", mallinfo2().uordblks, IOT_MQTT_CheckStateNormal(client),
                 atomic_load(&unacknowledged));
        }
    }
    note("finished %ld", client == NULL ? 0 : atomic_load(&unacknowledged));
    if (client != NULL) {
        IOT_MQTT_Destroy(&client);
    }
}

int main(int argc, char *argv[])
{
    pthread_t publisher;

    g_cli_crt = file(option(argc, argv, "--cert", NULL));
    g_cli_key = file(option(argc, argv, "--key", NULL));
    iotx_ca_crt = file(option(argc, argv, "--ca", NULL));
    publish_pause_ms = strtol(option(argc, argv, "--pause", "50"), NULL, 10);
    patience_ms = strtol(option(argc, argv, "--patience", "5000"), NULL, 10);
    leak_bytes = strtol(option(argc, argv, "--leak", "0"), NULL, 10);
    leak_descriptor = strtol(option(argc, argv, "--leak-descriptor", "0"), NULL, 10);
    snprintf(topics, sizeof(topics), "/%s/%s/user/soak/", option(argc, argv, "--product-key", NULL),
             option(argc, argv, "--device-name", NULL));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, on_state);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity);
    /* So that what is freed counts as free at once. */
    mallopt(M_MXFAST, 0);
    atomic_store(&publishing, 1);
    if (pthread_create(&publisher, NULL, publish, NULL) != 0) {
        perror("pthread_create");
        return 2;
    }
    run(argc, argv);
    atomic_store(&ended, 1);
    pthread_join(publisher, NULL);
    return 0;
}
