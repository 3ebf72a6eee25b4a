#include "s4/tones.h"

#include "files/memory.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

#include <stdlib.h>

enum { H = 16, M = 32 };

void
s4_tones_batch(rng *r, double noise, tensor *x, int *y)
{
    int T = x->shape.n[0], B = x->shape.n[1];
    for (int b = 0; b < B; b++) {
        y[b] = (int)rng_below(r, S4_TONES);
        double periods = 2 + y[b], phase = 2 * pi64 * rng_uniform64(r);
        for (int t = 0; t < T; t++) {
            double tone = t < S4_TONE ? sin64(2 * pi64 * periods * t / S4_TONE + phase) : 0;
            x->data[t * B + b] = (float)(tone + noise * rng_normal(r));
        }
    }
}

// The GRU's update gate gets the biases log(k), k log-uniform between 1 and `lags`.
static void
give_clocks(rnn_layer *gru, int lags, rng *r)
{
    for (int h = H; h < 2 * H; h++) { // the second of the blocks r, z, n
        gru->b_ih->data[h] = (float)(log64(lags) * rng_uniform64(r));
        gru->b_hh->data[h] = 0;
    }
}

s4_tones_model
s4_tones_model_new(s4_tones_start start, rng *r)
{
    const float bound = 1 / sqrt32(H);
    s4_tones_model m = {.recurrent = start.recurrent};
    if (start.recurrent) {
        m.gru = rnn_layer_new(RNN_GRU, 1, H, r);
        if (start.lags > 0)
            give_clocks(&m.gru, start.lags, r);
    } else {
        m.w_in = param("w_in", SHAPE(H, 1));
        m.b_in = param("b_in", SHAPE(H));
        rng_fill_uniform(r, H, m.w_in->data, -1, 1);
        m.s4 = s4_layer_new(H, M, start.dt_least, start.dt_most, r);
    }
    m.w_out = param("w_out", SHAPE(S4_TONES, H));
    m.b_out = param("b_out", SHAPE(S4_TONES));
    rng_fill_uniform(r, S4_TONES * H, m.w_out->data, -bound, bound);
    return m;
}

tensor *
s4_tones_logits(const s4_tones_model *m, tensor *x)
{
    int T = x->shape.n[0];
    tensor *last;
    if (m->recurrent)
        last = rnn_forward(&m->gru, x, NULL, NULL).h;
    else
        last = t_gelu(t_at(s4_layer_forward(&m->s4, t_linear(x, m->w_in, m->b_in)), T - 1));
    return t_linear(last, m->w_out, m->b_out);
}

tensor *
s4_tones_logits_by_steps(const s4_tones_model *m, const tensor *x)
{
    int T = x->shape.n[0], B = x->shape.n[1];
    s4_complex *state = memory_zeroed((long)B * H * M, sizeof *state, "s4: states of a layer");
    tensor *last = NULL;
    for (int t = 0; t < T; t++) {
        tensor *now = constant("x", SHAPE(B, 1), x->data + t * B);
        last = s4_layer_step(&m->s4, state, t_linear(now, m->w_in, m->b_in));
    }
    free(state);
    return t_linear(t_gelu(last), m->w_out, m->b_out);
}
