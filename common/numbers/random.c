#include "numbers/random.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <string.h>

enum { ROUNDS = 10 };

void
philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint64_t p = 0xD2511F53ull * a, q = 0xCD9E8D57ull * c;
        // the key grows by the golden ratio and by sqrt(3) - 1, as fractions of 2^32
        a = (uint32_t)(q >> 32) ^ b ^ (key[0] + round * 0x9E3779B9);
        c = (uint32_t)(p >> 32) ^ d ^ (key[1] + round * 0xBB67AE85);
        b = (uint32_t)q;
        d = (uint32_t)p;
    }
    memcpy(out, (uint32_t[]){a, b, c, d}, 4 * sizeof *out);
}

static uint32_t shift; // of every seed; set before there are threads, and then only read

void
rng_shift_seeds(uint32_t by)
{
    shift = by;
}

rng
rng_at(uint32_t seed, uint32_t stream)
{
    return (rng){.key = {seed + shift, stream}, .used = 4};
}

uint32_t
rng_u32(rng *r)
{
    if (r->used == 4) {
        philox((uint32_t[]){(uint32_t)r->block, (uint32_t)(r->block >> 32), 0, 0}, r->key, r->word);
        r->block++;
        r->used = 0;
    }
    return r->word[r->used++];
}

float
rng_uniform(rng *r)
{
    return (float)(rng_u32(r) >> 8) * 0x1p-24f;
}

static uint64_t
two_words(rng *r)
{
    uint64_t high = rng_u32(r);
    return high << 32 | rng_u32(r);
}

double
rng_uniform64(rng *r)
{
    return (double)(two_words(r) >> 11) * 0x1p-53;
}

uint32_t
rng_below(rng *r, uint32_t n)
{
    if (n == 0)
        fail("rng_below: n = 0, there is no number below 0");
    uint64_t product = (uint64_t)rng_u32(r) * n;
    if ((uint32_t)product < n)
        for (uint32_t rejected = -n % n; (uint32_t)product < rejected;)
            product = (uint64_t)rng_u32(r) * n;
    return (uint32_t)(product >> 32);
}

double
normal_quantile(double p)
{
    double q = p - 0.5;
    if (__builtin_fabs(q) <= 0.425) {
        double s = 0.180625 - q * q; // 0.425^2 - q^2
        return q *
               POLY64(s, 2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
                      45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
                      133.14166789178437745, 3.387132872796366608) /
               POLY64(s, 5226.495278852854561, 28729.085735721942674, 39307.89580009271061,
                      21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
                      42.313330701600911252, 1.0);
    }
    double r = sqrt64(-log64(q < 0 ? p : 1 - p)), near = r - 1.6, far = r - 5;
    double x =
        r <= 5
            ? POLY64(near, 7.7454501427834140764e-4, 0.0227238449892691845833,
                     0.24178072517745061177, 1.27045825245236838258, 3.64784832476320460504,
                     5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734) /
                  POLY64(near, 1.05075007164441684324e-9, 5.475938084995344946e-4,
                         0.0151986665636164571966, 0.14810397642748007459, 0.68976733498510000455,
                         1.6763848301838038494, 2.05319162663775882187, 1.0)
            : POLY64(far, 2.01033439929228813265e-7, 2.71155556874348757815e-5,
                     0.0012426609473880784386, 0.026532189526576123093, 0.29656057182850489123,
                     1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772) /
                  POLY64(far, 2.04426310338993978564e-15, 1.4215117583164458887e-7,
                         1.8463183175100546818e-5, 7.868691311456132591e-4,
                         0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769,
                         1.0);
    return q < 0 ? -x : x;
}

double
rng_normal(rng *r)
{
    return normal_quantile(((double)(two_words(r) >> 12) + 0.5) * 0x1p-52);
}

void
rng_fill_normal(rng *r, long n, float *x, float mean, float std)
{
    for (long i = 0; i < n; i++)
        x[i] = (float)(mean + std * rng_normal(r));
}

void
rng_fill_uniform(rng *r, long n, float *x, float low, float high)
{
    for (long i = 0; i < n; i++)
        x[i] = low + (high - low) * rng_uniform(r);
}
