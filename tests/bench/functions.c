// An elementary function over 64 arrays of 4096 values, for tests/bench/bench.py: functions ours|libm|sleef NAME.
// SLEEF's are called as a user would, on the widest vectors that this build has, at an error of 1.0 ULP.
#include "bench.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <math.h>
#include <sleef.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef __AVX512F__
enum { BYTES = 64 };
#define SLEEF32(f) Sleef_##f##f16_u10avx512f
#define SLEEF64(f) Sleef_##f##d8_u10avx512f
#elif defined(__AVX2__)
enum { BYTES = 32 };
#define SLEEF32(f) Sleef_##f##f8_u10avx2
#define SLEEF64(f) Sleef_##f##d4_u10avx2
#else
enum { BYTES = 16 };
#define SLEEF32(f) Sleef_##f##f4_u10
#define SLEEF64(f) Sleef_##f##d2_u10
#endif
typedef float floats __attribute__((vector_size(BYTES)));
typedef double doubles __attribute__((vector_size(BYTES)));

enum { N = 4096, ARRAYS = 64 };

// Ours, libm's and SLEEF's, and the interval of the values.
#define FLOAT_FUNCTIONS(F) F(exp, -20, 20) F(log, 0, 20) F(tanh, -8, 8) F(erf, -4, 4)
#define DOUBLE_FUNCTIONS(F) F(exp, -20, 20) F(log, 0, 20) F(sin, -100, 100) F(cos, -100, 100)

// A function over an array: the compiler makes vectors of ours.
#define LOOP(name, type, vector, f)                                        \
    static void name(const void *from, void *to)                           \
    {                                                                      \
        const vector *x = from;                                            \
        vector *restrict y = to;                                           \
        for (int i = 0; i < N / (int)(sizeof(vector) / sizeof(type)); i++) \
            y[i] = f(x[i]);                                                \
    }
#define FLOAT_LOOPS(name, low, high)              \
    LOOP(ours_##name##32, float, float, name##32) \
    LOOP(libm_##name##32, float, float, name##f)  \
    LOOP(sleef_##name##32, float, floats, SLEEF32(name))
#define DOUBLE_LOOPS(name, low, high)               \
    LOOP(ours_##name##64, double, double, name##64) \
    LOOP(libm_##name##64, double, double, name)     \
    LOOP(sleef_##name##64, double, doubles, SLEEF64(name))
FLOAT_FUNCTIONS(FLOAT_LOOPS)
DOUBLE_FUNCTIONS(DOUBLE_LOOPS)

typedef void loop(const void *from, void *to);

#define ROW(f, bits, low, high) \
    {#f #bits, bits == 64, low, high, {ours_##f##bits, libm_##f##bits, sleef_##f##bits}},
#define FLOAT_ROW(f, low, high) ROW(f, 32, low, high)
#define DOUBLE_ROW(f, low, high) ROW(f, 64, low, high)
static const struct {
    const char *name;
    bool is_double;
    double low, high;
    loop *by[3]; // ours, libm, SLEEF
} functions[] = {FLOAT_FUNCTIONS(FLOAT_ROW) DOUBLE_FUNCTIONS(DOUBLE_ROW)};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static _Alignas(64) char from[N * sizeof(double)], to[N * sizeof(double)], ours[N * sizeof(double)];

static double
step(void *context)
{
    loop *const *f = context;
    for (int i = 0; i < ARRAYS; i++)
        (*f)(from, to);
    return 0;
}

static void
fill(bool is_double, double low, double high)
{
    for (int i = 0; i < N; i++) {
        double x = low + (high - low) * (i * 1237 % N + 0.5) / N;
        if (is_double)
            ((double *)from)[i] = x;
        else
            ((float *)from)[i] = (float)x;
    }
}

// The largest difference from ours in units of ours' last place.
static double
difference(bool is_double)
{
    double most = 0;
    for (int i = 0; i < N; i++) {
        double x = is_double ? ((double *)to)[i] : ((float *)to)[i];
        double y = is_double ? ((double *)ours)[i] : ((float *)ours)[i];
        int exponent;
        frexp(y, &exponent);
        most = fmax(most, fabs(x - y) * ldexp(1, (is_double ? 53 : 24) - exponent));
    }
    return most;
}

int
main(int count, char **argument)
{
    static const char *const names[] = {"ours", "libm", "sleef"};
    int by = 0, f = 0;
    while (count == 3 && by < 3 && strcmp(argument[1], names[by]))
        by++;
    while (count == 3 && f < FUNCTIONS && strcmp(argument[2], functions[f].name))
        f++;
    if (count != 3 || by == 3 || f == FUNCTIONS)
        fail("expected: functions ours|libm|sleef exp32|exp64|log32 ...");
    fill(functions[f].is_double, functions[f].low, functions[f].high);
    functions[f].by[0](from, ours);
    functions[f].by[by](from, to);
    double most = difference(functions[f].is_double);
    if (!(most < 4))
        fail("%s by %s differs from ours by %g ULP", functions[f].name, names[by], most);
    answer(step, (void *)&functions[f].by[by]);
}
