/*
 * Every export of the TLS HAL with arguments that no sane caller passes: the documented failure
 * comes back, nothing crashes, and a live connection beside it does not notice.
 *
 *     bad_arguments_hal --host H --port P --ca FILE --cert FILE --key FILE
 */
#include "support.h"

#include <limits.h>

#include "linksdk_hal.h"

static const uintptr_t bad_handles[] = {0, 1, 2, 0x10001, 0x7fffffff, 0xffffffff, UINTPTR_MAX};
#define BAD_HANDLES (sizeof(bad_handles) / sizeof(bad_handles[0]))

static const char *host;
static uint16_t port;
static const char *ca;
static uint32_t ca_length;

static void dead(uintptr_t handle)
{
    char buffer[8] = "";
    linksdk_connection_info_t info;

    memset(&info, 0, sizeof(info));
    info.struct_size = sizeof(info);
    CHECK_EQUAL(linksdk_connection_info(handle, &info), -1);
    CHECK_EQUAL(linksdk_connection_info(handle, NULL), -1);
    CHECK(linksdk_last_error(handle, buffer, sizeof(buffer)) <= 0);
    CHECK(linksdk_last_error(handle, buffer, 0) <= 0);
    CHECK(linksdk_last_error(handle, NULL, sizeof(buffer)) <= 0);

    CHECK(HAL_SSL_Read(handle, buffer, (int)sizeof(buffer), 10) < 0);
    CHECK(HAL_SSL_Read(handle, NULL, 0, 0) < 0);
    CHECK(HAL_SSL_Read(handle, buffer, -1, -1) < 0);
    CHECK(HAL_SSL_Write(handle, buffer, (int)sizeof(buffer), 10) < 0);
    CHECK(HAL_SSL_Write(handle, NULL, 0, 0) < 0);
    CHECK(HAL_SSL_Write(handle, buffer, INT_MIN, INT_MIN) < 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
}

static void establish(void)
{
    size_t long_length = 100000;
    char *long_host = malloc(long_length + 1);
    char *unterminated = malloc(ca_length);

    CHECK(long_host != NULL && unterminated != NULL);
    memset(long_host, 'a', long_length);
    long_host[long_length] = '\0';
    /* As long as the length says, and no NUL: one byte more is not ours to read. */
    memset(unterminated, 'A', ca_length);

    CHECK_EQUAL(HAL_SSL_Establish(NULL, port, ca, ca_length), 0);
    CHECK_EQUAL(HAL_SSL_Establish("", port, ca, ca_length), 0);
    CHECK_EQUAL(HAL_SSL_Establish(long_host, port, ca, ca_length), 0);
    CHECK_EQUAL(HAL_SSL_Establish("not a host name", port, ca, ca_length), 0);
    CHECK_EQUAL(HAL_SSL_Establish("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", port, ca, ca_length), 0);
    CHECK_EQUAL(HAL_SSL_Establish(host, 0, ca, ca_length), 0);
    CHECK_EQUAL(HAL_SSL_Establish(host, port, NULL, 0), 0);
    CHECK_EQUAL(HAL_SSL_Establish(host, port, NULL, UINT32_MAX), 0);
    CHECK_EQUAL(HAL_SSL_Establish(host, port, ca, 0), 0);
    CHECK_EQUAL(HAL_SSL_Establish(host, port, ca, 1), 0);
    CHECK_EQUAL(HAL_SSL_Establish(host, port, "", 1), 0);
    CHECK_EQUAL(HAL_SSL_Establish(host, port, "no certificate", 15), 0);
    CHECK_EQUAL(HAL_SSL_Establish(host, port, unterminated, ca_length), 0);
    free(long_host);
    free(unterminated);
}

static void credentials(void)
{
    const char *certificate = g_cli_crt;
    const char *key = g_cli_key;

    g_cli_crt = "";
    CHECK_EQUAL(HAL_SSL_Establish(host, port, ca, ca_length), 0);
    g_cli_crt = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    CHECK_EQUAL(HAL_SSL_Establish(host, port, ca, ca_length), 0);
    g_cli_crt = certificate;
    g_cli_key = NULL;
    CHECK_EQUAL(HAL_SSL_Establish(host, port, ca, ca_length), 0);
    g_cli_key = certificate;
    CHECK_EQUAL(HAL_SSL_Establish(host, port, ca, ca_length), 0);
    g_cli_crt = key;
    g_cli_key = key;
    CHECK_EQUAL(HAL_SSL_Establish(host, port, ca, ca_length), 0);
    g_cli_crt = certificate;
}

static void live_connection(void)
{
    uintptr_t handle = HAL_SSL_Establish(host, port, ca, ca_length);
    char buffer[8] = "";

    CHECK(handle != 0);
    /* Neighbours of a live handle: another slot, another generation. */
    for (unsigned bit = 0; bit < sizeof(handle) * 8; bit++) {
        dead(handle ^ ((uintptr_t)1 << bit));
    }
    CHECK(HAL_SSL_Read(handle, NULL, 8, 10) < 0);
    CHECK(HAL_SSL_Read(handle, buffer, -1, 10) < 0);
    CHECK(HAL_SSL_Read(handle, buffer, INT_MIN, 10) < 0);
    CHECK(HAL_SSL_Write(handle, NULL, 8, 10) < 0);
    CHECK(HAL_SSL_Write(handle, buffer, -1, 10) < 0);
    CHECK(HAL_SSL_Write(handle, buffer, INT_MIN, 10) < 0);
    CHECK_EQUAL(HAL_SSL_Read(handle, NULL, 0, 10), 0);
    CHECK_EQUAL(HAL_SSL_Write(handle, NULL, 0, 10), 0);
    CHECK(HAL_SSL_Read(handle, buffer, 1, -1) < 0);
    CHECK(HAL_SSL_Read(handle, buffer, 1, INT_MIN) < 0);
    CHECK(HAL_SSL_Write(handle, buffer, 1, -1) < 0);
    /* The connection survived all of the above. */
    CHECK_EQUAL(HAL_SSL_Read(handle, buffer, 1, 10), 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    dead(handle);
    dead(handle);
}

static void *refuse_memory(uint32_t size)
{
    (void)size;
    return NULL;
}

static void release_nothing(void *memory)
{
    (void)memory;
}

static void hooks(void)
{
    linksdk_ssl_hooks_t only_malloc = {refuse_memory, NULL};
    linksdk_ssl_hooks_t only_free = {NULL, release_nothing};

    CHECK_EQUAL(ssl_hooks_set(NULL), -1);
    CHECK_EQUAL(ssl_hooks_set(&only_malloc), -1);
    CHECK_EQUAL(ssl_hooks_set(&only_free), -1);
    linksdk_set_log_hook(NULL, NULL);
    linksdk_set_log_level(INT_MIN);
    linksdk_set_log_level(-1);
    linksdk_set_log_level(INT_MAX);
}

int main(int argc, char *argv[])
{
    host = required(argc, argv, "--host");
    port = (uint16_t)number(required(argc, argv, "--port"));
    ca = read_file(required(argc, argv, "--ca"));
    ca_length = (uint32_t)strlen(ca) + 1;
    use_credentials(argc, argv);

    hooks();
    collect_log();
    for (size_t i = 0; i < BAD_HANDLES; i++) {
        dead(bad_handles[i]);
    }
    establish();
    credentials();
    live_connection();
    return 0;
}
