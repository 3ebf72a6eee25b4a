// Seconds of the wall clock, for tables of timings and nothing else: no reference and no claim.
#ifndef TIMING_H
#define TIMING_H

double timing_seconds(void);

// The median of the seconds that run(context) takes, over `rounds` calls.
double timing_median(int rounds, void (*run)(void *context), void *context);

#endif
