/*
 * What this library replaces, in a stand-in for the Link SDK: nobody may get here.
 */
#include <stdio.h>
#include <stdlib.h>

#define REPLACED(name)                                              \
    void name(void);                                                \
    void name(void)                                                 \
    {                                                               \
        fprintf(stderr, "the SDK's own " #name " was linked\n");    \
        abort();                                                    \
    }

REPLACED(IOT_MQTT_Construct)
REPLACED(IOT_MQTT_Destroy)
REPLACED(IOT_MQTT_Publish_Simple)
REPLACED(IOT_MQTT_Subscribe)
REPLACED(IOT_MQTT_Subscribe_Sync)
REPLACED(IOT_MQTT_Unsubscribe)
REPLACED(IOT_MQTT_Yield)
REPLACED(IOT_MQTT_CheckStateNormal)
REPLACED(HAL_SSL_Establish)
REPLACED(HAL_SSL_Read)
REPLACED(HAL_SSL_Write)
REPLACED(HAL_SSL_Destroy)
