/*
 * The part of a stand-in for the Link SDK that uses MQTT: like the device model's connection manager,
 * it takes seven functions from the client and nothing else.
 */
#include "connection_manager.h"

#include <stddef.h>
#include <string.h>

static void *client;

int cm_open(iotx_mqtt_param_t *parameters)
{
    client = IOT_MQTT_Construct(parameters);
    return client == NULL ? -1 : 0;
}

int cm_subscribe(const char *topic, int wait_ms, iotx_mqtt_event_handle_func_fpt handler)
{
    if (wait_ms > 0) {
        return IOT_MQTT_Subscribe_Sync(client, topic, IOTX_MQTT_QOS1, handler, NULL, wait_ms);
    }
    return IOT_MQTT_Subscribe(client, topic, IOTX_MQTT_QOS1, handler, NULL);
}

int cm_unsubscribe(const char *topic)
{
    return IOT_MQTT_Unsubscribe(client, topic);
}

int cm_publish(const char *topic, const char *payload)
{
    return IOT_MQTT_Publish_Simple(client, topic, IOTX_MQTT_QOS1, (void *)payload,
                                   (int)strlen(payload));
}

int cm_yield(int timeout_ms)
{
    return IOT_MQTT_Yield(client, timeout_ms);
}

int cm_close(void)
{
    return IOT_MQTT_Destroy(&client);
}
