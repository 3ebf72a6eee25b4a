// Figure one-number: what it costs to keep one number a row, L = m + ln l, in place of two: the sums of the rows of the
// weights P and of the gradient ds of the scores, with scores that stand far from 0.
#include "flash_attention/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "flash_attention/flash_attention.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdlib.h>

enum { SEED = 75, ROWS = 256, KEYS = 1024, OFFSETS = 5 };

static const float offsets[OFFSETS] = {0, 10, 100, 1000, 10000};

// With one number and with two: the root mean square over the rows of sum P - 1, of sum ds over sum |ds|; and the
// error of ds against double, over the size of ds.
typedef struct {
    double weights[2], rows[2], gradients[2];
} sums;

// ds (KEYS) of one row in double, from the scores as they are in float.
static void
exact_row(const float *score, const float *v, float dout, double *ds)
{
    double top = max32(KEYS, score), sum = 0, D = 0;
    for (int s = 0; s < KEYS; s++) {
        ds[s] = exp64(score[s] - top);
        sum += ds[s];
        D += ds[s] * v[s] * dout;
    }
    for (int s = 0; s < KEYS; s++)
        ds[s] = ds[s] / sum * ((double)v[s] * dout - D / sum);
}

// Scores N(0, 1) + offset as a bias; weights by the chapter's own backward, and by e^(a - m) / l.
static sums
sums_of(float offset, float *bias, float *P)
{
    const flash_attention_options o = {.rows = ROWS, .columns = KEYS};
    const flash_attention_gradients none = {0};
    float zeros[KEYS] = {0}, m[ROWS], l[ROWS * FLASH_ATTENTION_LANES], out[ROWS], L[ROWS], D[ROWS];
    float *two = P + ROWS * KEYS, *dP = two + ROWS * KEYS, *ds = dP + ROWS * KEYS, v[KEYS];
    float dout[ROWS];
    rng r = rng_at(SEED, 0);
    for (int i = 0; i < ROWS * KEYS; i++)
        bias[i] = (float)(offset + rng_normal(&r));
    rng_fill_normal(&r, KEYS, v, 0, 1);
    rng_fill_normal(&r, ROWS, dout, 0, 1);
    const flash_attention_head a = {
        .T = ROWS, .S = KEYS, .d = 1, .row = 1, .q = zeros, .k = zeros, .v = v, .bias = bias};
    const flash_attention_tile all = {0, ROWS, 0, KEYS};
    flash_attention_state state = {m, l, out, 1};
    flash_attention_begin(ROWS, 1, &state);
    flash_attention_tile_forward(&a, &o, all, &state, two);
    for (int t = 0; t < ROWS; t++) {
        float sum = flash_attention_sum(&state, t);
        L[t] = flash_attention_log_sum(&o, &state, t);
        out[t] /= sum;
        for (int s = 0; s < KEYS; s++)
            two[t * KEYS + s] /= sum;
    }
    flash_attention_row_dots(ROWS, 1, 1, out, dout, D);
    flash_attention_tile_backward(&a, &o, all, dout, L, D, &none,
                                  &(flash_attention_tile_room){P, dP, ds});
    sums total = {0};
    double all_size = 0;
    for (int t = 0; t < ROWS; t++) {
        double exact[KEYS];
        exact_row(bias + t * KEYS, v, dout[t], exact);
        for (int s = 0; s < KEYS; s++)
            all_size += exact[s] * exact[s];
        for (int way = 0; way < 2; way++) {
            const float *p = (way ? two : P) + t * KEYS;
            double weight = -1, gradient = 0, size = 0;
            for (int s = 0; s < KEYS; s++) {
                double one = p[s] * ((double)dP[t * KEYS + s] - D[t]);
                weight += p[s];
                gradient += one;
                size += fabs(one);
                total.gradients[way] += (one - exact[s]) * (one - exact[s]);
            }
            total.weights[way] += weight * weight / ROWS;
            total.rows[way] += gradient * gradient / (size * size) / ROWS;
        }
    }
    for (int way = 0; way < 2; way++) {
        total.weights[way] = sqrt64(total.weights[way]);
        total.rows[way] = sqrt64(total.rows[way]);
        total.gradients[way] = sqrt64(total.gradients[way] / all_size);
    }
    return total;
}

void
flash_attention_figure_one_number(void)
{
    float *memory = memory_zeroed(5L * ROWS * KEYS, sizeof *memory, "scores");
    table *t = program_table("one-number", "offset\thalf_ulp\tweights_one\tweights_two\trows_"
                                           "one\trows_two\tgradients_one\tgradients_two");
    sums last = {0}, middle = {0};
    for (int i = 0; i < OFFSETS; i++) {
        sums s = sums_of(offsets[i], memory, memory + ROWS * KEYS);
        // Half a unit in the last place of the row's L, about offset + ln KEYS + 1/2
        uint32_t top = bits32(offsets[i] + 7.43f);
        table_row(t, "fddddddd", offsets[i], (float32(top + 1) - float32(top)) / 2, s.weights[0],
                  s.weights[1], s.rows[0], s.rows[1], s.gradients[0], s.gradients[1]);
        last = s;
        middle = offsets[i] == 1000 ? s : middle;
    }
    table_close(t);
    claim_below("one-number-half-ulp",
                "one number, scores N(0, 1) + 10000: the sums of the weights miss 1 by this, half "
                "an ulp of L being 4.9e-4",
                4.9e-4, last.weights[0], "algebra: L is rounded to half an ulp at most", FOUND);
    claim_above(
        "one-number-worse",
        "one number, scores N(0, 1) + 1000: how many times more the weights miss 1 than with two",
        20, middle.weights[0] / middle.weights[1], "this chapter", FOUND);
    claim_above("one-number-gradients",
                "one number, the same scores: the error of da over that with two numbers", 20,
                middle.gradients[0] / middle.gradients[1], "this chapter", FOUND);
    claim_below("one-number-rows",
                "one number, the same scores: how many times more the rows of da miss 0", 2,
                middle.rows[0] / middle.rows[1],
                "algebra: an error of L multiplies a whole row of da", FOUND);
    claim_changed("one-number-rows",
                  "expected before the run: 5 or more; the algebra was found after it");
    free(memory);
}
