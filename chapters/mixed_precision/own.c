#include "mixed_precision/own.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/memory.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

mixed_precision_own_sizes
mixed_precision_own_take(const npy *a)
{
    mixed_precision_own_sizes own = {.size = memory_zeroed(a->size + 1, sizeof(double), "sizes")};
    for (long i = 0; i < a->size; i++) {
        double x = fabs((double)(float)a->values[i]);
        own.zeros += x == 0;
        own.others += !isfinite(x);
        if (x == 0 || !isfinite(x))
            continue;
        own.size[own.n++] = x;
        int e;
        frexp(x, &e); // x = m 2^e with m in [1/2, 1)
        own.exponents[e - 1 - MIXED_PRECISION_OWN_LOW]++;
    }
    sort64(own.n, own.size);
    return own;
}

// Whether with this scale none overflows and fewer than one in 1000 becomes zero.
static bool
is_good(const float_format *f, const mixed_precision_own_sizes *own, int log2_scale)
{
    double scale = power_of_two64(log2_scale);
    float low = format_round_double(f, scale * own->size[(own->n - 1) / 1000]);
    return low > 0 && isfinite(format_round_double(f, scale * own->size[own->n - 1]));
}

mixed_precision_own_fate
mixed_precision_own_in(const float_format *f, const mixed_precision_own_sizes *own)
{
    mixed_precision_own_fate fate = {.from = 1, .to = 0};
    double lowest = power_of_two64(format_lowest(f)), error = 0, all = 0;
    if (own->n == 0)
        return fate;
    for (long i = 0; i < own->n; i++) {
        double y = format_round_double(f, own->size[i]);
        fate.zero += y == 0;
        fate.subnormal += y > 0 && y < lowest;
        fate.infinite += !isfinite(y);
        if (isfinite(y)) {
            error += (y - own->size[i]) * (y - own->size[i]);
            all += own->size[i] * own->size[i];
        }
    }
    fate.zero /= own->n;
    fate.subnormal /= own->n;
    fate.infinite /= own->n;
    fate.error = all > 0 ? sqrt64(error / all) : 0;
    for (int s = 126; s >= -126; s--) // powers that are floats
        if (is_good(f, own, s)) {
            fate.to = fate.from > fate.to ? s : fate.to;
            fate.from = s;
        }
    return fate;
}

static void
print_exponents(const mixed_precision_own_sizes *own)
{
    enum { WIDTH = 50 };
    long most = 1;
    for (int i = 0; i < MIXED_PRECISION_OWN_HIGH - MIXED_PRECISION_OWN_LOW; i++)
        most = own->exponents[i] > most ? own->exponents[i] : most;
    printf("values with 2^e <= |x| < 2^(e+1):\n");
    for (int i = 0; i < MIXED_PRECISION_OWN_HIGH - MIXED_PRECISION_OWN_LOW; i++) {
        if (!own->exponents[i])
            continue;
        printf("%6d %10ld ", i + MIXED_PRECISION_OWN_LOW, own->exponents[i]);
        for (long k = 0; k < WIDTH * own->exponents[i] / most; k++)
            putchar('#');
        putchar('\n');
    }
}

void
mixed_precision_own_npy(const char *path)
{
    static const float_format *const all[] = {&format_half, &format_bfloat, &format_e4m3,
                                              &format_e5m2};
    npy a = npy_read(path);
    mixed_precision_own_sizes own = mixed_precision_own_take(&a);
    npy_free(&a);
    printf("%s: %ld numbers, beside them %ld zeros, %ld infinite or NaN\n", escape(path), own.n,
           own.zeros, own.others);
    if (own.n == 0)
        fail("%s: no finite number that is not zero; expected at least one", escape(path));
    print_exponents(&own);
    printf("format       zero  subnormal  too large  relative error  scales that lose less than "
           "0.1 %%\n");
    for (int i = 0; i < 4; i++) {
        mixed_precision_own_fate fate = mixed_precision_own_in(all[i], &own);
        printf("%-6s %8.3f %% %8.3f %% %8.3f %% %15.2e  ", all[i]->name, 100 * fate.zero,
               100 * fate.subnormal, 100 * fate.infinite, fate.error);
        if (fate.from > fate.to)
            printf("none\n");
        else
            printf("2^%d to 2^%d\n", fate.from, fate.to);
    }
    free(own.size);
}
