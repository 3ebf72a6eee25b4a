// Figure break-even: what n rows cost beside one, where weights lie in the cache and where they come from memory, and
// what heads that sample then gain. Timings: drawn, and no claim.
#include "speculative/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "numbers/matmul.h"
#include "numbers/random.h"
#include "speculative/language.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <time.h>

enum { LANGUAGE_SEED = 1, SEED = 133, WIDTHS = 4, ROWS = 8, ROUNDS = 5 };
static const int widths[WIDTHS] = {64, 256, 1024, 2048};

typedef struct {
    int n, D;
    float *x, *w, *y; // (ROWS, D), 4 D times D weights, (ROWS, 4 D)
} product;

// The weights as (D, 4 D): each is read once, and meets all rows.
static void
read_once(const product *p)
{
    matmul(p->n, 4 * p->D, p->D, matrix_of(p->x, p->D), matrix_of(p->w, 4 * p->D), p->y, 4 * p->D,
           MATMUL_SET);
}

// The weights as (4 D, D): they are copied first, in the order in which blocks of many rows want them.
static void
packed(const product *p)
{
    matmul(p->n, 4 * p->D, p->D, matrix_of(p->x, p->D), transpose_of(p->w, p->D), p->y, 4 * p->D,
           MATMUL_SET);
}

// ms (ROWS): of 1 to ROWS rows, the fastest of ROUNDS turns.
static void
fastest(product *p, void (*run)(const product *), double *ms)
{
    int times = 1 + 2097152 / (p->D * p->D); // a product that takes microseconds is repeated
    for (int i = 0; i < ROWS; i++)
        ms[i] = INFINITY;
    for (int round = 0; round < program_steps(ROUNDS, 1); round++)
        for (p->n = 1; p->n <= ROWS; p->n++) {
            run(p);
            clock_t begin = clock();
            for (int i = 0; i < times; i++)
                run(p);
            ms[p->n - 1] =
                fmin(ms[p->n - 1], 1e3 * (double)(clock() - begin) / CLOCKS_PER_SEC / times);
        }
}

void
speculative_figure_break_even(void)
{
    speculative_zipf *z = speculative_zipf_new(LANGUAGE_SEED);
    double *heads = speculative_perfect_heads(&z->l, ROWS - 1), tokens[ROWS];
    double *begins = memory_zeroed((long)z->l.S * ZIPF_SYMBOLS, sizeof *begins, "edges");
    for (int k = 0; k < ROWS; k++)
        tokens[k] = speculative_heads_tokens(&z->l, heads, k, begins);
    table *t = program_table("break-even.timing", "width\trows\tmegabytes\tms\tpacked_ms\tcost"
                                                  "\tpacked_cost\tgain\tpacked_gain\ttruth");
    omp_set_num_threads(1); // the time is that of one core
    for (int i = 0; i < WIDTHS; i++) {
        int D = widths[i];
        product p = {.D = D,
                     .x = memory_zeroed((long)ROWS * D, sizeof *p.x, "rows"),
                     .w = memory_zeroed((long)4 * D * D, sizeof *p.w, "weights"),
                     .y = memory_zeroed((long)ROWS * 4 * D, sizeof *p.y, "products")};
        rng r = rng_at(SEED, i);
        rng_fill_normal(&r, (long)ROWS * D, p.x, 0, 1);
        rng_fill_uniform(&r, (long)4 * D * D, p.w, -1, 1);
        double ms[ROWS], other[ROWS];
        fastest(&p, read_once, ms);
        fastest(&p, packed, other);
        for (int n = 0; n < ROWS; n++)
            table_row(t, "iidddddddd", D, n + 1, 16e-6 * D * D, ms[n], other[n], ms[n] / ms[0],
                      other[n] / other[0], tokens[n] * ms[0] / ms[n],
                      tokens[n] * other[0] / other[n], tokens[n] * ms[0] / other[n]);
        free(p.x);
        free(p.w);
        free(p.y);
    }
    omp_set_num_threads(program_threads());
    table_close(t);
    free(heads);
    free(begins);
    speculative_zipf_free(z);
}
