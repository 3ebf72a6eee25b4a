// The reference cases: one head, so that q and k are (L, d) and v is (L, e). The loss is the sum of out times
// loss_weight.
#include "performer/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/random.h"
#include "performer/performer.h"
#include "transformer/transformer.h"

#include <string.h>

enum { SEED = 1, L = 8, d = 5, e = 3, M = 16 };

// How closely a float32 implementation must agree: ten times PyTorch's own error in float32, as the
// cross-check finds it, rounded up to a power of ten. What is computed in double agrees to double_close.
static const double double_close = 1e-12;

// A case of attention: its features, what it multiplies queries and keys by, and how closely to agree.
typedef struct {
    const char *name;
    performer_map map;
    bool stabilised, causal;
    float eps, std;
    double close;
} attention_case;

// As a model asks, with one sequence and one head.
static tensor *
causal(performer *p, tensor *q, tensor *k, tensor *v)
{
    shape one = SHAPE(1, L, 1, d);
    q = t_reshape(q, one);
    k = t_reshape(k, one);
    v = t_reshape(v, SHAPE(1, L, 1, e));
    bool *mask = transformer_causal_mask(1, L, L);
    return t_reshape(performer_attend(q, k, v, mask, p), SHAPE(L, e));
}

static void
attention(const attention_case *c)
{
    rng r = rng_at(SEED, 0);
    double close = c->close;
    case_begin(c->name);
    tensor *q = case_param("q", SHAPE(L, d), &r, c->std, close, "queries, not scaled");
    tensor *k = case_param("k", SHAPE(L, d), &r, c->std, close, "keys, not scaled");
    tensor *v = case_param("v", SHAPE(L, e), &r, 1, close, "values");
    tensor *w = case_constant("w", SHAPE(M, d), &r, 1, close, "independent rows from N(0, 1)");
    tensor *weight = case_loss_weight(v, &r, close); // out has v's shape
    if (c->eps > 0)
        case_write_f4("input", "eps", SCALAR, &c->eps, close,
                      "added to each stabilised exponential");
    performer p = {c->map, c->stabilised, c->eps, w};
    tensor *out = c->causal ? causal(&p, q, k, v) : performer_attention(&p, q, k, v, NULL);
    shape flat = SHAPE(L, performer_feature_count(c->map, M));
    tensor *phi_q = t_reshape(tape_find("phi_q"), flat);
    tensor *phi_k = t_reshape(tape_find("phi_k"), flat);
    tensor *mask = constant("mask", SHAPE(L, L), NULL);
    for (int i = 0; i < L * L; i++)
        mask->data[i] = i % L <= i / L || !c->causal;
    case_write("step", "phi_q", phi_q, close, "features of the queries");
    case_write("step", "phi_k", phi_k, close, "features of the keys");
    case_write("step", "weights", performer_weights(phi_q, phi_k, mask), close,
               "the estimated attention matrix, rows of sum 1");
    case_finish("out", out, weight, close, "the answers");
}

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
    double gaussian[ROOM * d], norm[M], w[M * d];
    rng r = rng_at(SEED, 1);
    normal64(&r, ROOM * d, 1, gaussian);
    for (int i = 0; i < M; i++)
        norm[i] = 1 + 2 * rng_uniform64(&r);
    case_begin("orthogonal");
    case_write_f8("input", "gaussian", SHAPE(ROOM, d), gaussian, double_close,
                  "blocks of 5 rows; of the last one only the first direction is used");
    case_write_f8("input", "norm", SHAPE(M), norm, double_close, "the lengths of the rows of w");
    performer_orthogonal(M, d, gaussian, norm, w);
    case_write_f8("output", "w", SHAPE(M, d), w, double_close,
                  "rows: columns of each block's Q, diag(R) > 0, times the lengths");
    case_end();
}

// The kernels and the errors of their estimates, of pairs of vectors.
static void
pairs(void)
{
    enum { PAIRS = 7 };
    static const char *const names[] = {"mse_positive", "mse_hyperbolic", "mse_trigonometric"};
    double x[PAIRS * d], y[PAIRS * d], value[PAIRS];
    int m = M;
    rng r = rng_at(SEED, 2);
    normal64(&r, PAIRS * d, 0.5, x);
    normal64(&r, PAIRS * d, 0.5, y);
    case_begin("lemma");
    case_write_f8("input", "x", SHAPE(PAIRS, d), x, double_close, "scaled queries");
    case_write_f8("input", "y", SHAPE(PAIRS, d), y, double_close, "scaled keys");
    case_write_i4("input", "m", SCALAR, &m, "rows of W, independent");
    for (performer_map map = PERFORMER_POSITIVE; map <= PERFORMER_TRIGONOMETRIC; map++) {
        for (int i = 0; i < PAIRS; i++)
            value[i] = performer_mse(map, m, d, x + i * d, y + i * d);
        case_write_f8("output", names[map], SHAPE(PAIRS), value, double_close,
                      "mean square error of phi(x) . phi(y) as exp(x . y)");
    }
    for (int i = 0; i < PAIRS; i++)
        value[i] = performer_arc_cosine(d, x + i * d, y + i * d);
    case_write_f8("output", "arc_cosine", SHAPE(PAIRS), value, double_close,
                  "the mean of phi(x) . phi(y) of ReLU features");
    case_end();
}

void
performer_cases(void)
{
    // In the stabilised cases the vectors are long, so that features span many orders of magnitude and eps shows.
    static const attention_case all[] = {
        {"positive", PERFORMER_POSITIVE, false, false, 0, 1, 1e-5},
        {"hyperbolic", PERFORMER_HYPERBOLIC, false, false, 0, 1, 1e-5},
        {"trigonometric", PERFORMER_TRIGONOMETRIC, false, false, 0, 0.7f, 1e-5},
        {"relu", PERFORMER_RELU, false, false, 0, 1, 1e-5},
        {"stabilised_eps_0", PERFORMER_POSITIVE, true, false, 0, 4, 1e-5},
        {"stabilised_eps_1e-6", PERFORMER_POSITIVE, true, false, 1e-6f, 4, 1e-5},
        {"causal", PERFORMER_POSITIVE, false, true, 0, 1, 1e-5},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        attention(&all[i]);
    orthogonal();
    pairs();
}
