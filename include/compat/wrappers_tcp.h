/*
 * The Link SDK declares its TCP functions here. This library does not provide them: it opens its
 * connections itself. The file exists so that sources which include it compile.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _WRAPPERS_TCP_H_
#define _WRAPPERS_TCP_H_

#include "infra_types.h"
#include "infra_defs.h"

#endif
