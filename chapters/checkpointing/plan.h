// Which layers of a net to compute again, from what each costs.
#ifndef CHECKPOINTING_PLAN_H
#define CHECKPOINTING_PLAN_H

#include <stdbool.h>

// Of one layer: bytes on the tape when its gradient is computed, values and gradients; bytes of its output;
// seconds of its forward.
typedef struct {
    double tape, out, seconds;
} checkpointing_layer;

// The first `again` layers are computed again, in segments; the others are kept.
typedef struct {
    int again;
    double peak;    // bytes
    double seconds; // of what is computed again
    double largest; // bytes of the tape that no segment exceeds
} checkpointing_plan;

// Bytes at the most, where segments end behind the layers with a cut, again - 1 among them: the outputs of the
// segments with their gradients, the largest segment's tape, and the tape of all layers that are kept.
double checkpointing_peak(int n, const checkpointing_layer *layers, int again, const bool *cut);

// plans[j], j = 0 .. n: the least peak where the first j layers are computed again.
void checkpointing_plans(int n, const checkpointing_layer *layers, checkpointing_plan *plans);

// Of those that fit into `bytes` the one that computes least again, of equal ones that with the least peak; NULL: none
// fits.
const checkpointing_plan *checkpointing_fitting(int n, const checkpointing_plan *plans,
                                                double bytes);

// The one with the least peak of all.
const checkpointing_plan *checkpointing_smallest(int n, const checkpointing_plan *plans);

// Where the plan's segments end: cut (n).
void checkpointing_cuts(int n, const checkpointing_layer *layers, const checkpointing_plan *plan,
                        bool *cut);

#endif
