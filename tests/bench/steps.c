// Training steps for tests/bench/bench.py: forward, backward and AdamW on a fixed batch. The value is the loss.
//
//     steps NAME SIZE          contends
//     steps NAME SIZE FILE     writes all parameters and inputs, float32 in the order of steps.py, and ends
#include "bench.h"

#include "linear_attention/linear_attention.h"
#include "performer/performer.h"
#include "rnn/rnn.h"
#include "s4/layer.h"
#include "transformer/transformer.h"

#include "files/fail.h"
#include "files/file.h"
#include "nets/ops.h"
#include "nets/train.h"

#include <stdlib.h>
#include <string.h>

// T steps of time, B sequences, D width, h heads.
typedef struct training {
    tensor *(*loss)(const struct training *t);
    int T, B, D, h;
    rnn_layer rnn;
    transformer model;
    transformer_multi_head heads;
    s4_layer s4;
    linear_attention_config linear;
    performer performer;
    tensor *p;
    tensor *x, *weight; // what goes in, and what the mean of the outputs is weighed with
    tensor *symbols;    // (B, T + 1)
    adamw optimiser;
} training;

static void
normal_inputs(training *t, shape s, rng *r)
{
    t->x = tensor_state("x", s);
    t->weight = tensor_state("weight", s);
    rng_fill_normal(r, t->x->size, t->x->data, 0, 1);
    rng_fill_normal(r, t->x->size, t->weight->data, 0, 1);
}

// ---- 100 steps of a recurrent layer, 32 sequences, as many inputs as hidden units ----

static tensor *
rnn_loss(const training *t)
{
    return t_mean(t_mul(rnn_forward(&t->rnn, t->x, NULL, NULL).all, t->weight));
}

static void
recurrent(training *t, rnn_kind kind, int H, rng *r)
{
    t->loss = rnn_loss;
    t->rnn = rnn_layer_new(kind, H, H, r);
    normal_inputs(t, SHAPE(100, 32, H), r);
}

static void
rnn(training *t, int H, rng *r)
{
    recurrent(t, RNN_TANH, H, r);
}

static void
lstm(training *t, int H, rng *r)
{
    recurrent(t, RNN_LSTM, H, r);
}

static void
gru(training *t, int H, rng *r)
{
    recurrent(t, RNN_GRU, H, r);
}

// ---- A language model of a decoder alone: width D, T = D, 64 symbols, D / 32 layers ----

static tensor *
transformer_loss(const training *t)
{
    int *x = tape_alloc(t->B * t->T * sizeof(int)), *y = tape_alloc(t->B * t->T * sizeof(int));
    for (int i = 0; i < t->B * t->T; i++) {
        const float *from = t->symbols->data + i / t->T * (t->T + 1) + i % t->T;
        x[i] = (int)from[0];
        y[i] = (int)from[1];
    }
    tensor *logits = transformer_decode(&t->model, t->B, t->T, x, NULL, NULL, NULL, NULL);
    return t_cross_entropy(logits, y);
}

static void
language_model(training *t, int D, rng *r)
{
    enum { V = 64 };
    t->loss = transformer_loss;
    t->B = 16;
    t->T = D;
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 4 * D,
                            .decoders = D / 32,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_positions(t->T, D)};
    t->model = transformer_new(&c, r);
    t->x = c.positions;
    t->symbols = tensor_state("symbols", SHAPE(t->B, t->T + 1));
    for (long i = 0; i < t->symbols->size; i++)
        t->symbols->data[i] = (float)rng_below(r, V);
}

// ---- One layer of causal attention, with its projections: 8 sequences, T = 256, width 128, 4 heads ----

static tensor *
attention_loss(const training *t)
{
    bool masked = t->heads.attention_context == &t->performer;
    const bool *mask = masked ? transformer_causal_mask(t->B, t->T, t->T) : NULL;
    tensor *out = transformer_multi_head_forward(&t->heads, t->x, t->x, mask, NULL);
    return t_mean(t_mul(out, t->weight));
}

static void
attention(training *t, rng *r)
{
    t->loss = attention_loss;
    t->B = 8;
    t->T = 256;
    int D = t->D = 128;
    transformer_multi_head *m = &t->heads;
    tensor **weights[] = {&m->w_q, &m->w_k, &m->w_v, &m->w_o};
    tensor **biases[] = {&m->b_q, &m->b_v, &m->b_o};
    m->h = t->h = 4;
    for (int i = 0; i < 4; i++) {
        *weights[i] = param("w", SHAPE(D, D));
        rng_fill_uniform(r, D * D, (*weights[i])->data, -0.15f, 0.15f);
    }
    for (int i = 0; i < 3; i++)
        *biases[i] = param("b", SHAPE(D));
    normal_inputs(t, SHAPE(t->B, t->T, D), r);
}

static void
linear_attention(training *t, int chunk, rng *r)
{
    attention(t, r);
    t->linear.chunk = chunk;
    t->heads.attention = linear_attention_attend;
    t->heads.attention_context = &t->linear;
}

static void
performer_layer(training *t, int m, rng *r)
{
    attention(t, r);
    int d = t->D / t->h;
    double w[m * d];
    performer_draw(r, PERFORMER_ORTHOGONAL, m, d, w);
    t->performer =
        (performer){PERFORMER_POSITIVE, true, 1e-4f, tensor_state("features", SHAPE(m, d))};
    for (int i = 0; i < m * d; i++)
        t->performer.w->data[i] = (float)w[i];
    t->heads.attention = performer_attend;
    t->heads.attention_context = &t->performer;
}

// ---- A layer of S4D: 512 steps, 16 sequences, 32 modes, H channels ----

static tensor *
s4d_loss(const training *t)
{
    return t_mean(t_mul(s4_layer_forward(&t->s4, t->x), t->weight));
}

static void
s4d(training *t, int H, rng *r)
{
    t->loss = s4d_loss;
    t->s4 = s4_layer_new(H, 32, 0.001, 0.1, r);
    normal_inputs(t, SHAPE(512, 16, H), r);
}

// ---- A chain of so many additions of 4 numbers: what the tape itself costs ----

static tensor *
additions_loss(const training *t)
{
    tensor *x = t->p;
    for (int i = 0; i < t->T; i++)
        x = t_add(x, t->p);
    return t_mean(x);
}

static void
additions(training *t, int n, rng *r)
{
    t->loss = additions_loss;
    t->T = n;
    t->p = param("p", SHAPE(4));
    rng_fill_normal(r, 4, t->p->data, 0, 1);
}

// ---- All of them ----

static double
step(void *context)
{
    training *t = context;
    tape_reset();
    zero_grad();
    tensor *loss = t->loss(t);
    backward(loss);
    adamw_step(&t->optimiser, 1e-3f);
    return loss->data[0];
}

static void
write_floats(const tensor *x, FILE *f)
{
    if (x)
        fwrite(x->data, sizeof(float), x->size, f);
}

static void
write_all(const training *t, const char *path)
{
    FILE *f = file_create(path);
    for (int i = 0; i < param_count(); i++)
        write_floats(param_at(i), f);
    write_floats(t->x, f);
    write_floats(t->weight, f);
    write_floats(t->symbols, f);
    write_floats(t->performer.w, f);
    file_commit(f, path);
}

int
main(int count, char **argument)
{
    static const struct {
        const char *name;
        void (*new)(training *t, int size, rng *r);
    } all[] = {
        {"rnn", rnn},
        {"lstm", lstm},
        {"gru", gru},
        {"transformer", language_model},
        {"linear_attention", linear_attention}, // SIZE: rows of a chunk, 0: the default
        {"performer", performer_layer},         // features
        {"s4d", s4d},
        {"additions", additions},
    };
    enum { ALL = sizeof all / sizeof *all };
    static training t;
    rng r = rng_at(1, 0);
    int i = 0;
    while (count >= 3 && i < ALL && strcmp(all[i].name, argument[1]))
        i++;
    if (count < 3 || count > 4 || i == ALL)
        fail("expected: steps NAME SIZE [FILE], NAME one of those at the end of "
             "tests/bench/steps.c");
    all[i].new(&t, atoi(argument[2]), &r);
    t.optimiser = adamw_new(0.9f, 0.999f, 1e-8f, 0.01f);
    if (count == 4)
        write_all(&t, argument[3]);
    else
        answer(step, &t);
    tensors_free();
}
