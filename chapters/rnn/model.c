#include "rnn/model.h"

#include "files/fail.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

rnn_model
rnn_model_new(rnn_kind kind, int I, int H, int O, rng *r)
{
    rnn_model m = {.layer = rnn_layer_new(kind, I, H, r)};
    m.w = param("w_out", SHAPE(O, H));
    m.b = param("b_out", SHAPE(O));
    float bound = 1 / sqrt32(H);
    rng_fill_uniform(r, m.w->size, m.w->data, -bound, bound);
    return m;
}

tensor *
rnn_one_hot(int T, int B, int V, const int *symbols)
{
    tensor *x = constant("x", SHAPE(T, B, V), NULL);
    for (long i = 0; i < (long)T * B; i++) {
        if (symbols[i] < 0 || symbols[i] >= V)
            fail("rnn_one_hot: symbol %d at %ld, expected 0..%d", symbols[i], i, V - 1);
        x->data[i * V + symbols[i]] = 1;
    }
    return x;
}
