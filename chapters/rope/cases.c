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

#include <math.h>
#include <string.h>

enum { SEED = 1, B = 2, H = 3, T = 5, d = 8, PAIRS = d / 2 };

// How closely a float32 implementation must agree, as a part of a tensor's largest value: ten times PyTorch's own
// error in float32, rounded up. At far positions its angles are made in float32, as many programs have them.
static const double close = 2e-6, closer = 1e-6, looser = 1e-5, far = 1e-4;
// What is computed in double.
static const double double_close = 1e-12;

static void
input_base(void)
{
    case_number("base", ROPE_BASE, "theta_i = base^(-2i/d), i = 0 ... d/2 - 1");
}

static void
convention_of_pairs(rope_pairing pairing)
{
    case_convention(pairing == ROPE_INTERLEAVED
                        ? "pair i has the values 2i and 2i + 1 of a vector (RoFormer, Llama's own "
                          "code)"
                        : "pair i has the values i and i + d/2 of a vector (GPT-NeoX, Hugging "
                          "Face's Llama)");
    case_convention("a pair (a, b) at position p becomes (a cos - b sin, a sin + b cos) of the "
                    "angle p theta_i; the first position is 0");
}

static const char causal[] = "causal: query t sees the keys 0 ... t; NaN stands where no query "
                             "looks, any value is right there";

// x (B, h, T, d) rotated by the positions from `first` on.
static tensor *
rotated(tensor *x, const rope_table *table, int first)
{
    return t_transpose(rope_rotate(t_transpose(x, 1, 2), table, first), 1, 2);
}

// Writes x (B, T, h, d) with the heads before the positions.
static void
write_heads(const char *role, const char *name, const char *from, const float *x, double tolerance,
            const char *about)
{
    tensor *y = t_transpose(constant(name, SHAPE(B, T, H, d), x), 1, 2);
    case_write(role, name, from, y, tolerance, about);
}

// Writes scores x (..., n, n) of n queries and keys with NaN where a query does not look.
static void
write_seen(const char *role, const char *name, const char *from, shape s, const float *x,
           double tolerance, const char *about)
{
    int n = shape_last(s);
    tensor *y = constant(name, s, x);
    for (long i = 0; i < y->size; i++)
        if (i % n > i / n % n)
            y->data[i] = NAN;
    case_write(role, name, from, y, tolerance, about);
}

// ---- Rotation ----

// Of partial rotary.
static void
conventions_of_a_part(int pairs)
{
    case_convention("only the first n values of a vector are rotated, the others stay (partial "
                    "rotary); pair i has the values i and i + n/2 (GPT-NeoX)");
    case_convention("a pair (a, b) at position p becomes (a cos - b sin, a sin + b cos) of the "
                    "angle p theta_i; the first position is 0");
    case_scalar("n", 2 * pairs, "how many values of a vector are rotated");
    case_number("base", ROPE_BASE, "theta_i = base^(-2i/n), i = 0 ... n/2 - 1");
}

// The same input at the positions 0, 1, ... and 1000, 1001, ...
static void
rotate(const char *name, rope_pairing pairing, int pairs, const char *about)
{
    const int first[] = {0, 1000};
    rng r = rng_at(SEED, 0);
    double theta[PAIRS];
    float single[PAIRS];
    case_begin(name, about);
    if (pairs == PAIRS)
        convention_of_pairs(pairing);
    else
        conventions_of_a_part(pairs);
    case_convention(
        "at far positions float32 angles are off by up to 3e-5; the tolerances let them "
        "pass, ours are made in double");
    if (pairs == PAIRS)
        input_base();
    rope_angles(2 * pairs, ROPE_BASE, theta);
    rope_table table = rope_table_new(pairing, 1000 + T + 1, pairs, theta);
    tensor *x = case_param("x", SHAPE(B, H, T, d), &r, 1, "vectors");
    tensor *weight = tensor_state("loss_weight", x->shape); // of both losses
    rng_fill_normal(&r, weight->size, weight->data, 0, 1);
    case_input_f4("loss_weight", weight->shape, weight->data, "a loss is sum(out loss_weight)");
    case_input_i4("first", SHAPE(2), first, "the position of t = 0 in out and in out_far");
    for (int i = 0; i < pairs; i++)
        single[i] = (float)theta[i];
    case_write_f4("step", "theta", "", SHAPE(pairs), single, closer,
                  "angle from one position to the next");
    for (int i = 0; i < 2; i++) {
        const float *cosine = table.cosine + first[i] * pairs,
                    *sine = table.sine + first[i] * pairs;
        double near = i ? far : closer;
        case_write_f4("step", i ? "cosine_far" : "cosine", "theta", SHAPE(T, pairs), cosine, near,
                      i ? "at 1000, 1001, ..." : "at 0, 1, ...");
        case_write_f4("step", i ? "sine_far" : "sine", "theta", SHAPE(T, pairs), sine, near,
                      i ? "at 1000, 1001, ..." : "at 0, 1, ...");
        tape_reset();
        zero_grad();
        tensor *out = rotated(x, &table, first[i]);
        backward(t_sum(t_mul(out, weight)));
        const char *from = i ? "cosine_far sine_far" : "cosine sine";
        case_write("output", i ? "out_far" : "out", from, out, near,
                   i ? "at 1000, 1001, ..." : "at 0, 1, ...");
        case_write_f4("gradient", i ? "dx_far" : "dx", from, x->shape, x->grad, near,
                      "of the loss of each");
    }
    case_end();
    tensors_free();
}

// All scores of T queries with T keys, and the same 70 positions later: equal.
static void
scores_shift(void)
{
    static const char *const names[2][3] = {
        {"q_turned", "k_turned", "scores"},
        {"q_turned_shifted", "k_turned_shifted", "scores_shifted"}};
    static const char *const from[] = {"q_turned k_turned", "q_turned_shifted k_turned_shifted"};
    const int first[] = {0, 70};
    rng r = rng_at(SEED, 1);
    double theta[PAIRS];
    case_begin("scores_shift", "The scores of rotated queries and keys at two places: they depend "
                               "on the distance only.");
    convention_of_pairs(ROPE_INTERLEAVED);
    case_convention("scores are the plain products q k, without 1/sqrt(d) and mask");
    input_base();
    case_input_i4("first", SHAPE(2), first, "the position of t = 0, and of the shifted one");
    rope_angles(d, ROPE_BASE, theta);
    rope_table table = rope_table_new(ROPE_INTERLEAVED, 70 + T + 1, PAIRS, theta);
    tensor *q = case_constant("q", SHAPE(1, 1, T, d), &r, 1, "queries");
    tensor *k = case_constant("k", SHAPE(1, 1, T, d), &r, 1, "keys");
    for (int i = 0; i < 2; i++) {
        tensor *rotated_q = rotated(q, &table, first[i]), *rotated_k = rotated(k, &table, first[i]);
        case_write("step", names[i][0], "", rotated_q, i ? looser : close,
                   i ? "at 70, 71, ..." : "at 0, 1, ...");
        case_write("step", names[i][1], "", rotated_k, i ? looser : close,
                   i ? "at 70, 71, ..." : "at 0, 1, ...");
        case_write("output", names[i][2], from[i], t_matmul_nt(rotated_q, rotated_k),
                   i ? looser : close,
                   i ? "positions 70, 71, ...: the same" : "positions 0, 1, ...");
    }
    case_end();
    tensors_free();
}

// The angles for 8 times the length of training, 256: interpolated, by a larger base, by parts.
static void
stretched(void)
{
    enum { WIDTH = 32, LENGTH = 256, FACTOR = 8 };
    double theta[5][WIDTH / 2], scale = rope_yarn_scale(FACTOR);
    case_begin("stretched", "The angles of the pairs for positions beyond those of training, in "
                            "four ways.");
    case_convention("by_parts goes by the turns that a pair makes over the length, as YaRN's paper "
                    "has it (sec. 3.2)");
    case_convention(
        "yarn makes its ramp in the pair's number i, as YaRN's code and the libraries: s = 1 - (i "
        "- low)/(high - low) from 0 to 1, low = floor(pair(many)) and high = ceil(pair(few)) "
        "within 0 ... width - 1, pair(n) = width ln(length/(2 pi n)) / (2 ln base)");
    case_scalar("width", WIDTH, "d, of a head");
    case_scalar("length", LENGTH, "of training, in positions");
    case_scalar("factor", FACTOR, "how many times as long positions become");
    case_number("few", 1, "turns over the length below which a pair is interpolated");
    case_number("many", 32, "turns above which it stays as it was");
    input_base();
    rope_angles(WIDTH, ROPE_BASE, theta[0]);
    rope_position_interpolation(WIDTH, ROPE_BASE, FACTOR, theta[1]);
    rope_ntk_aware(WIDTH, ROPE_BASE, FACTOR, theta[2]);
    rope_ntk_by_parts(WIDTH, ROPE_BASE, FACTOR, LENGTH, theta[3]);
    rope_yarn(WIDTH, ROPE_BASE, FACTOR, LENGTH, theta[4]);
    case_write_f8("step", "theta", "", SHAPE(WIDTH / 2), theta[0], double_close, "base^(-2i/d)");
    case_write_f8("output", "interpolated", "theta", SHAPE(WIDTH / 2), theta[1], double_close,
                  "theta over the factor");
    case_write_f8("output", "ntk", "", SHAPE(WIDTH / 2), theta[2], double_close,
                  "of the base times factor^(d/(d-2))");
    case_write_f8("output", "by_parts", "theta", SHAPE(WIDTH / 2), theta[3], double_close,
                  "theta (s + (1 - s)/factor), s = (turns - few)/(many - few) from 0 to 1");
    case_write_f8("output", "yarn", "theta", SHAPE(WIDTH / 2), theta[4], double_close,
                  "theta (s + (1 - s)/factor), s by the pair's number");
    case_write_f8("output", "yarn_scale", "", SCALAR, &scale, double_close,
                  "what yarn multiplies the turned queries and keys by: 0.1 ln factor + 1");
    case_end();
}

static void
decay_bound(void)
{
    enum { WIDTH = 128, FARTHEST = 250 };
    double theta[WIDTH / 2], bound[FARTHEST + 1];
    case_begin("decay_bound", "How large a score can be at a distance (RoFormer, sec. 3.4.3).");
    case_scalar("width", WIDTH, "d, of a head");
    case_scalar("farthest", FARTHEST, "the largest distance");
    input_base();
    rope_angles(WIDTH, ROPE_BASE, theta);
    for (int distance = 0; distance <= FARTHEST; distance++)
        bound[distance] = rope_decay_bound(WIDTH, theta, distance);
    case_write_f8("step", "theta", "", SHAPE(WIDTH / 2), theta, double_close, "base^(-2i/d)");
    case_write_f8("output", "bound", "theta", SHAPE(FARTHEST + 1), bound, double_close,
                  "by distance, from 0 on: the mean of |S_j| over j = 1 ... d/2, S_j the sum of "
                  "exp(i distance theta_p) over p < j");
    case_end();
}

// ---- Tables ----

static void
alibi_slopes(void)
{
    enum { MOST = 16 };
    double slope[MOST * MOST] = {0};
    case_begin("alibi_slopes", "ALiBi's slopes of 1, 2, ... heads.");
    case_convention("row h - 1 has the slopes of h heads and zeros behind them");
    case_convention("where h is no power of two: those of the power of two c below, then every "
                    "second of 2c, from the first on");
    case_scalar("most", MOST, "heads of the last row");
    for (int h = 1; h <= MOST; h++)
        rope_alibi_slopes(h, slope + (h - 1) * MOST);
    case_write_f8("output", "slopes", "", SHAPE(MOST, MOST), slope, double_close,
                  "2^(-8i/h), i = 1 ... h, for a power of two");
    case_end();
}

static void
conventions_of_t5(bool both)
{
    if (both) {
        case_convention("a distance is the query's position minus the key's; in both directions: "
                        "half of the classes are for keys at or before the query, the others, with "
                        "half of them added, for keys after it, by the distance without its sign");
        case_convention(
            "with n = classes/2 for each direction: distances below n/2 have one each; "
            "above, class = n/2 + floor(log(distance/(n/2)) / log(farthest/(n/2)) n/2), "
            "at most n - 1");
        case_scalar("classes", ROPE_T5_BUCKETS, "of distances, of both directions together");
        case_scalar("farthest", 128, "the distance from which on the logarithm gives no new class");
        return;
    }
    case_convention("a distance is the query's position minus the key's; causal, in one direction: "
                    "all classes are for keys at or before the query");
    case_convention("distances below half the classes have one each; above, class = half + "
                    "floor(log(distance/half) / log(farthest/half) half), at most the last one");
    case_scalar("classes", ROPE_T5_BUCKETS, "of distances");
    case_scalar("farthest", 128, "the distance from which on the logarithm gives no new class");
}

static void
t5_buckets(void)
{
    enum { FARTHEST = 200 };
    int bucket[FARTHEST + 1], distance[FARTHEST + 1];
    case_begin("t5_buckets", "T5's class of every distance.");
    conventions_of_t5(false);
    for (int i = 0; i <= FARTHEST; i++) {
        distance[i] = i;
        bucket[i] = rope_t5_bucket(i, false);
    }
    case_input_i4("distance", SHAPE(FARTHEST + 1), distance, "query minus key");
    case_write_i4("output", "bucket", "", SHAPE(FARTHEST + 1), bucket, "the class");
    case_end();
}

static void
t5_buckets_both(void)
{
    enum { FARTHEST = 200, N = 2 * FARTHEST + 1 };
    int bucket[N], distance[N];
    case_begin("t5_buckets_both", "T5's class of every distance where a position looks both ways, "
                                  "as in its encoder.");
    conventions_of_t5(true);
    for (int i = 0; i < N; i++) {
        distance[i] = i - FARTHEST;
        bucket[i] = rope_t5_bucket(distance[i], true);
    }
    case_input_i4("distance", SHAPE(N), distance, "query minus key");
    case_write_i4("output", "bucket", "", SHAPE(N), bucket, "the class");
    case_end();
}

// ---- Attention ----

// The inputs of a case of n positions: queries, keys and values, their causal mask.
typedef struct {
    tensor *q, *k, *v;
    const bool *mask;
} heads;

static heads
input_heads(rng *r, int n)
{
    tensor *q = case_param("q", SHAPE(B, H, n, d), r, 1, "queries");
    tensor *k = case_param("k", SHAPE(B, H, n, d), r, 1, "keys");
    tensor *v = case_param("v", SHAPE(B, H, n, d), r, 1, "values");
    return (heads){q, k, v, transformer_causal_mask(B, n, n)};
}

// Attention by one of the schemes, on (B, h, T, d).
static tensor *
attend(transformer_attention_fn *scheme, heads x, void *context)
{
    tensor *q = t_transpose(x.q, 1, 2), *k = t_transpose(x.k, 1, 2), *v = t_transpose(x.v, 1, 2);
    return t_transpose(scheme(q, k, v, x.mask, context), 1, 2);
}

// Writes the answers and the loss, which it differentiates: a sum in which much cancels, so that its error is a larger
// part of it.
static void
write_out(tensor *out, const char *from, tensor *weight, double tolerance)
{
    tensor *loss = t_sum(t_mul(out, weight));
    backward(loss);
    case_write("output", "out", from, out, tolerance, "the answers");
    case_write("output", "loss", "out", loss, far, "sum of out loss_weight");
}

static void
end_attention(double tolerance, const case_gradient *list)
{
    case_gradients(tolerance, list);
    case_end();
    tensors_free();
}

static void
xl_terms(void)
{
    static const char *const names[] = {"content", "position", "content_bias", "position_bias"};
    static const char *const from[] = {"", "r", "", "r"};
    static const char *const about[] = {"q k", "q r", "u k", "w r"};
    enum { WIDTH = 6 };
    rng r = rng_at(SEED, 2);
    case_begin("xl_terms", "Attention of Transformer-XL: four terms a score.");
    case_convention(causal);
    case_convention("r of query t and key s is that of the distance t - s");
    case_convention("the columns of the sinusoid: sin, cos, sin, cos, ... of distance "
                    "base^(-2i/width)");
    case_convention("score = (q k + q r + u k + w r) / sqrt(d); the terms are without 1/sqrt(d)");
    case_number("base", 10000, "of the sinusoid");
    heads h = input_heads(&r, T);
    rope_xl xl = {.sinusoid = transformer_positions(T, WIDTH)};
    xl.w_r = case_param("w_r", SHAPE(H * d, WIDTH), &r, 0.5f, "rows are outputs, head by head");
    xl.u = case_param("u", SHAPE(H, d), &r, 1, "of the content");
    xl.w = case_param("w", SHAPE(H, d), &r, 1, "of the position");
    tensor *weight = case_loss_weight(h.v, &r);
    tensor *out = attend(rope_xl_attend, h, &xl), *weights = tape_find("t_softmax");
    const tensor *masked = weights->in[0], *scores = masked->in[0], *sum = scores->in[0];
    const tensor *term[] = {sum->in[0]->in[0], sum->in[0]->in[1], sum->in[1]->in[0],
                            tape_find("rope_gather")};    // the newest
    const tensor *vectors = term[1]->in[0]->in[1]->in[0]; // r (h, S, d), before it is repeated
    shape square = SHAPE(B, H, T, T);
    case_write("step", "sinusoid", "", xl.sinusoid, closer, "of the distances 0, 1, ...");
    case_write("step", "r", "sinusoid", vectors, close, "W_r sinusoid: a vector for each distance");
    for (int i = 0; i < 4; i++)
        write_seen("step", names[i], from[i], square, term[i]->data, close, about[i]);
    write_seen("step", "scores", "content position content_bias position_bias", square,
               scores->data, close, "the sum of the four / sqrt(d)");
    case_write("step", "weights", "scores", weights, close, "softmax of the scores seen");
    write_out(out, "weights", weight, close);
    write_seen("gradient", "dweights", "", square, weights->grad, close, "loss_weight v'");
    write_seen("gradient", "dscores", "dweights weights", square, scores->grad, close,
               "weights (dweights - sum of weights dweights)");
    case_write_f4("gradient", "dr", "dscores", vectors->shape, vectors->grad, close,
                  "over all queries and sequences");
    end_attention(looser, (const case_gradient[]){{"v", "weights", NULL},
                                                  {"q", "dscores r", NULL},
                                                  {"k", "dscores", NULL},
                                                  {"u", "dscores", NULL},
                                                  {"w", "dscores r", NULL},
                                                  {"w_r", "dr sinusoid", NULL},
                                                  {0}});
}

static void
shaw(void)
{
    enum { K = 3 };
    rng r = rng_at(SEED, 3);
    case_begin("shaw", "Attention with Shaw's relative vectors.");
    case_convention(causal);
    case_convention(
        "row clip + distance of a_k and a_v; the distance is the query's position minus "
        "the key's, at most clip (the paper counts key minus query)");
    case_convention("all heads share a_k and a_v");
    case_scalar("clip", K, "the largest distance with a vector of its own");
    heads h = input_heads(&r, T);
    rope_shaw x = {.K = K};
    x.a_k = case_param("a_k", SHAPE(2 * K + 1, d), &r, 1, "added to the keys");
    x.a_v = case_param("a_v", SHAPE(2 * K + 1, d), &r, 1, "added to the values");
    tensor *weight = case_loss_weight(h.v, &r);
    tensor *out = attend(rope_shaw_attend, h, &x), *weights = tape_find("t_softmax");
    const tensor *scores = weights->in[0]->in[0], *sum = scores->in[0], *both = out->in[0];
    const tensor *values = both->in[0]->in[0], *vectors = both->in[1]->in[0],
                 *sums = vectors->in[0];
    shape square = SHAPE(B, H, T, T);
    write_seen("step", "content", "", square, sum->in[0]->data, close, "q k");
    write_seen("step", "position", "", square, tape_find("rope_gather")->data, close,
               "q a_k of the distance");
    write_seen("step", "scores", "content position", square, scores->data, close,
               "(content + position) / sqrt(d)");
    case_write("step", "weights", "scores", weights, close, "softmax of the scores seen");
    case_write("step", "from_values", "weights", values, close, "sum of weights v");
    case_write("step", "by_distance", "weights", sums, close,
               "the weights' sum for each row of a_v");
    case_write("step", "from_vectors", "by_distance", vectors, close, "by_distance a_v");
    write_out(out, "from_values from_vectors", weight, close);
    write_seen("gradient", "dweights", "", square, weights->grad, close, "loss_weight (v + a_v)'");
    write_seen("gradient", "dscores", "dweights weights", square, scores->grad, close,
               "weights (dweights - sum of weights dweights)");
    end_attention(close, (const case_gradient[]){{"v", "weights", NULL},
                                                 {"a_v", "by_distance", NULL},
                                                 {"q", "dscores", NULL},
                                                 {"k", "dscores", NULL},
                                                 {"a_k", "dscores", NULL},
                                                 {0}});
}

enum { LONG = 40 }; // positions of the cases of biases

// Scores or what goes into them, all of which count if a query sees all keys.
static void
write_scores(bool all, const char *role, const char *name, const char *from, shape s,
             const float *x, double tolerance, const char *about)
{
    if (all)
        case_write_f4(role, name, from, s, x, tolerance, about);
    else
        write_seen(role, name, from, s, x, tolerance, about);
}

// Writes the steps of attention with a bias, which have been computed.
static void
write_biased(bool all, const char *bias_from, double tolerance)
{
    const tensor *a = tape_find("transformer_attention"), *bias = a->in[3];
    write_scores(all, "step", "bias", bias_from, SHAPE(H, LONG, LONG), bias->data, closer,
                 "what is added to the scores");
    write_scores(all, "step", "scores", "bias", SHAPE(B, H, LONG, LONG),
                 tape_saved(a, "scores")->data, close, "with the bias");
    case_write("step", "weights", "scores", tape_saved(a, "weights"), tolerance,
               "softmax of the scores seen");
}

static void
alibi(void)
{
    rng r = rng_at(SEED, 4);
    double slope[H];
    case_begin("alibi", "Attention with ALiBi's biases.");
    case_convention(causal);
    case_convention(
        "score = q k / sqrt(d) - slope distance. A program that adds slope times the "
        "key's position (BLOOM) has another bias and other scores, and the same weights "
        "and answers");
    heads h = input_heads(&r, LONG);
    tensor *weight = case_loss_weight(h.v, &r);
    tensor *out = attend(rope_alibi_attend, h, NULL);
    rope_alibi_slopes(H, slope);
    case_write_f8("step", "slopes", "", SHAPE(H), slope, double_close,
                  "of 3 heads: the two of 2, then the first of 4");
    write_biased(false, "slopes", close);
    write_out(out, "weights", weight, close);
    end_attention(close,
                  (const case_gradient[]){
                      {"v", "weights", NULL}, {"q", "weights", NULL}, {"k", "weights", NULL}, {0}});
}

static void
t5(const char *name, bool both, const char *about)
{
    rng r = rng_at(SEED, 5);
    int bucket[LONG * LONG];
    case_begin(name, about);
    if (both)
        case_convention("no mask: every query sees all keys");
    else
        case_convention(causal);
    case_convention("score = q k + bias, without 1/sqrt(d)");
    conventions_of_t5(both);
    heads h = input_heads(&r, LONG);
    if (both)
        h.mask = NULL;
    rope_t5 x = {both,
                 case_param("table", SHAPE(ROPE_T5_BUCKETS, H), &r, 1, "of each class and head")};
    tensor *weight = case_loss_weight(h.v, &r);
    tensor *out = attend(rope_t5_attend, h, &x);
    for (int i = 0; i < LONG * LONG; i++)
        bucket[i] = rope_t5_bucket(i / LONG - i % LONG, both);
    case_write_i4("step", "bucket", "", SHAPE(LONG, LONG), bucket,
                  both ? "the class of query t and key s"
                       : "the class of query t and key s; 0 for later keys");
    write_biased(both, "bucket", looser);
    write_out(out, "weights", weight, looser);
    write_scores(both, "gradient", "dbias", "weights", SHAPE(H, LONG, LONG),
                 tape_find("transformer_attention")->in[3]->grad, looser, "over all sequences");
    end_attention(looser, (const case_gradient[]){{"v", "weights", NULL},
                                                  {"q", "weights", NULL},
                                                  {"k", "weights", NULL},
                                                  {"table", "dbias bucket", NULL},
                                                  {0}});
}

// Attention with turned queries and keys: the whole sequence at once, and one query at a time against all keys so far.
static void
rope_cached(void)
{
    rng r = rng_at(SEED, 6);
    double theta[PAIRS];
    float rows[T][B * H * d];
    case_begin("rope_cached",
               "Attention with rotated queries and keys: the whole sequence at once, "
               "and one query at a time against the keys so far.");
    convention_of_pairs(ROPE_INTERLEAVED);
    case_convention(causal);
    input_base();
    rope_angles(d, ROPE_BASE, theta);
    rope_table table = rope_table_new(ROPE_INTERLEAVED, T + 1, PAIRS, theta);
    heads h = input_heads(&r, T);
    tensor *weight = case_loss_weight(h.v, &r);
    for (int t = 0; t < T; t++) {
        tensor *q = t_slice(t_transpose(h.q, 0, 2), t, 1), *out; // (1, H, B, d)
        heads now = {t_transpose(q, 0, 2),                       // (B, H, 1, d)
                     t_transpose(t_slice(t_transpose(h.k, 0, 2), 0, t + 1), 0, 2),
                     t_transpose(t_slice(t_transpose(h.v, 0, 2), 0, t + 1), 0, 2), NULL};
        out = attend(rope_attend, now, &table);
        memcpy(rows[t], out->data, sizeof rows[t]);
    }
    tensor *out = attend(rope_attend, h, &table);
    const tensor *a = tape_find("transformer_attention");
    write_heads("step", "q_turned", "", a->in[0]->data, closer, "query t at position t");
    write_heads("step", "k_turned", "", a->in[1]->data, closer, "keys");
    write_seen("step", "scores", "q_turned k_turned", SHAPE(B, H, T, T),
               tape_saved(a, "scores")->data, close, "of the turned, times 1/sqrt(d)");
    case_write("step", "weights", "scores", tape_saved(a, "weights"), close,
               "softmax of the scores seen");
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "one_by_one", "q_turned k_turned", SHAPE(T, B, H, d), rows[0], close,
                  "query t alone, with the keys 0 ... t: it is at position t");
    case_time_none();
    write_out(out, "weights", weight, close);
    write_heads("gradient", "dq_turned", "weights k_turned", a->in[0]->grad, close,
                "of the turned queries");
    write_heads("gradient", "dk_turned", "weights q_turned", a->in[1]->grad, close,
                "of the turned keys");
    end_attention(close, (const case_gradient[]){{"v", "weights", NULL},
                                                 {"q", "dq_turned", NULL},
                                                 {"k", "dk_turned", NULL},
                                                 {0}});
}

// ---- Linear attention ----

static void
linear_attention(void)
{
    double theta[PAIRS], x[3][T * d], phi[2][T * d], turned[2][T * d], weights[T * T], sums[T];
    double out[T * d], states[T][d * d], totals[T][d], again[T * d], state[d * d] = {0};
    double total[d] = {0};
    static const char *const names[] = {"q", "k", "v"};
    rng r = rng_at(SEED, 7);
    case_begin("rope_linear_attention", "Causal linear attention of one head with a rotated "
                                        "numerator, as a matrix and step by step.");
    convention_of_pairs(ROPE_INTERLEAVED);
    case_convention("phi(x) = elu(x) + 1: x + 1 above 0, e^x below; what is rotated is phi(x)");
    case_convention("causal: query t sees the keys 0 ... t; the weights of later keys are 0");
    input_base();
    rope_angles(d, ROPE_BASE, theta);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < T * d; j++)
            x[i][j] = rng_normal(&r);
        case_input_f8(names[i], SHAPE(T, d), x[i], "one head");
    }
    for (int i = 0; i < 2; i++)
        for (int t = 0; t < T; t++)
            rope_linear_features(d, theta, t, x[i] + t * d, phi[i] + t * d, turned[i] + t * d);
    rope_linear_attention(T, d, theta, x[0], x[1], x[2], weights, sums, out);
    for (int t = 0; t < T; t++) {
        rope_linear_step(d, theta, t, x[0] + t * d, x[1] + t * d, x[2] + t * d, state, total,
                         again + t * d);
        memcpy(states[t], state, sizeof state);
        memcpy(totals[t], total, sizeof total);
    }
    case_write_f8("step", "phi_q", "", SHAPE(T, d), phi[0], double_close, "phi(q)");
    case_write_f8("step", "phi_k", "", SHAPE(T, d), phi[1], double_close, "phi(k)");
    case_write_f8("step", "q_turned", "phi_q", SHAPE(T, d), turned[0], double_close,
                  "phi(q) at position t");
    case_write_f8("step", "k_turned", "phi_k", SHAPE(T, d), turned[1], double_close,
                  "phi(k) at position t");
    case_write_f8("step", "normaliser", "phi_q phi_k", SHAPE(T), sums, double_close,
                  "sum of phi(q) phi(k) over the keys seen, not rotated");
    case_write_f8("step", "weights", "q_turned k_turned normaliser", SHAPE(T, T), weights,
                  double_close, "their rows need not sum to 1");
    case_write_f8("output", "out", "weights", SHAPE(T, d), out, double_close, "weights v");
    case_time(0, CASE_FORWARD);
    case_write_f8("step", "state", "state[t-1] k_turned", SHAPE(T, d, d), states[0], double_close,
                  "after each step: sum of k_turned v' (rows are those of k)");
    case_write_f8("step", "total", "total[t-1] phi_k", SHAPE(T, d), totals[0], double_close,
                  "after each step: sum of phi(k)");
    case_write_f8("output", "out_recurrent", "state total q_turned phi_q", SHAPE(T, d), again,
                  double_close, "state' q_turned / (phi(q) total): the same as out");
    case_time_none();
    case_end();
}

void
rope_cases(void)
{
    rotate("rotate", ROPE_INTERLEAVED, PAIRS, "Rotation of vectors at near and at far positions.");
    rotate("rotate_half", ROPE_HALVES, PAIRS,
           "Rotation of vectors at near and at far positions, in the other pairing.");
    rotate("rotate_part", ROPE_HALVES, PAIRS / 2,
           "Rotation of the first half of every vector, at near and at far positions.");
    scores_shift();
    stretched();
    decay_bound();
    alibi_slopes();
    t5_buckets();
    t5_buckets_both();
    xl_terms();
    shaw();
    alibi();
    t5("t5", false, "Attention with T5's learnt biases.");
    t5("t5_both", true, "Attention with T5's learnt biases in both directions, as in its encoder.");
    rope_cached();
    linear_attention();
}
