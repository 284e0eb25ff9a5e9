/*
 * Functions of the operating system.
 *
 * Handles of semaphores and mutexes are numbers, not addresses. Handles that name nothing (NULL,
 * destroyed, invented) are recognised and harmless. All functions may be called on any thread.
 * HAL_Firmware_Persistence_Start, _Write and _Stop of the Link SDK are not provided: they belong to
 * the firmware.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef _WRAPPERS_OS_H_
#define _WRAPPERS_OS_H_

#include <stdarg.h>
#include <stdio.h>
#include "infra_types.h"
#include "infra_defs.h"
#include "wrappers_defs.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HAL_Printf printf

/* The C library's malloc and free. NULL when there is no memory; NULL is accepted by HAL_Free. */
void *HAL_Malloc(uint32_t size);
void HAL_Free(void *ptr);

/* Milliseconds since the system started; never set, never goes back. */
uint64_t HAL_UptimeMs(void);

/* Blocks the thread for ms milliseconds. */
void HAL_SleepMs(uint32_t ms);

/* Does nothing: HAL_Random needs no seed. */
void HAL_Srandom(uint32_t seed);

/* A random number below region, any 32-bit number for 0, from the operating system's generator;
 * 0 when that fails. */
uint32_t HAL_Random(uint32_t region);

/* snprintf and vsnprintf: the length of the whole text; -1 for len < 0 or a format of NULL. */
int HAL_Snprintf(char *str, const int len, const char *fmt, ...);
int HAL_Vsnprintf(char *str, const int len, const char *format, va_list ap);

/* A semaphore with count 0; NULL on failure. */
void *HAL_SemaphoreCreate(void);

/* Threads that wait for it return -1. */
void HAL_SemaphoreDestroy(void *sem);
void HAL_SemaphorePost(void *sem);

/* Waits at most timeout_ms milliseconds, PLATFORM_WAIT_INFINITE for ever. 0, or -1: nothing in
 * time, destroyed meanwhile, or no such semaphore. */
int HAL_SemaphoreWait(void *sem, uint32_t timeout_ms);

/* Starts a detached thread that runs work_routine(arg). thread_handle receives its pthread_t and
 * stack_used 0; both, and hal_os_thread_param, may be NULL. 0, or -1: work_routine is NULL, or the
 * system starts no thread. */
int HAL_ThreadCreate(void **thread_handle,
                     void *(*work_routine)(void *),
                     void *arg,
                     hal_os_thread_param_t *hal_os_thread_param,
                     int *stack_used);

/* An unlocked mutex, not recursive; NULL on failure. */
void *HAL_MutexCreate(void);
void HAL_MutexDestroy(void *mutex);
void HAL_MutexLock(void *mutex);
void HAL_MutexUnlock(void *mutex);

/* Calls what linksdk_set_reboot_hook set; without that it does nothing but log. */
void HAL_Reboot(void);

/* Writes the version and a NUL to room for IOTX_FIRMWARE_VER_LEN bytes and returns its length; -1
 * for NULL. Do not define it: set the version by linksdk_set_firmware_version. */
int HAL_GetFirmwareVersion(char *version);

#ifdef __cplusplus
}
#endif

#endif
