// Any bytes as a table of a net's layers: refused through fail(), or plans whose cuts have the peak that they say. For
// libFuzzer; `make fuzz` runs it.
#include "input.h"

#include "checkpointing/own.h"
#include "checkpointing/plan.h"

static void
try_input(char *bytes, size_t size)
{
    enum { MOST = 40 }; // layers that are planned: the rest is slow
    static table_data t;
    int n;
    t = (table_data){0};
    if (setjmp(refused)) {
        table_free(&t);
        return;
    }
    checkpointing_layer *layers = checkpointing_own_parse(bytes, size, "costs.tsv", &t, &n);
    if (n <= MOST) {
        checkpointing_plan plans[MOST + 1];
        bool cut[MOST];
        checkpointing_plans(n, layers, plans);
        for (int j = 0; j <= n; j++) {
            checkpointing_cuts(n, layers, &plans[j], cut);
            double peak = checkpointing_peak(n, layers, j, cut);
            if (!(peak <= plans[j].peak * (1 + 1e-12) && peak >= plans[j].peak * (1 - 1e-12)))
                abort();
        }
        if (checkpointing_smallest(n, plans)->peak > plans[0].peak)
            abort();
    }
    table_free(&t);
    free(layers);
}
