// The reference cases. All sizes differ: B 2 sequences, T 7 positions, D 5, e 6, s 4, chunks of C 3, which do not
// divide 7.
#include "gau/cases.h"

#include "data/topics.h"
#include "frame/case.h"
#include "frame/case_tensor.h"
#include "gau/bound.h"
#include "gau/gau.h"
#include "linear_attention/linear_attention.h"
#include "nets/ops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 1, B = 2, T = 7, D = 5, E = 6, S = 4, C = 3 };

static void
end(void)
{
    case_end();
    tensors_free();
}

static void
step(const char *name, const char *from, const tensor *x, double tolerance, const char *about)
{
    case_write("step", name, from, x, tolerance, about);
}

// A step by its name on the tape.
static void
named_step(const char *name, const char *from, double tolerance, const char *about)
{
    step(name, from, tape_find(name), tolerance, about);
}

static void
gradient(const char *name, const char *from, const tensor *x, double tolerance)
{
    char own[64], about[80];
    snprintf(own, sizeof own, "d%s", name);
    snprintf(about, sizeof about, "dloss/d%s", name);
    case_write_f4("gradient", own, from, x->shape, x->grad, tolerance, about);
}

static void
named_gradient(const char *name, const char *from, double tolerance)
{
    gradient(name, from, tape_find(name), tolerance);
}

// A list of gradients, each by its name on the tape: name, from.
typedef struct {
    const char *name, *from;
} named_from;

static void
named_gradients(const named_from *list, double tolerance)
{
    for (; list->name; list++)
        named_gradient(list->name, list->from, tolerance);
}

static void
loss_and_backward(tensor *out, rng *r, double tolerance)
{
    tensor *weight = case_loss_weight(out, r);
    tensor *loss = t_sum(t_mul(out, weight));
    backward(loss);
    case_write("output", "loss", "out", loss, tolerance, "sum of out loss_weight");
}

// What is not seen by its query does not count.
static const tensor *
seen(const gau_window *w, const tensor *x)
{
    int W = x->shape.n[2], chunk = w->chunk ? w->chunk : T;
    tensor *y = constant(x->name, x->shape, x->data);
    for (long i = 0; i < y->size; i++) {
        int t = (int)(i / W % T),
            first = t / chunk * chunk - (w->previous && t >= chunk ? chunk : 0);
        int key = first + (int)(i % W), b = (int)(i / W / T);
        int after = w->both ? (t / chunk + 1) * chunk : t + 1;
        if (key >= after || key >= T || (w->length && key >= w->length[b]))
            y->data[i] = NAN;
    }
    return y;
}

// ---- Whole units ----

static const char *const unit_conventions[] = {
    "rows of matrices are outputs: y = x w^T; none has a bias",
    "input = norm x / sqrt(mean over D of x^2 + eps), an RMSNorm; eps is inside of the root",
    "f is SiLU, x / (1 + exp(-x)), on u, v and z",
    "q, k (and q_far, k_far) are all made of one z, each with its own gain and shift",
    "the gate u multiplies before w_o; x is added at the end",
    "where two axes of a tensor are positions, the query stands before the key"};

static void
unit_begin(const char *name, const char *about, const gau_window *w)
{
    case_begin(name, about);
    for (size_t i = 0; i < sizeof unit_conventions / sizeof *unit_conventions; i++)
        case_convention(unit_conventions[i]);
    case_convention(w->both ? "in both directions: a query sees the keys after it, too"
                            : "causal: position t sees the keys up to t, its own included");
    if (w->chunk)
        case_convention(
            "chunks of `chunk` positions are counted from the first position; the last has "
            "fewer");
    if (w->length)
        case_convention(
            "keys from length[b] on are padding, which no query sees; queries from there on "
            "are answered as the others");
}

// A unit whose gains, shifts and bias are far from those that a training begins with, as inputs; and x.
static gau_unit
unit_inputs(const gau_config *c, rng *r, tensor **x)
{
    gau_unit u = gau_unit_new(c, r);
    *x = param("x", SHAPE(B, T, D));
    rng_fill_normal(r, (*x)->size, (*x)->data, 0, 1);
    case_input_f4("x", (*x)->shape, (*x)->data, "(B, T, D): input of the unit");
    for (int i = 0; i < param_count(); i++) {
        tensor *p = param_at(i);
        if (p == *x)
            continue;
        bool gain = p->data[0] > 0.5f && p->shape.rank == 1;
        for (long j = 0; j < p->size; j++)
            p->data[j] = (gain ? 1 : 0) + (float)(0.5 * rng_normal(r));
        case_input_f4(p->name, p->shape, p->data, "");
    }
    return u;
}

static void
projections(double tolerance)
{
    named_step("input", "", tolerance, "the RMSNorm of x");
    named_step("u", "input", tolerance, "SiLU(input w_u^T), the gate");
    named_step("v", "input", tolerance, "SiLU(input w_v^T), the values");
    named_step("z", "input", tolerance, "SiLU(input w_z^T)");
    named_step("q", "z", tolerance, "gain_q z + shift_q");
    named_step("k", "z", tolerance, "gain_k z + shift_k");
}

// The gate's end of the unit.
static void
unit_output(const tensor *out, const char *answered, double tolerance)
{
    char from[64];
    snprintf(from, sizeof from, "u %s", answered);
    named_step("gated", from, tolerance, "u times what attention gives");
    case_write("output", "out", "gated", out, tolerance, "x + gated w_o^T");
}

// The gradients behind those of q, k, v, u: of_z, what z's comes from, and the parameters'. of_pair: tolerance of gains
// and shifts, whose sums cancel.
static void
unit_gradients(const gau_unit *u, const tensor *x, const char *of_z, double of_pair,
               double tolerance)
{
    gradient("gain_q", "dq z", u->q.gain, of_pair);
    gradient("shift_q", "dq", u->q.shift, of_pair);
    gradient("gain_k", "dk z", u->k.gain, of_pair);
    gradient("shift_k", "dk", u->k.shift, of_pair);
    named_gradient("z", of_z, tolerance);
    gradient("w_u", "du input", u->w_u, tolerance);
    gradient("w_v", "dv input", u->w_v, tolerance);
    gradient("w_z", "dz input", u->w_z, tolerance);
    named_gradient("input", "du dv dz input", tolerance);
    gradient("norm", "dinput", u->norm, tolerance);
    gradient("x", "dinput", x, tolerance);
}

static void
gau(void)
{
    gau_config c = {.D = D, .e = E, .s = S, .distances = T, .eps = 1e-3f, .window = {.n = 5}};
    rng r = rng_at(SEED, 0);
    tensor *x;
    unit_begin("gau",
               "One gated attention unit, forward and backward; the loss is sum(out loss_weight).",
               &c.window);
    case_convention(
        "score = q k / n + bias[T - 1 + t - s] for query t and key s, weight = max(score, 0)^2");
    case_number("eps", 1e-3, "of the RMSNorm");
    case_scalar("n", c.window.n, "by which q k is divided, inside of the square");
    gau_unit u = unit_inputs(&c, &r, &x);
    tensor *out = gau_forward(&u, x);
    tensor *answer = tape_find("answer");
    projections(2e-6);
    step("scores", "q k", seen(&c.window, tape_saved(answer, "scores")), 2e-6, "q k / n + bias");
    step("weights", "scores", tape_saved(answer, "weights"), 3e-6,
         "max(scores, 0)^2 of the keys seen");
    named_step("answer", "weights v", 3e-6, "weights v");
    unit_output(out, "answer", 3e-6);
    loss_and_backward(out, &r, 5e-6);
    named_gradients((named_from[]){{"gated", ""},
                                   {"u", "dgated answer"},
                                   {"answer", "dgated u"},
                                   {"v", "danswer weights"},
                                   {0}},
                    3e-6);
    case_write("gradient", "dscores", "danswer v scores",
               seen(&c.window, tape_saved(answer, "dscores")), 5e-6, "dloss/dscores");
    named_gradients((named_from[]){{"q", "dscores k"}, {"k", "dscores q"}, {0}}, 5e-6);
    gradient("bias", "dscores", u.bias, 1e-5);
    gradient("w_o", "gated", u.w_o, 3e-6);
    unit_gradients(&u, x, "dq dk", 5e-6, 5e-6);
    end();
}

// FLASH in both directions with padding, or causal with rotated queries and keys: its parts apart.
static void
flash(const char *name, uint32_t stream, bool causal)
{
    const int length[B] = {5, 7};
    double theta[S / 2];
    gau_config c = {.kind = GAU_FLASH, .D = D, .e = E, .s = S, .n = 4, .eps = 1e-3f};
    c.window = (gau_window){.n = C, .chunk = C, .both = !causal, .length = causal ? NULL : length};
    rope_angles(S, 10, theta);
    rope_table table = rope_table_new(ROPE_INTERLEAVED, T, S / 2, theta);
    c.rope = causal ? &table : NULL;
    rng r = rng_at(SEED, stream);
    tensor *x;
    unit_begin(name,
               "FLASH: pairs within the chunk, sums beyond it; forward and backward; the loss is "
               "sum(out loss_weight).",
               &c.window);
    case_convention(
        "near: weights max(q k / n, 0)^2 of the keys of the own chunk, for key j of the chunk in "
        "column j; far: q_far k_far / n_far");
    case_convention(causal ? "far: the keys of the chunks before the own chunk only"
                           : "far: all keys, those of the own chunk, too");
    if (causal)
        case_convention(
            "turned: values 2 i and 2 i + 1 are rotated by position base^(-2 i / s), positions "
            "counted from the beginning of the sequence");
    case_number("eps", 1e-3, "of the RMSNorm");
    case_scalar("chunk", C, "positions of a chunk");
    case_scalar("n", c.window.n, "by which q k is divided, inside of the square");
    case_scalar("n_far", c.n, "by which the sums are divided");
    if (causal)
        case_number("base", 10, "of the rotation");
    else
        case_input_i4("length", SHAPE(B), length, "keys from here on are padding");
    gau_unit u = unit_inputs(&c, &r, &x);
    tensor *out = gau_forward(&u, x), *near = tape_find("near");
    projections(2e-6);
    named_step("q_far", "z", 2e-6, "gain_q_far z + shift_q_far");
    named_step("k_far", "z", 2e-6, "gain_k_far z + shift_k_far");
    if (causal) {
        named_step("turned_q", "q", 2e-6, "rotated");
        named_step("turned_k", "k", 2e-6, "rotated");
        named_step("turned_q_far", "q_far", 2e-6, "rotated");
        named_step("turned_k_far", "k_far", 2e-6, "rotated");
    }
    step("scores", causal ? "turned_q turned_k" : "q k",
         seen(&c.window, tape_saved(near, "scores")), 2e-6, "(B, T, chunk): q k / n");
    step("weights", "scores", tape_saved(near, "weights"), 7e-6, "(B, T, chunk): max(scores, 0)^2");
    named_step("near", "weights v", 7e-6, "of the own chunk: weights v");
    named_step("far", causal ? "turned_q_far turned_k_far v" : "q_far k_far v", 3e-6,
               causal ? "of the chunks before: q sum of k v^T / n_far" : "q sum of k v^T / n_far");
    named_step("answer", "near far", 3e-6, "near + far");
    unit_output(out, "answer", 3e-6);
    loss_and_backward(out, &r, 5e-6);
    named_gradients(
        (named_from[]){{"gated", ""}, {"u", "dgated answer"}, {"answer", "dgated u"}, {0}}, 3e-6);
    case_write("gradient", "dscores", "danswer v scores",
               seen(&c.window, tape_saved(near, "dscores")), 1e-5, "dloss/dscores");
    if (causal) {
        named_gradients((named_from[]){{"v", "danswer weights turned_q_far turned_k_far"},
                                       {"turned_q", "dscores turned_k"},
                                       {"turned_k", "dscores turned_q"},
                                       {"turned_q_far", "danswer turned_k_far v"},
                                       {"turned_k_far", "danswer turned_q_far v"},
                                       {"q", "dturned_q"},
                                       {"k", "dturned_k"},
                                       {"q_far", "dturned_q_far"},
                                       {"k_far", "dturned_k_far"},
                                       {0}},
                        1e-5);
    } else
        named_gradients((named_from[]){{"v", "danswer weights q_far k_far"},
                                       {"q", "dscores k"},
                                       {"k", "dscores q"},
                                       {"q_far", "danswer k_far v"},
                                       {"k_far", "danswer q_far v"},
                                       {0}},
                        1e-5);
    gradient("w_o", "gated", u.w_o, 3e-6);
    gradient("gain_q_far", "dq_far z", u.q_far.gain, 1e-5);
    gradient("shift_q_far", "dq_far", u.q_far.shift, 1e-5);
    gradient("gain_k_far", "dk_far z", u.k_far.gain, 1e-5);
    gradient("shift_k_far", "dk_far", u.k_far.shift, 1e-5);
    unit_gradients(&u, x, "dq dk dq_far dk_far", causal ? 1e-5 : 6e-5, causal ? 1e-5 : 5e-6);
    end();
}

static void
flash_both(void)
{
    flash("flash", 1, false);
}

static void
flash_causal(void)
{
    flash("flash_causal", 2, true);
}

// ---- Attention alone: queries, keys and values are given ----

typedef struct {
    tensor *q, *k, *v;
    rng r;
} given;

static given
given_inputs(uint32_t stream)
{
    given x = {.r = rng_at(SEED, stream)};
    x.q = case_param("q", SHAPE(B, T, S), &x.r, 1, "(B, T, s): queries");
    x.k = case_param("k", SHAPE(B, T, S), &x.r, 1, "(B, T, s): keys");
    x.v = case_param("v", SHAPE(B, T, E), &x.r, 1, "(B, T, e): values");
    return x;
}

static void
divisors(void)
{
    static const struct {
        const char *weights, *out, *about;
        gau_divisor divisor;
    } all[] = {{"weights_longest", "out_longest", "max(q k / n, 0)^2", GAU_LONGEST},
               {"weights_batch", "out_batch", "max(q k / T, 0)^2", GAU_BATCH},
               {"weights_visible", "out_visible", "max(q k / (t + 1), 0)^2, t from 0", GAU_VISIBLE},
               {"weights_outside", "out_outside", "max(q k, 0)^2 / n", GAU_OUTSIDE}};
    case_begin("gau_divisors",
               "Squared weights with four divisors, on the same queries, keys and values.");
    case_convention("causal: position t sees the keys up to t, its own included");
    case_convention("(B, T, T): the query stands before the key");
    case_scalar("n", 12, "the longest sequence's positions");
    given x = given_inputs(3);
    for (int i = 0; i < 4; i++) {
        gau_window w = {.divisor = all[i].divisor, .n = 12};
        const tensor *out = gau_attention(x.q, x.k, x.v, NULL, &w);
        step(all[i].weights, "", tape_saved(out, "weights"), 2e-6, all[i].about);
        case_write("output", all[i].out, all[i].weights, out, 2e-6, "weights v");
    }
    end();
}

// One window, forward and backward.
static void
window(const char *name, const char *about, uint32_t stream, gau_window w)
{
    case_begin(name, about);
    case_convention("causal: position t sees the keys up to t, its own included");
    if (w.previous)
        case_convention(
            "a query sees the keys of its own chunk and of the one before; column j is the j-th "
            "key "
            "from the beginning of the chunk before, or of the own one where that is the first");
    else if (w.chunk)
        case_convention(
            "a query sees the keys of its own chunk; column j is the chunk's j-th key; chunks are "
            "counted from the first position, the last has fewer");
    case_convention(w.weighting == GAU_SOFTMAX
                        ? "weights: softmax of q k / sqrt(s) over the keys seen"
                        : "weights: max(q k / n, 0)^2 of the keys seen");
    if (w.weighting == GAU_SQUARED)
        case_scalar("n", w.n, "by which q k is divided, inside of the square");
    if (w.chunk)
        case_scalar("chunk", w.chunk, "positions of a chunk");
    given x = given_inputs(stream);
    tensor *out = gau_attention(x.q, x.k, x.v, NULL, &w);
    step("scores", "", seen(&w, tape_saved(out, "scores")), 2e-6, "what the weights are made of");
    step("weights", "scores", tape_saved(out, "weights"), 2e-6, "0 where nothing is seen");
    case_write("output", "out", "weights", out, 2e-6, "weights v");
    loss_and_backward(out, &x.r, 3e-6);
    case_write("gradient", "dscores", "scores weights", seen(&w, tape_saved(out, "dscores")), 3e-6,
               "dloss/dscores");
    gradient("q", "dscores", x.q, 3e-6);
    gradient("k", "dscores", x.k, 3e-6);
    gradient("v", "weights", x.v, 3e-6);
    end();
}

static void
norm_attention(void)
{
    case_begin("norm_attention",
               "NormAttention: linear attention whose normaliser is left out, with an RMSNorm "
               "behind it; and with the normaliser. The loss is sum(out loss_weight).");
    case_convention("causal: position t sees the keys up to t, its own included");
    case_convention("phi(x) = elu(x) + 1: x + 1 above 0, e^x below");
    case_convention("RMSNorm: gain x / sqrt(mean over e of x^2 + eps), eps inside of the root");
    case_number("eps", 1e-3, "of the RMSNorm");
    given x = given_inputs(6);
    tensor *gain = case_param("gain", SHAPE(E), &x.r, 1, "of both RMSNorms");
    tensor *q = t_reshape(x.q, SHAPE(B, T, 1, S)), *k = t_reshape(x.k, SHAPE(B, T, 1, S));
    tensor *phi_q = linear_attention_features(q, LINEAR_ATTENTION_ELU, NULL);
    tensor *phi_k = linear_attention_features(k, LINEAR_ATTENTION_ELU, NULL);
    phi_q = t_reshape(phi_q, x.q->shape);
    phi_k = t_reshape(phi_k, x.k->shape);
    tensor *one = constant("ones", SHAPE(B, T, 1), NULL);
    for (int i = 0; i < B * T; i++)
        one->data[i] = 1;
    tensor *sums = gau_linear(phi_q, phi_k, x.v, GAU_UP_TO_SELF, C, 1);
    tensor *total = gau_linear(phi_q, phi_k, one, GAU_UP_TO_SELF, C, 1);
    tensor *divided = gau_divide(sums, total);
    tensor *out = t_rms_norm(sums, gain, 1e-3f);
    step("phi_q", "", phi_q, 1e-6, "phi(q)");
    step("phi_k", "", phi_k, 1e-6, "phi(k)");
    step("sums", "phi_q phi_k", sums, 2e-6, "sum of phi_q phi_k v");
    step("total", "phi_q phi_k", total, 2e-6, "(B, T, 1): the normaliser, sum of phi_q phi_k");
    step("divided", "sums total", divided, 2e-6, "sums / total: normalised linear attention");
    step("divided_normed", "divided", t_rms_norm(divided, gain, 1e-3f), 5e-6, "RMSNorm of divided");
    case_write("output", "out", "sums", out, 5e-6, "RMSNorm of sums");
    loss_and_backward(out, &x.r, 5e-6);
    gradient("gain", "sums", gain, 5e-6);
    gradient("sums", "sums", sums, 5e-6);
    gradient("phi_q", "dsums phi_k", phi_q, 5e-6);
    gradient("phi_k", "dsums phi_q", phi_k, 5e-6);
    gradient("q", "dphi_q phi_q", x.q, 5e-6);
    gradient("k", "dphi_k phi_k", x.k, 5e-6);
    gradient("v", "dsums phi_q phi_k", x.v, 5e-6);
    end();
}

// ---- The gradient's bound, causality, the language ----

static void
gradient_bound(void)
{
    enum { KEYS = 3, WIDE = 2 };
    static const char *const names[] = {"elu", "exp", "softplus", "relu", "square"};
    static const char *const maps[] = {"elu(x) + 1", "e^x", "ln(1 + e^x)", "max(x, 0)", "x^2"};
    rng r = rng_at(SEED, 7);
    double q[WIDE], k[KEYS * WIDE];
    for (int i = 0; i < WIDE; i++)
        q[i] = 0.3 * fabs(rng_normal(&r));
    for (int i = 0; i < KEYS * WIDE; i++)
        k[i] = 0.3 * fabs(rng_normal(&r));
    k[KEYS * WIDE - 1] *= -1;
    case_begin("gradient_bound",
               "How far the weights p_j = s_j / sum of s, s_j = phi(q) phi(k_j), move with their "
               "own score, with the query and with their own key, for five maps phi.");
    case_convention("dp_ds[j] = dp_j/ds_j; dp_dq[j, a] = dp_j/dq_a; dp_dk[j, a] = dp_j/dk_ja, the "
                    "own key only");
    case_input_f8("q", SHAPE(WIDE), q, "the query");
    case_input_f8("k", SHAPE(KEYS, WIDE), k, "the keys");
    for (int map = 0; map < GAU_MAPS; map++) {
        double p[KEYS], ds[KEYS], dq[KEYS * WIDE], dk[KEYS * WIDE];
        char own[64], name[4][80], about[80];
        gau_gradient_bound(map, WIDE, KEYS, q, k, p, ds, dq, dk);
        snprintf(own, sizeof own, "p_%s", names[map]);
        snprintf(about, sizeof about, "phi(x) = %s", maps[map]);
        for (int i = 0; i < 3; i++)
            snprintf(name[i], sizeof name[i], "dp_d%c_%s", "sqk"[i], names[map]);
        case_write_f8("output", own, "", SHAPE(KEYS), p, 1e-13, about);
        case_write_f8("output", name[0], own, SHAPE(KEYS), ds, 1e-13, about);
        case_write_f8("output", name[1], own, SHAPE(KEYS, WIDE), dq, 1e-13, about);
        case_write_f8("output", name[2], own, SHAPE(KEYS, WIDE), dk, 1e-13, about);
    }
    end();
}

// changed (T, T): whether answer t of the sequence changes when key and value at `at` become 1e9.
static void
probe_part(const char *name, tensor *(*f)(const given *), given *x, const char *about)
{
    int changed[T * T];
    for (int at = 0; at < T; at++) {
        const tensor *before = f(x);
        given y = *x;
        y.k = constant("k", x->k->shape, x->k->data);
        y.v = constant("v", x->v->shape, x->v->data);
        for (int i = 0; i < S; i++)
            y.k->data[at * S + i] = 1e9f;
        for (int i = 0; i < E; i++)
            y.v->data[at * E + i] = 1e9f;
        const tensor *after = f(&y);
        for (int t = 0; t < T; t++)
            changed[at * T + t] =
                memcmp(before->data + t * E, after->data + t * E, E * sizeof(float)) != 0;
    }
    case_write_i4("output", name, "", SHAPE(T, T), changed, about);
}

static tensor *
near_of(const given *x)
{
    gau_window w = {.n = C, .chunk = C};
    return gau_attention(x->q, x->k, x->v, NULL, &w);
}

static tensor *
overlap_of(const given *x)
{
    gau_window w = {.n = C, .chunk = C, .previous = true};
    return gau_attention(x->q, x->k, x->v, NULL, &w);
}

static tensor *
far_of(const given *x)
{
    return gau_linear(x->q, x->k, x->v, GAU_BEFORE_CHUNK, C, T);
}

static tensor *
self_of(const given *x)
{
    return gau_linear(x->q, x->k, x->v, GAU_UP_TO_SELF, C, T);
}

static void
probe(void)
{
    rng r = rng_at(SEED, 8);
    case_begin("probe", "Who sees whom: changed[at, t] is 1 if answer t changes when all of key "
                        "and value at position "
                        "`at` become 1e9, else 0.");
    case_convention("for each `at` only that key and value are changed, the query stays");
    case_convention("all parts are causal: nothing below the diagonal may be 1");
    case_scalar("chunk", C, "positions of a chunk");
    given x = {.r = r};
    x.q = constant("q", SHAPE(1, T, S), NULL);
    for (int i = 0; i < T * S; i++) // a query whose values sum to more than 0 sees a large key
        x.q->data[i] = (float)fabs(rng_normal(&x.r));
    case_input_f4("q", SHAPE(T, S), x.q->data, "the queries, no value below 0");
    x.k = case_constant("k", SHAPE(1, T, S), &x.r, 1, "(1, T, s): the keys");
    x.v = case_constant("v", SHAPE(1, T, E), &x.r, 1, "(1, T, e): the values");
    probe_part("near", near_of, &x, "weights max(q k / chunk, 0)^2 of the own chunk");
    probe_part("overlap", overlap_of, &x, "the same of the own chunk and the one before");
    probe_part("far", far_of, &x, "sums over the chunks before the own one");
    probe_part("self", self_of, &x, "sums up to the own position");
    end();
}

static void
topic_oracle(void)
{
    enum { N = 23 };
    static const int memories[] = {-1, 0, 1};
    static const char *const names[] = {"nll", "nll_0", "nll_1"};
    static const char *const abouts[] = {"all words before", "the own word only",
                                         "the word before, too"};
    topics_language l = topics_new(SEED);
    rng r = rng_at(SEED, 9);
    int text[N], words[TOPICS_WORDS * (ZIPF_LETTERS + 1)];
    double p[TOPICS * TOPICS_WORDS], nll[N], posterior[N * TOPICS];
    for (int k = 0; k < TOPICS_WORDS; k++)
        for (int i = 0; i <= ZIPF_LETTERS; i++) {
            bool within = i < (int)strlen(l.topic[0].word[k]);
            char letter = within ? l.topic[0].word[k][i] : ' ';
            words[k * (ZIPF_LETTERS + 1) + i] = !within ? -1 : letter == ' ' ? 0 : letter - 'a' + 1;
        }
    for (int topic = 0; topic < TOPICS; topic++)
        memcpy(p + topic * TOPICS_WORDS, l.topic[topic].p, TOPICS_WORDS * sizeof *p);
    topics_sample(&l, &r, N, text);
    case_begin("topic_oracle", "The least loss of a text whose topic is not told, by Bayes' rule.");
    case_convention("a text is words one behind the other, drawn independently with the "
                    "probabilities of its topic; "
                    "all topics are equally likely");
    case_convention("nll[i] = -ln P(text[i] | what is known before it); posterior[i] = P(topic | "
                    "text[0] .. text[i])");
    case_convention("with a short memory only the symbols of the own word, and of so many words "
                    "before it, are known");
    case_input_i4(
        "words", SHAPE(TOPICS_WORDS, ZIPF_LETTERS + 1), words,
        "symbols of each word: 1 .. 26 are a .. z, 0 is the space that ends it, -1 nothing");
    case_input_f8("p", SHAPE(TOPICS, TOPICS_WORDS), p, "probability of each word under each topic");
    case_input_i4("text", SHAPE(N), text, "the text; it begins with a word, the last may be cut");
    for (int i = 0; i < 3; i++) {
        topics_oracle(&l, N, text, memories[i], nll, i == 0 ? posterior : NULL);
        if (i == 0)
            case_write_f8("output", "posterior", "", SHAPE(N, TOPICS), posterior, 1e-13,
                          "of the topics, after each symbol");
        case_write_f8("output", names[i], "", SHAPE(N), nll, 1e-13, abouts[i]);
    }
    case_end();
}

void
gau_cases(void)
{
    gau();
    divisors();
    window("gau_softmax",
           "Attention of one head without chunks, forward and backward; the loss is sum(out "
           "loss_weight).",
           4, (gau_window){.weighting = GAU_SOFTMAX});
    flash_both();
    flash_causal();
    window("diagonal",
           "DiagAttention: the softmax within chunks, forward and backward; the loss is sum(out "
           "loss_weight).",
           5, (gau_window){.weighting = GAU_SOFTMAX, .chunk = C});
    window("overlap",
           "Squared weights of the own chunk and the one before, forward and backward; the loss is "
           "sum(out loss_weight).",
           10, (gau_window){.n = C, .chunk = C, .previous = true});
    norm_attention();
    gradient_bound();
    probe();
    topic_oracle();
}
