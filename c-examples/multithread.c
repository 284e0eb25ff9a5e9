/*
 * One thread yields, others publish: how the client is shared between threads.
 *
 *     multithread HOST PORT
 *
 * Any thread may publish and subscribe. Messages and acknowledgements are handled by the thread that
 * is in IOT_MQTT_Yield, and handlers run there: what only handlers and that thread touch needs no lock.
 * The client is destroyed when nobody uses it any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infra_compat.h"
#include "infra_state.h"
#include "mqtt_api.h"
#include "wrappers.h"
#include "linksdk_hal.h"

#define PUBLISHERS 3
#define MESSAGES 5
/* The platform drops messages beyond about 30 a second. */
#define PAUSE_MS 100
#define PATIENCE_MS 20000

/* Set before the threads start, and not changed while they run. */
static void *client;
static void *finished; /* a semaphore */
static char topic[IOTX_URI_MAX_LEN + 1];

/* Belongs to one publishing thread until that has posted the semaphore. */
struct publisher {
    int number;
    int result;
};

static int received; /* changed and read on the yielding thread only */

static int fail(const char *what, int code)
{
    fprintf(stderr, "multithread: %s (code %s0x%04X)\n", what, code < 0 ? "-" : "",
            (unsigned)abs(code));
    return EXIT_FAILURE;
}

static void on_message(void *context, void *handle, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)handle;
    if (event->event_type == IOTX_MQTT_EVENT_PUBLISH_RECEIVED) {
        const iotx_mqtt_topic_info_t *message = (const iotx_mqtt_topic_info_t *)event->msg;

        received++;
        printf("received  %.*s\n", (int)message->payload_len, message->payload);
    }
}

/* Publishes one message. Two failures pass by themselves while the other thread yields: ten messages
 * that still wait for their acknowledgement, and a connection that is being restored. */
static int publish(char *text)
{
    uint64_t give_up = HAL_UptimeMs() + PATIENCE_MS;
    int result;

    do {
        HAL_SleepMs(PAUSE_MS);
        result = IOT_MQTT_Publish_Simple(client, topic, IOTX_MQTT_QOS1, text, (int)strlen(text));
    } while ((result == STATE_MQTT_QOS1_REPUB_EXCEED_MAX || result == STATE_MQTT_IN_OFFLINE_STATUS)
             && HAL_UptimeMs() < give_up);
    return result;
}

static void *publish_all(void *argument)
{
    struct publisher *self = (struct publisher *)argument;
    char text[64];

    for (int i = 1; i <= MESSAGES && self->result >= 0; i++) {
        snprintf(text, sizeof(text), "{\"thread\":%d,\"message\":%d}", self->number, i);
        self->result = publish(text);
    }
    /* The last thing that this thread does with what it shares. */
    HAL_SemaphorePost(finished);
    return NULL;
}

/* Starts the publishers, yields until every message has come back, and waits for their end. */
static int run(void)
{
    struct publisher publishers[PUBLISHERS];
    uint64_t give_up = HAL_UptimeMs() + PATIENCE_MS;
    int started = 0, result = 0;

    while (result == 0 && started < PUBLISHERS) {
        publishers[started].number = started + 1;
        publishers[started].result = 0;
        result = HAL_ThreadCreate(NULL, publish_all, &publishers[started], NULL, NULL);
        started += result == 0;
    }
    while (result == 0 && received < PUBLISHERS * MESSAGES && HAL_UptimeMs() < give_up) {
        result = IOT_MQTT_Yield(client, PAUSE_MS);
    }
    /* Also after a failure: the threads use the client, and the memory of this function. */
    for (int i = 0; i < started; i++) {
        result = HAL_SemaphoreWait(finished, PLATFORM_WAIT_INFINITE) != 0 ? -1 : result;
    }
    for (int i = 0; i < started; i++) {
        result = publishers[i].result < 0 ? publishers[i].result : result;
    }
    if (result == 0 && received < PUBLISHERS * MESSAGES) {
        return fail("messages did not come back in time", 0);
    }
    return result < 0 ? fail("publishing or receiving failed", result) : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    char product_key[IOTX_PRODUCT_KEY_LEN + 1] = "";
    char device_name[IOTX_DEVICE_NAME_LEN + 1] = "";
    iotx_mqtt_param_t parameters;
    long port = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    int result;

    if (port < 1 || port > 65535 || (finished = HAL_SemaphoreCreate()) == NULL) {
        return fail("usage: multithread HOST PORT", 0);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    memset(&parameters, 0, sizeof(parameters));
    parameters.host = argv[1];
    parameters.port = (uint16_t)port;
    client = IOT_MQTT_Construct(&parameters);
    if (client == NULL) {
        return fail("no connection; run the example diagnostics", linksdk_last_error(0, NULL, 0));
    }
    if (IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, product_key) != 0
        || IOT_Ioctl(IOTX_IOCTL_GET_DEVICE_NAME, device_name) != 0) {
        return fail("the identity cannot be read", 0);
    }
    snprintf(topic, sizeof(topic), "/%s/%s/user/get", product_key, device_name);
    result = IOT_MQTT_Subscribe_Sync(client, topic, IOTX_MQTT_QOS1, on_message, NULL, PATIENCE_MS);
    result = result < 0 ? fail("subscribing failed", result) : run();
    if (IOT_MQTT_Destroy(&client) != 0) {
        return fail("the client could not be ended", 0);
    }
    HAL_SemaphoreDestroy(finished);
    return result;
}
