/*
 * Calls the registry, IOT_Ioctl, IOT_Sign_MQTT and the operating system functions as broken
 * firmware would: NULL, negative, zero, stale and forged. Every line that does not do what the
 * headers say is printed; exit status 1. Meant to run under valgrind too.
 */
#include <string.h>
#include "dev_sign_api.h"
#include "infra_compat.h"
#include "infra_state.h"
#include "linksdk_hal.h"
#include "wrappers.h"

static int failures;

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
            failures++;                                                     \
        }                                                                   \
    } while (0)

static int states;
static char last_message[80];

static int on_state(const int code, const char *message)
{
    (void)code;
    states++;
    strncpy(last_message, message, sizeof(last_message) - 1);
    return 0;
}

static void bad_settings(void)
{
    static const int read_options[] = {
        IOTX_IOCTL_GET_PRODUCT_KEY, IOTX_IOCTL_GET_PRODUCT_SECRET, IOTX_IOCTL_GET_DEVICE_NAME,
        IOTX_IOCTL_GET_DEVICE_SECRET, IOTX_IOCTL_GET_MODULE
    };
    char text[80];
    void *info = NULL;
    size_t i;
    int option;

    for (option = -2; option < 40; option++) {
        CHECK(IOT_Ioctl(option, NULL) == -1);
    }
    CHECK(IOT_Ioctl(-2147483647 - 1, text) == -1);
    CHECK(IOT_Ioctl(2147483647, text) == -1);
    for (i = 0; i < sizeof(read_options) / sizeof(read_options[0]); i++) {
        memset(text, 'x', sizeof(text));
        CHECK(IOT_Ioctl(read_options[i], text) == 0 && text[0] == '\0');
        memset(text, 'x', sizeof(text));
        text[65] = '\0';
        CHECK(IOT_Ioctl(read_options[i] - 1, text) == -1);
        CHECK(IOT_Ioctl(read_options[i] - 1, "value") == 0);
        CHECK(IOT_Ioctl(read_options[i], text) == 0 && strcmp(text, "value") == 0);
        CHECK(IOT_Ioctl(read_options[i] - 1, "") == 0);
    }
    CHECK(IOT_SetupConnInfo(NULL, "", "", &info) == -2 && info == NULL);
    CHECK(IOT_SetupConnInfo("", "", "", NULL) == 0);
    CHECK(IOT_SetupConnInfo("", "", "", &info) == 0 && info != NULL);
    CHECK(((iotx_conn_info_pt)info)->host_name[0] == '\0');
    IOT_SetLogLevel((IOT_LogLevel)99);
    IOT_DumpMemoryStats((IOT_LogLevel)99);
}

static void bad_signing(void)
{
    iotx_dev_meta_info_t meta;
    iotx_sign_mqtt_t sign;

    memset(&meta, 0, sizeof(meta));
    CHECK(IOT_Sign_MQTT(IOTX_CLOUD_REGION_SHANGHAI, NULL, &sign) == STATE_USER_INPUT_INVALID);
    CHECK(IOT_Sign_MQTT(IOTX_CLOUD_REGION_SHANGHAI, &meta, NULL) == STATE_USER_INPUT_INVALID);
    CHECK(IOT_Sign_MQTT((iotx_mqtt_region_types_t)6, &meta, &sign) == STATE_USER_INPUT_INVALID);
    CHECK(IOT_Sign_MQTT((iotx_mqtt_region_types_t)-1, &meta, &sign) == STATE_USER_INPUT_INVALID);
    CHECK(IOT_Sign_MQTT(IOTX_CLOUD_REGION_CUSTOM, &meta, &sign) == STATE_USER_INPUT_MQTT_DOMAIN);
    CHECK(IOT_Sign_MQTT(IOTX_CLOUD_REGION_SHANGHAI, &meta, &sign) == STATE_SUCCESS);
    CHECK(strcmp(sign.username, "&") == 0 && strlen(sign.password) == 64);
    memset(&meta, 'x', sizeof(meta));
    CHECK(IOT_Sign_MQTT(IOTX_CLOUD_REGION_SHANGHAI, &meta, &sign) == STATE_USER_INPUT_INVALID);
}

static void no_handlers(void)
{
    CHECK(IOT_RegisterCallback(ITE_AWSS_STATUS, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_CONNECT_SUCC, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_CONNECT_FAIL, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_DISCONNECTED, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_RAWDATA_ARRIVED, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_SERVICE_REQUEST, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_SERVICE_REQUEST_EXT, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_PROPERTY_SET, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_PROPERTY_DESIRED_GET_REPLY, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_PROPERTY_GET, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_REPORT_REPLY, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_TRIGGER_EVENT_REPLY, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_TIMESTAMP_REPLY, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_TOPOLIST_REPLY, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_PERMIT_JOIN, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_INITIALIZE_COMPLETED, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_FOTA, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_FOTA_MODULE, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_COTA, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_MQTT_CONNECT_SUCC, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_CLOUD_ERROR, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_DYNREG_DEVICE_SECRET, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_BIND_EVENT, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_EVERYTHING, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_USER_INPUT, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_SYS_DEPEND, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_MQTT_COMM, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_WIFI_PROV, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_COAP_LOCAL, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_HTTP_COMM, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_OTA, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_DEV_BIND, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_DEV_MODEL, NULL) == 0);
}

static void bad_events(void)
{
    CHECK(IOT_RegisterCallback(ITE_STATE_EVERYTHING, NULL) == 0);
    CHECK(iotx_state_event(ITE_STATE_MQTT_COMM, 1, "nobody") == -1);
    CHECK(iotx_event_post(IOTX_AWSS_START) == -1);
    CHECK(iotx_event_regist_cb(NULL) == 0);
    CHECK(iotx_event_callback(-1) == NULL && iotx_event_callback(1000) == NULL);
    CHECK(IOT_RegisterCallback(ITE_PROPERTY_DESIRED_GET_REPLY, NULL) == 0);
    CHECK(IOT_RegisterCallback(ITE_STATE_EVERYTHING, on_state) == 0);
    CHECK(iotx_state_event(-1, 1, "nobody") == -1);
    CHECK(iotx_state_event(ITE_IDENTITY_RESPONSE, 1, "nobody") == -1);
    CHECK(iotx_state_event(ITE_STATE_OTA, 1, NULL) == 0 && states == 1);
    CHECK(iotx_state_event(ITE_STATE_OTA, 1, "%0100d", 7) == 0 && strlen(last_message) == 63);
    CHECK(IOT_RegisterCallback(ITE_STATE_EVERYTHING, NULL) == 0);
}

static void bad_handles(void)
{
    void *mutex = HAL_MutexCreate();
    void *semaphore = HAL_SemaphoreCreate();
    void *bad[6];
    size_t i;

    CHECK(mutex != NULL && semaphore != NULL);
    HAL_MutexLock(mutex);
    HAL_MutexUnlock(mutex);
    CHECK(HAL_SemaphoreWait(semaphore, 0) == -1);
    HAL_MutexDestroy(mutex);
    HAL_SemaphoreDestroy(semaphore);
    bad[0] = NULL;
    bad[1] = mutex;
    bad[2] = semaphore;
    bad[3] = (void *)UINTPTR_MAX;
    bad[4] = (void *)(uintptr_t)0x7fffffff;
    bad[5] = &failures;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        HAL_MutexLock(bad[i]);
        HAL_MutexUnlock(bad[i]);
        HAL_MutexDestroy(bad[i]);
        HAL_SemaphorePost(bad[i]);
        CHECK(HAL_SemaphoreWait(bad[i], (uint32_t)PLATFORM_WAIT_INFINITE) == -1);
        HAL_SemaphoreDestroy(bad[i]);
    }
}

static void bad_system_calls(void)
{
    char text[IOTX_FIRMWARE_VER_LEN] = "old";

    HAL_Free(NULL);
    HAL_Free(HAL_Malloc(0));
    CHECK(HAL_ThreadCreate(NULL, NULL, NULL, NULL, NULL) == -1);
    CHECK(HAL_GetFirmwareVersion(NULL) == -1);
    CHECK(linksdk_set_firmware_version("\"") == -1);
    CHECK(linksdk_set_firmware_version(NULL) == 0);
    CHECK(HAL_GetFirmwareVersion(text) == (int)strlen(text));
    linksdk_set_reboot_hook(NULL);
    HAL_Reboot();
    CHECK(HAL_Snprintf(text, -1, "%d", 1) == -1);
    CHECK(HAL_Snprintf(NULL, 10, "%d", 12) == 2);
    CHECK(HAL_Snprintf(text, 3, "%s", "abcdef") == 6 && strcmp(text, "ab") == 0);
    CHECK(HAL_Random(1) == 0 && HAL_UptimeMs() > 0);
    HAL_Srandom(0);
    HAL_SleepMs(0);
    CHECK(g_cli_crt == NULL && g_cli_key == NULL && iotx_ca_crt != NULL);
}

int main(void)
{
    bad_settings();
    bad_signing();
    no_handlers();
    bad_events();
    bad_handles();
    bad_system_calls();
    printf("%d wrong\n", failures);
    return failures == 0 ? 0 : 1;
}
