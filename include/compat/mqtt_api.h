/*
 * The MQTT client, with the names and types of the Link SDK 3.2.0.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _IOT_EXPORT_MQTT_H_
#define _IOT_EXPORT_MQTT_H_

#include "infra_types.h"
#include "infra_defs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    IOTX_MQTT_QOS0 = 0,
    IOTX_MQTT_QOS1,
    IOTX_MQTT_QOS2,             /* refused: the platform has no QoS 2 */
    IOTX_MQTT_QOS3_SUB_LOCAL    /* subscribe: only register the handler, send nothing */
} iotx_mqtt_qos_t;

typedef enum {
    IOTX_MQTT_EVENT_UNDEF = 0,
    IOTX_MQTT_EVENT_DISCONNECT = 1,
    IOTX_MQTT_EVENT_RECONNECT = 2,

    /* msg is the packet identifier of the request, as an integer in the pointer. */
    IOTX_MQTT_EVENT_SUBCRIBE_SUCCESS = 3,
    IOTX_MQTT_EVENT_SUBCRIBE_TIMEOUT = 4,
    IOTX_MQTT_EVENT_SUBCRIBE_NACK = 5,
    IOTX_MQTT_EVENT_UNSUBCRIBE_SUCCESS = 6,
    IOTX_MQTT_EVENT_UNSUBCRIBE_TIMEOUT = 7,
    IOTX_MQTT_EVENT_UNSUBCRIBE_NACK = 8,
    IOTX_MQTT_EVENT_PUBLISH_SUCCESS = 9,
    IOTX_MQTT_EVENT_PUBLISH_TIMEOUT = 10,
    IOTX_MQTT_EVENT_PUBLISH_NACK = 11,

    /* msg is an iotx_mqtt_topic_info_pt. */
    IOTX_MQTT_EVENT_PUBLISH_RECEIVED = 12,

    /* A packet larger than read_buf_size was skipped. */
    IOTX_MQTT_EVENT_BUFFER_OVERFLOW = 13
} iotx_mqtt_event_type_t;

/* A message. Topic and payload are not terminated by a NUL and valid only during the call. */
typedef struct {
    uint16_t packet_id;
    uint8_t qos;
    uint8_t dup;
    uint8_t retain;
    uint16_t topic_len;
    uint32_t payload_len;
    const char *ptopic;
    const char *payload;
} iotx_mqtt_topic_info_t, *iotx_mqtt_topic_info_pt;

/* What a handler is told; event_type says what msg is. */
typedef struct {
    iotx_mqtt_event_type_t event_type;
    void *msg;
} iotx_mqtt_event_msg_t, *iotx_mqtt_event_msg_pt;

/* Called on the thread that is in IOT_MQTT_Yield or another function of the client. */
typedef void (*iotx_mqtt_event_handle_func_fpt)(void *pcontext, void *pclient,
                                                iotx_mqtt_event_msg_pt msg);

typedef struct {
    iotx_mqtt_event_handle_func_fpt h_fp;
    void *pcontext;
} iotx_mqtt_event_handle_t, *iotx_mqtt_event_handle_pt;

/* How to connect. 0 and NULL stand for the default. */
typedef struct {
    uint16_t port;
    const char *host;
    const char *client_id;
    const char *username;
    const char *password;
    const char *customize_info;         /* appended to the default client identifier */
    const char *pub_key;                /* not looked at: the roots are those of iotx_ca_crt */
    uint8_t clean_session;              /* default 0 */
    uint32_t request_timeout_ms;        /* 1000 .. 10000, default 5000 */
    uint32_t keepalive_interval_ms;     /* 30000 .. 1200000, default 60000 */
    uint32_t write_buf_size;            /* default 3072 */
    uint32_t read_buf_size;             /* default 3072 */
    iotx_mqtt_event_handle_t handle_event;
} iotx_mqtt_param_t, *iotx_mqtt_param_pt;

/*
 * Connects and, when the device has no ProductKey and DeviceName yet, waits for them. One client
 * exists at a time: while it does, the same handle is returned again. NULL on failure; the handlers
 * of ITE_STATE_* are told why.
 */
void *IOT_MQTT_Construct(iotx_mqtt_param_t *pInitParams);

/* Disconnects and ends the client; *phandle becomes NULL. 0, or negative when there is none. */
int IOT_MQTT_Destroy(void **phandle);

/*
 * Receives messages, keeps the connection alive and restores it, for timeout_ms milliseconds. Call
 * it in a loop. 0; negative for a bad argument. A handle of NULL stands for the one client, here
 * and in the other functions.
 */
int IOT_MQTT_Yield(void *handle, int timeout_ms);

/* 1 while connected, else 0. */
int IOT_MQTT_CheckStateNormal(void *handle);

/* These return the packet identifier of the request (0 for a QoS 0 publication), or a negative
 * state code of infra_state.h. */
int IOT_MQTT_Subscribe(void *handle,
                       const char *topic_filter,
                       iotx_mqtt_qos_t qos,
                       iotx_mqtt_event_handle_func_fpt topic_handle_func,
                       void *pcontext);
int IOT_MQTT_Subscribe_Sync(void *handle,
                            const char *topic_filter,
                            iotx_mqtt_qos_t qos,
                            iotx_mqtt_event_handle_func_fpt topic_handle_func,
                            void *pcontext,
                            int timeout_ms);
int IOT_MQTT_Unsubscribe(void *handle, const char *topic_filter);
int IOT_MQTT_Publish(void *handle, const char *topic_name, iotx_mqtt_topic_info_pt topic_msg);
int IOT_MQTT_Publish_Simple(void *handle, const char *topic_name, int qos, void *data, int len);

/* The defaults and bounds above, in the units of the Link SDK. */
#define CONFIG_MQTT_MESSAGE_MAXLEN              (3072)  /* bytes */
#define CONFIG_MQTT_TOPIC_MAXLEN                (128)   /* bytes */
#define CONFIG_MQTT_KEEPALIVE_INTERVAL          (60)    /* seconds */
#define CONFIG_MQTT_KEEPALIVE_INTERVAL_MIN      (30)
#define CONFIG_MQTT_KEEPALIVE_INTERVAL_MAX      (1200)
#define CONFIG_MQTT_REQUEST_TIMEOUT             (5000)  /* milliseconds */
#define CONFIG_MQTT_REQ_TIMEOUT_MIN             (1000)
#define CONFIG_MQTT_REQ_TIMEOUT_MAX             (10000)

#ifdef __cplusplus
}
#endif

#endif
