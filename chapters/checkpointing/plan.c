#include "checkpointing/plan.h"

#include "files/memory.h"

#include <math.h>
#include <stdlib.h>

double
checkpointing_peak(int n, const checkpointing_layer *layers, int again, const bool *cut)
{
    double kept = 0, segment = 0, largest = 0;
    for (int i = 0; i < again; i++) {
        segment += layers[i].tape;
        if (segment > largest)
            largest = segment;
        if (cut[i]) {
            kept += 2 * layers[i].out;
            segment = 0;
        }
    }
    for (int i = again; i < n; i++)
        kept += layers[i].tape;
    return kept + largest;
}

// The least bytes of segments' ends where no segment has more than `most` on its tape: ends[i] of the first i layers,
// whose last segment begins at begins[i].
static void
cut_by(int n, const checkpointing_layer *layers, double most, double *ends, int *begins)
{
    ends[0] = 0;
    for (int i = 1; i <= n; i++) {
        double tape = layers[i - 1].tape;
        ends[i] = INFINITY;
        for (int from = i - 1; from >= 0 && tape <= most; from--) {
            double here = ends[from] + 2 * layers[i - 1].out;
            if (here < ends[i]) {
                ends[i] = here;
                begins[i] = from;
            }
            tape += from > 0 ? layers[from - 1].tape : 0;
        }
    }
}

void
checkpointing_plans(int n, const checkpointing_layer *layers, checkpointing_plan *plans)
{
    double kept = 0, seconds = 0;
    double *ends = memory_zeroed(n + 1, sizeof *ends, "a plan");
    int *begins = memory_zeroed(n + 1, sizeof *begins, "a plan");
    for (int j = 0; j <= n; j++)
        plans[j] = (checkpointing_plan){j, j ? INFINITY : 0, 0, 0};
    // Some segment is the largest: try each, for all j at once, its tape summed as cut_by sums it.
    for (int last = 0; last < n; last++) {
        double tape = 0;
        for (int first = last; first >= 0; first--) {
            tape += layers[first].tape;
            cut_by(n, layers, tape, ends, begins);
            for (int j = 1; j <= n; j++)
                if (ends[j] + tape < plans[j].peak) {
                    plans[j].peak = ends[j] + tape;
                    plans[j].largest = tape;
                }
        }
    }
    for (int j = 0; j <= n; j++) {
        plans[j].seconds = seconds;
        seconds += j < n ? layers[j].seconds : 0;
    }
    for (int j = n; j >= 0; j--) {
        plans[j].peak += kept;
        kept += j > 0 ? layers[j - 1].tape : 0;
    }
    free(ends);
    free(begins);
}

const checkpointing_plan *
checkpointing_fitting(int n, const checkpointing_plan *plans, double bytes)
{
    const checkpointing_plan *best = NULL;
    for (const checkpointing_plan *p = plans; p <= plans + n; p++) {
        if (p->peak > bytes)
            continue;
        if (!best || p->seconds < best->seconds ||
            (p->seconds == best->seconds && p->peak < best->peak))
            best = p;
    }
    return best;
}

const checkpointing_plan *
checkpointing_smallest(int n, const checkpointing_plan *plans)
{
    const checkpointing_plan *best = plans;
    for (const checkpointing_plan *p = plans; p <= plans + n; p++)
        if (p->peak < best->peak)
            best = p;
    return best;
}

void
checkpointing_cuts(int n, const checkpointing_layer *layers, const checkpointing_plan *plan,
                   bool *cut)
{
    double *ends = memory_zeroed(n + 1, sizeof *ends, "a plan");
    int *begins = memory_zeroed(n + 1, sizeof *begins, "a plan");
    cut_by(n, layers, plan->largest, ends, begins);
    for (int i = 0; i < n; i++)
        cut[i] = false;
    for (int i = plan->again; i > 0; i = begins[i])
        cut[i - 1] = true;
    free(ends);
    free(begins);
}
