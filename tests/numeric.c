// The elementary functions against the C library in double, on a sample of all floats, and their special values.
#include "numbers/numeric.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

// The sweeps: float patterns in steps of a prime, so that every exponent has many.
enum { STEP_ULP = 61, STEP_HASH = 4099, POINTS = 1 << 19, SIZES = 400, TRIPLES = 50400000 };

static double
sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static const struct {
    const char *name;
    float (*ours)(float);
    double (*exact)(double);
    double ulp; // the error that numeric.h states
    uint64_t hash;
} float_functions[] = {
    {"sqrt32", sqrt32, sqrt, 0.5, 0x9938d3febcb5c16a},
    {"exp32", exp32, exp, 0.88, 0x0b9825b8077dfb2b},
    {"log32", log32, log, 0.88, 0x1346eeec071c979a},
    {"tanh32", tanh32, tanh, 1.33, 0xe660fb9282ba846f},
    {"sigmoid32", sigmoid32, sigmoid, 2, 0x82b5f2d4406f56ae},
    {"erf32", erf32, erf, 1.1, 0x4c780a3c5b757704},
};

static double
pow_positive(double x)
{
    return pow64(fabs(x), 0.7);
}

static long double
pow_positivel(long double x)
{
    return powl(fabsl(x), 0.7);
}

static const struct {
    const char *name;
    double (*ours)(double);
    long double (*exact)(long double);
    double ulp, domain; // |x| <= domain is compared
    uint64_t hash;
} double_functions[] = {
    {"sqrt64", sqrt64, sqrtl, 0.501, INFINITY, 0xacad26a2c1215c66},
    {"exp64", exp64, expl, 0.8, INFINITY, 0xf7d0e81f990a6375},
    {"expm1_64", expm1_64, expm1l, 1.2, INFINITY, 0x90af60e208775193},
    {"log64", log64, logl, 0.95, INFINITY, 0x49f3f421b0a3b9f2},
    {"sin64", sin64, sinl, 0.8, 1e6, 0x58daba145bf90640},
    {"cos64", cos64, cosl, 0.8, 1e6, 0xbbc521f8cea6df30},
    {"acos64", acos64, acosl, 1.1, INFINITY, 0x2bdd28a3097e45d5},
    {"tanh64", tanh64, tanhl, 1.5, INFINITY, 0x4971b07116178844},
    {"erf64", erf64, erfl, 1.4, INFINITY, 0x8225213e0eb82aef},
    {"pow64", pow_positive, pow_positivel, 1, INFINITY, 0x3921dad9939381b0},
};

enum {
    FLOAT_FUNCTIONS = sizeof float_functions / sizeof *float_functions,
    DOUBLE_FUNCTIONS = sizeof double_functions / sizeof *double_functions
};

// 64 bits with no order (the finalizer of splitmix64).
static uint64_t
scramble(uint64_t i)
{
    i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9;
    i = (i ^ i >> 27) * 0x94d049bb133111eb;
    return i ^ i >> 31;
}

// The sweep of doubles: any bits, and by turns exponents from -20 to 11.
static double
point(uint64_t i)
{
    uint64_t bits = scramble(i + 1);
    return float64(i & 1 ? bits : (bits & ~(0x7ffull << 52)) | (1003 + (bits >> 52) % 32) << 52);
}

// |got - want| / unit; huge where NaN, infinities or zeros do not agree with `rounded`, want as a
// float or a double.
static inline double
error_in(double unit, double got, long double want, double rounded)
{
    if (isnan(got) || isnan(rounded) || isinf(got) || isinf(rounded) || rounded == 0)
        return (isnan(got) && isnan(rounded)) || bits64(got) == bits64(rounded) ? 0 : 1e9;
    return (double)(fabsl(got - want) / unit);
}

// The unit in the last place of a float, or a double, near x.
static inline double
unit32(double x)
{
    double unit = float64(bits64(x) & 0x7ffull << 52) * 0x1p-23;
    return unit < 0x1p-149 ? 0x1p-149 : unit;
}

static double
unit64(long double x)
{
    int exponent;
    frexpl(x, &exponent);
    return ldexp(1, exponent < -1021 ? -1074 : exponent - 53);
}

// NaN equals NaN, and zeros have a sign.
static void
check32(const char *what, float got, float want)
{
    if (isnan(want) ? !isnan(got) : bits32(got) != bits32(want))
        ck_abort_msg("%s: %a, not %a", what, got, want);
}

static void
check64(const char *what, double got, double want)
{
    if (isnan(want) ? !isnan(got) : bits64(got) != bits64(want))
        ck_abort_msg("%s: %a, not %a", what, got, want);
}

START_TEST(error_of_every_61st_float)
{
    double worst = 0;
    float at = 0;
#pragma omp parallel for
    for (int64_t i = 0; i < 1ll << 32; i += STEP_ULP) {
        float x = float32((uint32_t)i), got = float_functions[_i].ours(x);
        double want = float_functions[_i].exact(x);
        double error = error_in(unit32(want), got, want, (float)want);
        if (error > float_functions[_i].ulp)
#pragma omp critical
            if (error > worst) {
                worst = error;
                at = x;
            }
    }
    ck_assert_msg(worst == 0, "%s(%.9g) = %.9g, not %.17g: %g ULP", float_functions[_i].name, at,
                  float_functions[_i].ours(at), float_functions[_i].exact(at), worst);
}
END_TEST

START_TEST(error_of_doubles)
{
    for (uint64_t i = 0; i < POINTS; i++) {
        double x = point(i), got = double_functions[_i].ours(x);
        long double want = double_functions[_i].exact(x);
        if (!(fabs(x) <= double_functions[_i].domain)) {
            check64(double_functions[_i].name, got, NAN);
            continue;
        }
        double error = error_in(unit64(want), got, want, (double)want);
        if (error > double_functions[_i].ulp)
            ck_abort_msg("%s(%.17g) = %.17g, not %.17Lg: %g ULP", double_functions[_i].name, x, got,
                         want, error);
    }
}
END_TEST

// The doubles nearest to the multiples of pi/2, where nearly all digits cancel.
START_TEST(sines_near_their_zeros)
{
    for (int i = 1; i < 636619; i++) {
        double x = (double)(i * (acosl(-1) / 2)), got = i & 1 ? cos64(x) : sin64(x);
        long double want = i & 1 ? cosl(x) : sinl(x);
        double error = error_in(unit64(want), got, want, (double)want);
        if (error > 0.8)
            ck_abort_msg("near %d pi/2, at %.17g: %.17g, not %.17Lg", i, x, got, want);
    }
}
END_TEST

// Powers that fill the range of double.
START_TEST(error_of_pow)
{
    for (uint64_t i = 0; i < POINTS; i++) {
        double x = fabs(point(2 * i)), y = point(scramble(i) & ~1ull);
        y = fabs(y * log2(x)) > 1100 ? y / 64 : y;
        long double want = powl(x, y);
        double got = pow64(x, y), error = error_in(unit64(want), got, want, (double)want);
        if (error > 1)
            ck_abort_msg("pow64(%.17g, %.17g) = %.17g, not %.17Lg: %g ULP", x, y, got, want, error);
    }
}
END_TEST

#define SAME32(f, want) check32(#f, f, want)
#define SAME64(f, want) check64(#f, f, want)

// Both parts of e^x, also where e^x itself is no float: y within 2 ULP of e^(x - n ln 2), and e^x the product of both.
START_TEST(parts_of_exp)
{
    for (float x = -65000; x < 65000; x += 3.7f) {
        int32_t n;
        float y = exp_parts32(x, &n);
        long double want = expl(x - n * 0.693147180559945309417232121458176568L);
        ck_assert_double_gt(y, 0.7);
        ck_assert_double_lt(y, 1.42);
        ck_assert_double_le(fabsl(y - want), 2 * 0x1p-24L);
        if (x > -80 && x < 80)
            ck_assert_double_eq(exp32(x), ldexp(y, n));
    }
}
END_TEST

START_TEST(special_values)
{
    const float tiny = 0x1p-149f;
    SAME32(sqrt32(-0.f), -0.f);
    SAME32(sqrt32(-1), NAN);
    SAME32(exp32(0), 1);
    SAME32(exp32(89), INFINITY);
    SAME32(exp32(INFINITY), INFINITY);
    SAME32(exp32(-103.9f), tiny);
    SAME32(exp32(-104), 0);
    SAME32(exp32(-INFINITY), 0);
    SAME32(exp32(NAN), NAN);
    SAME32(log32(1), 0);
    SAME32(log32(0), -INFINITY);
    SAME32(log32(-0.f), -INFINITY);
    SAME32(log32(-tiny), NAN);
    SAME32(log32(-INFINITY), NAN);
    SAME32(log32(INFINITY), INFINITY);
    SAME32(log32(NAN), NAN);
    SAME32(log32(tiny), (float)log(tiny));
    SAME32(tanh32(-0.f), -0.f);
    SAME32(tanh32(-tiny), -tiny);
    SAME32(tanh32(1e-5f), 1e-5f);
    SAME32(tanh32(-INFINITY), -1);
    SAME32(tanh32(NAN), NAN);
    SAME32(sigmoid32(0), 0.5f);
    SAME32(sigmoid32(INFINITY), 1);
    SAME32(sigmoid32(-INFINITY), 0);
    SAME32(sigmoid32(-103), (float)exp(-103));
    SAME32(sigmoid32(NAN), NAN);
    SAME32(erf32(-0.f), -0.f);
    SAME32(erf32(tiny), tiny);
    SAME32(erf32(-INFINITY), -1);
    SAME32(erf32(NAN), NAN);

    SAME64(sqrt64(-1), NAN);
    SAME64(exp64(0), 1);
    SAME64(exp64(710), INFINITY);
    SAME64(exp64(-745), 0x1p-1074);
    SAME64(exp64(-746), 0);
    SAME64(exp64(-INFINITY), 0);
    SAME64(exp64(NAN), NAN);
    SAME64(expm1_64(-0.), -0.);
    SAME64(expm1_64(0x1p-1074), 0x1p-1074);
    SAME64(expm1_64(-INFINITY), -1);
    SAME64(expm1_64(INFINITY), INFINITY);
    SAME64(expm1_64(NAN), NAN);
    SAME64(log64(1), 0);
    SAME64(log64(-0.), -INFINITY);
    SAME64(log64(-1), NAN);
    SAME64(log64(INFINITY), INFINITY);
    SAME64(log64(NAN), NAN);
    SAME64(sin64(-0.), -0.);
    SAME64(cos64(0), 1);
    SAME64(sin64(1000001), NAN);
    SAME64(cos64(INFINITY), NAN);
    SAME64(cos64(NAN), NAN);
    SAME64(acos64(1), 0);
    SAME64(acos64(0), M_PI_2);
    SAME64(acos64(-1), M_PI);
    SAME64(acos64(1.0000000000000002), NAN);
    SAME64(acos64(NAN), NAN);
    SAME64(tanh64(-0.), -0.);
    SAME64(tanh64(0x1p-1074), 0x1p-1074);
    SAME64(tanh64(-INFINITY), -1);
    SAME64(tanh64(NAN), NAN);
    SAME64(erf64(-0.), -0.);
    SAME64(erf64(INFINITY), 1);
    SAME64(erf64(NAN), NAN);

    static const double base[] = {0, 0x1p-1074, 0.25, 1, 4, 0x1p1022, INFINITY};
    static const double power[] = {-INFINITY, -1e300, -3, -1, -0.5,  -0.0,
                                   0,         0.5,    1,  2,  1e300, INFINITY};
    for (size_t i = 0; i < sizeof base / sizeof *base; i++)
        for (size_t j = 0; j < sizeof power / sizeof *power; j++)
            SAME64(pow64(base[i], power[j]), pow(base[i], power[j]));
    SAME64(pow64(-0., -1), INFINITY);
    SAME64(pow64(-1, 2), NAN);
    SAME64(pow64(NAN, 0), NAN);
    SAME64(pow64(1, NAN), NAN);
}
END_TEST

// Products and sums of every size, near cancellation, subnormal, overflowing. fmaf is the processor's instruction,
// in a build without it libm's.
START_TEST(fma_against_hardware)
{
    for (uint64_t i = 0; i < TRIPLES; i++) {
        uint64_t r = scramble(i), s = scramble(~i);
        float a = float32((uint32_t)r), b = float32(r >> 32), c = float32((uint32_t)s);
        uint32_t near = s >> 32 & 7;
        switch (i % 9) {
        case 0: break;
        case 1: c = -a * b; break;
        case 2: c = float32(bits32(-a * b) + near - 3); break;
        case 3: // exponents from -31 to 0
            a = float32((bits32(a) & 0x807fffff) | (96 + (bits32(a) >> 23) % 32) << 23);
            b = float32((bits32(b) & 0x807fffff) | (96 + (bits32(b) >> 23) % 32) << 23);
            c = float32((bits32(c) & 0x807fffff) | (66 + (bits32(c) >> 23) % 62) << 23);
            break;
        case 4: // a subnormal sum of a subnormal number and a product near it
            a = float32((bits32(a) & 0x807fffff) | 0x20000000);
            b = float32((bits32(b) & 0x80ffffff) | 0x20000000);
            c = float32(bits32(c) & 0x80ffffff);
            break;
        case 5: a = float32(bits32(a) & 0x80ffffff); break;
        case 6: // ties: few bits, far apart
            a = (float)((int)near - 4) * 0x1p-70f;
            b = (float)((int)(s >> 40 & 15) - 8) * 0x1p-75f;
            c = (float)((int)(s >> 48 & 255) - 128) * 0x1p-149f;
            break;
        case 7: a = float32(bits32(a) | 0x7f000000); break;
        case 8: // products half-way between two floats, and a far smaller c
            a = (float)(4097 + (r & 4094));
            b = (float)(4097 + (r >> 32 & 4094));
            c = float32((bits32(c) & 0x80ffffff) | 0x20000000);
            break;
        }
        check32("fma32_exact", fma32_exact(a, b, c), fmaf(a, b, c));
        check32("fma32_odd", fma32_odd(a, b, c), fmaf(a, b, c));
        check32("fma32", fma32(a, b, c), fmaf(a, b, c));
    }
}
END_TEST

// Of a sequence of results, h that of those before; every NaN is the same NaN.
static uint64_t
hash(uint64_t h, double y)
{
    return scramble(h ^ (isnan(y) ? 0x7ff8000000000000 : bits64(y)));
}

START_TEST(bits_of_floats)
{
    uint64_t h = 0;
    for (uint64_t i = 0; i < 1ull << 32; i += STEP_HASH)
        h = hash(h, float_functions[_i].ours(float32((uint32_t)i)));
    ck_assert_msg(h == float_functions[_i].hash, "%s: 0x%016llx", float_functions[_i].name,
                  (unsigned long long)h);
}
END_TEST

START_TEST(bits_of_doubles)
{
    uint64_t h = 0;
    for (uint64_t i = 0; i < POINTS; i++)
        h = hash(h, double_functions[_i].ours(point(i)));
    ck_assert_msg(h == double_functions[_i].hash, "%s: 0x%016llx", double_functions[_i].name,
                  (unsigned long long)h);
}
END_TEST

// The stated order, in plain loops.
static double
lanes_in_order(int n, int lanes, const double *x, int to_float)
{
    double lane[32] = {0};
    for (int i = 0; i < n; i++) {
        lane[i % lanes] += x[i];
        if (to_float)
            lane[i % lanes] = (float)lane[i % lanes];
    }
    for (int half = lanes / 2; half; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] = to_float ? (float)(lane[l] + lane[l + half]) : lane[l] + lane[l + half];
    return lane[0];
}

START_TEST(sums_in_the_stated_order)
{
    for (int n = 0; n < SIZES; n++) {
        // exactly n elements, so that a sanitizer sees one that is read beyond
        float *x = malloc(n * sizeof *x + 1), *y = malloc(n * sizeof *y + 1), largest = -INFINITY;
        double *d = malloc(n * sizeof *d + 1), terms[SIZES], products[SIZES], squares[SIZES];
        for (int i = 0; i < n; i++) {
            d[i] = (double)(int64_t)scramble(1000 * n + i) * 0x1p-40;
            terms[i] = x[i] = (float)d[i];
            y[i] = (float)((int64_t)scramble(~(1000ull * n + i)) * 0x1p-60);
            products[i] = x[i] * y[i];
            squares[i] = (double)x[i] * x[i];
            largest = x[i] > largest ? x[i] : largest;
        }
        SAME32(sum32(n, x), (float)lanes_in_order(n, 32, terms, 1));
        SAME32(dot32(n, x, y), (float)lanes_in_order(n, 32, products, 1));
        SAME32(max32(n, x), largest);
        SAME64(sum64(n, d), lanes_in_order(n, 16, d, 0));
        SAME64(sumsq(n, x), lanes_in_order(n, 16, squares, 0));
        free(x);
        free(y);
        free(d);
    }
}
END_TEST

START_TEST(special_sums)
{
    float x[40] = {0};
    for (int i = 0; i < 40; i++)
        x[i] = -0.f;
    SAME32(sum32(40, x), 0);
    SAME32(max32(0, x), -INFINITY);
    for (int i = 0; i < 40; i++) {
        x[i] = NAN;
        SAME32(sum32(40, x), NAN);
        SAME32(dot32(40, x, x), NAN);
        SAME64(sumsq(40, x), NAN);
        SAME32(max32(i + 1, x), -INFINITY);
    }
    x[17] = -3;
    SAME32(max32(40, x), -3);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("numeric");
    TCase *tests = tcase_create("numeric");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, error_of_every_61st_float, 0, FLOAT_FUNCTIONS);
    tcase_add_loop_test(tests, error_of_doubles, 0, DOUBLE_FUNCTIONS);
    tcase_add_test(tests, sines_near_their_zeros);
    tcase_add_test(tests, error_of_pow);
    tcase_add_test(tests, parts_of_exp);
    tcase_add_test(tests, special_values);
    tcase_add_test(tests, fma_against_hardware);
    tcase_add_loop_test(tests, bits_of_floats, 0, FLOAT_FUNCTIONS);
    tcase_add_loop_test(tests, bits_of_doubles, 0, DOUBLE_FUNCTIONS);
    tcase_add_test(tests, sums_in_the_stated_order);
    tcase_add_test(tests, special_sums);
    suite_add_tcase(suite, tests);
    return test_run(suite, NULL, 0);
}
