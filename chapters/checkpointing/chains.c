#include "checkpointing/chains.h"

#include "nets/ops.h"
#include "numbers/numeric.h"

checkpointing_tanh
checkpointing_tanh_new(int n, int width, bool residual, float gain, rng *r)
{
    checkpointing_tanh t = {.n = n, .residual = residual};
    t.w = permanent_alloc(n * sizeof *t.w);
    t.b = permanent_alloc(n * sizeof *t.b);
    for (int i = 0; i < n; i++) {
        t.w[i] = param("w", SHAPE(width, width));
        t.b[i] = param("b", SHAPE(width));
        rng_fill_normal(r, t.w[i]->size, t.w[i]->data, 0, gain / sqrt32(width));
        rng_fill_normal(r, t.b[i]->size, t.b[i]->data, 0, 0.1f);
    }
    return t;
}

static tensor *
tanh_step(tensor *x, int i, void *context)
{
    checkpointing_tanh *t = context;
    t->evaluations++;
    tensor *y = t_tanh(t_linear(x, t->w[i], t->b[i]));
    return t->residual ? t_add(x, y) : y;
}

checkpointing_chain
checkpointing_tanh_chain(checkpointing_tanh *t)
{
    return (checkpointing_chain){t->n, tanh_step, t};
}

checkpointing_decoder
checkpointing_decoder_new(int layers, int B, int T, int D, int h,
                          transformer_attention_fn *attention, rng *r)
{
    const transformer_config c = {.D = D,
                                  .h = h,
                                  .F = 4 * D,
                                  .placement = TRANSFORMER_PRE_NORM,
                                  .activation = t_relu,
                                  .attention = attention};
    checkpointing_decoder d = {layers, permanent_alloc(layers * sizeof *d.layer), B, T};
    for (int i = 0; i < layers; i++)
        d.layer[i] = transformer_layer_new(&c, false, r);
    return d;
}

static tensor *
decoder_step(tensor *x, int i, void *context)
{
    const checkpointing_decoder *d = context;
    const bool *mask = transformer_causal_mask(d->B, d->T, d->T);
    return transformer_layer_forward(&d->layer[i], x, mask, NULL, NULL, NULL);
}

checkpointing_chain
checkpointing_decoder_chain(checkpointing_decoder *d)
{
    return (checkpointing_chain){d->layers, decoder_step, d};
}

unsigned long
checkpointing_gradient_hash(void)
{
    unsigned long h = 1469598103934665603u;
    for (int i = 0; i < param_count(); i++)
        for (long k = 0; k < param_at(i)->size; k++)
            h = (h ^ bits32(param_at(i)->grad[k])) * 1099511628211u;
    return h;
}
