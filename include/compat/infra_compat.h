/*
 * Settings, log level and the callback registry.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _INFRA_COMPAT_H_
#define _INFRA_COMPAT_H_

#include "infra_defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Names of Link SDK 2.3.0. */
#define IOTX_CLOUD_DOMAIN_SH        IOTX_CLOUD_REGION_SHANGHAI
#define IOTX_CLOUD_DOMAIN_SG        IOTX_CLOUD_REGION_SINGAPORE
#define IOTX_CLOUD_DOMAIN_JP        IOTX_CLOUD_REGION_JAPAN
#define IOTX_CLOUD_DOMAIN_US        IOTX_CLOUD_REGION_USA_WEST
#define IOTX_CLOUD_DOMAIN_GER       IOTX_CLOUD_REGION_GERMANY
#define IOTX_IOCTL_SET_DOMAIN       IOTX_IOCTL_SET_REGION
#define IOTX_IOCTL_GET_DOMAIN       IOTX_IOCTL_GET_REGION
#define IOT_OpenLog(arg)
#define IOT_CloseLog()              IOT_SetLogLevel(IOT_LOG_NONE)
#define IOT_LOG_EMERG               IOT_LOG_NONE

typedef enum _IOT_LogLevel {
    IOT_LOG_NONE = 0,
    IOT_LOG_CRIT,
    IOT_LOG_ERROR,
    IOT_LOG_WARNING,
    IOT_LOG_INFO,
    IOT_LOG_DEBUG
} IOT_LogLevel;

/* Sets how much is logged to the function that linksdk_set_log_hook sets. Prints nothing. */
void IOT_SetLogLevel(IOT_LogLevel level);

/* Does nothing: no statistics are kept. */
void IOT_DumpMemoryStats(IOT_LogLevel level);

/* What IOT_SetupConnInfo hands out: empty texts, for which IOT_MQTT_Construct has defaults. */
typedef struct {
    uint16_t port;
    uint8_t init;
    char *host_name;
    char *client_id;
    char *username;
    char *password;
    const char *pub_key;
} iotx_conn_info_t, *iotx_conn_info_pt;

/*
 * Checks the lengths of the three texts. 0, and *info_ptr (when info_ptr is not NULL) points to an
 * iotx_conn_info_t that belongs to the library; -2 when a text is NULL or too long. Stores nothing.
 */
int IOT_SetupConnInfo(const char *product_key,
                      const char *device_name,
                      const char *device_secret,
                      void **info_ptr);

/* The options of IOT_Ioctl, and what data is for each. "-1": of an SDK module that is not here. */
typedef enum {
    IOTX_IOCTL_SET_REGION = 0,                       /* int * */
    IOTX_IOCTL_GET_REGION = 1,                       /* int * */
    IOTX_IOCTL_SET_MQTT_DOMAIN = 2,                  /* const char *; also sets region 5 */
    IOTX_IOCTL_SET_HTTP_DOMAIN = 3,                  /* const char *; also sets region 5 */
    IOTX_IOCTL_SET_DYNAMIC_REGISTER = 4,             /* -1 */
    IOTX_IOCTL_GET_DYNAMIC_REGISTER = 5,             /* -1 */
    IOTX_IOCTL_RECV_PROP_REPLY = 6,                  /* 0, no effect */
    IOTX_IOCTL_RECV_EVENT_REPLY = 7,                 /* 0, no effect */
    IOTX_IOCTL_SEND_PROP_SET_REPLY = 8,              /* 0, no effect */
    IOTX_IOCTL_SET_SUBDEV_SIGN = 9,                  /* -1 */
    IOTX_IOCTL_GET_SUBDEV_LOGIN = 10,                /* 0, no effect */
    IOTX_IOCTL_SET_OTA_DEV_ID = 11,                  /* -1 */
    IOTX_IOCTL_FOTA_TIMEOUT_MS = 12,                 /* -1 */
    IOTX_IOCTL_SET_CUSTOMIZE_INFO = 13,              /* -1; use iotx_mqtt_param_t */
    IOTX_IOCTL_SET_MQTT_PORT = 14,                   /* -1; use iotx_mqtt_param_t */
    IOTX_IOCTL_SET_AWSS_ENABLE_INTERVAL = 15,        /* -1 */
    IOTX_IOCTL_SET_AWSS_CHANNEL_SCAN_INTERVAL = 16,  /* -1 */
    IOTX_IOCTL_SET_PROXY_REGISTER = 17,              /* -1 */
    IOTX_IOCTL_QUERY_DEVID = 18,                     /* -1 */
    IOTX_IOCTL_SUB_USER_TOPIC = 19,                  /* -1 */
    IOTX_IOCTL_SET_PRODUCT_KEY = 20,                 /* const char * */
    IOTX_IOCTL_GET_PRODUCT_KEY = 21,                 /* char[IOTX_PRODUCT_KEY_LEN + 1] */
    IOTX_IOCTL_SET_PRODUCT_SECRET = 22,              /* const char * */
    IOTX_IOCTL_GET_PRODUCT_SECRET = 23,              /* char[IOTX_PRODUCT_SECRET_LEN + 1] */
    IOTX_IOCTL_SET_DEVICE_NAME = 24,                 /* const char * */
    IOTX_IOCTL_GET_DEVICE_NAME = 25,                 /* char[IOTX_DEVICE_NAME_LEN + 1] */
    IOTX_IOCTL_SET_DEVICE_SECRET = 26,               /* const char * */
    IOTX_IOCTL_GET_DEVICE_SECRET = 27,               /* char[IOTX_DEVICE_SECRET_LEN + 1] */
    IOTX_IOCTL_SET_MODULE = 28,                      /* const char * */
    IOTX_IOCTL_GET_MODULE = 29                       /* char[IOTX_MODULE_LEN + 1] */
} iotx_ioctl_option_t;

/*
 * Reads or sets one of the device's settings. 0, or -1: data is NULL, the option unknown, or the
 * text too long or not UTF-8; then the old value stays. What is read always ends with a NUL.
 */
int IOT_Ioctl(int option, void *data);

/*
 * The events. With DEVICE_MODEL_SHADOW the Link SDK numbers those after ITE_PROPERTY_GET one
 * higher; registration goes by name and is not affected.
 */
typedef enum {
    ITE_AWSS_STATUS = 0,
    ITE_CONNECT_SUCC = 1,
    ITE_CONNECT_FAIL = 2,
    ITE_DISCONNECTED = 3,
    ITE_RAWDATA_ARRIVED = 4,
    ITE_SERVICE_REQUEST = 5,
    ITE_SERVICE_REQUEST_EXT = 6,
    ITE_PROPERTY_SET = 7,
    ITE_PROPERTY_GET = 8,
    ITE_REPORT_REPLY = 9,
    ITE_TRIGGER_EVENT_REPLY = 10,
    ITE_TIMESTAMP_REPLY = 11,
    ITE_TOPOLIST_REPLY = 12,
    ITE_PERMIT_JOIN = 13,
    ITE_INITIALIZE_COMPLETED = 14,
    ITE_FOTA = 15,
    ITE_FOTA_MODULE = 16,
    ITE_COTA = 17,
    ITE_MQTT_CONNECT_SUCC = 18,
    ITE_CLOUD_ERROR = 19,
    ITE_DYNREG_DEVICE_SECRET = 20,
    ITE_IDENTITY_RESPONSE = 21,
    ITE_BIND_EVENT = 22,
    ITE_STATE_EVERYTHING = 23,
    ITE_STATE_USER_INPUT = 24,
    ITE_STATE_SYS_DEPEND = 25,
    ITE_STATE_MQTT_COMM = 26,
    ITE_STATE_WIFI_PROV = 27,
    ITE_STATE_COAP_LOCAL = 28,
    ITE_STATE_HTTP_COMM = 29,
    ITE_STATE_OTA = 30,
    ITE_STATE_DEV_BIND = 31,
    ITE_STATE_DEV_MODEL = 32,
    ITE_PROPERTY_DESIRED_GET_REPLY = 33
} iotx_ioctl_event_t;

/* IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, handler) and so on. Returns 0. A handler of NULL
 * unregisters; the last one registered is called. Handlers may call any function of the library. */
#define IOT_RegisterCallback(evt, cb)   iotx_register_for_##evt(cb)

/* The identity that the platform gave to a device with a certificate:
 * {"productKey":"...","deviceName":"..."}, valid during the call. */
int iotx_register_for_ITE_IDENTITY_RESPONSE(int (*cb)(const char *));

/* The first connection of an MQTT client is up. */
int iotx_register_for_ITE_MQTT_CONNECT_SUCC(int (*cb)(void));

/* State codes (infra_state.h) with a message of at most 63 bytes, valid during the call.
 * ITE_STATE_EVERYTHING takes the place of all handlers for single groups registered before; those
 * registered after it are called first, and it is called too. */
typedef int (*state_handler_t)(const int state_code, const char *state_message);
int iotx_register_for_ITE_STATE_EVERYTHING(state_handler_t cb);
int iotx_register_for_ITE_STATE_USER_INPUT(state_handler_t cb);
int iotx_register_for_ITE_STATE_SYS_DEPEND(state_handler_t cb);
int iotx_register_for_ITE_STATE_MQTT_COMM(state_handler_t cb);
int iotx_register_for_ITE_STATE_WIFI_PROV(state_handler_t cb);
int iotx_register_for_ITE_STATE_COAP_LOCAL(state_handler_t cb);
int iotx_register_for_ITE_STATE_HTTP_COMM(state_handler_t cb);
int iotx_register_for_ITE_STATE_OTA(state_handler_t cb);
int iotx_register_for_ITE_STATE_DEV_BIND(state_handler_t cb);
int iotx_register_for_ITE_STATE_DEV_MODEL(state_handler_t cb);

/* Events of SDK modules that are not here: the handlers are kept and never called. */
int iotx_register_for_ITE_AWSS_STATUS(int (*cb)(int));
int iotx_register_for_ITE_CONNECT_SUCC(int (*cb)(void));
int iotx_register_for_ITE_CONNECT_FAIL(int (*cb)(void));
int iotx_register_for_ITE_DISCONNECTED(int (*cb)(void));
int iotx_register_for_ITE_RAWDATA_ARRIVED(int (*cb)(const int, const unsigned char *, const int));
int iotx_register_for_ITE_SERVICE_REQUEST(int (*cb)(const int, const char *, const int, const char
    *, const int, char **, int *));
int iotx_register_for_ITE_SERVICE_REQUEST_EXT(int (*cb)(int, const char *, int, const char *, int,
    const char *, int, void *));
int iotx_register_for_ITE_PROPERTY_SET(int (*cb)(const int, const char *, const int));
int iotx_register_for_ITE_PROPERTY_DESIRED_GET_REPLY(int (*cb)(const char *, const int));
int iotx_register_for_ITE_PROPERTY_GET(int (*cb)(const int, const char *, const int, char **, int
    *));
int iotx_register_for_ITE_REPORT_REPLY(int (*cb)(const int, const int, const int, const char *,
    const int));
int iotx_register_for_ITE_TRIGGER_EVENT_REPLY(int (*cb)(const int, const int, const int, const char
    *, const int, const char *, const int));
int iotx_register_for_ITE_TIMESTAMP_REPLY(int (*cb)(const char *));
int iotx_register_for_ITE_TOPOLIST_REPLY(int (*cb)(const int, const int, const int, const char *,
    const int));
int iotx_register_for_ITE_PERMIT_JOIN(int (*cb)(const char *, const int));
int iotx_register_for_ITE_INITIALIZE_COMPLETED(int (*cb)(const int));
int iotx_register_for_ITE_FOTA(int (*cb)(const int, const char *));
int iotx_register_for_ITE_FOTA_MODULE(int (*cb)(const int, const char *, const char *));
int iotx_register_for_ITE_COTA(int (*cb)(const int, const char *, int, const char *, const char *,
    const char *, const char *));
int iotx_register_for_ITE_CLOUD_ERROR(int (*cb)(const int, const char *, const char *));
int iotx_register_for_ITE_DYNREG_DEVICE_SECRET(int (*cb)(const char *));
int iotx_register_for_ITE_BIND_EVENT(int (*cb)(const char *));

/*
 * Gives a state with a message made like printf's, cut to 63 bytes, to the handler of event (an
 * ITE_STATE_* number), then to that of ITE_STATE_EVERYTHING if it is another one. 0, or -1 when
 * event has no handler.
 */
int iotx_state_event(const int event, const int state_code, const char *state_message_format, ...);

/* The handler of an event, to be cast to its type; NULL when there is none. */
void *iotx_event_callback(int evt);

/* Events of the older interface. */
enum iotx_event_t {
    IOTX_AWSS_START = 0x1000,
    IOTX_AWSS_ENABLE,
    IOTX_AWSS_LOCK_CHAN,
    IOTX_AWSS_CS_ERR,
    IOTX_AWSS_PASSWD_ERR,
    IOTX_AWSS_GOT_SSID_PASSWD,
    IOTX_AWSS_CONNECT_ADHA,
    IOTX_AWSS_CONNECT_ADHA_FAIL,
    IOTX_AWSS_CONNECT_AHA,
    IOTX_AWSS_CONNECT_AHA_FAIL,
    IOTX_AWSS_SETUP_NOTIFY,
    IOTX_AWSS_CONNECT_ROUTER,
    IOTX_AWSS_CONNECT_ROUTER_FAIL,
    IOTX_AWSS_GOT_IP,
    IOTX_AWSS_SUC_NOTIFY,
    IOTX_AWSS_BIND_NOTIFY,
    IOTX_AWSS_ENABLE_TIMEOUT,
    IOTX_CONN_CLOUD = 0x2000,
    IOTX_CONN_CLOUD_FAIL,
    IOTX_CONN_CLOUD_SUC,
    IOTX_RESET = 0x3000
};

/* Sets the function that iotx_event_post calls; NULL removes it. 0. */
int iotx_event_regist_cb(void (*monitor_cb)(int event));

/* Calls that function. 0, or -1 when there is none. */
int iotx_event_post(int event);

#ifdef __cplusplus
}
#endif

#endif
