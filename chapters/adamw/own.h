// The reader's own gradients: build/adamw/adamw --gradients FILE.npy.
#ifndef ADAMW_OWN_H
#define ADAMW_OWN_H

#include "adamw/adamw.h"
#include "files/npy.h"

// Recorded gradients: T steps of n weights.
typedef struct {
    int T, n;
    const double *g; // (T, n)
} adamw_own_gradients;

// The array (T, n) as such; `path` stands in messages. Another rank, no values, and values that are
// not finite or beyond 10^150, whose squares no double holds, are an error.
adamw_own_gradients adamw_own_take(const npy *a, const char *path);

// The number that `text` is, from `low` on and below `high`; `option` stands in the message of the
// error that anything else is.
double adamw_own_number(const char *option, const char *text, double low, double high);

// What the rules do with the gradients of one weight. Steps are in units of the rate.
typedef struct {
    double size;                 // the root of the mean of g^2
    double adam, plain, amsgrad; // the longest steps: Adam's, without the correction, AMSGrad's
    int at;                      // the step of Adam's longest, from 0
    double small;                // the part of the steps with |g| < 10 eps
    double strength; // the root of v^ at the end: decay times this is the strength of L2
    int gap; // the longest run of steps with |g| below a tenth of the largest; 0 if all are 0
} adamw_own_weight;
adamw_own_weight adamw_own_measure(const adamw_own_gradients *own, int i, const adamw_rule *rule);

// What is said of all weights together.
typedef struct {
    int longest, plain, amsgrad; // the weight with the longest step of each
    double bound;                // of Adam's after T steps, on any gradients; none: infinite
    double small;                // the part of all gradients below 10 eps
    double border;               // the steps of a gap from where on Adam may go the wrong way
    int far;                     // the weights with a longer one
    double least, middle, most;  // the decay's strength as L2
} adamw_own_summary;
adamw_own_summary adamw_own_sum_up(const adamw_own_gradients *own, const adamw_own_weight *all,
                                   const adamw_rule *rule, double decay);

// Reads the file, prints a summary and writes gradients.tsv, a row for each weight.
void adamw_own_report(const char *path, const adamw_rule *rule, double decay);

#endif
