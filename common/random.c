#include "random.h"

#include "fail.h"
#include "numeric.h"

enum { ROUNDS = 10 };

void
philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    uint32_t k = key[0], l = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p = 0xD2511F53ull * a, q = 0xCD9E8D57ull * c;
        a = (uint32_t)(q >> 32) ^ b ^ k;
        b = (uint32_t)q;
        c = (uint32_t)(p >> 32) ^ d ^ l;
        d = (uint32_t)p;
        k += 0x9E3779B9; // the golden ratio
        l += 0xBB67AE85; // sqrt(3) - 1
    }
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d;
}

rng
rng_at(uint32_t seed, uint32_t stream)
{
    return (rng){.key = {seed, stream}, .used = 4};
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

// The standard normal distribution's quantile at p in (0, 1), with q = p - 1/2 given.
double
rng_normal(rng *r)
{
    double p = ((double)(two_words(r) >> 12) + 0.5) * 0x1p-52, q = p - 0.5;
    if (__builtin_fabs(q) <= 0.425) {
        double s = 0.180625 - q * q;
        return q *
               POLY64(s, 2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
                      4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
                      1.3314166789178437745e2, 3.3871328727963666080e0) /
               POLY64(s, 5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
                      2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
                      4.2313330701600911252e1, 1.0);
    }
    double tail = sqrt64(-log64(q < 0 ? p : 1 - p)), z;
    if (tail <= 5) {
        double s = tail - 1.6;
        z = POLY64(s, 7.74545014278341407640e-4, 2.27238449892691845833e-2,
                   2.41780725177450611770e-1, 1.27045825245236838258e0, 3.64784832476320460504e0,
                   5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0) /
            POLY64(s, 1.05075007164441684324e-9, 5.47593808499534494600e-4,
                   1.51986665636164571966e-2, 1.48103976427480074590e-1, 6.89767334985100004550e-1,
                   1.67638483018380384940e0, 2.05319162663775882187e0, 1.0);
    } else {
        double s = tail - 5;
        z = POLY64(s, 2.01033439929228813265e-7, 2.71155556874348757815e-5,
                   1.24266094738807843860e-3, 2.65321895265761230930e-2, 2.96560571828504891230e-1,
                   1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0) /
            POLY64(s, 2.04426310338993978564e-15, 1.42151175831644588870e-7,
                   1.84631831751005468180e-5, 7.86869131145613259100e-4, 1.48753612908506148525e-2,
                   1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0);
    }
    return q < 0 ? -z : z;
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

void
rng_shuffle(rng *r, int n, int *x)
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)rng_below(r, i + 1), kept = x[i];
        x[i] = x[j];
        x[j] = kept;
    }
}
