// The reference cases: B = 3 rows, m = 4 inputs, n = 5 units; every gradient comes from the loss sum(y loss_weight).
#include "activations/cases.h"

#include "activations/activations.h"
#include "activations/biases.h"
#include "activations/maps.h"
#include "activations/perceptron.h"
#include "frame/case.h"
#include "frame/case_tensor.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/random.h"

#include <stdio.h>
#include <string.h>

enum { B = 3, M = 4, N = 5, SEED = 14 };

// How closely a float32 implementation must agree: ten times the error of PyTorch's, as the cross-check finds it, or
// a little more.
static const double plain = 1e-7, close = 2e-6, product = 4e-6, exact = 1e-13;

// ---- One function ----

typedef struct {
    activations_kind kind;
    const char *formula, *slope;
} function;

static const function functions[] = {
    {ACTIVATIONS_SIGMOID, "1 / (1 + e^-x)", "y (1 - y)"},
    {ACTIVATIONS_TANH, "tanh x", "1 - y^2"},
    {ACTIVATIONS_RELU, "max(x, 0)", "1 where x > 0, else 0"},
    {ACTIVATIONS_LEAKY_RELU, "x where x > 0, else leak x", "1 where x > 0, else leak"},
    {ACTIVATIONS_ELU, "x where x > 0, else alpha (e^x - 1)", "1 where x > 0, else y + alpha"},
    {ACTIVATIONS_SELU, "lambda x where x > 0, else lambda alpha (e^x - 1)",
     "lambda where x > 0, else y + lambda alpha"},
    {ACTIVATIONS_SOFTPLUS, "ln(1 + e^x)", "1 / (1 + e^-x)"},
    {ACTIVATIONS_SILU, "x s with s = 1 / (1 + e^-x)", "s + y (1 - s)"},
    {ACTIVATIONS_GELU, "x P(x) with P(x) = (1 + erf(x / sqrt 2)) / 2",
     "P(x) + x e^(-x^2 / 2) / sqrt(2 pi)"},
    {ACTIVATIONS_GELU_TANH, "x (1 + t) / 2 with t = tanh(sqrt(2 / pi) (x + cubic x^3))",
     "(1 + t + x (1 - t^2) sqrt(2 / pi) (1 + 3 cubic x^2)) / 2"},
    {ACTIVATIONS_GELU_SIGMOID, "x s with s = 1 / (1 + e^(-steepness x))",
     "s + steepness y (1 - s)"},
    {ACTIVATIONS_MISH, "x t with t = tanh(ln(1 + e^x))", "t + x (1 - t^2) / (1 + e^-x)"},
};

static void
function_numbers(activations_kind kind)
{
    switch (kind) {
    case ACTIVATIONS_LEAKY_RELU: case_number("leak", 0.01, "the slope below 0"); break;
    case ACTIVATIONS_ELU: case_number("alpha", 1, "minus the limit at -infinity"); break;
    case ACTIVATIONS_SELU:
        case_number("alpha", ACTIVATIONS_SELU_ALPHA, "rounded to float before it is used");
        case_number("lambda", ACTIVATIONS_SELU_LAMBDA, "rounded to float before it is used");
        break;
    case ACTIVATIONS_GELU_TANH: case_number("cubic", 0.044715, "of x^3"); break;
    case ACTIVATIONS_GELU_SIGMOID: case_number("steepness", 1.702, "of x in the sigmoid"); break;
    default: break;
    }
}

static void
one_function(const function *f)
{
    // of both signs, near the minima of the smooth ones, tiny, zero, large enough to be the limit
    float x[B * N] = {-0.75f, 0.5f,  -3, 1e-6f, 9,     -1.3f, 2.5f, 0,
                      -1e-4f, -9.5f, 1,  0.7f,  -0.2f, 12,    -30};
    if (f->kind == ACTIVATIONS_SOFTPLUS)
        x[13] = 100; // where e^x is no float any more
    float y[B * N], slope[B * N], dy[B * N], dx[B * N] = {0};
    char about[160];
    snprintf(about, sizeof about, "The activation %s and its gradient, value by value.",
             activations_name(f->kind));
    case_begin(activations_name(f->kind), about);
    if (f->kind == ACTIVATIONS_RELU)
        case_convention("the slope at 0 is 0");
    rng r = rng_at(SEED, (uint32_t)f->kind);
    rng_fill_normal(&r, B * N, dy, 0, 1);
    case_input_f4("x", SHAPE(B, N), x, "the inputs");
    case_input_f4("dy", SHAPE(B, N), dy, "the gradient of the loss by y");
    function_numbers(f->kind);
    activations_forward(f->kind, B * N, x, y);
    activations_slope(f->kind, B * N, x, y, slope);
    activations_backward(f->kind, B * N, x, y, dy, dx);
    case_write_f4("output", "y", "", SHAPE(B, N), y, plain, f->formula);
    case_write_f4("step", "slope", "y", SHAPE(B, N), slope, close, f->slope);
    case_write_f4("gradient", "dx", "slope", SHAPE(B, N), dx, close, "slope dy");
    case_end();
}

// ---- Gated pairs ----

static void
gated(const char *name, activations_kind kind, const char *about)
{
    char text[160];
    snprintf(text, sizeof text, "A layer y = %s(x w^T + b) (x v^T + c), all gradients.", about);
    case_begin(name, text);
    case_convention("weights are (out, in): a row of x is multiplied by the transpose");
    case_convention("w and b make the gate, which the function acts on; v and c make the value");
    rng r = rng_at(SEED + 1, (uint32_t)kind);
    tensor *x = case_param("x", SHAPE(B, M), &r, 1, "the inputs");
    tensor *w = case_param("w", SHAPE(N, M), &r, 0.7f, "the gate's weights");
    tensor *b = case_param("b", SHAPE(N), &r, 0.5f, "the gate's bias");
    tensor *v = case_param("v", SHAPE(N, M), &r, 0.7f, "the value's weights");
    tensor *c = case_param("c", SHAPE(N), &r, 0.5f, "the value's bias");
    tensor *y = activations_glu(kind, x, w, b, v, c);
    tensor *weight = case_loss_weight(y, &r);
    const tensor *gate = y->in[0], *value = y->in[1];
    const tensor *loss = t_sum(t_mul(y, weight));
    backward((tensor *)loss);
    case_write("step", "gate", "", gate, product, "x w^T + b");
    case_write("step", "value", "", value, product, "x v^T + c");
    case_write("step", "open", "gate", tape_saved(y, "open"), product, "f(gate)");
    case_write("output", "y", "open value", y, product, "open value, value by value");
    case_write("output", "loss", "y", loss, product, "sum of y loss_weight");
    case_write("gradient", "dopen", "value", tape_saved(y, "dopen"), product, "value loss_weight");
    case_write_f4("gradient", "dvalue", "open", value->shape, value->grad, product,
                  "open loss_weight");
    case_write_f4("gradient", "dgate", "gate dopen", gate->shape, gate->grad, product,
                  "f'(gate) dopen");
    static const case_gradient gradients[] = {{"x", "dgate dvalue", NULL}, {"w", "dgate", NULL},
                                              {"b", "dgate", NULL},        {"v", "dvalue", NULL},
                                              {"c", "dvalue", NULL},       {0}};
    case_gradients(product, gradients);
    case_end();
    tensors_free();
}

// ---- Averages ----

enum { QS = 6, KINDS = 3 };

static void
publish_rule(activations_rule *rule, int panels, const double *edge, int nodes)
{
    activations_rule_make(panels, edge, nodes, rule);
    case_input_f8("z", SHAPE(rule->n), rule->z, "where the functions are taken");
    case_input_f8("weight", SHAPE(rule->n), rule->w,
                  "E f(z) = sum of weight f(z): the normal density is in it");
}

static void
variance_map(void)
{
    const activations_kind kinds[KINDS] = {ACTIVATIONS_TANH, ACTIVATIONS_GELU, ACTIVATIONS_SELU};
    const double q[QS] = {0.05, 0.3, 1, 1.7, 4, 25}, edge[] = {0, 1, 2, 4, 6, 9};
    double mean[KINDS * QS], square[KINDS * QS], slope[KINDS * QS], next[KINDS * QS],
        chi[KINDS * QS];
    activations_rule rule;
    case_begin("variance_map",
               "What a wide random layer does to a mean square q: V(q) and chi, for "
               "tanh, GELU and SELU.");
    case_convention("the rows are tanh, the exact GELU, and SELU with alpha and lambda");
    case_convention("the pre-activations are sqrt(q) z; averages are sums over z with the weights");
    case_convention("sigma_w2 is the variance of a weight times the number of inputs");
    publish_rule(&rule, 5, edge, 10);
    case_input_f8("q", SHAPE(QS), q, "the mean squares");
    case_number("sigma_w2", 1.8, "");
    case_number("sigma_b2", 0.07, "the variance of a bias");
    case_number("alpha", ACTIVATIONS_SELU_ALPHA, "of SELU");
    case_number("lambda", ACTIVATIONS_SELU_LAMBDA, "of SELU");
    for (int k = 0; k < KINDS; k++) {
        const activations_layer layer = {kinds[k], 1.8, 0.07};
        for (int i = 0; i < QS; i++) {
            activations_moments m = activations_moments_of(&rule, kinds[k], q[i]);
            mean[k * QS + i] = m.mean;
            square[k * QS + i] = m.square;
            slope[k * QS + i] = m.slope_square;
            next[k * QS + i] = activations_variance_map(&rule, &layer, q[i]);
            chi[k * QS + i] = activations_chi(&rule, &layer, q[i]);
        }
    }
    shape s = SHAPE(KINDS, QS);
    case_write_f8("step", "mean", "", s, mean, exact, "E f(sqrt(q) z)");
    case_write_f8("step", "square", "", s, square, exact, "E f(sqrt(q) z)^2");
    case_write_f8("step", "slope_square", "", s, slope, exact, "E f'(sqrt(q) z)^2");
    case_write_f8("output", "next", "square", s, next, exact, "sigma_w2 square + sigma_b2");
    case_write_f8("output", "chi", "slope_square", s, chi, exact, "sigma_w2 slope_square");
    case_end();
}

static void
correlation_map(void)
{
    enum { CS = 7 };
    const double c[CS] = {-0.9, -0.4, 0, 0.3, 0.6, 0.95, 1}, edge[] = {0, 1, 2, 4, 8};
    const activations_layer layer = {ACTIVATIONS_TANH, 2.2, 0.05};
    const double q = 0.8;
    double next[CS], relu[CS];
    activations_rule rule;
    case_begin(
        "correlation_map",
        "What a wide random layer does to the correlation c of two inputs of mean square q.");
    case_convention("u = sqrt(q) z1, v = sqrt(q) (c z1 + sqrt(1 - c^2) z2): averages are double "
                    "sums over z1 and z2, each of the nodes z with the weights");
    case_convention("sigma_w2 is the variance of a weight times the number of inputs");
    publish_rule(&rule, 4, edge, 6);
    case_input_f8("c", SHAPE(CS), c, "the correlations");
    case_number("q", q, "the mean square of both inputs' pre-activations");
    case_number("sigma_w2", layer.weight, "");
    case_number("sigma_b2", layer.bias, "the variance of a bias");
    double to = activations_variance_map(&rule, &layer, q);
    double chi = activations_chi(&rule, &layer, q);
    for (int i = 0; i < CS; i++) {
        next[i] = activations_correlation_map(&rule, &layer, q, c[i]);
        relu[i] = activations_relu_correlation(c[i]);
    }
    case_write_f8("step", "next_q", "", SCALAR, &to, exact, "V(q) of tanh");
    case_write_f8("output", "next_c", "next_q", SHAPE(CS), next, exact,
                  "(sigma_w2 E tanh(u) tanh(v) + sigma_b2) / V(q)");
    case_write_f8("output", "chi", "", SCALAR, &chi, exact, "sigma_w2 E tanh'(sqrt(q) z)^2");
    case_write_f8("output", "relu_next_c", "", SHAPE(CS), relu, exact,
                  "of ReLU without biases: (sqrt(1 - c^2) + c (pi - arccos c)) / pi");
    case_end();
}

static void
selu_constants(void)
{
    activations_selu_numbers s = activations_selu_solve();
    case_begin("selu_constants", "The two numbers of SELU, for which a standard normal number z "
                                 "gives mean 0 and mean square 1.");
    case_number("mean", 0, "what E SELU(z) is to be");
    case_number("mean_square", 1, "what E SELU(z)^2 is to be");
    case_write_f8("step", "below", "", SCALAR, &s.below, exact,
                  "E (e^z - 1) over z < 0: sqrt(e) P(-1) - 1/2, P the normal distribution");
    case_write_f8("step", "below_square", "", SCALAR, &s.below_square, exact,
                  "E (e^z - 1)^2 over z < 0: e^2 P(-2) - 2 sqrt(e) P(-1) + 1/2");
    case_write_f8("output", "alpha", "below", SCALAR, &s.alpha, exact, "-1 / (sqrt(2 pi) below)");
    case_write_f8("output", "lambda", "alpha below_square", SCALAR, &s.lambda, exact,
                  "1 / sqrt(1/2 + alpha^2 below_square)");
    case_end();
}

static void
initialisation(void)
{
    enum { LAYERS = 4 };
    static const char *const names[] = {"lecun", "glorot", "he", "pytorch"};
    static const char *const about[] = {"gain sqrt(1 / fan_in)",
                                        "gain sqrt(2 / (fan_in + fan_out))", "sqrt(2 / fan_in)",
                                        "sqrt(1 / (3 fan_in)): uniform in +-1 / sqrt(fan_in)"};
    const int fan_in[LAYERS] = {784, 32, 100, 3}, fan_out[LAYERS] = {100, 128, 100, 7};
    const double gain = 1.5335304; // of GELU, as given
    double std[LAYERS], bound[LAYERS];
    case_begin("initialisation", "The standard deviation of random weights by four schemes.");
    case_convention("fan_in is the number of inputs of a unit, fan_out the number of units");
    case_convention("gain multiplies the standard deviation, not the variance; He's has its own "
                    "sqrt 2, and the last has none");
    case_input_i4("fan_in", SHAPE(LAYERS), fan_in, "");
    case_input_i4("fan_out", SHAPE(LAYERS), fan_out, "");
    case_number("gain", gain, "of LeCun's and Glorot's");
    for (int s = 0; s < 4; s++) {
        char name[32];
        double factor = s < 2 ? gain : 1;
        for (int l = 0; l < LAYERS; l++) {
            std[l] = factor * activations_std((activations_scheme)s, fan_in[l], fan_out[l]);
            bound[l] = activations_bound(std[l]);
        }
        snprintf(name, sizeof name, "%s_std", names[s]);
        case_write_f8("output", name, "", SHAPE(LAYERS), std, exact, about[s]);
        const char *from = name;
        char second[32];
        snprintf(second, sizeof second, "%s_bound", names[s]);
        case_write_f8("output", second, from, SHAPE(LAYERS), bound, exact,
                      "the uniform distribution in +-bound has this std: sqrt(3) std");
    }
    case_end();
}

// ---- Biases ----

static void
relu_chain(void)
{
    case_begin("relu_chain",
               "Two layers of ReLU without biases, at x and at a x: the second result "
               "is a times the first.");
    case_convention("weights are (out, in): a row of x is multiplied by the transpose");
    rng r = rng_at(SEED + 2, 0);
    tensor *x = case_param("x", SHAPE(B, M), &r, 1, "the inputs");
    tensor *w1 = case_param("w1", SHAPE(N, M), &r, 0.7f, "the first weights");
    tensor *w2 = case_param("w2", SHAPE(2, N), &r, 0.7f, "the second weights");
    const float a = 2.5f;
    case_number("a", a, "the factor of the inputs");
    tensor *y = activations_relu_net(x, w1, w2);
    tensor *longer = activations_relu_net(t_scale(x, a), w1, w2);
    tensor *weight = case_loss_weight(y, &r);
    const tensor *hidden = y->in[0];
    tensor *loss = t_sum(t_mul(y, weight));
    backward(loss);
    case_write("step", "hidden", "", hidden, product, "max(x w1^T, 0)");
    case_write("output", "y", "hidden", y, product, "hidden w2^T");
    case_write("output", "y_of_ax", "", longer, product, "the same of a x");
    case_write("output", "loss", "y", loss, product, "sum of y loss_weight");
    case_gradients(product,
                   (const case_gradient[]){
                       {"x", "hidden", NULL}, {"w1", "hidden", NULL}, {"w2", "hidden", NULL}, {0}});
    case_end();
    tensors_free();
}

// rows: the gradient of each of n tensors, one below the other.
static void
copy_gradients(int n, const tensor *const x[], float *rows)
{
    for (int i = 0; i < n; i++) {
        memcpy(rows, x[i]->grad, x[i]->size * sizeof *rows);
        rows += x[i]->size;
    }
}

// The gradients of x[0], x[1] ... up to NULL, each with what it is computed from.
static void
write_gradients(double tolerance, const tensor *const x[], const char *const from[])
{
    for (int i = 0; x[i]; i++) {
        char name[16], about[48];
        snprintf(name, sizeof name, "d%s", x[i]->name);
        snprintf(about, sizeof about, "d(loss)/d%s", x[i]->name);
        case_write_f4("gradient", name, from[i], x[i]->shape, x[i]->grad, tolerance, about);
    }
}

// The bias of keys does nothing, that of values passes through, that of queries counts.
static void
key_bias(void)
{
    enum { T = 3, S = 4, D = 5 };
    case_begin("key_bias", "Attention with a bias on queries, keys and values; all gradients.");
    case_convention("softmax((q + bq) (k + bk)^T / sqrt(d)) (v + bv), one head, no mask");
    case_convention("the exact gradient by bk is 0: a float32 program finds rounding errors; so "
                    "the three gradients of biases stand in one tensor");
    rng r = rng_at(SEED + 3, 0);
    tensor *q = case_param("q", SHAPE(T, D), &r, 1, "queries");
    tensor *k = case_param("k", SHAPE(S, D), &r, 1, "keys");
    tensor *v = case_param("v", SHAPE(S, D), &r, 1, "values");
    tensor *bq = case_param("bq", SHAPE(D), &r, 1, "added to every query");
    tensor *bk = case_param("bk", SHAPE(D), &r, 1, "added to every key");
    tensor *bv = case_param("bv", SHAPE(D), &r, 1, "added to every value");
    tensor *y = activations_attention(t_add(q, bq), t_add(k, bk), t_add(v, bv));
    tensor *weight = case_loss_weight(y, &r);
    const tensor *attended = y->in[0], *scores = attended->in[0];
    tensor *loss = t_sum(t_mul(y, weight));
    backward(loss);
    case_write("step", "scores", "", scores, product, "(q + bq) (k + bk)^T / sqrt(d)");
    case_write("step", "attention", "scores", attended, product, "softmax over the keys");
    case_write("output", "y", "attention", y, product, "attention (v + bv)");
    case_write("output", "loss", "y", loss, 10 * product, "sum of y loss_weight");
    case_write_f4("gradient", "dscores", "attention", scores->shape, scores->grad, 2 * product,
                  "attention (dattention - its mean under attention)");
    // dbk alone would be rounding errors and nothing to measure them by
    float biases[3 * D];
    const tensor *all[] = {bq, bk, bv};
    copy_gradients(3, all, biases);
    case_write_f4("gradient", "dbiases", "dscores attention", SHAPE(3, D), biases, 2 * product,
                  "by bq, bk and bv, a row each");
    write_gradients(2 * product, (const tensor *[]){q, k, v, NULL},
                    (const char *[]){"dscores", "dscores", "attention"});
    case_end();
    tensors_free();
}

static void
norm_bias(const char *name, tensor *norm(tensor *x, float eps), const char *over, uint32_t stream)
{
    char text[160];
    const float eps = 0.01f;
    snprintf(text, sizeof text,
             "A bias b before a norm over %s, and a shift behind it; their gradients.", over);
    case_begin(name, text);
    case_convention("a + b less its mean, over sqrt(variance + eps), + shift; the variance divides "
                    "by the number of values");
    rng r = rng_at(SEED + 4, stream);
    tensor *a = case_param("a", SHAPE(B, N), &r, 1, "before the bias: rows are examples");
    tensor *b = case_param("b", SHAPE(N), &r, 1, "the bias before the norm");
    tensor *shift = case_param("shift", SHAPE(N), &r, 1, "the bias behind it");
    case_number("eps", eps, "inside of the root");
    tensor *normed = norm(t_add(a, b), eps);
    tensor *y = t_add(normed, shift);
    tensor *weight = case_loss_weight(y, &r);
    tensor *loss = t_sum(t_mul(y, weight));
    backward(loss);
    case_write("step", "normed", "", normed, product, "the values without shift");
    case_write("output", "y", "normed", y, product, "normed + shift");
    case_write("output", "loss", "y", loss, 10 * product, "sum of y loss_weight");
    write_gradients(4 * product, (const tensor *[]){a, NULL}, (const char *[]){"normed"});
    // db alone may be rounding errors and nothing to measure them by
    float biases[2 * N];
    copy_gradients(2, (const tensor *[]){b, shift}, biases);
    case_write_f4("gradient", "dbiases", "da", SHAPE(2, N), biases, 4 * product,
                  "by b and by shift, a row each");
    case_end();
    tensors_free();
}

// ---- The perceptron ----

static void
perceptron(void)
{
    enum { POINTS = 6, AXES = 3, VISITS = 30 };
    static const double x[POINTS * AXES] = {0.5, -1.25, 1, -1.25, -1,  1, -1.5, -0.25, 1,
                                            1.5, 0.5,   1, -1.25, 0.5, 1, -1,   -0.75, 1};
    static const int label[POINTS] = {-1, -1, 1, 1, 1, -1};
    double w[AXES] = {0}, history[VISITS * AXES];
    int wrong[VISITS];
    case_begin("perceptron",
               "Rosenblatt's perceptron from w = 0, over thirty visits of six points.");
    case_convention(
        "points in order, again and again; a mistake is label (w . x) <= 0, so that w = "
        "0 is wrong about every point");
    case_convention("the last axis of every point is 1: its weight is the bias");
    case_input_f8("x", SHAPE(POINTS, AXES), x, "the points");
    case_input_i4("label", SHAPE(POINTS), label, "1 or -1");
    for (int i = 0; i < VISITS; i++) {
        int p = i % POINTS;
        wrong[i] = activations_perceptron_visit(AXES, x + p * AXES, label[p], w);
        memcpy(history + i * AXES, w, sizeof w);
    }
    case_time(0, CASE_FORWARD);
    case_write_i4("step", "mistake", "w[t-1]", SHAPE(VISITS), wrong,
                  "1 where visit t, of point t mod 6, is a mistake");
    case_write_f8("output", "w", "w[t-1] mistake", SHAPE(VISITS, AXES), history, exact,
                  "the weights after each visit: w + label x at a mistake");
    case_time_none();
    case_end();
}

void
activations_cases(void)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        one_function(&functions[i]);
    gated("glu", ACTIVATIONS_SIGMOID, "sigmoid");
    gated("bilinear", ACTIVATIONS_IDENTITY, "1 ");
    gated("reglu", ACTIVATIONS_RELU, "ReLU");
    gated("geglu", ACTIVATIONS_GELU, "GELU");
    gated("swiglu", ACTIVATIONS_SILU, "SiLU");
    variance_map();
    correlation_map();
    selu_constants();
    initialisation();
    relu_chain();
    key_bias();
    norm_bias("batch_norm_bias", activations_batch_norm, "the batch", 0);
    norm_bias("layer_norm_bias", activations_layer_norm, "the features", 1);
    perceptron();
}
