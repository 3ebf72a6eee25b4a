// Any bytes as a table of a net's layers: refused through fail(), or plans whose cuts have the peak that they say. For
// libFuzzer; `make fuzz` runs it.
#include "refuse.h"

#include "checkpointing/own.h"
#include "checkpointing/plan.h"
#include "files/fail.h"

#include <stdint.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 40 }; // layers that are planned: the rest is slow
    static char *bytes;
    static table_data t;
    int n;
    fail_handler = give_up;
    bytes = malloc(size + 1);
    t = (table_data){0};
    memcpy(bytes, data, size);
    bytes[size] = 0;
    if (setjmp(refused)) {
        table_free(&t);
        free(bytes);
        return 0;
    }
    checkpointing_layer *layers = checkpointing_own_parse(bytes, size, "costs.tsv", &t, &n);
    if (n <= MOST) {
        checkpointing_plan plans[MOST + 1];
        bool cut[MOST];
        checkpointing_plans(n, layers, plans);
        for (int j = 0; j <= n; j++) {
            checkpointing_cuts(n, layers, &plans[j], cut);
            if (!(checkpointing_peak(n, layers, j, cut) <= plans[j].peak * (1 + 1e-12)))
                abort();
        }
        if (checkpointing_smallest(n, plans)->peak > plans[0].peak)
            abort();
    }
    table_free(&t);
    free(layers);
    free(bytes);
    return 0;
}
