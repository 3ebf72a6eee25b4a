// The reference cases. Letters and shapes as in transformer.h, but that heads stand before positions, (B, h, T, d),
// as most implementations have them. No bias is zero, all sizes differ; the loss is the sum of output times
// loss_weight.
#include "transformer/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <stdio.h>
#include <string.h>

enum { SEED = 1, B = 2, T = 5, S = 7, H = 3, WIDTH = 12, F = 10 };

// How closely a float32 implementation must agree: ten times PyTorch's own error in float32, as the
// cross-check finds it, rounded up to a power of ten.
static const double close = 1e-5, closer = 1e-6, looser = 1e-4;

static void
write_mask(const char *name, int queries, int keys, const bool *mask)
{
    int ones[B * S * S]; // where a query may look
    for (int i = 0; i < B * queries * keys; i++)
        ones[i] = mask[i];
    case_write_i4("input", name, SHAPE(B, queries, keys), ones,
                  "1 where query t may look at key s");
}

// Writes q, k or v with heads before positions.
static void
write_heads(const char *name, const char *about)
{
    case_write("step", name, t_transpose(tape_find(name), 1, 2), close, about);
}

// The loss, its gradients, and the end of the case.
static void
finish(tensor *out, rng *r, double tolerance)
{
    tensor *weight = case_loss_weight(out, r, tolerance);
    case_finish("out", out, weight, tolerance, "what the case computes");
}

// ---- Attention ----

static void
attention(const char *name, const bool *mask)
{
    enum { d = 4 };
    rng r = rng_at(SEED, 0);
    case_begin(name);
    tensor *q = case_param("q", SHAPE(B, H, T, d), &r, 1, close, "queries");
    tensor *k = case_param("k", SHAPE(B, H, S, d), &r, 1, close, "keys");
    tensor *v = case_param("v", SHAPE(B, H, S, d), &r, 1, close, "values");
    if (mask)
        write_mask("keep", T, S, mask);
    tensor *out = transformer_attention(t_transpose(q, 1, 2), t_transpose(k, 1, 2),
                                        t_transpose(v, 1, 2), mask, NULL);
    case_write("step", "scores", tape_saved(out, "scores"), close,
               "q k^T / sqrt(d), before the mask");
    case_write("step", "weights", tape_saved(out, "weights"), close, "softmax over the keys");
    finish(t_transpose(out, 1, 2), &r, close);
}

// The last keys of the first sequence are padding; query 2 of the second may look nowhere.
static void
attention_padding(void)
{
    bool *mask = transformer_padding_mask(B, T, S, (const int[]){4, S}, NULL);
    memset(mask + (1 * T + 2) * S, false, S);
    attention("attention_padding", mask);
}

// ---- Layers ----

// A model's parameters from N(0, std^2), its gains from N(1, std^2), written as inputs. In a second layer a name
// ends in _2.
static void
input_model(rng *r, float std, double tolerance)
{
    for (int i = 0; i < param_count(); i++) {
        tensor *x = param_at(i);
        int before = 0;
        for (int j = 0; j < i; j++)
            before += strcmp(param_at(j)->name, x->name) == 0;
        if (before) {
            char *name = permanent_alloc(32);
            snprintf(name, 32, "%s_%d", x->name, before + 1);
            named(x, name);
        }
        bool gain = strstr(x->name, "gain") != NULL;
        rng_fill_normal(r, x->size, x->data, gain ? 1 : 0, std);
        case_write("input", x->name, x, tolerance, x->shape.rank == 2 ? "rows are outputs" : "");
    }
}

static tensor *
input_matrix(const char *name, rng *r)
{
    return case_param(name, SHAPE(WIDTH, WIDTH), r, 0.5f, close, "rows are outputs");
}

static tensor *
input_bias(const char *name, rng *r)
{
    return case_param(name, SHAPE(WIDTH), r, 0.5f, close, "keys have no bias");
}

static void
multi_head(void)
{
    rng r = rng_at(SEED, 1);
    case_begin("multi_head");
    transformer_multi_head m = {.h = H};
    m.w_q = input_matrix("w_q", &r);
    m.w_k = input_matrix("w_k", &r);
    m.w_v = input_matrix("w_v", &r);
    m.w_o = input_matrix("w_o", &r);
    m.b_q = input_bias("b_q", &r);
    m.b_v = input_bias("b_v", &r);
    m.b_o = input_bias("b_o", &r);
    tensor *x = case_param("x", SHAPE(B, T, WIDTH), &r, 1, close, "what asks");
    tensor *y = case_param("y", SHAPE(B, S, WIDTH), &r, 1, close, "what answers");
    tensor *out = transformer_multi_head_forward(&m, x, y, NULL, NULL);
    write_heads("q", "queries by head");
    write_heads("k", "keys by head");
    write_heads("v", "values by head");
    case_write("step", "weights", tape_saved(tape_find("transformer_attention"), "weights"), close,
               "softmax over the keys");
    case_write("step", "heads", tape_find("heads"), close, "the heads side by side");
    finish(out, &r, close);
}

// A layer of an encoder, or of a decoder with a memory: post-norm with ReLU, pre-norm with GELU. Positions from 3 on of
// the encoder's second sequence are padding; the decoder's first memory ends after 4.
static void
layer(const char *name, bool decoder, transformer_placement placement, double tolerance)
{
    rng r = rng_at(SEED, 2);
    transformer_config c = {.D = WIDTH,
                            .h = H,
                            .F = F,
                            .placement = placement,
                            .activation = placement == TRANSFORMER_PRE_NORM ? t_gelu : t_relu};
    case_begin(name);
    transformer_layer l = transformer_layer_new(&c, decoder, &r);
    input_model(&r, 0.5f, tolerance);
    tensor *x = case_param("x", SHAPE(B, T, WIDTH), &r, 1, tolerance, "the sequences");
    const bool *mask = decoder ? transformer_causal_mask(B, T, T)
                               : transformer_padding_mask(B, T, T, (const int[]){T, 3}, NULL);
    write_mask("keep", T, T, mask);
    tensor *memory = NULL;
    const bool *memory_mask = NULL;
    if (decoder) {
        memory = case_param("memory", SHAPE(B, S, WIDTH), &r, 1, tolerance, "of the encoder");
        memory_mask = transformer_padding_mask(B, T, S, (const int[]){4, S}, NULL);
        write_mask("memory_keep", T, S, memory_mask);
    }
    tensor *out = transformer_layer_forward(&l, x, mask, memory, memory_mask, NULL);
    case_write("step", "attended", tape_find("self_attention"), tolerance,
               "of self-attention, before the sum");
    if (decoder)
        case_write("step", "asked", tape_find("cross_attention"), tolerance,
                   "of cross-attention, before the sum");
    case_write("step", "fed", tape_find("feed_forward"), tolerance,
               "of the feed-forward layer, before the sum");
    finish(out, &r, tolerance);
}

// ---- Layer norm ----

// Rows that tell the conventions apart: [1, 0, 0, 0] (biased or unbiased variance) and one of small variance (eps
// inside or outside of the root).
static void
layer_norm(const char *name, int d)
{
    enum { ROWS = 3 };
    rng r = rng_at(SEED, 3);
    case_begin(name);
    tensor *x = param("x", SHAPE(ROWS, d));
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    for (int i = 0; i < d; i++) {
        x->data[i] = i == 0;
        x->data[2 * d + i] *= 0.003f;
    }
    case_write("input", "x", x, close, "the last row varies little");
    tensor *gain = case_param("gain", SHAPE(d), &r, 1, close, "");
    tensor *bias = case_param("bias", SHAPE(d), &r, 1, close, "");
    tensor *out = t_layer_norm(x, gain, bias, 1e-5f);
    case_write("step", "normalised", tape_saved(out, "normalised"), close, "before gain and bias");
    finish(out, &r, close);
}

// ---- Activation, positions, losses, rates ----

static void
gelu(void)
{
    enum { N = 17 };
    rng r = rng_at(SEED, 7);
    case_begin("gelu");
    tensor *x = param("x", SHAPE(N));
    for (int i = 0; i < N; i++)
        x->data[i] = (i - N / 2) / 2.0f;
    case_write("input", "x", x, closer, "from -4 to 4");
    finish(t_gelu(x), &r, closer);
}

static void
positions(void)
{
    enum { N = 7, D = 6 };
    int sizes[] = {N, D};
    case_begin("positions");
    case_write_i4("input", "sizes", SHAPE(2), sizes, "positions, width");
    case_write("output", "positions", transformer_positions(N, D), closer,
               "sines in even columns, cosines in odd ones");
    case_end();
    tensors_free();
}

static void
label_smoothing(void)
{
    enum { ROWS = 5, V = 7 };
    const int targets[ROWS] = {3, 6, -1, 1, 3};
    const float e = 0.1f;
    rng r = rng_at(SEED, 4);
    case_begin("label_smoothing");
    float logits[ROWS * V];
    rng_fill_normal(&r, ROWS * V, logits, 0, 2);
    case_write_f4("input", "logits", SHAPE(ROWS, V), logits, closer, "");
    case_write_i4("input", "targets", SHAPE(ROWS), targets, "-1: padding, does not count");
    case_write_f4("input", "e", SCALAR, &e, closer, "what is taken from the target");
    const struct {
        transformer_smoothing form;
        const char *loss, *gradient, *about;
    } all[] = {{TRANSFORMER_SMOOTH_OVER_ALL, "over_all", "dlogits_over_all",
                "1 - e + e/V for the target, e/V for the others"},
               {TRANSFORMER_SMOOTH_OVER_OTHERS, "over_others", "dlogits_over_others",
                "1 - e for the target, 0 for symbol 0, e/(V-2) for the others"}};
    for (int i = 0; i < 2; i++) {
        tensor *x = param("logits", SHAPE(ROWS, V));
        memcpy(x->data, logits, sizeof logits);
        tensor *loss = transformer_smoothed_loss(x, targets, e, all[i].form);
        case_write("output", all[i].loss, loss, closer, all[i].about);
        backward(loss);
        case_write_f4("gradient", all[i].gradient, x->shape, x->grad, closer, "");
        tape_reset();
    }
    case_end();
    tensors_free();
}

static void
noam(void)
{
    enum { D = 512, WARM_UP = 4000, N = 9 };
    const int steps[N] = {1, 2, 10, 1000, 3999, 4000, 4001, 16000, 100000};
    const int sizes[] = {D, WARM_UP};
    float rate[N];
    case_begin("noam");
    case_write_i4("input", "steps", SHAPE(N), steps, "the first step is 1");
    case_write_i4("input", "sizes", SHAPE(2), sizes, "width, steps of warm-up");
    for (int i = 0; i < N; i++)
        rate[i] = transformer_noam(steps[i], D, WARM_UP);
    case_write_f4("output", "rate", SHAPE(N), rate, closer, "learning rate");
    case_end();
}

// ---- Models ----

// Ten steps of Adam on a decoder-only model: every loss and the weights at the end.
static void
ten_steps(void)
{
    enum { STEPS = 10, N = 3, LENGTH = 4, V = 5, BATCH = N * LENGTH };
    int x[STEPS * BATCH], y[STEPS * BATCH];
    float losses[STEPS];
    rng r = rng_at(SEED, 5);
    const float beta1 = 0.9f, beta2 = 0.98f, eps = 1e-8f, rate = 0.01f;
    transformer_config c = {.V = V,
                            .D = 6,
                            .h = 2,
                            .F = 7,
                            .decoders = 1,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_positions(LENGTH, 6)};
    case_begin("training");
    transformer m = transformer_new(&c, &r);
    input_model(&r, 0.3f, close);
    for (int i = 0; i < STEPS * BATCH; i++) {
        x[i] = (int)rng_below(&r, V);
        y[i] = i % BATCH == 0 ? -1 : (int)rng_below(&r, V);
    }
    case_write_i4("input", "x", SHAPE(STEPS, N, LENGTH), x, "the symbols of each step's batch");
    case_write_i4("input", "y", SHAPE(STEPS, N, LENGTH), y,
                  "the symbol to predict; -1 does not count");
    case_write_f4("input", "adam", SHAPE(4), (float[]){rate, beta1, beta2, eps}, close,
                  "learning rate, beta1, beta2, eps");
    adamw adam = adamw_new(beta1, beta2, eps, 0);
    for (int s = 0; s < STEPS; s++) {
        tensor *logits = transformer_decode(&m, N, LENGTH, x + s * BATCH, NULL, NULL, NULL, NULL);
        tensor *loss = t_cross_entropy(logits, y + s * BATCH);
        if (s == 0)
            case_write("step", "logits", logits, close, "of the first step");
        losses[s] = training_step(loss, &adam, rate, 0);
    }
    case_write_f4("step", "losses", SHAPE(STEPS), losses, close, "the loss of each step");
    for (int i = 0; i < param_count(); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_after", param_at(i)->name);
        case_write("output", name, param_at(i), close, "after the last step");
    }
    case_end();
    tensors_free();
}

// A decoder-only model of two layers reads a sequence symbol by symbol: the logits after each, and what its caches
// hold at the end.
static void
kv_cache(void)
{
    enum { V = 5, D = 6, LENGTH = 6 };
    int ids[B * LENGTH];
    float logits[LENGTH * B * V];
    rng r = rng_at(SEED, 6);
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 2,
                            .F = 7,
                            .decoders = 2,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_positions(LENGTH, D)};
    case_begin("kv_cache");
    transformer m = transformer_new(&c, &r);
    input_model(&r, 0.5f, close);
    for (int i = 0; i < B * LENGTH; i++)
        ids[i] = (int)rng_below(&r, V);
    case_write_i4("input", "ids", SHAPE(B, LENGTH), ids, "the symbols");
    transformer_cache *caches = transformer_caches(&m, B, LENGTH);
    for (int t = 0; t < LENGTH; t++) {
        int now[B];
        for (int b = 0; b < B; b++)
            now[b] = ids[b * LENGTH + t];
        const tensor *out = transformer_decode(&m, B, 1, now, NULL, NULL, NULL, caches);
        memcpy(logits + t * B * V, out->data, B * V * sizeof(float));
        tape_reset();
    }
    for (int i = 0; i < 2; i++) {
        case_write("step", i ? "k_2" : "k", t_transpose(caches[i].k, 1, 2), close,
                   "the keys of all positions by head");
        case_write("step", i ? "v_2" : "v", t_transpose(caches[i].v, 1, 2), close, "the values");
    }
    case_write_f4("output", "logits", SHAPE(LENGTH, B, V), logits, close,
                  "after symbol t; the whole sequence at once gives the same");
    case_end();
    tensors_free();
}

void
transformer_cases(void)
{
    attention("attention", NULL);
    attention("attention_causal", transformer_causal_mask(B, T, S));
    attention_padding();
    multi_head();
    layer_norm("layer_norm_4", 4);
    layer_norm("layer_norm_7", 7);
    layer("encoder_layer_post", false, TRANSFORMER_POST_NORM, close);
    layer("encoder_layer_pre", false, TRANSFORMER_PRE_NORM, looser);
    layer("decoder_layer_post", true, TRANSFORMER_POST_NORM, looser);
    layer("decoder_layer_pre", true, TRANSFORMER_PRE_NORM, looser);
    gelu();
    positions();
    label_smoothing();
    noam();
    ten_steps();
    kv_cache();
}
