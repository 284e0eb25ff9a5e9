/*
 * What the firmware may do inside the identity's callback: use the client, register another callback,
 * unregister, take seconds, end the client; and register from another thread meanwhile.
 *
 *     callbacks --host H --port P --control P --ca FILE --cert FILE --key FILE
 *               --product-key PK --device-name DN
 */
#include "support.h"

#include <pthread.h>
#include <unistd.h>

#include "infra_compat.h"
#include "mqtt_api.h"

#include "linksdk_hal.h"

#define BOUND_MS 20000

static iotx_mqtt_param_t parameters;
static void *client;
static uint16_t control_port;
static char identity_command[256];
static int calls;
static int other_calls;
static int stop;

static int other(const char *payload)
{
    CHECK(payload != NULL && payload[0] == '{');
    __atomic_add_fetch(&other_calls, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static int uses_the_client(const char *payload)
{
    char key[IOTX_PRODUCT_KEY_LEN + 1] = "";

    CHECK(payload != NULL);
    calls++;
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, key), 0);
    CHECK(key[0] != '\0');
    CHECK(IOT_MQTT_Publish_Simple(client, "/a/b/user/x", IOTX_MQTT_QOS1, "m", 1) > 0);
    CHECK(IOT_MQTT_Subscribe(client, "/a/b/user/y", IOTX_MQTT_QOS1, NULL, NULL) != 0);
    CHECK_EQUAL(IOT_MQTT_Yield(client, 10), -0x113);
    return 0;
}

static int replaces_itself(const char *payload)
{
    (void)payload;
    calls++;
    return IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, other);
}

static int unregisters_itself(const char *payload)
{
    (void)payload;
    calls++;
    return IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, NULL);
}

static int takes_seconds(const char *payload)
{
    char copy[256];

    snprintf(copy, sizeof(copy), "%s", payload);
    sleep(2);
    /* It is the callee's until it returns. */
    CHECK(strcmp(copy, payload) == 0);
    calls++;
    return -1;
}

static int destroys(const char *payload)
{
    (void)payload;
    calls++;
    /* NULL: the one client there is, also while it is being constructed. */
    CHECK_EQUAL(IOT_MQTT_Destroy(NULL), 0);
    client = NULL;
    return 0;
}

static void *registers(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
        IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, other);
        IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, NULL);
    }
    return NULL;
}

/* The platform sends the identity once, and the device yields until it has had time to arrive. */
static void push(int *counter, int value)
{
    int64_t start = now_ms();

    control(control_port, identity_command);
    do {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 50), 0);
    } while (*counter < value);
}

static void connect_with(int (*callback)(const char *))
{
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, NULL);
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    calls = other_calls = 0;
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, callback);
}

int main(int argc, char *argv[])
{
    pthread_t thread;
    int64_t start;

    collect_log();
    use_credentials(argc, argv);
    control_port = (uint16_t)number(required(argc, argv, "--control"));
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    snprintf(identity_command, sizeof(identity_command),
             "identity {\"productKey\":\"%s\",\"deviceName\":\"%s\"}",
             required(argc, argv, "--product-key"), required(argc, argv, "--device-name"));

    connect_with(uses_the_client);
    push(&calls, 1);
    push(&calls, 2);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, replaces_itself);
    push(&calls, 3);
    push(&other_calls, 1);
    CHECK_EQUAL(calls, 3);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, unregisters_itself);
    push(&calls, 4);
    push(&calls, 4);
    CHECK_EQUAL(IOT_MQTT_Yield(client, 200), 0);
    CHECK_EQUAL(calls, 4);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, takes_seconds);
    push(&calls, 5);
    CHECK_EQUAL(IOT_MQTT_CheckStateNormal(client), 1);

    /* From another thread, while messages arrive: one of the two states counts for each. */
    CHECK_EQUAL(pthread_create(&thread, NULL, registers, NULL), 0);
    for (int i = 0; i < 50; i++) {
        control(control_port, identity_command);
        CHECK_EQUAL(IOT_MQTT_Yield(client, 5), 0);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    CHECK(other_calls <= 51);

    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, destroys);
    control(control_port, identity_command);
    start = now_ms();
    while (client != NULL) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        IOT_MQTT_Yield(client, 50);
    }
    CHECK_EQUAL(IOT_MQTT_Yield(NULL, 10), -0x113);

    /* And while the client is being constructed. */
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, destroys);
    client = NULL;
    calls = 0;
    CHECK(IOT_MQTT_Construct(&parameters) == NULL || calls == 1);
    CHECK_EQUAL(calls, 1);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, NULL);
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
    return 0;
}
