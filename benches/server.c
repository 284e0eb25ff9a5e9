/*
 * The server of all measurements: OpenSSL 3 on loopback, one process, a thread for each connection.
 *
 *     server --cert FILE --key FILE --client-ca FILE
 *
 * Opens three ports that the kernel chooses and prints them: without resumption, with it, and without
 * TLS. Demands client certificates. TLS 1.2 with ECDHE-RSA-AES128-GCM-SHA256 and TLS 1.3 with
 * TLS_AES_128_GCM_SHA256; of X25519 and P-256 the client chooses. Ends when its standard input does.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGEST_RECORD 16384
/* Records are gathered, so that many small ones do not make the server the slower side. */
#define SEND_BUFFER (64 * 1024)

enum kind { FULL, RESUMING, PLAIN, KINDS };

struct port {
    int listener;
    SSL_CTX *context;
};

struct client {
    int fd;
    SSL *ssl;
};

static int receive_all(struct client *client, char *bytes, size_t size)
{
    size_t filled = 0;

    while (filled < size) {
        int n = client->ssl != NULL ? SSL_read(client->ssl, bytes + filled, (int)(size - filled))
                                    : (int)recv(client->fd, bytes + filled, size - filled, 0);

        if (n <= 0) {
            return 0;
        }
        filled += (size_t)n;
    }
    return 1;
}

static int send_all(struct client *client, const char *bytes, size_t size)
{
    if (client->ssl != NULL) {
        return SSL_write(client->ssl, bytes, (int)size) == (int)size;
    }
    while (size > 0) {
        ssize_t n = send(client->fd, bytes, size, 0);

        if (n <= 0) {
            return 0;
        }
        bytes += n;
        size -= (size_t)n;
    }
    return 1;
}

static void describe(struct client *client, char *answer)
{
    memset(answer, ' ', BENCH_REQUEST);
    if (client->ssl == NULL) {
        memcpy(answer, "plain", 5);
        return;
    }
    const SSL_CIPHER *cipher = SSL_get_current_cipher(client->ssl);
    X509 *certificate = SSL_get0_peer_certificate(client->ssl);
    EVP_PKEY *key = certificate == NULL ? NULL : X509_get0_pubkey(certificate);
    int group = (int)SSL_get_negotiated_group(client->ssl);
    int length = snprintf(answer, BENCH_REQUEST, "%s %s %s %s %s", SSL_get_version(client->ssl),
                          SSL_CIPHER_standard_name(cipher), group == 0 ? "-" : OBJ_nid2sn(group),
                          key == NULL ? "-" : OBJ_nid2sn(EVP_PKEY_get_base_id(key)),
                          SSL_session_reused(client->ssl) ? "resumed" : "full");

    answer[length] = ' ';
}

static int answer(struct client *client, const char *request, char *bytes)
{
    unsigned long count = 0;
    unsigned long size = LARGEST_RECORD;
    char op = 0;

    if (sscanf(request, "%c %lu %lu", &op, &count, &size) < 1 || size == 0 || size > LARGEST_RECORD) {
        return 0;
    }
    switch (op) {
    case 'D':
        describe(client, bytes);
        return send_all(client, bytes, BENCH_REQUEST);
    case 'S':
        for (; count > 0; count -= size) {
            size = count < LARGEST_RECORD ? count : LARGEST_RECORD;
            if (!receive_all(client, bytes, size)) {
                return 0;
            }
        }
        return send_all(client, "k", 1);
    case 'G':
    case 'E':
        for (; count > 0; count -= size) {
            size = count < size ? count : size;
            if ((op == 'E' && !receive_all(client, bytes, size)) || !send_all(client, bytes, size)) {
                return 0;
            }
        }
        return 1;
    default:
        return 0;
    }
}

static void *serve(void *argument)
{
    struct client *client = argument;
    char request[BENCH_REQUEST + 1] = "";
    char *bytes = calloc(1, LARGEST_RECORD);
    int shaken = client->ssl == NULL || SSL_accept(client->ssl) == 1;

    if (!shaken) {
        ERR_print_errors_fp(stderr);
    }
    while (shaken && receive_all(client, request, BENCH_REQUEST) && answer(client, request, bytes)) {
        if (client->ssl != NULL && BIO_flush(SSL_get_wbio(client->ssl)) <= 0) {
            break;
        }
    }
    if (client->ssl != NULL) {
        SSL_free(client->ssl);
    }
    close(client->fd);
    free(client);
    free(bytes);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct port *port = argument;

    for (;;) {
        struct client *client = calloc(1, sizeof(*client));
        pthread_t thread;
        int on = 1;

        client->fd = accept(port->listener, NULL, NULL);
        if (client->fd < 0) {
            perror("server: accept");
            exit(1);
        }
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (port->context != NULL) {
            BIO *socket = BIO_new_socket(client->fd, BIO_NOCLOSE);
            BIO *gathering = BIO_new(BIO_f_buffer());

            BIO_set_write_buffer_size(gathering, SEND_BUFFER);
            BIO_up_ref(socket);
            client->ssl = SSL_new(port->context);
            SSL_set_bio(client->ssl, socket, BIO_push(gathering, socket));
        }
        if (pthread_create(&thread, NULL, serve, client) != 0) {
            perror("server: pthread_create");
            exit(1);
        }
        pthread_detach(thread);
    }
}

static SSL_CTX *context_for(enum kind kind, const char *certificate, const char *key, const char *ca)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "ECDHE-RSA-AES128-GCM-SHA256");
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(context, "X25519:P-256");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"bench", 5);
    if (kind == FULL) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context, 0);
    }
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1
        || SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1
        || SSL_CTX_load_verify_file(context, ca) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    return context;
}

static uint16_t listen_on_loopback(struct port *port)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    port->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(port->listener, (struct sockaddr *)&address, length) != 0 || listen(port->listener, 64) != 0
        || getsockname(port->listener, (struct sockaddr *)&address, &length) != 0) {
        perror("server: listening on 127.0.0.1");
        exit(1);
    }
    return ntohs(address.sin_port);
}

static const char *value(int argc, char *argv[], const char *name)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    fprintf(stderr, "server: %s is missing\n", name);
    exit(2);
}

int main(int argc, char *argv[])
{
    const char *certificate = value(argc, argv, "--cert");
    const char *key = value(argc, argv, "--key");
    const char *ca = value(argc, argv, "--client-ca");
    struct port ports[KINDS];
    uint16_t numbers[KINDS];
    char ignored[64];

    signal(SIGPIPE, SIG_IGN);
    for (int kind = FULL; kind < KINDS; kind++) {
        pthread_t thread;

        ports[kind].context = kind == PLAIN ? NULL : context_for(kind, certificate, key, ca);
        numbers[kind] = listen_on_loopback(&ports[kind]);
        if (pthread_create(&thread, NULL, accept_all, &ports[kind]) != 0) {
            perror("server: pthread_create");
            return 1;
        }
    }
    printf("{\"full\": %u, \"resuming\": %u, \"plain\": %u}\n", numbers[FULL], numbers[RESUMING],
           numbers[PLAIN]);
    fflush(stdout);
    while (read(STDIN_FILENO, ignored, sizeof(ignored)) > 0) {
    }
    return 0;
}
