#include "transformer/transformer.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <string.h>

static backward_fn attention_backward, smoothed_loss_backward;

static const float norm_eps = 1e-5f;

// ---- Attention ----

// Whether a query whose row of the mask this is may look at key s.
static inline bool
may_look(const bool *mask, long s)
{
    return !mask || mask[s];
}

// y (S) = softmax of those x that the query may look at, 0 for the others; all 0 where it may look nowhere.
static void
masked_softmax(int S, const bool *mask, const float *x, float *y)
{
    int end = S; // behind the last key that counts: saves half of the exponentials if causal
    while (end > 0 && !may_look(mask, end - 1))
        end--;
    for (int s = 0; s < end; s++)
        y[s] = may_look(mask, s) ? x[s] : -INFINITY;
    memset(y + end, 0, (S - end) * sizeof *y);
    if (end > 0)
        softmax32(end, y, y);
}

// The sizes of one attention. Head j of sequence b begins at ((b T) h + j) d in q and out, at ((b S) h + j) d in k
// and v, and its rows are h d apart.
typedef struct {
    int B, h, T, S, d;
    bool bias;
} attention_shape;

static attention_shape
attention_sizes(const tensor *q, const tensor *k, const tensor *v, const tensor *bias)
{
    const char *op = "transformer_attention";
    int B = q->shape.n[0], T = q->shape.n[1], h = q->shape.n[2], d = q->shape.n[3];
    int S = k->shape.n[1];
    if (q->shape.rank != 4 || !shape_equal(k->shape, SHAPE(B, S, h, d)))
        fail_shapes(op, "queries (B, T, h, d) need keys (B, S, h, d)", q, k);
    if (!shape_equal(k->shape, v->shape))
        fail_shapes(op, "keys and values differ in shape", k, v);
    if (bias && !shape_equal(bias->shape, SHAPE(h, T, S)) &&
        !shape_equal(bias->shape, SHAPE(B, h, T, S)))
        fail("%s: the bias %s %s is neither (%d, %d, %d) nor that for each of %d sequences", op,
             bias->name, shape_text(bias->shape).s, h, T, S, B);
    return (attention_shape){B, h, T, S, d, bias != NULL};
}

// What the scores are multiplied by.
static float
score_scale(const attention_shape *a)
{
    return 1 / sqrt32(a->d);
}

// Whether a second thread pays.
static bool
is_large(const attention_shape *a)
{
    return (double)a->B * a->h * a->T * a->S * a->d > 1e6;
}

// Where head i = b h + j, head j of sequence b, begins: in q and out with n = T, in k and v with n = S.
static long
head_at(const attention_shape *a, int i, int n)
{
    return ((long)i / a->h * n * a->h + i % a->h) * a->d;
}

static void
attention_head_forward(tensor *out, const attention_shape *a, int i, const bool *mask)
{
    const tensor *q = out->in[0], *k = out->in[1], *v = out->in[2];
    int h = a->h, T = a->T, S = a->S, d = a->d, D = h * d;
    long at = head_at(a, i, T), from = head_at(a, i, S), pairs = (long)T * S;
    float *score = tape_saved(out, "scores")->data + i * pairs;
    float *weight = tape_saved(out, "weights")->data + i * pairs, scale = score_scale(a);
    // scores = q k^T / sqrt(d) + bias
    matmul(T, S, d, matrix_of(q->data + at, D), transpose_of(k->data + from, D), score, S,
           MATMUL_SET);
    for (long j = 0; j < pairs; j++)
        score[j] *= scale;
    if (a->bias) // (B, h, T, S), or (h, T, S) again for every sequence
        for (long j = 0; j < pairs; j++)
            score[j] += out->in[3]->data[i * pairs % out->in[3]->size + j];
    // weights = softmax(scores) of the keys that the mask lets through
    for (int t = 0; t < T; t++) {
        const bool *row = mask ? mask + ((long)i / h * T + t) * S : NULL;
        masked_softmax(S, row, score + t * S, weight + t * S);
    }
    // out = weights v
    matmul(T, d, S, matrix_of(weight, S), matrix_of(v->data + from, D), out->data + at, D,
           MATMUL_SET);
}

// Head i of the backward; dscore (T, S) is room for the gradient of the weights and then of the scores.
static void
attention_head_backward(tensor *out, const attention_shape *a, int i, float *dscore)
{
    tensor *q = out->in[0], *k = out->in[1], *v = out->in[2], *bias = a->bias ? out->in[3] : NULL;
    int T = a->T, S = a->S, d = a->d, D = a->h * d;
    float scale = score_scale(a);
    long at = head_at(a, i, T), from = head_at(a, i, S), pairs = (long)T * S;
    const float *weight = tape_saved(out, "weights")->data + i * pairs, *dout = out->grad + at;
    // out = weights v
    matmul(T, S, d, matrix_of(dout, D), transpose_of(v->data + from, D), dscore, S, MATMUL_SET);
    if (v->grad)
        matmul(S, d, T, transpose_of(weight, S), matrix_of(dout, D), v->grad + from, D, MATMUL_ADD);
    // weights = softmax(scores): where a weight is 0 nothing flows
    for (long row = 0; row < pairs; row += S) {
        float mean = dot32(S, weight + row, dscore + row);
        for (int s = 0; s < S; s++)
            dscore[row + s] = weight[row + s] * (dscore[row + s] - mean);
    }
    // scores = q k^T / sqrt(d) + bias
    if (bias && bias->grad)
        for (long j = 0; j < pairs; j++)
            bias->grad[i * pairs % bias->size + j] += dscore[j];
    for (long j = 0; j < pairs; j++)
        dscore[j] *= scale;
    if (q->grad)
        matmul(T, d, S, matrix_of(dscore, S), matrix_of(k->data + from, D), q->grad + at, D,
               MATMUL_ADD);
    if (k->grad)
        matmul(S, d, T, transpose_of(dscore, S), matrix_of(q->data + at, D), k->grad + from, D,
               MATMUL_ADD);
}

tensor *
transformer_attention(tensor *q, tensor *k, tensor *v, const bool *mask, tensor *bias)
{
    attention_shape a = attention_sizes(q, k, v, bias);
    tensor *in[] = {q, k, v, bias};
    tensor *out =
        tape_node("transformer_attention", q->shape, attention_backward, bias ? 4 : 3, in);
    out->aux = memcpy(tape_alloc(sizeof a), &a, sizeof a);
    tape_save(out, "scores", SHAPE(a.B, a.h, a.T, a.S));
    tape_save(out, "weights", SHAPE(a.B, a.h, a.T, a.S));
#pragma omp parallel for if (is_large(&a))
    for (int i = 0; i < a.B * a.h; i++)
        attention_head_forward(out, &a, i, mask);
    return out;
}

static void
attention_backward(tensor *out)
{
    const attention_shape *a = out->aux;
    float *dscores = tape_alloc((long)a->h * a->T * a->S * sizeof(float));
    // A thread has a head of all sequences, which share the bias's gradient.
#pragma omp parallel for if (is_large(a))
    for (int head = 0; head < a->h; head++)
        for (int b = 0; b < a->B; b++)
            attention_head_backward(out, a, b * a->h + head, dscores + (long)head * a->T * a->S);
}

bool *
transformer_causal_mask(int B, int T, int S)
{
    bool *mask = tape_alloc((long)B * T * S);
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s < S; s++)
                mask[((long)b * T + t) * S + s] = s <= S - T + t;
    return mask;
}

bool *
transformer_padding_mask(int B, int T, int S, const int *length, const bool *causal)
{
    bool *mask = tape_alloc((long)B * T * S);
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s < S; s++) {
                long i = ((long)b * T + t) * S + s;
                mask[i] = s < length[b] && may_look(causal, i);
            }
    return mask;
}

tensor *
transformer_split_heads(tensor *x, int h)
{
    int B = x->shape.n[0], T = x->shape.n[1], D = x->shape.n[2];
    if (x->shape.rank != 3 || h < 1 || D % h)
        fail("transformer_split_heads: %s %s into %d heads; expected (B, T, D) with D a multiple "
             "of them",
             x->name, shape_text(x->shape).s, h);
    return t_reshape(x, SHAPE(B, T, h, D / h));
}

tensor *
transformer_join_heads(tensor *x)
{
    return t_reshape(x, SHAPE(x->shape.n[0], x->shape.n[1], x->shape.n[2] * x->shape.n[3]));
}

// Puts x (B, n, h, d) behind the `length` positions that the cache (B, room, h, d) has; gives all of them.
static tensor *
extend(tensor *cache, int length, const tensor *x)
{
    int B = cache->shape.n[0], room = cache->shape.n[1], h = cache->shape.n[2];
    int D = h * cache->shape.n[3], n = x->shape.n[1], all = length + n;
    if (!shape_equal(x->shape, SHAPE(B, n, h, D / h)) || all > room)
        fail(
            "transformer_multi_head_forward: keys %s after %d positions do not fit into a cache %s",
            shape_text(x->shape).s, length, shape_text(cache->shape).s);
    tensor *out = constant(x->name, SHAPE(B, all, h, D / h), NULL);
    for (long b = 0; b < B; b++) {
        memcpy(cache->data + (b * room + length) * D, x->data + b * n * D, n * D * sizeof(float));
        memcpy(out->data + b * all * D, cache->data + b * room * D, all * D * sizeof(float));
    }
    return out;
}

tensor *
transformer_multi_head_forward(const transformer_multi_head *m, tensor *x, tensor *y,
                               const bool *mask, transformer_cache *cache)
{
    tensor *q = named(transformer_split_heads(t_linear(x, m->w_q, m->b_q), m->h), "q");
    tensor *k = named(transformer_split_heads(t_matmul_nt(y, m->w_k), m->h), "k");
    tensor *v = named(transformer_split_heads(t_linear(y, m->w_v, m->b_v), m->h), "v");
    if (cache) {
        k = extend(cache->k, cache->length, k);
        v = extend(cache->v, cache->length, v);
        cache->length = k->shape.n[1];
    }
    tensor *out = m->attention ? m->attention(q, k, v, mask, m->attention_context)
                               : transformer_attention(q, k, v, mask, NULL);
    return t_linear(named(transformer_join_heads(out), "heads"), m->w_o, m->b_o);
}

// ---- Layers ----

static tensor *
normalise(const transformer_norm *n, tensor *x)
{
    return named(t_layer_norm(x, n->gain, n->bias, norm_eps), n->name);
}

static bool
is_pre(const transformer_layer *l)
{
    return l->placement == TRANSFORMER_PRE_NORM;
}

// A sublayer f reads before(x), and after(x, f) is what it leaves; the sum gets a name.
static tensor *
before(const transformer_layer *l, const transformer_norm *n, tensor *x)
{
    return is_pre(l) ? normalise(n, x) : x;
}

static tensor *
after(const transformer_layer *l, const transformer_norm *n, tensor *x, tensor *f, const char *name)
{
    tensor *sum = named(t_add(x, f), name);
    return is_pre(l) ? sum : normalise(n, sum);
}

static tensor *
feed_forward(const transformer_layer *l, tensor *x)
{
    tensor *sums = named(t_linear(x, l->w_1, l->b_1), "hidden_sums");
    tensor *hidden = named(l->activation(sums), "hidden");
    return t_linear(hidden, l->w_2, l->b_2);
}

tensor *
transformer_layer_forward(const transformer_layer *l, tensor *x, const bool *mask, tensor *memory,
                          const bool *memory_mask, transformer_cache *cache)
{
    tensor *y = before(l, &l->norm_1, x);
    tensor *f = transformer_multi_head_forward(&l->self, y, y, mask, cache);
    x = after(l, &l->norm_1, x, named(f, "self_attention"), "after_self_attention");
    if (l->cross.w_q) {
        y = before(l, &l->norm_2, x);
        f = transformer_multi_head_forward(&l->cross, y, memory, memory_mask, NULL);
        x = after(l, &l->norm_2, x, named(f, "cross_attention"), "after_cross_attention");
    }
    y = before(l, &l->norm_3, x);
    f = feed_forward(l, y);
    return after(l, &l->norm_3, x, named(f, "feed_forward"), "after_feed_forward");
}

// ---- Models ----

// A parameter, uniform in +-sqrt(6 / (rows + columns)).
static tensor *
glorot_matrix(const char *name, int rows, int columns, rng *r)
{
    tensor *w = param(name, SHAPE(rows, columns));
    float bound = sqrt32(6.0f / (rows + columns));
    rng_fill_uniform(r, w->size, w->data, -bound, bound);
    return w;
}

static transformer_norm
norm_new(const char *name, const char *gain, const char *bias, int D)
{
    transformer_norm n = {.name = name};
    n.gain = param(gain, SHAPE(D));
    n.bias = param(bias, SHAPE(D));
    for (int i = 0; i < D; i++)
        n.gain->data[i] = 1;
    return n;
}

static transformer_multi_head
multi_head_new(const char *const names[7], int D, int h, rng *r)
{
    transformer_multi_head m = {.h = h};
    m.w_q = glorot_matrix(names[0], D, D, r);
    m.w_k = glorot_matrix(names[1], D, D, r);
    m.w_v = glorot_matrix(names[2], D, D, r);
    m.w_o = glorot_matrix(names[3], D, D, r);
    m.b_q = param(names[4], SHAPE(D));
    m.b_v = param(names[5], SHAPE(D));
    m.b_o = param(names[6], SHAPE(D));
    return m;
}

transformer_layer
transformer_layer_new(const transformer_config *c, bool cross, rng *r)
{
    static const char *const self_names[] = {"w_q", "w_k", "w_v", "w_o", "b_q", "b_v", "b_o"};
    static const char *const cross_names[] = {"cross_w_q", "cross_w_k", "cross_w_v", "cross_w_o",
                                              "cross_b_q", "cross_b_v", "cross_b_o"};
    transformer_layer l = {.placement = c->placement, .activation = c->activation};
    l.self = multi_head_new(self_names, c->D, c->h, r);
    l.self.attention = c->attention;
    l.self.attention_context = c->attention_context;
    l.norm_1 = norm_new("norm_1", "norm_1_gain", "norm_1_bias", c->D);
    if (cross) {
        l.cross = multi_head_new(cross_names, c->D, c->h, r);
        l.norm_2 = norm_new("norm_2", "norm_2_gain", "norm_2_bias", c->D);
    }
    l.w_1 = glorot_matrix("w_1", c->F, c->D, r);
    l.b_1 = param("b_1", SHAPE(c->F));
    l.w_2 = glorot_matrix("w_2", c->D, c->F, r);
    l.b_2 = param("b_2", SHAPE(c->D));
    l.norm_3 = norm_new("norm_3", "norm_3_gain", "norm_3_bias", c->D);
    return l;
}

transformer
transformer_new(const transformer_config *c, rng *r)
{
    if (c->h < 1 || c->D % c->h)
        fail("transformer_new: width %d and %d heads: expected a multiple of them", c->D, c->h);
    transformer m = {.c = *c, .embedding = glorot_matrix("embedding", c->V, c->D, r)};
    m.encoder = permanent_alloc(c->encoders * sizeof *m.encoder);
    m.decoder = permanent_alloc(c->decoders * sizeof *m.decoder);
    for (int i = 0; i < c->encoders; i++)
        m.encoder[i] = transformer_layer_new(c, false, r);
    for (int i = 0; i < c->decoders; i++)
        m.decoder[i] = transformer_layer_new(c, c->encoders > 0, r);
    if (c->placement == TRANSFORMER_PRE_NORM && c->encoders > 0)
        m.encoder_end = norm_new("encoder_end", "encoder_end_gain", "encoder_end_bias", c->D);
    if (c->placement == TRANSFORMER_PRE_NORM)
        m.decoder_end = norm_new("decoder_end", "decoder_end_gain", "decoder_end_bias", c->D);
    return m;
}

tensor *
transformer_positions(int n, int D)
{
    tensor *p = tensor_state("positions", SHAPE(n, D));
    for (int pos = 0; pos < n; pos++)
        for (int j = 0; j < D; j++) {
            int i = j / 2, sine = j % 2 == 0;
            double angle = pos / pow64(10000, 2.0 * i / D);
            p->data[pos * D + j] = (float)(sine ? sin64(angle) : cos64(angle));
        }
    return p;
}

tensor *
transformer_learnt_positions(int n, int D, rng *r)
{
    tensor *p = param("positions", SHAPE(n, D));
    rng_fill_normal(r, p->size, p->data, 0, 1);
    return p;
}

// Symbols (B, T) that stand at positions `from` and on, as vectors (B, T, D).
static tensor *
embed(const transformer *m, int B, int T, const int *ids, int from)
{
    tensor *x = t_embedding(m->embedding, SHAPE(B, T), ids);
    x = named(t_scale(x, sqrt32(m->c.D)), "embedded");
    if (!m->c.positions)
        return x;
    if (from + T > m->c.positions->shape.n[0])
        fail("transformer: position %d; the model has positions for %d", from + T - 1,
             m->c.positions->shape.n[0]);
    return named(t_add(x, t_slice(m->c.positions, from, T)), "embedded");
}

// A layer, and what it is called with besides x and memory.
typedef struct {
    const transformer_layer *l;
    const bool *mask, *memory_mask;
    bool has_memory;
} layer_call;

static tensor *
call_layer(tensor *const in[], void *context)
{
    const layer_call *c = context;
    return transformer_layer_forward(c->l, in[0], c->mask, c->has_memory ? in[1] : NULL,
                                     c->memory_mask, NULL);
}

// The layer, kept on the tape or computed again in the backward.
static tensor *
recomputed_layer(const transformer_layer *l, tensor *x, const bool *mask, tensor *memory,
                 const bool *memory_mask)
{
    const layer_call c = {l, mask, memory_mask, memory != NULL};
    tensor *in[] = {x, memory};
    return t_recompute(call_layer, memory ? 2 : 1, in, &c, sizeof c);
}

tensor *
transformer_encode(const transformer *m, int B, int S, const int *ids, const bool *mask)
{
    if (m->c.encoders == 0)
        fail("transformer_encode: the model is a decoder alone");
    tensor *x = embed(m, B, S, ids, 0);
    for (int i = 0; i < m->c.encoders; i++)
        x = m->c.recompute ? recomputed_layer(&m->encoder[i], x, mask, NULL, NULL)
                           : transformer_layer_forward(&m->encoder[i], x, mask, NULL, NULL, NULL);
    return m->c.placement == TRANSFORMER_PRE_NORM ? normalise(&m->encoder_end, x) : x;
}

tensor *
transformer_decode(const transformer *m, int B, int T, const int *ids, const bool *mask,
                   tensor *memory, const bool *memory_mask, transformer_cache *caches)
{
    if ((m->c.encoders > 0) != (memory != NULL))
        fail("transformer_decode: a model %s encoder %s memory",
             m->c.encoders ? "with an" : "without", memory ? "has no use for a" : "needs its");
    int past = caches ? caches[0].length : 0;
    tensor *x = embed(m, B, T, ids, past);
    if (!mask)
        mask = transformer_causal_mask(B, T, past + T);
    for (int i = 0; i < m->c.decoders; i++)
        x = m->c.recompute && !caches
                ? recomputed_layer(&m->decoder[i], x, mask, memory, memory_mask)
                : transformer_layer_forward(&m->decoder[i], x, mask, memory, memory_mask,
                                            caches ? &caches[i] : NULL);
    if (m->c.placement == TRANSFORMER_PRE_NORM)
        x = normalise(&m->decoder_end, x);
    return t_matmul_nt(x, m->embedding);
}

transformer_cache *
transformer_caches(const transformer *m, int B, int room)
{
    transformer_cache *caches = permanent_alloc(m->c.decoders * sizeof *caches);
    for (int i = 0; i < m->c.decoders; i++) {
        shape s = SHAPE(B, room, m->c.h, m->c.D / m->c.h);
        caches[i] = (transformer_cache){tensor_state("keys", s), tensor_state("values", s), 0};
    }
    return caches;
}

// How many logits come before number i: larger ones, and equal ones with a smaller number.
static int
rank_of(int V, const float *logits, int i)
{
    int rank = 0;
    for (int k = 0; k < V; k++)
        rank += logits[k] > logits[i] || (logits[k] == logits[i] && k < i);
    return rank;
}

int
transformer_sample(int V, const float *logits, float temperature, int top, rng *r)
{
    if (V < 1 || temperature < 0)
        fail("transformer_sample: %d logits at temperature %g; expected some, at 0 or more", V,
             temperature);
    int best = 0;
    for (int i = 1; i < V; i++)
        best = logits[i] > logits[best] ? i : best;
    if (temperature == 0)
        return best;
    float p[V];
    for (int i = 0; i < V; i++)
        p[i] = top < 1 || rank_of(V, logits, i) < top ? logits[i] / temperature : -INFINITY;
    softmax32(V, p, p);
    double u = rng_uniform64(r);
    for (int i = 0; i < V; i++) {
        if (u < p[i])
            return i;
        u -= p[i];
    }
    return best; // rounded probabilities may sum to a little less than 1
}

// ---- Training ----

float
transformer_noam(int step, int D, int warmup)
{
    double rise = step * pow64(warmup, -1.5), fall = pow64(step, -0.5);
    return (float)(pow64(D, -0.5) * (rise < fall ? rise : fall));
}

typedef struct {
    int V, rows, used; // used: rows that count
    const int *targets;
    float e;
    transformer_smoothing form;
} smoothed;

// What is asked of symbol i, c_i, where `target` is right.
static inline float
smooth_target(const smoothed *s, int target, int i)
{
    if (s->form == TRANSFORMER_SMOOTH_OVER_ALL)
        return (i == target ? 1 - s->e : 0) + s->e / s->V;
    return i == 0 ? 0 : i == target ? 1 - s->e : s->e / (s->V - 2);
}

// The loss of one row of logits x (V), and p = softmax(x).
static float
smoothed_row(const smoothed *s, int target, const float *x, float *p)
{
    float log_sum = softmax32(s->V, x, p), top = max32(s->V, x), term[s->V];
    // -ln p_i = ln sum_j exp(x_j - top) - (x_i - top)
    for (int i = 0; i < s->V; i++)
        term[i] = smooth_target(s, target, i) * (log_sum - (x[i] - top));
    return target < 0 ? 0 : sum32(s->V, term);
}

static void
check_target(const smoothed *s, int row)
{
    int target = s->targets[row], first = s->form == TRANSFORMER_SMOOTH_OVER_OTHERS;
    if (target < -1 || (target >= 0 && target < first) || target >= s->V)
        fail("transformer_smoothed_loss: target %d of row %d, expected %d..%d, or -1 for a row "
             "that does not count",
             target, row, first, s->V - 1);
}

tensor *
transformer_smoothed_loss(tensor *logits, const int *targets, float e, transformer_smoothing form)
{
    int rank = logits->shape.rank, V = rank ? logits->shape.n[rank - 1] : 0;
    if (V < 3)
        fail("transformer_smoothed_loss: logits %s; expected (..., V) with V > 2",
             shape_text(logits->shape).s);
    int rows = logits->size / V;
    tensor *y =
        tape_node("transformer_smoothed_loss", SCALAR, smoothed_loss_backward, INPUTS(logits));
    float *p = tape_save(y, "probabilities", logits->shape)->data;
    float *loss = tape_save(y, "losses", SHAPE(rows))->data;
    smoothed *s = y->aux = tape_alloc(sizeof *s);
    *s = (smoothed){V, rows, 0, memcpy(tape_alloc(rows * sizeof(int)), targets, rows * sizeof(int)),
                    e, form};
    for (int r = 0; r < rows; r++) {
        check_target(s, r);
        loss[r] = smoothed_row(s, targets[r], logits->data + (long)r * V, p + (long)r * V);
        s->used += targets[r] >= 0;
    }
    if (!s->used)
        fail("transformer_smoothed_loss: no row of %s %s counts", logits->name,
             shape_text(logits->shape).s);
    y->data[0] = sum32(rows, loss) / s->used;
    return y;
}

static void
smoothed_loss_backward(tensor *y)
{
    tensor *logits = y->in[0];
    const smoothed *s = y->aux;
    const float *p = tape_saved(y, "probabilities")->data;
    // loss_r = sum_i c_i (ln sum_j exp(x_j) - x_i) and sum_i c_i = 1, so dloss_r/dx_i = p_i - c_i
    for (int r = 0; r < s->rows; r++) {
        if (s->targets[r] < 0)
            continue;
        for (int i = 0; i < s->V; i++) {
            long at = (long)r * s->V + i;
            float c = smooth_target(s, s->targets[r], i);
            logits->grad[at] += y->grad[0] / s->used * (p[at] - c);
        }
    }
}
