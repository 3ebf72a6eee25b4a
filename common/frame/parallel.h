// Runs side by side: independent computations, each serial inside.
#ifndef PARALLEL_H
#define PARALLEL_H

// Calls run(i, context) for i = 0..n-1, spread over --threads. Begin with the longest. For computations in
// plain arrays; those with tensors take training_side_by_side.
void parallel_runs(int n, void (*run)(int i, void *context), void *context);

#endif
