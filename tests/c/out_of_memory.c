/*
 * What happens when memory runs out while a connection is made, used and ended: at each allocation in
 * turn.
 *
 *     out_of_memory --host H --port P --ca FILE --cert FILE --key FILE --engine rustls|mbedtls
 *                   [--seconds S] [--careless 1] [--only N]
 *
 * A first child counts the allocations and notes from which place each is made: its callers. Then a child
 * for each of them connects while that allocation fails: every place the first and the last time that it
 * is reached, for which there is three times the time that is given; then others, spread evenly, until
 * the seconds are over. Each child has to end in one of these ways: the exchange is whole; a call fails as
 * documented, says why, and the next connection of the same process works; or the process aborts with the
 * message of Rust's allocator, or of glibc. A crash, a hang, wrong data or memory that is lost is a failure;
 * the one exception is a crash in Mbed TLS, which is counted.
 *
 * With --careless the child itself does not look at what malloc returns, to show that a crash would be
 * noticed. With --only one allocation fails, in this process: to look at what happened.
 */
#include "failing_memory.h"
#include "support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linksdk_hal.h"

#define LINE "0123456789 the quick brown fox\n"
#define REVERSED "xof nworb kciuq eht 9876543210\n"
#define CHILD_SECONDS 20  /* the default bound of a connection, twice */
#define AGAIN 4           /* what is lost is lost each time; what is kept for later is kept once */
#define LOST_BYTES 1024   /* each time */
#define MESSAGE "memory allocation of"    /* Rust's allocator */
#define OF_GLIBC "Fatal glibc error: failed to register TLS destructor: out of memory"

enum outcome { WHOLE = 0, REFUSED = 10, ENDED_LATER, CRASHED, ABORTED, OUTCOMES };


static const char *host;
static const char *ca;
static uint16_t port;
static int careless;
static int crashes_are_known; /* Mbed TLS does not check every allocation: docs/robustness.md */
static volatile sig_atomic_t in_library; /* a crash would be the library's */

/* One exchange. What it returns is the documented way in which it ended. */
static enum outcome attempt(void)
{
    const int length = (int)strlen(LINE);
    char answer[64];
    char why[128];
    uintptr_t handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
    enum outcome outcome = WHOLE;
    int written;
    int count;

    if (handle == 0) {
        CHECK(linksdk_last_error(0, why, sizeof(why)) < 0);
        CHECK(why[0] != '\0');
        fprintf(stderr, "no connection: %s\n", why);
        return REFUSED;
    }
    written = HAL_SSL_Write(handle, LINE, length, 5000);
    count = written == length ? HAL_SSL_Read(handle, answer, length, 5000) : -1;
    if (written != length || count != length) {
        CHECK(written < 0 || count < 0);
        CHECK(HAL_SSL_Read(handle, answer, length, 100) < 0);
        CHECK(HAL_SSL_Write(handle, LINE, length, 100) < 0);
        outcome = ENDED_LATER;
    } else {
        CHECK(memcmp(answer, REVERSED, (size_t)length) == 0);
    }
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    return outcome;
}

static enum outcome attempt_with(int failing)
{
    enum outcome outcome;

    atomic_store(&counted, 0);
    atomic_store(&fails_at, failing);
    atomic_store(&armed, 1);
    in_library = 0;
    if (careless) {
        volatile char *unchecked = malloc(16);

        unchecked[0] = 'x';
        free((char *)unchecked);
    }
    in_library = 1;
    outcome = attempt();
    atomic_store(&armed, 0);
    return outcome;
}

static void crash(int signal)
{
    (void)signal;
    _exit(in_library ? CRASHED : 1);
}

/* What a child does; never returns. */
static void one_child(int failing)
{
    enum outcome outcome;
    long long first;

    signal(SIGSEGV, crash);
    outcome = attempt_with(failing);

    if (outcome == WHOLE) {
        exit(WHOLE);
    }
    CHECK(failing != 0);
    /* The firmware goes on: the next connection works, and nothing is lost, whatever fails again. */
    CHECK_EQUAL(attempt(), WHOLE);
    first = atomic_load(&live);
    for (int again = 0; again < AGAIN; again++) {
        attempt_with(failing);
        CHECK_EQUAL(attempt(), WHOLE);
    }
    CHECK(atomic_load(&live) <= first + AGAIN * LOST_BYTES);
    exit((int)outcome);
}

/* Runs a child and says how it ended; anything that is not allowed ends this program. */
static enum outcome run_child(int failing, FILE *said)
{
    const struct rlimit no_core = {0, 0};
    char text[4096];
    size_t length;
    int status;
    pid_t child;

    fflush(NULL);
    CHECK(ftruncate(fileno(said), 0) == 0);
    rewind(said);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        alarm(CHILD_SECONDS);
        dup2(fileno(said), STDERR_FILENO);
        one_child(failing);
    }
    CHECK(waitpid(child, &status, 0) == child);
    rewind(said);
    length = fread(text, 1, sizeof(text) - 1, said);
    text[length] = '\0';
    if (WIFEXITED(status) && (WEXITSTATUS(status) == WHOLE || WEXITSTATUS(status) == REFUSED ||
                              WEXITSTATUS(status) == ENDED_LATER ||
                              (crashes_are_known && WEXITSTATUS(status) == CRASHED))) {
        return (enum outcome)WEXITSTATUS(status);
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
        (strstr(text, MESSAGE) != NULL || strstr(text, OF_GLIBC) != NULL)) {
        return ABORTED;
    }
    fprintf(stderr, "when allocation %d fails: %s %d\n%s\n", failing,
            WIFSIGNALED(status) ? "signal" : "exit status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), text);
    exit(1);
}

/* Whether this allocation is the first or the last of its place. */
static int is_at_an_end(int own, int total)
{
    int before = 0;
    int after = 0;

    for (int i = 1; i < own && !before; i++) {
        before = places[i] == places[own];
    }
    for (int i = own + 1; i <= total && !after; i++) {
        after = places[i] == places[own];
    }
    return !before || !after;
}

int main(int argc, char *argv[])
{
    const char *seconds = option(argc, argv, "--seconds");
    const int64_t begin = now_ms();
    const int64_t end = begin + (seconds == NULL ? 60 : number(seconds)) * 1000;
    const int is_rustls = strcmp(required(argc, argv, "--engine"), "rustls") == 0;
    int outcomes[OUTCOMES] = {0};
    int64_t next_line = now_ms() + 5000;
    FILE *said = tmpfile();
    char *tried = calloc(MOST, 1);
    char *reached = calloc(MOST, 1); /* whether its place was one where memory ran out */
    int tries = 0;
    int total = 0;
    int at_places = 0;
    int ends = 0;
    int ends_tried = 0;
    int left;

    host = required(argc, argv, "--host");
    port = (uint16_t)number(required(argc, argv, "--port"));
    ca = read_file(required(argc, argv, "--ca"));
    careless = option(argc, argv, "--careless") != NULL;
    crashes_are_known = !is_rustls;
    use_credentials(argc, argv);
    CHECK(said != NULL && tried != NULL && reached != NULL);

    CHECK(prepare_failing_memory());
    /* Backtraces of Rust take memory and time. */
    unsetenv("RUST_BACKTRACE");
    if (option(argc, argv, "--only") != NULL) {
        one_child((int)number(option(argc, argv, "--only")));
    }

    /* The child that counts. */
    CHECK_EQUAL(run_child(0, said), WHOLE);
    while (total + 1 < MOST && places[total + 1] != 0) {
        total++;
    }
    CHECK(total > 50 && total + 1 < MOST);

    for (int own = 1; own <= total; own++) {
        ends += is_at_an_end(own, total);
    }
    /* First the places, then what lies between them, ever more closely. */
    left = total;
    for (int step = 0; left > 0; step = step == 0 ? 64 : step / 2) {
        for (int own = 1; own <= total; own++) {
            if (tried[own] || (step == 0 ? !is_at_an_end(own, total) : own % step != 0)) {
                continue;
            }
            if (now_ms() > (step == 0 ? end + 2 * (end - begin) : end)) {
                left = 0;
                break;
            }
            tried[own] = 1;
            tries++;
            left--;
            places[0] = 0;
            outcomes[run_child(own, said)]++;
            for (int i = 1; i <= total; i++) {
                reached[i] |= places[i] == places[0];
            }
            ends_tried += step == 0;
            if (now_ms() > next_line) {
                printf("%d of %d allocations tried\n", tries, total);
                fflush(stdout);
                next_line += 5000;
            }
        }
        if (step == 1) {
            break;
        }
    }
    for (int own = 1; own <= total; own++) {
        at_places += reached[own];
    }
    printf("allocations of an exchange          %6d\n", total);
    printf("at places where memory ran out      %6d\n", at_places);
    printf("first and last of each place        %6d\n", ends);
    printf("tried of these                      %6d\n", ends_tried);
    printf("tried in all                        %6d\n", tries);
    printf("the exchange was whole all the same %6d\n", outcomes[WHOLE]);
    printf("no connection, with a reason        %6d\n", outcomes[REFUSED]);
    printf("ended later, with a reason          %6d\n", outcomes[ENDED_LATER]);
    printf("aborted, with a message             %6d\n", outcomes[ABORTED]);
    printf("crashed in Mbed TLS                 %6d\n", outcomes[CRASHED]);
    /* What docs/robustness.md says of the engines. */
    CHECK(outcomes[ABORTED] > 0);
    CHECK(is_rustls || outcomes[REFUSED] > outcomes[CRASHED] * 10);
    CHECK(ends_tried < ends || at_places > total - total / 10);
    CHECK(ends_tried > ends / 4);
    return 0;
}
