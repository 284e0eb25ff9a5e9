/*
 * The Link SDK's header name for build switches. This library has none that a program sees.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _INFRA_CONFIG_H_
#define _INFRA_CONFIG_H_
#endif
