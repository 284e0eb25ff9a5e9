/*
 * The device data of a stand-in for the Link SDK: IOT_Ioctl as it behaves there, texts without NUL
 * included, and IOT_Sign_MQTT.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { GET_REGION = 1, SET_MQTT_DOMAIN = 2, SET_PRODUCT_KEY = 20, GET_PRODUCT_KEY = 21,
       GET_PRODUCT_SECRET = 23, SET_DEVICE_NAME = 24, GET_DEVICE_NAME = 25, SET_DEVICE_SECRET = 26,
       GET_DEVICE_SECRET = 27, CUSTOM_REGION = 5 };

static char product_key[21];
static char device_name[33];
static char device_secret[65];
static char domain[65];
static int region;

int IOT_Ioctl(int option, void *data);
int IOT_Sign_MQTT(int of_region, const void *meta, void *signed_data);

static int set(char *place, size_t longest, const char *text)
{
    if (strlen(text) > longest) {
        return -1;
    }
    strcpy(place, text);
    return 0;
}

static int get(const char *place, void *data)
{
    memcpy(data, place, strlen(place));
    return 0;
}

int IOT_Ioctl(int option, void *data)
{
    if (data == NULL) {
        return -1;
    }
    switch (option) {
    case GET_REGION:
        *(int *)data = region;
        return 0;
    case SET_MQTT_DOMAIN:
        region = CUSTOM_REGION;
        return set(domain, sizeof(domain) - 1, data);
    case SET_PRODUCT_KEY:
        return set(product_key, sizeof(product_key) - 1, data);
    case GET_PRODUCT_KEY:
        return get(product_key, data);
    case GET_PRODUCT_SECRET:
        return get("", data);
    case SET_DEVICE_NAME:
        return set(device_name, sizeof(device_name) - 1, data);
    case GET_DEVICE_NAME:
        return get(device_name, data);
    case SET_DEVICE_SECRET:
        return set(device_secret, sizeof(device_secret) - 1, data);
    case GET_DEVICE_SECRET:
        return get(device_secret, data);
    default:
        return -1;
    }
}

/* hostname is the first member, 64 bytes, of what the SDK fills. */
int IOT_Sign_MQTT(int of_region, const void *meta, void *signed_data)
{
    (void)meta;
    if (of_region != CUSTOM_REGION || domain[0] == '\0') {
        return -1;
    }
    strncpy(signed_data, domain, 63);
    return 0;
}
