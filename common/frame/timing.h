// Seconds of the wall clock, for tables of timings and nothing else: no reference and no claim.
#ifndef TIMING_H
#define TIMING_H

double timing_seconds(void);

// Seconds that the processor has worked for this thread: what is serial is timed steadily beside other work.
double timing_thread_seconds(void);

// The median of the seconds that run(context) takes, over `rounds` calls.
double timing_median(int rounds, void (*run)(void *context), void *context);

#endif
