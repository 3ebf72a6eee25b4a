#include "transformer/tasks.h"

#include "transformer/transformer.h"

#include <string.h>

void
transformer_reverse_batch(rng *r, int B, int *source, int *read, int *say)
{
    const int T = TRANSFORMER_REVERSE_T;
    for (int i = 0; i < B * T; i++)
        source[i] = 1 + (int)rng_below(r, TRANSFORMER_REVERSE_V - 1);
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++) {
            say[b * T + t] = source[b * T + T - 1 - t];
            read[b * T + t] = t == 0 ? 0 : say[b * T + t - 1];
        }
}

// Writes the digits of n, most significant first.
static void
write_digits(int n, int digits, int *at)
{
    for (int i = digits - 1; i >= 0; i--, n /= 10)
        at[i] = n % 10;
}

void
transformer_addition_batch(rng *r, int B, bool least_first, const bool *marks, bool mark, int *read,
                           int *say)
{
    enum {
        N = TRANSFORMER_ADDITION_DIGITS,
        T = TRANSFORMER_ADDITION_T,
        ANSWER = 2 * N + 2,
        PLUS = 10,
        EQUALS = 11
    };
    for (int b = 0; b < B; b++) {
        int pair, all[T + 1], sum[N + 1];
        do
            pair = (int)rng_below(r, TRANSFORMER_ADDITION_PAIRS);
        while (marks[pair] != mark);
        int x = pair / TRANSFORMER_ADDITION_RANGE, y = pair % TRANSFORMER_ADDITION_RANGE;
        write_digits(x, N, all);
        all[N] = PLUS;
        write_digits(y, N, all + N + 1);
        all[ANSWER - 1] = EQUALS;
        write_digits(x + y, N + 1, sum);
        for (int i = 0; i <= N; i++)
            all[ANSWER + i] = sum[least_first ? N - i : i];
        memcpy(read + b * T, all, T * sizeof(int));
        for (int t = 0; t < T; t++)
            say[b * T + t] = t + 1 < ANSWER ? -1 : all[t + 1];
    }
}

void
transformer_windows(const int *text, int B, const int *start, int T, int *read, int *say)
{
    for (int b = 0; b < B; b++) {
        memcpy(read + b * T, text + start[b], T * sizeof(int));
        memcpy(say + b * T, text + start[b] + 1, T * sizeof(int));
    }
}

double
transformer_exact_part(const tensor *logits, const int *say)
{
    int B = logits->shape.n[0], T = logits->shape.n[1], V = logits->shape.n[2], right = 0;
    for (int b = 0; b < B; b++) {
        bool all = true;
        for (int i = b * T; i < (b + 1) * T; i++)
            all = all && (say[i] < 0 ||
                          transformer_sample(V, logits->data + (long)i * V, 0, 0, NULL) == say[i]);
        right += all;
    }
    return (double)right / B;
}
