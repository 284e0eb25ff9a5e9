/*
 * Types of the functions in wrappers_os.h and linksdk_hal.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _WRAPPERS_DEFS_H_
#define _WRAPPERS_DEFS_H_

#include <stdio.h>
#include "infra_types.h"
#include "infra_defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As a timeout: wait for ever. */
#define PLATFORM_WAIT_INFINITE (~0)

/* What ssl_hooks_set takes. linksdk_hal.h, included before this file, has its own name for it. */
#if defined(LINKSDK_HAL_H)
typedef linksdk_ssl_hooks_t ssl_hooks_t;
#else
typedef struct {
    void *(*malloc)(uint32_t size);
    void (*free)(void *ptr);
} ssl_hooks_t;
#endif

typedef enum {
    os_thread_priority_idle = -3,
    os_thread_priority_low = -2,
    os_thread_priority_belowNormal = -1,
    os_thread_priority_normal = 0,
    os_thread_priority_aboveNormal = 1,
    os_thread_priority_high = 2,
    os_thread_priority_realtime = 3,
    os_thread_priority_error = 0x84
} hal_os_thread_priority_t;

/* How HAL_ThreadCreate starts a thread. Only stack_size counts. */
typedef struct _hal_os_thread {
    hal_os_thread_priority_t priority;
    void *stack_addr;
    int stack_size;     /* bytes; 0: the system's default; raised to 256 KB */
    int detach_state;   /* threads are always detached */
    char *name;
} hal_os_thread_param_t;

#ifdef __cplusplus
}
#endif

#endif
