/*
 * Sizes, return codes and the structures that describe a device.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _INFRA_DEFS_H_
#define _INFRA_DEFS_H_

#include "infra_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The SDK version whose behaviour this library keeps; it is part of the MQTT client identifier. */
#define IOTX_SDK_VERSION            "3.2.0"
#define IOTX_ALINK_VERSION          "20"

/* Longest values in bytes, without the NUL. */
#define IOTX_PRODUCT_KEY_LEN        (20)
#define IOTX_PRODUCT_SECRET_LEN     (64)
#define IOTX_DEVICE_NAME_LEN        (32)
#define IOTX_DEVICE_SECRET_LEN      (64)
#define IOTX_DEVICE_ID_LEN          (64)
#define IOTX_MODULE_LEN             (64)
#define IOTX_MODULE_ID_LEN          (64)
#define IOTX_PARTNER_ID_LEN         (64)
#define IOTX_NETWORK_IF_LEN         (160)
#define IOTX_URI_MAX_LEN            (135)
#define IOTX_DOMAIN_MAX_LEN         (64)
#define IOTX_CUSTOMIZE_INFO_LEN     (80)

/* Room for a firmware version with its NUL. */
#define IOTX_FIRMWARE_VER_LEN       (64)

/* Room in iotx_sign_mqtt_t, with the NUL. */
#define DEV_SIGN_SOURCE_MAXLEN      (200)
#define DEV_SIGN_HOSTNAME_MAXLEN    (64)
#define DEV_SIGN_CLIENT_ID_MAXLEN   (200)
#define DEV_SIGN_USERNAME_MAXLEN    (64)
#define DEV_SIGN_PASSWORD_MAXLEN    (65)

#define NETWORK_ADDR_LEN            (16)
#define HAL_MAC_LEN                 (17 + 1)
#define STR_SHORT_LEN               (32)

#ifndef _IN_
#define _IN_
#endif
#ifndef _OU_
#define _OU_
#endif
#ifndef _IN_OPT_
#define _IN_OPT_
#endif

/* What functions return that have no state code of their own (infra_state.h). */
typedef enum IOT_RETURN_CODES {
    ERROR_NO_MEM = -1016,
    ERROR_CERTIFICATE_EXPIRED = -1015,
    ERROR_MALLOC = -1014,
    ERROR_NO_SUPPORT = -12,
    ERROR_NULL_VALUE = -9,
    NULL_VALUE_ERROR = -2,
    FAIL_RETURN = -1,
    SUCCESS_RETURN = 0
} iotx_err_t;

/* Where the platform's MQTT servers are. */
typedef enum {
    IOTX_CLOUD_REGION_SHANGHAI,
    IOTX_CLOUD_REGION_SINGAPORE,
    IOTX_CLOUD_REGION_JAPAN,
    IOTX_CLOUD_REGION_USA_WEST,
    IOTX_CLOUD_REGION_GERMANY,
    IOTX_CLOUD_REGION_CUSTOM,   /* the host set by IOTX_IOCTL_SET_MQTT_DOMAIN */
    IOTX_CLOUD_DOMAIN_MAX
} iotx_mqtt_region_types_t;

#define IOTX_MQTT_DOMAIN_NUMBER     (6)

typedef enum {
    IOTX_HTTP_REGION_SHANGHAI,
    IOTX_HTTP_REGION_SINGAPORE,
    IOTX_HTTP_REGION_JAPAN,
    IOTX_HTTP_REGION_AMERICA,
    IOTX_HTTP_REGION_GERMANY,
    IOTX_HTTP_REGION_CUSTOM,
    IOTX_HTTP_REGION_MAX
} iotx_http_region_types_t;

#define IOTX_HTTP_DOMAIN_NUMBER     (6)

/* Who the device is. Each text ends with a NUL; empty where unknown. */
typedef struct _iotx_dev_meta_info {
    char product_key[IOTX_PRODUCT_KEY_LEN + 1];
    char product_secret[IOTX_PRODUCT_SECRET_LEN + 1];
    char device_name[IOTX_DEVICE_NAME_LEN + 1];
    char device_secret[IOTX_DEVICE_SECRET_LEN + 1];
    char module[IOTX_MODULE_LEN + 1];
} iotx_dev_meta_info_t;

/* What IOT_Sign_MQTT computes. */
typedef struct {
    char hostname[DEV_SIGN_HOSTNAME_MAXLEN];
    uint16_t port;
    char clientid[DEV_SIGN_CLIENT_ID_MAXLEN];
    char username[DEV_SIGN_USERNAME_MAXLEN];
    char password[DEV_SIGN_PASSWORD_MAXLEN];
} iotx_sign_mqtt_t;

#ifdef __cplusplus
}
#endif

#endif
