// For the page: what saving costs, and what combiners leave, by the chapter's laws.
#include "many_machines/laws.h"

#include <stddef.h>

enum { LIVE_V = 20000 };

// The overhead of saving every t seconds, 1 is none; the best interval; Young's.
double
many_machines_live_overhead(double t, double save, double between)
{
    return many_machines_overhead(t, save, between);
}

double
many_machines_live_best(double save, double between)
{
    return many_machines_best_interval(save, between);
}

double
many_machines_live_young(double save, double between)
{
    return many_machines_young(save, between);
}

// The share of n records of V Zipf words that M combiners leave, and the probability of the most frequent word.
double
many_machines_live_combined(int V, double n, double M)
{
    static double p[LIVE_V];
    many_machines_zipf(V, p);
    return many_machines_combined(V, p, n, M, NULL);
}

double
many_machines_live_first(int V)
{
    static double p[LIVE_V];
    many_machines_zipf(V, p);
    return p[0];
}
