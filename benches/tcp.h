/* Sockets and deadlines for the peers that are written here. */
#ifndef BENCH_TCP_H
#define BENCH_TCP_H

#include <stdint.h>

/* A connected, non-blocking socket with TCP_NODELAY; -1 on failure. */
int tcp_connect(const char *host, uint16_t port);

/* Milliseconds of a clock that never steps. */
int64_t tcp_now(void);

/* Waits until the socket is ready for `events` of poll(). Returns 0 when `deadline` has passed. */
int tcp_wait(int fd, short events, int64_t deadline);

/* How many ports the peers remember a session for. */
#define BENCH_PORTS 4

/* The place of a port in a table of BENCH_PORTS entries. */
int tcp_port_slot(uint16_t port);

#endif
