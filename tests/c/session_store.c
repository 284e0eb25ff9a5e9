/*
 * Sessions that outlive a restart: each phase is a process of its own, as after a reset of the device.
 *
 *     session_store --host H --port P --ca FILE --cert FILE --key FILE --other-ca FILE --memory FILE
 *
 * The memory of the device is one file, which holds one entry: there is one server.
 */
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

#include "linksdk_hal.h"

#define MOST 8192

static const uint8_t device_key[16] = {1, 2, 3};
static const uint8_t other_key[16] = {3, 2, 1};

static const char *memory;
static char last_name[64];
static int saves;

static int load(void *context, const char *name, void *buffer, size_t size)
{
    FILE *file = fopen(memory, "rb");
    size_t length;

    CHECK(context == (void *)memory);
    CHECK_EQUAL(size, MOST);
    CHECK(strlen(name) > 0 && strlen(name) <= 28);
    snprintf(last_name, sizeof(last_name), "%s", name);
    if (file == NULL) {
        return 0;
    }
    length = fread(buffer, 1, size, file);
    fclose(file);
    return (int)length;
}

static int save(void *context, const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(memory, "wb");

    CHECK(context == (void *)memory && file != NULL);
    CHECK(strcmp(name, last_name) == 0);
    CHECK(size > 0 && size <= MOST);
    CHECK_EQUAL(fwrite(bytes, 1, size, file), size);
    saves++;
    return fclose(file);
}

static int erase(void *context, const char *name)
{
    CHECK(context == (void *)memory);
    CHECK(strcmp(name, last_name) == 0);
    remove(memory);
    return 0;
}

/*
 * The key-value memory of the Link SDK, in place of the SDK's: values are cut at 512 bytes, as on Linux.
 * Here each lies in a file of its own.
 */
#define LONGEST_VALUE 512
int HAL_Kv_Set(const char *key, const void *val, int len, int sync);
int HAL_Kv_Get(const char *key, void *val, int *buffer_len);
int HAL_Kv_Del(const char *key);

static const char *value_path(const char *key)
{
    static char path[1024];

    CHECK(strlen(key) <= 32);
    snprintf(path, sizeof(path), "%s.%s", memory, key);
    return path;
}

int HAL_Kv_Set(const char *key, const void *val, int len, int sync)
{
    FILE *file = fopen(value_path(key), "wb");

    CHECK(file != NULL);
    CHECK_EQUAL(sync, 1);
    fwrite(val, 1, (size_t)(len < LONGEST_VALUE ? len : LONGEST_VALUE), file);
    /* One session has several values; the first stands for all. */
    saves += strcmp(key + strlen(key) - 2, "_0") == 0;
    return fclose(file);
}

int HAL_Kv_Get(const char *key, void *val, int *buffer_len)
{
    FILE *file = fopen(value_path(key), "rb");

    if (file == NULL) {
        return -1;
    }
    *buffer_len = (int)fread(val, 1, (size_t)*buffer_len, file);
    fclose(file);
    return 0;
}

int HAL_Kv_Del(const char *key)
{
    return remove(value_path(key));
}

struct phase {
    const uint8_t *key;
    const char *ca;
    int kv;
};

/* Connects in a fresh process. 1: resumed, 0: a full handshake, whose session was saved. */
static int connect_after_restart(int argc, char *argv[], struct phase phase)
{
    pid_t child = fork();
    int status;

    CHECK(child >= 0);
    if (child == 0) {
        const char *ca = read_file(required(argc, argv, "--ca"));
        const char *more = phase.ca == NULL ? NULL : read_file(phase.ca);
        linksdk_connection_info_t info;
        uintptr_t handle;

        collect_log();
        use_credentials(argc, argv);
        if (phase.kv) {
            CHECK_EQUAL(linksdk_use_hal_kv(phase.key, 16), 0);
        } else {
            CHECK_EQUAL(linksdk_set_session_store(load, save, erase, (void *)memory, phase.key, 16), 0);
        }
        if (more != NULL) {
            CHECK_EQUAL(linksdk_add_trust_anchor(more), 0);
        }
        handle = HAL_SSL_Establish(required(argc, argv, "--host"),
                                   (uint16_t)number(required(argc, argv, "--port")), ca,
                                   (uint32_t)strlen(ca) + 1);
        CHECK(handle != 0);
        memset(&info, 0, sizeof(info));
        info.struct_size = sizeof(info);
        CHECK_EQUAL(linksdk_connection_info(handle, &info), 0);
        CHECK(strncmp(info.server_subject, "CN=", 3) == 0);
        CHECK_EQUAL(info.resumed + saves, 1);
        CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
        exit(info.resumed);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    if (WEXITSTATUS(status) > 1) {
        exit(1);
    }
    return WEXITSTATUS(status);
}

/* Changes one byte in the middle of what is stored. */
static void tamper(void)
{
    FILE *file = fopen(memory, "r+b");
    int byte;

    CHECK(file != NULL);
    CHECK_EQUAL(fseek(file, 100, SEEK_SET), 0);
    byte = fgetc(file);
    CHECK_EQUAL(fseek(file, 100, SEEK_SET), 0);
    fputc(byte ^ 1, file);
    fclose(file);
}

static void sessions_survive(int argc, char *argv[])
{
    const struct phase usual = {device_key, NULL, 0};
    const struct phase stolen = {other_key, NULL, 0};
    const struct phase other_roots = {device_key, required(argc, argv, "--other-ca"), 0};
    const struct phase kv = {device_key, NULL, 1};

    remove(memory);
    CHECK_EQUAL(connect_after_restart(argc, argv, usual), 0);
    CHECK_EQUAL(connect_after_restart(argc, argv, usual), 1);
    CHECK_EQUAL(connect_after_restart(argc, argv, usual), 1);
    tamper();
    CHECK_EQUAL(connect_after_restart(argc, argv, usual), 0);
    CHECK_EQUAL(connect_after_restart(argc, argv, usual), 1);
    CHECK_EQUAL(connect_after_restart(argc, argv, stolen), 0);
    CHECK_EQUAL(connect_after_restart(argc, argv, usual), 0);
    /* Never across configurations. */
    CHECK_EQUAL(connect_after_restart(argc, argv, other_roots), 0);
    CHECK_EQUAL(connect_after_restart(argc, argv, usual), 0);
    CHECK_EQUAL(connect_after_restart(argc, argv, kv), 0);
    CHECK_EQUAL(connect_after_restart(argc, argv, kv), 1);
    CHECK_EQUAL(connect_after_restart(argc, argv, kv), 1);
}

int main(int argc, char *argv[])
{
    int mbedtls = strcmp(linksdk_engine(), "mbedtls") == 0;

    memory = required(argc, argv, "--memory");
    if (!mbedtls) {
        CHECK_EQUAL(linksdk_set_session_store(load, save, erase, NULL, device_key, 16), -0x0F0E);
        CHECK_EQUAL(linksdk_use_hal_kv(device_key, 16), -0x0F0E);
    } else {
        CHECK_EQUAL(linksdk_set_session_store(load, save, erase, NULL, device_key, 15), -0x113);
        CHECK_EQUAL(linksdk_set_session_store(load, save, erase, NULL, device_key, 65), -0x113);
        CHECK_EQUAL(linksdk_set_session_store(load, save, erase, NULL, NULL, 16), -0x113);
        CHECK_EQUAL(linksdk_use_hal_kv(device_key, 1), -0x113);
        sessions_survive(argc, argv);
    }
    CHECK_EQUAL(linksdk_set_session_store(load, NULL, erase, NULL, device_key, 16), -0x113);
    CHECK_EQUAL(linksdk_set_session_store(NULL, NULL, NULL, NULL, NULL, 0), 0);
    CHECK_EQUAL(linksdk_use_hal_kv(NULL, 0), 0);
    return 0;
}
