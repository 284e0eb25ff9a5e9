#include "pkcs11_signer.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRYPTOKI_GNU
#include <p11-kit/pkcs11.h>

#define MOST_SLOTS 16
#define LONGEST_RAW 128

struct pkcs11_signer {
    void *library;
    struct ck_function_list *functions;
    ck_session_handle_t session;
    ck_object_handle_t key;
    /* A session does one operation at a time. */
    pthread_mutex_t lock;
};

static int failed(const char *what, ck_rv_t code)
{
    fprintf(stderr, "pkcs11_signer: %s failed (0x%08lx)\n", what, code);
    return 0;
}

/* Token labels are padded with blanks. */
static int has_label(const struct ck_token_info *info, const char *label)
{
    size_t length = strlen(label);

    if (length > sizeof(info->label) || memcmp(info->label, label, length) != 0) {
        return 0;
    }
    while (length < sizeof(info->label) && info->label[length] == ' ') {
        length++;
    }
    return length == sizeof(info->label);
}

static int open_session(struct pkcs11_signer *signer, const char *token)
{
    ck_slot_id_t slots[MOST_SLOTS];
    unsigned long count = MOST_SLOTS;
    struct ck_token_info info;
    ck_rv_t result = signer->functions->C_GetSlotList(1, slots, &count);

    if (result != CKR_OK) {
        return failed("listing the slots", result);
    }
    for (unsigned long i = 0; i < count; i++) {
        if (signer->functions->C_GetTokenInfo(slots[i], &info) == CKR_OK && has_label(&info, token)) {
            result = signer->functions->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL,
                                                      &signer->session);
            return result == CKR_OK || failed("opening a session", result);
        }
    }
    return failed("finding the token", CKR_TOKEN_NOT_PRESENT);
}

static int find_key(struct pkcs11_signer *signer, const char *label)
{
    ck_object_class_t private_key = CKO_PRIVATE_KEY;
    struct ck_attribute wanted[2];
    unsigned long count = 0;
    ck_rv_t result;

    wanted[0].type = CKA_CLASS;
    wanted[0].value = &private_key;
    wanted[0].value_len = sizeof(private_key);
    wanted[1].type = CKA_LABEL;
    wanted[1].value = (void *)label;
    wanted[1].value_len = strlen(label);
    result = signer->functions->C_FindObjectsInit(signer->session, wanted, 2);
    if (result == CKR_OK) {
        result = signer->functions->C_FindObjects(signer->session, &signer->key, 1, &count);
        signer->functions->C_FindObjectsFinal(signer->session);
    }
    if (result != CKR_OK || count != 1) {
        return failed("finding the key", result);
    }
    return 1;
}

static int prepare(struct pkcs11_signer *signer, const char *module, const char *token,
                   const char *pin, const char *key)
{
    CK_C_GetFunctionList get_functions;
    ck_rv_t result;

    signer->library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    if (signer->library == NULL) {
        fprintf(stderr, "pkcs11_signer: %s\n", dlerror());
        return 0;
    }
    /* ISO C has no conversion from an object pointer to a function pointer; POSIX does. */
    *(void **)&get_functions = dlsym(signer->library, "C_GetFunctionList");
    if (get_functions == NULL || get_functions(&signer->functions) != CKR_OK) {
        return failed("loading the module", CKR_GENERAL_ERROR);
    }
    result = signer->functions->C_Initialize(NULL);
    if (result != CKR_OK && result != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        signer->functions = NULL;
        return failed("initialising the module", result);
    }
    if (!open_session(signer, token)) {
        return 0;
    }
    result = signer->functions->C_Login(signer->session, CKU_USER, (unsigned char *)pin, strlen(pin));
    if (result != CKR_OK && result != CKR_USER_ALREADY_LOGGED_IN) {
        return failed("logging in", result);
    }
    return find_key(signer, key);
}

struct pkcs11_signer *pkcs11_signer_open(const char *module, const char *token, const char *pin,
                                         const char *key)
{
    struct pkcs11_signer *signer = (struct pkcs11_signer *)calloc(1, sizeof(*signer));

    if (signer == NULL) {
        return NULL;
    }
    pthread_mutex_init(&signer->lock, NULL);
    if (!prepare(signer, module, token, pin, key)) {
        pkcs11_signer_close(signer);
        return NULL;
    }
    return signer;
}

void pkcs11_signer_close(struct pkcs11_signer *signer)
{
    if (signer == NULL) {
        return;
    }
    if (signer->functions != NULL) {
        signer->functions->C_Finalize(NULL);
    }
    if (signer->library != NULL) {
        dlclose(signer->library);
    }
    pthread_mutex_destroy(&signer->lock);
    free(signer);
}

/* Writes one INTEGER of Ecdsa-Sig-Value: no leading zeros, and positive. Returns its length. */
static size_t write_integer(uint8_t *to, const uint8_t *number, size_t size)
{
    size_t at = 0;

    while (size > 1 && number[0] == 0) {
        number++;
        size--;
    }
    to[at++] = 0x02;
    to[at++] = (uint8_t)(size + (number[0] >> 7));
    if (number[0] & 0x80) {
        to[at++] = 0;
    }
    memcpy(to + at, number, size);
    return at + size;
}

/* PKCS#11 gives r and s one after the other; TLS wants the DER of Ecdsa-Sig-Value. P-384 and below. */
static int encode_ecdsa(const uint8_t *raw, size_t raw_size, uint8_t *signature, size_t *signature_size)
{
    uint8_t body[LONGEST_RAW + 8];
    size_t length;

    if (raw_size == 0 || raw_size % 2 != 0 || raw_size > 96) {
        return -1;
    }
    length = write_integer(body, raw, raw_size / 2);
    length += write_integer(body + length, raw + raw_size / 2, raw_size / 2);
    /* Below 128 bytes the length takes one byte. */
    if (length > 127 || length + 2 > *signature_size) {
        return -1;
    }
    signature[0] = 0x30;
    signature[1] = (uint8_t)length;
    memcpy(signature + 2, body, length);
    *signature_size = length + 2;
    return 0;
}

static int pss(struct ck_rsa_pkcs_pss_params *parameters, ck_mechanism_type_t hash,
               ck_rsa_pkcs_mgf_type_t mask, unsigned long salt)
{
    parameters->hash_alg = hash;
    parameters->mgf = mask;
    parameters->s_len = salt;
    return CKM_RSA_PKCS_PSS;
}

int pkcs11_signer_sign(void *context, int scheme, const uint8_t *input, size_t input_size,
                       uint8_t *signature, size_t *signature_size)
{
    struct pkcs11_signer *signer = (struct pkcs11_signer *)context;
    struct ck_rsa_pkcs_pss_params parameters;
    struct ck_mechanism mechanism;
    uint8_t raw[LONGEST_RAW];
    unsigned long length = *signature_size;
    int is_ecdsa = scheme == 0x0403 || scheme == 0x0503;
    ck_rv_t result;

    memset(&mechanism, 0, sizeof(mechanism));
    switch (scheme) {
    case 0x0401: /* PKCS#1 v1.5: the input is DigestInfo, which this mechanism pads and signs */
    case 0x0501:
    case 0x0601:
        mechanism.mechanism = CKM_RSA_PKCS;
        break;
    case 0x0804:
        mechanism.mechanism = pss(&parameters, CKM_SHA256, CKG_MGF1_SHA256, 32);
        break;
    case 0x0805:
        mechanism.mechanism = pss(&parameters, CKM_SHA384, CKG_MGF1_SHA384, 48);
        break;
    case 0x0806:
        mechanism.mechanism = pss(&parameters, CKM_SHA512, CKG_MGF1_SHA512, 64);
        break;
    case 0x0403:
    case 0x0503:
        mechanism.mechanism = CKM_ECDSA;
        length = sizeof(raw);
        break;
    default:
        return -1;
    }
    if (mechanism.mechanism == CKM_RSA_PKCS_PSS) {
        mechanism.parameter = &parameters;
        mechanism.parameter_len = sizeof(parameters);
    }
    pthread_mutex_lock(&signer->lock);
    result = signer->functions->C_SignInit(signer->session, &mechanism, signer->key);
    if (result == CKR_OK) {
        result = signer->functions->C_Sign(signer->session, (unsigned char *)input, input_size,
                                           is_ecdsa ? raw : signature, &length);
    }
    pthread_mutex_unlock(&signer->lock);
    if (result != CKR_OK) {
        failed("signing", result);
        return -1;
    }
    if (is_ecdsa) {
        return encode_ecdsa(raw, length, signature, signature_size);
    }
    *signature_size = length;
    return 0;
}
