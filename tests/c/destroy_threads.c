/*
 * IOT_MQTT_Destroy from any thread: while one yields, one publishes, and one waits for the answer to a
 * subscription, a fourth destroys the client. All come back at once with an error, nothing crashes, and
 * the dead client stays dead. In half of the rounds the client is without connection at that moment.
 *
 *     destroy_threads --host H --port P --control P --ca FILE --cert FILE --key FILE [--rounds N]
 */
#include "support.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "infra_compat.h"
#include "mqtt_api.h"

#include "linksdk_hal.h"

#define CALL_TIMEOUT_MS 20000
/* Far less than what a call may take by itself. */
#define AT_ONCE_MS 5000

static iotx_mqtt_param_t parameters;
static void *client;
static sem_t acknowledged;
static int ended; /* the thread that destroys has done it */

static void on_event(void *context, void *of, iotx_mqtt_event_msg_pt event)
{
    (void)context;
    (void)of;
    if (event->event_type == IOTX_MQTT_EVENT_PUBLISH_SUCCESS) {
        sem_post(&acknowledged);
    }
}

static int is_over(void)
{
    return __atomic_load_n(&ended, __ATOMIC_SEQ_CST);
}

static void *yields(void *of)
{
    int result;

    do {
        result = IOT_MQTT_Yield(of, CALL_TIMEOUT_MS);
        /* Only the end of the client is an error; a thread that comes late finds it, too. */
        CHECK(result == 0 || is_over());
    } while (result == 0);
    return NULL;
}

static void *publishes(void *of)
{
    static char payload[] = "payload";
    struct timespec pause = {0, 1000000};

    while (!is_over()) {
        /* Refused while there is no connection or ten wait; that is no end. */
        IOT_MQTT_Publish_Simple(of, "/ext/x", IOTX_MQTT_QOS1, payload, (int)strlen(payload));
        nanosleep(&pause, NULL);
    }
    CHECK(IOT_MQTT_Publish_Simple(of, "/ext/x", IOTX_MQTT_QOS1, payload, 7) < 0);
    return NULL;
}

static void *subscribes(void *of)
{
    struct timespec pause = {0, 1000000};
    int result;

    while (!is_over()) {
        IOT_MQTT_Subscribe_Sync(of, "/ext/y", IOTX_MQTT_QOS1, on_event, NULL, CALL_TIMEOUT_MS);
        nanosleep(&pause, NULL);
    }
    result = IOT_MQTT_Subscribe_Sync(of, "/ext/y", IOTX_MQTT_QOS1, on_event, NULL, CALL_TIMEOUT_MS);
    CHECK(result < 0);
    return NULL;
}

static void *destroys(void *of)
{
    void *handle = of;

    /* Set before: what the others get from here on may be the error. */
    __atomic_store_n(&ended, 1, __ATOMIC_SEQ_CST);
    CHECK_EQUAL(IOT_MQTT_Destroy(&handle), 0);
    CHECK(handle == NULL);
    return NULL;
}

static void one_round(uint16_t control_port, int connected)
{
    static void *(*const work[])(void *) = {yields, publishes, subscribes, destroys};
    pthread_t threads[4];
    int64_t start;

    client = IOT_MQTT_Construct(&parameters);
    CHECK(client != NULL);
    while (sem_trywait(&acknowledged) == 0) {
    }
    __atomic_store_n(&ended, 0, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work[i], client), 0);
    }
    /* All are at work. */
    for (int i = 0; i < 5; i++) {
        sem_wait(&acknowledged);
    }
    if (!connected) {
        control(control_port, "drop 0 stall");
        control(control_port, "rst");
        for (start = now_ms(); IOT_MQTT_CheckStateNormal(client) == 1;) {
            CHECK(now_ms() - start < CALL_TIMEOUT_MS);
        }
    }
    start = now_ms();
    CHECK_EQUAL(pthread_create(&threads[3], NULL, work[3], client), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(now_ms() - start < AT_ONCE_MS);
    CHECK(IOT_MQTT_Yield(client, 0) < 0);
    CHECK(IOT_MQTT_Destroy(&client) < 0);
    if (!connected) {
        /* So that nothing is left for the next client. */
        control(control_port, "rst");
    }
}

int main(int argc, char *argv[])
{
    const char *rounds = option(argc, argv, "--rounds");
    uint16_t control_port = (uint16_t)number(required(argc, argv, "--control"));

    collect_log();
    use_credentials(argc, argv);
    iotx_ca_crt = read_file(required(argc, argv, "--ca"));
    memset(&parameters, 0, sizeof(parameters));
    parameters.host = required(argc, argv, "--host");
    parameters.port = (uint16_t)number(required(argc, argv, "--port"));
    parameters.handle_event.h_fp = on_event;
    CHECK_EQUAL(sem_init(&acknowledged, 0, 0), 0);
    for (long i = rounds == NULL ? 10 : number(rounds); i > 0; i--) {
        one_round(control_port, i % 2 == 1);
        forget_reports();
    }
    return 0;
}
