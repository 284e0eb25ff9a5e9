/*
 * A connection that must not come about: the HAL returns 0, IOT_MQTT_Construct returns NULL, and
 * both say why, as a state event with its code and in a log line.
 *
 *     refusal --host H --port P --ca FILE [--cert FILE] [--key FILE]
 *             --code -0x0F06 --text WORDS --log WORDS --at establish|read|connack
 *
 * A TLS 1.3 server refuses the device's certificate when the handshake is over for the device: with
 * --at read the first read fails. With --at connack only the MQTT connection is refused.
 */
#include "support.h"

#include "infra_compat.h"
#include "mqtt_api.h"
#include "wrappers.h"

#include "linksdk_hal.h"

static int identities;

static int on_identity(const char *payload)
{
    (void)payload;
    identities++;
    return 0;
}

static void refused_by_hal(const char *host, uint16_t port, int at_read, int code)
{
    uintptr_t handle = HAL_SSL_Establish(host, port, iotx_ca_crt, (uint32_t)strlen(iotx_ca_crt) + 1);
    char sentence[512];
    char byte;

    if (!at_read) {
        CHECK_EQUAL(handle, 0);
        CHECK_EQUAL(linksdk_last_error(0, sentence, sizeof(sentence)), code);
        CHECK(log_contains(sentence));
        return;
    }
    CHECK(handle != 0);
    CHECK_EQUAL(HAL_SSL_Read(handle, &byte, 1, 5000), -1);
    CHECK_EQUAL(HAL_SSL_Read(handle, &byte, 1, 5000), -1);
    CHECK(HAL_SSL_Write(handle, "x", 1, 5000) < 0);
    CHECK_EQUAL(linksdk_last_error(handle, sentence, sizeof(sentence)), code);
    CHECK(log_contains(sentence));
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
}

int main(int argc, char *argv[])
{
    const char *host = required(argc, argv, "--host");
    uint16_t port = (uint16_t)number(required(argc, argv, "--port"));
    int code = (int)number(required(argc, argv, "--code"));
    const char *text = required(argc, argv, "--text");
    const char *log_text = required(argc, argv, "--log");
    const char *at = required(argc, argv, "--at");
    iotx_mqtt_param_t parameters;

    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity);

    if (strcmp(at, "connack") != 0) {
        refused_by_hal(host, port, strcmp(at, "read") == 0, code);
        CHECK(state_reported(code, text));
        CHECK(log_contains(log_text));
        forget_reports();
    }

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = host;
    parameters.port = port;
    CHECK(IOT_MQTT_Construct(&parameters) == NULL);
    CHECK(state_reported(code, text));
    CHECK(log_contains(log_text));
    CHECK_EQUAL(identities, 0);
    return 0;
}
