#include "gau/heads.h"

#include "linear_attention/linear_attention.h"
#include "nets/ops.h"

#include <math.h>

// weight (B, T, T).
static double
share_of(const tensor *weight, int recent)
{
    int B = weight->shape.n[0], T = weight->shape.n[1], queries = 0;
    double sum = 0;
    for (int b = 0; b < B; b++)
        for (int t = T / 2; t < T; t++) {
            const float *w = weight->data + ((long)b * T + t) * T;
            double near = 0, all = 0;
            for (int s = 0; s <= t; s++) {
                all += fabsf(w[s]);
                near += s > t - recent ? fabsf(w[s]) : 0;
            }
            sum += all > 0 ? near / all : 0;
            queries += all > 0;
        }
    return queries > 0 ? sum / queries : 0;
}

double
gau_near_share(bool linear, int recent)
{
    if (!linear)
        return share_of(tape_saved(tape_find("answer"), "weights"), recent);
    return share_of(t_matmul_nt(tape_find("turned_q"), tape_find("turned_k")), recent);
}

// (B, T, h, d) -> (B h, T, d), and back.
static tensor *
heads_apart(tensor *x)
{
    const int *n = x->shape.n;
    return t_reshape(t_transpose(x, 1, 2), SHAPE(n[0] * n[2], n[1], n[3]));
}

static tensor *
heads_back(tensor *x, shape s)
{
    return t_transpose(t_reshape(x, SHAPE(s.n[0], s.n[2], s.n[1], s.n[3])), 1, 2);
}

static tensor *
filled(const char *name, shape s)
{
    tensor *x = constant(name, s, NULL);
    for (long i = 0; i < x->size; i++)
        x->data[i] = 1;
    return x;
}

// q, k, v (B h, T, d).
static tensor *
linear_heads(const gau_heads *h, tensor *q, tensor *k, tensor *v)
{
    enum { CHUNK = 32 }; // of the computation; the result does not depend on it
    bool divided = h->kind == GAU_HEADS_DIVIDED;
    tensor *out = gau_linear(q, k, v, GAU_UP_TO_SELF, CHUNK, divided ? 1 : (float)h->n);
    const int *n = v->shape.n;
    if (!divided)
        return t_rms_norm(out, filled("gain", SHAPE(n[2])), h->eps);
    return gau_divide(
        out, gau_linear(q, k, filled("ones", SHAPE(n[0], n[1], 1)), GAU_UP_TO_SELF, CHUNK, 1));
}

tensor *
gau_heads_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    const gau_heads *h = context;
    shape s = q->shape;
    (void)mask; // causal
    bool linear = h->kind == GAU_HEADS_DIVIDED || h->kind == GAU_HEADS_NORM;
    if (linear) {
        q = linear_attention_features(q, LINEAR_ATTENTION_ELU, NULL);
        k = linear_attention_features(k, LINEAR_ATTENTION_ELU, NULL);
    }
    q = heads_apart(q);
    k = heads_apart(k);
    v = heads_apart(v);
    gau_window window = {.weighting = GAU_SOFTMAX,
                         .chunk = h->kind == GAU_HEADS_DIAGONAL ? h->chunk : 0};
    tensor *out = linear ? linear_heads(h, q, k, v) : gau_attention(q, k, v, NULL, &window);
    if (h->near)
        *h->near = share_of(linear ? t_matmul_nt(q, k) : tape_saved(out, "weights"), h->recent);
    return heads_back(out, s);
}
