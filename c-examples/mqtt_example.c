/*
 * A device with an X.509 certificate connects, learns who it is, and talks to itself.
 *
 *     mqtt_example [HOST PORT]
 *
 * The platform knows the device by its certificate: ProductKey and DeviceName are not in the
 * firmware, they arrive as an event. Certificate and key come from g_cli_crt and g_cli_key, which
 * another file defines (`linksdk-x509 embed` writes it). Without HOST and PORT the documented
 * X.509 endpoint is used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infra_compat.h"
#include "mqtt_api.h"
#include "wrappers.h"
#include "linksdk_hal.h"

#define MESSAGE "{\"message\":\"hello from the device\"}"
#define ANSWER_WAIT_MS 10000
#define YIELD_MS 200

static int message_came_back;

static void on_log(int level, const char *line, void *context)
{
    (void)level;
    (void)context;
    printf("  log       %s\n", line);
}

/* The payload is valid during this call only. */
static int on_identity(const char *payload)
{
    printf("  identity  %s\n", payload);
    return 0;
}

static void on_message(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    const iotx_mqtt_topic_info_t *message;

    (void)context;
    (void)client;
    if (event->event_type != IOTX_MQTT_EVENT_PUBLISH_RECEIVED) {
        return;
    }
    message = (const iotx_mqtt_topic_info_t *)event->msg;
    printf("  received  %.*s\n", (int)message->payload_len, message->payload);
    if (message->payload_len == strlen(MESSAGE)
        && memcmp(message->payload, MESSAGE, message->payload_len) == 0) {
        message_came_back = 1;
    }
}

static int fail(const char *what, int code)
{
    if (code < 0) {
        fprintf(stderr, "mqtt_example: %s (state code -0x%04X)\n", what, (unsigned)-code);
    } else {
        fprintf(stderr, "mqtt_example: %s\n", what);
    }
    return EXIT_FAILURE;
}

/* Subscribes to the device's own topic, publishes to it and waits for the message. */
static int talk(void *client, const char *product_key, const char *device_name)
{
    char topic[IOTX_URI_MAX_LEN + 1];
    char payload[] = MESSAGE;
    uint64_t give_up;
    int result;

    snprintf(topic, sizeof(topic), "/%s/%s/user/get", product_key, device_name);
    result = IOT_MQTT_Subscribe_Sync(client, topic, IOTX_MQTT_QOS1, on_message, NULL,
                                     ANSWER_WAIT_MS);
    if (result < 0) {
        return fail("the platform did not confirm the subscription", result);
    }
    printf("  subscribed to %s\n", topic);
    result = IOT_MQTT_Publish_Simple(client, topic, IOTX_MQTT_QOS1, payload, (int)strlen(payload));
    if (result < 0) {
        return fail("the message could not be published", result);
    }
    printf("  published %s\n", payload);

    /* Messages, acknowledgements and keep alive are all handled inside IOT_MQTT_Yield. */
    give_up = HAL_UptimeMs() + ANSWER_WAIT_MS;
    while (!message_came_back && HAL_UptimeMs() < give_up) {
        result = IOT_MQTT_Yield(client, YIELD_MS);
        if (result < 0) {
            return fail("receiving failed", result);
        }
    }
    if (!message_came_back) {
        return fail("the message did not come back in time", 0);
    }
    result = IOT_MQTT_Unsubscribe(client, topic);
    if (result >= 0) {
        result = IOT_MQTT_Yield(client, YIELD_MS);
    }
    return result < 0 ? fail("the subscription could not be ended", result) : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    char product_key[IOTX_PRODUCT_KEY_LEN + 1] = "";
    char device_name[IOTX_DEVICE_NAME_LEN + 1] = "";
    iotx_mqtt_param_t parameters;
    long port = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    void *client;
    int result;

    if (argc != 1 && (argc != 3 || port < 1 || port > 65535)) {
        return fail("usage: mqtt_example [HOST PORT]", 0);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    linksdk_set_log_hook(on_log, NULL);
    if (IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity) != 0) {
        return fail("the handler of the identity was not taken", 0);
    }
    memset(&parameters, 0, sizeof(parameters));
    if (argc == 3) {
        parameters.host = argv[1];
        parameters.port = (uint16_t)port;
    }
    client = IOT_MQTT_Construct(&parameters);
    if (client == NULL) {
        char reason[256];
        int code = linksdk_last_error(0, reason, sizeof(reason));

        return fail(reason, code);
    }
    if (IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, product_key) != 0
        || IOT_Ioctl(IOTX_IOCTL_GET_DEVICE_NAME, device_name) != 0
        || product_key[0] == '\0' || device_name[0] == '\0') {
        result = fail("connected, but the platform did not say who this device is", 0);
    } else {
        printf("  this is device %s of product %s\n", device_name, product_key);
        result = talk(client, product_key, device_name);
    }
    if (IOT_MQTT_Destroy(&client) != 0) {
        return fail("the client could not be ended", 0);
    }
    printf("  disconnected\n");
    return result;
}
