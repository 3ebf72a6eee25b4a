// The reference cases. N 5 pairs in a space of d 7, others where a case says so.
#include "clip/cases.h"

#include "clip/clip.h"
#include "clip/large.h"
#include "clip/match.h"
#include "clip/oracle.h"
#include "frame/case.h"
#include "frame/case_tensor.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 37, N = 5, D = 7 };

static void
end(void)
{
    case_end();
    tensors_free();
}

static void
gradient(const char *name, const char *from, const tensor *x, double tolerance)
{
    char own[64], about[80];
    snprintf(own, sizeof own, "d%s", name);
    snprintf(about, sizeof about, "dloss/d%s", name);
    case_write_f4("gradient", own, from, x->shape, x->grad, tolerance, about);
}

// One number, a parameter, as an input of shape ().
static tensor *
number(const char *name, float value, const char *about)
{
    tensor *x = param(name, SHAPE(1));
    x->data[0] = value;
    case_input_f4(name, SCALAR, x->data, about);
    return x;
}

static void
number_gradient(const char *name, const char *from, const tensor *x, double tolerance)
{
    char own[64], about[80];
    snprintf(own, sizeof own, "d%s", name);
    snprintf(about, sizeof about, "dloss/d%s", name);
    case_write_f4("gradient", own, from, SCALAR, x->grad, tolerance, about);
}

// ---- The losses ----

// Vectors of n pairs, far from length 1; captions that lie partly where their pictures do.
typedef struct {
    tensor *x, *y, *u, *v;
} vectors;

static vectors
vectors_given(int n, int d, rng *r)
{
    vectors a = {.x = param("x", SHAPE(n, d)), .y = param("y", SHAPE(n, d))};
    rng_fill_normal(r, a.x->size, a.x->data, 0, 1.5f);
    for (long i = 0; i < a.x->size; i++)
        a.y->data[i] = 0.4f * a.x->data[i] + (float)rng_normal(r);
    case_input_f4("x", a.x->shape, a.x->data, "(N, d): pictures, before they are normalised");
    case_input_f4("y", a.y->shape, a.y->data, "(N, d): captions; caption i belongs to picture i");
    a.u = clip_normalise(a.x);
    a.v = clip_normalise(a.y);
    return a;
}

static void
directions(const vectors *a)
{
    case_write("step", "u", "x", a->u, 1e-6, "x / |x|, row by row");
    case_write("step", "v", "y", a->v, 1e-6, "y / |y|, row by row");
}

static void
saved(const tensor *loss, const char *kept, const char *name, const char *from, double tolerance,
      const char *about)
{
    case_write("step", name, from, tape_saved(loss, kept), tolerance, about);
}

static void
gradients(const vectors *a, const tensor *t)
{
    number_gradient("t", "dz z", t, 1e-5);
    gradient("u", "dz v", a->u, 3e-6);
    gradient("v", "dz u", a->v, 3e-6);
    gradient("x", "du u", a->x, 3e-6);
    gradient("y", "dv v", a->y, 3e-6);
}

static void
infonce(const char *name, clip_way way)
{
    rng r = rng_at(SEED, way);
    bool columns = way == CLIP_BOTH_WAYS;
    case_begin(name, columns ? "CLIP's loss, symmetric InfoNCE, with every gradient."
                             : "InfoNCE in one direction: pictures choose among the captions.");
    case_convention("z = exp(t) u v^T: t is the logarithm of what the cosines are multiplied by");
    case_convention(columns ? "the loss is half the mean over rows plus half the mean over columns"
                            : "the softmax is along the rows of z alone, over the captions");
    vectors a = vectors_given(N, D, &r);
    tensor *t = number("t", 0.8f, "logarithm of the scale");
    directions(&a);
    tensor *loss = clip_infonce(a.u, a.v, t, way);
    backward(loss);
    saved(loss, "scores", "z", "u v", 2e-6, "(N, N): exp(t) u v^T");
    saved(loss, "of_rows", "of_rows", "z", 3e-6, "softmax along each row: over the captions");
    if (columns)
        saved(loss, "of_columns", "of_columns", "z", 3e-6,
              "softmax down each column: over the pictures");
    case_write("output", "loss", "z", loss, 2e-6, "the mean of -log of the softmaxes' diagonals");
    case_write("gradient", "dz", columns ? "of_rows of_columns" : "of_rows", tape_saved(loss, "dz"),
               2e-6, "dloss/dz");
    gradients(&a, t);
    end();
}

static void
sigmoid(void)
{
    rng r = rng_at(SEED, 3);
    case_begin("sigmoid", "SigLIP's loss over all pairs, with every gradient.");
    case_convention("z = exp(t) u v^T, and b is added to it: the logits are exp(t) u v^T + b");
    case_convention("the label is 1 on the diagonal and -1 elsewhere");
    case_convention("the sum over all N^2 pairs is divided by N");
    vectors a = vectors_given(N, D, &r);
    tensor *t = number("t", 1.4f, "logarithm of the scale");
    tensor *b = number("b", -1.25f, "the bias of all pairs");
    directions(&a);
    tensor *loss = clip_sigmoid(a.u, a.v, t, b);
    backward(loss);
    saved(loss, "scores", "z", "u v", 2e-6, "(N, N): exp(t) u v^T");
    saved(loss, "logits", "logits", "z", 2e-6, "z + b");
    saved(loss, "pair_losses", "pair_losses", "logits", 2e-6,
          "softplus(-label logit) of every pair");
    case_write("output", "loss", "pair_losses", loss, 2e-6, "their sum / N");
    tensor *slopes = tape_saved(loss, "slopes");
    case_write("gradient", "dz", "logits", slopes, 2e-6, "dloss/dz = dloss/dlogits");
    number_gradient("b", "dz", b, 3e-6);
    gradients(&a, t);
    end();
}

// ---- The scale's limit ----

// x, each row to length 1, once more.
static void
to_length_1(int n, int d, float *x)
{
    for (long i = 0; i < n; i++) {
        float norm = (float)sqrt64(sumsq(d, x + i * d));
        for (long k = 0; k < d; k++)
            x[i * d + k] /= norm;
    }
}

// Directions u and v (n, d) that are all near each other, caption i nearest to picture (i + shift) mod n.
static void
close_directions(int n, int d, int shift, rng *r, float *u, float *v)
{
    rng_fill_normal(r, (long)n * d, u, 0, 0.15f);
    for (long i = 0; i < n; i++)
        u[i * d] += 1;
    to_length_1(n, d, u);
    for (long i = 0; i < n; i++)
        for (long k = 0; k < d; k++)
            v[i * d + k] = u[(i + shift) % n * d + k] + (float)(0.05 * rng_normal(r));
    to_length_1(n, d, v);
}

static void
clamp(void)
{
    enum { STEPS = 5, PAIRS = 4, WIDTH = 3 };
    float u[STEPS][PAIRS * WIDTH], v[STEPS][PAIRS * WIDTH];
    float before[STEPS], loss[STEPS], dt[STEPS], stepped[STEPS], t[STEPS], rate = 0.25f;
    rng r = rng_at(SEED, 4);
    case_begin("clamp",
               "Five steps of gradient descent on t alone, of CLIP's loss, with its limit.");
    case_convention("stepped = t - rate dt, and then t = min(stepped, most): after the step");
    case_convention("the loss is computed with t as it is: there is no limit in the graph");
    case_convention("step s has its own batch u[s], v[s]");
    // Three batches in which the pairs belong together want t to rise, two in which they do not, to fall
    for (int s = 0; s < STEPS; s++)
        close_directions(PAIRS, WIDTH, s > 2, &r, u[s], v[s]);
    case_input_f4("u", SHAPE(STEPS, PAIRS, WIDTH), u[0], "directions of pictures");
    case_input_f4("v", SHAPE(STEPS, PAIRS, WIDTH), v[0], "directions of captions");
    case_number("rate", rate, "of the steps");
    float most = clip_most_t, first = 4.58f;
    case_input_f4("most", SCALAR, &most, "log 100");
    case_input_f4("t_0", SCALAR, &first, "t at first");
    tensor *now = param("t", SHAPE(1));
    now->data[0] = first;
    for (int s = 0; s < STEPS; s++) {
        before[s] = now->data[0];
        now->grad[0] = 0;
        tensor *of_u = constant("u", SHAPE(PAIRS, WIDTH), u[s]);
        tensor *of_v = constant("v", SHAPE(PAIRS, WIDTH), v[s]);
        tensor *l = clip_infonce(of_u, of_v, now, CLIP_BOTH_WAYS);
        backward(l);
        loss[s] = l->data[0];
        dt[s] = now->grad[0];
        stepped[s] = now->data[0] -= rate * dt[s];
        clip_clamp(now);
        t[s] = now->data[0];
        tape_reset();
    }
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "before", "t[t-1]", SHAPE(STEPS), before, 1e-6, "t before the step");
    case_write_f4("output", "loss", "before", SHAPE(STEPS), loss, 2e-5, "of the batch");
    case_write_f4("gradient", "dt", "before", SHAPE(STEPS), dt, 2e-5, "dloss/dt");
    case_write_f4("step", "stepped", "before dt", SHAPE(STEPS), stepped, 1e-6, "t - rate dt");
    case_write_f4("output", "t", "stepped", SHAPE(STEPS), t, 1e-6, "min(stepped, most)");
    end();
}

// ---- Blocks ----

static clip_batch
batch_given(int n, int d, float t, float b, rng *r, float *u, float *v)
{
    rng_fill_normal(r, (long)n * d, u, 0, 1);
    for (long i = 0; i < (long)n * d; i++)
        v[i] = 0.7f * u[i] + (float)rng_normal(r);
    to_length_1(n, d, u);
    to_length_1(n, d, v);
    case_input_f4("u", SHAPE(n, d), u, "(N, d): directions of pictures");
    case_input_f4("v", SHAPE(n, d), v, "(N, d): directions of captions");
    case_input_f4("t", SCALAR, &t, "logarithm of the scale");
    return (clip_batch){n, d, u, v, t, b};
}

static void
chunked(void)
{
    enum { PAIRS = 6, WIDTH = 4, DEVICES = 3, EACH = PAIRS / DEVICES, ROWS = EACH * WIDTH };
    float u[PAIRS * WIDTH], v[PAIRS * WIDTH], du[PAIRS * WIDTH], dv[PAIRS * WIDTH];
    float z[DEVICES][DEVICES][EACH * EACH], s[EACH * EACH], loss[DEVICES][DEVICES];
    float dt[DEVICES][DEVICES], db[DEVICES][DEVICES];
    float of_u[DEVICES][DEVICES][ROWS], of_v[DEVICES][DEVICES][ROWS];
    rng r = rng_at(SEED, 5);
    case_begin("chunked", "SigLIP's loss on three devices: blocks of scores, and their sums.");
    case_convention("device p holds pictures and captions p N / D .. (p + 1) N / D - 1");
    case_convention("block [p, q]: the pictures of device p against the captions of device q");
    case_convention("the label is 1 where picture and caption have the same number in the whole "
                    "batch, so only in blocks [p, p]");
    case_convention("every block's parts are already divided by N, the pairs of the whole batch");
    float b = -1.5f;
    clip_batch a = batch_given(PAIRS, WIDTH, 1.5f, b, &r, u, v);
    case_input_f4("b", SCALAR, &b, "the bias of all pairs");
    case_scalar("D", DEVICES, "devices");
    for (int p = 0; p < DEVICES; p++)
        for (int q = 0; q < DEVICES; q++) {
            clip_block at = {p * EACH, EACH, q * EACH, EACH};
            float numbers[3];
            clip_sigmoid_block(&a, at, z[p][q], s, numbers, of_u[p][q], of_v[p][q]);
            clip_block_scores(&a, at, z[p][q]);
            loss[p][q] = numbers[0];
            dt[p][q] = numbers[1];
            db[p][q] = numbers[2];
        }
    clip_gradients g = {.du = du, .dv = dv};
    clip_sigmoid_devices(&a, DEVICES, DEVICES, CLIP_TREE, &g);
    shape blocks = SHAPE(DEVICES, DEVICES), rows = SHAPE(DEVICES, DEVICES, EACH, WIDTH);
    case_write_f4("step", "z", "", SHAPE(DEVICES, DEVICES, EACH, EACH), z[0][0], 2e-6,
                  "exp(t) u v^T of every block");
    case_write_f4("step", "block_loss", "z", blocks, loss[0], 3e-6, "a block's part of the loss");
    case_write_f4("output", "loss", "block_loss", SCALAR, &g.loss, 3e-6, "their sum");
    case_write_f4("gradient", "block_dt", "z", blocks, dt[0], 5e-6, "a block's part of dt");
    case_write_f4("gradient", "block_db", "z", blocks, db[0], 5e-6, "a block's part of db");
    case_write_f4("gradient", "block_du", "z", rows, of_u[0][0], 5e-6,
                  "a block's part of du, for the rows of device p");
    case_write_f4("gradient", "block_dv", "z", rows, of_v[0][0], 5e-6,
                  "a block's part of dv, for the rows of device q");
    case_write_f4("gradient", "dt", "block_dt", SCALAR, &g.dt, 5e-6, "dloss/dt");
    case_write_f4("gradient", "db", "block_db", SCALAR, &g.db, 5e-6, "dloss/db");
    case_write_f4("gradient", "du", "block_du", SHAPE(PAIRS, WIDTH), du, 5e-6, "dloss/du");
    case_write_f4("gradient", "dv", "block_dv", SHAPE(PAIRS, WIDTH), dv, 5e-6, "dloss/dv");
    end();
}

static void
online_softmax(void)
{
    enum { PAIRS = 8, WIDTH = 5, BLOCK = 3, SEEN = 3 };
    float u[PAIRS * WIDTH], v[PAIRS * WIDTH], du[PAIRS * WIDTH], dv[PAIRS * WIDTH],
        z[BLOCK * BLOCK];
    float most[2][SEEN][PAIRS], sum[2][SEEN][PAIRS], log_rows[PAIRS], log_columns[PAIRS];
    rng r = rng_at(SEED, 6);
    case_begin("online_softmax", "CLIP's loss without its N x N scores: running maxima and sums.");
    case_convention("blocks of at most `block` rows and columns; 3, 3 and 2 of the 8");
    case_convention(
        "after columns 0 .. 2, 0 .. 5 and 0 .. 7 every row has seen these; of the columns "
        "the same with rows");
    case_convention("sum is over e^(z - maximum), with the maximum of what was seen so far");
    clip_batch a = batch_given(PAIRS, WIDTH, 2, 0, &r, u, v);
    case_scalar("block", BLOCK, "rows and columns of a block");
    clip_running rows = {most[0][0], sum[0][0]}, columns = {most[1][0], sum[1][0]};
    for (int s = 0; s < SEEN; s++) {
        for (int i = 0; i < PAIRS; i++)
            for (int k = 0; k < 2; k++) {
                most[k][s][i] = s ? most[k][s - 1][i] : -INFINITY;
                sum[k][s][i] = s ? sum[k][s - 1][i] : 0;
            }
        rows = (clip_running){most[0][s], sum[0][s]};
        columns = (clip_running){most[1][s], sum[1][s]};
        for (int k = 0; k < SEEN; k++) {
            int n = k < 2 ? BLOCK : PAIRS - 2 * BLOCK, m = s < 2 ? BLOCK : PAIRS - 2 * BLOCK;
            clip_block across = {k * BLOCK, n, s * BLOCK, m}, down = {s * BLOCK, m, k * BLOCK, n};
            clip_block_scores(&a, across, z);
            clip_run_rows(&rows, across, z);
            clip_block_scores(&a, down, z);
            clip_run_columns(&columns, down, z);
        }
    }
    clip_gradients g = {.du = du, .dv = dv};
    clip_infonce_online(&a, BLOCK, log_rows, log_columns, &g);
    shape seen = SHAPE(SEEN, PAIRS);
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "row_most", "row_most[t-1]", seen, most[0][0], 2e-6,
                  "maxima of the rows of z");
    case_write_f4("step", "row_sum", "row_sum[t-1] row_most[t-1] row_most", seen, sum[0][0], 5e-6,
                  "sums of e^(z - maximum)");
    case_write_f4("step", "column_most", "column_most[t-1]", seen, most[1][0], 2e-6,
                  "maxima of the columns of z");
    case_write_f4("step", "column_sum", "column_sum[t-1] column_most[t-1] column_most", seen,
                  sum[1][0], 5e-6, "sums of e^(z - maximum)");
    case_time_none();
    case_write_f4("step", "log_rows", "row_most row_sum", SHAPE(PAIRS), log_rows, 3e-6,
                  "log of the sum of e^z over each row");
    case_write_f4("step", "log_columns", "column_most column_sum", SHAPE(PAIRS), log_columns, 3e-6,
                  "log of the sum of e^z over each column");
    case_write_f4("output", "loss", "log_rows log_columns", SCALAR, &g.loss, 3e-6,
                  "mean of (log_rows + log_columns) / 2 - z_ii");
    case_write_f4("gradient", "dt", "log_rows log_columns", SCALAR, &g.dt, 1e-5, "dloss/dt");
    case_write_f4("gradient", "du", "log_rows log_columns", SHAPE(PAIRS, WIDTH), du, 5e-6,
                  "dloss/du");
    case_write_f4("gradient", "dv", "log_rows log_columns", SHAPE(PAIRS, WIDTH), dv, 5e-6,
                  "dloss/dv");
    end();
}

// ---- The towers ----

static void
named_step(const char *name, const char *from, double tolerance, const char *about)
{
    case_write("step", name, from, tape_find(name), tolerance, about);
}

static void
towers(void)
{
    enum { PAIRS = 3 };
    const clip_config c = {
        .picture =
            {.H = 4, .W = 6, .C = 2, .P = 2, .D = 4, .L = 1, .h = 2, .F = 9, .pool = VIT_MEAN},
        .words = 8,
        .slots = 3,
        .width = 5,
        .hidden = 10,
        .d = 7};
    static const int words[PAIRS * 3] = {1, 4, 0, 2, 5, 7, 2, 3, 7};
    rng r = rng_at(SEED, 7);
    case_begin("towers", "Both towers and CLIP's loss, every layer and every gradient.");
    case_convention("rows of matrices are outputs: y = x w^T + b");
    case_convention(
        "patch n = i (W / P) + j begins at row i P, column j P; its pixels in the order "
        "channel, row, column, that of w_patch (D, C, P, P)");
    case_convention(
        "one block of pre-norm: x + attention(norm x), then x + MLP(norm x); layer norms "
        "with eps 1e-6, GELU with erf, scores / sqrt(D / h), no bias on keys");
    case_convention("features: the mean over the patches of the last norm");
    case_convention("a caption's embeddings stand side by side, in the order of its slots");
    tensor *x = param("pictures", SHAPE(PAIRS, 2, 4, 6));
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    case_input_f4("pictures", x->shape, x->data, "(N, C, H, W)");
    case_input_i4("words", SHAPE(PAIRS, 3), words, "(N, slots): words 0 .. 7");
    case_scalar("h", c.picture.h, "heads of the attention");
    clip m = clip_new(&c, 0.9f, 0, &r);
    for (int i = 1; i < param_count(); i++) {
        tensor *w = param_at(i);
        if (w == m.b)
            continue;
        if (w != m.t)
            for (long k = 0; k < w->size; k++)
                w->data[k] += (float)(0.3 * rng_normal(&r));
        case_input_f4(w->name, w == m.t ? SCALAR : w->shape, w->data, "");
    }
    tensor *u = clip_pictures(&m, x);
    const tensor *embedded = tape_saved(tape_find("vit_tokens"), "embedded");
    tensor *v = clip_captions(&m, PAIRS, words);
    tensor *loss = clip_infonce(u, v, m.t, CLIP_BOTH_WAYS);
    backward(loss);
    case_write("step", "embedded", "", embedded, 2e-6, "patches w_patch^T + b_patch");
    named_step("attention", "embedded", 3e-6, "attention of the norm of embedded + positions");
    named_step("after_attention", "embedded attention", 3e-6, "embedded + positions + attention");
    named_step("hidden_sums", "after_attention", 3e-6, "w_1 of the MLP");
    named_step("hidden", "hidden_sums", 3e-6, "GELU");
    named_step("after_mlp", "after_attention hidden", 3e-6, "after_attention + MLP");
    named_step("features", "after_mlp", 3e-6, "mean over the patches of the norm of after_mlp");
    named_step("picture_vectors", "features", 3e-6, "features w_picture^T");
    named_step("u", "picture_vectors", 3e-6, "to length 1");
    named_step("words_in_a_row", "", 1e-6, "embeddings side by side");
    named_step("caption_sums", "words_in_a_row", 3e-6, "w_1 of the captions");
    named_step("caption_hidden", "caption_sums", 3e-6, "GELU");
    named_step("caption_vectors", "caption_hidden", 3e-6, "w_2 of the captions");
    named_step("v", "caption_vectors", 3e-6, "to length 1");
    saved(loss, "scores", "z", "u v", 3e-6, "exp(t) u v^T");
    case_write("output", "loss", "z", loss, 3e-6, "symmetric InfoNCE");
    gradient("u", "z v", u, 1e-5);
    gradient("v", "z u", v, 1e-5);
    gradient("picture_vectors", "du u", tape_find("picture_vectors"), 1e-5);
    gradient("caption_vectors", "dv v", tape_find("caption_vectors"), 1e-5);
    gradient("features", "dpicture_vectors", tape_find("features"), 1e-5);
    for (int i = 0; i < param_count(); i++) {
        tensor *w = param_at(i);
        if (w == m.t)
            number_gradient("t", "z", w, 1e-5);
        else if (w != m.b)
            gradient(w->name, "*", w, 1e-5);
    }
    end();
}

// ---- Matching ----

static void
zero_shot(void)
{
    enum { CLASSES = 3, PROMPTS = 4, WIDTH = 5, PICTURES = 6 };
    float u[PICTURES * WIDTH], v[CLASSES][PROMPTS * WIDTH], mean[CLASSES][WIDTH] = {{0}};
    float w[CLASSES][WIDTH], score[PICTURES * CLASSES];
    int found[PICTURES];
    rng r = rng_at(SEED, 8);
    case_begin("zero_shot", "Pictures are put into classes by captions, four prompts a class.");
    case_convention("a class's direction: the mean of its prompts' directions, to length 1 again");
    case_convention("classes from 0; the first of equal scores");
    rng_fill_normal(&r, PICTURES * WIDTH, u, 0, 1);
    for (int i = 0; i < PICTURES; i++)
        u[i * WIDTH + i % CLASSES] += 1;
    to_length_1(PICTURES, WIDTH, u);
    rng_fill_normal(&r, CLASSES * PROMPTS * WIDTH, v[0], 0, 1);
    for (int c = 0; c < CLASSES; c++) {
        // Prompts of one class say nearly the same, those of another not
        for (int k = 0; k < PROMPTS * WIDTH; k++)
            v[c][k] = v[c][k] * (c == 1 ? 0.3f : 1) + (k % WIDTH == c ? 1 : 0);
        to_length_1(PROMPTS, WIDTH, v[c]);
        for (int k = 0; k < PROMPTS * WIDTH; k++)
            mean[c][k % WIDTH] += v[c][k] / PROMPTS;
        clip_ensemble(PROMPTS, WIDTH, v[c], w[c]);
    }
    for (int i = 0; i < PICTURES * CLASSES; i++)
        score[i] = dot32(WIDTH, u + i / CLASSES * WIDTH, w[i % CLASSES]);
    clip_zero_shot(PICTURES, CLASSES, WIDTH, u, w[0], found);
    case_input_f4("u", SHAPE(PICTURES, WIDTH), u, "directions of pictures");
    case_input_f4("prompts", SHAPE(CLASSES, PROMPTS, WIDTH), v[0], "directions of the prompts");
    case_write_f4("step", "mean", "", SHAPE(CLASSES, WIDTH), mean[0], 1e-6, "over the prompts");
    case_write_f4("step", "w", "mean", SHAPE(CLASSES, WIDTH), w[0], 1e-6, "mean / |mean|");
    case_write_f4("step", "scores", "w", SHAPE(PICTURES, CLASSES), score, 2e-6, "u w^T");
    case_write_i4("output", "classes", "scores", SHAPE(PICTURES), found, "of the largest score");
    end();
}

static void
retrieval(void)
{
    enum { PAIRS = 7 };
    // Scores from few values: many are equal
    float score[PAIRS * PAIRS], turned[PAIRS * PAIRS];
    int greater[2][PAIRS], equal[2][PAIRS];
    rng r = rng_at(SEED, 9);
    case_begin("retrieval", "Ranks and R@k of scores with ties, both ways.");
    case_convention("question i's own answer has number i; pictures ask along rows, captions along "
                    "columns");
    case_convention(
        "R@k is the mean over all orders of equal scores: of a question whose own score "
        "g answers exceed and e have, itself counted, min(max((k - g) / e, 0), 1)");
    for (int i = 0; i < PAIRS * PAIRS; i++)
        score[i] = (float)rng_below(&r, 6) / 2 + (i % (PAIRS + 1) == 0);
    for (int i = 0; i < PAIRS * PAIRS; i++)
        turned[i % PAIRS * PAIRS + i / PAIRS] = score[i];
    clip_ranks(PAIRS, score, greater[0], equal[0]);
    clip_ranks(PAIRS, turned, greater[1], equal[1]);
    case_input_f4("scores", SHAPE(PAIRS, PAIRS), score, "of pictures (rows) and captions");
    case_write_i4("step", "greater", "", SHAPE(2, PAIRS), greater[0],
                  "answers with a higher score than the own one; pictures ask, captions ask");
    case_write_i4("step", "equal", "", SHAPE(2, PAIRS), equal[0],
                  "answers with as high a score, the own one counted");
    double recall[2][3];
    static const int k[] = {1, 3, 5};
    for (int i = 0; i < 6; i++)
        recall[i / 3][i % 3] = clip_recall(PAIRS, greater[i / 3], equal[i / 3], k[i % 3]);
    case_write_f8("output", "recall", "greater equal", SHAPE(2, 3), recall[0], 1e-12,
                  "R@1, R@3 and R@5; pictures ask, captions ask");
    end();
}

static void
gap(void)
{
    enum { PICTURES = 4, CAPTIONS = 6, WIDTH = 3 };
    float u[PICTURES * WIDTH], v[CAPTIONS * WIDTH];
    rng r = rng_at(SEED, 10);
    case_begin("gap", "The modality gap: how far the means of the two kinds stand apart.");
    case_convention("the means of the directions are not brought to length 1");
    rng_fill_normal(&r, PICTURES * WIDTH, u, 0.5f, 1);
    rng_fill_normal(&r, CAPTIONS * WIDTH, v, -0.5f, 1);
    to_length_1(PICTURES, WIDTH, u);
    to_length_1(CAPTIONS, WIDTH, v);
    double g = clip_gap(PICTURES, CAPTIONS, WIDTH, u, v);
    case_input_f4("u", SHAPE(PICTURES, WIDTH), u, "directions of pictures");
    case_input_f4("v", SHAPE(CAPTIONS, WIDTH), v, "directions of captions");
    case_write_f8("output", "gap", "", SCALAR, &g, 1e-12, "|mean u - mean v|");
    end();
}

// ---- The exact optimum ----

static void
pmi_oracle(void)
{
    enum { X = 5, Y = 4, SIZES = 3 };
    double p[X * Y], sum = 0, least[SIZES][4], z[X * Y];
    rng r = rng_at(SEED, 11);
    case_begin("pmi_oracle", "A joint distribution's PMI, and the least expected loss of batches.");
    case_convention("natural logarithms");
    case_convention("a batch is N pairs drawn independently from p: duplicates happen, and are "
                    "counted as wrong answers");
    for (int i = 0; i < X * Y; i++)
        sum += p[i] = exp64(0.9 * rng_normal(&r));
    for (int i = 0; i < X * Y; i++)
        p[i] /= sum;
    clip_joint j = clip_joint_new(X, Y, p);
    int sizes[SIZES] = {2, 4, 8};
    for (int k = 0; k < SIZES; k++)
        for (int o = 0; o < 4; o++) {
            for (int i = 0; i < X * Y; i++)
                z[i] = j.pmi[i] - (o == CLIP_SIGMOID ? log64(sizes[k] - 1) : 0);
            least[k][o] = clip_expected(&j, o, sizes[k], z, NULL, NULL);
        }
    case_input_f8("p", SHAPE(X, Y), p, "(X, Y): the joint distribution");
    case_input_i4("N", SHAPE(SIZES), sizes, "sizes of batches");
    case_write_f8("step", "of_x", "", SHAPE(X), j.of_x, 1e-14, "sums over y");
    case_write_f8("step", "of_y", "", SHAPE(Y), j.of_y, 1e-14, "sums over x");
    case_write_f8("step", "pmi", "of_x of_y", SHAPE(X, Y), j.pmi, 1e-13,
                  "log(p(x, y) / (p(x) p(y)))");
    case_write_f8("output", "information", "pmi", SCALAR, &j.information, 1e-13, "mean of PMI");
    case_write_f8(
        "output", "least", "pmi", SHAPE(SIZES, 4), least[0], 1e-12,
        "the expected loss of the best scores, by N: x chooses y, y chooses x, both, and the "
        "sigmoid loss");
    clip_joint_free(&j);
    end();
}

void
clip_cases(void)
{
    infonce("infonce", CLIP_BOTH_WAYS);
    infonce("infonce_one_way", CLIP_PICTURE_TO_CAPTION);
    sigmoid();
    clamp();
    chunked();
    online_softmax();
    towers();
    zero_shot();
    retrieval();
    gap();
    pmi_oracle();
}
