/*
 * The MQTT client inside an SDK that is not ours: callbacks come from its registry, the device's data
 * through its IOT_Ioctl, states through its iotx_state_event.
 *
 *     inside_sdk --host H --port P --ca FILE --cert FILE --key FILE --product-key PK --device-name DN
 */
#include "support.h"

#include "infra_compat.h"
#include "standin/connection_manager.h"

#include "linksdk_hal.h"

#define BOUND_MS 20000

static int identities;
static int connections;
static int replaced;
static int secrets;
static int messages;
static char last_identity[256];
static char key_in_callback[IOTX_PRODUCT_KEY_LEN + 1];

static int on_identity(const char *payload)
{
    identities++;
    snprintf(last_identity, sizeof(last_identity), "%s", payload);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, key_in_callback), 0);
    return 0;
}

static int on_replaced(void)
{
    replaced++;
    return 0;
}

static int on_connected(void)
{
    connections++;
    return 0;
}

static int on_secret(const char *secret)
{
    (void)secret;
    secrets++;
    return 0;
}

static void on_message(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)client;
    messages += event->event_type == IOTX_MQTT_EVENT_PUBLISH_RECEIVED;
}

static void yield_until(const int *counter, int value)
{
    int64_t start = now_ms();

    while (*counter < value) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        CHECK_EQUAL(cm_yield(100), 0);
    }
}

int main(int argc, char *argv[])
{
    const char *product_key = required(argc, argv, "--product-key");
    const char *device_name = required(argc, argv, "--device-name");
    char name[IOTX_DEVICE_NAME_LEN + 1] = "";
    char topic[128];
    char expected[256];
    iotx_mqtt_param_t parameters;

    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    /* Before the client exists, as applications do; it must find all of this and change nothing. */
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity);
    IOT_RegisterCallback(ITE_MQTT_CONNECT_SUCC, on_replaced);
    standin_register_meanwhile(on_connected);
    IOT_RegisterCallback(ITE_DYNREG_DEVICE_SECRET, on_secret);
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    CHECK_EQUAL(cm_open(&parameters), 0);
    CHECK_EQUAL(identities, 1);
    CHECK_EQUAL(connections, 1);
    CHECK_EQUAL(replaced, 0);
    CHECK_EQUAL(secrets, 0);
    CHECK(strstr(last_identity, product_key) != NULL && strstr(last_identity, device_name) != NULL);
    CHECK(strcmp(key_in_callback, product_key) == 0);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_GET_DEVICE_NAME, name), 0);
    CHECK(strcmp(name, device_name) == 0);
    CHECK(state_reported(0, "mqtt connected in"));
    CHECK(state_reported(-0x0327, "******"));
    snprintf(expected, sizeof(expected), "/ota/device/inform/%s", product_key);
    CHECK(state_reported(-0x0329, expected));

    snprintf(topic, sizeof(topic), "/%s/%s/user/get", product_key, device_name);
    CHECK(cm_subscribe(topic, 5000, on_message) >= 0);
    CHECK(cm_publish(topic, "hello") > 0);
    yield_until(&messages, 1);
    CHECK(cm_unsubscribe(topic) > 0);
    snprintf(topic, sizeof(topic), "/%s/%s/user/other", product_key, device_name);
    CHECK(cm_subscribe(topic, 0, on_message) > 0);
    CHECK(cm_publish(topic, "hello") > 0);
    yield_until(&messages, 2);
    CHECK_EQUAL(cm_close(), 0);

    /* What is refused reaches the handlers, too. */
    forget_reports();
    iotx_ca_crt = "no PEM";
    CHECK_EQUAL(cm_open(&parameters), -1);
    CHECK(state_reported(-0x0F05, "ca_crt"));
    return 0;
}
