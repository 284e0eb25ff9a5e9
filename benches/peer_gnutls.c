/* The TLS HAL on GnuTLS 3. */
#include "peer.h"
#include "tcp.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000
#define SUITE "NONE:+AES-128-GCM:+AEAD:+ECDHE-RSA:+SIGN-ALL:+COMP-NULL:+GROUP-X25519:+GROUP-SECP256R1:"

const char *g_cli_crt;
const char *g_cli_key;

struct connection {
    gnutls_session_t session;
    int fd;
    int slot;
};

static int offered = 0x0303;
static gnutls_certificate_credentials_t credentials;
static gnutls_priority_t priorities;
static gnutls_datum_t sessions[BENCH_PORTS];

int peer_offer(int version)
{
    offered = version;
    return 0;
}

static int set_up(const char *ca_crt)
{
    gnutls_datum_t anchors = {(unsigned char *)ca_crt, (unsigned)strlen(ca_crt)};
    gnutls_datum_t certificate = {(unsigned char *)g_cli_crt, (unsigned)strlen(g_cli_crt)};
    gnutls_datum_t key = {(unsigned char *)g_cli_key, (unsigned)strlen(g_cli_key)};

    if (credentials != NULL) {
        return 1;
    }
    return gnutls_global_init() == 0 && gnutls_certificate_allocate_credentials(&credentials) == 0
           && gnutls_certificate_set_x509_trust_mem(credentials, &anchors, GNUTLS_X509_FMT_PEM) > 0
           && gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM)
                  == 0
           && gnutls_priority_init(&priorities,
                                   offered == 0x0304 ? SUITE "+VERS-TLS1.3" : SUITE "+VERS-TLS1.2",
                                   NULL) == 0;
}

static int keep_session(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                        const gnutls_datum_t *message)
{
    struct connection *connection = gnutls_session_get_ptr(session);

    (void)type;
    (void)when;
    (void)incoming;
    (void)message;
    gnutls_free(sessions[connection->slot].data);
    memset(&sessions[connection->slot], 0, sizeof(sessions[connection->slot]));
    gnutls_session_get_data2(session, &sessions[connection->slot]);
    return 0;
}

static int wait_for(struct connection *connection, ssize_t result, int64_t deadline)
{
    if (result == GNUTLS_E_INTERRUPTED) {
        return 1;
    }
    if (result != GNUTLS_E_AGAIN) {
        return 0;
    }
    return tcp_wait(connection->fd, gnutls_record_get_direction(connection->session) ? POLLOUT : POLLIN,
                    deadline);
}

uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len)
{
    int64_t deadline = tcp_now() + CONNECT_MS;
    struct connection *connection;
    gnutls_datum_t *kept;
    int fd = set_up(ca_crt) ? tcp_connect(host, port) : -1;
    int result;

    (void)ca_crt_len;
    if (fd < 0) {
        return 0;
    }
    connection = calloc(1, sizeof(*connection));
    connection->fd = fd;
    connection->slot = tcp_port_slot(port);
    gnutls_init(&connection->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL
                                          | GNUTLS_KEY_SHARE_TOP);
    gnutls_session_set_ptr(connection->session, connection);
    gnutls_priority_set(connection->session, priorities);
    gnutls_credentials_set(connection->session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_server_name_set(connection->session, GNUTLS_NAME_DNS, host, strlen(host));
    gnutls_session_set_verify_cert(connection->session, host, 0);
    gnutls_transport_set_int(connection->session, fd);
    gnutls_handshake_set_hook_function(connection->session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET,
                                       GNUTLS_HOOK_POST, keep_session);
    kept = &sessions[connection->slot];
    if (kept->data != NULL) {
        gnutls_session_set_data(connection->session, kept->data, kept->size);
    }
    do {
        result = gnutls_handshake(connection->session);
        if (result == 0) {
            /* With TLS 1.2 the ticket arrives before the session is complete. */
            if (offered == 0x0303 && !gnutls_session_is_resumed(connection->session)) {
                keep_session(connection->session, 0, 0, 0, NULL);
            }
            return (uintptr_t)connection;
        }
    } while (wait_for(connection, result, deadline));
    fprintf(stderr, "gnutls: %s\n", gnutls_strerror(result));
    HAL_SSL_Destroy((uintptr_t)connection);
    return 0;
}

int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms)
{
    struct connection *connection = (struct connection *)handle;
    int64_t deadline = tcp_now() + timeout_ms;
    int filled = 0;

    while (filled < len) {
        ssize_t n = gnutls_record_recv(connection->session, buf + filled, (size_t)(len - filled));

        if (n > 0) {
            filled += (int)n;
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
        ssize_t n = gnutls_record_send(connection->session, buf + sent, (size_t)(len - sent));

        if (n > 0) {
            sent += (int)n;
        } else if (!wait_for(connection, n, deadline)) {
            break;
        }
    }
    return sent;
}

int32_t HAL_SSL_Destroy(uintptr_t handle)
{
    struct connection *connection = (struct connection *)handle;

    gnutls_bye(connection->session, GNUTLS_SHUT_WR);
    gnutls_deinit(connection->session);
    close(connection->fd);
    free(connection);
    return 0;
}
