/*
 * Subscribe and publish through a broker that is not ours, with a client certificate.
 *
 *     broker_exchange --host H --port P --ca FILE --cert FILE --key FILE
 *
 * The broker pushes no identity, so the device brings its own.
 */
#include "support.h"

#include "infra_compat.h"
#include "mqtt_api.h"
#include "wrappers.h"

#include "linksdk_hal.h"

#define TOPIC "/a1Broker000/device-1/user/get"
#define LARGE 2500

static char expected[LARGE];
static int expected_length;
static int arrived;

static void on_message(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    const iotx_mqtt_topic_info_t *message = event->msg;

    (void)context;
    (void)client;
    CHECK_EQUAL(event->event_type, IOTX_MQTT_EVENT_PUBLISH_RECEIVED);
    CHECK_EQUAL(message->topic_len, strlen(TOPIC));
    CHECK(memcmp(message->ptopic, TOPIC, message->topic_len) == 0);
    CHECK_EQUAL(message->payload_len, expected_length);
    CHECK(memcmp(message->payload, expected, (size_t)expected_length) == 0);
    arrived = 1;
}

static void exchange(void *client, int qos, int length)
{
    int64_t start = now_ms();
    int result;

    for (int i = 0; i < length; i++) {
        expected[i] = (char)('a' + i % 26);
    }
    expected_length = length;
    arrived = 0;
    result = IOT_MQTT_Publish_Simple(client, TOPIC, qos, expected, length);
    /* A packet id for QoS 1, nothing to remember for QoS 0. */
    CHECK(qos == 0 ? result == 0 : result > 0);
    while (!arrived) {
        CHECK(now_ms() - start < patiently(10000));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 100), 0);
    }
}

int main(int argc, char *argv[])
{
    char product_key[] = "a1Broker000";
    char device_name[] = "device-1";
    char device_secret[] = "0123456789abcdef";
    iotx_mqtt_param_t parameters;
    void *client;

    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_PRODUCT_KEY, product_key), 0);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_DEVICE_NAME, device_name), 0);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_DEVICE_SECRET, device_secret), 0);
    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    parameters.clean_session = 1;
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);

    CHECK(IOT_MQTT_Subscribe_Sync(client, TOPIC, IOTX_MQTT_QOS1, on_message, NULL, 5000) > 0);
    exchange(client, 0, 20);
    exchange(client, 1, 20);
    exchange(client, 1, LARGE);
    CHECK(IOT_MQTT_Unsubscribe(client, TOPIC) > 0);
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
    return 0;
}
