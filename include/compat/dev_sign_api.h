/*
 * With what a device connects to the platform.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _DEV_SIGN_H_
#define _DEV_SIGN_H_

#include "infra_types.h"
#include "infra_defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Computes host, port, client identifier, user name and password of the device in meta for a
 * region. Returns 0; negative, with *signout all zero: -0x0113 no such region, NULL, or a field of
 * meta without its NUL; -0x0108 custom region without a host; -0x0307, -0x0308, -0x0309 host, user
 * name or client identifier too long. Any thread, never blocks. signout holds a secret: erase it.
 */
int32_t IOT_Sign_MQTT(iotx_mqtt_region_types_t region,
                      iotx_dev_meta_info_t *meta,
                      iotx_sign_mqtt_t *signout);

#ifdef __cplusplus
}
#endif

#endif
