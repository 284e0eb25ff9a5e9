/* No TLS at all: what name resolution, sockets and the program around them cost by themselves. */
#include "peer.h"
#include "tcp.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

const char *g_cli_crt;
const char *g_cli_key;

int peer_offer(int version)
{
    (void)version;
    return 0;
}

uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len)
{
    int fd = tcp_connect(host, port);

    (void)ca_crt;
    (void)ca_crt_len;
    return fd < 0 ? 0 : (uintptr_t)fd;
}

int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms)
{
    int64_t deadline = tcp_now() + timeout_ms;
    int filled = 0;

    while (filled < len) {
        ssize_t n = recv((int)handle, buf + filled, (size_t)(len - filled), 0);

        if (n > 0) {
            filled += (int)n;
        } else if (n == 0 || !tcp_wait((int)handle, POLLIN, deadline)) {
            break;
        }
    }
    return filled;
}

int HAL_SSL_Write(uintptr_t handle, const char *buf, int len, int timeout_ms)
{
    int64_t deadline = tcp_now() + timeout_ms;
    int sent = 0;

    while (sent < len) {
        ssize_t n = send((int)handle, buf + sent, (size_t)(len - sent), MSG_NOSIGNAL);

        if (n > 0) {
            sent += (int)n;
        } else if (!tcp_wait((int)handle, POLLOUT, deadline)) {
            break;
        }
    }
    return sent;
}

int32_t HAL_SSL_Destroy(uintptr_t handle)
{
    close((int)handle);
    return 0;
}
