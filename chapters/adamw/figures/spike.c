// Figure spike: what does one large gradient do? The steps of Adam on a gradient that is 1, and
// once S; and when it is clipped to 10 before.
#include "adamw/adamw.h"
#include "adamw/figures/figures.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>
#include <stddef.h>

enum { SPIKES = 4, STEPS = 3000 };
static const double sizes[SPIKES] = {30, 100, 1000, 1000}, theta[SPIKES] = {1e9, 1e9, 1e9, 10};
static const adamw_rule rule = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .uncorrected = true};

void
adamw_figure_spike(void)
{
    double w[SPIKES] = {0}, m[SPIKES], v[SPIKES], lost[SPIKES] = {0}, most[SPIKES] = {0},
           fifty[SPIKES];
    for (int k = 0; k < SPIKES; k++) // after many gradients of 1
        m[k] = v[k] = 1;
    table *out = program_table("spike", "step\ts30\ts100\ts1000\tclipped");
    table_row(out, "idddd", -1, 1.0, 1.0, 1.0, 1.0);
    for (int t = 0; t < STEPS; t++) {
        double step[SPIKES];
        for (int k = 0; k < SPIKES; k++) {
            double g = t == 0 ? sizes[k] : 1, h, before = w[k];
            adamw_clipped_move(&rule, t + 1, 1, 0, theta[k], 1, &w[k], &g, &h,
                               &(adamw_means){&m[k], &v[k], NULL});
            step[k] = before - w[k];
            lost[k] += 1 - step[k];
            most[k] = fmax(most[k], step[k]);
            fifty[k] = t == 50 ? step[k] : fifty[k];
        }
        if (t < 100 || t % 20 == 0)
            table_row(out, "idddd", t, step[0], step[1], step[2], step[3]);
    }
    table_close(out);
    out = program_table("spike-numbers", "spike\tclipped_to\tlongest\tafter_50\tlost");
    for (int k = 0; k < SPIKES; k++)
        table_row(out, "ddddd", sizes[k], fmin(theta[k], sizes[k]), most[k], fifty[k], lost[k]);
    table_close(out);
    claim_above("spike-lost", "a spike of 1000: what of the next 3000 steps is lost", 2500, lost[2],
                "ours: v forgets in 1 / (1 - beta2) steps, by its root in twice as many", FOUND);
    claim_below("spike-clipped", "the same, clipped to 10", 50, lost[3], "ours: clipping saves v",
                FOUND);
    claim_below("spike-once", "a spike of 1000: its own step, in rates", 3.3, most[2],
                "ours: about (1 - beta1) / sqrt(1 - beta2)", FOUND);
}
