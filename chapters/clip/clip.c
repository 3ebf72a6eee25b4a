#include "clip/clip.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <string.h>

static backward_fn normalise_backward, infonce_backward, sigmoid_backward;

// ---- Directions ----

tensor *
clip_normalise(tensor *x)
{
    if (x->shape.rank != 2)
        fail("clip_normalise: %s %s; expected (n, d)", x->name, shape_text(x->shape).s);
    int n = x->shape.n[0], d = x->shape.n[1];
    tensor *u = tape_node("clip_normalise", x->shape, normalise_backward, INPUTS(x));
    float *norm = tape_save(u, "norms", SHAPE(n))->data;
    for (long i = 0; i < n; i++) {
        norm[i] = (float)sqrt64(sumsq(d, x->data + i * d));
        if (norm[i] == 0)
            fail("clip_normalise: row %ld of %s is zero, which has no direction", i, x->name);
        for (long k = 0; k < d; k++)
            u->data[i * d + k] = x->data[i * d + k] / norm[i];
    }
    return u;
}

static void
normalise_backward(tensor *out)
{
    tensor *x = out->in[0];
    int n = x->shape.n[0], d = x->shape.n[1];
    const float *norm = tape_saved(out, "norms")->data;
    for (long i = 0; i < n; i++) {
        // u = x / |x|: what is along u does not change it, and the rest is |x| times smaller
        const float *u = out->data + i * d, *du = out->grad + i * d;
        float along = dot32(d, u, du);
        for (long k = 0; k < d; k++)
            x->grad[i * d + k] += (du[k] - u[k] * along) / norm[i];
    }
}

// ---- What both losses share ----

static void
check_pairs(const char *op, const tensor *u, const tensor *v, const tensor *t)
{
    if (u->shape.rank != 2 || !shape_equal(u->shape, v->shape) || u->shape.n[0] < 1)
        fail_shapes(op, "pictures (N, d) need as many captions, (N, d)", u, v);
    if (t->size != 1)
        fail_shapes(op, "t is one number", u, t);
}

// z (N, N) = e^t u v^T
static void
scores_of(const tensor *u, const tensor *v, const tensor *t, float *z)
{
    int N = u->shape.n[0], d = u->shape.n[1];
    float scale = exp32(t->data[0]);
    matmul(N, N, d, matrix_of(u->data, d), transpose_of(v->data, d), z, N, MATMUL_SET);
    for (long i = 0; i < (long)N * N; i++)
        z[i] *= scale;
}

// From dz (N, N), the loss by z, to u, v and t.
static void
scores_backward(tensor *u, tensor *v, tensor *t, const float *z, const float *dz)
{
    int N = u->shape.n[0], d = u->shape.n[1];
    // z = e^t u v^T:  dt += sum dz z,  du += e^t dz v,  dv += e^t dz^T u
    if (t->grad)
        t->grad[0] += dot32((long)N * N, dz, z);
    float scale = exp32(t->data[0]), *scaled = tape_alloc((long)N * N * sizeof *scaled);
    for (long i = 0; i < (long)N * N; i++)
        scaled[i] = scale * dz[i];
    if (u->grad)
        matmul(N, d, N, matrix_of(scaled, N), matrix_of(v->data, d), u->grad, d, MATMUL_ADD);
    if (v->grad)
        matmul(N, d, N, transpose_of(scaled, N), matrix_of(u->data, d), v->grad, d, MATMUL_ADD);
}

// ---- InfoNCE ----

// The softmax p of every row of z (N, N), and the sum over i of -log p_ii. p may be z.
static double
softmax_rows(int N, const float *z, float *p)
{
    double loss = 0;
    for (long i = 0; i < N; i++) {
        const float *row = z + i * N;
        float own = row[i] - max32(N, row); // before p is written
        loss += softmax32(N, row, p + i * N) - own;
    }
    return loss;
}

// In squares of 16 x 16, of which both stay near the processor.
static void
transpose(int N, const float *x, float *y)
{
    enum { SIDE = 16 };
    for (long row = 0; row < N; row += SIDE)
        for (long column = 0; column < N; column += SIDE)
            for (long i = row; i < N && i < row + SIDE; i++)
                for (long j = column; j < N && j < column + SIDE; j++)
                    y[j * N + i] = x[i * N + j];
}

// How much the two directions count.
typedef struct {
    float rows, columns;
} shares;

static shares
shares_of(clip_way way)
{
    switch (way) {
    case CLIP_BOTH_WAYS: return (shares){0.5f, 0.5f};
    case CLIP_PICTURE_TO_CAPTION: return (shares){1, 0};
    default: return (shares){0, 1};
    }
}

tensor *
clip_infonce(tensor *u, tensor *v, tensor *t, clip_way way)
{
    check_pairs("clip_infonce", u, v, t);
    int N = u->shape.n[0];
    tensor *loss = tape_node("clip_infonce", SCALAR, infonce_backward, INPUTS(u, v, t));
    shares share = shares_of(way);
    loss->aux = memcpy(tape_alloc(sizeof share), &share, sizeof share);
    float *z = tape_save(loss, "scores", SHAPE(N, N))->data;
    float *of_rows = tape_save(loss, "of_rows", SHAPE(N, N))->data;
    float *of_columns = tape_save(loss, "of_columns", SHAPE(N, N))->data;
    float *turned = tape_save(loss, "dz", SHAPE(N, N))->data; // free until the backward
    scores_of(u, v, t, z);
    // Each picture chooses among the captions: softmax along the rows
    double rows = softmax_rows(N, z, of_rows);
    // Each caption chooses among the pictures: softmax down the columns
    transpose(N, z, turned);
    double columns = softmax_rows(N, turned, turned);
    transpose(N, turned, of_columns);
    loss->data[0] = (float)((share.rows * rows + share.columns * columns) / N);
    return loss;
}

static void
infonce_backward(tensor *loss)
{
    tensor *u = loss->in[0], *v = loss->in[1], *t = loss->in[2];
    int N = u->shape.n[0];
    const shares share = *(shares *)loss->aux;
    const float *of_rows = tape_saved(loss, "of_rows")->data;
    const float *of_columns = tape_saved(loss, "of_columns")->data;
    float *dz = tape_saved(loss, "dz")->data;
    for (long i = 0; i < N; i++)
        for (long j = 0; j < N; j++) {
            // -log p_ii = log sum_j e^z_ij - z_ii: by z_ij it is p_ij, less 1 for its own
            float own = i == j;
            float row = of_rows[i * N + j] - own, column = of_columns[i * N + j] - own;
            dz[i * N + j] = loss->grad[0] * (share.rows * row + share.columns * column) / N;
        }
    scores_backward(u, v, t, tape_saved(loss, "scores")->data, dz);
}

// ---- The sigmoid loss ----

tensor *
clip_sigmoid(tensor *u, tensor *v, tensor *t, tensor *b)
{
    check_pairs("clip_sigmoid", u, v, t);
    if (b->size != 1)
        fail_shapes("clip_sigmoid", "b is one number", u, b);
    int N = u->shape.n[0];
    tensor *loss = tape_node("clip_sigmoid", SCALAR, sigmoid_backward, INPUTS(u, v, t, b));
    float *z = tape_save(loss, "scores", SHAPE(N, N))->data;
    float *logit = tape_save(loss, "logits", SHAPE(N, N))->data;
    float *pair_loss = tape_save(loss, "pair_losses", SHAPE(N, N))->data;
    float *slope = tape_save(loss, "slopes", SHAPE(N, N))->data;
    scores_of(u, v, t, z);
    // Each pair by itself: do these two belong together? N^2 pairs, and divided by N
    float each = 1.0f / N;
    for (long i = 0; i < N; i++)
        for (long j = 0; j < N; j++) {
            float y = i == j ? 1 : -1, x = z[i * N + j] + b->data[0];
            logit[i * N + j] = x;
            pair_loss[i * N + j] = clip_softplus(-y * x);
            slope[i * N + j] = each * -y * sigmoid32(-y * x); // of softplus(-y x), by x
        }
    loss->data[0] = each * sum32((long)N * N, pair_loss);
    return loss;
}

static void
sigmoid_backward(tensor *loss)
{
    tensor *u = loss->in[0], *v = loss->in[1], *t = loss->in[2], *b = loss->in[3];
    long pairs = tape_saved(loss, "slopes")->size;
    const float *slope = tape_saved(loss, "slopes")->data;
    float *dz = tape_alloc(pairs * sizeof *dz);
    for (long i = 0; i < pairs; i++)
        dz[i] = loss->grad[0] * slope[i];
    // logit = z + b: db += sum dz
    if (b->grad)
        b->grad[0] += sum32(pairs, dz);
    scores_backward(u, v, t, tape_saved(loss, "scores")->data, dz);
}

// ---- The scale's limit ----

const float clip_most_t = 4.60517019f; // log 100

void
clip_clamp(tensor *t)
{
    if (t->data[0] > clip_most_t)
        t->data[0] = clip_most_t;
}

// ---- The two towers ----

static tensor *
matrix_new(const char *name, shape s, rng *r)
{
    tensor *w = param(name, s);
    rng_fill_normal(r, w->size, w->data, 0, 1 / sqrt32((float)shape_last(s)));
    return w;
}

static tensor *
number_new(const char *name, float value)
{
    tensor *x = param(name, SHAPE(1));
    x->data[0] = value;
    return x;
}

clip
clip_new(const clip_config *c, float t, float b, rng *r)
{
    if (c->words < 1 || c->slots < 1 || c->width < 1 || c->hidden < 1 || c->d < 1)
        fail("clip_new: %d words in %d slots, widths %d, %d and %d; expected one or more of each",
             c->words, c->slots, c->width, c->hidden, c->d);
    clip m = {.c = *c};
    m.c.picture.classes = 0;
    m.tower = vit_new(&m.c.picture, r);
    m.w_picture = matrix_new("w_picture", SHAPE(c->d, c->picture.D), r);
    m.embedding = param("embedding", SHAPE(c->words, c->width));
    rng_fill_normal(r, m.embedding->size, m.embedding->data, 0, 1);
    m.w_1 = matrix_new("caption_w_1", SHAPE(c->hidden, c->slots * c->width), r);
    m.b_1 = param("caption_b_1", SHAPE(c->hidden));
    m.w_2 = matrix_new("caption_w_2", SHAPE(c->d, c->hidden), r);
    m.b_2 = param("caption_b_2", SHAPE(c->d));
    m.t = number_new("t", t);
    m.b = number_new("b", b);
    return m;
}

tensor *
clip_project(const clip *m, tensor *features)
{
    tensor *x = named(t_matmul_nt(features, m->w_picture), "picture_vectors");
    return named(clip_normalise(x), "u");
}

tensor *
clip_pictures(const clip *m, tensor *pictures)
{
    return clip_project(m, vit_features(&m->tower, pictures));
}

tensor *
clip_captions(const clip *m, int N, const int *words)
{
    const clip_config *c = &m->c;
    // The slots' words side by side: an order of words is told by the place
    tensor *x = t_embedding(m->embedding, SHAPE(N, c->slots), words);
    x = named(t_reshape(x, SHAPE(N, c->slots * c->width)), "words_in_a_row");
    tensor *sums = named(t_linear(x, m->w_1, m->b_1), "caption_sums");
    tensor *hidden = named(t_gelu(sums), "caption_hidden");
    return named(clip_normalise(named(t_linear(hidden, m->w_2, m->b_2), "caption_vectors")), "v");
}
