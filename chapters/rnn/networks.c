#include "rnn/networks.h"

#include "files/fail.h"
#include "numbers/numeric.h"

network
network_new(rnn_kind kind, int I, int H, int O, rng *r)
{
    network n = {rnn_layer_new(kind, I, H, r), param("w_out", SHAPE(O, H)),
                 param("b_out", SHAPE(O))};
    float bound = 1 / sqrt32(H);
    rng_fill_uniform(r, n.w->size, n.w->data, -bound, bound);
    return n;
}

tensor *
one_hot(int T, int B, int V, const int *symbols)
{
    tensor *x = constant("x", SHAPE(T, B, V), NULL);
    for (long i = 0; i < (long)T * B; i++) {
        if (symbols[i] < 0 || symbols[i] >= V)
            fail("one_hot: symbol %d at %ld, expected 0..%d", symbols[i], i, V - 1);
        x->data[i * V + symbols[i]] = 1;
    }
    return x;
}
