/*
 * What the C tests share: checks that print where they failed, the state events and log lines
 * that the library reported, command-line options, and the simulator's control channel.
 */
#ifndef LINKSDK_TEST_SUPPORT_H
#define LINKSDK_TEST_SUPPORT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when the condition does not hold: what follows would only mislead. */
#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            show_reports();                                                               \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                         \
    do {                                                                                      \
        long long is = (long long)(actual);                                                   \
        long long should_be = (long long)(expected);                                          \
        if (is != should_be) {                                                                \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, is, \
                    should_be);                                                               \
            show_reports();                                                                   \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

/* The value after --name on the command line; NULL when it is not given. */
const char *option(int argc, char *argv[], const char *name);
/* Like option(), and ends the program when it is not given. */
const char *required(int argc, char *argv[], const char *name);
/* A decimal or 0x number, with sign. */
long number(const char *text);

/* The whole file with a NUL at its end. It stays allocated: credentials are used to the end. */
char *read_file(const char *path);
/* Sets g_cli_crt and g_cli_key from the files of --cert and --key; what is not given stays NULL. */
void use_credentials(int argc, char *argv[]);

/* Milliseconds of a clock that never steps. */
int64_t now_ms(void);
/*
 * Milliseconds in which the calling thread could have run while others had the processor, since it
 * began: what a busy machine, and not the library, answers for. 0 where the kernel does not say.
 */
int64_t queued_ms(void);

/* So many milliseconds, or as many times more as a checker makes everything slower. */
int64_t patiently(int64_t milliseconds);

/* Keeps log lines and, in programs that link the registry, state events. */
void collect_log(void);
int collect_state(const int code, const char *message);
void forget_reports(void);
void show_reports(void);
/* Was a state event with this code reported whose message contains the text? */
int state_reported(int code, const char *text);
/* Does a log line contain the text? */
int log_contains(const char *text);

/* Sends one line to the simulator's control port and ends the program unless it answers ok. */
void control(uint16_t port, const char *command);

#endif
