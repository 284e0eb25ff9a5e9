/*
 * The system has no memory left for the stack of the thread that reconnects: the client waits and
 * tries again, and is back once there is some.
 *
 *     no_thread --host H --port P --control P --ca FILE --cert FILE --key FILE
 */
#include "support.h"

#include <malloc.h>
#include <sys/resource.h>

#include "infra_compat.h"
#include "infra_state.h"
#include "mqtt_api.h"

#include "linksdk_hal.h"

#define BOUND_MS 30000
#define STACK 262144

static int disconnections;
static int reconnections;

static void on_event(void *context, void *client, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)client;
    disconnections += event->event_type == IOTX_MQTT_EVENT_DISCONNECT;
    reconnections += event->event_type == IOTX_MQTT_EVENT_RECONNECT;
}

static rlim_t address_space(void)
{
    char line[128];
    unsigned long long size = 0;
    FILE *status = fopen("/proc/self/status", "r");

    CHECK(status != NULL);
    while (fgets(line, sizeof(line), status) != NULL) {
        sscanf(line, "VmSize: %llu kB", &size);
    }
    fclose(status);
    CHECK(size > 0);
    return (rlim_t)size * 1024;
}

int main(int argc, char *argv[])
{
    iotx_mqtt_param_t parameters;
    struct rlimit before;
    struct rlimit limit;
    void *reserve;
    void *client;

    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    parameters.handle_event.h_fp = on_event;
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);

    /* Small allocations go on: from here, without new memory from the system. */
    mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
    mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
    reserve = malloc(8 * 1024 * 1024);
    CHECK(reserve != NULL);
    memset(reserve, 1, 8 * 1024 * 1024);
    free(reserve);
    CHECK_EQUAL(getrlimit(RLIMIT_AS, &before), 0);
    limit = before;
    limit.rlim_cur = address_space() + STACK / 2;
    CHECK_EQUAL(setrlimit(RLIMIT_AS, &limit), 0);

    control((uint16_t)number(required(argc, argv, "--control")), "fin");
    for (int64_t start = now_ms(); !log_contains("starting a thread to reconnect");) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 100), 0);
    }
    CHECK(state_reported(-0x0201, ""));
    CHECK(state_reported(-0x0F13, "next attempt"));
    CHECK_EQUAL(disconnections, 1);
    CHECK_EQUAL(reconnections, 0);
    CHECK_EQUAL(IOT_MQTT_CheckStateNormal(client), 0);

    CHECK_EQUAL(setrlimit(RLIMIT_AS, &before), 0);
    for (int64_t start = now_ms(); reconnections == 0;) {
        CHECK(now_ms() - start < patiently(BOUND_MS));
        CHECK_EQUAL(IOT_MQTT_Yield(client, 100), 0);
    }
    CHECK_EQUAL(IOT_MQTT_CheckStateNormal(client), 1);
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
    return 0;
}
