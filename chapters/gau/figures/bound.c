// Figure bound: how far can a weight p_j = s_j / sum s of linear attention move? The largest |dp/dq| and |dp/dk| among
// random queries and keys of every size, and |dp/ds|, for five features.
#include "gau/bound.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "gau/figures/figures.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>

enum { SEED = 122, SIZES = 24, DRAWS = 1500, KEYS = 4, WIDEST = 8 };
static const char *const names[GAU_MAPS] = {"elu", "exp", "softplus", "relu", "square"};

typedef struct {
    double dq, dk, ds;
} largest;

// One query and KEYS keys of values N(0, size^2), of width d.
static void
draw(gau_map map, int d, double size, rng *r, largest *most)
{
    double q[WIDEST], k[KEYS * WIDEST], p[KEYS], ds[KEYS], dq[KEYS * WIDEST], dk[KEYS * WIDEST];
    for (int a = 0; a < d; a++)
        q[a] = size * rng_normal(r);
    for (int i = 0; i < KEYS * d; i++)
        k[i] = size * rng_normal(r);
    if (gau_gradient_bound(map, d, KEYS, q, k, p, ds, dq, dk) == 0)
        return;
    for (int j = 0; j < KEYS; j++)
        most->ds = fmax(most->ds, fabs(ds[j]));
    for (int i = 0; i < KEYS * d; i++) {
        most->dq = fmax(most->dq, fabs(dq[i]));
        most->dk = fmax(most->dk, fabs(dk[i]));
    }
}

static double
of_both(largest x)
{
    return fmax(x.dq, x.dk);
}

static void
claims(const largest most[GAU_MAPS])
{
    const char *theorem = "theorem of this chapter: 0 <= phi' <= phi";
    const char *unbounded =
        "Qin et al. 2022, introduction: the scaling renders unbounded gradients";
    claim_below("bound-elu", "elu + 1: the largest |dp/dq|, |dp/dk| of all draws", 0.25 + 1e-9,
                of_both(most[GAU_MAP_ELU]), theorem, CHECK);
    claim_below("bound-exp", "exp: the same", 0.25 + 1e-9, of_both(most[GAU_MAP_EXP]), theorem,
                CHECK);
    claim_below("bound-softplus", "softplus: the same", 0.25 + 1e-9,
                of_both(most[GAU_MAP_SOFTPLUS]), theorem, CHECK);
    claim_above("bound-scores", "elu + 1: the largest |dp/ds| of the same draws", 1e6,
                most[GAU_MAP_ELU].ds, unbounded, REPRODUCED);
    claim_above("bound-relu", "max(x, 0): the largest |dp/dq|, |dp/dk|", 2.5,
                of_both(most[GAU_MAP_RELU]), "expected: phi'/phi = 1/x is not bounded", FOUND);
    claim_above("bound-square", "x^2: the same", 2.5, of_both(most[GAU_MAP_SQUARE]),
                "expected: phi'/phi = 2/x is not bounded", FOUND);
}

void
gau_figure_bound(void)
{
    largest most[GAU_MAPS] = {{0}};
    int draws = program_steps(DRAWS, 50);
    table *t = program_table("bound", "size\telu\texp\tsoftplus\trelu\tsquare");
    for (int i = 0; i < SIZES; i++) {
        double size = 0.1 * exp64(log64(200) * i / (SIZES - 1)), here[GAU_MAPS];
        for (int map = 0; map < GAU_MAPS; map++) {
            rng r = rng_at(SEED, i);
            largest x = {0};
            for (int n = 0; n < draws; n++)
                draw(map, 1 + n % WIDEST, size, &r, &x);
            here[map] = of_both(x);
            most[map] = (largest){fmax(most[map].dq, x.dq), fmax(most[map].dk, x.dk),
                                  fmax(most[map].ds, x.ds)};
        }
        table_row(t, "dddddd", size, here[0], here[1], here[2], here[3], here[4]);
    }
    table_close(t);
    t = program_table("bound-largest", "phi\tdp_dq\tdp_dk\tdp_ds");
    for (int map = 0; map < GAU_MAPS; map++)
        table_row(t, "sddd", names[map], most[map].dq, most[map].dk, most[map].ds);
    table_close(t);
    claims(most);
}
