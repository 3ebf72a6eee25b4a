// Figure ceilings: what a head that reads no later symbol can know at best of the symbol j places after the next.
// Exact; what trained heads reach comes from figure training.
#include "speculative/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "speculative/language.h"

#include <stdlib.h>

enum { LANGUAGE_SEED = 1, HEADS = 4 };

void
speculative_figure_ceilings(void)
{
    speculative_zipf *z = speculative_zipf_new(LANGUAGE_SEED);
    double *ahead = memory_zeroed((long)z->l.S * z->l.V, sizeof *ahead, "a head"), least = 0;
    table *t = program_table("ceilings", "head\taccuracy\tloss");
    for (int j = 0; j <= HEADS; j++) {
        speculative_ahead(&z->l, j, ahead);
        speculative_ceiling c = speculative_ceiling_of(&z->l, z->states.stationary, ahead);
        table_row(t, "idd", j, c.accuracy, c.loss);
        least = j ? least : c.loss;
    }
    table_close(t);
    claim_near(
        "ceilings-entropy",
        "ceilings: the least loss of the next symbol, over states, is the entropy of a word by its "
        "mean length",
        zipf_entropy(&z->z), least, 1e-12, "algebra", CHECK);
    free(ahead);
    speculative_zipf_free(z);
}
