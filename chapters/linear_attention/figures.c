// The chapter's experiments: one function for each figure, each with its own seed.
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "linear_attention/cases.h"
#include "linear_attention/linear_attention.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMS_SEED = 11,
    COST_SEED = 21,
    CAPACITY_SEED = 31,
    COPY_SEED = 41,
    RECALL_SEED = 51,
    DRIFT_SEED = 61
};

// ---- The three forms ----

enum { FORMS_N = 1024, FORMS_D = 32, FORMS_CHUNKS = 5 };
static const int forms_chunk[FORMS_CHUNKS] = {1, 16, 64, 100, 1024};

// The causal case of one head in chunks, in double: q, k (n, d), v (n, d) -> out (n, d).
static void
chunked64(int n, int d, int chunk, const double *q, const double *k, const double *v, double *out)
{
    double S[d * d], z[d];
    memset(S, 0, sizeof S);
    memset(z, 0, sizeof z);
    for (int first = 0; first < n; first += chunk) {
        int end = n - first < chunk ? n : first + chunk;
        for (int t = first; t < end; t++) {
            double total = 0, *row = out + t * d;
            memset(row, 0, d * sizeof *row);
            for (int f = 0; f < d; f++) {
                total += q[t * d + f] * z[f];
                for (int j = 0; j < d; j++)
                    row[j] += q[t * d + f] * S[f * d + j];
            }
            for (int s = first; s <= t; s++) {
                double weight = 0;
                for (int f = 0; f < d; f++)
                    weight += q[t * d + f] * k[s * d + f];
                total += weight;
                for (int j = 0; j < d; j++)
                    row[j] += weight * v[s * d + j];
            }
            for (int j = 0; j < d; j++)
                row[j] /= total;
        }
        for (int s = first; s < end; s++)
            for (int f = 0; f < d; f++) {
                z[f] += k[s * d + f];
                for (int j = 0; j < d; j++)
                    S[f * d + j] += k[s * d + f] * v[s * d + j];
            }
    }
}

// The largest |x - y|.
static double
difference(long n, const float *x, const float *y)
{
    double most = 0;
    for (long i = 0; i < n; i++)
        if (fabs((double)x[i] - y[i]) > most)
            most = fabs((double)x[i] - y[i]);
    return most;
}

static double
difference64(long n, const double *x, const double *y)
{
    double most = 0;
    for (long i = 0; i < n; i++)
        most = fmax(most, fabs(x[i] - y[i]));
    return most;
}

// The largest difference of an answer from the parallel form's, in float32 and in double.
static void
forms(void)
{
    enum { N = FORMS_N, D = FORMS_D, SIZE = N * D };
    static double wide[3][SIZE], expected[SIZE], out[SIZE];
    rng r = rng_at(FORMS_SEED, 0);
    tensor *x[3];
    for (int i = 0; i < 3; i++) {
        x[i] = constant("x", SHAPE(1, N, 1, D), NULL);
        rng_fill_normal(&r, SIZE, x[i]->data, 0, 1);
        if (i < 2)
            x[i] = linear_attention_features(x[i], LINEAR_ATTENTION_ELU, NULL);
        for (int j = 0; j < SIZE; j++)
            wide[i][j] = x[i]->data[j];
    }
    const float *single = linear_attention_parallel(x[0], x[1], x[2], 0)->data;
    chunked64(N, D, N, wide[0], wide[1], wide[2], expected);
    table *t = program_table("forms", "chunk\tfloat32\tfloat64");
    for (int i = 0; i < FORMS_CHUNKS; i++) {
        int chunk = forms_chunk[i];
        const tensor *y = chunk == 1 ? linear_attention_recurrent(x[0], x[1], x[2], 0)
                                     : linear_attention_chunked(x[0], x[1], x[2], 0, chunk);
        chunked64(N, D, chunk, wide[0], wide[1], wide[2], out);
        table_row(t, "idd", chunk, difference(SIZE, y->data, single),
                  difference64(SIZE, out, expected));
    }
    table_close(t);
    tensors_free();
}

// ---- What it costs ----

enum { COST_D = 32, COST_CHUNK = 32, COST_LENGTHS = 8, WHOLE_LENGTHS = 6, ROWS = 64 };

// Softmax attention of one head, a block of rows at a time, so that its scores stay in the cache.
static void
softmax_by_rows(int N, const float *q, const float *k, const float *v, float *out)
{
    enum { D = COST_D };
    float *scores = tape_alloc((long)ROWS * N * sizeof *scores);
    for (int t = 0; t < N; t += ROWS) {
        int keys = t + ROWS;
        matmul(ROWS, keys, D, matrix_of(q + t * D, D), transpose_of(k, D), scores, keys,
               MATMUL_SET);
        for (int i = 0; i < ROWS; i++) {
            softmax32(t + i + 1, scores + i * keys, scores + i * keys);
            memset(scores + i * keys + t + i + 1, 0, (ROWS - i - 1) * sizeof *scores);
        }
        matmul(ROWS, D, keys, matrix_of(scores, keys), matrix_of(v, D), out + t * D, D, MATMUL_SET);
    }
}

// Milliseconds of a causal head, forward: linear, softmax by rows, softmax of all rows at once; medians.
static void
time_length(int N, bool whole, double median[3])
{
    enum { ROUNDS = 5 };
    double time[3][ROUNDS];
    linear_attention_config c = {.chunk = COST_CHUNK};
    for (int i = 0; i < ROUNDS; i++) {
        rng r = rng_at(COST_SEED, i);
        tensor *x = constant("x", SHAPE(1, N, 1, COST_D), NULL);
        tensor *y = constant("y", x->shape, NULL);
        rng_fill_normal(&r, x->size, x->data, 0, 1);
        bool *mask = whole ? transformer_causal_mask(1, N, N) : NULL;
        double start = timing_seconds();
        linear_attention_causal(x, x, x, &c);
        time[0][i] = 1e3 * (timing_seconds() - start);
        start = timing_seconds();
        softmax_by_rows(N, x->data, x->data, x->data, y->data);
        time[1][i] = 1e3 * (timing_seconds() - start);
        start = timing_seconds();
        if (whole)
            transformer_attention(x, x, x, mask, NULL);
        time[2][i] = whole ? 1e3 * (timing_seconds() - start) : NAN;
        tape_reset();
    }
    for (int f = 0; f < 3; f++) {
        sort64(ROUNDS, time[f]);
        median[f] = time[f][ROUNDS / 2];
    }
}

static void
time_lengths(int i, void *context)
{
    (void)i;
    (void)context;
    table *t = program_table("cost.timing", "length\tlinear_ms\tsoftmax_rows_ms\tsoftmax_whole_ms");
    for (int l = 0; l < program_steps(COST_LENGTHS, 2); l++) {
        double median[3];
        time_length(64 << l, l < WHOLE_LENGTHS, median);
        table_row(t, "iddd", 64 << l, median[0], median[1], median[2]);
    }
    table_close(t);
}

// Multiply-adds of one head, forward: all pairs, and chunks. F = m = d.
static double
pairs_cost(double N)
{
    return 2 * N * N * COST_D;
}

static double
chunks_cost(double N)
{
    const double d = COST_D, C = COST_CHUNK;
    return N / C * (2 * C * C * d + 2 * C * d * d + C * d);
}

// Multiply-adds and time of a head against the length of the sequence.
static void
cost(void)
{
    double shallowest[2] = {INFINITY, INFINITY}, steepest[2] = {0, 0};
    table *t = program_table("cost", "length\tpairs\tchunks");
    for (int l = 0; l < COST_LENGTHS; l++) {
        double N = 64 << l, slope[] = {log64(pairs_cost(2 * N) / pairs_cost(N)) / log64(2),
                                       log64(chunks_cost(2 * N) / chunks_cost(N)) / log64(2)};
        table_row(t, "idd", 64 << l, pairs_cost(N), chunks_cost(N));
        for (int f = 0; f < 2; f++) {
            shallowest[f] = fmin(shallowest[f], slope[f]);
            steepest[f] = fmax(steepest[f], slope[f]);
        }
    }
    table_close(t);
    training_side_by_side(1, time_lengths, NULL);
    const char *source = "Katharopoulos et al. 2020";
    claim_near("cost-pairs", "multiply-adds of all pairs: the shallowest slope over the length", 2,
               shallowest[0], 1e-9, source, REPRODUCED);
    claim_near("cost-chunks", "multiply-adds in chunks of 32: the steepest slope over the length",
               1, steepest[1], 1e-9, source, REPRODUCED);
    claim_near("cost-even", "d 32, chunks of 32: both cost the same at this length", 64.5,
               chunks_cost(1) / pairs_cost(1), 1e-9, "this chapter", REPRODUCED);
}

// ---- Generation ----

enum { TOKENS = 16384, GENERATION_H = 4, GENERATION_D = 32, FIRST_TOKENS = 6, LAST_TOKENS = 14 };

static long
cache_bytes(long tokens)
{
    return 2 * tokens * GENERATION_H * GENERATION_D * (long)sizeof(float);
}

static long
state_bytes(void)
{
    return GENERATION_H * (GENERATION_D + 1) * GENERATION_D * (long)sizeof(float);
}

// One token asks the keys and values of all `tokens` before it and of itself: k, v (h, TOKENS, d).
static void
cached_token(long tokens, const float *q, const float *k, const float *v, float *score, float *out)
{
    enum { D = GENERATION_D };
    for (int h = 0; h < GENERATION_H; h++) {
        const float *keys = k + (long)h * TOKENS * D, *values = v + (long)h * TOKENS * D;
        matmul(1, (int)tokens, D, matrix_of(q + h * D, D), transpose_of(keys, D), score, tokens,
               MATMUL_SET);
        softmax32(tokens, score, score);
        matmul(1, D, (int)tokens, matrix_of(score, tokens), matrix_of(values, D), out + h * D, D,
               MATMUL_SET);
    }
}

// Microseconds of a token after 64, 128, ... 16384 tokens: medians of eight.
static void
time_tokens(int i, void *context)
{
    (void)i;
    (void)context;
    enum { D = GENERATION_D, H = GENERATION_H, ROUNDS = 8 };
    long size = (long)H * TOKENS * D;
    int last = program_steps(LAST_TOKENS, FIRST_TOKENS + 1);
    float *k = permanent_alloc(size * sizeof *k), *v = permanent_alloc(size * sizeof *v);
    float *score = permanent_alloc(TOKENS * sizeof *score), q[H * D], out[H * D];
    float S[H][D * D] = {{0}}, z[H][D] = {{0}};
    double time[2][ROUNDS];
    rng r = rng_at(COST_SEED, 100);
    rng_fill_uniform(&r, size, k, 0, 1); // as if it had been mapped
    rng_fill_uniform(&r, size, v, -1, 1);
    rng_fill_uniform(&r, H * D, q, 0, 1);
    table *t = program_table("generation.timing", "tokens\tstate_us\tcache_us");
    for (long token = 0, at = FIRST_TOKENS; at <= last; token++) {
        double start = timing_seconds();
        for (int h = 0; h < H; h++) {
            long from = ((long)h * TOKENS + token) * D;
            linear_attention_step(D, D, 0, q + h * D, k + from, v + from, S[h], z[h], out + h * D);
        }
        // The state's tokens are timed before the cache's, which push it out of the processor's caches
        if (token < (1l << at) - ROUNDS) {
            time[0][token % ROUNDS] = 1e6 * (timing_seconds() - start);
            continue;
        }
        start = timing_seconds();
        cached_token(token + 1, q, k, v, score, out);
        time[1][token % ROUNDS] = 1e6 * (timing_seconds() - start);
        if (token == (1l << at) - 1) {
            for (int f = 0; f < 2; f++)
                sort64(ROUNDS, time[f]);
            table_row(t, "idd", 1 << at++, time[0][ROUNDS / 2], time[1][ROUNDS / 2]);
        }
    }
    table_close(t);
}

// Time and memory of a token, by the number of tokens before it: a cache of keys and values against a state.
static void
generation(void)
{
    table *t = program_table("generation", "tokens\tcache_bytes\tstate_bytes");
    for (int at = FIRST_TOKENS; at <= LAST_TOKENS; at++)
        table_row(t, "iii", 1 << at, (int)cache_bytes(1l << at), (int)state_bytes());
    table_close(t);
    training_side_by_side(1, time_tokens, NULL);
    claim_near("generation-memory",
               "d 32: bytes of the cache over bytes of the state after 16384 tokens, 2 N / 33",
               2 * TOKENS / 33.0, (double)cache_bytes(TOKENS) / (double)state_bytes(), 1e-9,
               "this chapter", REPRODUCED);
}

// ---- What a state can hold ----

enum { CAPACITY_D = 64, VALUE = 32, COUNTS = 10, DRAWS = 60 };
static const int pair_counts[COUNTS] = {1, 2, 4, 8, 16, 32, 48, 64, 96, 128};

typedef enum { ORTHONORMAL, UNIT, ELU_UNIT, ELU_LONG, SOFTMAX, AVERAGE, MEMORIES } memory;

// What memory makes of two keys of length 1.
static double
match(memory kind, const double *a, const double *b)
{
    double sum = 0, scale = kind == ELU_LONG ? sqrt64(CAPACITY_D) : 1;
    for (int i = 0; i < CAPACITY_D; i++) {
        double x = a[i] * scale, y = b[i] * scale;
        if (kind == ELU_UNIT || kind == ELU_LONG)
            sum += (x > 0 ? x + 1 : exp64(x)) * (y > 0 ? y + 1 : exp64(y));
        else
            sum += x * y;
    }
    // Of keys of length sqrt(d), divided by sqrt(d)
    return kind == SOFTMAX ? exp64(sum * sqrt64(CAPACITY_D)) : kind == AVERAGE ? 1 : sum;
}

// Each of n stored pairs is asked for: the mean of |answer - v|^2 / VALUE.
static double
recall_error(memory kind, int n, double k[][CAPACITY_D], double v[][VALUE])
{
    double square = 0;
    for (int i = 0; i < n; i++) {
        double answer[VALUE] = {0}, total = 0;
        for (int s = 0; s < n; s++) {
            double weight = match(kind, k[i], k[s]);
            total += weight;
            for (int j = 0; j < VALUE; j++)
                answer[j] += weight * v[s][j];
        }
        for (int j = 0; j < VALUE; j++) {
            double error = answer[j] / (kind > UNIT ? total : 1) - v[i][j];
            square += error * error;
        }
    }
    return square / (n * VALUE);
}

// n random keys of length 1; each made orthogonal to those before it, if asked for.
static void
draw_keys(rng *r, int n, bool orthogonal, double k[][CAPACITY_D])
{
    enum { D = CAPACITY_D };
    for (int i = 0; i < n; i++) {
        double length = 0;
        for (int c = 0; c < D; c++)
            k[i][c] = rng_normal(r);
        // Twice, so that rounding leaves nothing
        for (int s = 0; orthogonal && s < 2 * i; s++) {
            double along = 0;
            for (int c = 0; c < D; c++)
                along += k[i][c] * k[s % i][c];
            for (int c = 0; c < D; c++)
                k[i][c] -= along * k[s % i][c];
        }
        for (int c = 0; c < D; c++)
            length += k[i][c] * k[i][c];
        for (int c = 0; c < D; c++)
            k[i][c] /= sqrt64(length);
    }
}

typedef struct {
    double error[MEMORIES], z; // z: of UNIT against (n - 1)/d
    double spread;             // standard error of error[UNIT]
} recalled;

static void
recall_pairs(int i, void *context)
{
    recalled *result = (recalled *)context + i;
    int n = pair_counts[COUNTS - 1 - i], draws = program_steps(DRAWS, 3);
    double k[n][CAPACITY_D], v[n][VALUE], square = 0;
    for (int draw = 0; draw < draws; draw++) {
        rng r = rng_at(CAPACITY_SEED, n * 1000 + draw);
        for (int s = 0; s < n; s++)
            for (int j = 0; j < VALUE; j++)
                v[s][j] = rng_normal(&r);
        for (memory kind = 0; kind < MEMORIES; kind++) {
            if (kind < 2)
                draw_keys(&r, n, kind == ORTHONORMAL && n <= CAPACITY_D, k);
            double error = recall_error(kind, n, k, v);
            result->error[kind] += error / draws;
            square += kind == UNIT ? error * error / draws : 0;
        }
    }
    double mean = result->error[UNIT], variance = fmax(square - mean * mean, 0);
    result->spread = sqrt64(variance / (draws - 1));
    result->z = n > 1 ? (mean - (n - 1) / (double)CAPACITY_D) / result->spread : 0;
    progress_advance(1);
}

static void
capacity_claims(const recalled *at)
{
    const char *own = "this chapter";
    double z = 0;
    for (int c = 0; c < COUNTS; c++)
        z = fmax(z, fabs(at[c].z));
    claim_below("capacity-line",
                "d 64, random unit keys, no normaliser: squared error against (n - 1)/d, largest "
                "|z| of 10",
                4, unless_quick(z), own, REPRODUCED);
    claim_above("capacity-elu", "64 unit keys, elu + 1: squared error over that of averaging V",
                0.99, at[7].error[ELU_UNIT] / at[7].error[AVERAGE], own, REPRODUCED);
    claim_above("capacity-elu-long", "64 keys of length 8, elu + 1: the same", 0.9,
                at[7].error[ELU_LONG] / at[7].error[AVERAGE], own, REPRODUCED);
    claim_below("capacity-softmax", "64 keys of length 8, softmax: the same", 0.1,
                at[7].error[SOFTMAX] / at[7].error[AVERAGE], own, REPRODUCED);
}

// The error of recall against the number of stored pairs.
static void
capacity(void)
{
    recalled result[COUNTS] = {0}, at[COUNTS];
    progress_expect(COUNTS);
    training_side_by_side(COUNTS, recall_pairs, result);
    table *t = program_table("capacity", "pairs\torthonormal\tunit\tunit_standard_error\tline\t"
                                         "elu_unit\telu_long\tsoftmax\taverage");
    for (int c = 0; c < COUNTS; c++) {
        const recalled *x = &result[COUNTS - 1 - c];
        int n = pair_counts[c];
        at[c] = *x;
        table_row(t, "idddddddd", n, n <= CAPACITY_D ? x->error[ORTHONORMAL] : NAN, x->error[UNIT],
                  x->spread, (n - 1) / (double)CAPACITY_D, x->error[ELU_UNIT], x->error[ELU_LONG],
                  x->error[SOFTMAX], x->error[AVERAGE]);
    }
    table_close(t);
    capacity_claims(at);
}

// ---- Copying ----

enum { COPIED = 16, COPY_V = COPIED + 1, COPY_T = 2 * COPIED, KINDS = 3 };
static const char *const kind_name[KINDS] = {"softmax", "elu", "relu"};
static linear_attention_config kind_config[KINDS] = {
    {0}, {.map = LINEAR_ATTENTION_ELU}, {.map = LINEAR_ATTENTION_RELU, .eps = 1e-6f}};

// Reads 16 symbols of 16 and a mark, then says them again: only the second half counts.
static void
copy_batch(rng *r, int B, int *read, int *say)
{
    for (int b = 0; b < B; b++) {
        int *x = read + b * COPY_T, *y = say + b * COPY_T;
        for (int t = 0; t < COPIED; t++) {
            x[t] = y[COPIED + t] = (int)rng_below(r, COPIED);
            y[t] = -1;
        }
        x[COPIED] = COPIED;
        memcpy(x + COPIED + 1, x, (COPIED - 1) * sizeof *x);
    }
}

// The part of the rows that count whose largest logit is the target.
static double
right_part(const tensor *logits, const int *say)
{
    int V = logits->shape.n[logits->shape.rank - 1], right = 0, counted = 0;
    for (long row = 0; row * V < logits->size; row++)
        if (say[row] >= 0) {
            right += transformer_sample(V, logits->data + row * V, 0, 0, NULL) == say[row];
            counted++;
        }
    return (double)right / counted;
}

typedef struct {
    int kind, seed, n, steps; // n: pairs, in the other experiment
    float *loss;              // (steps)
    double right;             // part of the test
} training;

static void
copy_run(int i, void *context)
{
    enum { B = 32, D = 64, TESTS = 200 };
    training *run = (training *)context + i;
    rng r = rng_at(COPY_SEED, run->seed);
    tensor *positions = param("positions", SHAPE(COPY_T, D));
    rng_fill_normal(&r, positions->size, positions->data, 0, 1);
    transformer_config c = {.V = COPY_V,
                            .D = D,
                            .h = 4,
                            .F = 2 * D,
                            .decoders = 2,
                            .placement = TRANSFORMER_POST_NORM,
                            .activation = t_gelu,
                            .positions = positions,
                            .attention = run->kind ? linear_attention_attend : NULL,
                            .attention_context = &kind_config[run->kind]};
    transformer m = transformer_new(&c, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    for (int s = 0; s < run->steps; s++) {
        int read[B * COPY_T], say[B * COPY_T];
        copy_batch(&r, B, read, say);
        float rate = warmup_cosine(s, run->steps / 15, run->steps, 2e-3f);
        tensor *logits = transformer_decode(&m, B, COPY_T, read, NULL, NULL, NULL, NULL);
        run->loss[s] = training_step(t_cross_entropy(logits, say), &adam, rate, 1);
    }
    int read[TESTS * COPY_T], say[TESTS * COPY_T];
    copy_batch(&r, TESTS, read, say);
    run->right =
        right_part(transformer_decode(&m, TESTS, COPY_T, read, NULL, NULL, NULL, NULL), say);
}

// Trains all, spread over the threads, and writes their curves and, as figure-tests.tsv, what they got right.
static void
run_trainings(const char *id, int n, training *runs, void (*run)(int, void *), int block)
{
    curve curves[n];
    char name[64];
    for (int i = 0; i < n; i++) {
        runs[i].loss = calloc(runs[i].steps, sizeof(float));
        if (!runs[i].loss)
            fail("no memory for %d steps", runs[i].steps);
        progress_expect(runs[i].steps);
    }
    training_side_by_side(n, run, runs);
    snprintf(name, sizeof name, "%s-tests", id);
    table *t = program_table(name, "attention\tpairs\tseed\tright_part");
    for (int i = 0; i < n; i++) {
        curves[i] = (curve){"", runs[i].steps, runs[i].loss};
        snprintf(curves[i].name, sizeof curves[i].name, "%s_%d_%d", kind_name[runs[i].kind],
                 runs[i].n, runs[i].seed);
        table_row(t, "siid", kind_name[runs[i].kind], runs[i].n, runs[i].seed, runs[i].right);
    }
    table_close(t);
    training_curves(id, block, n, curves);
    for (int i = 0; i < n; i++)
        free(runs[i].loss);
}

// Three nets learn to copy 16 symbols.
static void
copy(void)
{
    enum { SEEDS = 2, RUNS = KINDS * SEEDS };
    training runs[RUNS];
    double least = 1;
    int block = program_steps(20, 1);
    for (int i = 0; i < RUNS; i++)
        runs[i] = (training){
            .kind = i / SEEDS, .seed = i % SEEDS, .n = COPIED, .steps = program_steps(1000, 2)};
    run_trainings("copy", RUNS, runs, copy_run, block);
    for (int i = 0; i < RUNS; i++)
        least = fmin(least, runs[i].right);
    claim_above("copy-right",
                "copying 16 symbols: part that is right, worst of 3 kinds and 2 seeds", 0.99,
                unless_quick(least), "after Katharopoulos et al. 2020", REPRODUCED);
}

// ---- Associative recall ----

enum { KEYS = 64, CLASSES = 16, RECALL_D = 16, RECALL_COUNTS = 5 };
static const int recall_counts[RECALL_COUNTS] = {4, 8, 16, 32, 64};

static tensor *
attend_full(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    (void)mask;
    return linear_attention_full(q, k, v, context);
}

// n different keys with a random value each; all are asked for, in the same order.
static void
recall_batch(rng *r, int B, int n, int *key, int *value)
{
    for (int b = 0; b < B; b++) {
        int all[KEYS];
        for (int i = 0; i < KEYS; i++)
            all[i] = i;
        for (int i = 0; i < n; i++) {
            int other = i + (int)rng_below(r, KEYS - i), chosen = all[other];
            all[other] = all[i];
            all[i] = chosen;
            key[b * n + i] = chosen;
            value[b * n + i] = (int)rng_below(r, CLASSES);
        }
    }
}

// One layer of attention with one head: what is stored shows key and value, what asks shows the key.
typedef struct {
    tensor *key, *value, *w, *b; // (KEYS, D), (CLASSES, D), (CLASSES, D), (CLASSES)
    transformer_multi_head attention;
} recaller;

static tensor *
random_param(const char *name, shape s, float std, rng *r)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, 0, std);
    return x;
}

static recaller
recaller_new(int kind, rng *r)
{
    enum { D = RECALL_D };
    recaller m = {.b = param("b", SHAPE(CLASSES))};
    transformer_multi_head *a = &m.attention;
    m.key = random_param("key", SHAPE(KEYS, D), 1, r);
    m.value = random_param("value", SHAPE(CLASSES, D), 1, r);
    m.w = random_param("w", SHAPE(CLASSES, D), 1 / sqrt32(D), r);
    tensor **w[] = {&a->w_q, &a->w_k, &a->w_v, &a->w_o}, **b[] = {&a->b_q, &a->b_v, &a->b_o};
    for (int i = 0; i < 4; i++)
        *w[i] = random_param("w", SHAPE(D, D), 1 / sqrt32(D), r);
    for (int i = 0; i < 3; i++)
        *b[i] = param("b", SHAPE(D));
    a->h = 1, a->attention = kind ? attend_full : NULL, a->attention_context = &kind_config[kind];
    return m;
}

static tensor *
recaller_logits(const recaller *m, int B, int n, const int *key, const int *value)
{
    tensor *asks = t_embedding(m->key, SHAPE(B, n), key);
    tensor *stored = t_add(asks, t_embedding(m->value, SHAPE(B, n), value));
    tensor *found = transformer_multi_head_forward(&m->attention, asks, stored, NULL, NULL);
    return t_linear(found, m->w, m->b);
}

static void
recall_run(int i, void *context)
{
    enum { B = 32, TESTS = 100 };
    training *run = (training *)context + i;
    rng r = rng_at(RECALL_SEED, run->seed);
    recaller m = recaller_new(run->kind, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    int key[TESTS * KEYS], value[TESTS * KEYS];
    for (int s = 0; s < run->steps; s++) {
        recall_batch(&r, B, run->n, key, value);
        tensor *logits = recaller_logits(&m, B, run->n, key, value);
        float rate = warmup_cosine(s, run->steps / 15, run->steps, 1e-2f);
        run->loss[s] = training_step(t_cross_entropy(logits, value), &adam, rate, 1);
    }
    recall_batch(&r, TESTS, run->n, key, value);
    run->right = right_part(recaller_logits(&m, TESTS, run->n, key, value), value);
}

static void
recall_claims(int n, const training *runs)
{
    const char *own = "this chapter";
    double softmax = 1, elu = 0, few = 1;
    for (int i = 0; i < n; i++)
        if (runs[i].kind == 0)
            softmax = fmin(softmax, runs[i].right);
        else if (runs[i].n == 64)
            elu = fmax(elu, runs[i].right);
        else if (runs[i].n == 4)
            few = fmin(few, runs[i].right);
    claim_above("recall-softmax",
                "d 16, softmax: part that is recalled, worst of 4 to 64 pairs and 2 seeds", 0.99,
                unless_quick(softmax), own, REPRODUCED);
    claim_above("recall-elu-4", "d 16, elu + 1: of 4 pairs, worst of 2 seeds", 0.8,
                unless_quick(few), own, REPRODUCED);
    claim_below("recall-elu-64", "d 16, elu + 1: of 64 pairs, best of 2 seeds", 0.5,
                unless_quick(elu), own, REPRODUCED);
}

// One layer learns to look up a value by its key, with more and more pairs.
static void
recall(void)
{
    enum { SEEDS = 2, RUNS = 2 * SEEDS * RECALL_COUNTS };
    training runs[RUNS];
    for (int i = 0; i < RUNS; i++)
        runs[i] = (training){.kind = i / SEEDS % 2,
                             .seed = i % SEEDS,
                             .n = recall_counts[RECALL_COUNTS - 1 - i / (2 * SEEDS)],
                             .steps = program_steps(1000, 2)};
    run_trainings("recall", RUNS, runs, recall_run, program_steps(20, 1));
    recall_claims(RUNS, runs);
}

// ---- The backward that subtracts ----

enum { DRIFT_D = 32, DRIFT_SHORT = 6, DRIFT_LONG = 14, DRIFT_RUNS = 5 };

// One head of a causal op, its features, and dL/dout.
typedef struct {
    int N;
    float *q, *k, *v, *dout; // (N, D)
} drift_inputs;

static drift_inputs
drift_inputs_new(int N, rng *r)
{
    const shape s = SHAPE(1, N, 1, DRIFT_D);
    tensor *x[4];
    for (int i = 0; i < 4; i++) {
        x[i] = constant("x", s, NULL);
        rng_fill_normal(r, x[i]->size, x[i]->data, 0, 1);
        if (i < 2)
            x[i] = linear_attention_features(x[i], LINEAR_ATTENTION_ELU, NULL);
    }
    return (drift_inputs){N, x[0]->data, x[1]->data, x[2]->data, x[3]->data};
}

// In double: dq (N, D), and the gradients of numerator (N, D) and normaliser (N), rounded once.
static void
exact_gradients(const drift_inputs *x, double *dq, float *dnumerator, float *dnormaliser)
{
    enum { D = DRIFT_D };
    double S[D][D] = {{0}}, z[D] = {0};
    for (int t = 0; t < x->N; t++) {
        const float *q = x->q + t * D, *k = x->k + t * D, *v = x->v + t * D,
                    *dout = x->dout + t * D;
        double total = 0, along = 0, out[D] = {0};
        for (int f = 0; f < D; f++) {
            z[f] += k[f];
            total += q[f] * z[f];
            for (int j = 0; j < D; j++) {
                S[f][j] += (double)k[f] * v[j];
                out[j] += q[f] * S[f][j];
            }
        }
        for (int j = 0; j < D; j++)
            along += dout[j] * out[j] / total;
        for (int f = 0; f < D; f++) {
            dq[t * D + f] = -along / total * z[f];
            for (int j = 0; j < D; j++)
                dq[t * D + f] += S[f][j] * dout[j] / total;
        }
        for (int j = 0; j < D; j++)
            dnumerator[t * D + j] = (float)(dout[j] / total);
        dnormaliser[t] = (float)(-along / total);
    }
}

// S (D, D) += sign k v^T, z += sign k
static void
add_pair(float sign, const float *k, const float *v, float *S, float *z)
{
    for (int f = 0; f < DRIFT_D; f++) {
        for (int j = 0; j < DRIFT_D; j++)
            S[f * DRIFT_D + j] += sign * k[f] * v[j];
        z[f] += sign * k[f];
    }
}

// The largest error of dq in float32, as a part of the largest |dq|: with S computed again from the first position on,
// or got back from the last one by subtraction.
static double
drift_of(const drift_inputs *x, bool subtract, const double *exact, const float *dnumerator,
         const float *dnormaliser)
{
    enum { D = DRIFT_D };
    float S[D * D] = {0}, z[D] = {0};
    double worst = 0, largest = 0;
    for (int t = 0; subtract && t < x->N; t++)
        add_pair(1, x->k + t * D, x->v + t * D, S, z);
    for (int i = 0; i < x->N; i++) {
        int t = subtract ? x->N - 1 - i : i;
        if (!subtract)
            add_pair(1, x->k + t * D, x->v + t * D, S, z);
        for (int f = 0; f < D; f++) {
            float dq = dot32(D, S + f * D, dnumerator + t * D) + z[f] * dnormaliser[t];
            worst = fmax(worst, fabs(dq - exact[t * D + f]));
            largest = fmax(largest, fabs(exact[t * D + f]));
        }
        if (subtract)
            add_pair(-1, x->k + t * D, x->v + t * D, S, z);
    }
    return worst / largest;
}

// The error of dq by the length of the sequence: medians over the runs.
static void
drift(void)
{
    enum { D = DRIFT_D };
    double median[2] = {0, 0}, shortest = 0;
    int last = program_steps(DRIFT_LONG, DRIFT_SHORT + 1);
    double *exact = malloc((D * sizeof *exact) << DRIFT_LONG);
    float *dnumerator = malloc((D * sizeof *dnumerator) << DRIFT_LONG);
    float *dnormaliser = malloc(sizeof *dnormaliser << DRIFT_LONG);
    if (!exact || !dnumerator || !dnormaliser)
        fail("no memory for the gradients of %d positions", 1 << DRIFT_LONG);
    table *t = program_table("drift", "length\trecomputed\tsubtracted");
    for (int at = DRIFT_SHORT; at <= last; at++) {
        double error[2][DRIFT_RUNS];
        for (int run = 0; run < DRIFT_RUNS; run++) {
            rng r = rng_at(DRIFT_SEED, at * 100 + run);
            drift_inputs x = drift_inputs_new(1 << at, &r);
            exact_gradients(&x, exact, dnumerator, dnormaliser);
            for (int f = 0; f < 2; f++)
                error[f][run] = drift_of(&x, f, exact, dnumerator, dnormaliser);
            tape_reset();
        }
        for (int f = 0; f < 2; f++) {
            sort64(DRIFT_RUNS, error[f]);
            median[f] = error[f][DRIFT_RUNS / 2];
        }
        shortest = at == DRIFT_SHORT ? median[1] : shortest;
        table_row(t, "idd", 1 << at, median[0], median[1]);
    }
    table_close(t);
    free(exact), free(dnumerator), free(dnormaliser);
    tensors_free();
    claim_above("drift-subtracted",
                "d 32, S by subtraction: error of dq in float32 at N 16384 over that at N 64", 10,
                unless_quick(median[1] / shortest), "this chapter", REPRODUCED);
}

int
main(int argc, char **argv)
{
    const program_option own[] = {{0}};
    const program_figure contents[] = {{"forms", forms, 0.5},
                                       {"cost", cost, 1},
                                       {"generation", generation, 0.5},
                                       {"capacity", capacity, 1},
                                       {"copy", copy, 22},
                                       {"recall", recall, 5},
                                       {"drift", drift, 0.5},
                                       {0}};
    program_begin("linear_attention", own, argc, argv);
    program_run(linear_attention_cases, contents);
    return program_end(claims_report());
}
