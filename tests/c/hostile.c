/*
 * A hostile or broken platform: whatever it sends, the device lives, says what was wrong, delivers
 * nothing of it, and works again after reconnecting.
 *
 *     hostile --host H --port P --control P --ca FILE --cert FILE --key FILE
 *             --product-key PK --device-name DN [--count N]
 *
 * --count: how many of the packets are tried, for runs that are slow.
 */
#include "support.h"

#include "infra_compat.h"
#include "mqtt_api.h"

#include "linksdk_hal.h"

#define BOUND_MS 30000

static iotx_mqtt_param_t parameters;
static void *client;
static uint16_t control_port;
static char topic[128];
static int disconnections;
static int reconnections;
static int oversized;
static int received;
static int identities;

static int on_identity(const char *payload)
{
    (void)payload;
    identities++;
    return 0;
}

/* What matched no subscription arrives here, too. */
static void on_event(void *context, void *handle, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)handle;
    disconnections += event->event_type == IOTX_MQTT_EVENT_DISCONNECT;
    reconnections += event->event_type == IOTX_MQTT_EVENT_RECONNECT;
    oversized += event->event_type == IOTX_MQTT_EVENT_BUFFER_OVERFLOW;
    if (event->event_type == IOTX_MQTT_EVENT_PUBLISH_RECEIVED) {
        const iotx_mqtt_topic_info_t *message = event->msg;

        /* The identity is delivered as a message, too, as in the original. */
        received += strncmp(message->ptopic, "/ext/auth/", 10) != 0;
    }
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

/* A message of the platform reaches the device. */
static void works(void)
{
    char command[256];
    int before = received;

    snprintf(command, sizeof(command), "publish %s hello", topic);
    for (int64_t start = now_ms(); received == before;) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        control(control_port, command);
        CHECK_EQUAL(IOT_MQTT_Yield(client, 50), 0);
    }
    /* Nothing of it is left for the next check. */
    CHECK_EQUAL(IOT_MQTT_Yield(client, 50), 0);
}

static void connect_and_subscribe(void)
{
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    CHECK(IOT_MQTT_Subscribe_Sync(client, topic, IOTX_MQTT_QOS1, on_message, NULL, 5000) >= 0);
}

/* Bytes that no MQTT server may send, with a name for whoever reads the failure. */
static const struct {
    const char *name;
    const char *bytes;
} forbidden[] = {
    {"PUBLISH with QoS 1 and half a packet identifier", "320500022f6100"},
    {"PUBLISH with QoS 1 and no packet identifier", "320400022f61"},
    {"PUBLISH with QoS 1 and packet identifier 0", "320600022f610000"},
    {"PUBLISH with QoS 2", "340600022f610001"},
    {"PUBLISH with QoS 3", "360600022f610001"},
    {"PUBLISH with DUP and QoS 0", "380500022f6178"},
    {"PUBLISH with a topic longer than the packet", "3005ffff2f6178"},
    {"PUBLISH with an empty topic", "3003000078"},
    {"PUBLISH with a wildcard in its topic", "300600032f2b2f78"},
    {"PUBLISH with a topic that is not UTF-8", "30060003ff2ffe78"},
    {"PUBLISH with NUL in its topic", "300600032f006178"},
    {"PUBLISH without anything", "3000"},
    {"five length bytes", "30ffffffff01"},
    {"a length in more bytes than it needs", "30858000022f6178"},
    {"a second CONNACK", "20020000"},
    {"CONNACK with three bytes", "2003000000"},
    {"PUBACK without an identifier", "4000"},
    {"PUBACK with one byte", "400101"},
    {"PUBACK with packet identifier 0", "40020000"},
    {"PUBACK with a byte too many", "4003000100"},
    {"PUBACK with flags", "41020001"},
    {"SUBACK without a code", "90020001"},
    {"SUBACK with an unknown code", "9003000103"},
    {"SUBACK with flags", "9103000100"},
    {"UNSUBACK with a byte too many", "b003000100"},
    {"PINGRESP with a body", "d00100"},
    {"PINGREQ from a server", "c000"},
    {"DISCONNECT from a server", "e000"},
    {"SUBSCRIBE from a server", "8206000100012f00"},
    {"CONNECT from a server", "100c00044d5154540402003c0000"},
    {"packet type 0", "0000"},
    {"packet type 15", "f000"},
};

/* A client of its own for each: one that loses its connection again and again waits ever longer. */
static void forbidden_packets_end_the_connection(size_t count)
{
    char command[256];

    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]) && i < count; i++) {
        int before;
        int lost;

        CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
        connect_and_subscribe();
        works();
        before = received;
        lost = disconnections;
        fprintf(stderr, "%s\n", forbidden[i].name);
        forget_reports();
        snprintf(command, sizeof(command), "raw %s", forbidden[i].bytes);
        control(control_port, command);
        yield_until(&disconnections, lost + 1);
        CHECK_EQUAL(received, before);
        CHECK(state_reported(-0x0316, "") || state_reported(-0x0314, "") || state_reported(-0x0313, "")
              || state_reported(-0x0315, "") || state_reported(-0x0312, "")
              || state_reported(-0x031F, "") || state_reported(-0x0F12, ""));
    }
    yield_until(&reconnections, reconnections + 1);
    works();
}

static void large_packets_are_passed_over(void)
{
    /* 5000 bytes for a buffer of 3072: 2 + 2 for the topic, the rest payload. */
    static char command[32 + 2 * 5003];
    int before = received;
    int lost = disconnections;
    size_t at = (size_t)snprintf(command, sizeof(command), "raw 30882700022f61");

    for (int i = 0; i < 4996; i++) {
        at += (size_t)snprintf(command + at, sizeof(command) - at, "41");
    }
    control(control_port, command);
    yield_until(&oversized, 1);
    CHECK(state_reported(-0x0318, ""));
    works();
    CHECK_EQUAL(received, before + 1);
    CHECK_EQUAL(disconnections, lost);
}

static void bytes_may_drip(void)
{
    char command[256];
    int before = received;

    control(control_port, "slow 2");
    snprintf(command, sizeof(command), "publish %s slowly", topic);
    control(control_port, command);
    yield_until(&received, before + 1);
    control(control_port, "slow 0");
}

static void identities_are_checked(void)
{
    static const char *const wrong[] = {
        "identity {\"productKey\":1,\"deviceName\":\"x\"}",
        "identity {\"productKey\":\"\",\"deviceName\":\"\"}",
        "identity {\"productKey\":\"a\"}",
        "identity \"productKey\":\"a\",\"deviceName\":\"b\"",
        "identity {\"x\":{\"productKey\":\"a\",\"deviceName\":\"b\"}}",
        "identity {\"productKey\":\"a/b\",\"deviceName\":\"b\"}",
        "identity {\"productKey\":\"aaaaaaaaaaaaaaaaaaaaa\",\"deviceName\":\"b\"}",
        "identity {",
        "identity [",
    };
    char before[IOTX_PRODUCT_KEY_LEN + 1] = "";
    char after[IOTX_PRODUCT_KEY_LEN + 1] = "";
    int told = identities;

    IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, before);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t start = now_ms();

        forget_reports();
        control(control_port, wrong[i]);
        while (!state_reported(-0x0F10, "")) {
            CHECK(now_ms() - start < patiently(BOUND_MS));
            CHECK_EQUAL(IOT_MQTT_Yield(client, 50), 0);
        }
        IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, after);
        CHECK(strcmp(before, after) == 0);
    }
    CHECK_EQUAL(identities, told);
}

static void half_a_connection_is_none(void)
{
    int lost = disconnections;
    int back = reconnections;
    int64_t start = now_ms();

    control(control_port, "half-close");
    yield_until(&disconnections, lost + 1);
    CHECK(now_ms() - start < patiently(2000));
    yield_until(&reconnections, back + 1);
    works();
}

static void refused_and_unanswered_subscriptions(void)
{
    char other[160];

    snprintf(other, sizeof(other), "%s/other", topic);
    control(control_port, "suback refuse");
    CHECK_EQUAL(IOT_MQTT_Subscribe_Sync(client, other, IOTX_MQTT_QOS1, on_message, NULL, 5000), -1);
    control(control_port, "suback silent");
    CHECK_EQUAL(IOT_MQTT_Subscribe_Sync(client, other, IOTX_MQTT_QOS1, on_message, NULL, 300), -0x0323);
    control(control_port, "suback accept");
    CHECK(IOT_MQTT_Subscribe_Sync(client, other, IOTX_MQTT_QOS1, on_message, NULL, 5000) >= 0);
}

/* Ten messages may wait for their PUBACK; the next one is told so, and none is lost. */
static void missing_acknowledgements(void)
{
    char other[160];
    int published = 0;
    int before;
    int back = reconnections;
    int result;

    snprintf(other, sizeof(other), "%s/other", topic);
    control(control_port, "puback off");
    do {
        result = IOT_MQTT_Publish_Simple(client, other, IOTX_MQTT_QOS1, "m", 1);
        published += result > 0;
    } while (result > 0);
    CHECK_EQUAL(result, -0x031C);
    CHECK(published >= 10);
    before = received;
    control(control_port, "puback on");
    /* After a reconnection they are sent again. */
    control(control_port, "fin");
    yield_until(&reconnections, back + 1);
    for (int64_t start = now_ms();;) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 50), 0);
        result = IOT_MQTT_Publish_Simple(client, other, IOTX_MQTT_QOS1, "m", 1);
        if (result > 0) {
            break;
        }
        CHECK(result == -0x031C || result == -0x031E);
    }
    yield_until(&received, before + published);
}

int main(int argc, char *argv[])
{
    const char *count = option(argc, argv, "--count");

    collect_log();
    use_credentials(argc, argv);
    control_port = (uint16_t)number(required(argc, argv, "--control"));
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity);
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    parameters.handle_event.h_fp = on_event;
    snprintf(topic, sizeof(topic), "/%s/%s/user/get", required(argc, argv, "--product-key"),
             required(argc, argv, "--device-name"));
    connect_and_subscribe();
    works();

    large_packets_are_passed_over();
    bytes_may_drip();
    identities_are_checked();
    refused_and_unanswered_subscriptions();
    missing_acknowledgements();
    half_a_connection_is_none();
    forbidden_packets_end_the_connection(count == NULL ? SIZE_MAX : (size_t)number(count));
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
    return 0;
}
