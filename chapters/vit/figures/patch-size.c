// Figure patch-size: are smaller patches better? Accuracy after 400 steps with patches of 8, 4 and 2 pixels against
// the work of one picture; and the positions that were learnt.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 40, SIZES = 3, RUNS = SIZES * VIT_SEEDS, STEPS = 400, ACROSS = VIT_SIDE / 2 };

static const int patch[SIZES] = {2, 4, 8}; // the longest first

// Cosines of pairs of positions, as means by how the two patches stand to each other.
typedef struct {
    double row, column, neither, neighbours;
    double distance[2 * ACROSS - 1]; // by rows and columns between them
} likeness;

typedef struct {
    vit_run run;
    likeness found;
} sized;

// The mean cosine of the pairs that stand to each other as `sort` asks.
typedef bool sort_of_pair(int rows, int columns, int asked);

static bool
same_row(int rows, int columns, int asked)
{
    (void)asked;
    return rows == 0 && columns > 0;
}

static bool
same_column(int rows, int columns, int asked)
{
    (void)asked;
    return columns == 0 && rows > 0;
}

static bool
neither(int rows, int columns, int asked)
{
    (void)asked;
    return rows > 0 && columns > 0;
}

static bool
at_distance(int rows, int columns, int asked)
{
    return rows + columns == asked;
}

static double
mean_cosine(const vit *m, int across, sort_of_pair *sort, int asked)
{
    int D = m->c.D, n = 0;
    double sum = 0;
    const float *p = m->positions->data + D; // behind the class token's
    for (int a = 0; a < across * across; a++)
        for (int b = 0; b < a; b++) {
            int rows = abs(a / across - b / across), columns = abs(a % across - b % across);
            if (!sort(rows, columns, asked))
                continue;
            const float *x = p + a * D, *y = p + b * D;
            sum += dot32(D, x, y) / sqrt64((double)dot32(D, x, x) * dot32(D, y, y));
            n++;
        }
    return sum / n;
}

static void
measure(const vit_classifier *m, vit_run *run)
{
    sized *s = (sized *)run;
    int across = VIT_SIDE / run->config.P;
    s->found = (likeness){.row = mean_cosine(&m->tower, across, same_row, 0),
                          .column = mean_cosine(&m->tower, across, same_column, 0),
                          .neither = mean_cosine(&m->tower, across, neither, 0),
                          .neighbours = mean_cosine(&m->tower, across, at_distance, 1)};
    for (int d = 1; d <= 2 * (across - 1); d++)
        s->found.distance[d] = mean_cosine(&m->tower, across, at_distance, d);
}

static void
train(int i, void *all)
{
    vit_train(&((sized *)all + i)->run);
}

// Millions of multiply-adds of a picture.
static double
mega(int P)
{
    vit_config c = vit_usual();
    double N = VIT_PIXELS / (P * P), T = N + 1;
    return (N * P * P * c.D + c.L * (12 * T * c.D * c.D + 2 * T * T * c.D) + 10 * c.D) / 1e6;
}

// Means over the seeds of one patch size.
static double
mean_of(const sized *all, int size, double (*value)(const sized *))
{
    double sum = 0;
    for (int i = 0; i < VIT_SEEDS; i++)
        sum += value(&all[size * VIT_SEEDS + i]) / VIT_SEEDS;
    return sum;
}

static double
accuracy_of(const sized *s)
{
    return s->run.accuracy;
}
static double
row_of(const sized *s)
{
    return s->found.row;
}
static double
column_of(const sized *s)
{
    return s->found.column;
}
static double
neither_of(const sized *s)
{
    return s->found.neither;
}
static double
nearest_of(const sized *s)
{
    return s->found.distance[1];
}
static double
farthest_of(const sized *s)
{
    return s->found.distance[2 * (ACROSS - 1)];
}
static double
middle_of(const sized *s)
{
    return s->found.distance[ACROSS / 2];
}

static void
claims(const sized *all)
{
    claim_above("patch-size-4-8", "patches of 4 against patches of 8: mean accuracy more", 0,
                unless_quick(mean_of(all, 1, accuracy_of) - mean_of(all, 2, accuracy_of)),
                "Dosovitskiy et al. 2021, table 5: smaller patches are better", NOT_AT_THIS_SCALE);
    claim_changed("patch-size-4-8",
                  "reproduced: it was expected that 8 pixels are too coarse for strokes of 2");
    claim_above("patch-size-2-4", "patches of 2 against patches of 4: mean accuracy more", 0,
                unless_quick(mean_of(all, 0, accuracy_of) - mean_of(all, 1, accuracy_of)),
                "Dosovitskiy et al. 2021, table 5: smaller patches are better", NOT_AT_THIS_SCALE);
    claim_above("positions-row", "patches of 2: mean cosine of positions of a row less of neither",
                0.03, unless_quick(mean_of(all, 0, row_of) - mean_of(all, 0, neither_of)),
                "Dosovitskiy et al. 2021, sec. 4.5: \"patches in the same row/column have similar "
                "embeddings\"",
                REPRODUCED);
    claim_above("positions-column",
                "patches of 2: mean cosine of positions of a column less of neither", 0.03,
                unless_quick(mean_of(all, 0, column_of) - mean_of(all, 0, neither_of)),
                "Dosovitskiy et al. 2021, sec. 4.5: \"patches in the same row/column have similar "
                "embeddings\"",
                REPRODUCED);
    claim_above("positions-corners",
                "patches of 2: cosine of opposite corners less that of neighbours, means", 0,
                unless_quick(mean_of(all, 0, farthest_of) - mean_of(all, 0, nearest_of)),
                "this chapter", FOUND);
    claim_above(
        "positions-near", "patches of 2: cosine of neighbours less that at distance 4, means", 0.05,
        unless_quick(mean_of(all, 0, nearest_of) - mean_of(all, 0, middle_of)),
        "Dosovitskiy et al. 2021, sec. 4.5: \"closer patches tend to have more similar position "
        "embeddings\"",
        IN_PART);
}

void
vit_figure_patch_size(void)
{
    static sized runs[RUNS];
    glyphs_style usual = glyphs_usual();
    rng r = rng_at(SEED, 0), s = rng_at(SEED, 1);
    vit_set pool = vit_set_new(program_steps(STEPS * VIT_BATCH, 400), &usual, &r),
            test = vit_set_new(program_steps(VIT_TESTS, 100), &usual, &s);
    for (int i = 0; i < RUNS; i++) {
        vit_run *run = &runs[i].run;
        *run = (vit_run){.t = {.steps = program_steps(STEPS, 2)},
                         .config = vit_usual(),
                         .set = &pool,
                         .test = &test,
                         .rate = 8e-3f,
                         .seed = SEED + i % VIT_SEEDS,
                         .study = measure};
        run->config.P = patch[i / VIT_SEEDS];
        snprintf(run->t.name, sizeof run->t.name, "patch_%d_%d", run->config.P, i % VIT_SEEDS);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    table *t = program_table("patch-size", "patch\tseed\tmac\taccuracy");
    table *p = program_table("positions", "patch\tseed\trow\tcolumn\tneither\tneighbours");
    table *d = program_table("positions-distance", "distance\tcosine_0\tcosine_1\tcosine_2");
    for (int i = 0; i < RUNS; i++) {
        int P = patch[i / VIT_SEEDS];
        const likeness *f = &runs[i].found;
        table_row(t, "iidd", P, i % VIT_SEEDS, mega(P), runs[i].run.accuracy);
        if (P < 8)
            table_row(p, "iidddd", P, i % VIT_SEEDS, f->row, f->column, f->neither, f->neighbours);
    }
    for (int k = 1; k <= 2 * (ACROSS - 1); k++)
        table_row(d, "iddd", k, runs[0].found.distance[k], runs[1].found.distance[k],
                  runs[2].found.distance[k]);
    table_close(t);
    table_close(p);
    table_close(d);
    t = program_table("patch-size-means", "patch\tmac\taccuracy\trow\tcolumn\tneither");
    for (int i = 0; i < SIZES; i++)
        table_row(t, "iddddd", patch[i], mega(patch[i]), mean_of(runs, i, accuracy_of),
                  mean_of(runs, i, row_of), mean_of(runs, i, column_of),
                  mean_of(runs, i, neither_of));
    table_close(t);
    claims(runs);
    training_free(RUNS, runs, sizeof *runs);
    vit_set_free(&pool);
    vit_set_free(&test);
}
