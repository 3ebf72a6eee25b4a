// Figure generation: what does the next token cost after many? Bytes that are kept and the time of one token, with a
// cache of keys and values and with a state, against the number of tokens so far.
#include "linear_attention/figures/figures.h"

#include "files/table.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "linear_attention/linear_attention.h"
#include "nets/tensor.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

// Tokens are counted in powers of 2, from 2^FIRST to 2^LAST.
enum { SEED = 21, STREAM = 100, H = 4, D = 32, FIRST = 6, LAST = 14, TOKENS = 1 << LAST };

static long
cache_bytes(long tokens)
{
    return 2 * tokens * H * D * (long)sizeof(float);
}

static long
state_bytes(void)
{
    return H * (D + 1) * D * (long)sizeof(float);
}

// A layer's queries and answers (H, D) of one token, which are the same for all, and the keys and values of all.
typedef struct {
    float q[H * D], out[H * D];
    float *k, *v; // (H, TOKENS, D)
    float S[H][D * D], z[H][D];
    float *score; // (TOKENS)
} layer;

static layer *
layer_new(void)
{
    long size = (long)H * TOKENS * D;
    layer *l = permanent_alloc(sizeof *l);
    rng r = rng_at(SEED, STREAM);
    l->k = permanent_alloc(size * sizeof *l->k);
    l->v = permanent_alloc(size * sizeof *l->v);
    l->score = permanent_alloc(TOKENS * sizeof *l->score);
    rng_fill_uniform(&r, size, l->k, 0, 1); // as if it had been mapped
    rng_fill_uniform(&r, size, l->v, -1, 1);
    rng_fill_uniform(&r, H * D, l->q, 0, 1);
    return l;
}

// The token goes into the state, and its query asks it.
static void
state_token(layer *l, long token)
{
    for (int h = 0; h < H; h++) {
        long from = ((long)h * TOKENS + token) * D;
        linear_attention_step(D, D, 0, l->q + h * D, l->k + from, l->v + from, l->S[h], l->z[h],
                              l->out + h * D);
    }
}

// The token's query asks the keys and values of all tokens before it and its own.
static void
cache_token(layer *l, long token)
{
    int tokens = (int)token + 1;
    for (int h = 0; h < H; h++) {
        const float *keys = l->k + (long)h * TOKENS * D, *values = l->v + (long)h * TOKENS * D;
        matmul(1, tokens, D, matrix_of(l->q + h * D, D), transpose_of(keys, D), l->score, tokens,
               MATMUL_SET);
        softmax32(tokens, l->score, l->score);
        matmul(1, D, tokens, matrix_of(l->score, tokens), matrix_of(values, D), l->out + h * D, D,
               MATMUL_SET);
    }
}

// Microseconds of a token after 64, 128, ... tokens: medians of the last eight of them.
static void
time_tokens(int i, void *context)
{
    enum { ROUNDS = 8 };
    (void)i;
    (void)context;
    layer *l = layer_new();
    double state[ROUNDS], cache[ROUNDS];
    int last = program_steps(LAST, FIRST + 1);
    long token = 0;
    table *t = program_table("generation.timing", "tokens\tstate_us\tcache_us");
    for (int at = FIRST; at <= last; at++) {
        for (; token < 1l << at; token++) {
            double start = timing_seconds();
            state_token(l, token);
            state[token % ROUNDS] = 1e6 * (timing_seconds() - start);
        }
        // Behind the state's tokens, since it pushes them out of the processor's caches
        for (int round = 0; round < ROUNDS; round++) {
            double start = timing_seconds();
            cache_token(l, token - ROUNDS + round);
            cache[round] = 1e6 * (timing_seconds() - start);
        }
        table_row(t, "idd", 1 << at, stats_quartiles_of(ROUNDS, state).middle,
                  stats_quartiles_of(ROUNDS, cache).middle);
    }
    table_close(t);
}

void
linear_attention_figure_generation(void)
{
    table *t = program_table("generation", "tokens\tcache_bytes\tstate_bytes\tratio");
    for (int at = FIRST; at <= LAST; at++)
        table_row(t, "iiid", 1 << at, (int)cache_bytes(1l << at), (int)state_bytes(),
                  (double)cache_bytes(1l << at) / (double)state_bytes());
    table_close(t);
    training_side_by_side(1, time_tokens, NULL);
}
