#include "frame/parallel.h"

#include "frame/program.h"

void
parallel_runs(int n, void (*run)(int i, void *context), void *context)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads(program_threads())
    for (int i = 0; i < n; i++)
        run(i, context);
}
