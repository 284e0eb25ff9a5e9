/* What the measuring programs share: options, credentials, requests to the server, clocks. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "peer.h"
#include "wire.h"

#include <stdint.h>

/* The value after --name, or `otherwise`; without one the program ends. */
const char *option(int argc, char *argv[], const char *name, const char *otherwise);

/* Credentials, trust anchors, port and protocol version, from the options. */
void prepare(int argc, char *argv[]);

/* A connection to the chosen port, `--port` or `--second-port`. Ends the program when there is none. */
uintptr_t connect_to(const char *port_option);

/* Sends a request; its answer comes with expect(). */
void request(uintptr_t handle, const char *text);

/* Reads exactly `size` bytes, or ends the program. */
void expect(uintptr_t handle, char *bytes, int size);

/* Writes exactly `size` bytes, or ends the program. */
void send_bytes(uintptr_t handle, const char *bytes, int size);

/* What the server says about the connection, in memory that the next call overwrites. */
const char *description(uintptr_t handle);

/* Nanoseconds of wall time and of this process's CPU time. */
int64_t wall_ns(void);
int64_t cpu_ns(void);

#endif
