// The chapter's experiments: one function for each figure, each with its own seed.
#include "data/text.h"
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rnn/rnn.h"
#include "transformer/cases.h"
#include "transformer/reader.h"
#include "transformer/tasks.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCALING_SEED = 11,
    GRADIENT_SEED = 21,
    REVERSE_SEED = 31,
    ADDITION_SEED = 41,
    LANGUAGE_SEED = 1, // of the Zipf language itself, as in chapter 1
    TEXT_SEED = 51
};

// A mean and its standard error.
typedef struct {
    double mean, error;
} estimate;

static estimate
estimated(int n, const double *x)
{
    double mean = sum64(n, x) / n, square = 0;
    for (int i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean);
    return (estimate){mean, sqrt64(square / (n - 1) / n)};
}

// ---- Why the scores are divided by sqrt(d) ----

enum { KEYS = 64, WIDTHS = 10, DRAWS = 400 };

// What a query's weights over KEYS keys look like.
typedef struct {
    double largest; // of the weights
    double trace;   // of the softmax's Jacobian diag(w) - w w^T: 1 - sum w^2
} sharpness;

static sharpness
sharpness_of(const double *score, double scale)
{
    double top = score[0], sum = 0, square = 0;
    for (int s = 1; s < KEYS; s++)
        top = fmax(top, score[s]);
    for (int s = 0; s < KEYS; s++) {
        double e = exp64(scale * (score[s] - top));
        sum += e;
        square += e * e;
    }
    return (sharpness){1 / sum, 1 - square / (sum * sum)};
}

// Scores of one query with KEYS keys, all components from N(0, 1).
static void
random_scores(rng *r, int d, double score[KEYS])
{
    double q[d];
    for (int i = 0; i < d; i++)
        q[i] = rng_normal(r);
    for (int s = 0; s < KEYS; s++) {
        score[s] = 0;
        for (int i = 0; i < d; i++)
            score[s] += q[i] * rng_normal(r);
    }
}

static void
scaling_claims(const estimate variance[WIDTHS], estimate largest[WIDTHS][2],
               estimate trace[WIDTHS][2])
{
    const char *source = "Vaswani et al. 2017, sec. 3.2.1", *own = "this chapter";
    double z = 0, most = 0, least = 1;
    for (int w = 0; w < WIDTHS; w++) {
        if (w >=
            2) // a product of one or two normal numbers has too heavy tails for a mean of its square
            z = fmax(z, fabs(variance[w].mean - (1 << w)) / variance[w].error);
        most = fmax(most, largest[w][1].mean);
        least = fmin(least, trace[w][1].mean);
    }
    claim_below("score-variance",
                "scores of N(0, 1) vectors: variance d, largest |z| of widths 4 to 512", 4, z,
                source, REPRODUCED);
    claim_above("unscaled-hard", "d 512, not scaled: the largest of 64 weights, mean", 0.9,
                unless_quick(largest[WIDTHS - 1][0].mean), source, REPRODUCED);
    claim_below("unscaled-gradient", "d 512, not scaled: trace of the softmax's Jacobian, mean",
                0.15, unless_quick(trace[WIDTHS - 1][0].mean), source, REPRODUCED);
    claim_below("scaled-soft", "scaled: the largest of 64 weights, the greatest mean of ten widths",
                0.15, most, own, REPRODUCED);
    claim_above("scaled-gradient", "scaled: trace of the Jacobian, the least mean of ten widths",
                0.9, least, own, REPRODUCED);
}

// Largest weight and trace of the softmax's Jacobian against the width d, with and without 1/sqrt(d).
static void
scaling(void)
{
    static double square[DRAWS], largest[2][DRAWS], trace[2][DRAWS];
    estimate variance[WIDTHS], largest_mean[WIDTHS][2], trace_mean[WIDTHS][2];
    int draws = program_steps(DRAWS, 20);
    table *t = program_table("scaling", "d\tscaled\tvariance\tvariance_error\tlargest\t"
                                        "largest_error\ttrace\ttrace_error");
    progress_expect(WIDTHS);
    for (int w = 0; w < WIDTHS; w++) {
        rng r = rng_at(SCALING_SEED, w);
        int d = 1 << w;
        for (int i = 0; i < draws; i++) {
            double score[KEYS];
            random_scores(&r, d, score);
            square[i] = score[0] * score[0];
            for (int scaled = 0; scaled < 2; scaled++) {
                sharpness s = sharpness_of(score, scaled ? 1 / sqrt64(d) : 1);
                largest[scaled][i] = s.largest;
                trace[scaled][i] = s.trace;
            }
        }
        variance[w] = estimated(draws, square);
        for (int scaled = 0; scaled < 2; scaled++) {
            estimate a = largest_mean[w][scaled] = estimated(draws, largest[scaled]);
            estimate b = trace_mean[w][scaled] = estimated(draws, trace[scaled]);
            table_row(t, "iidddddd", d, scaled, variance[w].mean, variance[w].error, a.mean,
                      a.error, b.mean, b.error);
        }
        progress_advance(1);
    }
    table_close(t);
    scaling_claims(variance, largest_mean, trace_mean);
}

// ---- Gradients before the first step: post-norm and pre-norm ----

enum { DEPTH = 12, STARTS = 8 };

// |dL/dW_2| of every layer of a new decoder-only model with a random batch.
static void
first_gradients(transformer_placement placement, rng *r, double norm[DEPTH])
{
    enum { V = 27, D = 32, T = 16, B = 8 };
    int read[B * T], say[B * T];
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 128,
                            .decoders = DEPTH,
                            .placement = placement,
                            .activation = t_relu,
                            .positions = transformer_positions(T, D)};
    transformer m = transformer_new(&c, r);
    for (int i = 0; i < B * T; i++) {
        read[i] = (int)rng_below(r, V);
        say[i] = (int)rng_below(r, V);
    }
    backward(t_cross_entropy(transformer_decode(&m, B, T, read, NULL, NULL, NULL, NULL), say));
    for (int i = 0; i < DEPTH; i++)
        norm[i] = sqrt64(sumsq(m.decoder[i].w_2->size, m.decoder[i].w_2->grad));
    tensors_free();
}

// The gradient of each layer of new models, by depth.
static void
warm_up(void)
{
    double norm[2][STARTS][DEPTH];
    estimate mean[2][DEPTH];
    for (int placement = 0; placement < 2; placement++)
        for (int s = 0; s < STARTS; s++) {
            rng r = rng_at(GRADIENT_SEED, s);
            first_gradients(placement, &r, norm[placement][s]);
        }
    table *t = program_table("warm-up", "layer\tpost\tpost_error\tpre\tpre_error");
    for (int i = 0; i < DEPTH; i++) {
        for (int placement = 0; placement < 2; placement++) {
            double x[STARTS];
            for (int s = 0; s < STARTS; s++)
                x[s] = norm[placement][s][i];
            mean[placement][i] = estimated(STARTS, x);
        }
        table_row(t, "idddd", i + 1, mean[0][i].mean, mean[0][i].error, mean[1][i].mean,
                  mean[1][i].error);
    }
    table_close(t);
    const char *source = "Xiong et al. 2020, sec. 3.3";
    claim_above("post-gradient",
                "new models of 12 layers: the last layer's |dL/dW_2|, post-norm over pre-norm", 2,
                mean[0][DEPTH - 1].mean / mean[1][DEPTH - 1].mean, source, REPRODUCED);
}

// ---- Trainings that are tested as they go ----

// One training of a figure and what came of it.
typedef struct {
    const char *id;
    int seed, steps;
    transformer_placement placement; // of a reversal
    bool least_first;                // of an addition
    int every;                       // steps between two tests
    float *loss;                     // (steps) of each batch
    float *test;                     // (steps / every) what the tests give
} training;

static float *
floats(int n)
{
    float *x = calloc(n, sizeof *x);
    if (!x)
        fail("no memory for a curve of %d steps", n);
    return x;
}

// Writes what the tests of all trainings gave to NAME-tests.tsv, a column each; all have as many steps.
static void
write_tests(const char *name, int n, const training *all, const curve *curves)
{
    char file[64], header[16 + n * (sizeof curves->name + 1)];
    snprintf(file, sizeof file, "%s-tests", name);
    strcpy(header, "step");
    for (int i = 0; i < n; i++)
        strcat(strcat(header, "\t"), curves[i].name);
    table *t = program_table(file, header);
    for (int k = 0; k < all->steps / all->every; k++) {
        float row[n];
        for (int i = 0; i < n; i++)
            row[i] = all[i].test[k];
        table_curve(t, (k + 1) * all->every, n, row);
    }
    table_close(t);
}

// Runs all trainings side by side; writes the losses as means over 20 steps to NAME.tsv and the tests.
static void
run_trainings(const char *name, int n, training *all, void (*run)(int, void *))
{
    curve curves[n];
    long steps = 0;
    for (int i = 0; i < n; i++) {
        training *one = &all[i];
        one->steps = program_steps(one->steps, 2);
        one->every = program_steps(100, 1);
        one->loss = floats(one->steps);
        one->test = floats(one->steps / one->every);
        curves[i] = (curve){.steps = one->steps, .loss = one->loss};
        snprintf(curves[i].name, sizeof curves[i].name, "%s_%d", one->id, one->seed);
        steps += one->steps;
    }
    progress_expect(steps);
    training_side_by_side(n, run, all);
    training_curves(name, program_steps(20, 1), n, curves);
    write_tests(name, n, all, curves);
}

static void
free_trainings(int n, training *all)
{
    for (int i = 0; i < n; i++) {
        free(all[i].loss);
        free(all[i].test);
    }
}

// The last test of a training.
static double
ended(const training *run)
{
    return run->test[run->steps / run->every - 1];
}

// Falls in a straight line from 1 to 0 over the last `part` of the steps s = 0, 1, ...
static float
decay(int s, int steps, float part)
{
    float left = (float)(steps - s) / steps;
    return left < part ? left / part : 1;
}

// ---- Reversal: an encoder and a decoder ----

enum { REVERSE_TESTS = 500 };

// Logits of the reversed sequences.
static tensor *
reverse_logits(const transformer *m, int B, const int *source, const int *read)
{
    tensor *memory = transformer_encode(m, B, REVERSE_T, source, NULL);
    return transformer_decode(m, B, REVERSE_T, read, NULL, memory, NULL, NULL);
}

// Logits of the test sequences, and what they should say.
static tensor *
reverse_tests(const transformer *m, int **say)
{
    enum { B = REVERSE_TESTS, T = REVERSE_T };
    int *source = tape_alloc(B * T * sizeof(int)), *read = tape_alloc(B * T * sizeof(int));
    rng r = rng_at(REVERSE_SEED, 1000);
    *say = tape_alloc(B * T * sizeof(int));
    reverse_batch(&r, B, source, read, *say);
    return reverse_logits(m, B, source, read);
}

// Writes the weights of the last layer's cross-attention, as means over the test sequences.
static void
reverse_attention(const transformer *m)
{
    enum { B = REVERSE_TESTS, T = REVERSE_T };
    int *say, h = m->c.h;
    reverse_tests(m, &say);
    const tensor *weights =
        tape_saved(tape_find("transformer_attention"), "weights"); // (B, h, T, T)
    table *t = program_table("reverse-attention", "head\tposition\tsource\tweight");
    for (int head = 0; head < h; head++)
        for (int i = 0; i < T * T; i++) {
            double mean = 0;
            for (int b = 0; b < B; b++)
                mean += weights->data[(b * h + head) * T * T + i] / B;
            table_row(t, "iiid", head + 1, i / T + 1, i % T + 1, mean);
        }
    table_close(t);
    tape_reset();
}

static void
reverse_run(int i, void *context)
{
    enum { B = 64, T = REVERSE_T, D = 32, WARM_UP = 400 };
    training *run = (training *)context + i;
    rng r = rng_at(REVERSE_SEED, run->seed);
    transformer_config c = {.V = REVERSE_V,
                            .D = D,
                            .h = 4,
                            .F = 2 * D,
                            .encoders = 2,
                            .decoders = 2,
                            .placement = run->placement,
                            .activation = t_relu,
                            .positions = transformer_positions(T, D)};
    transformer m = transformer_new(&c, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    for (int s = 0; s < run->steps; s++) {
        int source[B * T], read[B * T], say[B * T];
        float rate = 0.5f * transformer_noam(s + 1, D, WARM_UP) * decay(s, run->steps, 0.3f);
        reverse_batch(&r, B, source, read, say);
        tensor *loss = t_cross_entropy(reverse_logits(&m, B, source, read), say);
        run->loss[s] = training_step(loss, &adam, rate, 1);
        if ((s + 1) % run->every == 0) {
            int *right;
            const tensor *logits = reverse_tests(&m, &right);
            run->test[s / run->every] = (float)exact_part(logits, right);
            tape_reset();
        }
    }
    if (i == 0)
        reverse_attention(&m);
}

// Reversing ten symbols: post-norm and pre-norm, and where the decoder looks.
static void
reverse(void)
{
    enum { SEEDS = 2, RUNS = 2 * SEEDS };
    training runs[RUNS];
    double least = 1;
    for (int i = 0; i < RUNS; i++)
        runs[i] = (training){.id = i < SEEDS ? "post" : "pre",
                             .placement = i < SEEDS ? TRANSFORMER_POST_NORM : TRANSFORMER_PRE_NORM,
                             .steps = 800,
                             .seed = i % SEEDS};
    run_trainings("reverse", RUNS, runs, reverse_run);
    for (int i = 0; i < RUNS; i++)
        least = fmin(least, ended(&runs[i]));
    claim_above("reverse-exact",
                "reversal: part of 500 sequences without a mistake, the worst of 4 trainings", 0.99,
                unless_quick(least), "this chapter", REPRODUCED);
    free_trainings(RUNS, runs);
}

// ---- Addition: a decoder alone ----

enum { ADDITION_TESTS = 1000 };

// Marks the pairs that are kept for testing: in the mean 1 in 100 of all.
static bool *
kept_pairs(void)
{
    bool *kept = calloc(ADDITION_PAIRS, sizeof *kept);
    rng r = rng_at(ADDITION_SEED, 1000);
    if (!kept)
        fail("no memory for %d pairs", ADDITION_PAIRS);
    for (int i = 0; i < ADDITION_PAIRS; i++)
        kept[i] = rng_below(&r, 100) == 0;
    return kept;
}

static void
addition_run(int i, void *context)
{
    enum { B = 64, T = ADDITION_T, D = 64, N = ADDITION_TESTS };
    training *run = (training *)context + i;
    rng r = rng_at(ADDITION_SEED, run->seed), test = rng_at(ADDITION_SEED, 1001);
    tensor *positions = param("positions", SHAPE(T, D));
    rng_fill_normal(&r, positions->size, positions->data, 0, 1);
    transformer_config c = {.V = ADDITION_V,
                            .D = D,
                            .h = 4,
                            .F = 2 * D,
                            .decoders = 2,
                            .placement = TRANSFORMER_POST_NORM,
                            .activation = t_gelu,
                            .positions = positions};
    transformer m = transformer_new(&c, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    bool *kept = kept_pairs();
    int *read_test = permanent_alloc(N * T * sizeof(int)),
        *say_test = permanent_alloc(N * T * sizeof(int));
    addition_batch(&test, N, run->least_first, kept, true, read_test, say_test);
    for (int s = 0; s < run->steps; s++) {
        int read[B * T], say[B * T];
        float rate = warmup_cosine(s, run->steps / 15, run->steps, 2e-3f);
        addition_batch(&r, B, run->least_first, kept, false, read, say);
        tensor *logits = transformer_decode(&m, B, T, read, NULL, NULL, NULL, NULL);
        run->loss[s] = training_step(t_cross_entropy(logits, say), &adam, rate, 1);
        if ((s + 1) % run->every == 0) {
            logits = transformer_decode(&m, N, T, read_test, NULL, NULL, NULL, NULL);
            run->test[s / run->every] = (float)exact_part(logits, say_test);
            tape_reset();
        }
    }
    free(kept);
}

// Adding numbers of three digits: the sum's least significant digit first, and last.
static void
addition(void)
{
    enum { SEEDS = 2, RUNS = 2 * SEEDS };
    training runs[RUNS];
    for (int i = 0; i < RUNS; i++)
        runs[i] = (training){.id = i < SEEDS ? "least_first" : "most_first",
                             .least_first = i < SEEDS,
                             .steps = 1200,
                             .seed = i % SEEDS};
    run_trainings("addition", RUNS, runs, addition_run);
    double least = fmin(ended(&runs[0]), ended(&runs[1]));
    double most = fmax(ended(&runs[2]), ended(&runs[3]));
    const char *own = "this chapter";
    claim_above(
        "addition-exact",
        "addition, least significant digit first: right part of 1000 unseen sums, worst of 2", 0.99,
        unless_quick(least), own, REPRODUCED);
    claim_above("addition-order",
                "addition: worst of 2, least significant digit first, minus best of 2, most first",
                0, unless_quick(least - most), own, REPRODUCED);
    free_trainings(RUNS, runs);
}

// ---- The language model ----

enum { WINDOW = 25, WINDOWS = 1000, BATCH = 32 };

// Text to learn from, and windows to test on: only the symbols of their second half count, with 12 or more before
// them, while no word has more than 6 letters.
typedef struct {
    int learnt;      // symbols of the text
    int *text;       // (learnt + 1)
    int *read, *say; // (WINDOWS, WINDOW)
    double oracle;   // the mean loss of who knows the language, on the symbols that count
} corpus;

static corpus
corpus_new(const zipf *z, int learnt)
{
    const int half = WINDOW / 2, unseen = WINDOWS * (WINDOW - half) + WINDOW + 1;
    corpus c = {learnt, malloc((learnt + 1) * sizeof(int)), malloc(WINDOWS * WINDOW * sizeof(int)),
                malloc(WINDOWS * WINDOW * sizeof(int)), 0};
    int *text = malloc(unseen * sizeof *text), start[WINDOWS];
    double *nll = malloc(unseen * sizeof *nll);
    if (!c.text || !c.read || !c.say || !text || !nll)
        fail("no memory for a text of %d symbols", learnt);
    rng r = rng_at(TEXT_SEED, 0), other = rng_at(TEXT_SEED, 1);
    zipf_sample(z, &r, learnt + 1, c.text);
    zipf_sample(z, &other, unseen, text);
    zipf_oracle(z, unseen, text, nll);
    for (int w = 0; w < WINDOWS; w++)
        start[w] = w * (WINDOW - half);
    window_batch(text, WINDOWS, start, WINDOW, c.read, c.say);
    for (int w = 0; w < WINDOWS; w++)
        for (int t = 0; t < WINDOW; t++)
            if (t < half)
                c.say[w * WINDOW + t] = -1;
            else
                c.oracle += nll[start[w] + t + 1] / ((double)WINDOWS * (WINDOW - half));
    free(text);
    free(nll);
    return c;
}

// A model of either kind: symbols (B, WINDOW) -> logits (B, WINDOW, V).
typedef struct {
    transformer attends;
    rnn_layer recurs; // where recurs.w_ih is set
    tensor *w, *b;
} language_model;

static tensor *
language_logits(const language_model *m, int B, const int *read)
{
    enum { V = ZIPF_SYMBOLS, T = WINDOW };
    if (!m->recurs.w_ih)
        return transformer_decode(&m->attends, B, T, read, NULL, NULL, NULL, NULL);
    tensor *x = constant("x", SHAPE(T, B, V), NULL); // one-hot, time first
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            x->data[(t * B + b) * V + read[b * T + t]] = 1;
    tensor *h = t_transpose(rnn_forward(&m->recurs, x, NULL, NULL).all, 0, 1);
    return t_linear(h, m->w, m->b);
}

// A Transformer of two layers, or a GRU of about as many parameters.
static language_model
language_model_new(bool recurrent, rng *r)
{
    enum { V = ZIPF_SYMBOLS, D = 32, H = 77 };
    if (recurrent) {
        language_model m = {.recurs = rnn_layer_new(RNN_GRU, V, H, r),
                            .w = param("w", SHAPE(V, H)),
                            .b = param("b", SHAPE(V))};
        float bound = 1 / sqrt32(H);
        rng_fill_uniform(r, m.w->size, m.w->data, -bound, bound);
        return m;
    }
    tensor *positions = param("positions", SHAPE(WINDOW, D));
    rng_fill_normal(r, positions->size, positions->data, 0, 1);
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 4 * D,
                            .decoders = 2,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = positions};
    return (language_model){.attends = transformer_new(&c, r)};
}

typedef struct {
    const corpus *corpus;
    int steps, every, parameters;
    double *excess; // (steps / every) the test loss minus the oracle's
} language_training;

static void
language_run(int i, void *context)
{
    language_training *run = (language_training *)context + i;
    const corpus *c = run->corpus;
    rng r = rng_at(TEXT_SEED, 2 + i);
    language_model m = language_model_new(i == 1, &r);
    adamw adam = adamw_new(0.9f, i == 1 ? 0.999f : 0.98f, 1e-8f, 0);
    for (int p = 0; p < param_count(); p++)
        run->parameters += (int)param_at(p)->size;
    for (int s = 0; s < run->steps; s++) {
        int start[BATCH], read[BATCH * WINDOW], say[BATCH * WINDOW];
        for (int b = 0; b < BATCH; b++)
            start[b] = (s * BATCH + b) * WINDOW;
        window_batch(c->text, BATCH, start, WINDOW, read, say);
        float rate = warmup_cosine(s, run->steps / 16, run->steps, 1e-2f);
        training_step(t_cross_entropy(language_logits(&m, BATCH, read), say), &adam, rate, 1);
        if ((s + 1) % run->every == 0) {
            const tensor *loss = t_cross_entropy(language_logits(&m, WINDOWS, c->read), c->say);
            run->excess[s / run->every] = loss->data[0] - c->oracle;
            tape_reset();
        }
    }
}

static void
language_claims(int n, double excess[2][n], double oracle)
{
    int quarter = n < 4 ? 0 : n / 4 - 1;
    const char *own = "this chapter";
    claim_below("language-transformer",
                "language model: the Transformer's loss above the oracle's, per cent", 3,
                unless_quick(100 * excess[0][n - 1] / oracle), own, REPRODUCED);
    claim_below("language-gru", "language model: the GRU's loss above the oracle's, per cent", 3,
                unless_quick(100 * excess[1][n - 1] / oracle), own, REPRODUCED);
    claim_above(
        "language-sooner",
        "language model, after a quarter of the text: the Transformer's excess over the GRU's", 2,
        unless_quick(excess[0][quarter] / excess[1][quarter]), own, REPRODUCED);
}

// A Transformer and a GRU read the same windows of the Zipf language.
static void
language(void)
{
    int steps = program_steps(1600, 2), every = program_steps(100, 1), n = steps / every;
    double excess[2][n];
    zipf z = zipf_new(LANGUAGE_SEED);
    corpus c = corpus_new(&z, steps * BATCH * WINDOW);
    language_training runs[] = {{&c, steps, every, 0, excess[0]}, {&c, steps, every, 0, excess[1]}};
    progress_expect(2 * steps);
    training_side_by_side(2, language_run, runs);
    table *t = program_table("language", "symbols_read\ttransformer\tgru");
    for (int k = 0; k < n; k++)
        table_row(t, "idd", (k + 1) * every * BATCH * WINDOW, excess[0][k], excess[1][k]);
    table_close(t);
    t = program_table("language-models",
                      "model\tparameters\tloss_nats\texcess_nats\texcess_percent");
    for (int i = 0; i < 2; i++)
        table_row(t, "siddd", i ? "gru" : "transformer", runs[i].parameters,
                  excess[i][n - 1] + c.oracle, excess[i][n - 1], 100 * excess[i][n - 1] / c.oracle);
    table_row(t, "siddd", "oracle", 0, c.oracle, 0.0, 0.0);
    table_close(t);
    language_claims(n, excess, c.oracle);
    free(c.text), free(c.read), free(c.say);
}

// ---- What attention costs ----

enum { LENGTHS = 7, COST_D = 64, COST_H = 4, COST_F = 256 };

// Floating-point operations of one layer's products, forward, for a sequence of N.
typedef struct {
    double projections, attention, feed_forward;
} operations;

static operations
operations_of(double N)
{
    const double D = COST_D, F = COST_F;
    return (operations){4 * 2 * N * D * D, 2 * 2 * N * N * D, 2 * 2 * N * D * F};
}

// Milliseconds of a layer, forward, and of its attention alone: medians.
static void
time_layer(int N, double *whole, double *attention)
{
    enum { ROUNDS = 9 };
    double layer_time[ROUNDS], attention_time[ROUNDS];
    rng r = rng_at(0, 0);
    transformer_config c = {.D = COST_D,
                            .h = COST_H,
                            .F = COST_F,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu};
    transformer_layer l = transformer_layer_new(&c, false, &r);
    for (int i = 0; i < ROUNDS; i++) {
        tensor *x = constant("x", SHAPE(1, N, COST_D), NULL);
        rng_fill_normal(&r, x->size, x->data, 0, 1);
        double start = timing_seconds();
        transformer_layer_forward(&l, x, NULL, NULL, NULL, NULL);
        layer_time[i] = 1e3 * (timing_seconds() - start);
        x = transformer_split_heads(x, COST_H);
        start = timing_seconds();
        transformer_attention(x, x, x, NULL, NULL);
        attention_time[i] = 1e3 * (timing_seconds() - start);
        tape_reset();
    }
    sort64(ROUNDS, layer_time);
    sort64(ROUNDS, attention_time);
    *whole = layer_time[ROUNDS / 2];
    *attention = attention_time[ROUNDS / 2];
}

static void
time_lengths(int i, void *context)
{
    (void)i;
    (void)context;
    table *t = program_table("cost.timing", "length\tlayer_ms\tattention_ms");
    for (int k = 0; k < program_steps(LENGTHS, 3); k++) {
        double whole, attention;
        time_layer(32 << k, &whole, &attention);
        table_row(t, "idd", 32 << k, whole, attention);
    }
    table_close(t);
}

// Operations and time of one layer against the length of the sequence.
static void
cost(void)
{
    table *t = program_table("cost", "length\tprojections\tattention\tfeed_forward\tweights_bytes");
    for (int k = 0; k < LENGTHS; k++) {
        operations o = operations_of(32 << k);
        table_row(t, "idddd", 32 << k, o.projections, o.attention, o.feed_forward,
                  4.0 * COST_H * (32 << k) * (32 << k));
    }
    table_close(t);
    training_side_by_side(1, time_lengths, NULL);
    double N = (4 * 2 * COST_D * COST_D + 2 * 2 * COST_D * COST_F) / (2.0 * 2 * COST_D);
    operations o = operations_of(N);
    claim_near("cost-even", "D 64, F 256: attention costs as much as all else at N = 2 D + F",
               2 * COST_D + COST_F, N * (o.projections + o.feed_forward) / o.attention, 1e-9,
               "this chapter", REPRODUCED);
}

int
main(int argc, char **argv)
{
    const program_option own[] = {
        {"--text", "FILE", "train a language model on a text of your own", &reader_text},
        {"--save", "FILE", "keep its weights", &reader_save},
        {"--load", "FILE", "begin with weights that were kept; without --text: sample from them",
         &reader_load},
        {0}};
    const program_figure contents[] = {{"scaling", scaling, 1},
                                       {"warm-up", warm_up, 0.5},
                                       {"reverse", reverse, 8},
                                       {"addition", addition, 14},
                                       {"language", language, 8},
                                       {"cost", cost, 1},
                                       {0}};
    const program_figure reader[] = {{"text", reader_run, 20}, {0}};
    program_begin("transformer", own, argc, argv);
    if (reader_text || reader_load) {
        program_own_data("text");
        program_run(NULL, reader);
    } else
        program_run(transformer_cases, contents);
    return program_end(claims_report());
}
