/*
 * A device keeps what the platform told it about itself, and starts with it the next time.
 *
 *     identity_persist HOST PORT FILE
 *
 * The first start connects as a stranger and waits for ProductKey and DeviceName; every later start
 * finds them in FILE, connects under its own name, and has the right topics at once. Run it twice.
 * Where there is no file system, linksdk_set_identity_store takes three functions instead of a file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infra_compat.h"
#include "infra_state.h"
#include "mqtt_api.h"
#include "linksdk_hal.h"

static int fail(const char *what, int code)
{
    fprintf(stderr, "identity_persist: %s", what);
    if (code < 0) {
        fprintf(stderr, " (state code -0x%04X)", (unsigned)-code);
    }
    fputc('\n', stderr);
    return EXIT_FAILURE;
}

/* Only what went wrong: levels are 2 (error), 3 (warning), 4 (info), 5 (debug). */
static void on_log(int level, const char *line, void *context)
{
    (void)context;
    if (level <= 3) {
        printf("  log       %s\n", line);
    }
}

/* The library announces with what it connects, part by part; the password never appears. */
static int on_mqtt_state(const int code, const char *message)
{
    if (code == STATE_MQTT_CONN_USER_INFO) {
        printf("  connects  %s\n", message);
    }
    return 0;
}

/* The file is already on the disk when this is called: pulling the plug now loses nothing. */
static int on_identity(const char *payload)
{
    printf("  identity  %s\n", payload);
    return 0;
}

/* Whether an earlier start has left an identity; the library itself reads and checks the file. */
static int is_first_start(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file != NULL) {
        fclose(file);
    }
    return file == NULL;
}

/* Says who the device is, as the firmware can from now on without asking. */
static int show_identity(void)
{
    char product_key[IOTX_PRODUCT_KEY_LEN + 1] = "";
    char device_name[IOTX_DEVICE_NAME_LEN + 1] = "";

    if (IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, product_key) != 0
        || IOT_Ioctl(IOTX_IOCTL_GET_DEVICE_NAME, device_name) != 0
        || product_key[0] == '\0' || device_name[0] == '\0') {
        return fail("connected, but nobody knows who this device is", 0);
    }
    printf("  topics begin with /%s/%s/\n", product_key, device_name);
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    iotx_mqtt_param_t parameters;
    long port = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    void *client;
    int result;

    if (port < 1 || port > 65535) {
        return fail("usage: identity_persist HOST PORT FILE", 0);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    linksdk_set_log_hook(on_log, NULL);
    if (IOT_RegisterCallback(ITE_STATE_MQTT_COMM, on_mqtt_state) != 0
        || IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity) != 0) {
        return fail("the handlers were not taken", 0);
    }
    printf("  %s\n", is_first_start(argv[3]) ? "first start: no identity is stored"
                                             : "an identity is stored");
    /* Before the client is made: this is where it looks. */
    result = linksdk_identity_store_file(argv[3]);
    if (result != 0) {
        return fail("the name of the file was not taken", result);
    }

    memset(&parameters, 0, sizeof(parameters));
    parameters.host = argv[1];
    parameters.port = (uint16_t)port;
    client = IOT_MQTT_Construct(&parameters);
    if (client == NULL) {
        char reason[256];
        int code = linksdk_last_error(0, reason, sizeof(reason));

        return fail(reason, code);
    }
    result = show_identity();
    if (IOT_MQTT_Destroy(&client) != 0) {
        return fail("the client could not be ended", 0);
    }
    return result;
}
