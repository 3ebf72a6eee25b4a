// The largest error of the float functions over every float, some minutes: build/tests/bench/ulp
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>

enum { BLOCK = 1 << 16 };

static double
sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

// A function over an array, as a loop that the compiler vectorises.
#define LOOP(f)                                                                              \
    static __attribute__((noinline)) void loop_##f(int n, const float *x, float *restrict y) \
    {                                                                                        \
        for (int i = 0; i < n; i++)                                                          \
            y[i] = f(x[i]);                                                                  \
    }

LOOP(exp32)
LOOP(log32)
LOOP(tanh32)
LOOP(sigmoid32)
LOOP(erf32)

static const struct {
    const char *name;
    void (*ours)(int n, const float *x, float *y);
    double (*exact)(double);
} functions[] = {
    {"exp32", loop_exp32, exp},    {"log32", loop_log32, log},
    {"tanh32", loop_tanh32, tanh}, {"sigmoid32", loop_sigmoid32, sigmoid},
    {"erf32", loop_erf32, erf},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

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

int
main(void)
{
    printf("function\tmax_ulp\tat\n");
    for (int f = 0; f < FUNCTIONS; f++) {
        double worst = -1;
        float at = 0;
#pragma omp parallel for schedule(dynamic)
        for (int64_t start = 0; start < 1ll << 32; start += BLOCK) {
            float x[BLOCK], y[BLOCK], mine_at = 0;
            double mine = -1;
            for (int i = 0; i < BLOCK; i++)
                x[i] = float32((uint32_t)start + i);
            functions[f].ours(BLOCK, x, y);
            for (int i = 0; i < BLOCK; i++) {
                double error = error_in_ulp(y[i], functions[f].exact(x[i]));
                mine_at = error > mine ? x[i] : mine_at;
                mine = error > mine ? error : mine;
            }
#pragma omp critical
            if (mine > worst) {
                worst = mine;
                at = mine_at;
            }
        }
        printf("%s\t%.4f\t%.9g\n", functions[f].name, worst, at);
        fflush(stdout);
    }
}
