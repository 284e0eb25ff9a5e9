/*
 * The platform goes away while the device runs; the client notices, connects again by itself,
 * hands over the identity anew, and the subscription works again.
 *
 *     reconnection --host H --port P --control P --ca FILE --cert FILE --key FILE
 *                  --end close-notify|fin|rst --product-key PK --device-name DN
 */
#include "support.h"

#include "infra_compat.h"
#include "mqtt_api.h"
#include "wrappers.h"

#include "linksdk_hal.h"

#define BOUND_MS 30000

static int identities;
static int disconnections;
static int reconnections;
static int messages;
static char last_message[128];

static int on_identity(const char *payload)
{
    identities++;
    fprintf(stderr, "identity: %s\n", payload);
    return 0;
}

static void on_event(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)client;
    disconnections += event->event_type == IOTX_MQTT_EVENT_DISCONNECT;
    reconnections += event->event_type == IOTX_MQTT_EVENT_RECONNECT;
}

static void on_message(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    const iotx_mqtt_topic_info_t *message = event->msg;

    (void)context;
    (void)client;
    if (event->event_type == IOTX_MQTT_EVENT_PUBLISH_RECEIVED) {
        messages++;
        snprintf(last_message, sizeof(last_message), "%.*s", (int)message->payload_len,
                 message->payload);
    }
}

static void yield_until(void *client, const int *counter, int value)
{
    int64_t start = now_ms();

    while (*counter < value) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 100), 0);
    }
}

int main(int argc, char *argv[])
{
    uint16_t control_port = (uint16_t)number(required(argc, argv, "--control"));
    char topic[128];
    char command[256];
    char first[] = "before";
    char host[64];
    iotx_mqtt_param_t parameters;
    void *client;

    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity);
    memset(&parameters, 0, sizeof(parameters));
    snprintf(host, sizeof(host), "%s", required(argc, argv, "--host"));
    parameters.host = host;
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    parameters.handle_event.h_fp = on_event;
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    CHECK_EQUAL(identities, 1);
    /* The client has its own copies: it reconnects to the same host. */
    memset(host, 'x', sizeof(host) - 1);

    snprintf(topic, sizeof(topic), "/%s/%s/user/get", required(argc, argv, "--product-key"),
             required(argc, argv, "--device-name"));
    CHECK(IOT_MQTT_Subscribe_Sync(client, topic, IOTX_MQTT_QOS1, on_message, NULL, 5000) >= 0);
    CHECK(IOT_MQTT_Publish_Simple(client, topic, IOTX_MQTT_QOS1, first, (int)strlen(first)) >= 0);
    yield_until(client, &messages, 1);
    CHECK(strcmp(last_message, "before") == 0);

    control(control_port, required(argc, argv, "--end"));
    yield_until(client, &disconnections, 1);
    yield_until(client, &reconnections, 1);
    yield_until(client, &identities, 2);
    CHECK_EQUAL(IOT_MQTT_CheckStateNormal(client), 1);

    /* From the platform's side, so that only a subscription can bring it here. */
    snprintf(command, sizeof(command), "publish %s after", topic);
    messages = 0;
    for (int64_t start = now_ms(); messages == 0;) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        /* The subscription may still be under way: QoS 0 is lost then. */
        control(control_port, command);
        CHECK_EQUAL(IOT_MQTT_Yield(client, 200), 0);
    }
    CHECK(strcmp(last_message, "after") == 0);

    CHECK_EQUAL(disconnections, 1);
    CHECK_EQUAL(reconnections, 1);
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
    CHECK(client == NULL);
    return 0;
}
