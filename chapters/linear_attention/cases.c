// The reference cases. Heads stand before positions, (B, h, L, d), as most implementations have them; the loss is the
// sum of out times loss_weight.
#include "linear_attention/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "linear_attention/linear_attention.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/random.h"

enum { SEED = 1, B = 2, H = 3, L = 7, E = 4, M = 5 };

// How closely a float32 implementation must agree: ten times PyTorch's own error in float32, as the cross-check finds
// it, rounded up to a power of ten.
static const double close = 1e-5, loose = 1e-3;

// (B, h, L, n) -> (B, L, h, n), and back.
static tensor *
swapped(tensor *x)
{
    return t_transpose(x, 1, 2);
}

typedef struct {
    tensor *q, *k, *v;
    rng r;
} inputs;

static tensor *
input(const char *name, shape s, rng *r, float mean, double tolerance, const char *about)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, mean, 1);
    case_write("input", name, x, tolerance, about);
    return x;
}

// Queries at T positions, keys and values at L. Queries and keys have this mean.
static inputs
inputs_new(uint32_t stream, int T, float mean, double tolerance)
{
    inputs x = {.r = rng_at(SEED, stream)};
    x.q = input("q", SHAPE(B, H, T, E), &x.r, mean, tolerance, "queries");
    x.k = input("k", SHAPE(B, H, L, E), &x.r, mean, tolerance, "keys");
    x.v = input("v", SHAPE(B, H, L, M), &x.r, 0, tolerance, "values");
    return x;
}

static void
finish(tensor *out, inputs *x, double tolerance)
{
    out = swapped(out);
    tensor *weight = case_loss_weight(out, &x->r, tolerance);
    case_finish("out", out, weight, tolerance, "the answers");
}

static void
write_features(double tolerance, const char *about)
{
    case_write("step", "phi_q", swapped(tape_find("phi_q")), tolerance, about);
    case_write("step", "phi_k", swapped(tape_find("phi_k")), tolerance, about);
}

static const char elu[] = "elu(x) + 1";

// The three forms have the same inputs and outputs.
static void
parallel(void)
{
    linear_attention_config c = {.form = LINEAR_ATTENTION_PARALLEL};
    case_begin("parallel");
    inputs x = inputs_new(0, L, 0, close);
    tensor *out = linear_attention_causal(swapped(x.q), swapped(x.k), swapped(x.v), &c);
    write_features(close, elu);
    case_write("step", "weights", tape_find("weights"), close, "phi_q phi_k, masked, not divided");
    case_write("step", "total", tape_find("total"), close, "sums of the rows of weights");
    finish(out, &x, close);
}

static void
recurrent(void)
{
    linear_attention_config c = {.form = LINEAR_ATTENTION_RECURRENT};
    case_begin("recurrent");
    inputs x = inputs_new(0, L, 0, close);
    tensor *out = linear_attention_causal(swapped(x.q), swapped(x.k), swapped(x.v), &c);
    write_features(close, elu);
    case_write("step", "state", tape_saved(out, "state"), close,
               "(T, B, h, F, M): sum of phi_k v^T");
    case_write("step", "z", tape_saved(out, "z"), close, "(T, B, h, F): sum of phi_k");
    finish(out, &x, close);
}

// The causal case in chunks of 3.
static void
chunked(const char *name, uint32_t stream, linear_attention_config c, float mean, double tolerance,
        const char *about)
{
    c.chunk = 3;
    case_begin(name);
    inputs x = inputs_new(stream, L, mean, tolerance);
    if (c.length)
        case_write_i4("input", "length", SHAPE(B), c.length, "keys from here on are padding");
    tensor *out = linear_attention_causal(swapped(x.q), swapped(x.k), swapped(x.v), &c);
    write_features(tolerance, about);
    case_write("step", "normaliser", tape_saved(out, "normaliser"), tolerance,
               "what the sums are divided by; chunks of 3");
    finish(out, &x, tolerance);
}

// Five queries ask all seven keys.
static void
noncausal(void)
{
    linear_attention_config c = {0};
    case_begin("noncausal");
    inputs x = inputs_new(1, L - 2, 0, close);
    tensor *out = linear_attention_full(swapped(x.q), swapped(x.k), swapped(x.v), &c);
    write_features(close, elu);
    case_write("step", "state", tape_find("state"), close, "(B, h, F, M): of all keys");
    case_write("step", "z", tape_find("z"), close, "(B, h, F, 1): of all keys");
    finish(out, &x, close);
}

static void
efficient_attention(void)
{
    case_begin("two_softmaxes");
    inputs x = inputs_new(2, L, 0, close);
    tensor *out = linear_attention_efficient(swapped(x.q), swapped(x.k), swapped(x.v));
    case_write("step", "phi_q", swapped(tape_find("phi_q")), close, "softmax over the features");
    case_write("step", "phi_k", tape_find("phi_k"), close,
               "(B, h, E, L): softmax over the positions");
    case_write("step", "state", tape_find("state"), close, "(B, h, E, M)");
    finish(out, &x, close);
}

void
linear_attention_cases(void)
{
    const int length[B] = {L, 4};
    parallel();
    recurrent();
    chunked("chunked", 0, (linear_attention_config){0}, 0, close, elu);
    noncausal();
    // So far below 0 the features are so small that eps counts. PyTorch's elu(x) + 1 loses their digits.
    chunked("eps_1e-6", 3, (linear_attention_config){.eps = 1e-6f}, -8, loose, elu);
    chunked("padded", 4, (linear_attention_config){.length = length}, 0, close, elu);
    chunked("relu_features", 5, (linear_attention_config){.map = LINEAR_ATTENTION_RELU}, 0, close,
            "max(x, 0)");
    efficient_attention();
    chunked("taylor", 6, (linear_attention_config){.map = LINEAR_ATTENTION_TAYLOR}, 0, close,
            "(1, x / |x|)");
}
