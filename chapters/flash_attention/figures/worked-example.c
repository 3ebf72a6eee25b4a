// The worked example: one query, three keys, one number each; forward key by key, and backward.
#include "flash_attention/figures/figures.h"

#include "files/table.h"
#include "flash_attention/flash_attention.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>

enum { N = 3 };

static const float first[1 + 2 * N] = {1, 1, 3, 2, 4, 2, 6}; // q, the keys, the values
static const char *const names[1 + 2 * N] = {"q", "k_1", "k_2", "k_3", "v_1", "v_2", "v_3"};

static flash_attention_head
head_of(const float x[1 + 2 * N])
{
    return (flash_attention_head){
        .T = 1, .S = N, .d = 1, .row = 1, .q = x, .k = x + 1, .v = x + 1 + N};
}

// (out(x + step) - out(x - step)) / 2 step, for number i.
static double
difference(int i)
{
    const float step = 1e-2f;
    float above[1 + 2 * N], below[1 + 2 * N], high, low;
    for (int k = 0; k < 1 + 2 * N; k++)
        above[k] = below[k] = first[k];
    above[i] += step;
    below[i] -= step;
    flash_attention_query(N, 1, above, above + 1, above + 1 + N, &high);
    flash_attention_query(N, 1, below, below + 1, below + 1 + N, &low);
    return ((double)high - low) / ((double)above[i] - below[i]);
}

void
flash_attention_figure_worked_example(void)
{
    const float *q = first, *k = first + 1, *v = k + N;
    float m = -INFINITY, l = 0, o = 0;
    table *t = program_table("worked-example", "key\ts\tm\trescaling\tweight\tl\to\tquotient");
    for (int s = 0; s < N; s++) {
        float before = m, score = q[0] * k[s];
        flash_attention_merge(1, &m, &l, &o, score, 1, v + s);
        table_row(t, "iddddddd", s + 1, score, m, s ? exp32(before - m) : NAN, exp32(score - m), l,
                  o, o / l);
    }
    table_close(t);

    float room[400], out, L, dout = 1, D, P[N], dP[N], ds[N], d[1 + 2 * N] = {0};
    const flash_attention_options options = {.rows = 1, .columns = 1};
    const flash_attention_gradients none = {0}, g = {.dq = d, .dk = d + 1, .dv = d + 1 + N};
    const flash_attention_tile_room tile = {P, dP, ds};
    flash_attention_head a = head_of(first);
    flash_attention_head_forward(&a, &options, room, &out, &L);
    flash_attention_row_dots(1, 1, 1, &out, &dout, &D);
    flash_attention_tile_backward(&a, &options, (flash_attention_tile){0, 1, 0, N}, &dout, &L, &D,
                                  &none, &tile);
    flash_attention_head_backward(&a, &options, room, &out, &dout, &L, &g);
    t = program_table("worked-example-backward", "key\tP\tdP\tds\tdv\tdk\tpart_of_dq");
    for (int s = 0; s < N; s++)
        table_row(t, "idddddd", s + 1, P[s], dP[s], ds[s], d[1 + N + s], d[1 + s], ds[s] * k[s]);
    table_close(t);
    t = program_table("worked-example-numbers", "what\tvalue");
    table_row(t, "sd", "out", out);
    table_row(t, "sd", "L", L);
    table_row(t, "sd", "D", D);
    table_row(t, "sd", "l", l);
    table_row(t, "sd", "dq", d[0]);
    table_close(t);
    double worst = 0;
    t = program_table("worked-example-gradients", "number\tvalue\tgradient\tdifference");
    for (int i = 0; i < 1 + 2 * N; i++) {
        table_row(t, "sddd", names[i], first[i], d[i], difference(i));
        worst = fmax(worst, fabs(d[i] - difference(i)));
    }
    table_close(t);
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-3,
                worst, "algebra", CHECK);
}
