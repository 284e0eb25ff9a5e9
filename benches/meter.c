/*
 * The allocator's functions in front of the C library's own: every library of the process, linked
 * statically or not, takes its memory through these.
 */
#define _GNU_SOURCE
#include "meter.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void __libc_free(void *memory);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long in_use;
static atomic_long peak;
static atomic_long threads;

static void *taken(void *memory)
{
    long now = atomic_fetch_add(&in_use, (long)malloc_usable_size(memory)) + (long)malloc_usable_size(memory);
    long before = atomic_load(&peak);

    while (now > before && !atomic_compare_exchange_weak(&peak, &before, now)) {
    }
    return memory;
}

static void given_back(void *memory)
{
    atomic_fetch_sub(&in_use, (long)malloc_usable_size(memory));
}

void *malloc(size_t size)
{
    return taken(__libc_malloc(size));
}

void free(void *memory)
{
    given_back(memory);
    __libc_free(memory);
}

void *calloc(size_t count, size_t size)
{
    return taken(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
    void *moved;
    long before = (long)malloc_usable_size(memory);

    moved = __libc_realloc(memory, size);
    if (moved != NULL || size == 0) {
        atomic_fetch_sub(&in_use, before);
        taken(moved);
    }
    return moved;
}

void *memalign(size_t alignment, size_t size)
{
    return taken(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = memalign(alignment, size);
    return *memory == NULL ? ENOMEM : 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    /* ISO C has no conversion from an object pointer to a function pointer; POSIX has. */
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    atomic_fetch_add(&threads, 1);
    return real(thread, attributes, start, argument);
}

long meter_heap(void)
{
    return atomic_load(&in_use);
}

long meter_peak(void)
{
    return atomic_load(&peak);
}

void meter_forget_peak(void)
{
    atomic_store(&peak, atomic_load(&in_use));
}

long meter_threads_started(void)
{
    return atomic_load(&threads);
}
