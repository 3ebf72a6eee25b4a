// One drafted symbol of three, for the text to compute by hand: what is accepted, what is drawn after a rejection, and
// that both together are p.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "speculative/figures/figures.h"
#include "speculative/speculative.h"

#include <math.h>

void
speculative_figure_worked_example(void)
{
    enum { V = 3 };
    const double p[V] = {0.5, 0.3, 0.2}, q[V] = {0.2, 0.3, 0.5};
    double rest[V], error = 0, a = speculative_overlap(V, p, q);
    speculative_residual(V, p, q, rest);
    table *t = program_table("worked-example",
                             "symbol\tp\tq\tchance\taccepted\trest\tcorrected\ttogether");
    for (int x = 0; x < V; x++) {
        double chance = speculative_acceptance(p[x], q[x]);
        double accepted = q[x] * chance, corrected = (1 - a) * rest[x];
        table_row(t, "sddddddd", (const char *[]){"a", "b", "c"}[x], p[x], q[x], chance, accepted,
                  rest[x], corrected, accepted + corrected);
        error = fmax(error, fabs(accepted + corrected - p[x]));
    }
    table_close(t);
    claim_below("worked-exact", "what is accepted and what is corrected are together p", 1e-15,
                error, "algebra", CHECK);
}
