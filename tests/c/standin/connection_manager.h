/* The stand-in's user of the MQTT client; see connection_manager.c. */
#ifndef STANDIN_CONNECTION_MANAGER_H
#define STANDIN_CONNECTION_MANAGER_H

#include "mqtt_api.h"

int cm_open(iotx_mqtt_param_t *parameters);
/* wait_ms 0: without waiting for the answer. */
int cm_subscribe(const char *topic, int wait_ms, iotx_mqtt_event_handle_func_fpt handler);
int cm_unsubscribe(const char *topic);
int cm_publish(const char *topic, const char *payload);
int cm_yield(int timeout_ms);
int cm_close(void);
/* Defined in registry.c. */
void standin_register_meanwhile(int (*callback)(void));

#endif
