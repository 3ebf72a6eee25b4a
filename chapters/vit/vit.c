#include "vit/vit.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <string.h>

static backward_fn patches_backward, tokens_backward, mean_backward;

static const float norm_eps = 1e-6f;

// ---- From pixels to tokens ----

// Where each of the C H W numbers of a picture's patches (N, K) stands in the picture (C, H, W).
static int *
patch_pixels(int C, int H, int W, int P)
{
    int columns = W / P, K = C * P * P, *pixel = tape_alloc((long)C * H * W * sizeof *pixel);
    for (int n = 0; n < H / P * columns; n++)
        for (int k = 0; k < K; k++) {
            int i = n / columns, j = n % columns;          // patch: row, column
            int c = k / (P * P), u = k / P % P, v = k % P; // in it: channel, row, column
            pixel[n * K + k] = (c * H + i * P + u) * W + j * P + v;
        }
    return pixel;
}

tensor *
vit_patches(tensor *x, int P)
{
    int B = x->shape.n[0], C = x->shape.n[1], H = x->shape.n[2], W = x->shape.n[3];
    if (x->shape.rank != 4 || P < 1 || H < P || W < P || H % P || W % P)
        fail("vit_patches: %s %s into patches of %d; expected (B, C, H, W) with H and W multiples "
             "of it",
             x->name, shape_text(x->shape).s, P);
    shape s = SHAPE(B, (H / P) * (W / P), C * P * P);
    tensor *p = tape_node("vit_patches", s, patches_backward, INPUTS(x));
    const int *pixel = p->aux = patch_pixels(C, H, W, P);
    long all = (long)C * H * W;
    for (long b = 0; b < B; b++)
        for (long i = 0; i < all; i++)
            p->data[b * all + i] = x->data[b * all + pixel[i]];
    return p;
}

static void
patches_backward(tensor *p)
{
    tensor *x = p->in[0];
    const int *pixel = p->aux;
    int B = x->shape.n[0];
    long all = x->size / (B ? B : 1);
    // p_i = x_pixel(i), every pixel once: dx_pixel(i) += dp_i
    for (long b = 0; b < B; b++)
        for (long i = 0; i < all; i++)
            x->grad[b * all + pixel[i]] += p->grad[b * all + i];
}

// One vit_tokens: B pictures of N patches of K numbers, `first` tokens in front of them (0 or 1), width D; what of the
// inputs is the class token and what the positions, NULL where there is none.
typedef struct {
    int B, N, K, D, first;
    tensor *class_token, *positions;
} token_sizes;

static token_sizes
token_sizes_of(const tensor *patches, const tensor *w, const tensor *b, tensor *class_token,
               tensor *positions)
{
    const int *n = patches->shape.n;
    token_sizes a = {n[0], n[1], n[2], w->shape.n[0], class_token != NULL, class_token, positions};
    if (patches->shape.rank != 3 || w->shape.rank < 2 || w->size != (long)a.D * a.K)
        fail_shapes("vit_tokens", "patches (B, N, K) need weights (D, K) or (D, C, P, P)", patches,
                    w);
    if (!shape_equal(b->shape, SHAPE(a.D)))
        fail_shapes("vit_tokens", "weights (D, K) need a bias (D)", w, b);
    if (class_token && !shape_equal(class_token->shape, SHAPE(a.D)))
        fail_shapes("vit_tokens", "weights (D, K) need a class token (D)", w, class_token);
    if (positions && !shape_equal(positions->shape, SHAPE(a.first + a.N, a.D)))
        fail("vit_tokens: positions %s for %d patches%s; expected (%d, %d)",
             shape_text(positions->shape).s, a.N, a.first ? " and a class token" : "",
             a.first + a.N, a.D);
    return a;
}

tensor *
vit_tokens(tensor *patches, tensor *w, tensor *b, tensor *class_token, tensor *positions)
{
    token_sizes a = token_sizes_of(patches, w, b, class_token, positions);
    int T = a.first + a.N, D = a.D, inputs = 3;
    tensor *in[5] = {patches, w, b};
    if (class_token)
        in[inputs++] = class_token;
    if (positions)
        in[inputs++] = positions;
    tensor *z = tape_node("vit_tokens", SHAPE(a.B, T, D), tokens_backward, inputs, in);
    z->aux = memcpy(tape_alloc(sizeof a), &a, sizeof a);
    // embedded = b + patches w^T
    float *embedded = tape_save(z, "embedded", SHAPE(a.B, a.N, D))->data;
    for (long i = 0; i < (long)a.B * a.N * D; i++)
        embedded[i] = b->data[i % D];
    matmul(a.B * a.N, D, a.K, matrix_of(patches->data, a.K), transpose_of(w->data, a.K), embedded,
           D, MATMUL_ADD);
    for (long i = 0; i < a.B; i++) {
        float *zi = z->data + i * T * D;
        // z = [class token; embedded] + positions
        if (class_token)
            memcpy(zi, class_token->data, D * sizeof(float));
        memcpy(zi + a.first * D, embedded + i * a.N * D, (long)a.N * D * sizeof(float));
        for (int j = 0; positions && j < T * D; j++)
            zi[j] += positions->data[j];
    }
    return z;
}

// x (n) += the sum of `rows` rows of y, `apart` from each other: what was added to every picture.
static void
add_rows(long n, float *x, long rows, long apart, const float *y)
{
    for (long r = 0; r < rows; r++)
        for (long i = 0; i < n; i++)
            x[i] += y[r * apart + i];
}

static void
tokens_backward(tensor *z)
{
    tensor *patches = z->in[0], *w = z->in[1], *b = z->in[2];
    const token_sizes a = *(token_sizes *)z->aux;
    int N = a.N, K = a.K, D = a.D, T = a.first + N;
    // z = [class token; embedded] + positions: the same for all pictures, so their gradients are sums
    if (a.positions && a.positions->grad)
        add_rows(T * D, a.positions->grad, a.B, T * D, z->grad);
    if (a.class_token && a.class_token->grad)
        add_rows(D, a.class_token->grad, a.B, T * D, z->grad);
    for (long i = 0; i < a.B; i++) {
        const float *dz = z->grad + (i * T + a.first) * D, *p = patches->data + i * N * K;
        // embedded = b + patches w^T:  db += sum of dz,  dw += dz^T patches,  dpatches += dz w
        if (b->grad)
            add_rows(D, b->grad, N, D, dz);
        if (w->grad)
            matmul(D, K, N, transpose_of(dz, D), matrix_of(p, K), w->grad, K, MATMUL_ADD);
        if (patches->grad)
            matmul(N, K, D, matrix_of(dz, D), matrix_of(w->data, K), patches->grad + i * N * K, K,
                   MATMUL_ADD);
    }
}

// ---- The blocks ----

static tensor *
normalise(const transformer_norm *n, tensor *x)
{
    return named(t_layer_norm(x, n->gain, n->bias, norm_eps), n->name);
}

tensor *
vit_attend(const transformer_layer *l, tensor *x, const bool *mask)
{
    tensor *y = normalise(&l->norm_1, x);
    tensor *f = transformer_multi_head_forward(&l->self, y, y, mask, NULL);
    return named(t_add(x, named(f, "attention")), "after_attention");
}

tensor *
vit_think(const transformer_layer *l, tensor *x)
{
    tensor *y = normalise(&l->norm_3, x);
    tensor *sums = named(t_linear(y, l->w_1, l->b_1), "hidden_sums");
    tensor *hidden = named(t_gelu(sums), "hidden");
    return named(t_add(x, named(t_linear(hidden, l->w_2, l->b_2), "mlp")), "after_mlp");
}

tensor *
vit_block_forward(const transformer_layer *l, tensor *x, const bool *mask)
{
    return vit_think(l, vit_attend(l, x, mask));
}

// The tokens whose mean is taken.
typedef struct {
    int first, n;
} tokens_taken;

tensor *
vit_mean_of(tensor *x, int first, int n)
{
    int B = x->shape.n[0], T = x->shape.n[1], D = x->shape.n[2];
    if (x->shape.rank != 3 || first < 0 || n < 1 || first + n > T)
        fail("vit_mean_of: tokens %d to %d of %s %s; expected some of (B, T, D)", first,
             first + n - 1, x->name, shape_text(x->shape).s);
    tensor *y = tape_node("vit_mean_of", SHAPE(B, D), mean_backward, INPUTS(x));
    y->aux =
        memcpy(tape_alloc(sizeof(tokens_taken)), &(tokens_taken){first, n}, sizeof(tokens_taken));
    memset(y->data, 0, y->size * sizeof(float));
    for (long b = 0; b < B; b++)
        add_rows(D, y->data + b * D, n, D, x->data + (b * T + first) * D);
    for (long i = 0; i < y->size; i++)
        y->data[i] /= n;
    return y;
}

static void
mean_backward(tensor *y)
{
    tensor *x = y->in[0];
    const tokens_taken a = *(tokens_taken *)y->aux;
    int B = x->shape.n[0], T = x->shape.n[1], D = x->shape.n[2];
    // y = 1/n sum of x_t: dx_t += dy / n
    for (long b = 0; b < B; b++)
        for (long t = a.first; t < a.first + a.n; t++)
            for (long i = 0; i < D; i++)
                x->grad[(b * T + t) * D + i] += y->grad[b * D + i] / a.n;
}

// ---- The model ----

int
vit_patch_count(const vit_config *c)
{
    return (c->H / c->P) * (c->W / c->P);
}

int
vit_token_count(const vit_config *c)
{
    return vit_patch_count(c) + (c->pool == VIT_CLASS);
}

// x from N(0, std^2) cut at two standard deviations.
static void
fill_cut_normal(rng *r, tensor *x, float std)
{
    for (long i = 0; i < x->size; i++) {
        double z = rng_normal(r);
        while (fabs(z) > 2)
            z = rng_normal(r);
        x->data[i] = (float)(std * z);
    }
}

static tensor *
matrix_new(const char *name, shape s, rng *r)
{
    tensor *w = param(name, s);
    fill_cut_normal(r, w, 1 / sqrt32((float)shape_product(s, 1, s.rank)));
    return w;
}

static tensor *
small_new(const char *name, shape s, rng *r)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, 0, 0.02f);
    return x;
}

static transformer_layer
block_new(const vit_config *c, rng *r)
{
    transformer_config layer = {
        .D = c->D, .h = c->h, .F = c->F, .placement = TRANSFORMER_PRE_NORM, .activation = t_gelu};
    transformer_layer l = transformer_layer_new(&layer, false, r);
    tensor *filled[] = {l.self.w_q, l.self.w_k, l.self.w_v, l.self.w_o, l.w_1, l.w_2};
    for (int i = 0; i < 6; i++)
        fill_cut_normal(r, filled[i], 1 / sqrt32((float)filled[i]->shape.n[1]));
    // A layer without cross-attention has its first and its third norm; here they are the first and the second
    l.norm_3.name = "norm_2";
    named(l.norm_3.gain, "norm_2_gain");
    named(l.norm_3.bias, "norm_2_bias");
    return l;
}

static transformer_norm
end_new(int D)
{
    transformer_norm n = {"end", param("end_gain", SHAPE(D)), NULL};
    n.bias = param("end_bias", SHAPE(D));
    for (int i = 0; i < D; i++)
        n.gain->data[i] = 1;
    return n;
}

static void
check_config(const vit_config *c)
{
    if (c->P < 1 || c->C < 1 || c->H < c->P || c->W < c->P || c->H % c->P || c->W % c->P)
        fail("vit_new: pictures (%d, %d, %d) in patches of %d; expected (C, H, W) with H and W "
             "multiples of it",
             c->C, c->H, c->W, c->P);
    if (c->h < 1 || c->D < 1 || c->D % c->h || c->F < 1 || c->L < 0 || c->classes < 0)
        fail("vit_new: width %d, %d heads, MLP %d, %d blocks, %d classes; expected a width that is "
             "a multiple of the heads",
             c->D, c->h, c->F, c->L, c->classes);
}

vit
vit_new(const vit_config *c, rng *r)
{
    check_config(c);
    vit m = {.c = *c};
    m.w_patch = matrix_new("w_patch", SHAPE(c->D, c->C, c->P, c->P), r);
    m.b_patch = param("b_patch", SHAPE(c->D));
    if (c->pool == VIT_CLASS)
        m.class_token = small_new("class_token", SHAPE(c->D), r);
    if (!c->no_positions)
        m.positions = small_new("positions", SHAPE(vit_token_count(c), c->D), r);
    m.block = permanent_alloc(c->L * sizeof *m.block);
    for (int i = 0; i < c->L; i++)
        m.block[i] = block_new(c, r);
    m.end = end_new(c->D);
    if (c->classes) {
        m.w_head = matrix_new("w_head", SHAPE(c->classes, c->D), r);
        m.b_head = param("b_head", SHAPE(c->classes));
    }
    return m;
}

tensor *
vit_embed(const vit *m, tensor *pictures)
{
    return vit_tokens(vit_patches(pictures, m->c.P), m->w_patch, m->b_patch, m->class_token,
                      m->positions);
}

tensor *
vit_pooled(const vit *m, tensor *tokens)
{
    tensor *x = normalise(&m->end, tokens);
    return named(m->c.pool == VIT_CLASS ? vit_mean_of(x, 0, 1) : vit_mean_of(x, 0, x->shape.n[1]),
                 "features");
}

tensor *
vit_head(const vit *m, tensor *features)
{
    return named(t_linear(features, m->w_head, m->b_head), "logits");
}

tensor *
vit_features(const vit *m, tensor *pictures)
{
    tensor *x = vit_embed(m, pictures);
    for (int i = 0; i < m->c.L; i++)
        x = vit_block_forward(&m->block[i], x, NULL);
    return vit_pooled(m, x);
}

tensor *
vit_logits(const vit *m, tensor *pictures)
{
    return vit_head(m, vit_features(m, pictures));
}
