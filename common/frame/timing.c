#include "frame/timing.h"

#include "numbers/stats.h"

#include <time.h>

double
timing_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double
timing_thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double
timing_median(int rounds, void (*run)(void *context), void *context)
{
    double seconds[rounds];
    for (int i = 0; i < rounds; i++) {
        double start = timing_seconds();
        run(context);
        seconds[i] = timing_seconds() - start;
    }
    return stats_quartiles_of(rounds, seconds).middle;
}
