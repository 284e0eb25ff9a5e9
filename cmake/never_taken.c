/*
 * In place of functions of Mbed TLS 2.28 that its crate's configuration compiles in and this library never
 * takes (instead.cmake): the server's side of the handshake, and hashes and ciphers that are never offered
 * and that only tables of Mbed TLS name. Whoever calls one all the same hears that there is no such thing.
 */
#include <stddef.h>

/* MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE and MBEDTLS_ERR_PLATFORM_FEATURE_UNSUPPORTED. */
#define NO_SERVER (-0x7080)
#define UNSUPPORTED (-0x0072)

typedef const unsigned char *input;
typedef unsigned char *output;

#define NEVER_TAKEN(error, name, ...)      \
    int __wrap_mbedtls_##name(__VA_ARGS__); \
    int __wrap_mbedtls_##name(__VA_ARGS__) { return error; }

/* Parameters have no names: nothing looks at them. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

NEVER_TAKEN(NO_SERVER, ssl_handshake_server_step, void *ssl)

#define HASH(name)                                                                     \
    NEVER_TAKEN(UNSUPPORTED, name##_starts_ret, void *context)                          \
    NEVER_TAKEN(UNSUPPORTED, name##_update_ret, void *context, input bytes, size_t size) \
    NEVER_TAKEN(UNSUPPORTED, name##_finish_ret, void *context, output hash)             \
    NEVER_TAKEN(UNSUPPORTED, name##_ret, input bytes, size_t size, output hash)

HASH(md2)
HASH(md4)
HASH(ripemd160)
NEVER_TAKEN(UNSUPPORTED, internal_md2_process, void *context)
NEVER_TAKEN(UNSUPPORTED, internal_md4_process, void *context, input block)
NEVER_TAKEN(UNSUPPORTED, internal_ripemd160_process, void *context, input block)

#define CIPHER_MODES(name, feedback)                                                           \
    NEVER_TAKEN(UNSUPPORTED, name##_crypt_cbc, void *context, int mode, size_t size, output iv, \
                input bytes, output result)                                                    \
    NEVER_TAKEN(UNSUPPORTED, name##_crypt_##feedback, void *context, int mode, size_t size,     \
                size_t *offset, output iv, input bytes, output result)                         \
    NEVER_TAKEN(UNSUPPORTED, name##_crypt_ctr, void *context, size_t size, size_t *offset,      \
                output counter, output stream, input bytes, output result)

CIPHER_MODES(aria, cfb128)
NEVER_TAKEN(UNSUPPORTED, aria_setkey_enc, void *context, input key, unsigned int bits)
NEVER_TAKEN(UNSUPPORTED, aria_setkey_dec, void *context, input key, unsigned int bits)
NEVER_TAKEN(UNSUPPORTED, aria_crypt_ecb, void *context, input block, output result)

CIPHER_MODES(camellia, cfb128)
NEVER_TAKEN(UNSUPPORTED, camellia_setkey_enc, void *context, input key, unsigned int bits)
NEVER_TAKEN(UNSUPPORTED, camellia_setkey_dec, void *context, input key, unsigned int bits)
NEVER_TAKEN(UNSUPPORTED, camellia_crypt_ecb, void *context, int mode, input block, output result)

CIPHER_MODES(blowfish, cfb64)
NEVER_TAKEN(UNSUPPORTED, blowfish_setkey, void *context, input key, unsigned int bits)
NEVER_TAKEN(UNSUPPORTED, blowfish_crypt_ecb, void *context, int mode, input block, output result)
