// Figure stuck: the part of weights in 16 bits that a step of Adam cannot move, and what weight decay does to them.
#include "mixed_precision/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "mixed_precision/mixed_precision.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>

enum { SEED = 20, DRAWS = 400000, WEIGHTS = 1000, STEPS = 1000 };

static const float_format *const formats[] = {&format_half, &format_bfloat};
static const double sigma = 0.02;

// The part of N(0, sigma^2) whose half spacing is larger than the step: |w| >= 2^k, the first power with 2^k > 2^(p +
// 1) rate (of 2^k itself the spacing below is half; that is one number of many).
static double
by_theory(const float_format *f, double rate)
{
    int k = format_lowest(f);
    while (!(power_of_two64(k) > rate * power_of_two64(f->fraction + 1)))
        k++;
    return 1 - erf64(power_of_two64(k) / sigma / sqrt64(2));
}

// The same counted: weights in f, each with a step up or down.
static double
counted(const float_format *f, float rate, int draws)
{
    rng r = rng_at(SEED, 0);
    int still = 0;
    for (int i = 0; i < draws; i++) {
        float w = format_round(f, (float)(sigma * rng_normal(&r)));
        still += mixed_precision_moved(f, w, i & 1 ? rate : -rate) == w;
    }
    return (double)still / draws;
}

static void
rates(void)
{
    static const double exponents[] = {-7, -6.5, -6, -5.5, -5, -4.5, -4, -3.5, -3, -2.5, -2};
    double worst = 0;
    table *t = program_table("stuck-counted", "rate\tfp16\tbf16\tfp16_theory\tbf16_theory");
    int draws = program_steps(DRAWS, 1000);
    for (int i = 0; i < 11; i++) {
        double rate = pow64(10, exponents[i]), part[2], theory[2];
        for (int f = 0; f < 2; f++) {
            part[f] = counted(formats[f], (float)rate, draws);
            theory[f] = by_theory(formats[f], rate);
            worst = fmax(worst, fabs(part[f] - theory[f]));
        }
        table_row(t, "ddddd", rate, part[0], part[1], theory[0], theory[1]);
    }
    table_close(t);
    t = program_table("stuck", "rate\tfp16\tbf16");
    for (int i = 0; i <= 280; i++) {
        double rate = pow64(10, -8 + i / 40.0);
        table_row(t, "ddd", rate, by_theory(formats[0], rate), by_theory(formats[1], rate));
    }
    table_close(t);
    claim_below("stuck-counted",
                "stuck: part of weights that do not move, counted less by theory, the worst of 22",
                0.01, unless_quick(worst), "algebra, but for powers of two", CHECK);
    claim_above("stuck-bfloat",
                "stuck: part of weights of std 0.02 in bf16 that steps of 1e-5 do not move", 0.5,
                by_theory(&format_bfloat, 1e-5), "erfc", FOUND);
}

// How many of all normal numbers of f decay at all by this factor.
static int
decaying(const float_format *f, float decay)
{
    int n = 0;
    uint32_t first = 1u << f->fraction, last = format_encode(f, format_largest(f));
    for (uint32_t p = first; p <= last; p++) {
        float w = format_decode(f, p);
        n += mixed_precision_decayed(f, w, decay) != w;
    }
    return n;
}

// What is left on average of |w| after 1000 decays, in bf16.
typedef enum { NEAREST, FACTOR_ROUNDED, RANDOM, WAYS } decay_way;

static double
left_after(float decay, decay_way way)
{
    rng r = rng_at(SEED, 1), of_rounding = rng_at(SEED, 2);
    double before = 0, after = 0;
    float factor = way == FACTOR_ROUNDED ? format_round(&format_bfloat, 1 - decay) : 1 - decay;
    for (int i = 0; i < WEIGHTS; i++) {
        float w = format_round(&format_bfloat, (float)(sigma * rng_normal(&r)));
        before += fabsf(w);
        for (int s = 0; s < STEPS; s++) {
            float product = w * factor;
            w = way == RANDOM
                    ? format_round_random(&format_bfloat, product, rng_uniform(&of_rounding))
                    : format_round(&format_bfloat, product);
        }
        after += fabsf(w);
    }
    return after / before;
}

static void
decays(void)
{
    static const float decay[] = {1e-4f, 1e-3f, 1.9e-3f, 2e-3f, 4e-3f};
    double random = 0, kept = 1;
    table *t = program_table("stuck-decay", "decay\texact\tnearest\tfactor_rounded\trandom");
    for (int i = 0; i < 5; i++) {
        double exact = pow64(1 - (double)decay[i], STEPS);
        double nearest = left_after(decay[i], NEAREST), at_random = left_after(decay[i], RANDOM);
        table_row(t, "ddddd", decay[i], exact, nearest, left_after(decay[i], FACTOR_ROUNDED),
                  at_random);
        random = fmax(random, fabs(at_random - exact));
        if (i < 3)
            kept = fmin(kept, nearest);
    }
    table_close(t);
    claim_near("decay-bfloat", "decay: normal numbers of bf16 that a decay of 2^-9 changes", 0,
               decaying(&format_bfloat, 0x1p-9f), 0,
               "half of a spacing at most, at a power of two a quarter; all patterns", CHECK);
    claim_near("decay-half", "decay: normal numbers of fp16 that a decay of 2^-12 changes", 0,
               decaying(&format_half, 0x1p-12f), 0,
               "half of a spacing at most, at a power of two a quarter; all patterns", CHECK);
    claim_above("decay-first", "decay: numbers of bf16 that a decay of 2^-9 (1 + 2^-7) changes", 0,
                decaying(&format_bfloat, 0x1.02p-9f), "the bound is the best", CHECK);
    claim_near("decay-kept", "decay: what 1000 decays of up to 0.0019 leave in bf16, the least", 1,
               kept, 0, "the same", CHECK);
    claim_below("decay-random", "decay: rounded at random, less the exact power, the worst of 5",
                0.01, random, "the mean is exact", FOUND);
}

void
mixed_precision_figure_stuck(void)
{
    rates();
    decays();
}
