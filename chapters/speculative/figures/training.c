// Figures ceilings and training: a decoder learns the Zipf language, by the next symbol alone or with four heads whose losses
// count a tenth, or wholly; the first kind gets heads afterwards, with its trunk frozen. What the heads know beside what can
// be known, what they cost the trunk, and how many symbols a pass they give.
#include "speculative/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "speculative/generation.h"
#include "speculative/language.h"
#include "speculative/speculative.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANGUAGE_SEED = 1,
    SEED = 134,
    V = ZIPF_SYMBOLS,
    D = 32,
    T = 32,
    BATCH = 12,
    HEADS = 4,
    KINDS = 3,
    SEEDS = 3,
    RUNS = KINDS * SEEDS,
    TESTS = 400,
    WRITTEN = 4000
};
static const float weights[KINDS] = {0, 0.1f, 1};

// One run; of its test accuracy and loss of the model's own head (0) and the others, and these less what who knows the
// language has at the same places.
typedef struct {
    training t;
    const speculative_zipf *z;
    const double *heads; // (1 + HEADS, S, V): what can be known at best; 0: the next symbol
    float weight;
    int seed, after; // after: steps of the heads on the frozen trunk
    double accuracy[1 + HEADS], loss[1 + HEADS], below[1 + HEADS], above[1 + HEADS];
    double sampled, best; // symbols a pass
} trunk_run;

// B windows of T symbols that begin with a space, at a word's beginning, so that nothing is missing before them.
static void
windows(const speculative_zipf *z, int B, rng *r, int *ids)
{
    for (int b = 0; b < B; b++) {
        ids[b * T] = 0;
        zipf_sample(&z->z, r, T - 1, ids + b * T + 1);
    }
}

// The logits of the model and its heads. The heads' gradient goes into the trunk, or with frozen does not.
static void
all_logits(const transformer *m, const speculative_heads *heads, int B, const int *ids, bool frozen,
           tensor **logits)
{
    logits[0] = transformer_decode(m, B, T, ids, NULL, NULL, NULL, NULL);
    tensor *h = speculative_hidden(logits[0]);
    if (frozen) {
        h = detach(h);
        logits[0] = detach(logits[0]);
    }
    for (int j = 0; j < heads->heads; j++)
        logits[1 + j] = speculative_head(h, heads->w[j], heads->u[j]);
}

static void
learn(trunk_run *run, const transformer *m, const speculative_heads *heads, bool frozen, int steps,
      rng *r)
{
    adamw adam = adamw_new(0.9f, 0.98f, 1e-8f, 0);
    float weight = frozen ? 1 : run->weight, lambda[] = {1, weight, weight, weight, weight};
    for (int s = 0; s < steps; s++) {
        int ids[BATCH * T];
        tensor *logits[1 + HEADS];
        windows(run->z, BATCH, r, ids);
        all_logits(m, heads, BATCH, ids, frozen, logits);
        tensor *loss = speculative_loss(weight > 0 ? 1 + HEADS : 1, logits, lambda, ids);
        float rate = warmup_cosine(s, steps / 16, steps, 1e-2f);
        float now = training_step(loss, &adam, rate, 1);
        if (!frozen)
            run->t.loss[s] = now;
    }
}

static int
likeliest(const float *logits)
{
    int best = 0;
    for (int x = 1; x < V; x++)
        best = logits[x] > logits[best] ? x : best;
    return best;
}

// What head j says (V) and what can be known (V) at a place where `target` came.
static void
count(trunk_run *run, int j, const float *logits, const double *known, int target)
{
    double p[V];
    float best[V];
    speculative_probabilities(1, V, logits, 1, p);
    for (int x = 0; x < V; x++)
        best[x] = (float)known[x];
    bool hit = likeliest(logits) == target, could = likeliest(best) == target;
    run->accuracy[j] += hit;
    run->loss[j] -= log64(p[target]);
    run->below[j] += could - hit;
    run->above[j] += log64(known[target]) - log64(p[target]);
}

static void
test(trunk_run *run, const transformer *m, const speculative_heads *heads)
{
    const speculative_language *l = &run->z->l;
    int tests = program_steps(TESTS, BATCH) / BATCH, ids[BATCH * T], places[1 + HEADS] = {0};
    rng r = rng_at(SEED, 1);
    for (int i = 0; i < tests; i++) {
        tensor *logits[1 + HEADS];
        windows(run->z, BATCH, &r, ids);
        all_logits(m, heads, BATCH, ids, true, logits);
        for (int b = 0; b < BATCH; b++)
            for (int t = 0, s = 0; t < T; t++) {
                int at = b * T + t;
                s = t == 0 ? 0 : l->next[(long)s * V + ids[at]];
                for (int j = 0; j <= HEADS && t + 1 + j < T; j++) {
                    count(run, j, logits[j]->data + (long)at * V,
                          run->heads + ((long)j * l->S + s) * V, ids[at + 1 + j]);
                    places[j]++;
                }
            }
        tape_reset();
    }
    for (int j = 0; j <= HEADS; j++) {
        run->accuracy[j] /= places[j];
        run->loss[j] /= places[j];
        run->below[j] /= places[j];
        run->above[j] /= places[j];
    }
}

// Symbols a pass of a text that the model writes.
static double
written(const trunk_run *run, const transformer *m, const speculative_heads *heads,
        speculative_rule rule)
{
    int n = program_steps(WRITTEN, 40), *out = memory_zeroed(n, sizeof *out, "a text");
    speculative_writer w = {.model = m, .heads = heads, .rule = rule, .k = HEADS, .temperature = 1};
    rng r = rng_at(SEED, 1000 + 2 * run->seed + (rule == SPECULATIVE_BEST));
    double passes = speculative_write(&w, 0, T, n, &r, out);
    free(out);
    return n / passes;
}

static void
train(int i, void *all)
{
    trunk_run *run = (trunk_run *)all + i;
    rng r = rng_at(SEED, 2 + run->seed);
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 4 * D,
                            .decoders = 2,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_learnt_positions(T, D, &r)};
    transformer m = transformer_new(&c, &r);
    speculative_heads heads = speculative_heads_new(HEADS, m.embedding);
    learn(run, &m, &heads, false, run->t.steps, &r);
    if (run->weight == 0) {
        for (int j = 0; j < HEADS; j++)
            tensor_assign(heads.u[j], m.embedding);
        learn(run, &m, &heads, true, run->after, &r);
    }
    test(run, &m, &heads);
    run->sampled = written(run, &m, &heads, SPECULATIVE_SAMPLED);
    run->best = written(run, &m, &heads, SPECULATIVE_BEST);
}

static void
write_tables(const trunk_run *runs, const speculative_zipf *z, const double *known)
{
    table *t =
        program_table("ceilings", "head\tcan_be_known\tleast_loss\taccuracy\tloss\tbelow\tabove");
    for (int j = 0; j <= HEADS; j++) {
        double mean[4] = {0};
        speculative_ceiling c =
            speculative_ceiling_of(&z->l, z->states.stationary, known + (long)j * z->l.S * V);
        for (int i = 0; i < RUNS; i++)
            if (runs[i].weight == 0) {
                mean[0] += runs[i].accuracy[j] / SEEDS;
                mean[1] += runs[i].loss[j] / SEEDS;
                mean[2] += runs[i].below[j] / SEEDS;
                mean[3] += runs[i].above[j] / SEEDS;
            }
        table_row(t, "idddddd", j, c.accuracy, c.loss, mean[0], mean[1], mean[2], mean[3]);
    }
    table_close(t);
    t = program_table("training", "run\tweight\tabove_next\taccuracy_1\taccuracy_2\taccuracy_3"
                                  "\taccuracy_4\tsampled\tbest_guess");
    for (int i = 0; i < RUNS; i++)
        table_row(t, "sfddddddd", runs[i].t.name, runs[i].weight, runs[i].above[0],
                  runs[i].accuracy[1], runs[i].accuracy[2], runs[i].accuracy[3],
                  runs[i].accuracy[4], runs[i].sampled, runs[i].best);
    table_close(t);
}

// The least and the most of a kind's runs of the number at `offset` in them.
static void
range(const trunk_run *runs, int kind, size_t offset, double *least, double *most)
{
    *least = INFINITY;
    *most = -INFINITY;
    for (int i = 0; i < RUNS; i++)
        if (i % KINDS == kind) {
            double x;
            memcpy(&x, (const char *)&runs[i] + offset, sizeof x);
            *least = fmin(*least, x);
            *most = fmax(*most, x);
        }
}

static double
mean_above(const trunk_run *runs, int kind)
{
    double sum = 0;
    for (int i = kind; i < RUNS; i += KINDS)
        sum += runs[i].above[0];
    return sum / SEEDS;
}

static void
claims(const trunk_run *runs)
{
    const char *own = "this chapter", *trial = "the trial with another language";
    double least, most, whole, other, ceiling = INFINITY, sampled = INFINITY;
    range(runs, 0, offsetof(trunk_run, above[0]), &least, &most);
    range(runs, 2, offsetof(trunk_run, above[0]), &whole, &other);
    claim_below("training-next",
                "training, the next symbol alone: the worst of 3 losses above what can be known",
                0.1, unless_quick(most), own, FOUND);
    claim_above("training-whole",
                "training: the best of 3 with heads that count wholly, over the worst of 3 alone",
                2, unless_quick(whole / most), trial, FOUND);
    claim_below(
        "training-helps",
        "training: with heads that count a tenth, less alone, means of 3: below 0, the heads help",
        0, unless_quick(mean_above(runs, 1) - mean_above(runs, 0)),
        "Gloeckle et al. 2024, abstract: \"higher sample efficiency\"", NOT_AT_THIS_SCALE);
    range(runs, 1, offsetof(trunk_run, accuracy[1]), &whole, &other);
    range(runs, 0, offsetof(trunk_run, accuracy[1]), &least, &most);
    claim_above(
        "training-heads",
        "training: the first head's accuracy with the trunk, a tenth, less on the frozen one", 0,
        unless_quick(whole - most), own, FOUND);
    for (int i = 0; i < RUNS; i++) {
        sampled = fmin(sampled, runs[i].sampled - runs[i].best);
        for (int j = 1; j <= HEADS; j++)
            ceiling = fmin(ceiling, runs[i].above[j]);
    }
    claim_above("ceilings-above",
                "ceilings: the least of 36 losses of trained heads above what can be known", 0,
                unless_quick(ceiling), "theory: of what a head reads nothing better can be known",
                FOUND);
    claim_above("training-sampled",
                "training: symbols a pass, sampled heads less best guesses, the least of 9 models",
                0, unless_quick(sampled), "figure trees", FOUND);
}

void
speculative_figure_training(void)
{
    speculative_zipf *z = speculative_zipf_new(LANGUAGE_SEED);
    long size = (long)z->l.S * V;
    double *known = memory_zeroed((1 + HEADS) * size, sizeof *known, "heads");
    for (int j = 0; j <= HEADS; j++)
        speculative_ahead(&z->l, j, known + j * size);
    trunk_run runs[RUNS];
    const char *const names[KINDS] = {"alone", "tenth", "whole"};
    for (int i = 0; i < RUNS; i++) {
        runs[i] = (trunk_run){.t = {.steps = program_steps(1200, 2)},
                              .z = z,
                              .heads = known,
                              .weight = weights[i % KINDS],
                              .seed = i / KINDS,
                              .after = program_steps(600, 2)};
        snprintf(runs[i].t.name, TRAINING_NAME, "%s_%d", names[i % KINDS], i / KINDS);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    write_tables(runs, z, known);
    claims(runs);
    training_free(RUNS, runs, sizeof *runs);
    free(known);
    speculative_zipf_free(z);
}
