// Elementary functions, and sums in a fixed order: the same bits with every compiler and machine.
#ifndef NUMERIC_H
#define NUMERIC_H

#include <stdint.h>

// Each function is made of + - * /, sqrt, fma and operations on bits, none of which leaves a choice
// to a compiler or a machine, and has no branch, so that a loop over an array vectorises (but for
// fma32_exact, where there is no fused instruction). Double functions use no fma.
//
// "1.2 ULP" is the largest error in units of the exact result's last place: of a float function
// measured over every float, of a double one over millions of points. Subnormal numbers are numbers
// like any other. NaN gives NaN, whose sign and payload are the machine's. Odd functions keep the
// sign of zero. A polynomial p whose source is not named is a minimax fit made for this book: least
// squares reweighted until the error is level (Lawson 1961), the coefficients rounded one by one.

static inline uint32_t
bits32(float x)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float
float32(uint32_t bits)
{
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint64_t
bits64(double x)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double
float64(uint64_t bits)
{
    double x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

// a b + c, rounded once, from double arithmetic: the product is exact, the sum is cut off towards
// zero and its last bit set if anything was lost (rounding to odd), so that rounding it to float is
// right. `lost` is Knuth's TwoSum, NaN where sum is infinite.
static inline float
fma32_odd(float a, float b, float c)
{
    double product = (double)a * b, sum = product + c, part = sum - product;
    double lost = (product - (sum - part)) + (c - part);
    uint64_t away = (bits64(sum) ^ bits64(lost)) >> 63; // 1 if sum was rounded away from zero
    return (float)(__builtin_fabs(lost) > 0 ? float64((bits64(sum) - away) | 1) : sum);
}

// The same, and two to three times as fast: rounding to double and then to float is rounding once, unless the double
// lies in the middle between two floats, or below the normal ones (0 apart), whose middles lie elsewhere.
static inline float
fma32_exact(float a, float b, float c)
{
    double sum = (double)a * b + c;
    uint64_t bits = bits64(sum), end = bits & 0x1fffffff;
    return end == 0x10000000 || (bits << 1) - 1 < (897ull << 53) - 1 ? fma32_odd(a, b, c)
                                                                     : (float)sum;
}

// a b + c, rounded once (IEEE 754's fusedMultiplyAdd). The only place where the book asks for it: with FMA_EXACT
// defined no fused instruction may be left in any program, which make reproducible looks for.
static inline float
fma32(float a, float b, float c)
{
#if (defined __FMA__ || defined __aarch64__) && !defined FMA_EXACT
    return __builtin_fmaf(a, b, c);
#else
    return fma32_exact(a, b, c);
#endif
}

// The polynomial with the given coefficients, highest degree first, at x, by Horner's rule.
#define POLY32(x, ...) poly32(x, (const float[]){__VA_ARGS__}, sizeof((float[]){__VA_ARGS__}) / 4)
#define POLY64(x, ...) poly64(x, (const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / 8)

static inline float
poly32(float x, const float *c, int n)
{
    float p = c[0];
    for (int i = 1; i < n; i++)
        p = fma32(p, x, c[i]);
    return p;
}

static inline double
poly64(double x, const double *c, int n)
{
    double p = c[0];
    for (int i = 1; i < n; i++)
        p = p * x + c[i];
    return p;
}

// sqrt(x), correctly rounded; NaN for x < 0.
static inline float
sqrt32(float x)
{
    return __builtin_sqrtf(x);
}

// The numbers of two vectors a and b in another order, which counts on from a to b; `integers` is a type of vector with
// as many integers. gcc has clang's form from version 12 on.
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(integers, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(integers, a, b, ...) __builtin_shuffle(a, b, (integers){__VA_ARGS__})
#endif

static const double pi64 = 3.14159265358979323846, ln2_64 = 0.69314718055994531;

// ln 2 in two parts, the first so short that its products with the n below are exact.
static const float ln2_high32 = 0x1.62e4p-1f, ln2_low32 = 1.42860682e-06f;
static const double ln2_high64 = 0.69314718036912382, ln2_low64 = 1.9082149292705877e-10;

// x = n ln 2 + r with |r| <= ln(2)/2, for |x| <= 65536: returns e^r - 1 = r + r^2 p(r). Adding
// 1.5 2^23 rounds to an integer and leaves it in the last bits. r = high + low, high is exact.
static inline float
expm1_reduced32(float x, int32_t *n)
{
    const float shift = 0x1.8p23f;
    float t = fma32(x, 1.44269504f, shift), whole = t - shift;
    float high = fma32(whole, -ln2_high32, x), low = whole * -ln2_low32, r = high + low;
    *n = (int32_t)(bits32(t) - bits32(shift));
    float p = POLY32(r, 0.00138210552f, 0.00836867467f, 0.0416682623f, 0.166665211f, 0.49999994f);
    return high + fma32(r * r, p, low);
}

// 2^n for -126 <= n <= 127.
static inline float
power_of_two32(int32_t n)
{
    return float32(((uint32_t)n + 127) << 23);
}

// e^x = 2^n y with y between 0.7 and 1.42, for |x| <= 65536; 0.88 ULP. What is done to the power rounds nothing.
static inline float
exp_parts32(float x, int32_t *n)
{
    return expm1_reduced32(x, n) + 1;
}

// e^x; inf above 88.72, 0 below -103.97; 0.88 ULP. e^x = 2^n e^r, the power in two steps because
// n reaches from -150 to 128. The ends replace whatever number comes out there (far away y has no
// meaning): gcc entangles two limits on x in a row, and the whole takes 1.6 times as long.
static inline float
exp32(float x)
{
    int32_t n;
    float y = exp_parts32(x, &n);
    y = y * power_of_two32(n >> 1) * power_of_two32(n - (n >> 1));
    y = x < -104 ? 0 : y;
    return x > 89 ? __builtin_inff() : y;
}

// ln x; -inf at 0, NaN for x < 0; 0.88 ULP. x = 2^n (1 + f), 1 + f in [sqrt(1/2), sqrt(2)]:
// ln x = n ln 2 + (f - f^2/2 + f^3 p(f)), where n ln 2 + f is kept as a sum of two floats.
static inline float
log32(float x)
{
    const uint32_t half = bits32(0.707106769f);
    int small = x < 0x1p-126f;
    uint32_t bits = bits32(small ? x * 0x1p23f : x) - half;
    float n = (float)(((int32_t)bits >> 23) - (small ? 23 : 0));
    float f = float32((bits & 0x7fffff) + half) - 1;
    float p = POLY32(f, -0.0763634294f, 0.12763603f, -0.131602779f, 0.142014012f, -0.166233182f,
                     0.200012475f, -0.250008225f, 0.333333313f);
    float high = fma32(n, ln2_high32, f), low = fma32(n, ln2_high32, -high) + f;
    float y = high + fma32(f * f, fma32(f, p, -0.5f), fma32(n, ln2_low32, low));
    y = x > 0 ? y : x == 0 ? -__builtin_inff() : __builtin_nanf("");
    return x == __builtin_inff() ? x : y;
}

// tanh x; 1.33 ULP. x + x^3 p(x^2) below 0.55, and above 1 - 2 / (e^2x + 1), where
// e^2x + 1 = 2^n (e^r - 1) + (2^n + 1) is rounded once.
static inline float
tanh32(float x)
{
    float a = __builtin_fabsf(x), z = x * x;
    float p =
        POLY32(z, -0.00625872193f, 0.0210599154f, -0.0538492016f, 0.133325532f, -0.333333164f);
    int32_t n;
    float e = expm1_reduced32(a > 10 ? 20 : 2 * a, &n), power = power_of_two32(n);
    float y = a < 0.55f ? fma32(p * z, a, a) : 1 - 2 / fma32(power, e, power + 1);
    return __builtin_copysignf(y, x);
}

// 1 / (1 + e^-x); 2 ULP. With e^-x = 2^n e^r it is b / (a (e^r - 1) + b + a), where a / b = 2^n is
// divided between both so that neither overflows.
static inline float
sigmoid32(float x)
{
    int32_t n;
    float e = expm1_reduced32(-x, &n), b = power_of_two32(-(n >> 1));
    float a = power_of_two32(n - (n >> 1)), y = b / (fma32(a, e, b) + a);
    y = x < -104 ? 0 : y;
    return x > 104 ? 1 : y;
}

// erf x = 2/sqrt(pi) times the integral of e^-t^2 from 0 to x; 1.1 ULP. x + x p(x^2) below 0.92,
// and above 1 - e^(-x q(x)), with x q(x) = -ln erfc x.
static inline float
erf32(float x)
{
    float a = __builtin_fabsf(x), z = x * x;
    float p = POLY32(z, -0.000598176615f, 0.00499163568f, -0.0267658029f, 0.112818047f,
                     -0.376124948f, 0.128379151f);
    float b = a > 4 ? 4 : a;
    float q = POLY32(b, 1.12317875e-05f, -0.000322812353f, 0.00364250573f, -0.0237621833f,
                     0.106237039f, 0.635151207f, 1.12864852f);
    return a < 0.92f ? fma32(x, p, x) : __builtin_copysignf(1 - exp32(-b * q), x);
}

// sqrt(x), correctly rounded; NaN for x < 0.
static inline double
sqrt64(double x)
{
    return __builtin_sqrt(x);
}

// 2^n for -1022 <= n <= 1023.
static inline double
power_of_two64(int64_t n)
{
    return float64(((uint64_t)n + 1023) << 52);
}

// x + low = n ln 2 + r with |r| <= ln(2)/2, for |x| <= 746 and a far smaller low: e^r = 1 + high +
// the result. high, most of r, is exact; the result is low + r^2 p(r), low the rest of r.
static inline double
exp_reduced64(double x, double low, double *high, int64_t *n)
{
    const double shift = 0x1.8p52;
    double t = x * 1.4426950408889634 + shift, whole = t - shift;
    *high = x - whole * ln2_high64;
    *n = (int64_t)(bits64(t) - bits64(shift));
    low -= whole * ln2_low64;
    double r = *high + low;
    double p = POLY64(r, 2.0835907556627458e-09, 2.511085691069281e-08, 2.7557533889141283e-07,
                      2.7557238735529518e-06, 2.4801587017633089e-05, 0.00019841269891834296,
                      0.0013888888889036373, 0.0083333333333192698, 0.041666666666666408,
                      0.1666666666666668, 0.5);
    return r * r * p + low;
}

// e^(x + low) for a low far smaller than 1.
static inline double
exp_sum64(double x, double low)
{
    low = x < -746 || x > 710 ? 0 : low;
    x = x < -746 ? -746 : x;
    x = x > 710 ? 710 : x;
    double high;
    int64_t n;
    low = exp_reduced64(x, low, &high, &n);
    double sum = 1 + high, lost = high - (sum - 1);
    return (sum + (lost + low)) * power_of_two64(n >> 1) * power_of_two64(n - (n >> 1));
}

// e^x; inf above 709.78, 0 below -745.13; 0.8 ULP.
static inline double
exp64(double x)
{
    return exp_sum64(x, 0);
}

// e^x - 1; 1.2 ULP. Half of it is 2^(n-1) (e^r - 1) + (2^(n-1) - 1/2), which cannot overflow.
static inline double
expm1_64(double x)
{
    double y = x < -40 ? -40 : x;
    y = y > 710 ? 710 : y;
    double high;
    int64_t n;
    double low = exp_reduced64(y, 0, &high, &n), power = power_of_two64(n - 1);
    double first = power - 0.5, sum = first + power * high, lost = power * high - (sum - first);
    return __builtin_fabs(x) < 0x1p-54 ? x : 2 * (sum + (lost + power * low));
}

// x = 2^n (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)], for 0 < x < inf: returns f, exactly.
static inline double
log_reduced64(double x, double *n)
{
    const uint64_t half = bits64(0.70710678118654746);
    const double shift = 0x1.8p52; // for the conversion of integers to double
    int small = x < 0x1p-1022;
    uint64_t bits = bits64(small ? x * 0x1p54 : x) - half;
    uint64_t biased = (bits + (1024ull << 52)) >> 52;
    *n = float64(bits64(shift) + biased) - (shift + 1024) - (small ? 54 : 0);
    return float64((bits & (-1ull >> 12)) + half) - 1;
}

// ln x; -inf at 0, NaN for x < 0; 0.95 ULP. With s = f / (2 + f), ln(1 + f) = 2 atanh s
// = f - f^2/2 + s (f^2/2 + s^2 p(s^2)) as in fdlibm's e_log.c.
static inline double
log64(double x)
{
    double n, f = log_reduced64(x, &n), s = f / (2 + f), z = s * s, h = f * f / 2;
    double p =
        POLY64(z, 0.14795516204771358, 0.15314097412688643, 0.18183562339194473,
               0.22222198614868569, 0.28571428741940835, 0.39999999999416924, 0.6666666666666734);
    double step = n * ln2_high64, high = step + f, low = (step - high) + f;
    double y = high + (low + (n * ln2_low64 - (h - s * (h + z * p))));
    y = x > 0 ? y : x == 0 ? -__builtin_inf() : __builtin_nan("");
    return x == __builtin_inf() ? x : y;
}

// a b as an exact sum: the result is the rounded product, *low what it lacks (Dekker 1971).
static inline double
two_product(double a, double b, double *low)
{
    double p = a * b, ta = a * 0x8000001p0, tb = b * 0x8000001p0;
    double a1 = ta - (ta - a), a2 = a - a1, b1 = tb - (tb - b), b2 = b - b1;
    *low = ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2;
    return p;
}

// x^y for x >= 0, where 0^0 = inf^0 = 1^inf = 1; NaN where x < 0, for any y, or where one is NaN;
// 1 ULP. e^(y ln x) with the logarithm as a sum of two doubles, right to 2^-64:
// 2 atanh s = s (2 + s^2 (2/3 + s^2 p(s^2))), s and the sums up to 2/3 as two doubles each.
static inline double
pow64(double x, double y)
{
    double n, f = log_reduced64(x, &n), d = 2 + f, d_low = f - (d - 2), low;
    double s = f / d, sd = two_product(s, d, &low), s_low = ((f - sd) - low - s * d_low) / d;
    double z_low, z = two_product(s, s, &z_low);
    z_low += 2 * s * s_low;
    double p = z * POLY64(z, 0.13196021541731565, 0.13256852504695602, 0.1538675576244132,
                          0.18181784402943307, 0.22222222519491922, 0.2857142857010212,
                          0.4000000000000225);
    double c = 0.66666666666666663 + p;
    double c_low = (0.66666666666666663 - c) + p + 3.7007434154171886e-17;
    double q_low, q = two_product(z, c, &q_low), w = 2 + q;
    double w_low = (2 - w) + q + (q_low + z * c_low + z_low * c);
    double g_low, g = two_product(s, w, &g_low), step = n * ln2_high64, log = step + g;
    double log_low = (step - log) + g + (g_low + s * w_low + s_low * w + n * ln2_low64);
    double t = y < -0x1p64 ? -0x1p64 : y;
    t = t > 0x1p64 ? 0x1p64 : t;
    double e_low, e = two_product(t, log, &e_low), end = (x == 0) == (y < 0) ? __builtin_inf() : 0;
    e = exp_sum64(e, e_low + t * log_low);
    e = x == 0 || x == __builtin_inf() ? end : e;
    e = y == 0 ? 1 : e;
    return x >= 0 && y == y ? e : __builtin_nan("");
}

// a + b as an exact sum: the result is the rounded sum, *low what it lacks (Knuth).
static inline double
two_sum(double a, double b, double *low)
{
    double s = a + b, part = s - a;
    *low = (a - (s - part)) + (b - part);
    return s;
}

// sin(x + quarters pi / 2); see sin64. x = n pi/2 + r + low, |r| <= pi/4; pi/2 in three parts of 33
// bits, whose products with n < 2^20 are exact, and a rest.
static inline double
sine64(double x, uint64_t quarters)
{
    const double shift = 0x1.8p52;
    double t = x * 0.63661977236758138 + shift, n = t - shift, low1, low2;
    double r = two_sum(x - n * 1.5707963267341256, -n * 6.077100506303966e-11, &low1);
    r = two_sum(r, -n * 2.0222662487111665e-21, &low2);
    double low = (low1 + low2) - n * 8.4784276603688996e-32, sum = r + low;
    low = (r - sum) + low;
    double z = sum * sum, half = z / 2, first = 1 - half;
    double s = POLY64(z, 1.5895898543841031e-10, -2.5050741586000846e-08, 2.7557313577905772e-06,
                      -0.00019841269829447354, 0.0083333333333219083, -0.1666666666666663);
    double c = POLY64(z, -1.1358743156205746e-11, 2.0875705310262964e-09, -2.7557314216645096e-07,
                      2.4801587289001493e-05, -0.0013888888888873342, 0.041666666666666595);
    double sine = sum + (sum * z * s + low * first);
    double cosine = first + (((1 - first) - half) + (z * z * c - sum * low));
    quarters += bits64(t);
    double y = quarters & 1 ? cosine : sine;
    y = float64(bits64(y) ^ (quarters & 2) << 62);
    return __builtin_fabs(x) <= 1e6 ? y : __builtin_nan("");
}

// sin x and cos x for |x| <= 1e6, NaN beyond; 0.8 ULP.
static inline double
sin64(double x)
{
    double y = sine64(__builtin_fabs(x), 0);
    return float64(bits64(y) ^ (bits64(x) & 1ull << 63));
}

static inline double
cos64(double x)
{
    return sine64(__builtin_fabs(x), 1);
}

// arccos x in [0, pi]; NaN for |x| > 1; 1.1 ULP. pi/2 - asin x for |x| <= 1/2, above it
// 2 asin sqrt((1 - x) / 2), below it pi - arccos -x; asin s = s + s z p(z), z = s^2 <= 1/4.
static inline double
acos64(double x)
{
    double a = __builtin_fabs(x), z = a > 0.5 ? (1 - a) / 2 : x * x, s = a > 0.5 ? sqrt64(z) : x;
    double p = POLY64(z, 0.032626144184027664, -0.020994859151415617, 0.021704289273565824,
                      0.003707793299255949, 0.010779860130993751, 0.011398987646795323,
                      0.013980810559277017, 0.017351612924463546, 0.022372214931513274,
                      0.030381942710030096, 0.044642857174557585, 0.074999999999708689,
                      0.1666666666666676);
    double low = s * z * p;
    double y = 1.5707963267948966 - (s + (low - 6.123233995736766e-17));
    return x > 0.5 ? 2 * (s + low) : x < -0.5 ? 2 * y : y;
}

// tanh x; 1.5 ULP. x + x^3 p(x^2) below 0.55, and above 1 - 2 / (e^2x + 1).
static inline double
tanh64(double x)
{
    double a = __builtin_fabs(x), z = x * x;
    double p = POLY64(z, -1.9488810116630815e-05, 8.3306814471107953e-05, -0.00023337475847932623,
                      0.0005884417740256682, -0.001455542176752363, 0.003592091924897105,
                      -0.0088632325908209464, 0.021869488385196974, -0.05396825396373725,
                      0.1333333333332658, -0.33333333333333298);
    double y = a < 0.55 ? a + a * (z * p) : 1 - 2 / (exp64(a > 22 ? 44 : 2 * a) + 1);
    return __builtin_copysign(y, x);
}

// erf x; 1.4 ULP. x + x p(x^2) below 1, and above 1 - e^(-x q(x)).
static inline double
erf64(double x)
{
    double a = __builtin_fabs(x), z = x * x, b = a > 6 ? 6 : a;
    double p = POLY64(z, -7.6785535324318611e-10, 1.3654654203409377e-08, -1.6192721438610073e-07,
                      1.6445275587018794e-06, -1.4924554718733936e-05, 0.00012055284969005786,
                      -0.00085483256268340641, 0.005223977599477422, -0.026866170642257426,
                      0.11283791670938488, -0.37612638903183365, 0.12837916709551256);
    double q = POLY64(b, 8.5623829952701294e-12, -3.4395135012779222e-10, 6.415698430245754e-09,
                      -7.3611106199190065e-08, 5.7873567720984923e-07, -3.2716614510753177e-06,
                      1.3427559894418211e-05, -3.8264504263341625e-05, 5.9524618973016859e-05,
                      5.6377819285705114e-05, -0.00064635396950051623, 0.0017620082373345372,
                      -0.00026297270527985713, -0.019097585839792063, 0.10276066914717658,
                      0.6366225758254106, 1.1283788642005796);
    return a < 1 ? x + x * p : __builtin_copysign(1 - exp64(-b * q), x);
}

// The sum of n values: lane l of 32 starts at 0 and adds x[l], x[l + 32], x[l + 64] and so on; then
// lane l adds lane l + 16 for l < 16, lane l + 8 for l < 8, l + 4, l + 2, l + 1; the sum is lane 0.
float sum32(long n, const float *x);

// The sum of x[i] y[i], each product rounded to float, in the order of sum32.
float dot32(long n, const float *x, const float *y);

// The largest of n values; -inf for n = 0. NaN is passed over.
float max32(long n, const float *x);

// softmax: y[i] = exp(x[i] - top) / sum_j exp(x[j] - top) with top the largest x; n > 0. y may be x.
// Returns ln sum_j exp(x[j] - top), so that -ln y[i] = result - (x[i] - top) without loss of digits.
float softmax32(long n, const float *x, float *y);

// The sum of n values in the order of sum32 with 16 lanes.
double sum64(long n, const double *x);

// The sum of x[i]^2 in double, where each square is exact, in the order of sum64.
double sumsq(long n, const float *x);

// Sorts n values, the least first; none of them or all may be NaN.
void sort64(long n, double *x);

#endif
