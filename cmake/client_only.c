/* In place of the server's side of Mbed TLS's handshake, which a client never takes (instead.cmake). */

/* MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE of Mbed TLS 2.28. */
#define FEATURE_UNAVAILABLE (-0x7080)

int __wrap_mbedtls_ssl_handshake_server_step(void *ssl);

int __wrap_mbedtls_ssl_handshake_server_step(void *ssl)
{
    (void)ssl;
    return FEATURE_UNAVAILABLE;
}
