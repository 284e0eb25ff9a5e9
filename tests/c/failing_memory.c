#define _GNU_SOURCE
#include "failing_memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/mman.h>

#define OWN 2             /* functions of this file that are no part of a place */
#define DEPTH (OWN + 5)   /* malloc and four callers */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

atomic_int armed;     /* whether allocations are counted */
atomic_int counted;   /* since they are */
atomic_int fails_at;  /* 0: none */
atomic_llong live;    /* bytes in use */
uint64_t *places;     /* of each allocation, shared with the children; 0: of the one that failed */
static __thread int inside; /* what must not be counted */

int prepare_failing_memory(void)
{
    void *callers[1];

    /* The first backtrace loads what it needs. */
    backtrace(callers, 1);
    places = mmap(NULL, MOST * sizeof(*places), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return places != MAP_FAILED;
}

/* Who asks for memory: the callers as one number. */
static uint64_t place(void)
{
    void *callers[DEPTH];
    uint64_t hash = 1469598103934665603u;
    int depth;

    inside = 1;
    depth = backtrace(callers, DEPTH);
    inside = 0;
    for (int i = OWN; i < depth; i++) {
        hash = (hash ^ (uintptr_t)callers[i]) * 1099511628211u;
    }
    return hash;
}

/* Whether this allocation has to fail. */
static int has_to_fail(void)
{
    int own;

    if (!atomic_load(&armed) || inside) {
        return 0;
    }
    own = atomic_fetch_add(&counted, 1) + 1;
    if (own < MOST && atomic_load(&fails_at) == 0) {
        places[own] = place();
    }
    if (own != atomic_load(&fails_at)) {
        return 0;
    }
    /* What arrives in one read differs from run to run, and with it the numbers. */
    places[0] = place();
    errno = ENOMEM;
    return 1;
}

static void *given(void *memory)
{
    atomic_fetch_add(&live, (long long)(memory == NULL ? 0 : malloc_usable_size(memory)));
    return memory;
}

void *malloc(size_t size)
{
    return has_to_fail() ? NULL : given(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return has_to_fail() ? NULL : given(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    long long before = old == NULL ? 0 : (long long)malloc_usable_size(old);
    void *memory;

    if (has_to_fail()) {
        return NULL;
    }
    memory = __libc_realloc(old, size);
    if (memory != NULL || size == 0) {
        atomic_fetch_sub(&live, before);
    }
    return given(memory);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return has_to_fail() ? NULL : given(__libc_memalign(alignment, size));
}

void *memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *got = aligned_alloc(alignment, size);

    if (got == NULL) {
        return ENOMEM;
    }
    *memory = got;
    return 0;
}

void free(void *memory)
{
    if (memory != NULL) {
        atomic_fetch_sub(&live, (long long)malloc_usable_size(memory));
    }
    __libc_free(memory);
}

/*
 * The C library's own resolver is left out: glibc does not recover from a failure in it, and finds no
 * name any more as long as the process lives.
 */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    int result;

    inside = 1;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    result = real(name, service, hints, list);
    inside = 0;
    return result;
}
