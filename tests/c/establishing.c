/*
 * While one thread waits in HAL_SSL_Establish, others go on: other connections are used and destroyed at
 * once, and stale handles are as harmless as ever.
 *
 *     establishing --host H --port P --ca FILE
 *
 * The server completes the first handshake and sends back what it gets; it stalls in the second.
 */
#include "support.h"

#include <pthread.h>
#include <semaphore.h>

#include "linksdk_hal.h"

#define BOUND_MS 3000
#define AT_ONCE_MS 250

static const char *host;
static const char *ca;
static uint16_t port;
static sem_t begun;
static int64_t took;
static int64_t queued;

static void *establish(void *argument)
{
    int64_t start = now_ms();
    uintptr_t handle;

    (void)argument;
    sem_post(&begun);
    handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
    took = now_ms() - start;
    queued = queued_ms();
    return (void *)handle;
}

int main(int argc, char *argv[])
{
    pthread_t thread;
    uintptr_t handle;
    void *second;
    int64_t start;
    char answer[6];

    host = required(argc, argv, "--host");
    port = (uint16_t)number(required(argc, argv, "--port"));
    ca = read_file(required(argc, argv, "--ca"));
    collect_log();
    sem_init(&begun, 0, 0);
    handle = HAL_SSL_Establish(host, port, ca, (uint32_t)strlen(ca) + 1);
    CHECK(handle != 0);
    CHECK_EQUAL(linksdk_set_establish_timeout((uint32_t)patiently(BOUND_MS)), 0);
    start = now_ms();
    CHECK_EQUAL(pthread_create(&thread, NULL, establish, NULL), 0);
    sem_wait(&begun);

    CHECK_EQUAL(HAL_SSL_Write(handle, "hello\n", 6, 1000), 6);
    CHECK_EQUAL(HAL_SSL_Read(handle, answer, 6, 1000), 6);
    CHECK_EQUAL(HAL_SSL_Destroy(0), 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle), 0);
    CHECK_EQUAL(HAL_SSL_Destroy(handle + 1), 0);
    CHECK(now_ms() - start < patiently(BOUND_MS) / 2);

    CHECK_EQUAL(pthread_join(thread, &second), 0);
    CHECK(second == NULL);
    CHECK(took >= patiently(BOUND_MS));
    CHECK(took - queued <= patiently(BOUND_MS + AT_ONCE_MS));
    CHECK_EQUAL(linksdk_last_error(0, NULL, 0), -0x0F0B);
    return 0;
}
