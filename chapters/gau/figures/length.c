// Figure length: nets that were trained on 96 places, asked for texts of 48 to 384; the quadratic units also with the
// batch's n in place of the fixed one. What is paid above the oracle in the second half of the text.
#include "gau/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdio.h>

// Of a net at a length; batch: with the batch's n.
static gau_spread
paid(const gau_run *runs, gau_net net, bool batch, int which)
{
    double x[GAU_SEEDS];
    for (int seed = 0; seed < GAU_SEEDS; seed++) {
        const gau_run *run = &gau_runs_of(runs, net)[seed];
        x[seed] = batch ? run->batch_length[which] : run->at_length[which];
    }
    return gau_spread_of(x);
}

enum { SHORT, SAME, TWICE, FOURFOLD };

static void
claims(const gau_run *runs)
{
    const char *here = "first seen in a study before this program, with one or two seeds";
    double trap = paid(runs, GAU_QUADRATIC, true, SHORT).low;
    gau_spread quadratic = paid(runs, GAU_QUADRATIC, false, FOURFOLD);
    gau_spread local_below = paid(runs, GAU_LOCAL_LINEAR, false, FOURFOLD);
    gau_spread linear_below = paid(runs, GAU_LINEAR_LOCAL, false, FOURFOLD);
    gau_spread local = paid(runs, GAU_LOCAL, false, FOURFOLD);
    claim_above("length-batch",
                "length 48, quadratic: the batch's n, best of 3, over the fixed n, worst of 3", 4,
                trap / paid(runs, GAU_QUADRATIC, false, SHORT).high,
                "expected: all weights are four times as large", FOUND);
    claim_below("length-row",
                "length 48, quadratic divided by the row's keys: worst of 3, over that at 96", 1.5,
                paid(runs, GAU_QUADRATIC_ROW, false, SHORT).high /
                    paid(runs, GAU_QUADRATIC_ROW, false, SAME).high,
                here, FOUND);
    claim_above("length-quadratic", "length 384, quadratic: best of 3, nats", 1.5, quadratic.low,
                here, FOUND);
    claim_below("length-flash", "length 384: FLASH, worst of 3, over quadratic, best of 3", 0.5,
                paid(runs, GAU_FLASH_NET, false, FOURFOLD).high / quadratic.low, here, FOUND);
    claim_above("length-order",
                "length 384: local below, middle of 3, less linear below, middle of 3, nats", 0,
                local_below.middle - linear_below.middle, here, FOUND);
    claim_below("length-local", "length 384, local: worst of 3, over that at 96", 1.2,
                local.high / paid(runs, GAU_LOCAL, false, SAME).high,
                "expected: it never saw more than a chunk", FOUND);
    claim_above("length-softmax", "length 384, softmax with RoPE: best of 3, nats", 0.3,
                paid(runs, GAU_SOFTMAX_ROPE, false, FOURFOLD).low,
                "chapter rope: RoPE fails beyond the length of training", FOUND);
}

void
gau_figure_length(const gau_run *runs)
{
    table *t = program_table(
        "length", "net\tat_48\tat_96\tat_192\tat_384\tlow_48\thigh_48\tlow_384\thigh_384");
    for (int i = -1; i < GAU_ROTATED; i++) {
        bool batch = i < 0;
        gau_net net = batch ? GAU_QUADRATIC : gau_rotated[i];
        gau_spread at[GAU_LENGTHS];
        for (int which = 0; which < GAU_LENGTHS; which++)
            at[which] = paid(runs, net, batch, which);
        table_row(t, "sdddddddd", batch ? "quadratic_batch" : gau_net_name(net), at[0].middle,
                  at[1].middle, at[2].middle, at[3].middle, at[0].low, at[0].high, at[3].low,
                  at[3].high);
    }
    table_close(t);
    claims(runs);
}
