// Figure optimum: what do the losses make of a joint distribution that is known, of 5 pictures and 4 captions, if
// scores are free numbers and the expected loss is exact? And how much of the mutual information does a batch show?
#include "clip/figures/figures.h"
#include "clip/oracle.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>

enum { SEED = 370, X = 5, Y = 4, CELLS = X * Y, N = 4, STEPS = 16 };

static const char *const names[] = {"rows", "columns", "both", "sigmoid"};

// The larger the spread, the more a picture tells of its caption.
static clip_joint
joint_drawn(double spread, double p[CELLS])
{
    rng r = rng_at(SEED, 0);
    double sum = 0;
    for (int i = 0; i < CELLS; i++)
        sum += p[i] = exp64(spread * rng_normal(&r));
    for (int i = 0; i < CELLS; i++)
        p[i] /= sum;
    return clip_joint_new(X, Y, p);
}

// How far z - PMI is from one number on each row, on each column, and everywhere: the largest range.
typedef struct {
    double rows, columns, all, mean;
} spread;

static spread
spread_of(const clip_joint *j, const double *z)
{
    spread s = {0};
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < CELLS; i++) {
        double c = z[i] - j->pmi[i];
        s.mean += c / CELLS;
        low = fmin(low, c);
        high = fmax(high, c);
        s.rows = fmax(s.rows, fabs(c - (z[i / Y * Y] - j->pmi[i / Y * Y])));
        s.columns = fmax(s.columns, fabs(c - (z[i % Y] - j->pmi[i % Y])));
    }
    s.all = high - low;
    return s;
}

// Not all equal, so that what the loss leaves as it was shows.
static void
first_scores(int draw, double z[CELLS])
{
    rng r = rng_at(SEED, draw);
    for (int i = 0; i < CELLS; i++)
        z[i] = rng_normal(&r);
}

static void
learnt(const clip_joint *j)
{
    table *t = program_table("optimum", "x\ty\tpmi\trows\tcolumns\tboth\tsigmoid");
    table *steps = program_table("optimum-steps", "step\trows\tcolumns\tboth\tsigmoid");
    double z[4][CELLS], loss[4][STEPS + 1];
    spread s[4];
    for (clip_objective o = CLIP_ROWS; o <= CLIP_SIGMOID; o++) {
        first_scores(1, z[o]);
        clip_newton(j, o, N, STEPS, z[o], loss[o]);
        s[o] = spread_of(j, z[o]);
    }
    for (int i = 0; i < CELLS; i++)
        table_row(t, "iiddddd", i / Y, i % Y, j->pmi[i], z[0][i], z[1][i], z[2][i], z[3][i]);
    table_close(t);
    for (int k = 0; k <= STEPS; k++)
        table_row(steps, "idddd", k, loss[0][k] - loss[0][STEPS], loss[1][k] - loss[1][STEPS],
                  loss[2][k] - loss[2][STEPS], loss[3][k] - loss[3][STEPS]);
    table_close(steps);
    t = program_table("optimum-spread", "loss\tin_rows\tin_columns\tall\tmean");
    for (int o = 0; o < 4; o++)
        table_row(t, "sdddd", names[o], s[o].rows, s[o].columns, s[o].all, s[o].mean);
    table_close(t);
    const char *theorem = "this chapter's theorem";
    claim_below("optimum-rows", "one direction: z - PMI differs within a row by at most", 1e-6,
                s[CLIP_ROWS].rows, theorem, CHECK);
    claim_above("optimum-rows-free", "one direction: z - PMI differs from row to row by", 0.1,
                s[CLIP_ROWS].all, "expected: the softmax of a row does not see what is added to it",
                FOUND);
    claim_below("optimum-both", "both directions: z - PMI differs anywhere by at most", 1e-6,
                s[CLIP_BOTH].all, theorem, CHECK);
    claim_below("optimum-sigmoid", "sigmoid loss: z + log(N - 1) - PMI is at most", 1e-6,
                fmax(s[CLIP_SIGMOID].all, fabs(s[CLIP_SIGMOID].mean + log64(N - 1))), theorem,
                CHECK);
}

// log N less the least loss, which is below the mutual information and below log N.
static void
shown(const clip_joint *j)
{
    table *t = program_table("optimum-bound", "N\tlog_N\trows\tcolumns\tboth\tinformation");
    double before = 0, rises = INFINITY, left = INFINITY;
    for (int n = 2; n <= 16; n *= 2) {
        double bound[3];
        for (int o = 0; o < 3; o++)
            bound[o] = log64(n) - clip_expected(j, o, n, j->pmi, NULL, NULL);
        table_row(t, "iddddd", n, log64(n), bound[0], bound[1], bound[2], j->information);
        rises = fmin(rises, bound[CLIP_BOTH] - before);
        left = fmin(left, j->information - bound[CLIP_BOTH]);
        before = bound[CLIP_BOTH];
    }
    table_close(t);
    claim_above("bound-rises", "log N - L of the best scores: the least rise from N to 2 N", 0,
                rises,
                "van den Oord et al. 2018, sec. 2.3: the bound becomes tighter as N becomes larger",
                REPRODUCED);
    claim_above("bound-below", "the mutual information less log N - L, the least of all N", 0, left,
                "van den Oord et al. 2018, sec. 2.3: I >= log N - L", CHECK);
}

void
clip_figure_optimum(void)
{
    double p[CELLS];
    clip_joint j = joint_drawn(0.7, p);
    learnt(&j);
    shown(&j);
    clip_joint_free(&j);
}
