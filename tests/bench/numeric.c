// The elementary functions' time beside libm's, and the float functions' error over every float.
//     make build/tests/bench/numeric && build/tests/bench/numeric
//     build/tests/bench/numeric ulp          (all 2^32 floats, some minutes)
#include "numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N = 4096, ROUNDS = 101, BLOCK = 1 << 16 };

static double
sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static float
sigmoidf(float x)
{
    return 1 / (1 + expf(-x));
}

static double
power(double x)
{
    return pow(x, 0.4375);
}

static double
power64(double x)
{
    return pow64(x, 0.4375);
}

// A function over an array, as a loop that the compiler vectorises where it can.
#define LOOP(type, f)                                                                      \
    static __attribute__((noinline)) void loop_##f(int n, const type *x, type *restrict y) \
    {                                                                                      \
        for (int i = 0; i < n; i++)                                                        \
            y[i] = f(x[i]);                                                                \
    }

LOOP(float, exp32)
LOOP(float, log32)
LOOP(float, tanh32)
LOOP(float, sigmoid32)
LOOP(float, erf32)
LOOP(float, expf)
LOOP(float, logf)
LOOP(float, tanhf)
LOOP(float, sigmoidf)
LOOP(float, erff)
LOOP(double, exp64)
LOOP(double, expm1_64)
LOOP(double, log64)
LOOP(double, power64)
LOOP(double, sin64)
LOOP(double, cos64)
LOOP(double, acos64)
LOOP(double, tanh64)
LOOP(double, erf64)
LOOP(double, exp)
LOOP(double, expm1)
LOOP(double, log)
LOOP(double, power)
LOOP(double, sin)
LOOP(double, cos)
LOOP(double, acos)
LOOP(double, tanh)
LOOP(double, erf)

typedef void loop32(int n, const float *x, float *y);
typedef void loop64(int n, const double *x, double *y);

static const struct {
    const char *name;
    loop32 *ours, *libm;
    double (*exact)(double), low, high; // the exact function, and the interval that is timed
} float_functions[] = {
    {"exp32", loop_exp32, loop_expf, exp, -20, 20},
    {"log32", loop_log32, loop_logf, log, 0, 20},
    {"tanh32", loop_tanh32, loop_tanhf, tanh, -8, 8},
    {"sigmoid32", loop_sigmoid32, loop_sigmoidf, sigmoid, -20, 20},
    {"erf32", loop_erf32, loop_erff, erf, -4, 4},
};

static const struct {
    const char *name;
    loop64 *ours, *libm;
    double low, high;
} double_functions[] = {
    {"exp64", loop_exp64, loop_exp, -20, 20},   {"expm1_64", loop_expm1_64, loop_expm1, -20, 20},
    {"log64", loop_log64, loop_log, 0, 20},     {"pow64", loop_power64, loop_power, 0, 20},
    {"sin64", loop_sin64, loop_sin, -100, 100}, {"cos64", loop_cos64, loop_cos, -100, 100},
    {"acos64", loop_acos64, loop_acos, -1, 1},  {"tanh64", loop_tanh64, loop_tanh, -8, 8},
    {"erf64", loop_erf64, loop_erf, -4, 4},
};

enum {
    FLOAT_FUNCTIONS = sizeof float_functions / sizeof *float_functions,
    DOUBLE_FUNCTIONS = sizeof double_functions / sizeof *double_functions
};

static double
seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
median(double *x)
{
    qsort(x, ROUNDS, sizeof *x, ascending);
    return x[ROUNDS / 2];
}

static void
print_times(const char *name, double *ours, double *libm)
{
    double a = median(ours) / N * 1e9, b = median(libm) / N * 1e9;
    printf("%-10s %8.2f %8.2f %8.1f\n", name, a, b, b / a);
}

// Ours and libm's by turns, so that both meet the same disturbances.
static void
time_all(void)
{
    static float x[N], y[N];
    static double u[N], v[N], ours[ROUNDS], libm[ROUNDS];
    printf("%-10s %8s %8s %8s\n", "", "ours_ns", "libm_ns", "ratio");
    for (int f = 0; f < FLOAT_FUNCTIONS; f++) {
        double low = float_functions[f].low, high = float_functions[f].high;
        for (int i = 0; i < N; i++)
            x[i] = low + (high - low) * (i * 1237 % N + 0.5) / N;
        for (int r = 0; r < ROUNDS; r++) {
            double start = seconds();
            float_functions[f].ours(N, x, y);
            double middle = seconds();
            float_functions[f].libm(N, x, y);
            ours[r] = middle - start;
            libm[r] = seconds() - middle;
        }
        print_times(float_functions[f].name, ours, libm);
    }
    for (int f = 0; f < DOUBLE_FUNCTIONS; f++) {
        double low = double_functions[f].low, high = double_functions[f].high;
        for (int i = 0; i < N; i++)
            u[i] = low + (high - low) * (i * 1237 % N + 0.5) / N;
        for (int r = 0; r < ROUNDS; r++) {
            double start = seconds();
            double_functions[f].ours(N, u, v);
            double middle = seconds();
            double_functions[f].libm(N, u, v);
            ours[r] = middle - start;
            libm[r] = seconds() - middle;
        }
        print_times(double_functions[f].name, ours, libm);
    }
}

// |got - want| in units of want's last place; huge where one is NaN, infinite or of the wrong sign
// and the other is not.
static double
error_in_ulp(float got, double want)
{
    float rounded = (float)want;
    if (isnan(got) || isnan(want) || isinf(got) || want == 0)
        return (isnan(got) && isnan(want)) || bits32(got) == bits32(rounded) ? 0 : 1e9;
    int exponent;
    frexp(want, &exponent);
    return fabs(got - want) * ldexp(1, 24 - (exponent < -125 ? -125 : exponent));
}

static void
measure_all(void)
{
    printf("%-10s %8s  %s\n", "", "max_ulp", "at");
    for (int f = 0; f < FLOAT_FUNCTIONS; f++) {
        double worst = -1;
        float at = 0;
#pragma omp parallel for schedule(dynamic)
        for (int64_t start = 0; start < 1ll << 32; start += BLOCK) {
            float x[BLOCK], y[BLOCK], mine_at = 0;
            double mine = -1;
            for (int i = 0; i < BLOCK; i++)
                x[i] = float32((uint32_t)start + i);
            float_functions[f].ours(BLOCK, x, y);
            for (int i = 0; i < BLOCK; i++) {
                double error = error_in_ulp(y[i], float_functions[f].exact(x[i]));
                mine_at = error > mine ? x[i] : mine_at;
                mine = error > mine ? error : mine;
            }
#pragma omp critical
            if (mine > worst) {
                worst = mine;
                at = mine_at;
            }
        }
        printf("%-10s %8.4f  %.9g\n", float_functions[f].name, worst, at);
        fflush(stdout);
    }
}

int
main(int count, char **argument)
{
    if (count == 1)
        time_all();
    else if (count == 2 && strcmp(argument[1], "ulp") == 0)
        measure_all();
    else {
        fprintf(stderr, "usage: %s [ulp]\n", argument[0]);
        return 2;
    }
}
