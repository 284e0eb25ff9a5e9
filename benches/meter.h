/* Counts the heap and the threads of the program it is linked into. */
#ifndef BENCH_METER_H
#define BENCH_METER_H

/* Bytes in use now, as malloc_usable_size() counts them. */
long meter_heap(void);

/* The most bytes in use since the last meter_forget_peak(). */
long meter_peak(void);
void meter_forget_peak(void);

/* Threads started so far. */
long meter_threads_started(void);

#endif
