/* The TLS HAL on Debian's Mbed TLS 2.28, with the configuration that Debian compiles in. */
#include "peer.h"
#include "tcp.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 10000

const char *g_cli_crt;
const char *g_cli_key;

struct connection {
    mbedtls_ssl_context ssl;
    int fd;
};

static const int SUITES[] = {MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 0};
/* The cheaper one first; the library's own order begins with P-521, which costs much more. */
static const mbedtls_ecp_group_id GROUPS[] = {MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1,
                                              MBEDTLS_ECP_DP_NONE};

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context random_source;
static mbedtls_ssl_config shared;
static mbedtls_x509_crt anchors;
static mbedtls_x509_crt certificate;
static mbedtls_pk_context key;
static int ready;
static mbedtls_ssl_session *sessions[BENCH_PORTS];

int peer_offer(int version)
{
    return version == 0x0303 ? 0 : -1;
}

static int set_up(const char *ca_crt)
{
    if (ready) {
        return 1;
    }
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random_source);
    mbedtls_ssl_config_init(&shared);
    mbedtls_x509_crt_init(&anchors);
    mbedtls_x509_crt_init(&certificate);
    mbedtls_pk_init(&key);
    if (mbedtls_ctr_drbg_seed(&random_source, mbedtls_entropy_func, &entropy, NULL, 0) != 0
        || mbedtls_x509_crt_parse(&anchors, (const unsigned char *)ca_crt, strlen(ca_crt) + 1) != 0
        || mbedtls_x509_crt_parse(&certificate, (const unsigned char *)g_cli_crt,
                                  strlen(g_cli_crt) + 1) != 0
        || mbedtls_pk_parse_key(&key, (const unsigned char *)g_cli_key, strlen(g_cli_key) + 1, NULL,
                                0) != 0
        || mbedtls_ssl_config_defaults(&shared, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                       MBEDTLS_SSL_PRESET_DEFAULT) != 0
        || mbedtls_ssl_conf_own_cert(&shared, &certificate, &key) != 0) {
        return 0;
    }
    mbedtls_ssl_conf_authmode(&shared, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&shared, &anchors, NULL);
    mbedtls_ssl_conf_rng(&shared, mbedtls_ctr_drbg_random, &random_source);
    mbedtls_ssl_conf_min_version(&shared, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(&shared, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(&shared, SUITES);
    mbedtls_ssl_conf_curves(&shared, GROUPS);
    return ready = 1;
}

static int send_some(void *context, const unsigned char *bytes, size_t size)
{
    ssize_t n = send(*(int *)context, bytes, size, MSG_NOSIGNAL);

    if (n < 0) {
        return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_SEND_FAILED;
    }
    return (int)n;
}

static int receive_some(void *context, unsigned char *bytes, size_t size)
{
    ssize_t n = recv(*(int *)context, bytes, size, 0);

    if (n < 0) {
        return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_RECV_FAILED;
    }
    return (int)n;
}

static int wait_for(struct connection *connection, int result, int64_t deadline)
{
    switch (result) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        return tcp_wait(connection->fd, POLLIN, deadline);
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return tcp_wait(connection->fd, POLLOUT, deadline);
    default:
        return 0;
    }
}

static void keep_session(struct connection *connection, int slot)
{
    if (sessions[slot] == NULL) {
        sessions[slot] = calloc(1, sizeof(*sessions[slot]));
    } else {
        mbedtls_ssl_session_free(sessions[slot]);
    }
    mbedtls_ssl_session_init(sessions[slot]);
    mbedtls_ssl_get_session(&connection->ssl, sessions[slot]);
}

uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len)
{
    int64_t deadline = tcp_now() + CONNECT_MS;
    struct connection *connection;
    int slot = tcp_port_slot(port);
    int fd = set_up(ca_crt) ? tcp_connect(host, port) : -1;
    int result;

    (void)ca_crt_len;
    if (fd < 0) {
        return 0;
    }
    connection = calloc(1, sizeof(*connection));
    connection->fd = fd;
    mbedtls_ssl_init(&connection->ssl);
    result = mbedtls_ssl_setup(&connection->ssl, &shared);
    if (result == 0) {
        result = mbedtls_ssl_set_hostname(&connection->ssl, host);
    }
    if (result == 0 && sessions[slot] != NULL) {
        result = mbedtls_ssl_set_session(&connection->ssl, sessions[slot]);
    }
    mbedtls_ssl_set_bio(&connection->ssl, &connection->fd, send_some, receive_some, NULL);
    while (result == 0) {
        result = mbedtls_ssl_handshake(&connection->ssl);
        if (result == 0) {
            keep_session(connection, slot);
            return (uintptr_t)connection;
        }
        if (wait_for(connection, result, deadline)) {
            result = 0;
        }
    }
    fprintf(stderr, "mbedtls: -0x%04x\n", (unsigned)-result);
    HAL_SSL_Destroy((uintptr_t)connection);
    return 0;
}

int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms)
{
    struct connection *connection = (struct connection *)handle;
    int64_t deadline = tcp_now() + timeout_ms;
    int filled = 0;

    while (filled < len) {
        int n = mbedtls_ssl_read(&connection->ssl, (unsigned char *)buf + filled,
                                 (size_t)(len - filled));

        if (n > 0) {
            filled += n;
        } else if (!wait_for(connection, n, deadline)) {
            break;
        }
    }
    return filled;
}

int HAL_SSL_Write(uintptr_t handle, const char *buf, int len, int timeout_ms)
{
    struct connection *connection = (struct connection *)handle;
    int64_t deadline = tcp_now() + timeout_ms;
    int sent = 0;

    while (sent < len) {
        int n = mbedtls_ssl_write(&connection->ssl, (const unsigned char *)buf + sent,
                                  (size_t)(len - sent));

        if (n > 0) {
            sent += n;
        } else if (!wait_for(connection, n, deadline)) {
            break;
        }
    }
    return sent;
}

int32_t HAL_SSL_Destroy(uintptr_t handle)
{
    struct connection *connection = (struct connection *)handle;

    mbedtls_ssl_close_notify(&connection->ssl);
    mbedtls_ssl_free(&connection->ssl);
    close(connection->fd);
    free(connection);
    return 0;
}
