/*
 * One thread reads, one writes, a third destroys the connection under them: both come back with an
 * error within the time that they were given, nothing crashes, and the handle stays dead.
 *
 *     three_threads --host H --port P --ca FILE --cert FILE --key FILE [--rounds N]
 */
#include "support.h"

#include <pthread.h>
#include <semaphore.h>

#include "linksdk_hal.h"

#define LINE "a line for the other side\n"
#define CALL_TIMEOUT_MS 10000

struct connection {
    uintptr_t handle;
    sem_t traffic; /* one for each answer that arrived */
};

static void *reader(void *argument)
{
    struct connection *connection = argument;
    char answer[sizeof(LINE) - 1];
    int count;

    /* A short timeout first, so that a read also ends by itself now and then. */
    do {
        count = HAL_SSL_Read(connection->handle, answer, sizeof(answer), 5);
    } while (count == 0);
    while (count >= 0) {
        sem_post(&connection->traffic);
        count = HAL_SSL_Read(connection->handle, answer, sizeof(answer), CALL_TIMEOUT_MS);
    }
    return NULL;
}

static void *writer(void *argument)
{
    struct connection *connection = argument;
    int count;

    do {
        count = HAL_SSL_Write(connection->handle, LINE, (int)sizeof(LINE) - 1, CALL_TIMEOUT_MS);
    } while (count >= 0);
    return NULL;
}

static void *destroyer(void *argument)
{
    struct connection *connection = argument;

    for (int i = 0; i < 20; i++) {
        sem_wait(&connection->traffic);
    }
    CHECK_EQUAL(HAL_SSL_Destroy(connection->handle), 0);
    return NULL;
}

static void one_round(const char *host, uint16_t port, const char *ca)
{
    struct connection connection;
    pthread_t threads[3];
    int64_t start;
    char byte;

    connection.handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
    CHECK(connection.handle != 0);
    sem_init(&connection.traffic, 0, 0);
    start = now_ms();
    CHECK_EQUAL(pthread_create(&threads[0], NULL, reader, &connection), 0);
    CHECK_EQUAL(pthread_create(&threads[1], NULL, writer, &connection), 0);
    CHECK_EQUAL(pthread_create(&threads[2], NULL, destroyer, &connection), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(now_ms() - start < CALL_TIMEOUT_MS);
    CHECK(HAL_SSL_Read(connection.handle, &byte, 1, 0) < 0);
    CHECK(HAL_SSL_Write(connection.handle, "x", 1, 0) < 0);
    sem_destroy(&connection.traffic);
}

int main(int argc, char *argv[])
{
    const char *rounds = option(argc, argv, "--rounds");
    const char *ca = read_file(required(argc, argv, "--ca"));

    collect_log();
    use_credentials(argc, argv);
    for (long i = rounds == NULL ? 10 : number(rounds); i > 0; i--) {
        one_round(required(argc, argv, "--host"), (uint16_t)number(required(argc, argv, "--port")),
                  ca);
        forget_reports();
    }
    return 0;
}
