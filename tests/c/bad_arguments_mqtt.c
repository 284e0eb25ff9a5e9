/*
 * Every export of the MQTT client with arguments that no sane caller passes: the documented
 * failure comes back and nothing crashes, without a client, with a live one, and after its end.
 *
 *     bad_arguments_mqtt --host H --port P --ca FILE --cert FILE --key FILE
 */
#include "support.h"

#include <limits.h>

#include "infra_compat.h"
#include "mqtt_api.h"
#include "wrappers.h"

#include "linksdk_hal.h"

static char topic[] = "/a/b/user/get";
static char payload[] = "x";

static void on_message(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)client;
    (void)event;
}

static void no_client(void *handle)
{
    void *copy = handle;
    iotx_mqtt_topic_info_t message;

    memset(&message, 0, sizeof(message));
    message.payload = payload;
    message.payload_len = 1;
    CHECK(IOT_MQTT_Yield(handle, 10) < 0);
    CHECK(IOT_MQTT_Yield(handle, -1) < 0);
    CHECK(IOT_MQTT_CheckStateNormal(handle) != 1);
    CHECK(IOT_MQTT_Subscribe(handle, topic, IOTX_MQTT_QOS0, on_message, NULL) < 0);
    CHECK(IOT_MQTT_Subscribe_Sync(handle, topic, IOTX_MQTT_QOS0, on_message, NULL, 10) < 0);
    CHECK(IOT_MQTT_Unsubscribe(handle, topic) < 0);
    CHECK(IOT_MQTT_Publish(handle, topic, &message) < 0);
    CHECK(IOT_MQTT_Publish_Simple(handle, topic, 0, payload, 1) < 0);
    CHECK(IOT_MQTT_Destroy(&copy) < 0);
}

static void live_client(void *client)
{
    iotx_mqtt_topic_info_t message;

    memset(&message, 0, sizeof(message));
    CHECK_EQUAL(IOT_MQTT_Yield(client, -1), -0x113);
    CHECK_EQUAL(IOT_MQTT_Yield(client, INT_MIN), -0x113);
    CHECK(IOT_MQTT_Subscribe(client, NULL, IOTX_MQTT_QOS0, on_message, NULL) < 0);
    CHECK(IOT_MQTT_Subscribe(client, topic, IOTX_MQTT_QOS0, NULL, NULL) < 0);
    CHECK_EQUAL(IOT_MQTT_Subscribe(client, "", IOTX_MQTT_QOS0, on_message, NULL), -0x113);
    CHECK_EQUAL(IOT_MQTT_Subscribe(client, "/a/#/b", IOTX_MQTT_QOS0, on_message, NULL), -0x322);
    CHECK(IOT_MQTT_Subscribe_Sync(client, NULL, IOTX_MQTT_QOS0, on_message, NULL, 10) < 0);
    CHECK(IOT_MQTT_Unsubscribe(client, NULL) < 0);
    CHECK_EQUAL(IOT_MQTT_Publish(client, topic, NULL), -0x113);
    CHECK_EQUAL(IOT_MQTT_Publish(client, NULL, &message), -0x113);
    CHECK_EQUAL(IOT_MQTT_Publish(client, topic, &message), -0x113);
    CHECK_EQUAL(IOT_MQTT_Publish_Simple(client, topic, 0, NULL, 1), -0x113);
    CHECK(IOT_MQTT_Publish_Simple(client, topic, 0, payload, -1) < 0);
    CHECK(IOT_MQTT_Publish_Simple(client, topic, 0, payload, INT_MIN) < 0);
    CHECK(IOT_MQTT_Publish_Simple(client, topic, -1, payload, 1) < 0);
    CHECK_EQUAL(IOT_MQTT_Publish_Simple(client, topic, 2, payload, 1), -0x31D);
    CHECK_EQUAL(IOT_MQTT_Publish_Simple(client, "no slash", 0, payload, 1), -0x322);
    CHECK_EQUAL(IOT_MQTT_CheckStateNormal(client), 1);
    CHECK_EQUAL(IOT_MQTT_Yield(client, 0), 0);
}

int main(int argc, char *argv[])
{
    char product_key[] = "a1Broker000";
    char device_name[] = "device-1";
    iotx_mqtt_param_t parameters;
    void *client;
    void *stale;
    int local = 0;

    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    collect_log();
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_PRODUCT_KEY, product_key), 0);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_DEVICE_NAME, device_name), 0);

    no_client(NULL);
    no_client(&local);
    CHECK(IOT_MQTT_Destroy(NULL) < 0);

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    parameters.customize_info = "authtype=id2";
    CHECK(IOT_MQTT_Construct(&parameters) == NULL);
    CHECK(state_reported(-0x113, "iTLS"));
    parameters.customize_info = NULL;
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    live_client(client);
    stale = client;
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);

    no_client(NULL);
    no_client(stale);
    return 0;
}
