#include "tcp.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int tcp_connect(const char *host, uint16_t port)
{
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    char service[8];
    int fd = -1;
    int on = 1;

    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        return -1;
    }
    for (struct addrinfo *one = found; one != NULL && fd < 0; one = one->ai_next) {
        fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

int64_t tcp_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int tcp_wait(int fd, short events, int64_t deadline)
{
    struct pollfd one = {fd, events, 0};
    int64_t left = deadline - tcp_now();

    if (left <= 0) {
        return 0;
    }
    poll(&one, 1, (int)left);
    return 1;
}

int tcp_port_slot(uint16_t port)
{
    static uint16_t known[BENCH_PORTS];

    for (int i = 0; i < BENCH_PORTS; i++) {
        if (known[i] == 0 || known[i] == port) {
            known[i] = port;
            return i;
        }
    }
    fprintf(stderr, "bench: more ports than BENCH_PORTS\n");
    exit(2);
}
