/*
 * The C library's allocation in this program, counted, and failing where a test wants it to. Link
 * failing_memory.c into the program: it takes the place of malloc and its relatives.
 */
#ifndef LINKSDK_TEST_FAILING_MEMORY_H
#define LINKSDK_TEST_FAILING_MEMORY_H

#include <stdatomic.h>
#include <stdint.h>

#define MOST 200000 /* allocations that are counted */

extern atomic_int armed;    /* whether allocations are counted */
extern atomic_int counted;  /* since they are */
extern atomic_int fails_at; /* which one fails; 0: none */
extern atomic_llong live;   /* bytes in use */
/* Who asked for each allocation, noted while none fails; place 0: who asked for the one that failed.
   Shared with the processes that are forked. */
extern uint64_t *places;

/* Makes the places. 0 when that is not possible. */
int prepare_failing_memory(void);

#endif
