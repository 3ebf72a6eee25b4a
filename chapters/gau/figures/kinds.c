// Figure kinds: what do nets of units of each kind, and a Transformer, pay above the oracle for texts with a topic?
// Places 48 to 95, three seeds. Figures saw-tooth and length look at the same nets.
#include "gau/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdio.h>

// The longest trainings first.
const gau_net gau_rotated[GAU_ROTATED] = {GAU_SOFTMAX_ROPE, GAU_QUADRATIC,      GAU_QUADRATIC_ROW,
                                          GAU_FLASH_NET,    GAU_OVERLAP_LINEAR, GAU_LOCAL_LINEAR,
                                          GAU_LINEAR_LOCAL, GAU_LINEAR_NORM,    GAU_LINEAR_DIVIDED,
                                          GAU_LINEAR_TIMES, GAU_LINEAR_PLAIN,   GAU_LOCAL};

enum { LANGUAGE_SEED = 1, SEED = 124, TEXTS = 1000 };

// What the oracle pays above itself where it may use the last words only: a mean over texts, places 48 to 95.
static void
write_oracle(const topics_language *l)
{
    static const int memory[] = {-1, 0, 1, 2, 4, 8};
    enum { MEMORIES = sizeof memory / sizeof *memory };
    double sum[MEMORIES] = {0};
    int texts = program_steps(TEXTS, 10);
    rng r = rng_at(SEED, 0);
    for (int i = 0; i < texts; i++) {
        int symbol[GAU_T + 1];
        double nll[GAU_T + 1];
        topics_sample(l, &r, GAU_T + 1, symbol);
        for (int m = 0; m < MEMORIES; m++) {
            topics_oracle(l, GAU_T + 1, symbol, memory[m], nll, NULL);
            for (int t = GAU_T / 2; t < GAU_T; t++)
                sum[m] += nll[t + 1] / texts / (GAU_T / 2);
        }
    }
    table *t = program_table("oracle", "words\tnats\tabove");
    for (int m = 0; m < MEMORIES; m++) {
        char words[16] = "all";
        if (memory[m] >= 0)
            snprintf(words, sizeof words, "%d", memory[m]);
        table_row(t, "sdd", words, sum[m], sum[m] - sum[0]);
    }
    table_close(t);
}

void
gau_write_kinds(const char *name, int n, const gau_net *nets, const gau_run *runs)
{
    table *t = program_table(name, "net\tparameters\tlow\tmiddle\thigh");
    for (int i = 0; i < n; i++) {
        gau_spread s = gau_late(runs, nets[i]);
        table_row(t, "siddd", gau_net_name(nets[i]), gau_runs_of(runs, nets[i])->parameters, s.low,
                  s.middle, s.high);
    }
    table_close(t);
}

static void
claims(const gau_run *runs)
{
    const char *here = "first seen in a study before this program, with one seed";
    gau_spread softmax = gau_late(runs, GAU_SOFTMAX_ROPE),
               quadratic = gau_late(runs, GAU_QUADRATIC);
    gau_spread norm = gau_late(runs, GAU_LINEAR_NORM), divided = gau_late(runs, GAU_LINEAR_DIVIDED);
    gau_spread below = gau_late(runs, GAU_LOCAL_LINEAR);
    claim_below(
        "kinds-softmax",
        "kinds: quadratic units, middle of 3, less the softmax Transformer, middle of 3, nats",
        0.05, quadratic.middle - softmax.middle,
        "Hua et al. 2022, abstract: a weaker single-head attention with minimal quality loss",
        IN_PART);
    claim_above("kinds-flash", "kinds: FLASH, best of 3, less quadratic units, worst of 3, nats", 0,
                gau_late(runs, GAU_FLASH_NET).low - quadratic.high, here, FOUND);
    claim_above("kinds-norm",
                "kinds: linear with the normaliser alone, best of 3, over with RMSNorm, worst of 3",
                1.3, divided.low / norm.high, here, FOUND);
    claim_changed("kinds-norm", "first: 3, from a factor five with one seed; here it is about two");
    gau_spread plain = gau_late(runs, GAU_LINEAR_PLAIN);
    claim_below("kinds-plain",
                "kinds: linear with neither normaliser nor RMSNorm, worst of 3, over with the "
                "normaliser, best "
                "of 3",
                0.9, plain.high / divided.low, "first seen here", FOUND);
    gau_spread times = gau_late(runs, GAU_LINEAR_TIMES);
    claim_below("kinds-times",
                "kinds: linear with the normaliser, answers times 16, worst of 3, over without the "
                "factor, best of 3",
                0.9, times.high / divided.low, "first seen here", FOUND);
    claim_above("kinds-plain-norm",
                "kinds: linear with neither, middle of 3, over with RMSNorm, middle of 3", 1,
                plain.middle / norm.middle,
                "Qin et al. 2022, abstract: a normalisation takes the scaling's place", IN_PART);
    claim_above(
        "kinds-local", "kinds: linear in all layers, middle of 3, over local below, middle of 3",
        1.2, norm.middle / below.middle,
        "Qin et al. 2022, abstract: diagonal attention in early layers, against dilution", IN_PART);
}

void
gau_figure_kinds(void)
{
    topics_language l = topics_new(LANGUAGE_SEED);
    write_oracle(&l);
    gau_run *runs = gau_runs_new(GAU_ROTATED, gau_rotated, &l);
    gau_write_kinds("kinds", GAU_ROTATED, gau_rotated, runs);
    gau_write_near("kinds-near", GAU_ROTATED, gau_rotated, runs);
    gau_write_norms("kinds-norms", GAU_ROTATED, gau_rotated, runs);
    claims(runs);
    gau_figure_saw_tooth(runs);
    gau_figure_length(runs);
    gau_runs_free(GAU_ROTATED, runs);
}
