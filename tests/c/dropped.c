/*
 * The platform drops connections at every stage of their life, in every way. While the client is
 * constructed it tries again; later it reconnects by itself, and its subscription works again.
 *
 *     dropped --host H --port P --control P --ca FILE --cert FILE --key FILE
 *             --product-key PK --device-name DN
 */
#include "support.h"

#include "infra_compat.h"
#include "mqtt_api.h"

#include "linksdk_hal.h"

#define BOUND_MS 40000

static uint16_t control_port;
static char topic[128];
static int reconnections;
static int messages;

static void on_event(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)client;
    reconnections += event->event_type == IOTX_MQTT_EVENT_RECONNECT;
}

static void on_message(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)client;
    messages += event->event_type == IOTX_MQTT_EVENT_PUBLISH_RECEIVED;
}

static void drop(const char *stage, const char *manner)
{
    char command[64];

    forget_reports();
    snprintf(command, sizeof(command), "drop %s %s", stage, manner);
    fprintf(stderr, "%s\n", command);
    control(control_port, command);
}

static void *construct(int argc, char *argv[])
{
    iotx_mqtt_param_t parameters;
    void *client;

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    parameters.request_timeout_ms = 1000;
    parameters.keepalive_interval_ms = 30000;
    parameters.handle_event.h_fp = on_event;
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    CHECK_EQUAL(IOT_MQTT_CheckStateNormal(client), 1);
    CHECK(IOT_MQTT_Subscribe_Sync(client, topic, IOTX_MQTT_QOS1, on_message, NULL, 5000) >= 0);
    return client;
}

/* Messages that the device sends to itself come back. */
static void exchange(void *client)
{
    char text[] = "text";
    int64_t start = now_ms();

    messages = 0;
    while (messages == 0) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        /* The subscription may still be under way, or the connection not be back. */
        (void)IOT_MQTT_Publish_Simple(client, topic, IOTX_MQTT_QOS0, text, (int)strlen(text));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 100), 0);
    }
}

static void while_constructing(int argc, char *argv[])
{
    static const char *const stages[] = {"0", "5", "300", "900", "handshake", "connect"};
    static const char *const manners[] = {"fin", "rst", "close-notify", "half-close", "stall"};

    for (size_t stage = 0; stage < sizeof(stages) / sizeof(stages[0]); stage++) {
        /* Each stage in two ways, so that all have their turn and it does not take long. */
        for (size_t turn = 0; turn < 2; turn++) {
            const char *manner = manners[(2 * stage + turn) % 5];
            int64_t start = now_ms();
            void *client;

            drop(stages[stage], manner);
            client = construct(argc, argv);
            /* At most the bound of one attempt, the answer to CONNECT, and the pause. */
            CHECK(now_ms() - start < patiently(2000 + 1000 + 1000 + 3000));
            CHECK(log_contains(required(argc, argv, "--host")));
            exchange(client);
            CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
        }
    }
}

static void while_connected(int argc, char *argv[])
{
    static const char *const stages[] = {"connack", "subscribe", "publish"};
    static const char *const manners[] = {"fin", "rst", "close-notify", "half-close"};
    void *client = construct(argc, argv);
    char text[] = "text";

    exchange(client);
    for (size_t turn = 0; turn < 3; turn++) {
        const char *stage = stages[turn % 3];
        int64_t start = now_ms();
        int before = reconnections;

        drop(stage, manners[turn]);
        if (strcmp(stage, "connack") == 0) {
            control(control_port, "fin");
        } else if (strcmp(stage, "subscribe") == 0) {
            (void)IOT_MQTT_Subscribe(client, "/other", IOTX_MQTT_QOS1, on_message, NULL);
        } else {
            (void)IOT_MQTT_Publish_Simple(client, topic, IOTX_MQTT_QOS1, text, (int)strlen(text));
        }
        while (reconnections == before || !IOT_MQTT_CheckStateNormal(client)) {
            CHECK(now_ms() - start < patiently(BOUND_MS));
            CHECK_EQUAL(IOT_MQTT_Yield(client, 100), 0);
        }
        exchange(client);
    }
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
}

int main(int argc, char *argv[])
{
    control_port = (uint16_t)number(required(argc, argv, "--control"));
    snprintf(topic, sizeof(topic), "/%s/%s/user/get", required(argc, argv, "--product-key"),
             required(argc, argv, "--device-name"));
    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    CHECK_EQUAL(linksdk_set_establish_timeout(2000), 0);
    while_constructing(argc, argv);
    while_connected(argc, argv);
    return 0;
}
