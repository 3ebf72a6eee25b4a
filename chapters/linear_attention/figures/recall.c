// Figure recall: how many pairs can a trained net look up? One layer of attention with one head learns to find a value
// by its key, with softmax and with elu + 1: the part that is recalled against the number of pairs.
#include "linear_attention/figures/figures.h"

#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "linear_attention/linear_attention.h"
#include "linear_attention/trainings.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <math.h>

enum { SEED = 51, KEYS = 64, CLASSES = 16, D = 16, COUNTS = 5 };
static const int pair_counts[COUNTS] = {4, 8, 16, 32, 64};

// n different keys with a random value each; all are asked for, in the same order.
static void
recall_batch(rng *r, int B, int n, int *key, int *value)
{
    for (int b = 0; b < B; b++) {
        int all[KEYS];
        for (int i = 0; i < KEYS; i++)
            all[i] = i;
        for (int i = 0; i < n; i++) {
            int other = i + (int)rng_below(r, KEYS - i), chosen = all[other];
            all[other] = all[i];
            all[i] = chosen;
            key[b * n + i] = chosen;
            value[b * n + i] = (int)rng_below(r, CLASSES);
        }
    }
}

static tensor *
attend_full(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    (void)mask;
    return linear_attention_full(q, k, v, context);
}

// One layer of attention with one head: what is stored shows key and value, what asks shows the key.
typedef struct {
    tensor *key, *value, *w, *b; // (KEYS, D), (CLASSES, D), (CLASSES, D), (CLASSES)
    linear_attention_config linear;
    transformer_multi_head attention;
} recaller;

static tensor *
random_param(const char *name, shape s, float std, rng *r)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, 0, std);
    return x;
}

static tensor *
square_matrix(const char *name, rng *r)
{
    return random_param(name, SHAPE(D, D), 1 / sqrt32(D), r);
}

// In place, since its attention points into it.
static void
recaller_new(recaller *m, linear_attention_kind kind, rng *r)
{
    transformer_multi_head *a = &m->attention;
    m->b = param("b", SHAPE(CLASSES));
    m->key = random_param("key", SHAPE(KEYS, D), 1, r);
    m->value = random_param("value", SHAPE(CLASSES, D), 1, r);
    m->w = random_param("w", SHAPE(CLASSES, D), 1 / sqrt32(D), r);
    a->h = 1;
    a->w_q = square_matrix("w_q", r);
    a->w_k = square_matrix("w_k", r);
    a->w_v = square_matrix("w_v", r);
    a->w_o = square_matrix("w_o", r);
    a->b_q = param("b_q", SHAPE(D));
    a->b_v = param("b_v", SHAPE(D));
    a->b_o = param("b_o", SHAPE(D));
    m->linear = linear_attention_kind_config(kind);
    a->attention = kind == LINEAR_ATTENTION_KIND_SOFTMAX ? NULL : attend_full;
    a->attention_context = &m->linear;
}

static tensor *
recaller_logits(const recaller *m, int B, int n, const int *key, const int *value)
{
    tensor *asks = t_embedding(m->key, SHAPE(B, n), key);
    tensor *stored = t_add(asks, t_embedding(m->value, SHAPE(B, n), value));
    tensor *found = transformer_multi_head_forward(&m->attention, asks, stored, NULL, NULL);
    return t_linear(found, m->w, m->b);
}

static void
train(int i, void *all)
{
    enum { B = 32, TESTS = 100 };
    linear_attention_training *run = (linear_attention_training *)all + i;
    int steps = run->t.steps, n = run->pairs, key[TESTS * KEYS], value[TESTS * KEYS];
    rng r = rng_at(SEED, run->seed);
    recaller m;
    recaller_new(&m, run->kind, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    for (int s = 0; s < steps; s++) {
        recall_batch(&r, B, n, key, value);
        tensor *logits = recaller_logits(&m, B, n, key, value);
        float rate = warmup_cosine(s, steps / 15, steps, 1e-2f);
        run->t.loss[s] = training_step(t_cross_entropy(logits, value), &adam, rate, 1);
    }
    recall_batch(&r, TESTS, n, key, value);
    run->right = accuracy(recaller_logits(&m, TESTS, n, key, value), value);
}

static void
claims(int n, const linear_attention_training *runs)
{
    const char *own = "expected: a state has F rows, a softmax has none to fill";
    double softmax = 1, elu_64 = 0, elu_4 = 1;
    for (int i = 0; i < n; i++)
        if (runs[i].kind == LINEAR_ATTENTION_KIND_SOFTMAX)
            softmax = fmin(softmax, runs[i].right);
        else if (runs[i].pairs == 64)
            elu_64 = fmax(elu_64, runs[i].right);
        else if (runs[i].pairs == 4)
            elu_4 = fmin(elu_4, runs[i].right);
    claim_above("recall-softmax",
                "d 16, softmax: part that is recalled, worst of 4 to 64 pairs and 3 seeds", 0.99,
                unless_quick(softmax), own, FOUND);
    claim_above("recall-elu-4", "d 16, elu + 1: of 4 pairs, worst of 3 seeds", 0.8,
                unless_quick(elu_4), own, FOUND);
    claim_below("recall-elu-64", "d 16, elu + 1: of 64 pairs, best of 3 seeds", 0.5,
                unless_quick(elu_64), own, FOUND);
}

void
linear_attention_figure_recall(void)
{
    enum { SEEDS = 3, RUNS = 2 * SEEDS * COUNTS };
    linear_attention_training runs[RUNS];
    int n = 0;
    for (int c = COUNTS - 1; c >= 0; c--) // the longest first
        for (int kind = LINEAR_ATTENTION_KIND_SOFTMAX; kind <= LINEAR_ATTENTION_KIND_ELU; kind++)
            for (int seed = 0; seed < SEEDS; seed++)
                runs[n++] = linear_attention_training_new(kind, pair_counts[c], seed, 1000);
    linear_attention_train("recall", RUNS, runs, train);
    claims(RUNS, runs);
}
