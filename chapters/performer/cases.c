// The reference cases: one head, so that q and k are (L, d) and v is (L, e). The loss is the sum of out times
// loss_weight.
#include "performer/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "linear_attention/linear_attention.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "performer/performer.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>

enum { SEED = 1, L = 8, d = 5, e = 3, M = 16, KEPT = 6 };

// What is computed in double.
static const double double_close = 1e-12;

typedef enum { ALL, CAUSAL, PADDED } masking;

// A case of attention: its features, what it multiplies queries and keys by, and how closely a float32 implementation
// must agree, as a part of a tensor's largest value: ten times PyTorch's own error in float32, rounded up.
typedef struct {
    const char *name, *about;
    performer_map map;
    bool stabilised;
    masking mask;
    float eps, std;
    double features, answers, gradients;
} attention_case;

// ---- What is on the tape ----

// Where the steps of one attention are.
typedef struct {
    tensor *phi_q, *phi_k, *kernel, *normaliser, *weights, *numerator, *out;
} attended;

// Which keys each query sees, as factors of 0 and 1 (L, L).
static tensor *
factors(masking kind)
{
    const bool *causal = transformer_causal_mask(1, L, L);
    tensor *mask = constant("mask", SHAPE(L, L), NULL);
    for (int i = 0; i < L * L; i++)
        mask->data[i] = kind == CAUSAL ? causal[i] : kind == PADDED ? i % L < KEPT : 1;
    return mask;
}

// Without a mask by sums; with one by the matrix, since that has all steps.
static attended
attend(const performer *p, masking kind, tensor *q, tensor *k, tensor *v)
{
    attended a;
    tensor *mask = factors(kind);
    a.out = performer_attention(p, q, k, v, kind == ALL ? NULL : mask);
    a.phi_q = tape_find("phi_q");
    a.phi_k = tape_find("phi_k");
    if (kind == ALL) {
        a.numerator = a.out->in[0];
        a.normaliser = a.out->in[1];
        a.weights = performer_weights(a.phi_q, a.phi_k, mask);
    } else {
        a.weights = a.out->in[0];
        a.numerator = t_matmul(a.weights->in[0], v);
        a.normaliser = a.weights->in[1];
    }
    a.kernel = a.weights->in[0]->in[0]; // before the mask
    return a;
}

// ---- Attention ----

static void
conventions(const attention_case *c)
{
    static const char *const maps[] = {
        "phi(x) = m^-1/2 exp(w x - |x|^2/2), m rows w of W, x scaled",
        "phi(x) = (2m)^-1/2 [exp(w x - |x|^2/2), exp(-w x - |x|^2/2)]: first all m with +, then "
        "all with -, x scaled",
        "phi(x) = m^-1/2 exp(+|x|^2/2) [cos w x, sin w x]: first all cosines, then all sines, x "
        "scaled",
        "phi(x) = m^-1/2 max(w x, 0), x scaled"};
    case_convention("q and k are each multiplied by d^-1/4 before the map");
    case_convention(maps[c->map]);
    if (c->stabilised) {
        case_convention("stabilised: the exponents' maximum is subtracted from them before exp; of "
                        "each query over its features, of the keys one over all keys and features");
        case_convention("the maximum is of the exponents, |x|^2/2 included (the paper's code takes "
                        "it before), and it is differentiated, too");
        case_convention("phi = m^-1/2 (exp(exponent - maximum) + eps)");
    }
    if (c->mask == CAUSAL)
        case_convention("causal: query t sees the keys 0 ... t; NaN in the kernel stands where no "
                        "query looks, any value is right there; the weights there are 0");
    if (c->mask == PADDED)
        case_convention("keep: 1 for keys that count, 0 for padding; padded queries are answered "
                        "like others; NaN in the kernel stands at padded keys, the weights there "
                        "are 0");
}

// A tensor of the case, with rows (L, n).
static void
write_rows(const char *role, const char *name, const char *from, const float *x, int n,
           double tolerance, const char *about)
{
    case_write_f4(role, name, from, SHAPE(L, n), x, tolerance, about);
}

// What the map makes of the queries or of the keys.
static void
write_features(const attention_case *c, const tensor *phi, const char *of)
{
    char projection[16], exponent[16], name[16], logarithm[16];
    int F = shape_last(phi->shape);
    bool exponential = c->map == PERFORMER_POSITIVE || c->map == PERFORMER_HYPERBOLIC;
    snprintf(projection, 16, "projection_%s", of);
    snprintf(exponent, 16, "exponent_%s", of);
    snprintf(name, 16, "phi_%s", of);
    snprintf(logarithm, 16, "log_phi_%s", of);
    write_rows("step", projection, "", tape_saved(phi, "projection")->data, M, 2e-6,
               "w x of the scaled x");
    if (exponential)
        write_rows("step", exponent, projection, tape_saved(phi, "exponent")->data, F, 2e-6,
                   "w x - |x|^2/2");
    write_rows("step", name, exponential ? exponent : projection, phi->data, F, c->features,
               *of == 'q' ? "features of the queries" : "features of the keys");
    if (c->stabilised) {
        tensor *logs = constant(logarithm, SHAPE(L, F), phi->data);
        for (long i = 0; i < logs->size; i++)
            logs->data[i] = (float)log64(logs->data[i]);
        case_write("step", logarithm, name, logs, c->features,
                   "the natural logarithm of the features: only in the small ones does eps show");
    }
}

// The kernel; NaN where the mask hides the key.
static void
write_kernel(const attention_case *c, const tensor *kernel)
{
    tensor *seen = constant("kernel", SHAPE(L, L), kernel->data);
    for (int i = 0; i < L * L; i++)
        if ((c->mask == CAUSAL && i % L > i / L) || (c->mask == PADDED && i % L >= KEPT))
            seen->data[i] = NAN;
    case_write("step", "kernel", c->stabilised ? "log_phi_q log_phi_k" : "phi_q phi_k", seen,
               c->answers, "phi_q phi_k'");
}

// The sums over the keys so far, which make the causal case linear.
static void
write_states(const attended *a, const tensor *v, double tolerance)
{
    int F = shape_last(a->phi_k->shape);
    tensor *k = t_reshape(detach(a->phi_k), SHAPE(1, L, 1, F));
    tensor *values = t_reshape(constant("v", v->shape, v->data), SHAPE(1, L, 1, e));
    const tensor *steps = linear_attention_recurrent(k, k, values, 0);
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "state", "state[t-1] phi_k", SHAPE(L, F, e),
                  tape_saved(steps, "state")->data, tolerance,
                  "after key t: sum of phi_k v', the linear form");
    case_write_f4("step", "z", "z[t-1] phi_k", SHAPE(L, F), tape_saved(steps, "z")->data, tolerance,
                  "after key t: sum of phi_k");
    case_time_none();
}

static void
write_gradients(const attention_case *c, const attended *a)
{
    int F = shape_last(a->phi_q->shape);
    write_rows("gradient", "dphi_q", "kernel normaliser phi_k", a->phi_q->grad, F, c->gradients,
               "dloss/dphi_q");
    write_rows("gradient", "dphi_k", "kernel normaliser phi_q", a->phi_k->grad, F, c->gradients,
               "dloss/dphi_k");
    bool exponential = c->map == PERFORMER_POSITIVE || c->map == PERFORMER_HYPERBOLIC;
    if (exponential) {
        write_rows("gradient", "dexponent_q", "dphi_q phi_q",
                   tape_saved(a->phi_q, "dexponent")->data, F, c->gradients, "dloss/dexponent_q");
        write_rows("gradient", "dexponent_k", "dphi_k phi_k",
                   tape_saved(a->phi_k, "dexponent")->data, F, c->gradients, "dloss/dexponent_k");
    }
    const char *from_q = exponential ? "dexponent_q" : "dphi_q phi_q projection_q";
    const char *from_k = exponential ? "dexponent_k" : "dphi_k phi_k projection_k";
    case_gradients(c->gradients,
                   (const case_gradient[]){
                       {"v", "weights", NULL}, {"q", from_q, NULL}, {"k", from_k, NULL}, {0}});
}

static void
attention(const attention_case *c)
{
    rng r = rng_at(SEED, 0);
    case_begin(c->name, c->about);
    conventions(c);
    tensor *q = case_param("q", SHAPE(L, d), &r, c->std, "queries, not scaled");
    tensor *k = case_param("k", SHAPE(L, d), &r, c->std, "keys, not scaled");
    tensor *v = case_param("v", SHAPE(L, e), &r, 1, "values");
    tensor *w = case_constant("w", SHAPE(M, d), &r, 1, "independent rows from N(0, 1)");
    tensor *weight = case_loss_weight(v, &r); // out has v's shape
    if (c->stabilised)
        case_input_f4("eps", SCALAR, &c->eps, "added to each stabilised exponential");
    if (c->mask == PADDED) {
        int keep[L];
        for (int i = 0; i < L; i++)
            keep[i] = i < KEPT;
        case_input_i4("keep", SHAPE(L), keep, "1: a key that counts");
    }
    performer p = {c->map, c->stabilised, c->eps, w};
    attended a = attend(&p, c->mask, q, k, v);
    tensor *loss = t_sum(t_mul(a.out, weight));
    backward(loss);
    write_features(c, a.phi_q, "q");
    write_features(c, a.phi_k, "k");
    write_kernel(c, a.kernel);
    // Where eps counts, answers depend on small features that kernel and sums do not show.
    bool s = c->stabilised;
    write_rows("step", "normaliser", s ? "kernel log_phi_q log_phi_k" : "kernel",
               a.normaliser->data, 1, c->answers,
               "the kernel's sum over the keys seen: phi_q (phi_k' 1)");
    case_write("step", "weights", s ? "kernel normaliser log_phi_q log_phi_k" : "kernel normaliser",
               a.weights, c->answers, "the estimated attention matrix, rows of sum 1");
    if (c->mask == CAUSAL)
        write_states(&a, v, c->answers);
    case_write("step", "numerator", s ? "kernel log_phi_q log_phi_k" : "kernel", a.numerator,
               c->answers, "phi_q (phi_k' v)");
    case_write("output", "out",
               s ? "numerator normaliser log_phi_q log_phi_k" : "numerator normaliser", a.out,
               c->answers, "the answers");
    case_write("output", "loss", "out", loss, c->answers, "sum of out loss_weight");
    write_gradients(c, &a);
    case_end();
    tensors_free();
}

// ---- In double ----

static void
normal64(rng *r, int n, double std, double *x)
{
    for (int i = 0; i < n; i++)
        x[i] = std * rng_normal(r);
}

// From given Gaussian blocks and given lengths to W.
static void
orthogonal(void)
{
    enum { ROOM = (M + d - 1) / d * d };
    double gaussian[ROOM * d], norm[M], ones[M], w[M * d], directions[M * d];
    rng r = rng_at(SEED, 1);
    normal64(&r, ROOM * d, 1, gaussian);
    for (int i = 0; i < M; i++) {
        norm[i] = 1 + 2 * rng_uniform64(&r);
        ones[i] = 1;
    }
    case_begin("orthogonal", "From blocks of normal numbers and given lengths to W of orthogonal "
                             "rows.");
    case_convention("a block is d rows of gaussian, Q R = block with no negative number on R's "
                    "diagonal; the rows of W are the columns of Q");
    case_convention("of the last block only the first direction is used");
    case_input_f8("gaussian", SHAPE(ROOM, d), gaussian, "blocks of 5 rows");
    case_input_f8("norm", SHAPE(M), norm, "the lengths of the rows of w");
    performer_orthogonal(M, d, gaussian, ones, directions);
    for (int i = 0; i < M; i++) {
        double length = sqrt64(linalg_dot(d, directions + i * d, directions + i * d));
        for (int j = 0; j < d; j++)
            directions[i * d + j] /= length;
    }
    performer_orthogonal(M, d, gaussian, norm, w);
    case_write_f8("step", "directions", "", SHAPE(M, d), directions, double_close,
                  "the columns of each block's Q as rows, of length 1");
    case_write_f8("output", "w", "directions", SHAPE(M, d), w, double_close,
                  "the directions times the lengths");
    case_end();
}

// The kernels and the errors of their estimates, of pairs of vectors.
static void
pairs(void)
{
    enum { PAIRS = 7 };
    static const char *const names[] = {"mse_positive", "mse_hyperbolic", "mse_trigonometric"};
    double x[PAIRS * d], y[PAIRS * d], value[PAIRS];
    rng r = rng_at(SEED, 2);
    normal64(&r, PAIRS * d, 0.5, x);
    normal64(&r, PAIRS * d, 0.5, y);
    case_begin("lemma", "The mean square errors of three estimates of exp(x . y), and the mean of "
                        "the ReLU features' product.");
    case_convention("independent rows; the mean is over W; x and y are scaled already");
    case_input_f8("x", SHAPE(PAIRS, d), x, "queries");
    case_input_f8("y", SHAPE(PAIRS, d), y, "keys");
    case_scalar("m", M, "rows of W");
    for (performer_map map = PERFORMER_POSITIVE; map <= PERFORMER_TRIGONOMETRIC; map++) {
        for (int i = 0; i < PAIRS; i++)
            value[i] = performer_mse(map, M, d, x + i * d, y + i * d);
        case_write_f8("output", names[map], "", SHAPE(PAIRS), value, double_close,
                      "mean square error of phi(x) . phi(y) as exp(x . y)");
    }
    for (int i = 0; i < PAIRS; i++)
        value[i] = performer_arc_cosine(d, x + i * d, y + i * d);
    case_write_f8("output", "arc_cosine", "", SHAPE(PAIRS), value, double_close,
                  "the mean of phi(x) . phi(y) of ReLU features");
    case_end();
}

void
performer_cases(void)
{
    // In the stabilised cases the vectors are long, so that features span many orders of magnitude and eps shows.
    static const attention_case all[] = {
        {"positive", "Performer attention with positive features, without a mask.",
         PERFORMER_POSITIVE, false, ALL, 0, 1, 2e-6, 5e-6, 2e-5},
        {"hyperbolic", "Performer attention with hyperbolic features, without a mask.",
         PERFORMER_HYPERBOLIC, false, ALL, 0, 1, 2e-6, 5e-6, 1e-5},
        {"trigonometric", "Performer attention with trigonometric features, without a mask.",
         PERFORMER_TRIGONOMETRIC, false, ALL, 0, 0.7f, 2e-6, 5e-6, 1e-5},
        {"relu", "Performer attention with ReLU features, without a mask.", PERFORMER_RELU, false,
         ALL, 0, 1, 2e-6, 5e-6, 1e-5},
        {"stabilised_eps_0",
         "Performer attention of long vectors with stabilised positive features.",
         PERFORMER_POSITIVE, true, ALL, 0, 4, 5e-6, 5e-6, 1e-5},
        {"stabilised_eps_1e-6",
         "Performer attention of long vectors with stabilised positive features and eps.",
         PERFORMER_POSITIVE, true, ALL, 1e-6f, 4, 5e-6, 5e-6, 1e-5},
        {"causal", "Causal Performer attention with positive features.", PERFORMER_POSITIVE, false,
         CAUSAL, 0, 1, 2e-6, 5e-6, 1e-5},
        {"padded", "Performer attention with positive features where the last keys are padding.",
         PERFORMER_POSITIVE, false, PADDED, 0, 1, 2e-6, 5e-6, 1e-5},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        attention(&all[i]);
    orthogonal();
    pairs();
}
