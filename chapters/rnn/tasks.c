#include "rnn/tasks.h"

#include "numbers/numeric.h"

void
rnn_adding_batch(rng *r, tensor *x, tensor *y)
{
    int T = x->shape.n[0], B = x->shape.n[1];
    for (int s = 0; s < B; s++) {
        int first = (int)rng_below(r, T / 2), second = T / 2 + (int)rng_below(r, T - T / 2);
        for (int t = 0; t < T; t++) {
            float *at = x->data + (t * B + s) * 2;
            at[0] = rng_uniform(r);
            at[1] = t == first || t == second;
        }
        y->data[s] = x->data[(first * B + s) * 2] + x->data[(second * B + s) * 2];
    }
}

void
rnn_copy_batch(rng *r, int delay, int B, int *x, int *y)
{
    int T = delay + 2 * RNN_COPIED;
    for (int i = 0; i < T * B; i++)
        x[i] = y[i] = RNN_BLANK;
    for (int t = 0; t < RNN_COPIED; t++)
        for (int s = 0; s < B; s++) {
            x[t * B + s] = (int)rng_below(r, RNN_ALPHABET);
            y[(T - RNN_COPIED + t) * B + s] = x[t * B + s];
        }
    for (int s = 0; s < B; s++)
        x[(T - RNN_COPIED - 1) * B + s] = RNN_MARK;
}

double
rnn_copy_memoryless(int delay)
{
    return RNN_COPIED * log64(RNN_ALPHABET) / (delay + 2 * RNN_COPIED);
}
