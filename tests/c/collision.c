/*
 * A firmware with another Mbed TLS in it: both libraries work in one program, whatever the order in
 * which they are linked.
 *
 *     collision --host H --port P --ca FILE --cert FILE --key FILE
 *
 * Linked with the system's libmbedtls, libmbedx509 and libmbedcrypto, static, before or behind ours.
 */
#include "support.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

#include "linksdk_hal.h"

struct theirs {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_x509_crt ca;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
    mbedtls_net_context net;
};

static size_t with_nul(const char *text)
{
    return strlen(text) + 1;
}

/* Connects with the other library, as its documentation shows. */
static void connect_theirs(struct theirs *their, const char *host, const char *port, const char *ca,
                           const char *certificate, const char *key)
{
    const unsigned char *seed = (const unsigned char *)"collision";

    mbedtls_entropy_init(&their->entropy);
    mbedtls_ctr_drbg_init(&their->random);
    mbedtls_ssl_config_init(&their->config);
    mbedtls_ssl_init(&their->ssl);
    mbedtls_x509_crt_init(&their->ca);
    mbedtls_x509_crt_init(&their->certificate);
    mbedtls_pk_init(&their->key);
    mbedtls_net_init(&their->net);
    CHECK_EQUAL(mbedtls_ctr_drbg_seed(&their->random, mbedtls_entropy_func, &their->entropy, seed, 9), 0);
    CHECK_EQUAL(mbedtls_x509_crt_parse(&their->ca, (const unsigned char *)ca, with_nul(ca)), 0);
    CHECK_EQUAL(mbedtls_x509_crt_parse(&their->certificate, (const unsigned char *)certificate,
                                       with_nul(certificate)), 0);
    CHECK_EQUAL(mbedtls_pk_parse_key(&their->key, (const unsigned char *)key, with_nul(key), NULL, 0), 0);
    CHECK_EQUAL(mbedtls_ssl_config_defaults(&their->config, MBEDTLS_SSL_IS_CLIENT,
                                            MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), 0);
    mbedtls_ssl_conf_rng(&their->config, mbedtls_ctr_drbg_random, &their->random);
    mbedtls_ssl_conf_ca_chain(&their->config, &their->ca, NULL);
    CHECK_EQUAL(mbedtls_ssl_conf_own_cert(&their->config, &their->certificate, &their->key), 0);
    CHECK_EQUAL(mbedtls_ssl_setup(&their->ssl, &their->config), 0);
    CHECK_EQUAL(mbedtls_ssl_set_hostname(&their->ssl, host), 0);
    CHECK_EQUAL(mbedtls_net_connect(&their->net, host, port, MBEDTLS_NET_PROTO_TCP), 0);
    mbedtls_ssl_set_bio(&their->ssl, &their->net, mbedtls_net_send, mbedtls_net_recv, NULL);
    CHECK_EQUAL(mbedtls_ssl_handshake(&their->ssl), 0);
}

static void exchange_theirs(struct theirs *their)
{
    unsigned char answer[6];
    int count = 0;

    CHECK_EQUAL(mbedtls_ssl_write(&their->ssl, (const unsigned char *)"hello\n", 6), 6);
    while (count < 6) {
        int n = mbedtls_ssl_read(&their->ssl, answer + count, 6 - (size_t)count);
        CHECK(n > 0);
        count += n;
    }
    CHECK(memcmp(answer, "olleh\n", 6) == 0);
}

static void free_theirs(struct theirs *their)
{
    mbedtls_ssl_close_notify(&their->ssl);
    mbedtls_net_free(&their->net);
    mbedtls_pk_free(&their->key);
    mbedtls_x509_crt_free(&their->certificate);
    mbedtls_x509_crt_free(&their->ca);
    mbedtls_ssl_free(&their->ssl);
    mbedtls_ssl_config_free(&their->config);
    mbedtls_ctr_drbg_free(&their->random);
    mbedtls_entropy_free(&their->entropy);
}

static void exchange_ours(uintptr_t handle)
{
    char answer[6];

    CHECK_EQUAL(HAL_SSL_Write(handle, "hello\n", 6, 5000), 6);
    CHECK_EQUAL(HAL_SSL_Read(handle, answer, 6, 5000), 6);
    CHECK(memcmp(answer, "olleh\n", 6) == 0);
}

int main(int argc, char *argv[])
{
    static struct theirs their;
    const char *host = required(argc, argv, "--host");
    const char *port = required(argc, argv, "--port");
    const char *ca = read_file(required(argc, argv, "--ca"));
    const char *certificate = read_file(required(argc, argv, "--cert"));
    const char *key = read_file(required(argc, argv, "--key"));
    uintptr_t first;

    collect_log();
    use_credentials(argc, argv);
    /* One after the other, so that each library runs while structures of the other are alive. */
    first = HAL_SSL_Establish(host, (uint16_t)number(port), ca, (uint32_t)strlen(ca) + 1);
    CHECK(first != 0);
    exchange_ours(first);
    CHECK_EQUAL(HAL_SSL_Destroy(first), 0);
    connect_theirs(&their, host, port, ca, certificate, key);
    exchange_theirs(&their);
    free_theirs(&their);
    first = HAL_SSL_Establish(host, (uint16_t)number(port), ca, (uint32_t)strlen(ca) + 1);
    CHECK(first != 0);
    exchange_ours(first);
    CHECK_EQUAL(HAL_SSL_Destroy(first), 0);
    /* A panic in ours must still find its way. */
    CHECK_EQUAL(HAL_SSL_Read(first, NULL, 1, 0), -1);
    return 0;
}
