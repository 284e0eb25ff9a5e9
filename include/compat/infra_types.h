/*
 * The integer types. Always those of <stdint.h>: the Link SDK's own definitions, used there without
 * PLATFORM_HAS_STDINT, clash with the C library and make uintptr_t 32 bits wide.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _INFRA_TYPES_H_
#define _INFRA_TYPES_H_

#include <stddef.h>
#include <stdint.h>
#include "infra_config.h"

#define IOT_TRUE    (1)
#define IOT_FALSE   (0)

#endif
