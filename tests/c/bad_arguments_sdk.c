/*
 * Every export beyond the TLS HAL with arguments that no sane caller passes: the documented
 * failure comes back and nothing crashes, without a client, beside a live one, and after its end.
 *
 *     bad_arguments_sdk --host H --port P --ca FILE --cert FILE --key FILE
 */
#include "support.h"

#include <limits.h>

#include "infra_compat.h"
#include "dev_sign_api.h"
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

static void registry(void)
{
    static const int not_events[] = {INT_MIN, -1, 64, 1000, INT_MAX};

#define UNREGISTER(event) CHECK_EQUAL(IOT_RegisterCallback(event, NULL), 0)
    UNREGISTER(ITE_AWSS_STATUS);
    UNREGISTER(ITE_CONNECT_SUCC);
    UNREGISTER(ITE_CONNECT_FAIL);
    UNREGISTER(ITE_DISCONNECTED);
    UNREGISTER(ITE_RAWDATA_ARRIVED);
    UNREGISTER(ITE_SERVICE_REQUEST);
    UNREGISTER(ITE_SERVICE_REQUEST_EXT);
    UNREGISTER(ITE_PROPERTY_SET);
    UNREGISTER(ITE_PROPERTY_DESIRED_GET_REPLY);
    UNREGISTER(ITE_PROPERTY_GET);
    UNREGISTER(ITE_REPORT_REPLY);
    UNREGISTER(ITE_TRIGGER_EVENT_REPLY);
    UNREGISTER(ITE_TIMESTAMP_REPLY);
    UNREGISTER(ITE_TOPOLIST_REPLY);
    UNREGISTER(ITE_PERMIT_JOIN);
    UNREGISTER(ITE_INITIALIZE_COMPLETED);
    UNREGISTER(ITE_FOTA);
    UNREGISTER(ITE_FOTA_MODULE);
    UNREGISTER(ITE_COTA);
    UNREGISTER(ITE_MQTT_CONNECT_SUCC);
    UNREGISTER(ITE_CLOUD_ERROR);
    UNREGISTER(ITE_DYNREG_DEVICE_SECRET);
    UNREGISTER(ITE_IDENTITY_RESPONSE);
    UNREGISTER(ITE_BIND_EVENT);
    UNREGISTER(ITE_STATE_EVERYTHING);
    UNREGISTER(ITE_STATE_USER_INPUT);
    UNREGISTER(ITE_STATE_SYS_DEPEND);
    UNREGISTER(ITE_STATE_MQTT_COMM);
    UNREGISTER(ITE_STATE_WIFI_PROV);
    UNREGISTER(ITE_STATE_COAP_LOCAL);
    UNREGISTER(ITE_STATE_HTTP_COMM);
    UNREGISTER(ITE_STATE_OTA);
    UNREGISTER(ITE_STATE_DEV_BIND);
    UNREGISTER(ITE_STATE_DEV_MODEL);

    for (size_t i = 0; i < sizeof(not_events) / sizeof(not_events[0]); i++) {
        CHECK(iotx_event_callback(not_events[i]) == NULL);
        CHECK_EQUAL(iotx_state_event(not_events[i], -1, "text %d", 1), -1);
        CHECK_EQUAL(iotx_state_event(not_events[i], -1, NULL), -1);
    }
    CHECK(iotx_event_callback(ITE_IDENTITY_RESPONSE) == NULL);
    CHECK_EQUAL(iotx_state_event(ITE_STATE_MQTT_COMM, -1, NULL), -1);
    CHECK_EQUAL(iotx_event_regist_cb(NULL), 0);
    CHECK_EQUAL(iotx_event_post(IOTX_CONN_CLOUD), -1);
    CHECK_EQUAL(iotx_event_post(INT_MIN), -1);

    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    CHECK_EQUAL(iotx_state_event(ITE_STATE_MQTT_COMM, -1, NULL), 0);
    CHECK_EQUAL(iotx_state_event(ITE_IDENTITY_RESPONSE, -1, "not a state"), -1);
}

static void settings(void)
{
    char long_text[200];
    iotx_dev_meta_info_t meta;
    iotx_sign_mqtt_t sign;
    void *info = NULL;

    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    for (int option = -1; option <= 40; option++) {
        CHECK_EQUAL(IOT_Ioctl(option, NULL), -1);
    }
    CHECK_EQUAL(IOT_Ioctl(INT_MIN, long_text), -1);
    CHECK_EQUAL(IOT_Ioctl(INT_MAX, long_text), -1);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_PRODUCT_KEY, long_text), -1);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_DEVICE_NAME, long_text), -1);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_DEVICE_SECRET, long_text), -1);
    CHECK_EQUAL(IOT_Ioctl(IOTX_IOCTL_SET_HTTP_DOMAIN, long_text), -1);

    memset(&meta, 0, sizeof(meta));
    CHECK(IOT_Sign_MQTT(IOTX_CLOUD_REGION_SHANGHAI, NULL, &sign) < 0);
    CHECK(IOT_Sign_MQTT(IOTX_CLOUD_REGION_SHANGHAI, &meta, NULL) < 0);
    CHECK(IOT_Sign_MQTT((iotx_mqtt_region_types_t)1000, &meta, &sign) < 0);
    /* No field has its NUL. */
    memset(&meta, 'x', sizeof(meta));
    CHECK(IOT_Sign_MQTT(IOTX_CLOUD_REGION_SHANGHAI, &meta, &sign) < 0);

    CHECK_EQUAL(IOT_SetupConnInfo(NULL, NULL, NULL, NULL), -2);
    CHECK_EQUAL(IOT_SetupConnInfo(NULL, "n", "s", &info), -2);
    CHECK_EQUAL(IOT_SetupConnInfo(long_text, "n", "s", &info), -2);
    CHECK_EQUAL(IOT_SetupConnInfo("p", long_text, "s", &info), -2);
    CHECK_EQUAL(IOT_SetupConnInfo("p", "n", long_text, &info), -2);
    IOT_SetLogLevel((IOT_LogLevel)-1);
    IOT_SetLogLevel((IOT_LogLevel)1000);
    IOT_DumpMemoryStats((IOT_LogLevel)-1);
}

static void locks(void)
{
    void *mutex = HAL_MutexCreate();
    void *semaphore = HAL_SemaphoreCreate();
    void *forged[] = {NULL, (void *)1, &mutex, (void *)UINTPTR_MAX, NULL, NULL};

    CHECK(mutex != NULL && semaphore != NULL);
    HAL_MutexDestroy(mutex);
    HAL_SemaphoreDestroy(semaphore);
    forged[4] = mutex;
    forged[5] = semaphore;
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        HAL_MutexLock(forged[i]);
        HAL_MutexUnlock(forged[i]);
        HAL_MutexDestroy(forged[i]);
        HAL_SemaphorePost(forged[i]);
        CHECK_EQUAL(HAL_SemaphoreWait(forged[i], 0), -1);
        CHECK_EQUAL(HAL_SemaphoreWait(forged[i], UINT32_MAX), -1);
        HAL_SemaphoreDestroy(forged[i]);
    }
}

static void operating_system(void)
{
    char text[8] = "before";
    const char *no_format = NULL;

    HAL_Free(NULL);
    HAL_Free(HAL_Malloc(0));
    CHECK_EQUAL(HAL_Snprintf(text, -1, "x"), -1);
    CHECK_EQUAL(HAL_Snprintf(text, INT_MIN, "x"), -1);
    CHECK_EQUAL(HAL_Snprintf(text, sizeof(text), no_format), -1);
    CHECK_EQUAL(HAL_Snprintf(NULL, 8, "%d", 1234), 4);
    CHECK(strcmp(text, "before") == 0);
    CHECK_EQUAL(HAL_Random(1), 0);
    HAL_Srandom(0);
    HAL_SleepMs(0);
    CHECK_EQUAL(HAL_ThreadCreate(NULL, NULL, NULL, NULL, NULL), -1);
    CHECK_EQUAL(HAL_GetFirmwareVersion(NULL), -1);
    /* Without a function that reboots, nothing happens. */
    linksdk_set_reboot_hook(NULL);
    HAL_Reboot();
    CHECK_EQUAL(linksdk_set_firmware_version(NULL), 0);
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
    CHECK_EQUAL(IOT_MQTT_Subscribe(client, "", IOTX_MQTT_QOS0, on_message, NULL), -0x322);
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
    iotx_mqtt_param_t parameters;
    void *client;
    void *stale;
    int local = 0;

    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    registry();
    settings();
    locks();
    operating_system();
    collect_log();

    no_client(NULL);
    no_client(&local);
    CHECK(IOT_MQTT_Destroy(NULL) < 0);

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    live_client(client);
    stale = client;
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);

    no_client(NULL);
    no_client(stale);
    return 0;
}
