/*
 * The TLS HAL alone, under a client of your own: the four functions HAL_SSL_* and nothing else.
 *
 *     hal_only HOST PORT CA_FILE
 *
 * The client here is the smallest there is: it sends an MQTT CONNECT, checks the CONNACK, and prints
 * the first message, in which the platform tells a device with a certificate who it is. Certificate
 * and key come from g_cli_crt and g_cli_key. What counts is what it does with each return value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linksdk_hal.h"

#define TIMEOUT_MS 5000
#define CLIENT_ID ".|securemode=2|"
#define KEEP_ALIVE_S 300
#define LONGEST_PACKET 1024
#define PUBLISH 3

static int fail(uintptr_t handle, const char *what)
{
    char why[256];
    int code = linksdk_last_error(handle, why, sizeof(why));

    if (code == 0) {
        fprintf(stderr, "hal_only: %s: not done in time\n", what);
    } else {
        fprintf(stderr, "hal_only: %s: %s (state code -0x%04X)\n", what, why, (unsigned)-code);
    }
    return -1;
}

/* Less than everything within the time is a failure here; a larger client would go on later. */
static int send_all(uintptr_t handle, const uint8_t *bytes, int length)
{
    int count = HAL_SSL_Write(handle, (const char *)bytes, length, TIMEOUT_MS);

    return count == length ? 0 : fail(handle, "sending");
}

/* HAL_SSL_Read waits until all has come: less means that the time or the connection is over. */
static int receive_all(uintptr_t handle, uint8_t *bytes, int length)
{
    int count = HAL_SSL_Read(handle, (char *)bytes, length, TIMEOUT_MS);

    return count == length ? 0 : fail(handle, "receiving");
}

/* One MQTT packet: its first byte into *head, the rest into body. Returns the length of the rest. */
static int receive_packet(uintptr_t handle, uint8_t *head, uint8_t body[LONGEST_PACKET])
{
    int length = 0;

    if (receive_all(handle, head, 1) != 0) {
        return -1;
    }
    /* The length comes in up to four bytes of seven bits; never trust it before it is checked. */
    for (int shift = 0; shift < 28; shift += 7) {
        uint8_t part;

        if (receive_all(handle, &part, 1) != 0) {
            return -1;
        }
        length |= (part & 0x7f) << shift;
        if (part < 0x80) {
            if (length > LONGEST_PACKET) {
                break;
            }
            return length == 0 || receive_all(handle, body, length) == 0 ? length : -1;
        }
    }
    fprintf(stderr, "hal_only: a packet is longer than %d bytes\n", LONGEST_PACKET);
    return -1;
}

static int send_connect(uintptr_t handle)
{
    static const uint8_t head[] = {0x10, 12 + sizeof(CLIENT_ID) - 1, 0, 4, 'M', 'Q', 'T', 'T', 4, 0,
                                   KEEP_ALIVE_S >> 8, KEEP_ALIVE_S & 0xff,
                                   0, sizeof(CLIENT_ID) - 1};
    uint8_t packet[sizeof(head) + sizeof(CLIENT_ID) - 1];

    memcpy(packet, head, sizeof(head));
    memcpy(packet + sizeof(head), CLIENT_ID, sizeof(CLIENT_ID) - 1);
    return send_all(handle, packet, (int)sizeof(packet));
}

static int talk(uintptr_t handle)
{
    static const uint8_t disconnect[] = {0xe0, 0};
    uint8_t body[LONGEST_PACKET];
    uint8_t head;
    int length, topic_length;

    if (send_connect(handle) != 0 || (length = receive_packet(handle, &head, body)) < 0) {
        return EXIT_FAILURE;
    }
    if (head != 0x20 || length != 2 || body[1] != 0) {
        fprintf(stderr, "hal_only: the platform refused the device: CONNACK %d\n",
                head == 0x20 && length == 2 ? body[1] : -1);
        return EXIT_FAILURE;
    }
    printf("CONNACK   accepted\n");
    length = receive_packet(handle, &head, body);
    if (length < 0) {
        return EXIT_FAILURE;
    }
    topic_length = length < 2 ? length : body[0] << 8 | body[1];
    if (head >> 4 != PUBLISH || (head & 0x06) != 0 || topic_length + 2 > length) {
        fprintf(stderr, "hal_only: no message with QoS 0 came after CONNACK\n");
        return EXIT_FAILURE;
    }
    printf("topic     %.*s\n", topic_length, (const char *)body + 2);
    printf("payload   %.*s\n", length - topic_length - 2, (const char *)body + 2 + topic_length);
    return send_all(handle, disconnect, sizeof(disconnect)) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    static char ca[65536];
    long port = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    FILE *file = port < 1 || port > 65535 ? NULL : fopen(argv[3], "rb");
    uintptr_t handle;
    size_t size;
    int result;

    if (file == NULL) {
        fprintf(stderr, "usage: hal_only HOST PORT CA_FILE (a file that can be read)\n");
        return EXIT_FAILURE;
    }
    size = fread(ca, 1, sizeof(ca) - 1, file);
    fclose(file);
    /* The length counts the NUL, as in the Link SDK. 0 is the only sign of failure. */
    handle = HAL_SSL_Establish(argv[1], (uint16_t)port, ca, (uint32_t)size + 1);
    if (handle == 0) {
        fail(0, "connecting");
        return EXIT_FAILURE;
    }
    result = talk(handle);
    /* Once for each handle, also after errors; from here on the number names nothing. */
    if (HAL_SSL_Destroy(handle) != 0) {
        return EXIT_FAILURE;
    }
    return result;
}
