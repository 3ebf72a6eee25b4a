// Figure io: words that attention moves between a slow memory and a fast one of M words: unfused, and in tiles with
// either loop outside, with the best tiles of all.
#include "flash_attention/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "flash_attention/flash_attention.h"
#include "flash_attention/io.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/random.h"

#include <math.h>
#include <stdlib.h>

enum { SEED = 71, N = 512, D = 32, MEMORIES = 17, PROGRAMS = FLASH_ATTENTION_IO_PROGRAMS };

// From where the softmax of a whole row fits to 32 d^2.
static const int memory_words[MEMORIES] = {544,  576,  640,  704,  768,   896,   1024,  1280, 1536,
                                           2048, 3072, 4096, 8192, 12288, 16384, 24576, 32768};

// One program with one memory, by the closed form and by running it; a program that nothing fits has no rows.
typedef struct {
    int program, M;
    flash_attention_io_tile best;
    flash_attention_io counted;
    double error; // of its answers
} io_run;

static void
run(int i, void *context)
{
    io_run *r = (io_run *)context + i;
    long size = (long)N * D;
    float *x = memory_zeroed(5 * size + N, sizeof *x, "inputs"), *L = x + 5 * size;
    float *q = x, *k = q + size, *v = k + size, *out = v + size, *expected = out + size;
    const flash_attention_options o = {0};
    const flash_attention_head a = {.T = N, .S = N, .d = D, .row = D, .q = q, .k = k, .v = v};
    float *room = memory_zeroed(flash_attention_forward_room(N, N, D, &o), sizeof *room, "room");
    rng random = rng_at(SEED, 0);
    rng_fill_normal(&random, 3 * size, q, 0, 1);
    r->best = flash_attention_io_best(r->program, N, D, r->M);
    if (r->best.rows) {
        r->counted = flash_attention_io_run(r->program, N, D, r->best.rows, r->best.columns, r->M,
                                            q, k, v, out);
        flash_attention_head_forward(&a, &o, room, expected, L);
        for (long j = 0; j < size; j++)
            r->error = fmax(r->error, fabs((double)out[j] - expected[j]));
    }
    free(room);
    free(x);
}

// How many of all tiles of a small problem are counted otherwise than the closed forms say.
static int
wrong_forms(void)
{
    enum { SMALL = 24, WIDTH = 5 };
    int wrong = 0;
    for (int p = 0; p < PROGRAMS; p++)
        for (int rows = 1; rows <= SMALL; rows++)
            for (int columns = 1; columns <= SMALL; columns++) {
                flash_attention_io form = flash_attention_io_form(p, SMALL, WIDTH, rows, columns);
                flash_attention_io count = flash_attention_io_count(p, SMALL, WIDTH, rows, columns);
                wrong += count.moved != form.moved || count.held != form.held;
            }
    return wrong;
}

// The largest M, in d^2, up to which a program moves more than the unfused one.
static double
crossing(int program)
{
    int last = 0;
    for (int M = N + 2; M < 4 * D * D; M += 2) {
        flash_attention_io_tile best = flash_attention_io_best(program, N, D, M);
        flash_attention_io_tile other = flash_attention_io_best(FLASH_ATTENTION_UNFUSED, N, D, M);
        if (!best.rows || best.io.moved > other.io.moved)
            last = M;
    }
    return (double)last / (D * D);
}

static void
claims(io_run runs[PROGRAMS][MEMORIES])
{
    int disagree = 0;
    double least = INFINITY, most = 0, error = 0;
    for (int p = 0; p < PROGRAMS; p++)
        for (int i = 0; i < MEMORIES; i++) {
            const io_run *r = &runs[p][i];
            disagree += r->best.rows && r->counted.moved != r->best.io.moved;
            error = fmax(error, r->error);
            // M from d^2 to N d / 4
            double scaled = (double)r->best.io.moved * r->M / ((double)N * N * D * D);
            if (p == FLASH_ATTENTION_KEYS_OUTSIDE && r->M >= D * D && r->M <= N * D / 4) {
                least = fmin(least, scaled);
                most = fmax(most, scaled);
            }
        }
    claim_near("io-forms",
               "io: programs and tiles, of 3 x 576, whose counts are not those of the closed forms",
               0, wrong_forms(), 0, "algebra", CHECK);
    claim_near("io-best",
               "io: best tiles whose program, run in a memory of M words, counts otherwise", 0,
               disagree, 0, "algebra", CHECK);
    claim_below("io-answers", "io: the largest error of the answers that these programs give", 1e-5,
                error, "the chapter's own operation", CHECK);
    claim_below(
        "io-theta",
        "io, keys outside, M from d^2 to N d / 4: words times M / (N d)^2, the largest over "
        "the least",
        2, most / least, "Dao et al. 2022, theorem 2: Theta(N^2 d^2 / M)", REPRODUCED);
    claim_below("io-crossing",
                "io, queries outside: up to this M / d^2 it moves more than the unfused one", 1,
                crossing(FLASH_ATTENTION_QUERIES_OUTSIDE), "this chapter", FOUND);
    claim_above("io-crossing-keys", "io, keys outside: the same M / d^2", 1,
                crossing(FLASH_ATTENTION_KEYS_OUTSIDE), "this chapter", FOUND);
}

void
flash_attention_figure_io(void)
{
    static io_run runs[PROGRAMS][MEMORIES];
    for (int p = 0; p < PROGRAMS; p++)
        for (int i = 0; i < MEMORIES; i++)
            runs[p][i] = (io_run){.program = p, .M = memory_words[i]};
    parallel_runs(PROGRAMS * MEMORIES, run, runs);
    table *t = program_table("io", "M\tunfused\tkeys_outside\tqueries_outside");
    for (int i = 0; i < MEMORIES; i++)
        table_row(t, "iiii", memory_words[i], (int)runs[0][i].counted.moved,
                  (int)runs[1][i].counted.moved, (int)runs[2][i].counted.moved);
    table_close(t);
    t = program_table("io-tiles", "M\tprogram\trows\tcolumns\twords\theld");
    static const char *const names[PROGRAMS] = {"unfused", "keys_outside", "queries_outside"};
    for (int i = 0; i < MEMORIES; i++)
        for (int p = 0; p < PROGRAMS; p++)
            table_row(t, "isiiii", memory_words[i], names[p], runs[p][i].best.rows,
                      runs[p][i].best.columns, (int)runs[p][i].counted.moved,
                      (int)runs[p][i].counted.held);
    table_close(t);
    t = program_table("io-square",
                      "program\twords\theld"); // the paper's M / 4d of M = 4096, both ways
    for (int p = 1; p < PROGRAMS; p++) {
        flash_attention_io square = flash_attention_io_form(p, N, D, 32, 32);
        table_row(t, "sii", names[p], (int)square.moved, (int)square.held);
    }
    table_close(t);
    claims(runs);
}
