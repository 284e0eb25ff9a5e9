#include "support.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "linksdk_hal.h"

#define MAX_REPORTS 256
#define REPORT_SIZE 512

struct report {
    int is_state;
    int code;
    char text[REPORT_SIZE];
};

static pthread_mutex_t reports_lock = PTHREAD_MUTEX_INITIALIZER;
static struct report reports[MAX_REPORTS];
static int report_count;

/* Files stay allocated; here, where a leak checker finds them. */
static char *files[16];
static size_t file_count;

const char *option(int argc, char *argv[], const char *name)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    return NULL;
}

const char *required(int argc, char *argv[], const char *name)
{
    const char *value = option(argc, argv, name);

    if (value == NULL) {
        fprintf(stderr, "%s: %s is missing\n", argv[0], name);
        exit(2);
    }
    return value;
}

long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 0);

    if (*text == '\0' || *end != '\0') {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return value;
}

char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t room = 65536;
    size_t length;
    char *content = malloc(room);

    if (file == NULL || content == NULL) {
        perror(path);
        exit(2);
    }
    length = fread(content, 1, room, file);
    if (length == room || ferror(file)) {
        fprintf(stderr, "%s: too long or unreadable\n", path);
        exit(2);
    }
    fclose(file);
    content[length] = '\0';
    if (file_count < sizeof(files) / sizeof(files[0])) {
        files[file_count++] = content;
    }
    return content;
}

int64_t patiently(int64_t milliseconds)
{
    const char *slower = getenv("LINKSDK_SLOWER");

    return milliseconds * (slower == NULL ? 1 : number(slower));
}

void use_credentials(int argc, char *argv[])
{
    const char *certificate = option(argc, argv, "--cert");
    const char *key = option(argc, argv, "--key");

    g_cli_crt = certificate == NULL ? NULL : read_file(certificate);
    g_cli_key = key == NULL ? NULL : read_file(key);
}

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t queued_ms(void)
{
    /* Nanoseconds on a processor, and nanoseconds of waiting for one. */
    FILE *file = fopen("/proc/thread-self/schedstat", "r");
    long long running, queued = 0;

    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%lld %lld", &running, &queued) != 2) {
        queued = 0;
    }
    fclose(file);
    return queued / 1000000;
}

static void keep(int is_state, int code, const char *text)
{
    pthread_mutex_lock(&reports_lock);
    if (report_count < MAX_REPORTS) {
        struct report *place = &reports[report_count++];

        place->is_state = is_state;
        place->code = code;
        snprintf(place->text, sizeof(place->text), "%s", text == NULL ? "(NULL)" : text);
    }
    pthread_mutex_unlock(&reports_lock);
}

static void keep_log_line(int level, const char *line, void *context)
{
    (void)context;
    keep(0, level, line);
}

void collect_log(void)
{
    linksdk_set_log_hook(keep_log_line, NULL);
    linksdk_set_log_level(5);
    if (patiently(1) > 1) {
        CHECK_EQUAL(linksdk_set_establish_timeout((uint32_t)patiently(10000)), 0);
    }
}

int collect_state(const int code, const char *message)
{
    keep(1, code, message);
    return 0;
}

void forget_reports(void)
{
    pthread_mutex_lock(&reports_lock);
    report_count = 0;
    pthread_mutex_unlock(&reports_lock);
}

void show_reports(void)
{
    pthread_mutex_lock(&reports_lock);
    for (int i = 0; i < report_count; i++) {
        if (reports[i].is_state) {
            fprintf(stderr, "  state %c0x%04X: %s\n", reports[i].code < 0 ? '-' : ' ',
                    (unsigned)abs(reports[i].code), reports[i].text);
        } else {
            fprintf(stderr, "  log %d: %s\n", reports[i].code, reports[i].text);
        }
    }
    pthread_mutex_unlock(&reports_lock);
}

static int reported(int is_state, int code, const char *text)
{
    int found = 0;

    pthread_mutex_lock(&reports_lock);
    for (int i = 0; i < report_count && !found; i++) {
        found = reports[i].is_state == is_state && (!is_state || reports[i].code == code)
                && strstr(reports[i].text, text) != NULL;
    }
    pthread_mutex_unlock(&reports_lock);
    return found;
}

int state_reported(int code, const char *text)
{
    return reported(1, code, text);
}

int log_contains(const char *text)
{
    return reported(0, 0, text);
}

void control(uint16_t port, const char *command)
{
    struct sockaddr_in address;
    char answer[256];
    size_t length = 0;
    int connection = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof(address)) != 0
        || dprintf(connection, "%s\n", command) < 0) {
        perror("the simulator's control port");
        exit(1);
    }
    while (length < sizeof(answer) - 1) {
        ssize_t count = read(connection, answer + length, 1);

        if (count <= 0 || answer[length] == '\n') {
            break;
        }
        length++;
    }
    answer[length] = '\0';
    close(connection);
    if (strncmp(answer, "ok", 2) != 0) {
        fprintf(stderr, "the simulator answered '%s' to '%s'\n", answer, command);
        exit(1);
    }
}
