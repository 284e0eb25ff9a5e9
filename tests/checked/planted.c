/*
 * Mistakes of a program, made on purpose: each checker has to find its own (tests/c/checked.cmake).
 *
 *     planted none|leak|read|race|overflow
 *
 * `none` makes no mistake: two threads share a counter under a mutex of the library.
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wrappers_os.h"

static void *mutex;
static int counter;

static void *count(void *locked)
{
    for (int i = 0; i < 1000; i++) {
        if (locked != NULL) {
            HAL_MutexLock(mutex);
        }
        counter++;
        if (locked != NULL) {
            HAL_MutexUnlock(mutex);
        }
    }
    return NULL;
}

static int count_in_two_threads(void *locked)
{
    pthread_t threads[2];

    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, count, locked) != 0) {
            return 2;
        }
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

int main(int argc, char *argv[])
{
    const char *what = argc > 1 ? argv[1] : "";
    char *volatile memory = malloc(10);
    volatile int large = INT_MAX;
    int status = 0;

    if (memory == NULL) {
        return 2;
    }
    memset(memory, 1, 10);
    mutex = HAL_MutexCreate();
    if (strcmp(what, "none") == 0) {
        status = count_in_two_threads(mutex);
        status = status == 0 && counter != 2000 ? 1 : status;
    } else if (strcmp(what, "race") == 0) {
        status = count_in_two_threads(NULL);
    } else if (strcmp(what, "read") == 0) {
        printf("%d\n", memory[10]);
    } else if (strcmp(what, "overflow") == 0) {
        large += argc;
        printf("%d\n", large);
    } else if (strcmp(what, "leak") != 0) {
        status = 2;
    }
    HAL_MutexDestroy(mutex);
    if (strcmp(what, "leak") == 0) {
        memory = NULL;
    }
    free(memory);
    return status;
}
