/* The SDK's DTLS HAL, the other user of its Mbed TLS. */
int mbedtls_ssl_handshake(void);
int HAL_DTLSSession_create(void);

int HAL_DTLSSession_create(void)
{
    return mbedtls_ssl_handshake();
}
