/*
 * What every TLS library under measurement offers: the TLS HAL of the Link SDK, as linksdk_hal.h
 * declares it, and the choice of the protocol version. Each peer_*.c implements it with one library.
 *
 * All do the same: resolve the name, connect with TCP_NODELAY, verify the server's chain and name
 * against `ca_crt`, present `g_cli_crt` with `g_cli_key`, offer one protocol version, resume the last
 * session with the same port if the server lets them, and read and write until a deadline.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdint.h>

extern const char *g_cli_crt;
extern const char *g_cli_key;

/* 0x0303 or 0x0304, before the first connection. Returns 0, or -1 when the library cannot do it. */
int peer_offer(int version);

uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len);
int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms);
int HAL_SSL_Write(uintptr_t handle, const char *buf, int len, int timeout_ms);
int32_t HAL_SSL_Destroy(uintptr_t handle);

#endif
