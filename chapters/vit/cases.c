// The reference cases. Letters and shapes as in vit.h, but that heads stand before positions, (B, h, T, d), as most
// implementations have them. No bias is zero, all sizes differ; the loss is the sum of output times loss_weight.
#include "vit/cases.h"

#include "frame/case_tensor.h"
#include "nets/ops.h"
#include "vit/convolution.h"
#include "vit/resize.h"
#include "vit/tokens.h"
#include "vit/vit.h"

#include <stdio.h>
#include <string.h>

enum { SEED = 1 };

static tensor *
gradient_of(const tensor *x)
{
    return constant(x->name, x->shape, x->grad);
}

// name, or name_2, name_3 in a later block; as permanent as a parameter.
static const char *
numbered(const char *name, int block)
{
    char *text = permanent_alloc(48);
    if (block)
        snprintf(text, 48, "%s_%d", name, block + 1);
    else
        snprintf(text, 48, "%s", name);
    return text;
}

// Writes x as a step, or its gradient, under its own name.
static void
step(const tensor *x, const char *from, double tolerance, const char *about)
{
    case_write("step", x->name, from, x, tolerance, about);
}

static void
gradient(const tensor *x, const char *from, double tolerance)
{
    char name[64], about[80];
    snprintf(name, sizeof name, "d%s", x->name);
    snprintf(about, sizeof about, "dloss/d%s", x->name);
    case_write("gradient", name, from, gradient_of(x), tolerance, about);
}

// The end of a case: out, its loss, and the way back.
static void
output_and_back(const char *from, tensor *out, rng *r, double tolerance, double of_loss)
{
    tensor *weight = case_loss_weight(out, r);
    tensor *loss = t_sum(t_mul(out, weight));
    backward(loss);
    case_write("output", out->name, from, out, tolerance, "what the case computes");
    case_write("output", "loss", out->name, loss, of_loss, "sum of output times loss_weight");
}

static void
end(void)
{
    case_end();
    tensors_free();
}

// ---- Patches and convolution ----

static void
patch_conventions(void)
{
    case_convention("pictures are (B, C, H, W); patch n = i (W / P) + j begins at row i P and "
                    "column j P");
    case_convention("the pixel (c, u, v) of a patch is its number (c P + u) P + v: the order of a "
                    "convolution's weight (D, C, P, P), not the (P, P, C) of the paper's reshape");
}

static void
patch_embed(void)
{
    rng r = rng_at(SEED, 0);
    case_begin("patch_embed", "Pictures cut into patches and projected, forward and backward; the "
                              "loss is sum(tokens loss_weight).");
    patch_conventions();
    case_scalar("P", 3, "rows and columns of a patch");
    tensor *x = case_param("x", SHAPE(2, 3, 6, 9), &r, 1, "pictures (B, C, H, W)");
    tensor *w = case_param("w_patch", SHAPE(5, 3, 3, 3), &r, 0.3f, "(D, C, P, P)");
    tensor *b = case_param("b_patch", SHAPE(5), &r, 0.5f, "");
    tensor *patches = named(vit_patches(x, 3), "patches");
    tensor *tokens = named(vit_tokens(patches, w, b, NULL, NULL), "tokens");
    step(patches, "", 1e-7, "(B, N, C P P)");
    output_and_back("patches", tokens, &r, 3e-6, 1e-5);
    gradient(b, "", 2e-6);
    gradient(w, "patches", 2e-6);
    gradient(patches, "", 3e-6);
    gradient(x, "dpatches", 3e-6);
    end();
}

static void
convolution(void)
{
    rng r = rng_at(SEED, 1);
    case_begin("convolution",
               "A convolution with stride 2 and padding 1, forward and backward; the "
               "loss is sum(y loss_weight).");
    case_convention("y[b, d, i, j] = bias_d + sum of w[d, c, u, v] x[b, c, 2 i + u - 1, 2 j + v - "
                    "1], x being 0 outside: w is not flipped");
    case_scalar("stride", 2, "");
    case_scalar("padding", 1, "rows and columns of zeros on each side");
    tensor *x = case_param("x", SHAPE(2, 3, 7, 10), &r, 1, "pictures (B, C, H, W)");
    tensor *w = case_param("w", SHAPE(4, 3, 3, 3), &r, 0.4f, "(D, C, k, k)");
    tensor *bias = case_param("bias", SHAPE(4), &r, 0.5f, "");
    tensor *y = named(vit_convolution(x, w, bias, 2, 1), "y");
    output_and_back("", y, &r, 3e-6, 2e-5);
    gradient(bias, "", 2e-6);
    gradient(w, "", 3e-6);
    gradient(x, "", 3e-6);
    end();
}

// ---- The model ----

// What a block has computed.
typedef struct {
    tensor *x, *norm_1, *q, *k, *v, *attended, *heads, *attention, *after_attention, *norm_2,
        *hidden_sums, *hidden, *mlp, *after_mlp;
} block_steps;

static tensor *
kept_attention(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    block_steps *s = context;
    s->q = q;
    s->k = k;
    s->v = v;
    return s->attended = transformer_attention(q, k, v, mask, NULL);
}

// x through a block, every step kept under a name of its own.
static tensor *
kept_block(transformer_layer *l, int number, tensor *x, const bool *mask, block_steps *s)
{
    s->x = x;
    l->self.attention = kept_attention;
    l->self.attention_context = s;
    tensor *out = vit_block_forward(l, x, mask);
    static const char *const names[] = {"norm_1",          "heads",  "attention",
                                        "after_attention", "norm_2", "hidden_sums",
                                        "hidden",          "mlp",    "after_mlp"};
    tensor **const to[] = {&s->norm_1,          &s->heads,  &s->attention,
                           &s->after_attention, &s->norm_2, &s->hidden_sums,
                           &s->hidden,          &s->mlp,    &s->after_mlp};
    for (int i = 0; i < 9; i++) {
        *to[i] = tape_find(names[i]);
        named(*to[i], numbered(names[i], number));
    }
    return out;
}

// What a parameter of this name is drawn with. Tokens, and what a block adds to them, are small, so that the norms see
// a variance beside which eps counts.
static float
spread_of(const char *name)
{
    static const char *const small[] = {"w_patch", "b_patch", "class_token", "positions",
                                        "w_o",     "b_o",     "w_2",         "b_2"};
    for (int i = 0; i < 8; i++)
        if (strncmp(name, small[i], strlen(small[i])) == 0)
            return 0.03f;
    return 0.4f;
}

static void
input_params(rng *r)
{
    for (int i = 0; i < param_count(); i++) {
        tensor *x = param_at(i);
        int before = 0;
        for (int j = 0; j < i; j++)
            before += strncmp(param_at(j)->name, x->name, strlen(x->name)) == 0;
        named(x, numbered(x->name, before));
        bool gain = strstr(x->name, "gain") != NULL;
        rng_fill_normal(r, x->size, x->data, gain ? 1 : 0, spread_of(x->name));
        case_input_f4(x->name, x->shape, x->data,
                      x->shape.rank == 2 && strcmp(x->name, "positions") != 0
                          ? "rows are outputs: x W^T"
                          : "");
    }
}

static void
by_head(const tensor *x, const char *name, int block, const char *from, double tolerance, bool grad)
{
    tensor *y = t_transpose(grad ? gradient_of(x) : constant(name, x->shape, x->data), 1, 2);
    char d[64];
    snprintf(d, sizeof d, "%s%s", grad ? "d" : "", numbered(name, block));
    case_write(grad ? "gradient" : "step", d, from, y, tolerance, "by head, (B, h, T, d)");
}

static void
write_block(const block_steps *s, int i)
{
    char both[160];
    step(s->norm_1, s->x->name, 5e-6, "layer norm");
    by_head(s->q, "q", i, s->norm_1->name, 5e-6, false);
    by_head(s->k, "k", i, s->norm_1->name, 5e-6, false);
    by_head(s->v, "v", i, s->norm_1->name, 5e-6, false);
    snprintf(both, sizeof both, "%s %s", numbered("q", i), numbered("k", i));
    case_write("step", numbered("scores", i), both, tape_saved(s->attended, "scores"), 1e-5,
               "q k^T / sqrt(d)");
    case_write("step", numbered("weights", i), numbered("scores", i),
               tape_saved(s->attended, "weights"), 5e-6, "softmax over the keys");
    snprintf(both, sizeof both, "%s %s", numbered("weights", i), numbered("v", i));
    step(s->heads, both, 5e-6, "weights v, side by side, (B, T, D)");
    step(s->attention, s->heads->name, 5e-6, "heads W_o^T + b_o");
    snprintf(both, sizeof both, "%s %s", s->x->name, s->attention->name);
    step(s->after_attention, both, 5e-6, "what the block began with + attention");
    step(s->norm_2, s->after_attention->name, 5e-6, "layer norm");
    step(s->hidden_sums, s->norm_2->name, 5e-6, "norm_2 W_1^T + b_1");
    step(s->hidden, s->hidden_sums->name, 5e-6, "GELU");
    step(s->mlp, s->hidden->name, 5e-6, "hidden W_2^T + b_2");
    snprintf(both, sizeof both, "%s %s", s->after_attention->name, s->mlp->name);
    step(s->after_mlp, both, 5e-6, "after_attention + mlp");
}

// The gradients of what block i computed, from its end; `from` is what its last sum's is computed from.
static void
write_block_gradients(const block_steps *s, int i, const char *from)
{
    char text[200], after[64], hidden[64];
    gradient(s->after_mlp, from, 2e-5);
    snprintf(after, sizeof after, "d%s", s->after_mlp->name);
    gradient(s->hidden_sums, after, 2e-5);
    snprintf(hidden, sizeof hidden, "d%s", s->hidden_sums->name);
    snprintf(text, sizeof text, "%s %s %s", after, hidden, s->after_attention->name);
    gradient(s->after_attention, text, 2e-5);
    snprintf(after, sizeof after, "d%s", s->after_attention->name);
    gradient(s->heads, after, 2e-5);
    snprintf(text, sizeof text, "d%s %s", s->heads->name, numbered("weights", i));
    by_head(s->v, "v", i, text, 2e-5, true);
    snprintf(text, sizeof text, "d%s %s %s %s", s->heads->name, numbered("v", i),
             numbered("weights", i), numbered("k", i));
    by_head(s->q, "q", i, text, 3e-5, true);
    snprintf(text, sizeof text, "d%s %s %s %s", s->heads->name, numbered("v", i),
             numbered("weights", i), numbered("q", i));
    by_head(s->k, "k", i, text, 3e-5, true);
}

static void
model_conventions(vit_pool pool)
{
    patch_conventions();
    case_convention(
        "blocks have pre-norm: x + attention(norm_1(x)), then that + mlp(norm_2(that)); "
        "layer norms with the variance over D and eps inside of the root; GELU by erf");
    case_convention("head j has the values j d ... (j + 1) d - 1 of a position; keys have no bias; "
                    "what belongs to the second block ends in _2");
    case_convention(
        pool == VIT_CLASS
            ? "the class token stands in front of the patches, its position is the first "
              "row of positions; the features are its row behind the last norm"
            : "there is no class token; the features are the mean over the patches behind "
              "the last norm");
}

static void
model(const char *name, vit_pool pool)
{
    rng r = rng_at(SEED, 2 + pool);
    vit_config c = {
        .H = 8, .W = 12, .C = 2, .P = 4, .D = 10, .L = 2, .h = 2, .F = 13, .classes = 5};
    c.pool = pool;
    case_begin(name, pool == VIT_CLASS
                         ? "A Vision Transformer of two blocks with a class token, "
                           "forward and backward; the loss is sum(logits loss_weight)."
                         : "A Vision Transformer of two blocks with the mean over its "
                           "patches, forward and backward; the loss is sum(logits "
                           "loss_weight).");
    model_conventions(pool);
    case_scalar("P", c.P, "rows and columns of a patch");
    case_scalar("h", c.h, "heads");
    case_number("eps", 1e-6, "of all layer norms");
    vit m = vit_new(&c, &r);
    input_params(&r);
    int params = param_count();
    tensor *x = case_param("x", SHAPE(3, c.C, c.H, c.W), &r, 1, "pictures (B, C, H, W)");
    tensor *patches = named(vit_patches(x, c.P), "patches");
    tensor *tokens =
        named(vit_tokens(patches, m.w_patch, m.b_patch, m.class_token, m.positions), "tokens");
    block_steps s[2];
    tensor *z = kept_block(&m.block[0], 0, tokens, NULL, &s[0]);
    z = kept_block(&m.block[1], 1, z, NULL, &s[1]);
    tensor *features = vit_pooled(&m, z), *logits = vit_head(&m, features);
    tensor *last = tape_find("end");
    step(patches, "", 1e-7, "(B, N, C P P)");
    case_write("step", "embedded", "patches", tape_saved(tokens, "embedded"), 5e-6,
               "patches w_patch^T + b_patch, (B, N, D)");
    step(tokens, "embedded", 5e-6,
         pool == VIT_CLASS ? "[class token; embedded] + positions, (B, N + 1, D)"
                           : "embedded + positions, (B, N, D)");
    write_block(&s[0], 0);
    write_block(&s[1], 1);
    step(last, "after_mlp_2", 5e-6, "the last layer norm");
    step(features, "end", 5e-6, "(B, D)");
    output_and_back("features", logits, &r, 5e-6, 1e-4);
    gradient(features, "", 5e-6);
    gradient(last, "dfeatures", 5e-6);
    write_block_gradients(&s[1], 1, "dend after_mlp_2");
    write_block_gradients(&s[0], 0, "dq_2 dk_2 dv_2 dafter_attention_2 norm_1_2 after_mlp");
    gradient(tokens, "dq dk dv dafter_attention norm_1", 2e-5);
    for (int i = 0; i < params; i++)
        gradient(param_at(i), "*", 2e-5);
    gradient(patches, "dtokens", 2e-5);
    gradient(x, "dpatches", 2e-5);
    end();
}

// The same picture with its patches in another order, and the rows of its positions with them.
static void
permuted(void)
{
    enum { N = 6 };
    const int order[N] = {4, 0, 5, 2, 1, 3};
    rng r = rng_at(SEED, 4);
    vit_config c = {
        .H = 4, .W = 6, .C = 3, .P = 2, .D = 8, .L = 1, .h = 2, .F = 11, .pool = VIT_MEAN};
    case_begin("permuted", "A block whose patches, and the rows of whose positions, come in the "
                           "order given: the features are those of the old order.");
    model_conventions(VIT_MEAN);
    case_convention("place n of the new order has patch order[n] and row order[n] of positions");
    case_scalar("P", c.P, "rows and columns of a patch");
    case_scalar("h", c.h, "heads");
    case_number("eps", 1e-6, "of all layer norms");
    case_input_i4("order", SHAPE(N), order, "where each place's patch comes from");
    vit m = vit_new(&c, &r);
    input_params(&r);
    tensor *x = case_constant("x", SHAPE(1, c.C, c.H, c.W), &r, 1, "a picture (1, C, H, W)");
    tensor *old = vit_patches(x, c.P);
    tensor *patches = constant("patches", old->shape, NULL);
    tensor *positions = constant("reordered", m.positions->shape, NULL);
    int K = old->shape.n[2];
    for (int n = 0; n < N; n++) {
        memcpy(patches->data + n * K, old->data + order[n] * K, K * sizeof(float));
        memcpy(positions->data + n * c.D, m.positions->data + order[n] * c.D, c.D * sizeof(float));
    }
    tensor *tokens = vit_tokens(patches, m.w_patch, m.b_patch, NULL, positions);
    tensor *after = named(vit_block_forward(&m.block[0], tokens, NULL), "after_mlp");
    step(patches, "", 1e-7, "(1, N, C P P), in the new order");
    step(named(tokens, "tokens"), "patches", 5e-6, "with their own positions, in the new order");
    step(after, "tokens", 5e-6, "behind the block, in the new order");
    case_write("output", "features", "after_mlp", vit_pooled(&m, after), 5e-6,
               "behind the last norm, the mean over the patches");
    case_write("output", "features_in_order", "", vit_features(&m, x), 5e-6,
               "of the picture as it was");
    end();
}

// ---- Another resolution ----

static void
positions_resized(void)
{
    enum { h = 3, w = 4, h2 = 6, w2 = 5, D = 7, FIRST = 1 };
    float to[(FIRST + h2 * w2) * D];
    double r_h[h2 * h], r_w[w2 * w];
    rng r = rng_at(SEED, 5);
    case_begin("positions_resized", "Positions with a class row, interpolated from a grid of 3 x 4 "
                                    "to one of 6 x 5.");
    case_convention("row i w + j of the grid is the patch in row i, column j; the first row, the "
                    "class token's, stays");
    case_convention("sample i of m is asked at (i + 1/2) n / m - 1/2 (align_corners false), no "
                    "antialiasing, edges repeated; bicubic is Keys' with a = -3/4");
    case_scalar("h", h, "rows of the old grid");
    case_scalar("w", w, "its columns");
    case_scalar("new_h", h2, "rows of the new grid");
    case_scalar("new_w", w2, "its columns");
    const tensor *from = case_constant("positions", SHAPE(FIRST + h * w, D), &r, 1, "(1 + h w, D)");
    for (int kernel = VIT_LINEAR; kernel <= VIT_CUBIC; kernel++) {
        const char *word = kernel == VIT_LINEAR ? "bilinear" : "bicubic";
        char rows[32], columns[32], both[64];
        snprintf(rows, sizeof rows, "%s_rows", word);
        snprintf(columns, sizeof columns, "%s_columns", word);
        snprintf(both, sizeof both, "%s %s", rows, columns);
        vit_resize_matrix(kernel, h, h2, r_h);
        vit_resize_matrix(kernel, w, w2, r_w);
        case_write_f8("step", rows, "", SHAPE(h2, h), r_h, 1e-14, "R_h (new_h, h)");
        case_write_f8("step", columns, "", SHAPE(w2, w), r_w, 1e-14, "R_w (new_w, w)");
        vit_resize_positions(kernel, FIRST, D, h, w, from->data, h2, w2, to);
        case_write_f4("output", word, both, SHAPE(FIRST + h2 * w2, D), to, 2e-6,
                      "R_h X R_w^T for each of the D numbers");
    }
    end();
}

static void
patch_resize(void)
{
    enum { P = 4, P2 = 6, D = 3, C = 2 };
    float to[D * C * P2 * P2];
    double matrix_r[P2 * P], inverse[P * P2];
    rng r = rng_at(SEED, 6);
    case_begin("patch_resize", "The weights of a patch embedding from patches of 4 x 4 to patches "
                               "of 6 x 6, in three ways.");
    case_convention(
        "R is bilinear, align_corners false, no antialiasing; the matrix that resizes a "
        "patch is its Kronecker product with itself");
    case_scalar("P", P, "rows and columns of the old patches");
    case_scalar("new_P", P2, "of the new ones");
    const tensor *w = case_constant("w_patch", SHAPE(D, C, P, P), &r, 1, "(D, C, P, P)");
    vit_resize_matrix(VIT_LINEAR, P, P2, matrix_r);
    vit_pseudo_inverse(P, P2, matrix_r, inverse);
    case_write_f8("step", "resize", "", SHAPE(P2, P), matrix_r, 1e-14, "R (new_P, P)");
    case_write_f8("step", "inverse", "resize", SHAPE(P, P2), inverse, 1e-13, "R^+ (P, new_P)");
    static const struct {
        const char *name, *from, *about;
    } ways[] = {{"as_picture", "resize", "R w R^T"},
                {"over_gain", "resize", "R w R^T / (new_P / P)^2"},
                {"pseudo_inverse", "inverse", "(R^+)^T w R^+"}};
    for (int how = VIT_AS_PICTURE; how <= VIT_PSEUDO_INVERSE; how++) {
        vit_resize_patches(how, D * C, P, w->data, P2, to);
        case_write_f4("output", ways[how].name, ways[how].from, SHAPE(D, C, P2, P2), to, 2e-6,
                      ways[how].about);
    }
    end();
}

// ---- Tokens ----

static void
rollout(void)
{
    enum { L = 3, h = 2, T = 5 };
    float found[L][T * T];
    const float *all[L];
    rng r = rng_at(SEED, 7);
    case_begin("rollout",
               "Attention rollout over three blocks: R = I, then R <- (A / 2 + I / 2) R.");
    case_convention("A is the mean over the heads; rows are queries");
    tensor *weights = constant("weights", SHAPE(L, h, T, T), NULL);
    rng_fill_normal(&r, weights->size, weights->data, 0, 1.5f);
    weights = t_softmax(weights);
    case_input_f4("weights", weights->shape, weights->data,
                  "of each block and head, rows sum to 1");
    for (int l = 0; l < L; l++)
        all[l] = weights->data + l * h * T * T;
    for (int l = 0; l < L; l++)
        vit_rollout(l + 1, h, T, all, found[l]);
    case_time(0, CASE_FORWARD);
    case_write_f4("output", "rollout", "rollout[t-1]", SHAPE(L, T, T), found[0], 2e-6,
                  "R after each block");
    end();
}

static void
packed(void)
{
    enum { A = 4, Z = 6, T = A + Z };
    const int picture[T] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
    rng r = rng_at(SEED, 8);
    vit_config c = {
        .H = 2, .W = 3, .C = 1, .P = 1, .D = 8, .L = 1, .h = 2, .F = 11, .pool = VIT_MEAN};
    case_begin("packed", "Two pictures of 4 and 6 tokens in one sequence, through one block: each "
                         "token sees its own picture alone.");
    case_convention("the block is that of case vit_mean: pre-norm, GELU by erf, keys have no bias, "
                    "heads side by side");
    case_scalar("h", c.h, "heads");
    case_number("eps", 1e-6, "of the layer norms");
    case_input_i4("picture", SHAPE(T), picture, "which picture each token belongs to");
    vit m = vit_new(&c, &r);
    for (int i = 0; i < param_count(); i++) // the block alone is the case's
        rng_fill_normal(&r, param_at(i)->size, param_at(i)->data,
                        strstr(param_at(i)->name, "gain") ? 1 : 0, 0.3f);
    const transformer_layer *l = &m.block[0];
    const tensor *const used[] = {l->self.w_q,    l->self.w_k,    l->self.w_v,   l->self.w_o,
                                  l->self.b_q,    l->self.b_v,    l->self.b_o,   l->norm_1.gain,
                                  l->norm_1.bias, l->w_1,         l->b_1,        l->w_2,
                                  l->b_2,         l->norm_3.gain, l->norm_3.bias};
    for (int i = 0; i < 15; i++)
        case_input_f4(used[i]->name, used[i]->shape, used[i]->data, "");
    tensor *x = case_param("x", SHAPE(1, T, c.D), &r, 1, "the tokens of both");
    block_steps s;
    tensor *out = named(kept_block(&m.block[0], 0, x, vit_packed_mask(T, picture), &s), "out");
    case_write("step", "weights", "", tape_saved(s.attended, "weights"), 5e-6,
               "of the attention, (1, h, T, T): 0 between pictures");
    step(s.after_attention, "weights", 5e-6, "");
    case_write("output", "out", "after_attention", out, 5e-6, "both pictures behind the block");
    end();
}

static void
merge(void)
{
    enum { T = 9, d = 4, D = 5, R = 2, KEPT = 1 };
    int into[T];
    float merged[(T - R) * D], sizes[T - R];
    const float size[T] = {1, 2, 1, 1, 3, 1, 1, 2, 1};
    rng r = rng_at(SEED, 9);
    case_begin("merge", "Token merging: 2 of 9 tokens go into those that are most like them.");
    case_convention(
        "even tokens (0, 2, ...) look for the odd one whose key has the largest cosine "
        "with theirs; the `r` with the largest are merged; the first `kept` tokens stay");
    case_convention(
        "into[t] is t where a token stays; what is left keeps its order; a merged token "
        "is the mean by size, its size the sum");
    case_scalar("r", R, "how many are merged");
    case_scalar("kept", KEPT, "tokens in front that are not merged into another: the class token");
    case_input_f4("size", SHAPE(T), size, "how many patches each token stands for");
    tensor *keys = constant("keys", SHAPE(T, d), NULL);
    rng_fill_normal(&r, T * d, keys->data, 0, 1);
    for (int i = 0; i < d; i++) // the class token is like token 3: it stays all the same
        keys->data[i] = 0.9f * keys->data[3 * d + i];
    for (int i = 0; i < d; i++) // and one is long: its product with any other is large
        keys->data[5 * d + i] *= 5;
    case_input_f4("keys", keys->shape, keys->data, "mean over the heads");
    const tensor *x = case_constant("x", SHAPE(T, D), &r, 1, "the tokens");
    vit_merge_match(T, d, keys->data, KEPT, R, into);
    vit_merge(T, D, into, x->data, size, merged, sizes);
    case_write_i4("step", "into", "", SHAPE(T), into, "");
    case_write_f4("output", "merged", "into", SHAPE(T - R, D), merged, 2e-6, "means by size");
    case_write_f4("output", "merged_size", "into", SHAPE(T - R), sizes, 1e-7, "sums of sizes");
    end();
}

void
vit_cases(void)
{
    patch_embed();
    convolution();
    model("vit_class", VIT_CLASS);
    model("vit_mean", VIT_MEAN);
    permuted();
    positions_resized();
    patch_resize();
    rollout();
    packed();
    merge();
}
