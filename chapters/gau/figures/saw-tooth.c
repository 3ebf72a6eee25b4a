// Figure saw-tooth: what is paid above the oracle at each place of a text, chunks of 24. At the first place of a chunk
// a local layer sees one key: its own.
#include "gau/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

static double
mean_place(const gau_run *runs, gau_net net, int place)
{
    double sum = 0;
    for (int seed = 0; seed < GAU_SEEDS; seed++)
        sum += gau_runs_of(runs, net)[seed].place[place] / GAU_SEEDS;
    return sum;
}

// The mean over the first places of the chunks but the text's first; and over the others of these chunks.
typedef struct {
    double first, others;
} tooth;

static tooth
tooth_of(const gau_run *run)
{
    tooth x = {0, 0};
    int chunks = GAU_T / GAU_C - 1;
    for (int place = GAU_C; place < GAU_T; place++)
        if (place % GAU_C == 0)
            x.first += run->place[place] / chunks;
        else
            x.others += run->place[place] / (chunks * (GAU_C - 1));
    return x;
}

// How much more is paid at the first place.
static gau_spread
height(const gau_run *runs, gau_net net)
{
    double x[GAU_SEEDS];
    for (int seed = 0; seed < GAU_SEEDS; seed++) {
        tooth of = tooth_of(&gau_runs_of(runs, net)[seed]);
        x[seed] = of.first - of.others;
    }
    return gau_spread_of(x);
}

static double
mean_of_others(const gau_run *runs, gau_net net)
{
    double sum = 0;
    for (int seed = 0; seed < GAU_SEEDS; seed++)
        sum += tooth_of(&gau_runs_of(runs, net)[seed]).others / GAU_SEEDS;
    return unless_quick(sum);
}

static void
claims(const gau_run *runs)
{
    const char *why = "expected: its first query sees no key but its own";
    const char *here = "first seen in a study before this program, with one or two seeds";
    claim_above("tooth-local", "saw-tooth, local: nats more at a chunk's first place, least of 3",
                0.8, height(runs, GAU_LOCAL).low, why, FOUND);
    claim_above("tooth-flash", "saw-tooth, FLASH: the same, though its sums see all before", 0.3,
                height(runs, GAU_FLASH_NET).low, here, FOUND);
    claim_below("tooth-flash-others",
                "saw-tooth, FLASH: without the first places, less quadratic units without them, "
                "means of 3, nats",
                0.02, mean_of_others(runs, GAU_FLASH_NET) - mean_of_others(runs, GAU_QUADRATIC),
                "first seen here", FOUND);
    claim_above("tooth-local-linear", "saw-tooth, local below linear: the same", 0.1,
                height(runs, GAU_LOCAL_LINEAR).low, here, FOUND);
    claim_above(
        "tooth-order", "saw-tooth: linear below local, least of 3, less local below, most of 3", 0,
        height(runs, GAU_LINEAR_LOCAL).low - height(runs, GAU_LOCAL_LINEAR).high, here, FOUND);
    claim_below("tooth-overlap", "saw-tooth, own and previous chunk below linear: most of 3", 0.05,
                height(runs, GAU_OVERLAP_LINEAR).high, "expected: no query sees less than a chunk",
                FOUND);
    claim_below("tooth-quadratic", "saw-tooth, quadratic: most of 3", 0.05,
                height(runs, GAU_QUADRATIC).high, "expected: it has no chunks", FOUND);
}

void
gau_figure_saw_tooth(const gau_run *runs)
{
    static const gau_net shown[] = {GAU_QUADRATIC,    GAU_FLASH_NET,    GAU_LOCAL,
                                    GAU_LOCAL_LINEAR, GAU_LINEAR_LOCAL, GAU_OVERLAP_LINEAR,
                                    GAU_LINEAR_NORM};
    enum { SHOWN = sizeof shown / sizeof *shown };
    table *t =
        program_table("saw-tooth", "place\tquadratic\tflash\tlocal\tlocal_linear\tlinear_local\t"
                                   "overlap_linear\tlinear_norm");
    for (int place = 0; place < GAU_T; place++) {
        double x[SHOWN];
        for (int i = 0; i < SHOWN; i++)
            x[i] = mean_place(runs, shown[i], place);
        table_row(t, "iddddddd", place, x[0], x[1], x[2], x[3], x[4], x[5], x[6]);
    }
    table_close(t);
    t = program_table("saw-tooth-first", "net\tfirst\tothers\tlow\tmiddle\thigh");
    for (int i = 0; i < SHOWN; i++) {
        tooth mean = {0, 0};
        for (int seed = 0; seed < GAU_SEEDS; seed++) {
            tooth x = tooth_of(&gau_runs_of(runs, shown[i])[seed]);
            mean.first += x.first / GAU_SEEDS;
            mean.others += x.others / GAU_SEEDS;
        }
        gau_spread s = height(runs, shown[i]);
        table_row(t, "sddddd", gau_net_name(shown[i]), mean.first, mean.others, s.low, s.middle,
                  s.high);
    }
    table_close(t);
    claims(runs);
}
