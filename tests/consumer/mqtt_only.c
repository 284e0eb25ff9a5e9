/* Firmware that keeps the Link SDK and takes its TLS HAL and MQTT client from the package. */
#include <stddef.h>

#include "mqtt_api.h"

#include "linksdk_hal.h"

int main(void)
{
    iotx_mqtt_param_t parameters = {0};
    char why[128] = "";

    parameters.host = "localhost";
    parameters.port = 1;
    parameters.pub_key = "no PEM";
    if (IOT_MQTT_Construct(&parameters) != NULL) {
        return 1;
    }
    /* The stand-in's own client would have ended the program. */
    return linksdk_last_error(0, why, sizeof(why)) >= 0 || why[0] == '\0';
}
