// Figure overwrite: what does a state answer when values are replaced? Eight keys get new values again and again: the
// squared error of what comes back for the newest, with a plain sum, decay and the delta rule, against the rounds.
#include "linear_attention/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>
#include <string.h>

enum { SEED = 71, WIDTH = 64, VALUE = 32, KEYS = 8, ROUNDS = 32, DRAWS = 60 };
typedef enum { SUM, DECAY, DELTA, RULES } rule;
static const double gamma_of_decay = 0.9;

// A pair goes into the state S: S + k v^T; gamma S + k v^T; S + k (v - S^T k)^T.
static void
write_pair(rule kind, const double *k, const double *v, double S[WIDTH][VALUE])
{
    double miss[VALUE];
    for (int j = 0; j < VALUE; j++) {
        miss[j] = v[j];
        for (int f = 0; f < WIDTH && kind == DELTA; f++)
            miss[j] -= S[f][j] * k[f];
    }
    for (int f = 0; f < WIDTH; f++)
        for (int j = 0; j < VALUE; j++)
            S[f][j] = (kind == DECAY ? gamma_of_decay : 1) * S[f][j] + k[f] * miss[j];
}

// The mean of |S^T k - v|^2 / VALUE over the keys and their newest values.
static double
error_of(double S[WIDTH][VALUE], double k[KEYS][WIDTH], double v[KEYS][VALUE])
{
    double square = 0;
    for (int i = 0; i < KEYS; i++)
        for (int j = 0; j < VALUE; j++) {
            double answer = 0;
            for (int f = 0; f < WIDTH; f++)
                answer += S[f][j] * k[i][f];
            square += (answer - v[i][j]) * (answer - v[i][j]);
        }
    return square / (KEYS * VALUE);
}

// One draw of keys of length 1, and of new values for all of them in every round.
static void
overwrite(int draw, double error[RULES][ROUNDS][DRAWS])
{
    double k[KEYS][WIDTH], v[KEYS][VALUE], S[RULES][WIDTH][VALUE];
    rng r = rng_at(SEED, draw);
    for (int i = 0; i < KEYS; i++) {
        double square = 0;
        for (int f = 0; f < WIDTH; f++) {
            k[i][f] = rng_normal(&r);
            square += k[i][f] * k[i][f];
        }
        for (int f = 0; f < WIDTH; f++)
            k[i][f] /= sqrt64(square);
    }
    memset(S, 0, sizeof S);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < KEYS; i++) {
            for (int j = 0; j < VALUE; j++)
                v[i][j] = rng_normal(&r);
            for (rule kind = SUM; kind < RULES; kind++)
                write_pair(kind, k[i], v[i], S[kind]);
        }
        for (rule kind = SUM; kind < RULES; kind++)
            error[kind][round][draw] = error_of(S[kind], k, v);
    }
}

// The plain sum after this many rounds, in the mean: each key's own old values, and n - 1 of every round through keys
// that are not orthogonal.
static double
line(int rounds)
{
    return rounds - 1 + rounds * (KEYS - 1.0) / WIDTH;
}

void
linear_attention_figure_overwrite(void)
{
    static double error[RULES][ROUNDS][DRAWS];
    stats_estimate mean[RULES];
    int draws = program_steps(DRAWS, 3);
    for (int draw = 0; draw < draws; draw++)
        overwrite(draw, error);
    table *t = program_table("overwrite", "rounds\tsum\tsum_standard_error\tline\tdecay\tdelta");
    for (int round = 0; round < ROUNDS; round++) {
        for (rule kind = SUM; kind < RULES; kind++)
            mean[kind] = stats_mean(draws, error[kind][round]);
        table_row(t, "iddddd", round + 1, mean[SUM].mean, mean[SUM].error, line(round + 1),
                  mean[DECAY].mean, mean[DELTA].mean);
    }
    table_close(t);
    claim_below(
        "overwrite-sum",
        "8 keys, 32 rounds, a plain sum: squared error less 31 + 32 7/64, in standard errors", 4,
        unless_quick(fabs(mean[SUM].mean - line(ROUNDS)) / mean[SUM].error), "derived in the text",
        FOUND);
    claim_below("overwrite-delta", "8 keys, 32 rounds, the delta rule: squared error", 0.2,
                unless_quick(mean[DELTA].mean),
                "expected: about 7/64, 3.5 later misses of size 2 in 64 dimensions", FOUND);
}
