/* The TLS HAL on OpenSSL 3. */
#include "peer.h"
#include "tcp.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000

const char *g_cli_crt;
const char *g_cli_key;

struct connection {
    SSL *ssl;
    int fd;
    int slot;
};

static int offered = TLS1_2_VERSION;
static SSL_CTX *context;
static SSL_SESSION *sessions[BENCH_PORTS];

int peer_offer(int version)
{
    offered = version;
    return 0;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct connection *connection = SSL_get_app_data(ssl);

    SSL_SESSION_free(sessions[connection->slot]);
    sessions[connection->slot] = session;
    return 1;
}

static int use_credentials(SSL_CTX *made)
{
    BIO *text = BIO_new_mem_buf(g_cli_crt, -1);
    X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
    EVP_PKEY *key;
    int done;

    BIO_free(text);
    text = BIO_new_mem_buf(g_cli_key, -1);
    key = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
    BIO_free(text);
    done = certificate != NULL && key != NULL && SSL_CTX_use_certificate(made, certificate) == 1
           && SSL_CTX_use_PrivateKey(made, key) == 1 && SSL_CTX_check_private_key(made) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return done;
}

static int use_anchors(SSL_CTX *made, const char *pem)
{
    BIO *text = BIO_new_mem_buf(pem, -1);
    X509 *anchor;
    int added = 0;

    while ((anchor = PEM_read_bio_X509(text, NULL, NULL, NULL)) != NULL) {
        added += X509_STORE_add_cert(SSL_CTX_get_cert_store(made), anchor);
        X509_free(anchor);
    }
    ERR_clear_error();
    BIO_free(text);
    return added > 0;
}

/* One context for all connections, as the library that is measured keeps its configuration. */
static SSL_CTX *shared_context(const char *ca_crt)
{
    SSL_CTX *made;

    if (context != NULL) {
        return context;
    }
    made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(made, offered);
    SSL_CTX_set_max_proto_version(made, offered);
    SSL_CTX_set_cipher_list(made, "ECDHE-RSA-AES128-GCM-SHA256");
    SSL_CTX_set_ciphersuites(made, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(made, "X25519:P-256");
    SSL_CTX_set_verify(made, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(made, keep_session);
    if (!use_credentials(made) || !use_anchors(made, ca_crt)) {
        SSL_CTX_free(made);
        return NULL;
    }
    return context = made;
}

/* Waits for what the library asks for. Returns 0 when the deadline has passed or it failed. */
static int wait_for(struct connection *connection, int result, int64_t deadline)
{
    switch (SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return tcp_wait(connection->fd, POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE:
        return tcp_wait(connection->fd, POLLOUT, deadline);
    default:
        return 0;
    }
}

uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len)
{
    int64_t deadline = tcp_now() + CONNECT_MS;
    SSL_CTX *shared = shared_context(ca_crt);
    struct connection *connection;
    int fd = shared == NULL ? -1 : tcp_connect(host, port);
    int result;

    (void)ca_crt_len;
    if (fd < 0) {
        return 0;
    }
    connection = calloc(1, sizeof(*connection));
    connection->fd = fd;
    connection->slot = tcp_port_slot(port);
    connection->ssl = SSL_new(shared);
    SSL_set_app_data(connection->ssl, connection);
    SSL_set_fd(connection->ssl, fd);
    SSL_set_tlsext_host_name(connection->ssl, host);
    SSL_set1_host(connection->ssl, host);
    if (sessions[connection->slot] != NULL) {
        SSL_set_session(connection->ssl, sessions[connection->slot]);
    }
    do {
        ERR_clear_error();
        result = SSL_connect(connection->ssl);
        if (result == 1) {
            return (uintptr_t)connection;
        }
    } while (wait_for(connection, result, deadline));
    ERR_print_errors_fp(stderr);
    HAL_SSL_Destroy((uintptr_t)connection);
    return 0;
}

int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms)
{
    struct connection *connection = (struct connection *)handle;
    int64_t deadline = tcp_now() + timeout_ms;
    int filled = 0;

    while (filled < len) {
        int n;

        ERR_clear_error();
        n = SSL_read(connection->ssl, buf + filled, len - filled);
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
        int n;

        ERR_clear_error();
        n = SSL_write(connection->ssl, buf + sent, len - sent);
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

    SSL_shutdown(connection->ssl);
    SSL_free(connection->ssl);
    close(connection->fd);
    free(connection);
    return 0;
}
