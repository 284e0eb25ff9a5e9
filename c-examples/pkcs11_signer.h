/*
 * A private key in a PKCS#11 token, for linksdk_set_signer: copy both files into your firmware.
 *
 * The key never leaves the token; the library hands over what is to be signed.
 */
#ifndef PKCS11_SIGNER_H
#define PKCS11_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pkcs11_signer;

/*
 * Loads a PKCS#11 module, logs in to the token with this label, and finds the private key with this
 * label. Returns NULL, and prints why to stderr, when that fails.
 */
struct pkcs11_signer *pkcs11_signer_open(const char *module, const char *token, const char *pin,
                                         const char *key);

/* Logs out and frees the signer. Connections that use it must be over. */
void pkcs11_signer_close(struct pkcs11_signer *signer);

/* The function for linksdk_set_signer; context is the signer. Takes one request after the other. */
int pkcs11_signer_sign(void *context, int scheme, const uint8_t *input, size_t input_size,
                       uint8_t *signature, size_t *signature_size);

#ifdef __cplusplus
}
#endif

#endif
