/*
 * The sizes, offsets and numbers that firmware compiled against the Link SDK's headers relies on.
 * It need only compile. Offsets are those of 64-bit systems; the sizes of texts hold everywhere.
 */
#include "dev_sign_api.h"
#include "infra_compat.h"
#include "infra_state.h"
#include "mqtt_api.h"
#include "wrappers.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define HOLDS(condition) typedef char JOIN(holds_, __LINE__)[(condition) ? 1 : -1]

HOLDS(sizeof(iotx_dev_meta_info_t) == 249);
HOLDS(sizeof(iotx_sign_mqtt_t) == 396);
HOLDS(offsetof(iotx_sign_mqtt_t, port) == 64);
HOLDS(offsetof(iotx_sign_mqtt_t, clientid) == 66);
HOLDS(offsetof(iotx_sign_mqtt_t, username) == 266);
HOLDS(offsetof(iotx_sign_mqtt_t, password) == 330);
HOLDS(offsetof(iotx_dev_meta_info_t, device_name) == 86);
HOLDS(offsetof(iotx_dev_meta_info_t, device_secret) == 119);

#if UINTPTR_MAX == 0xffffffffffffffff
HOLDS(sizeof(iotx_mqtt_param_t) == 96);
HOLDS(offsetof(iotx_mqtt_param_t, port) == 0);
HOLDS(offsetof(iotx_mqtt_param_t, host) == 8);
HOLDS(offsetof(iotx_mqtt_param_t, client_id) == 16);
HOLDS(offsetof(iotx_mqtt_param_t, username) == 24);
HOLDS(offsetof(iotx_mqtt_param_t, password) == 32);
HOLDS(offsetof(iotx_mqtt_param_t, customize_info) == 40);
HOLDS(offsetof(iotx_mqtt_param_t, pub_key) == 48);
HOLDS(offsetof(iotx_mqtt_param_t, clean_session) == 56);
HOLDS(offsetof(iotx_mqtt_param_t, request_timeout_ms) == 60);
HOLDS(offsetof(iotx_mqtt_param_t, keepalive_interval_ms) == 64);
HOLDS(offsetof(iotx_mqtt_param_t, write_buf_size) == 68);
HOLDS(offsetof(iotx_mqtt_param_t, read_buf_size) == 72);
HOLDS(offsetof(iotx_mqtt_param_t, handle_event) == 80);

HOLDS(sizeof(iotx_mqtt_topic_info_t) == 32);
HOLDS(offsetof(iotx_mqtt_topic_info_t, packet_id) == 0);
HOLDS(offsetof(iotx_mqtt_topic_info_t, qos) == 2);
HOLDS(offsetof(iotx_mqtt_topic_info_t, dup) == 3);
HOLDS(offsetof(iotx_mqtt_topic_info_t, retain) == 4);
HOLDS(offsetof(iotx_mqtt_topic_info_t, topic_len) == 6);
HOLDS(offsetof(iotx_mqtt_topic_info_t, payload_len) == 8);
HOLDS(offsetof(iotx_mqtt_topic_info_t, ptopic) == 16);
HOLDS(offsetof(iotx_mqtt_topic_info_t, payload) == 24);

HOLDS(sizeof(iotx_mqtt_event_msg_t) == 16);
HOLDS(offsetof(iotx_mqtt_event_msg_t, msg) == 8);
HOLDS(sizeof(iotx_mqtt_event_handle_t) == 16);
HOLDS(sizeof(iotx_conn_info_t) == 48);
HOLDS(offsetof(iotx_conn_info_t, host_name) == 8);
HOLDS(sizeof(hal_os_thread_param_t) == 32);
HOLDS(offsetof(hal_os_thread_param_t, stack_size) == 16);
HOLDS(sizeof(ssl_hooks_t) == 16);
#endif

HOLDS(IOTX_PRODUCT_KEY_LEN == 20 && IOTX_PRODUCT_SECRET_LEN == 64);
HOLDS(IOTX_DEVICE_NAME_LEN == 32 && IOTX_DEVICE_SECRET_LEN == 64);
HOLDS(IOTX_IOCTL_SET_REGION == 0 && IOTX_IOCTL_SET_MQTT_DOMAIN == 2);
HOLDS(IOTX_IOCTL_SET_PRODUCT_KEY == 20 && IOTX_IOCTL_GET_PRODUCT_KEY == 21);
HOLDS(IOTX_IOCTL_SET_DEVICE_NAME == 24 && IOTX_IOCTL_GET_DEVICE_NAME == 25);
HOLDS(IOTX_IOCTL_SET_DEVICE_SECRET == 26 && IOTX_IOCTL_GET_MODULE == 29);
HOLDS(ITE_IDENTITY_RESPONSE == 21 && ITE_STATE_EVERYTHING == 23 && ITE_STATE_MQTT_COMM == 26);
HOLDS(IOTX_MQTT_QOS0 == 0 && IOTX_MQTT_QOS3_SUB_LOCAL == 3);
HOLDS(IOTX_MQTT_EVENT_PUBLISH_RECEIVED == 12 && IOTX_MQTT_EVENT_BUFFER_OVERFLOW == 13);
HOLDS(IOTX_AWSS_START == 0x1000 && IOTX_CONN_CLOUD == 0x2000 && IOTX_RESET == 0x3000);
HOLDS(IOTX_CLOUD_REGION_CUSTOM == 5 && STATE_MQTT_PUB_INFO == -0x0329);
