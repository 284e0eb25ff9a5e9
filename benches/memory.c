/*
 * Heap, stack, threads and wake-ups with one peer. Prints one JSON object.
 *
 *     memory-PEER --port P --idle-ms N --ca F --cert F --key F --tls 1.2|1.3
 *
 * Everything runs on a thread whose stack was painted before, so that the first connection, the most
 * expensive one, shows how deep it went. Connections are full handshakes.
 */
#define _GNU_SOURCE
#include "client.h"
#include "meter.h"

#include <dirent.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define STACK_SIZE (1024 * 1024)
#define PAINT 0xa5
#define MORE_CONNECTIONS 10
#define TRANSFER 16384

static char *stack;
static int idle_ms;
static char transferred[TRANSFER];

static struct {
    long first_peak;
    long first_idle;
    long after_transfer;
    long waiting_again;
    long each_peak;
    long each_idle;
    long stack_establish;
    long stack_all;
    long threads_started;
    long threads_idle;
    long switches;
} found;

/* How far below `top` the stack was ever written. */
static long depth(const char *top)
{
    const char *lowest = stack;

    while (lowest < top && (unsigned char)*lowest == PAINT) {
        lowest++;
    }
    return (long)(top - lowest);
}

static long threads_now(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    long threads = 0;

    while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
        threads += entry->d_name[0] != '.';
    }
    closedir(tasks);
    return threads;
}

static long switches_now(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
}

static void transfer(uintptr_t handle)
{
    request(handle, "E 16384");
    send_bytes(handle, transferred, TRANSFER);
    expect(handle, transferred, TRANSFER);
}

static void *measure(void *argument)
{
    uintptr_t more[MORE_CONNECTIONS];
    char top = 0;
    long start = meter_heap();
    long threads = meter_threads_started();
    uintptr_t handle;
    long one;

    meter_forget_peak();
    handle = connect_to("--port");
    found.first_peak = meter_peak() - start;
    found.stack_establish = depth(&top);
    found.threads_started = meter_threads_started() - threads;
    description(handle);
    found.first_idle = meter_heap() - start;
    transfer(handle);
    found.after_transfer = meter_heap() - start;
    found.stack_all = depth(&top);

    /* One read that nothing answers: waiting itself is one switch. */
    one = switches_now();
    HAL_SSL_Read(handle, transferred, 1, idle_ms);
    found.switches = switches_now() - one;
    found.threads_idle = threads_now() - 2;
    found.waiting_again = meter_heap() - start;

    one = meter_heap();
    for (int i = 0; i < MORE_CONNECTIONS; i++) {
        long before = meter_heap();

        meter_forget_peak();
        more[i] = connect_to("--port");
        /* The last one: what is kept for later connections is there by then. */
        found.each_peak = meter_peak() - before;
        description(more[i]);
    }
    found.each_idle = (meter_heap() - one) / MORE_CONNECTIONS;
    for (int i = 0; i < MORE_CONNECTIONS; i++) {
        HAL_SSL_Destroy(more[i]);
    }
    HAL_SSL_Destroy(handle);
    return argument;
}

/* The C library loads and keeps things for names and output; that is nobody's TLS. */
static void warm_up(void)
{
    struct addrinfo *addresses = NULL;

    getaddrinfo("localhost", NULL, NULL, &addresses);
    freeaddrinfo(addresses);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

int main(int argc, char *argv[])
{
    pthread_attr_t attributes;
    pthread_t thread;

    prepare(argc, argv);
    warm_up();
    idle_ms = atoi(option(argc, argv, "--idle-ms", "3000"));
    stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(stack, PAINT, STACK_SIZE);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, STACK_SIZE);
    if (pthread_create(&thread, &attributes, measure, NULL) != 0 || pthread_join(thread, NULL) != 0) {
        perror("memory: the measuring thread");
        return 1;
    }
    printf("{\"heap_first_peak\": %ld, \"heap_first_idle\": %ld, \"heap_after_16k\": %ld, "
           "\"heap_waiting_again\": %ld, \"heap_each_peak\": %ld, \"heap_each_idle\": %ld, "
           "\"stack_establish\": %ld, "
           "\"stack\": %ld, \"threads_started\": %ld, \"threads_idle\": %ld, \"idle_ms\": %d, "
           "\"switches\": %ld}\n",
           found.first_peak, found.first_idle, found.after_transfer, found.waiting_again,
           found.each_peak, found.each_idle, found.stack_establish, found.stack_all,
           found.threads_started, found.threads_idle, idle_ms, found.switches);
    return 0;
}
