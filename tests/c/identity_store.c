/*
 * The identity outlives a restart: each start is a process of its own, as after a reset of the device.
 *
 *     identity_store --host H --port P --ca FILE --cert FILE --key FILE --file FILE
 *                    --product-key PK --device-name DN --platform-log FILE
 */
#include "support.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "infra_compat.h"
#include "mqtt_api.h"

#include "linksdk_hal.h"

static const char *path;
static int use_functions;
static int use_kv;
static int identities;

static int on_identity(const char *payload)
{
    (void)payload;
    identities++;
    return 0;
}

/* One small file is the memory behind all three ways. */
static int load(void *context, void *buffer, size_t size)
{
    FILE *file = fopen(context, "rb");
    int length;

    if (file == NULL) {
        return -1;
    }
    length = (int)fread(buffer, 1, size, file);
    fclose(file);
    return length;
}

static int save(void *context, const void *bytes, size_t size)
{
    FILE *file = fopen(context, "wb");

    CHECK(file != NULL && size <= 256);
    CHECK_EQUAL(fwrite(bytes, 1, size, file), size);
    return fclose(file);
}

static int erase(void *context)
{
    return remove(context);
}

int HAL_Kv_Set(const char *key, const void *val, int len, int sync);
int HAL_Kv_Get(const char *key, void *val, int *buffer_len);
int HAL_Kv_Del(const char *key);

int HAL_Kv_Set(const char *key, const void *val, int len, int sync)
{
    CHECK(strcmp(key, "linksdk_identity") == 0 && sync == 1);
    return save((void *)path, val, (size_t)len);
}

int HAL_Kv_Get(const char *key, void *val, int *buffer_len)
{
    CHECK(strcmp(key, "linksdk_identity") == 0);
    *buffer_len = load((void *)path, val, (size_t)*buffer_len);
    return *buffer_len > 0 ? 0 : -1;
}

int HAL_Kv_Del(const char *key)
{
    CHECK(strcmp(key, "linksdk_identity") == 0);
    return erase((void *)path);
}

/* What a start has to look like. */
struct start {
    const char *user_name; /* of the first CONNECT */
    const char *said;      /* in the log, or NULL */
};

static void one_start(int argc, char *argv[], struct start expected)
{
    const char *product_key = required(argc, argv, "--product-key");
    char key[IOTX_PRODUCT_KEY_LEN + 1] = "";
    char name[IOTX_DEVICE_NAME_LEN + 1] = "";
    iotx_mqtt_param_t parameters;
    void *client;

    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    IOT_RegisterCallback(ITE_STATE_EVERYTHING, collect_state);
    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity);
    if (use_kv) {
        CHECK_EQUAL(linksdk_identity_in_hal_kv(1), 0);
    } else if (use_functions) {
        CHECK_EQUAL(linksdk_set_identity_store(load, save, erase, (void *)path), 0);
    } else {
        CHECK_EQUAL(linksdk_identity_store_file(path), 0);
    }
    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    CHECK(state_reported(-0x0327, expected.user_name));
    CHECK(expected.said == NULL || log_contains(expected.said));
    IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, key);
    IOT_Ioctl(IOTX_IOCTL_GET_DEVICE_NAME, name);
    CHECK(strcmp(key, product_key) == 0);
    CHECK(strcmp(name, required(argc, argv, "--device-name")) == 0);
    CHECK(state_reported(-0x0329, product_key));
    CHECK_EQUAL(IOT_MQTT_Destroy(&client), 0);
}

static void restart(int argc, char *argv[], const char *user_name, const char *said)
{
    struct start expected = {user_name, said};
    pid_t child = fork();
    int status;

    CHECK(child >= 0);
    if (child == 0) {
        one_start(argc, argv, expected);
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        exit(1);
    }
}

/* One line of the platform's log has all of this: a CONNECT with these strings. */
static void check_connect(char *log, const char *before_bar, const char *user_name,
                          const char *empty_password)
{
    char client_id[256];
    char user[128];
    char *line;

    /* The strings of the Link SDK 3.2.0, byte for byte. */
    snprintf(client_id, sizeof(client_id),
             "\"client_id\":\"%s|timestamp=2524608000000,_v=sdk-c-3.2.0,securemode=2,"
             "signmethod=hmacsha256,lan=C,_ss=1,gw=0,ext=0|\"", before_bar);
    snprintf(user, sizeof(user), "\"user_name\":\"%s\"", user_name);
    line = strstr(log, client_id);
    CHECK(line != NULL);
    line = strtok(line, "\n");
    CHECK(strstr(line, user) != NULL);
    CHECK(strstr(line, empty_password) != NULL);
    CHECK(strstr(line, "\"has_password\":true") != NULL);
    CHECK(strstr(line, "\"keep_alive\":120,") != NULL);
}

static void check_connects(const char *path_of_log, const char *key, const char *name)
{
    char before_bar[64];
    char user_name[64];
    char *first = read_file(path_of_log);
    char *later = read_file(path_of_log);

    check_connect(first, ".", "&", "\"empty_password\":false");
    snprintf(before_bar, sizeof(before_bar), "%s.%s", key, name);
    snprintf(user_name, sizeof(user_name), "%s&%s", name, key);
    check_connect(later, before_bar, user_name, "\"empty_password\":true");
    free(first);
    free(later);
}

static void cut_file_to(long length)
{
    CHECK_EQUAL(truncate(path, length), 0);
}

int main(int argc, char *argv[])
{
    char user_name[64];
    struct stat information;
    FILE *file;

    path = required(argc, argv, "--file");
    remove(path);
    snprintf(user_name, sizeof(user_name), "%s&%s", required(argc, argv, "--device-name"),
             required(argc, argv, "--product-key"));
    CHECK_EQUAL(linksdk_identity_store_file(""), -0x113);
    CHECK_EQUAL(linksdk_identity_store_file(NULL), 0);
    CHECK_EQUAL(linksdk_set_identity_store(load, NULL, erase, NULL), -0x113);
    CHECK_EQUAL(linksdk_set_identity_store(NULL, NULL, NULL, NULL), 0);
    CHECK_EQUAL(linksdk_identity_in_hal_kv(2), -0x113);
    CHECK_EQUAL(linksdk_identity_in_hal_kv(0), 0);

    /* The first start does not know who the device is, the later ones do. */
    restart(argc, argv, "&", NULL);
    CHECK_EQUAL(stat(path, &information), 0);
    CHECK_EQUAL(information.st_mode & 0777, 0600);
    restart(argc, argv, user_name, NULL);
    check_connects(required(argc, argv, "--platform-log"), required(argc, argv, "--product-key"),
                   required(argc, argv, "--device-name"));
    use_functions = 1;
    restart(argc, argv, user_name, NULL);
    use_kv = 1;
    restart(argc, argv, user_name, NULL);
    use_functions = use_kv = 0;

    /* Damage is noticed, and mended by the platform's answer. */
    cut_file_to(20);
    restart(argc, argv, "&", "the stored identity is damaged");
    restart(argc, argv, user_name, NULL);

    /* An identity that is not this device's is refused, forgotten, and asked for anew. */
    use_functions = 1;
    file = fopen(path, "wb");
    CHECK(file != NULL);
    fputs("linksdk-identity 1\na1Other0000\nother-device\n"
          "5762b309cb825616ad04d381938fc46d7ba71b43eb16df7e0b8baa7f73b4f3fb\n", file);
    fclose(file);
    restart(argc, argv, "other-device&a1Other0000", "refused the stored identity");
    use_functions = 0;
    restart(argc, argv, user_name, NULL);
    return 0;
}
