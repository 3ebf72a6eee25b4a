// What can be computed about many machines before one is bought: records that a combiner leaves, the fullest reducer,
// the time until a block is lost, the cost of a sum, how often to save.
#ifndef MANY_MACHINES_LAWS_H
#define MANY_MACHINES_LAWS_H

#include "many_machines/many_machines.h"

// Zipf's law: p (V), p_k = 1 / (k H_V) for k = 1..V.
void many_machines_zipf(int V, double *p);

// The share of n records of keys p (V) that is left by combiners of M map tasks, each with n / M of them:
// M sum_k [1 - (1 - p_k)^(n / M)] / n. *variance, or NULL: that of the share, at most.
double many_machines_combined(int V, const double *p, double n, double M, double *variance);

// The mean time until all r replicas of a block are dead at once. Each dies at the rate lambda; a dead one is replaced
// at the rate mu, each on its own, or one at a time (`single`)..
double many_machines_time_to_loss(int r, double lambda, double mu, bool single);

// k of n machines die at once, and B blocks have r replicas each on different machines. What a block is lost with,
// C(k, r) / C(n, r); whether any is, of B blocks on random sets of r; and on n / r fixed sets.
double many_machines_block_lost(int n, int k, int r);
double many_machines_random_sets(int n, int k, int r, double B);
double many_machines_fixed_sets(int n, int k, int r);

// What a plan costs: how often the slowest chain of messages waits, and the words on it; for each step the most words
// that one rank sends or receives, added.
typedef struct {
    int latencies;
    long words;
} many_machines_cost;
many_machines_cost many_machines_plan_cost(const many_machines_plan *plan);

// The time over the useful time where every t seconds are saved in C, and machines fail with a mean of M between two:
// (M / t) (e^((t + C) / M) - 1). The best t of all, and Young's sqrt(2 C M).
double many_machines_overhead(double t, double C, double M);
double many_machines_best_interval(double C, double M);
double many_machines_young(double C, double M);

#endif
