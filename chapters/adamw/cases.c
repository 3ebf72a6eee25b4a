// The reference cases: 7 weights, 6 recorded gradients, and after every step the means and the
// weights of one rule. Weight 2 never has a gradient, those of weight 4 are as small as eps, one of
// weight 5 is large. All in double.
#include "adamw/cases.h"

#include "adamw/adamw.h"
#include "adamw/laws.h"
#include "frame/case.h"
#include "nets/shape.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <stdbool.h>
#include <string.h>

enum { N = 7, T = 6, SEED = 1 };

// How closely a double implementation must agree.
static const double close = 1e-12;

static const double first_rate = 0.1, decay = 0.3;
static const adamw_rule common = {.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-8};

static struct {
    double w[N], g[T][N], rate[T];
} given;

static void
record(void)
{
    rng r = rng_at(SEED, 0);
    const double size[N] = {1, 0.3, 0, 2, 1e-8, 0.5, 0.05};
    for (int i = 0; i < N; i++)
        given.w[i] = rng_normal(&r);
    for (int t = 0; t < T; t++)
        for (int i = 0; i < N; i++)
            given.g[t][i] = size[i] * rng_normal(&r);
    given.g[3][5] = 100;
    for (int t = 0; t < T; t++) // rises, then falls
        given.rate[t] = first_rate * (t < 2 ? (t + 1) / 2.0 : (T - t) / 4.0);
}

// The values of a case after every step.
typedef struct {
    double w[T][N], m[T][N], v[T][N], m_hat[T][N], v_hat[T][N], g[T][N], step[T][N];
} history;

static void
keep(double to[N], const double from[N])
{
    memcpy(to, from, N * sizeof *to);
}

static void
give_steps(void)
{
    case_convention("row k of every array with time is what stands after step t = k + 1: the first "
                    "row has beta^1");
    case_input_f8("w0", SHAPE(N), given.w, "the weights at first");
    case_input_f8("g", SHAPE(T, N), given.g[0], "the gradient of each step");
    case_input_f8("rate", SHAPE(T), given.rate, "the learning rate of each step");
}

static void
give_adam(const adamw_rule *rule)
{
    case_number("beta1", rule->beta1, "of the mean of g");
    case_number("beta2", rule->beta2, "of the mean of g^2");
    case_number("eps", rule->eps, "stands as the convention says");
    case_convention("m and v are 0 before the first step");
}

static void
write(const char *role, const char *name, const char *from, double x[T][N], const char *about)
{
    case_write_f8(role, name, from, SHAPE(T, N), x[0], close, about);
}

// ---- Momentum ----

static void
momentum_case(const char *name, const char *about, adamw_momentum rule)
{
    history h;
    double w[N], buf[N] = {0};
    keep(w, given.w);
    for (int t = 0; t < T; t++) {
        adamw_momentum_move(&rule, t + 1, given.rate[t], N, w, given.g[t], buf);
        keep(h.m[t], buf);
        keep(h.w[t], w);
    }
    case_begin(name, about);
    case_convention(
        "h = g + decay w, with w before the step; the first buf is h, without dampening");
    case_convention(rule.nesterov ? "the step is rate (h + momentum buf), with the new buf"
                                  : "the step is rate buf");
    give_steps();
    case_number("momentum", rule.momentum, "what buf keeps");
    case_number("dampening", rule.dampening, "buf <- momentum buf + (1 - dampening) h");
    case_number("decay", rule.decay, "goes into the gradient");
    case_time(0, CASE_FORWARD);
    write("step", "buf", "buf[t-1] w[t-1]", h.m, "the running sum of gradients");
    write("output", "w", "w[t-1] buf", h.w, "the weights");
    case_end();
}

// ---- Adam and its kin ----

typedef enum { PLAIN, L2, DECOUPLED, PAPER } decay_kind;

static const char *const decay_words[] = {
    "no decay", "the decay goes into the gradient: h = g + decay w[t-1], and both means are of h",
    "the decay takes rate decay of the weight before the step: w <- (1 - rate decay) w - rate m^ / "
    "(sqrt(v^) + eps)",
    "the schedule s scales both, alpha Adam's part only: w <- w - s (alpha m^ / (sqrt(v^) + eps) + "
    "decay w); `rate` is s alpha"};

static void
run(const adamw_rule *rule, decay_kind kind, bool amsgrad, history *h)
{
    double w[N], m[N] = {0}, v[N] = {0}, top[N] = {0};
    adamw_means s = {m, v, amsgrad ? top : NULL};
    keep(w, given.w);
    for (int t = 0; t < T; t++) {
        double rate = given.rate[t], schedule = rate / first_rate;
        keep(h->g[t], given.g[t]);
        if (kind == L2)
            adamw_l2_move(rule, t + 1, rate, decay, N, w, given.g[t], h->g[t], &s);
        else {
            double pull = kind == PLAIN       ? 0
                          : kind == DECOUPLED ? adamw_pull(rate, decay)
                                              : adamw_pull_of_paper(schedule, decay);
            adamw_move(rule, t + 1, rate, pull, N, w, given.g[t], &s);
        }
        double part1 = adamw_part(rule, rule->beta1, t + 1);
        double part2 = adamw_part(rule, rule->beta2, t + 1);
        for (int i = 0; i < N; i++) {
            h->m_hat[t][i] = m[i] / part1;
            h->v_hat[t][i] = (amsgrad ? top[i] : v[i]) / part2;
        }
        keep(h->m[t], m);
        keep(h->v[t], v);
        keep(h->w[t], w);
    }
}

static void
write_means(const adamw_rule *rule, decay_kind kind, bool amsgrad, history *h)
{
    case_time(0, CASE_FORWARD);
    if (kind == L2)
        write("step", "h", "w[t-1]", h->g, "g + decay w");
    write("step", "m", kind == L2 ? "m[t-1] h" : "m[t-1]", h->m, "beta1 m + (1 - beta1) g");
    write("step", "v", kind == L2 ? "v[t-1] h" : "v[t-1]", h->v, "beta2 v + (1 - beta2) g^2");
    if (rule->uncorrected || rule->place == ADAMW_EPS_HAT)
        return;
    write("step", "m_hat", "m", h->m_hat, "m / (1 - beta1^t)");
    write("step", "v_hat", amsgrad ? "v[:t] v" : "v", h->v_hat,
          amsgrad ? "the largest v so far / (1 - beta2^t)" : "v / (1 - beta2^t)");
}

static void
adam_case(const char *name, const char *about, const char *convention, adamw_rule rule,
          decay_kind kind, bool amsgrad)
{
    history h;
    run(&rule, kind, amsgrad, &h);
    case_begin(name, about);
    case_convention(convention);
    if (kind != PLAIN)
        case_convention(decay_words[kind]);
    give_steps();
    give_adam(&rule);
    if (kind != PLAIN)
        case_number("decay", decay, "weight decay");
    if (kind == PAPER)
        case_number("alpha", first_rate, "the rate without the schedule: s = rate / alpha");
    write_means(&rule, kind, amsgrad, &h);
    bool hats = !rule.uncorrected && rule.place != ADAMW_EPS_HAT;
    write("output", "w", hats ? "w[t-1] m_hat v_hat" : "w[t-1] m v", h.w, "the weights");
    case_end();
}

static void
adam_cases(void)
{
    const char *outside = "eps is added to the root of v_hat, outside of it";
    adamw_rule rule = common;
    adam_case("adam", "Adam: six steps on given gradients.", outside, rule, PLAIN, false);
    adam_case("adam_l2", "Adam with the decay in the gradient.", outside, rule, L2, false);
    adam_case("adamw", "Adam with decoupled decay, as in PyTorch's AdamW.", outside, rule,
              DECOUPLED, false);
    adam_case("adamw_paper", "Adam with decoupled decay, as in Loshchilov & Hutter's algorithm 2.",
              outside, rule, PAPER, false);
    adam_case("amsgrad", "AMSGrad: the largest v so far, corrected after the maximum.", outside,
              rule, PLAIN, true);
    rule.place = ADAMW_EPS_INSIDE;
    adam_case("eps_inside", "Adam with eps inside of the root.",
              "the step is rate m_hat / sqrt(v_hat + eps)", rule, PLAIN, false);
    rule.place = ADAMW_EPS_HAT;
    adam_case("eps_hat", "Adam with eps added before the correction, as in section 2 of its paper.",
              "the step is rate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps)", rule, PLAIN,
              false);
    rule = common;
    rule.uncorrected = true;
    adam_case("uncorrected", "Adam without the correction of its means.",
              "the step is rate m / (sqrt(v) + eps)", rule, PLAIN, false);
}

// ---- Groups, clipping ----

static void
groups_case(void)
{
    enum { GROUPS = 3 };
    const adamw_group group[GROUPS] = {{0, 3, 1, decay}, {3, 2, 1, 0}, {5, 2, 0.5, 0.1}};
    history h;
    double w[N], m[N] = {0}, v[N] = {0}, factors[GROUPS], decays[GROUPS];
    int of[N];
    adamw_means s = {m, v, NULL};
    keep(w, given.w);
    for (int t = 0; t < T; t++) {
        adamw_groups_move(&common, t + 1, given.rate[t], GROUPS, group, w, given.g[t], &s);
        keep(h.m[t], m);
        keep(h.v[t], v);
        keep(h.w[t], w);
    }
    for (int k = 0; k < GROUPS; k++) {
        factors[k] = group[k].factor;
        decays[k] = group[k].decay;
        for (int i = 0; i < group[k].n; i++)
            of[group[k].first + i] = k;
    }
    case_begin("groups", "AdamW on three groups of weights with decays and rates of their own.");
    case_convention("a group's rate is rate times its factor, also in its decay: w <- (1 - rate "
                    "factor decay) w - ...; all groups count the same t");
    case_convention("eps is added to the root of v / (1 - beta2^t), outside of it");
    give_steps();
    give_adam(&common);
    case_input_i4("group", SHAPE(N), of, "the group of each weight");
    case_input_f8("factor", SHAPE(GROUPS), factors, "of each group's rate");
    case_input_f8("decay", SHAPE(GROUPS), decays, "of each group");
    case_time(0, CASE_FORWARD);
    write("step", "m", "m[t-1]", h.m, "beta1 m + (1 - beta1) g");
    write("step", "v", "v[t-1]", h.v, "beta2 v + (1 - beta2) g^2");
    write("output", "w", "w[t-1] m v", h.w, "the weights");
    case_end();
}

static void
clipped_case(void)
{
    const double theta = 2;
    history h;
    double w[N], m[N] = {0}, v[N] = {0}, norm[T];
    adamw_means s = {m, v, NULL};
    keep(w, given.w);
    for (int t = 0; t < T; t++) {
        double rate = given.rate[t], pull = adamw_pull(rate, decay);
        norm[t] =
            adamw_clipped_move(&common, t + 1, rate, pull, theta, N, w, given.g[t], h.g[t], &s);
        keep(h.m[t], m);
        keep(h.v[t], v);
        keep(h.w[t], w);
    }
    case_begin("clipped", "AdamW on gradients that are clipped to a joint norm.");
    case_convention(
        "where |g| > theta, g becomes g theta / |g|, and both means are of what is left");
    case_convention(decay_words[DECOUPLED]);
    give_steps();
    give_adam(&common);
    case_number("decay", decay, "weight decay");
    case_number("theta", theta, "the largest norm");
    case_time(0, CASE_FORWARD);
    case_write_f8("step", "norm", "", SHAPE(T), norm, close, "|g| before");
    write("step", "g_clipped", "norm", h.g, "the gradient that is used");
    write("step", "m", "m[t-1] g_clipped", h.m, "beta1 m + (1 - beta1) g");
    write("step", "v", "v[t-1] g_clipped", h.v, "beta2 v + (1 - beta2) g^2");
    write("output", "w", "w[t-1] m v", h.w, "the weights");
    case_end();
}

// ---- Reddi's example ----

static void
reddi_case(void)
{
    enum { STEPS = 30, C = 3 };
    const adamw_rule rule = {.beta1 = 0, .beta2 = 1 / (1.0 + C * C), .uncorrected = true};
    const double alpha = 0.3;
    double g[STEPS], v[STEPS], top[STEPS], adam[STEPS], amsgrad[STEPS];
    double w[2] = {0.9, 0.9}, m[2] = {0}, second[2] = {0}, largest[1] = {0};
    adamw_means plain = {m, second, NULL}, maximum = {m + 1, second + 1, largest};
    for (int t = 0; t < STEPS; t++) {
        double rate = alpha / sqrt64(t + 1);
        g[t] = t % 3 == 0 ? C : -1;
        adamw_move(&rule, t + 1, rate, 0, 1, w, &g[t], &plain);
        adamw_move(&rule, t + 1, rate, 0, 1, w + 1, &g[t], &maximum);
        adamw_project(1, w);
        adamw_project(1, w + 1);
        v[t] = second[0];
        top[t] = largest[0];
        adam[t] = w[0];
        amsgrad[t] = w[1];
    }
    case_begin("reddi", "Adam and AMSGrad on Reddi, Kale & Kumar's cycle of three gradients.");
    case_convention("after every step w is brought back into [-1, 1]; no correction of v, eps 0");
    case_convention("the rate of step t = 1, 2, ... is alpha / sqrt(t); row 0 is t = 1");
    case_input_f8("g", SHAPE(STEPS), g, "C in every third step, else -1");
    case_number("w0", 0.9, "both begin here");
    case_number("alpha", alpha, "the rate of the first step");
    case_number("beta2", rule.beta2, "1 / (1 + C^2); beta1 is 0");
    case_time(0, CASE_FORWARD);
    case_write_f8("step", "v", "v[t-1]", SHAPE(STEPS), v, close, "beta2 v + (1 - beta2) g^2");
    case_write_f8("step", "top", "top[t-1] v", SHAPE(STEPS), top, close, "the largest v so far");
    case_write_f8("output", "w_adam", "w_adam[t-1] v", SHAPE(STEPS), adam, close, "w, by v");
    case_write_f8("output", "w_amsgrad", "w_amsgrad[t-1] top", SHAPE(STEPS), amsgrad, close,
                  "w, by top");
    case_end();
}

// ---- Moments, laws ----

static void
moments_case(void)
{
    enum { STEPS = 5, D = 3 };
    const double h[D] = {1, 0.1, 0.7}, variance[D] = {1, 2, 0.5}, start[D] = {1, -2, 0.5};
    const double rate[STEPS] = {0.5, 0.4, 0.3, 0.2, 0.1};
    const int B = 4;
    double mean[STEPS][D], second[STEPS][D], loss[STEPS] = {0};
    adamw_moment w[D];
    for (int i = 0; i < D; i++)
        w[i] = (adamw_moment){start[i], start[i] * start[i]};
    for (int t = 0; t < STEPS; t++)
        for (int i = 0; i < D; i++) {
            w[i] = adamw_moment_next(w[i], h[i], rate[t], variance[i], B);
            mean[t][i] = w[i].mean;
            second[t][i] = w[i].second;
            loss[t] += h[i] * w[i].second / 2;
        }
    case_begin("moments", "The mean and the second moment of weights under SGD with noise.");
    case_convention(
        "each weight's gradient is h w + noise / sqrt(B) with independent noise of mean "
        "0 and the given variance");
    case_input_f8("h", SHAPE(D), h, "the curvatures");
    case_input_f8("variance", SHAPE(D), variance, "of the noise of one example");
    case_input_f8("w0", SHAPE(D), start, "the weights at first, without spread");
    case_input_f8("rate", SHAPE(STEPS), rate, "of each step");
    case_scalar("B", B, "examples in a batch");
    case_time(0, CASE_FORWARD);
    case_write_f8("step", "mean", "mean[t-1]", SHAPE(STEPS, D), mean[0], close, "E w");
    case_write_f8("step", "second", "second[t-1]", SHAPE(STEPS, D), second[0], close, "E w^2");
    case_write_f8("output", "loss", "second", SHAPE(STEPS), loss, close, "sum of h E w^2 / 2");
    case_end();
}

static void
bounds_case(void)
{
    enum { PAIRS = 5, TIMES = 4 };
    const double beta1[PAIRS] = {0.9, 0.9, 0.9, 0.8, 0.5};
    const double beta2[PAIRS] = {0.999, 0.99, 0.95, 0.9, 0.5};
    const int time[TIMES] = {1, 2, 10, 100};
    double any[PAIRS][TIMES], equal[PAIRS][TIMES], longest[PAIRS], rho[PAIRS], growing[PAIRS];
    for (int k = 0; k < PAIRS; k++) {
        longest[k] = adamw_law_longest(beta1[k], beta2[k], 0);
        rho[k] = 1 + 0.1 * (k + 1);
        growing[k] = adamw_law_growing(beta1[k], beta2[k], rho[k]);
        for (int i = 0; i < TIMES; i++) {
            any[k][i] = adamw_law_longest(beta1[k], beta2[k], time[i]);
            equal[k][i] = adamw_law_uncorrected(beta1[k], beta2[k], time[i]);
        }
    }
    case_begin("bounds", "How long Adam's steps can be, in units of the rate, for pairs of betas.");
    case_convention("eps is 0");
    case_input_f8("beta1", SHAPE(PAIRS), beta1, "of each pair");
    case_input_f8("beta2", SHAPE(PAIRS), beta2, "of each pair");
    case_input_i4("t", SHAPE(TIMES), time, "after so many steps");
    case_input_f8("rho", SHAPE(PAIRS), rho, "by what the gradients grow in a step");
    case_write_f8("output", "longest", "", SHAPE(PAIRS), longest, close,
                  "the largest |m| / sqrt(v) for any gradients and any t");
    case_write_f8("output", "longest_at", "", SHAPE(PAIRS, TIMES), any[0], close,
                  "the largest |m_hat| / sqrt(v_hat) after t steps");
    case_write_f8("output", "growing", "", SHAPE(PAIRS), growing, close,
                  "|m| / sqrt(v) for gradients rho^t that have grown for ever");
    case_write_f8("output", "uncorrected", "", SHAPE(PAIRS, TIMES), equal[0], close,
                  "|m| / sqrt(v) after t equal gradients");
    case_end();
}

void
adamw_cases(void)
{
    record();
    momentum_case("momentum", "Gradient descent with momentum, as in PyTorch's SGD.",
                  (adamw_momentum){0.9, 0.4, decay, false});
    momentum_case("nesterov", "The same with Nesterov's step.",
                  (adamw_momentum){0.9, 0, decay, true});
    adam_cases();
    groups_case();
    clipped_case();
    reddi_case();
    moments_case();
    bounds_case();
}
