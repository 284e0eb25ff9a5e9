/* The SDK's MQTT client, first file: what applications call. */
#include <stddef.h>
#include <stdio.h>

#include "mqtt_api.h"

int iotx_mc_connect(const iotx_mqtt_param_t *parameters);

static int client;

void *IOT_MQTT_Construct(iotx_mqtt_param_t *pInitParams)
{
    printf("original: MQTT\n");
    return iotx_mc_connect(pInitParams) == 0 ? &client : NULL;
}

int IOT_MQTT_Destroy(void **phandle)
{
    (void)phandle;
    return 0;
}

int IOT_MQTT_Yield(void *handle, int timeout_ms)
{
    (void)handle, (void)timeout_ms;
    return 0;
}

int IOT_MQTT_CheckStateNormal(void *handle)
{
    (void)handle;
    return 0;
}

int IOT_MQTT_Subscribe(void *handle, const char *topic_filter, iotx_mqtt_qos_t qos,
                       iotx_mqtt_event_handle_func_fpt topic_handle_func, void *pcontext)
{
    (void)handle, (void)topic_filter, (void)qos, (void)topic_handle_func, (void)pcontext;
    return 0;
}

int IOT_MQTT_Subscribe_Sync(void *handle, const char *topic_filter, iotx_mqtt_qos_t qos,
                            iotx_mqtt_event_handle_func_fpt topic_handle_func, void *pcontext,
                            int timeout_ms)
{
    (void)timeout_ms;
    return IOT_MQTT_Subscribe(handle, topic_filter, qos, topic_handle_func, pcontext);
}

int IOT_MQTT_Unsubscribe(void *handle, const char *topic_filter)
{
    (void)handle, (void)topic_filter;
    return 0;
}

int IOT_MQTT_Publish(void *handle, const char *topic_name, iotx_mqtt_topic_info_pt topic_msg)
{
    (void)handle, (void)topic_name, (void)topic_msg;
    return 0;
}

int IOT_MQTT_Publish_Simple(void *handle, const char *topic_name, int qos, void *data, int len)
{
    (void)handle, (void)topic_name, (void)qos, (void)data, (void)len;
    return 0;
}
