// Figure training: a decoder learns the Zipf language, by the next symbol alone or with four heads whose losses count
// a tenth, or wholly; the first kind gets heads afterwards, with its trunk frozen. What the heads know beside what
// can be known, what they cost the trunk, and how many symbols a pass they give.
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
#include "numbers/stats.h"
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
    WRITTEN = 4000,
    TEXTS = 400
};
static const float weights[KINDS] = {0, 0.1f, 1};

// Accuracy and loss of a head on the test windows, and how far they are from those of who knows the language at the
// same places; sums until there are means.
typedef struct {
    double accuracy, loss, below, above;
    int places;
} head_test;

typedef struct {
    training t;
    const speculative_zipf *z;
    const double *known; // (1 + HEADS, S, V): what can be known at best; 0: the next symbol
    float weight;
    int seed, after;           // after: steps of the heads on the frozen trunk
    head_test test[1 + HEADS]; // of the model's own head and the others
    head_test module;          // of a module in sequence
    double sampled, best;      // symbols a pass
    double apart[2]; // z of the mean surprise of their texts less that of one symbol a pass
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

// What a module in sequence, behind the frozen trunk, says of the symbol at t + 2, having read the one at t + 1.
static tensor *
module_logits(const transformer *m, const speculative_module *module, const int *ids)
{
    tensor *logits = transformer_decode(m, BATCH, T, ids, NULL, NULL, NULL, NULL);
    tensor *h = detach(speculative_hidden(logits)), *embedding = detach(m->embedding);
    return t_matmul_nt(speculative_module_forward(module, h, embedding, ids, 1), embedding);
}

static speculative_module
module_new(const transformer_config *c, rng *r)
{
    speculative_module module = {.gain_h = param("gain_h", SHAPE(D)),
                                 .gain_e = param("gain_e", SHAPE(D)),
                                 .m = param("m", SHAPE(D, 2 * D)),
                                 .eps = 1e-6f};
    module.layer = transformer_layer_new(c, false, r);
    for (int i = 0; i < D; i++)
        module.gain_h->data[i] = module.gain_e->data[i] = 1;
    rng_fill_uniform(r, module.m->size, module.m->data, -0.25f, 0.25f);
    return module;
}

static void
learn_module(const trunk_run *run, const transformer *m, const speculative_module *module, rng *r)
{
    adamw adam = adamw_new(0.9f, 0.98f, 1e-8f, 0);
    for (int s = 0; s < run->after; s++) {
        int ids[BATCH * T], targets[BATCH * T];
        windows(run->z, BATCH, r, ids);
        speculative_targets(BATCH, T, ids, 2, targets);
        tensor *loss = t_cross_entropy(module_logits(m, module, ids), targets);
        training_step(loss, &adam, warmup_cosine(s, run->after / 16, run->after, 1e-2f), 1);
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

// A head says logits (V), what can be known is known (V), and `target` came.
static void
count(head_test *c, const float *logits, const double *known, int target)
{
    double p[V];
    float best[V];
    speculative_probabilities(1, V, logits, 1, p);
    for (int x = 0; x < V; x++)
        best[x] = (float)known[x];
    bool hit = likeliest(logits) == target, could = likeliest(best) == target;
    c->accuracy += hit;
    c->loss -= log64(p[target]);
    c->below += could - hit;
    c->above += log64(known[target]) - log64(p[target]);
    c->places++;
}

static void
mean_of(head_test *c)
{
    c->accuracy /= c->places;
    c->loss /= c->places;
    c->below /= c->places;
    c->above /= c->places;
}

static void
test(trunk_run *run, const transformer *m, const speculative_heads *heads,
     const speculative_module *module)
{
    const speculative_language *l = &run->z->l;
    int tests = program_steps(TESTS, BATCH) / BATCH, ids[BATCH * T];
    rng r = rng_at(SEED, 1);
    for (int i = 0; i < tests; i++) {
        tensor *logits[1 + HEADS];
        windows(run->z, BATCH, &r, ids);
        all_logits(m, heads, BATCH, ids, true, logits);
        const tensor *next = module ? module_logits(m, module, ids) : NULL;
        for (int b = 0; b < BATCH; b++)
            for (int t = 0, s = 0; t < T; t++) {
                int at = b * T + t;
                s = t == 0 ? 0 : l->next[(long)s * V + ids[at]];
                for (int j = 0; j <= HEADS && t + 1 + j < T; j++)
                    count(&run->test[j], logits[j]->data + (long)at * V,
                          run->known + ((long)j * l->S + s) * V, ids[at + 1 + j]);
                if (module && t + 2 < T) {
                    int after = l->next[(long)s * V + ids[at + 1]];
                    count(&run->module, next->data + (long)at * V, run->known + (long)after * V,
                          ids[at + 2]);
                }
            }
        tape_reset();
    }
    for (int j = 0; j <= HEADS; j++)
        mean_of(&run->test[j]);
    if (module)
        mean_of(&run->module);
}

// At the last of T positions nothing was learnt, since no symbol follows there: so the caches have one less.
static speculative_writer
writer(const transformer *m, const speculative_heads *heads, speculative_rule rule)
{
    return (speculative_writer){
        .model = m, .heads = heads, .rule = rule, .k = HEADS, .temperature = 1, .separator = 0};
}

// Symbols a pass of a long text that the model writes.
static double
written(const trunk_run *run, const transformer *m, const speculative_heads *heads,
        speculative_rule rule)
{
    int n = program_steps(WRITTEN, 80), *out = memory_zeroed(n, sizeof *out, "a text");
    speculative_writer w = writer(m, heads, rule);
    rng r = rng_at(SEED, 1000 + 4 * run->seed + rule);
    double passes = speculative_write(&w, 0, T - 1, n, &r, out, NULL);
    free(out);
    return n / passes;
}

// The model's mean surprise at its own texts, which are so short that they need not begin anew.
static stats_estimate
surprise(const trunk_run *run, const transformer *m, const speculative_heads *heads,
         speculative_rule rule)
{
    enum { LENGTH = T - 2 - HEADS };
    double nats[LENGTH], mean[TEXTS] = {0};
    int texts = program_steps(TEXTS, 2), out[LENGTH];
    speculative_writer w = writer(m, heads, rule);
    rng r = rng_at(SEED, 2000 + 4 * run->seed + rule);
    for (int i = 0; i < texts; i++) {
        speculative_write(&w, 0, T - 1, LENGTH, &r, out, nats);
        for (int t = 0; t < LENGTH; t++)
            mean[i] += nats[t] / LENGTH;
    }
    return stats_mean(texts, mean);
}

static double
z_of(stats_estimate a, stats_estimate b)
{
    return (a.mean - b.mean) / sqrt(a.error * a.error + b.error * b.error);
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
    speculative_module module;
    if (run->weight == 0) {
        for (int j = 0; j < HEADS; j++)
            tensor_assign(heads.u[j], m.embedding);
        learn(run, &m, &heads, true, run->after, &r);
        module = module_new(&c, &r);
        learn_module(run, &m, &module, &r);
    }
    test(run, &m, &heads, run->weight == 0 ? &module : NULL);
    run->sampled = written(run, &m, &heads, SPECULATIVE_SAMPLED);
    run->best = written(run, &m, &heads, SPECULATIVE_BEST);
    stats_estimate plain = surprise(run, &m, NULL, SPECULATIVE_PLAIN);
    run->apart[0] = z_of(surprise(run, &m, &heads, SPECULATIVE_SAMPLED), plain);
    run->apart[1] = z_of(surprise(run, &m, &heads, SPECULATIVE_BEST), plain);
}

// The means of the kind "alone" of what stands at test[j], or with j < 0 of the module.
static head_test
mean_alone(const trunk_run *runs, int j)
{
    head_test mean = {0};
    for (int i = 0; i < RUNS; i += KINDS) {
        const head_test *c = j < 0 ? &runs[i].module : &runs[i].test[j];
        mean.accuracy += c->accuracy / SEEDS;
        mean.loss += c->loss / SEEDS;
        mean.below += c->below / SEEDS;
        mean.above += c->above / SEEDS;
    }
    return mean;
}

static void
write_tables(const trunk_run *runs)
{
    table *t = program_table("training-heads", "head\taccuracy\tloss\tbelow\tabove");
    for (int j = 0; j <= HEADS + 1; j++) {
        head_test c = mean_alone(runs, j <= HEADS ? j : -1);
        char name[] = "0";
        name[0] = (char)('0' + j);
        table_row(t, "sdddd", j <= HEADS ? name : "module", c.accuracy, c.loss, c.below, c.above);
    }
    table_close(t);
    t = program_table("training", "run\tweight\tabove_next\taccuracy_1\taccuracy_2\taccuracy_3"
                                  "\taccuracy_4\tsampled\tbest_guess\tz_sampled\tz_best");
    for (int i = 0; i < RUNS; i++) {
        const head_test *c = runs[i].test;
        table_row(t, "sfddddddddd", runs[i].t.name, runs[i].weight, c[0].above, c[1].accuracy,
                  c[2].accuracy, c[3].accuracy, c[4].accuracy, runs[i].sampled, runs[i].best,
                  runs[i].apart[0], runs[i].apart[1]);
    }
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
        sum += runs[i].test[0].above;
    return sum / SEEDS;
}

static void
claims(const trunk_run *runs)
{
    const char *own = "this chapter", *trial = "the trial with another language";
    double least, most, whole, other, ceiling = INFINITY, sampled = INFINITY;
    double module = INFINITY, z = 0;
    range(runs, 0, offsetof(trunk_run, test[0].above), &least, &most);
    range(runs, 2, offsetof(trunk_run, test[0].above), &whole, &other);
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
    range(runs, 1, offsetof(trunk_run, test[1].accuracy), &whole, &other);
    range(runs, 0, offsetof(trunk_run, test[1].accuracy), &least, &most);
    claim_above(
        "training-heads",
        "training: the first head's accuracy with the trunk, a tenth, less on the frozen one", 0,
        unless_quick(whole - most), own, FOUND);
    for (int i = 0; i < RUNS; i++) {
        sampled = fmin(sampled, runs[i].sampled - runs[i].best);
        z = fmax(z, fmax(fabs(runs[i].apart[0]), fabs(runs[i].apart[1])));
        for (int j = 1; j <= HEADS; j++)
            ceiling = fmin(ceiling, runs[i].test[j].above);
    }
    claim_above("ceilings-above",
                "ceilings: the least of 36 losses of trained heads above what can be known", 0,
                unless_quick(ceiling), "theory: of what a head reads nothing better can be known",
                FOUND);
    for (int i = 0; i < RUNS; i += KINDS)
        module = fmin(module, runs[i].module.accuracy - runs[i].test[1].accuracy);
    claim_below("training-exact",
                "training: 9 models' surprise at their texts, exact rules less one symbol a pass, "
                "the worst "
                "|z| of 18",
                stats_worst_bound(18), unless_quick(z), "both rules are exact", CHECK);
    claim_above("training-module",
                "training: a module in sequence, accuracy less the first head's, the least of 3",
                0.1, unless_quick(module), "theory: it reads the symbol between", FOUND);
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
                              .known = known,
                              .weight = weights[i % KINDS],
                              .seed = i / KINDS,
                              .after = program_steps(600, 2)};
        snprintf(runs[i].t.name, TRAINING_NAME, "%s_%d", names[i % KINDS], i / KINDS);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    write_tables(runs);
    claims(runs);
    training_free(RUNS, runs, sizeof *runs);
    free(known);
    speculative_zipf_free(z);
}
