/*
 * What firmware should print, or send home, when a connection fails.
 *
 *     diagnostics [HOST PORT]
 *
 * Connects once. Prints every line that the library logs, every state event, and then either what
 * was agreed on, or why it failed, what to look at first, and which document to open.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "infra_compat.h"
#include "infra_state.h"
#include "mqtt_api.h"
#include "linksdk_hal.h"

/* The codes that a device on the bench meets first; docs/errors.md has all of them. */
static const struct {
    int code;
    const char *look_at;
    const char *document;
} cures[] = {
    {LINKSDK_STATE_NETWORK_DNS, "the device's name servers, then the spelling of the host",
     "docs/errors.md"},
    {LINKSDK_STATE_NETWORK_CONNECT, "route, firewall and port; is anything listening there?",
     "docs/errors.md"},
    {LINKSDK_STATE_NETWORK_DEADLINE, "the network: nobody answered in time", "docs/errors.md"},
    {LINKSDK_STATE_TLS_DEVICE_CREDENTIALS, "g_cli_crt and g_cli_key: are they whole PEM texts?",
     "docs/provisioning.md"},
    {LINKSDK_STATE_TLS_CREDENTIALS_MISMATCH, "whether certificate and key are of one download",
     "docs/provisioning.md"},
    {LINKSDK_STATE_TLS_DEVICE_CERTIFICATE_DATES, "the clock printed above", "docs/provisioning.md"},
    {LINKSDK_STATE_TLS_TRUST_ANCHORS, "the root certificates: are they whole PEM texts?",
     "docs/provisioning.md"},
    {LINKSDK_STATE_TLS_SERVER_CERTIFICATE, "the clock, the host name, then the root certificates",
     "docs/provisioning.md"},
    {LINKSDK_STATE_TLS_DEVICE_CERTIFICATE_REFUSED, "the device's entry in the console",
     "docs/provisioning.md"},
    {LINKSDK_STATE_TLS_HANDSHAKE, "what the server can speak", "docs/engines.md"},
    {STATE_MQTT_CONNACK_NOT_AUTHORIZED, "the device's entry in the console", "docs/errors.md"},
    {STATE_MQTT_CONNACK_IDENT_REJECT, "client identifier and keep alive", "docs/errors.md"},
};

static const char *const levels[] = {"", "", "error", "warning", "info", "debug"};

/* Called on whatever thread logs. Lines hold no keys, passwords or payloads: safe to send home. */
static void on_log(int level, const char *line, void *context)
{
    (void)context;
    printf("%-8s  %s\n", level >= 2 && level <= 5 ? levels[level] : "log", line);
}

static int on_state(const int code, const char *message)
{
    printf("state     %s0x%04X %s\n", code < 0 ? "-" : "", (unsigned)abs(code), message);
    return 0;
}

/* Certificates are judged by this clock: a wrong one is the most frequent cause of a refusal. */
static int show_surroundings(void)
{
    char text[32];
    time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);

    if (utc == NULL || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", utc) == 0) {
        return -1;
    }
    printf("clock     %s UTC\nengine    %s\n", text, linksdk_engine());
    return 0;
}

/* Call it right after the failure: the next attempt to connect replaces the error. */
static void show_failure(void)
{
    char why[512];
    int code = linksdk_last_error(0, why, sizeof(why));

    printf("FAILED    %s\ncode      -0x%04X\n", why, (unsigned)-code);
    for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
        if (cures[i].code == code) {
            printf("look at   %s\nread      %s\n", cures[i].look_at, cures[i].document);
            return;
        }
    }
    printf("read      docs/errors.md\n");
}

static long days_until(int64_t end)
{
    return (long)((end - (int64_t)time(NULL)) / 86400);
}

static int show_connection(void)
{
    linksdk_connection_info_t info;

    memset(&info, 0, sizeof(info));
    info.struct_size = sizeof(info);
    if (linksdk_connection_info(0, &info) != 0) {
        return -1;
    }
    printf("agreed    %s %s, %s handshake of %u ms\n", info.protocol, info.cipher_suite,
           info.resumed ? "resumed" : "full", (unsigned)info.handshake_ms);
    printf("server    %s, issued by %s, ends in %ld days\n", info.server_subject,
           info.server_issuer, days_until(info.server_not_after));
    if (info.device_authenticated && info.device_not_after > 0) {
        printf("device    certificate ends in %ld days\n", days_until(info.device_not_after));
    } else {
        printf("device    no certificate was presented\n");
    }
    return 0;
}

int main(int argc, char *argv[])
{
    iotx_mqtt_param_t parameters;
    long port = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    void *client;
    int shown;

    if (argc != 1 && (argc != 3 || port < 1 || port > 65535)) {
        fprintf(stderr, "usage: diagnostics [HOST PORT]\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    linksdk_set_log_hook(on_log, NULL);
    linksdk_set_log_level(5);
    memset(&parameters, 0, sizeof(parameters));
    if (argc == 3) {
        parameters.host = argv[1];
        parameters.port = (uint16_t)port;
    }
    if (IOT_RegisterCallback(ITE_STATE_EVERYTHING, on_state) != 0 || show_surroundings() != 0) {
        return EXIT_FAILURE;
    }
    client = IOT_MQTT_Construct(&parameters);
    if (client == NULL) {
        show_failure();
        return EXIT_FAILURE;
    }
    shown = show_connection();
    return IOT_MQTT_Destroy(&client) == 0 && shown == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
