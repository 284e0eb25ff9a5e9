/*
 * Publish round trips per second through the MQTT client, one message at a time.
 *
 *     mqtt_rate --port P --ca F --cert F --key F --count N
 *
 * With QoS 0 a round trip ends when the message comes back to its own subscription, with QoS 1 when
 * PUBACK has arrived. The next message is published from the handler, so nothing waits for a yield to
 * end. Prints one JSON object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "infra_compat.h"
#include "linksdk_hal.h"
#include "mqtt_api.h"

#define WAIT_MS 5000
#define LIMIT_S 60

static char back[128];
static char away[128];
static char payload[] = "{\"temperature\":21.5,\"humidity\":40,\"counter\":1}";
static int wanted;
static int finished;
static int current_qos;
/* When the last round trip was over; the yield around it goes on. */
static double over;

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void publish(void *client)
{
    const char *topic = current_qos == 0 ? back : away;

    if (IOT_MQTT_Publish_Simple(client, topic, current_qos, payload, (int)strlen(payload)) < 0) {
        fprintf(stderr, "mqtt_rate: a message could not be published\n");
        exit(1);
    }
}

static void next(void *client)
{
    finished++;
    if (finished < wanted) {
        publish(client);
    } else {
        over = seconds();
    }
}

static void on_message(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    if (event->event_type == IOTX_MQTT_EVENT_PUBLISH_RECEIVED && current_qos == 0) {
        next(client);
    }
}

static void on_event(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    if (event->event_type == IOTX_MQTT_EVENT_PUBLISH_SUCCESS && current_qos == 1) {
        next(client);
    }
}

static double rate(void *client, int qos, int count)
{
    double start = seconds();

    current_qos = qos;
    wanted = count;
    finished = 0;
    publish(client);
    while (finished < wanted && seconds() - start < LIMIT_S) {
        IOT_MQTT_Yield(client, 20);
    }
    if (finished < wanted) {
        fprintf(stderr, "mqtt_rate: %d of %d round trips with QoS %d in time\n", finished, wanted, qos);
        exit(1);
    }
    return over - start;
}

static const char *option(int argc, char *argv[], const char *name)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    fprintf(stderr, "mqtt_rate: %s is missing\n", name);
    exit(2);
}

static char *file(const char *path)
{
    FILE *input = fopen(path, "rb");
    char *text = calloc(1, 65536);

    if (input == NULL || fread(text, 1, 65535, input) == 0) {
        fprintf(stderr, "mqtt_rate: %s cannot be read\n", path);
        exit(2);
    }
    fclose(input);
    return text;
}

int main(int argc, char *argv[])
{
    char product_key[IOTX_PRODUCT_KEY_LEN + 1] = "";
    char device_name[IOTX_DEVICE_NAME_LEN + 1] = "";
    int count = atoi(option(argc, argv, "--count"));
    iotx_mqtt_param_t parameters;
    double spent[2];
    void *client;

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = "localhost";
    parameters.port = (uint16_t)atoi(option(argc, argv, "--port"));
    iotx_ca_crt = file(option(argc, argv, "--ca"));
    parameters.handle_event.h_fp = on_event;
    g_cli_crt = file(option(argc, argv, "--cert"));
    g_cli_key = file(option(argc, argv, "--key"));
    client = IOT_MQTT_Construct(&parameters);
    if (client == NULL) {
        char reason[256];

        linksdk_last_error(0, reason, sizeof(reason));
        fprintf(stderr, "mqtt_rate: %s\n", reason);
        return 1;
    }
    IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, product_key);
    IOT_Ioctl(IOTX_IOCTL_GET_DEVICE_NAME, device_name);
    snprintf(back, sizeof(back), "/%s/%s/user/get", product_key, device_name);
    snprintf(away, sizeof(away), "/%s/%s/user/update", product_key, device_name);
    if (IOT_MQTT_Subscribe_Sync(client, back, IOTX_MQTT_QOS0, on_message, NULL, WAIT_MS) < 0) {
        fprintf(stderr, "mqtt_rate: the subscription was not confirmed\n");
        return 1;
    }
    for (int qos = 0; qos <= 1; qos++) {
        spent[qos] = rate(client, qos, count);
    }
    IOT_MQTT_Destroy(&client);
    printf("{\"count\": %d, \"qos0_s\": %.6f, \"qos1_s\": %.6f}\n", count, spent[0], spent[1]);
    return 0;
}
