// Figure cost: milliseconds of one unit, forward and backward, against the length: quadratic, FLASH, and linear with
// RMSNorm; and what each multiplies.
#include "files/table.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "gau/figures/figures.h"
#include "gau/gau.h"
#include "nets/ops.h"
#include "nets/train.h"

enum {
    SEED = 123,
    LENGTHS = 5,
    FIRST = 128,
    D = 64,
    WIDE = 128,
    NARROW = 32,
    CHUNK = 64,
    ROUNDS = 3
};
typedef enum { QUADRATIC, FLASH, LINEAR, KINDS } kind;

typedef struct {
    gau_unit unit;
    tensor *x;
} task;

static void
step(void *context)
{
    const task *t = context;
    zero_grad();
    backward(t_sum(gau_forward(&t->unit, t->x)));
    tape_reset();
}

// Of all lengths, one after the other: side by side they would disturb each other.
static void
time_all(int run, void *context)
{
    double *ms = context;
    if (run > 0) // a second run, so that each is serial inside
        return;
    for (int i = 0; i < LENGTHS; i++) {
        int n = FIRST << i;
        rng r = rng_at(SEED, i);
        task t = {.x = param("x", SHAPE(1, n, D))};
        rng_fill_normal(&r, t.x->size, t.x->data, 0, 1);
        for (int k = 0; k < KINDS; k++, ms++) {
            gau_config c = {.D = D, .e = WIDE, .s = NARROW, .n = n, .eps = 1e-6f};
            c.kind = k == LINEAR ? GAU_LINEAR : k == FLASH ? GAU_FLASH : GAU_PAIRS;
            c.elu = c.norm = k == LINEAR;
            c.window = (gau_window){.n = n, .chunk = k == QUADRATIC ? 0 : CHUNK};
            t.unit = gau_unit_new(&c, &r);
            *ms = 1e3 * timing_median(program_steps(ROUNDS, 1), step, &t);
        }
    }
}

void
gau_figure_cost(void)
{
    double ms[LENGTHS * KINDS];
    training_side_by_side(2, time_all, ms);
    table *t = program_table("cost.timing", "positions\tquadratic_ms\tflash_ms\tlinear_ms");
    for (int i = 0; i < LENGTHS; i++)
        table_row(t, "iddd", FIRST << i, ms[i * KINDS + QUADRATIC], ms[i * KINDS + FLASH],
                  ms[i * KINDS + LINEAR]);
    table_close(t);
    t = program_table("cost", "positions\tpairs\tflash");
    for (int i = 0; i < LENGTHS; i++) {
        double n = FIRST << i, pair = NARROW + WIDE, sums = 2 * NARROW * WIDE;
        table_row(t, "idd", FIRST << i, n * n * pair / 1e6, n * (CHUNK * pair + sums) / 1e6);
    }
    table_close(t);
}
