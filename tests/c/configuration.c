/*
 * The settings for later connections: validated when set, in force afterwards, taken back.
 *
 *     configuration --host H --port P --ca FILE --cert FILE --key FILE --other-ca FILE
 */
#include "support.h"

#include <time.h>

#include "linksdk_hal.h"

static const char *host;
static uint16_t port;

static uintptr_t connect_with(const char *ca)
{
    return HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
}

/* Connects, which must succeed, and says with what. */
static linksdk_connection_info_t agreed(const char *ca)
{
    linksdk_connection_info_t info;
    uintptr_t handle = connect_with(ca);

    CHECK(handle != 0);
    memset(&info, 0, sizeof(info));
    info.struct_size = sizeof(info);
    CHECK_EQUAL(linksdk_connection_info(handle, &info), 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    return info;
}

static void versions(const char *ca)
{
    int mbedtls = strcmp(linksdk_engine(), "mbedtls") == 0;
    const char *newest = mbedtls ? "TLSv1.2" : "TLSv1.3";

    CHECK(mbedtls || strcmp(linksdk_engine(), "rustls") == 0);
    CHECK_EQUAL(linksdk_set_tls_versions(0x0302, 0x0304), -0x113);
    CHECK_EQUAL(linksdk_set_tls_versions(0x0304, 0x0303), -0x113);
    CHECK_EQUAL(linksdk_set_tls_versions(0, -1), -0x113);
    CHECK(strcmp(agreed(ca).protocol, newest) == 0);
    CHECK_EQUAL(linksdk_set_tls_versions(0x0303, 0x0303), 0);
    CHECK(strcmp(agreed(ca).protocol, "TLSv1.2") == 0);
    CHECK_EQUAL(linksdk_set_tls_versions(0x0303, 0x0304), 0);
    CHECK(strcmp(agreed(ca).protocol, newest) == 0);
    CHECK_EQUAL(linksdk_set_tls_versions(0x0304, 0x0304), mbedtls ? -0x0F0E : 0);
    CHECK(strcmp(agreed(ca).protocol, newest) == 0);
    CHECK_EQUAL(linksdk_set_tls_versions(0x0303, 0x0304), 0);
}

static void credentials(const char *ca, const char *certificate_file, const char *key_file)
{
    const char *certificate = read_file(certificate_file);
    const char *key = read_file(key_file);

    CHECK(g_cli_crt == NULL && g_cli_key == NULL);
    CHECK_EQUAL(agreed(ca).device_authenticated, 0);
    CHECK_EQUAL(linksdk_set_credentials(certificate, NULL), -0x0F03);
    CHECK_EQUAL(linksdk_set_credentials(NULL, key), -0x0F03);
    CHECK_EQUAL(linksdk_set_credentials(key, key), -0x0F02);
    CHECK_EQUAL(linksdk_set_credentials("", ""), -0x0F02);
    CHECK_EQUAL(agreed(ca).device_authenticated, 0);
    CHECK_EQUAL(linksdk_set_credentials(certificate, key), 0);
    CHECK_EQUAL(agreed(ca).device_authenticated, 1);
    CHECK_EQUAL(linksdk_set_credentials(NULL, NULL), 0);
    CHECK_EQUAL(agreed(ca).device_authenticated, 0);

    CHECK_EQUAL(linksdk_set_credentials_files(NULL, key_file), -0x113);
    CHECK_EQUAL(linksdk_set_credentials_files(certificate_file, "/no/such/file"), -0x113);
    CHECK_EQUAL(linksdk_set_credentials_files(key_file, certificate_file), -0x0F02);
    CHECK_EQUAL(agreed(ca).device_authenticated, 0);
    CHECK_EQUAL(linksdk_set_credentials_files(certificate_file, key_file), 0);
    CHECK_EQUAL(agreed(ca).device_authenticated, 1);
}

static void trust_anchors(const char *ca, const char *other_ca)
{
    CHECK_EQUAL(linksdk_add_trust_anchor(NULL), -0x113);
    CHECK_EQUAL(linksdk_add_trust_anchor("no certificate"), -0x0F05);
    CHECK_EQUAL(connect_with(other_ca), 0);
    CHECK_EQUAL(linksdk_add_trust_anchor(ca), 0);
    agreed(other_ca);
    CHECK_EQUAL(linksdk_clear_trust_anchors(), 0);
    CHECK_EQUAL(connect_with(other_ca), 0);
}

static int64_t told_time(void *context)
{
    return *(int64_t *)context;
}

static void time_source(const char *ca)
{
    const int64_t year_2200 = INT64_C(7258118400);
    int64_t now = 0;

    CHECK_EQUAL(linksdk_set_time_source(told_time, &now), 0);
    CHECK_EQUAL(connect_with(ca), 0); /* 1970: nothing is valid yet */
    now = year_2200;
    CHECK_EQUAL(connect_with(ca), 0);
    now = -1;
    CHECK_EQUAL(connect_with(ca), 0);
    CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F04);
    now = INT64_MAX;
    CHECK_EQUAL(connect_with(ca), 0);
    now = (int64_t)time(NULL);
    agreed(ca);
    CHECK_EQUAL(linksdk_set_time_source(NULL, NULL), 0);
    agreed(ca);
}

static void timeout(const char *ca)
{
    CHECK_EQUAL(linksdk_set_establish_timeout(99), -0x113);
    CHECK_EQUAL(linksdk_set_establish_timeout(120001), -0x113);
    CHECK_EQUAL(linksdk_set_establish_timeout(UINT32_MAX), -0x113);
    CHECK_EQUAL(linksdk_set_establish_timeout(120000), 0);
    agreed(ca);
}

int main(int argc, char *argv[])
{
    const char *ca = read_file(required(argc, argv, "--ca"));

    host = required(argc, argv, "--host");
    port = (uint16_t)number(required(argc, argv, "--port"));
    collect_log();
    versions(ca);
    credentials(ca, required(argc, argv, "--cert"), required(argc, argv, "--key"));
    trust_anchors(ca, read_file(required(argc, argv, "--other-ca")));
    time_source(ca);
    timeout(ca);
    return 0;
}
