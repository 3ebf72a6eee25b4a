#include "clip/experiment.h"

#include "clip/match.h"
#include "clip/oracle.h"
#include "files/memory.h"
#include "frame/program.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_SEED = 37, D = 32, PROMPTS = (SHAPES_SIZES + 1) * (SHAPES_PLACES + 1) };

// ---- Settings and data ----

clip_config
clip_usual(void)
{
    return (clip_config){.picture = {.H = SHAPES_SIDE,
                                     .W = SHAPES_SIDE,
                                     .C = 3,
                                     .P = 4,
                                     .D = D,
                                     .L = 1,
                                     .h = 4,
                                     .F = 64,
                                     .pool = VIT_MEAN},
                         .words = SHAPES_WORDS,
                         .slots = SHAPES_SLOTS,
                         .width = 32,
                         .hidden = 64,
                         .d = D};
}

clip_run
clip_usual_run(int N, bool sigmoid, float b, uint32_t seed)
{
    clip_run run = {.t = {.steps = program_steps(500, 3)},
                    .N = N,
                    .sigmoid = sigmoid,
                    .b = b,
                    .rate = 8e-3f,
                    .seed = seed};
    return run;
}

clip_test
clip_test_new(void)
{
    clip_test t;
    t.scenes = memory_zeroed(CLIP_TESTED, sizeof *t.scenes, "scenes");
    t.words = memory_zeroed(CLIP_TESTED * SHAPES_SLOTS, sizeof *t.words, "captions");
    t.pictures = memory_zeroed((long)CLIP_TESTED * SHAPES_PIXELS, sizeof *t.pictures, "pictures");
    rng r = rng_at(TEST_SEED, 0);
    shapes_batch(&r, CLIP_TESTED, t.scenes, t.words, t.pictures);
    return t;
}

void
clip_test_free(clip_test *t)
{
    free(t->scenes);
    free(t->words);
    free(t->pictures);
}

// ---- What an ideal retriever reaches ----

// PMI of pictures first .. first + N - 1 with the captions of these, z (N, N).
static void
ideal_scores(const clip_test *t, int first, int N, float *z)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            z[i * N + j] =
                (float)clip_shapes_pmi(t->words + (first + j) * SHAPES_SLOTS, t->scenes[first + i]);
}

double
clip_ideal_recall(const clip_test *t)
{
    static const int n = CLIP_POOL;
    float *z = memory_zeroed((long)n * n, sizeof *z, "scores");
    int greater[CLIP_POOL], equal[CLIP_POOL];
    double recall = 0;
    for (int pool = 0; pool < CLIP_POOLS; pool++) {
        ideal_scores(t, pool * n, n, z);
        clip_ranks(n, z, greater, equal);
        recall += clip_recall(n, greater, equal, 1) / CLIP_POOLS;
    }
    free(z);
    return recall;
}

// The logarithm of the sum of e^(z - own) over N scores, `apart` from each other.
static double
log_sum(int N, const float *z, int apart, double own)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += exp64(z[i * apart] - own);
    return log64(sum);
}

// The losses of scores z (N, N) in double; -inf is allowed but on the diagonal.
static double
infonce_of_scores(int N, const float *z)
{
    double loss = 0;
    for (int i = 0; i < N; i++) {
        double own = z[i * N + i];
        loss += (log_sum(N, z + i * N, 1, own) + log_sum(N, z + i, N, own)) / (2 * N);
    }
    return loss;
}

static double
sigmoid_of_scores(int N, const float *z, double b)
{
    double loss = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double x = z[i * N + j] + b;
            loss += log64(1 + exp64(i == j ? -x : x)) / N;
        }
    return loss;
}

static double
loss_of_scores(int N, const float *z, double b, bool sigmoid)
{
    return sigmoid ? sigmoid_of_scores(N, z, b) : infonce_of_scores(N, z);
}

double
clip_ideal_loss(const clip_test *t, int N, bool sigmoid)
{
    float *z = memory_zeroed((long)N * N, sizeof *z, "scores");
    double loss = 0;
    int batches = CLIP_TESTED / N;
    for (int k = 0; k < batches; k++) {
        ideal_scores(t, k * N, N, z);
        loss += loss_of_scores(N, z, sigmoid ? -log64(N - 1) : 0, sigmoid) / batches;
    }
    free(z);
    return loss;
}

// ---- What is measured ----

// The directions (CLIP_TESTED, D) of the test pairs, a pool at a time; the tape is as it was.
static void
test_directions(const clip *m, const clip_test *t, float *u, float *v)
{
    for (int pool = 0; pool < CLIP_POOLS; pool++) {
        long first = pool * CLIP_POOL;
        tape_mark *mark = tape_mark_here();
        tensor *x = constant("pictures", SHAPE(CLIP_POOL, 3, SHAPES_SIDE, SHAPES_SIDE),
                             t->pictures + first * SHAPES_PIXELS);
        const tensor *pictures = clip_pictures(m, x);
        const tensor *captions = clip_captions(m, CLIP_POOL, t->words + first * SHAPES_SLOTS);
        memcpy(u + first * D, pictures->data, CLIP_POOL * D * sizeof(float));
        memcpy(v + first * D, captions->data, CLIP_POOL * D * sizeof(float));
        tape_rewind(mark);
    }
}

// The group of a pair: 0 where the caption is not true of the scene, else 1 + what it says besides colour and form.
static int
lift_group(const int *word, shapes_scene s)
{
    return shapes_fits(word, s) ? 1 + (word[0] != 0) + 2 * (word[SHAPES_SLOTS - 1] != 0) : 0;
}

// What the scores z (CLIP_POOL, CLIP_POOL) of one pool say.
static void
measure_pool(const clip_test *t, int pool, const float *z, double sum[CLIP_LIFTS],
             double count[CLIP_LIFTS], clip_measured *m)
{
    enum { N = CLIP_POOL };
    int greater[N], equal[N], first = pool * N;
    clip_ranks(N, z, greater, equal);
    m->recall += clip_recall(N, greater, equal, 1) / CLIP_POOLS;
    for (long i = 0; i < N; i++)
        for (long j = 0; j < N; j++) {
            int g = lift_group(t->words + (first + j) * SHAPES_SLOTS, t->scenes[first + i]);
            sum[g] += z[i * N + j];
            count[g]++;
            m->mean_score += z[i * N + j] / ((double)N * N * CLIP_POOLS);
        }
}

// Classes by captions, `prompts` of them a class: the part of the test pictures whose colour and form are found.
static double
zero_shot(const clip *m, const clip_test *t, const float *u, int prompts)
{
    float w[CLIP_KINDS * D];
    int words[PROMPTS * SHAPES_SLOTS], found[CLIP_TESTED], right = 0;
    for (int c = 0; c < CLIP_KINDS; c++) {
        for (int k = 0; k < prompts; k++) {
            int *word = words + k * SHAPES_SLOTS;
            // The first prompt says colour and form alone
            word[0] = shapes_word(0, k % (SHAPES_SIZES + 1) - 1);
            word[1] = shapes_word(1, c / SHAPES_FORMS);
            word[2] = shapes_word(2, c % SHAPES_FORMS);
            word[3] = shapes_word(3, k / (SHAPES_SIZES + 1) - 1);
        }
        tape_mark *mark = tape_mark_here();
        clip_ensemble(prompts, D, clip_captions(m, prompts, words)->data, w + c * D);
        tape_rewind(mark);
    }
    clip_zero_shot(CLIP_TESTED, CLIP_KINDS, D, u, w, found);
    for (int i = 0; i < CLIP_TESTED; i++)
        right += found[i] == t->scenes[i].colour * SHAPES_FORMS + t->scenes[i].form;
    return (double)right / CLIP_TESTED;
}

// The mean loss over batches of N test pairs, less that of PMI on the same.
static double
excess_loss(const clip_test *t, const clip_run *run, const float *u, const float *v, double b)
{
    int N = run->N, batches = CLIP_TESTED / N;
    float *z = memory_zeroed((long)N * N, sizeof *z, "scores");
    double loss = 0, scale = run->m.scale;
    for (int k = 0; k < batches; k++) {
        matmul(N, N, D, matrix_of(u + (long)k * N * D, D), transpose_of(v + (long)k * N * D, D), z,
               N, MATMUL_SET);
        for (int i = 0; i < N * N; i++)
            z[i] *= (float)scale;
        loss += loss_of_scores(N, z, b, run->sigmoid) / batches;
    }
    free(z);
    return loss - clip_ideal_loss(t, N, run->sigmoid);
}

static void
measure(const clip *m, clip_run *run, const clip_test *t)
{
    float *u = memory_zeroed(2L * CLIP_TESTED * D, sizeof *u, "directions"),
          *v = u + CLIP_TESTED * D;
    float *z = memory_zeroed(CLIP_POOL * CLIP_POOL, sizeof *z, "scores");
    double sum[CLIP_LIFTS] = {0}, count[CLIP_LIFTS] = {0};
    float b = run->sigmoid ? m->b->data[0] : 0, scale = exp32(m->t->data[0]);
    run->m = (clip_measured){.scale = scale, .b = b};
    test_directions(m, t, u, v);
    for (int pool = 0; pool < CLIP_POOLS; pool++) {
        long first = (long)pool * CLIP_POOL * D;
        matmul(CLIP_POOL, CLIP_POOL, D, matrix_of(u + first, D), transpose_of(v + first, D), z,
               CLIP_POOL, MATMUL_SET);
        for (int i = 0; i < CLIP_POOL * CLIP_POOL; i++)
            z[i] = scale * z[i] + b;
        measure_pool(t, pool, z, sum, count, &run->m);
    }
    for (int g = 0; g < CLIP_LIFTS; g++)
        run->m.score[g] = sum[g] / count[g];
    run->m.gap = clip_gap(CLIP_TESTED, CLIP_TESTED, D, u, v);
    run->m.zero_shot = zero_shot(m, t, u, 1);
    run->m.ensemble = zero_shot(m, t, u, PROMPTS);
    run->m.excess = excess_loss(t, run, u, v, b);
    free(u);
    free(z);
}

// ---- Training ----

// Features of a batch's pictures, with half of the patches of each, drawn anew: (N, D).
static tensor *
features_of_half(const vit *tower, tensor *pictures, rng *r)
{
    tensor *z = vit_embed(tower, pictures);
    int N = z->shape.n[0], T = z->shape.n[1], kept = T / 2;
    int *rows = tape_alloc((long)N * kept * sizeof *rows), *order = tape_alloc(T * sizeof *order);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < T; k++)
            order[k] = k;
        // The first half of a shuffle
        for (int k = 0; k < kept; k++) {
            int other = k + (int)rng_below(r, (uint32_t)(T - k)), here = order[k];
            order[k] = order[other];
            order[other] = here;
            rows[i * kept + k] = i * T + order[k];
        }
    }
    // Its positions were added before: what is left knows where it was
    tensor *x = t_embedding(t_reshape(z, SHAPE(N * T, z->shape.n[2])), SHAPE(N, kept), rows);
    for (int l = 0; l < tower->c.L; l++)
        x = vit_block_forward(&tower->block[l], x, NULL);
    return vit_pooled(tower, x);
}

// ---- Words as classes ----

enum { SAID = SHAPES_WORDS - 1 }; // words but for the blank

static backward_fn word_backward;

// logits (N, SAID) of which words are said of a picture, and captions (N, SHAPES_SLOTS): 1/N sum over all of
// softplus(-y logit), y 1 for a word that is said, else -1.
static tensor *
word_loss(tensor *logits, const int *words)
{
    int N = logits->shape.n[0];
    tensor *loss = tape_node("word_loss", SCALAR, word_backward, INPUTS(logits));
    float *slope = tape_save(loss, "slopes", logits->shape)->data, each = 1.0f / N;
    double sum = 0;
    for (int i = 0; i < N * SAID; i++) {
        const int *word = words + i / SAID * SHAPES_SLOTS;
        float y = -1, x = logits->data[i];
        for (int slot = 0; slot < SHAPES_SLOTS; slot++)
            y = word[slot] == i % SAID + 1 ? 1 : y;
        sum += clip_softplus(-y * x);
        slope[i] = each * -y * sigmoid32(-y * x);
    }
    loss->data[0] = (float)(sum / N);
    return loss;
}

static void
word_backward(tensor *loss)
{
    tensor *logits = loss->in[0];
    const float *slope = tape_saved(loss, "slopes")->data;
    for (long i = 0; i < logits->size; i++)
        logits->grad[i] += loss->grad[0] * slope[i];
}

// Of one test picture's logits (SAID): the word of a slot with the largest.
static int
most_likely(const float *logit, int slot, int values)
{
    int first = shapes_word(slot, 0) - 1, best = 0;
    for (int value = 1; value < values; value++)
        best = logit[first + value] > logit[first + best] ? value : best;
    return best;
}

// The part of the test pictures whose colour, and whose colour and form, are found: into recall and zero_shot.
static void
measure_words(const vit *tower, tensor *w, tensor *b, const clip_test *t, clip_measured *m)
{
    *m = (clip_measured){0};
    for (int pool = 0; pool < CLIP_POOLS; pool++) {
        tape_mark *mark = tape_mark_here();
        tensor *x = constant("pictures", SHAPE(CLIP_POOL, 3, SHAPES_SIDE, SHAPES_SIDE),
                             t->pictures + (long)pool * CLIP_POOL * SHAPES_PIXELS);
        const tensor *logits = t_linear(vit_features(tower, x), w, b);
        for (int i = 0; i < CLIP_POOL; i++) {
            shapes_scene s = t->scenes[pool * CLIP_POOL + i];
            bool colour = most_likely(logits->data + i * SAID, 1, SHAPES_COLOURS) == s.colour;
            bool form = most_likely(logits->data + i * SAID, 2, SHAPES_FORMS) == s.form;
            m->recall += (double)colour / CLIP_TESTED;
            m->zero_shot += (double)(colour && form) / CLIP_TESTED;
        }
        tape_rewind(mark);
    }
}

// Trains the picture tower alone, and a head.
static void
train_words(const vit *tower, clip_run *run, int steps, rng *data, rng *weights,
            const clip_test *test)
{
    tensor *w = param("w_words", SHAPE(SAID, D)), *b = param("b_words", SHAPE(SAID));
    rng_fill_normal(weights, w->size, w->data, 0, 1 / sqrt32(D));
    adamw adam = adamw_new(0.9f, 0.98f, 1e-8f, 0);
    for (int s = 0; s < steps; s++) {
        shapes_scene *scenes = tape_alloc(run->N * sizeof *scenes);
        int *words = tape_alloc((long)run->N * SHAPES_SLOTS * sizeof *words);
        tensor *x = constant("pictures", SHAPE(run->N, 3, SHAPES_SIDE, SHAPES_SIDE), NULL);
        shapes_batch(data, run->N, scenes, words, x->data);
        tensor *loss = word_loss(t_linear(vit_features(tower, x), w, b), words);
        run->t.loss[s] = training_step(loss, &adam, warmup_cosine(s, 50, steps, run->rate), 1);
    }
    measure_words(tower, w, b, test, &run->m);
}

// ---- A training ----

static tensor *
batch_loss(const clip *m, const clip_run *run, rng *data, rng *patches)
{
    int N = run->N;
    shapes_scene *scenes = tape_alloc(N * sizeof *scenes);
    int *words = tape_alloc((long)N * SHAPES_SLOTS * sizeof *words);
    tensor *x = constant("pictures", SHAPE(N, 3, SHAPES_SIDE, SHAPES_SIDE), NULL);
    shapes_batch(data, N, scenes, words, x->data);
    tensor *features = run->kind == CLIP_HALF_THE_PATCHES ? features_of_half(&m->tower, x, patches)
                                                          : vit_features(&m->tower, x);
    // Locked: what follows the tower is trained, the tower is not
    tensor *u = clip_project(m, run->kind == CLIP_LOCKED ? detach(features) : features);
    tensor *v = clip_captions(m, N, words);
    if (!run->sigmoid)
        return clip_infonce(u, v, m->t, CLIP_BOTH_WAYS);
    return clip_sigmoid(u, v, m->t, run->b_fixed ? detach(m->b) : m->b);
}

clip
clip_train(clip_run *run, const clip_test *test)
{
    rng weights = rng_at(run->seed, 0), data = rng_at(run->seed, 1), patches = rng_at(run->seed, 2);
    clip_config c = clip_usual();
    clip m = clip_new(&c, (float)log64(run->sigmoid ? 10 : 1 / 0.07), run->b, &weights);
    bool words_first = run->kind == CLIP_WORDS_AS_CLASSES || run->kind == CLIP_LOCKED;
    int first = run->kind == CLIP_LOCKED ? run->t.steps / 2 : words_first ? run->t.steps : 0;
    if (words_first)
        train_words(&m.tower, run, first, &data, &weights, test);
    if (run->kind == CLIP_WORDS_AS_CLASSES)
        return m;
    adamw adam = adamw_new(0.9f, run->sigmoid ? 0.95f : 0.98f, 1e-8f, 0);
    for (int s = first; s < run->t.steps; s++) {
        float rate = warmup_cosine(s - first, 50, run->t.steps - first, run->rate);
        tensor *loss = batch_loss(&m, run, &data, &patches);
        run->t.loss[s] = training_step(loss, &adam, rate, 1);
        clip_clamp(m.t);
    }
    measure(&m, run, test);
    return m;
}
