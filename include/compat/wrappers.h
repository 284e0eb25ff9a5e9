/*
 * All functions of the hardware abstraction layer that this library provides.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _WRAPPERS_H_
#define _WRAPPERS_H_

#include "infra_types.h"
#include "infra_defs.h"
#include "wrappers_defs.h"
#include "wrappers_os.h"
#include "wrappers_tcp.h"
#include "wrappers_tls.h"

#endif
