/*
 * A real broker that goes away, with and without the session, and one that gives the device's place to
 * another session.
 *
 *     broker_faults --host H --port P --control P --ca FILE --cert FILE --key FILE
 *                   --what restart|kept-session|take-over
 */
#include "support.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "infra_compat.h"
#include "mqtt_api.h"

#include "linksdk_hal.h"

#define BOUND_MS 30000
#define TOPIC "/a1Test00000/device/user/get"

static iotx_mqtt_param_t parameters;
static void *client;
static int disconnections;
static int reconnections;
static int received;
static int acknowledged;

static void on_event(void *context, void *handle, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)handle;
    disconnections += event->event_type == IOTX_MQTT_EVENT_DISCONNECT;
    reconnections += event->event_type == IOTX_MQTT_EVENT_RECONNECT;
    acknowledged += event->event_type == IOTX_MQTT_EVENT_PUBLISH_SUCCESS;
}

static void on_message(void *context, void *handle, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)handle;
    received += event->event_type == IOTX_MQTT_EVENT_PUBLISH_RECEIVED;
}

static void yield_until(const int *counter, int value)
{
    int64_t start = now_ms();

    while (*counter < value) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 50), 0);
    }
}

static void construct(int argc, char *argv[])
{
    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_PRODUCT_KEY, "a1Test00000"), 0);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_DEVICE_NAME, "device"), 0);
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    parameters.handle_event.h_fp = on_event;
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
}

/* Messages before, while the broker is away, and after: each acknowledged once, each received. */
static void restart(uint16_t control_port)
{
    int published = 0;
    int before;

    /* The version report. */
    yield_until(&acknowledged, 1);
    before = acknowledged;
    CHECK(IOT_MQTT_Subscribe_Sync(client, TOPIC, IOTX_MQTT_QOS1, on_message, NULL, 5000) >= 0);
    for (int i = 0; i < 5; i++) {
        CHECK(IOT_MQTT_Publish_Simple(client, TOPIC, IOTX_MQTT_QOS1, "before", 6) > 0);
        published++;
    }
    control(control_port, "restart");
    /* The client may not have noticed yet: what it takes now must not be lost. */
    for (int i = 0; i < 3; i++) {
        published += IOT_MQTT_Publish_Simple(client, TOPIC, IOTX_MQTT_QOS1, "away", 4) > 0;
    }
    yield_until(&reconnections, 1);
    for (int i = 0; i < 2; i++) {
        CHECK(IOT_MQTT_Publish_Simple(client, TOPIC, IOTX_MQTT_QOS1, "after", 5) > 0);
        published++;
    }
    yield_until(&acknowledged, before + published);
    CHECK_EQUAL(IOT_MQTT_Yield(client, 300), 0);
    CHECK_EQUAL(acknowledged, before + published);
    /* At least the two that were published when the subscription was there again. */
    yield_until(&received, 2);
    CHECK_EQUAL(disconnections, 1);
}

/* Another process with the same client identifier: the two must not fight every second. */
static void take_over(int argc, char *argv[])
{
    pid_t other = fork();
    int64_t start;

    CHECK(other >= 0);
    if (other == 0) {
        construct(argc, argv);
        for (;;) {
            IOT_MQTT_Yield(client, 1000);
        }
    }
    construct(argc, argv);
    start = now_ms();
    while (now_ms() - start < 8000) {
        CHECK_EQUAL(IOT_MQTT_Yield(client, 100), 0);
    }
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    fprintf(stderr, "%d disconnections, %d reconnections\n", disconnections, reconnections);
    CHECK(disconnections >= 1);
    /* Waits of up to 1, 2, 4 and 8 s: without growth it would be more. */
    CHECK(reconnections <= 6);
    /* Alone again, it comes back to stay. */
    start = now_ms();
    while (!IOT_MQTT_CheckStateNormal(client)) {
        CHECK(now_ms() - start < patiently(60000));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 100), 0);
    }
}

int main(int argc, char *argv[])
{
    const char *what = required(argc, argv, "--what");
    uint16_t control_port = (uint16_t)number(required(argc, argv, "--control"));

    if (strcmp(what, "take-over") == 0) {
        take_over(argc, argv);
    } else {
        construct(argc, argv);
        restart(control_port);
    }
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
    return 0;
}
