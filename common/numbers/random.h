// Random numbers that are the same on every machine: Philox4x32-10, a block cipher of a counter
// (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

// The block of 4 random words that belongs to a counter and a key: 10 rounds.
void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

// A sequence of words: those of the blocks with the counters (low word, high word, 0, 0) of
// 0, 1, 2, ..., in order. Copying it copies the place in the sequence.
typedef struct {
    uint32_t key[2];  // seed, stream
    uint64_t block;   // the next counter
    uint32_t word[4]; // the present block
    int used;         // words of it that are used up
} rng;

// The beginning of one of 2^64 independent sequences.
rng rng_at(uint32_t seed, uint32_t stream);

// From now on every rng_at takes its seed + by: what a whole program says under other random numbers. The one piece
// of global state outside of the tapes; for a program's beginning.
void rng_shift_seeds(uint32_t by);

// The next word: uniform on 0 ... 2^32 - 1.
uint32_t rng_u32(rng *r);

// Uniform on the multiples of 2^-24 in [0, 1): the high 24 bits of one word.
float rng_uniform(rng *r);

// Uniform on the multiples of 2^-53 in [0, 1): the high 53 bits of two words, the first the higher.
double rng_uniform64(rng *r);

// Uniform on 0 ... n - 1, without bias: the high word of (word times n), again while the low word
// is below 2^32 mod n (Lemire 2019, "Fast random integer generation in an interval"). n = 0 is an
// error.
uint32_t rng_below(rng *r, uint32_t n);

// The standard normal distribution's quantile at p in (0, 1), right to 1e-15 relative: Wichura
// 1988, "Algorithm AS 241: the percentage points of the normal distribution" (PPND16).
double normal_quantile(double p);

// Standard normal: the quantile of (k + 1/2) / 2^52, k the high 52 bits of two words.
double rng_normal(rng *r);

// x (n): each mean + std rng_normal, rounded once from double, or low + (high - low) rng_uniform.
void rng_fill_normal(rng *r, long n, float *x, float mean, float std);
void rng_fill_uniform(rng *r, long n, float *x, float low, float high);

#endif
