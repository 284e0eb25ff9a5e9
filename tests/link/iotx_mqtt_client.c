/* The SDK's MQTT client, second file: over the SDK's network layer. */
#include "mqtt_api.h"

int iotx_mc_connect(const iotx_mqtt_param_t *parameters);
int iotx_net_exchange(const char *host, unsigned short port, const char *ca_crt);

int iotx_mc_connect(const iotx_mqtt_param_t *parameters)
{
    return iotx_net_exchange(parameters->host, parameters->port, parameters->pub_key);
}
