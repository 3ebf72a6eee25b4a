// The reference cases. Heads stand before positions, (B, h, T, d), as most implementations have them; the loss is the
// sum of out times loss_weight.
#include "rope/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "rope/rope.h"
#include "transformer/transformer.h"

#include <string.h>

enum { SEED = 1, B = 2, H = 3, T = 5, d = 8, PAIRS = d / 2 };

// How closely a float32 implementation must agree: ten times PyTorch's own error in float32, as the
// cross-check finds it, rounded up to a power of ten. What is computed in double agrees to double_close.
static const double close = 1e-5, closer = 1e-6, looser = 1e-4, double_close = 1e-12;

// x (B, h, T, d) rotated by the positions from `first` on.
static tensor *
rotated(tensor *x, const rope_table *table, int first)
{
    return t_transpose(rope_rotate(t_transpose(x, 1, 2), table, first), 1, 2);
}

// The same input at the positions 0, 1, ... and 1000, 1001, ...
static void
rotate(const char *name, rope_pairing pairing)
{
    const int first[] = {0, 1000};
    rng r = rng_at(SEED, 0);
    double theta[PAIRS];
    case_begin(name);
    rope_angles(d, ROPE_BASE, theta);
    rope_table table = rope_table_new(pairing, 1000 + T + 1, PAIRS, theta);
    tensor *x = case_param("x", SHAPE(B, H, T, d), &r, 1, closer, "vectors, base 10000");
    tensor *weight = tensor_state("loss_weight", x->shape); // of both losses
    rng_fill_normal(&r, weight->size, weight->data, 0, 1);
    case_write("input", "loss_weight", weight, closer, "a loss is sum(out loss_weight)");
    case_write_i4("input", "first", SHAPE(2), first, "the position of t = 0 in out and in out_far");
    float single[PAIRS];
    for (int i = 0; i < PAIRS; i++)
        single[i] = (float)theta[i];
    case_write_f4("step", "theta", SHAPE(PAIRS), single, closer,
                  "angle from one position to the next");
    for (int i = 0; i < 2; i++) {
        tape_reset();
        zero_grad();
        tensor *out = rotated(x, &table, first[i]);
        backward(t_sum(t_mul(out, weight)));
        case_write("output", i ? "out_far" : "out", out, closer,
                   i ? "at 1000, 1001, ..." : "at 0, 1, ...");
        case_write_f4("gradient", i ? "dx_far" : "dx", x->shape, x->grad, closer,
                      "of the loss of each");
    }
    case_end();
    tensors_free();
}

// All scores of T queries with T keys, and the same 70 positions later: equal.
static void
scores_shift(void)
{
    rng r = rng_at(SEED, 1);
    double theta[PAIRS];
    case_begin("scores_shift");
    rope_angles(d, ROPE_BASE, theta);
    rope_table table = rope_table_new(ROPE_INTERLEAVED, 70 + T, PAIRS, theta);
    tensor *q = case_constant("q", SHAPE(1, 1, T, d), &r, 1, closer, "queries");
    tensor *k = case_constant("k", SHAPE(1, 1, T, d), &r, 1, closer, "keys");
    for (int i = 0; i < 2; i++) {
        tensor *rotated_q = rotated(q, &table, 70 * i);
        tensor *scores = t_matmul_nt(rotated_q, rotated(k, &table, 70 * i));
        case_write("output", i ? "scores_shifted" : "scores", scores, closer,
                   i ? "positions 70, 71, ...: the same"
                     : "of turned q and k, positions 0, 1, ...");
    }
    case_end();
    tensors_free();
}

// The angles for 8 times the length of training, 256: interpolated, by a larger base, by parts.
static void
stretched(void)
{
    enum { WIDTH = 32, LENGTH = 256, FACTOR = 8 };
    int sizes[] = {WIDTH, LENGTH, FACTOR};
    double theta[3][WIDTH / 2];
    case_begin("stretched");
    case_write_i4("input", "sizes", SHAPE(3), sizes,
                  "width, length of training, factor; base 10000");
    rope_position_interpolation(WIDTH, ROPE_BASE, FACTOR, theta[0]);
    rope_ntk_aware(WIDTH, ROPE_BASE, FACTOR, theta[1]);
    rope_ntk_by_parts(WIDTH, ROPE_BASE, FACTOR, LENGTH, theta[2]);
    case_write_f8("output", "interpolated", SHAPE(WIDTH / 2), theta[0], double_close,
                  "theta over the factor");
    case_write_f8("output", "ntk", SHAPE(WIDTH / 2), theta[1], double_close,
                  "of the base times 8^(d/(d-2))");
    case_write_f8("output", "by_parts", SHAPE(WIDTH / 2), theta[2], double_close,
                  "below 1 turn over the length interpolated, above 32 as it was");
    case_end();
}

static void
decay_bound(void)
{
    enum { WIDTH = 128, FARTHEST = 250 };
    int sizes[] = {WIDTH, FARTHEST};
    double theta[WIDTH / 2], bound[FARTHEST + 1];
    case_begin("decay_bound");
    case_write_i4("input", "sizes", SHAPE(2), sizes, "width, largest distance; base 10000");
    rope_angles(WIDTH, ROPE_BASE, theta);
    for (int distance = 0; distance <= FARTHEST; distance++)
        bound[distance] = rope_decay_bound(WIDTH, theta, distance);
    case_write_f8("output", "bound", SHAPE(FARTHEST + 1), bound, double_close,
                  "by distance, from 0 on");
    case_end();
}

static void
alibi_slopes(void)
{
    enum { MOST = 16 };
    double slope[MOST * MOST] = {0};
    int most = MOST;
    case_begin("alibi_slopes");
    case_write_i4("input", "most", SCALAR, &most, "heads");
    for (int h = 1; h <= MOST; h++)
        rope_alibi_slopes(h, slope + (h - 1) * MOST);
    case_write_f8("output", "slopes", SHAPE(MOST, MOST), slope, double_close,
                  "row h - 1: of h heads, zeros behind");
    case_end();
}

static void
t5_buckets(void)
{
    enum { FARTHEST = 200 };
    int bucket[FARTHEST + 1], distance[FARTHEST + 1];
    case_begin("t5_buckets");
    for (int i = 0; i <= FARTHEST; i++) {
        distance[i] = i;
        bucket[i] = rope_t5_bucket(i);
    }
    case_write_i4("input", "distance", SHAPE(FARTHEST + 1), distance, "query minus key");
    case_write_i4("output", "bucket", SHAPE(FARTHEST + 1), bucket, "of 32, causal");
    case_end();
}

// The queries, keys and values of a case, and its causal mask.
typedef struct {
    tensor *q, *k, *v;
    const bool *mask;
} heads;

static heads
input_heads(rng *r, double tolerance)
{
    tensor *q = case_param("q", SHAPE(B, H, T, d), r, 1, tolerance, "queries");
    tensor *k = case_param("k", SHAPE(B, H, T, d), r, 1, tolerance, "keys");
    tensor *v = case_param("v", SHAPE(B, H, T, d), r, 1, tolerance, "values");
    return (heads){q, k, v, transformer_causal_mask(B, T, T)};
}

// Attention by one of the schemes, on (B, h, T, d).
static tensor *
attend(transformer_attention_fn *scheme, heads x, void *context)
{
    tensor *q = t_transpose(x.q, 1, 2), *k = t_transpose(x.k, 1, 2), *v = t_transpose(x.v, 1, 2);
    return t_transpose(scheme(q, k, v, x.mask, context), 1, 2);
}

static void
finish(tensor *out, rng *r, double tolerance)
{
    case_finish("out", out, case_loss_weight(out, r, tolerance), tolerance, "the answers, causal");
}

static void
xl_terms(void)
{
    static const char *const names[] = {"content", "position", "content_bias", "position_bias"};
    static const char *const about[] = {"q k", "q r", "u k",
                                        "w r; this and the others without mask and 1/sqrt(d)"};
    enum { WIDTH = 6 };
    rng r = rng_at(SEED, 2);
    case_begin("xl_terms");
    heads h = input_heads(&r, looser);
    rope_xl xl = {.sinusoid = transformer_positions(T, WIDTH)};
    xl.w_r = case_param("w_r", SHAPE(H * d, WIDTH), &r, 0.5f, looser, "rows are outputs");
    xl.u = case_param("u", SHAPE(H, d), &r, 1, looser, "of the content");
    xl.w = case_param("w", SHAPE(H, d), &r, 1, looser, "of the position");
    case_write("step", "sinusoid", xl.sinusoid, looser,
               "of the distances 0, 1, ..., sines and cosines in turn");
    tensor *term[4];
    rope_xl_terms(&xl, t_transpose(h.q, 1, 2), t_transpose(h.k, 1, 2), term);
    for (int i = 0; i < 4; i++)
        case_write("step", names[i], term[i], looser, about[i]);
    finish(attend(rope_xl_attend, h, &xl), &r, looser);
}

static void
shaw(void)
{
    enum { K = 3 };
    rng r = rng_at(SEED, 3);
    case_begin("shaw");
    heads h = input_heads(&r, close);
    rope_shaw x = {.K = K};
    x.a_k = case_param("a_k", SHAPE(2 * K + 1, d), &r, 1, close, "row 3 + distance, clipped to 3");
    x.a_v = case_param("a_v", SHAPE(2 * K + 1, d), &r, 1, close, "the same for the values");
    tensor *out = attend(rope_shaw_attend, h, &x);
    case_write("step", "weights", tape_find("t_softmax"), close, "after the mask and the softmax");
    finish(out, &r, close);
}

static void
alibi(void)
{
    rng r = rng_at(SEED, 4);
    case_begin("alibi");
    finish(attend(rope_alibi_attend, input_heads(&r, close), NULL), &r, close);
}

static void
t5(void)
{
    rng r = rng_at(SEED, 5);
    case_begin("t5");
    heads h = input_heads(&r, close);
    tensor *bias =
        case_param("bias", SHAPE(ROPE_T5_BUCKETS, H), &r, 1, close, "of each bucket and head");
    finish(attend(rope_t5_attend, h, bias), &r, close);
}

// Attention with turned queries and keys: the whole sequence at once, and one query at a time against all keys so far.
static void
rope_cached(void)
{
    rng r = rng_at(SEED, 6);
    double theta[PAIRS];
    float rows[T][B * H * d];
    case_begin("rope_cached");
    rope_angles(d, ROPE_BASE, theta);
    rope_table table = rope_table_new(ROPE_INTERLEAVED, T, PAIRS, theta);
    heads h = input_heads(&r, close);
    case_write("step", "q_turned", rotated(h.q, &table, 0), close,
               "query t at position t, base 10000");
    case_write("step", "k_turned", rotated(h.k, &table, 0), close, "keys");
    for (int t = 0; t < T; t++) {
        tensor *q = t_slice(t_transpose(h.q, 0, 2), t, 1), *out; // (1, H, B, d)
        heads now = {t_transpose(q, 0, 2),                       // (B, H, 1, d)
                     t_transpose(t_slice(t_transpose(h.k, 0, 2), 0, t + 1), 0, 2),
                     t_transpose(t_slice(t_transpose(h.v, 0, 2), 0, t + 1), 0, 2), NULL};
        out = attend(rope_attend, now, &table);
        memcpy(rows[t], out->data, sizeof rows[t]);
    }
    case_write_f4("step", "one_by_one", SHAPE(T, B, H, d), rows[0], close,
                  "query t alone, with an offset");
    finish(attend(rope_attend, h, &table), &r, close);
}

static void
linear_attention(void)
{
    double theta[PAIRS], x[3][T * d], weights[T * T], out[T * d], again[T * d];
    static const char *const names[] = {"q", "k", "v"};
    rng r = rng_at(SEED, 7);
    case_begin("rope_linear_attention");
    rope_angles(d, ROPE_BASE, theta);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < T * d; j++)
            x[i][j] = rng_normal(&r);
        case_write_f8("input", names[i], SHAPE(T, d), x[i], double_close, "one head; base 10000");
    }
    rope_linear_attention(T, d, theta, x[0], x[1], x[2], weights, out);
    rope_linear_attention_recurrent(T, d, theta, x[0], x[1], x[2], again);
    case_write_f8("step", "weights", SHAPE(T, T), weights, double_close,
                  "their rows need not sum to 1");
    case_write_f8("output", "out", SHAPE(T, d), out, double_close, "from the weights");
    case_write_f8("output", "out_recurrent", SHAPE(T, d), again, double_close,
                  "from the state: the same");
    case_end();
}

void
rope_cases(void)
{
    rotate("rotate", ROPE_INTERLEAVED);
    rotate("rotate_half", ROPE_HALVES);
    scores_shift();
    stretched();
    decay_bound();
    alibi_slopes();
    t5_buckets();
    xl_terms();
    shaw();
    alibi();
    t5();
    rope_cached();
    linear_attention();
}
