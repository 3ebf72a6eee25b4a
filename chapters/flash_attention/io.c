#include "flash_attention/io.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- The fast memory ----

// n words more; what is held last is given back first.
static float *
hold(flash_attention_fast *f, long n)
{
    float *at = f->words + f->used;
    f->used += n;
    if (f->used > f->size)
        fail("flash_attention: %ld words are to be held in a fast memory of %ld", f->used, f->size);
    f->most = f->used > f->most ? f->used : f->most;
    return at;
}

static void
give_back_all(flash_attention_fast *f)
{
    f->used = 0;
}

static void
load(flash_attention_fast *f, float *to, const float *slow, long n)
{
    memcpy(to, slow, n * sizeof *to);
    f->loads += n;
}

static void
store(flash_attention_fast *f, float *slow, const float *from, long n)
{
    memcpy(slow, from, n * sizeof *slow);
    f->stores += n;
}

// ---- What is computed in it ----

// s (n, m) = q k^T / sqrt(d)
static void
scores(int n, int m, int d, const float *q, const float *k, float *s)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            float sum = 0;
            for (int c = 0; c < d; c++)
                sum += q[i * d + c] * k[j * d + c];
            s[i * m + j] = sum / sqrt32(d);
        }
}

// o (n, d) += p v
static void
add_values(int n, int m, int d, const float *p, const float *v, float *o)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            for (int c = 0; c < d; c++)
                o[i * d + c] += p[i * m + j] * v[j * d + c];
}

// Scores s (n, m) become weights; the statistics and the undivided answers of the rows move with them.
static void
online(int n, int m, int d, float *s, float *top, float *sum, float *o)
{
    for (int i = 0; i < n; i++) {
        float next = top[i];
        for (int j = 0; j < m; j++)
            next = s[i * m + j] > next ? s[i * m + j] : next;
        float c = exp32(top[i] - next);
        top[i] = next;
        sum[i] *= c;
        for (int k = 0; k < d; k++)
            o[i * d + k] *= c;
        for (int j = 0; j < m; j++) {
            s[i * m + j] = exp32(s[i * m + j] - next);
            sum[i] += s[i * m + j];
        }
    }
}

static void
divide(int n, int d, const float *sum, float *o)
{
    for (int i = 0; i < n; i++)
        for (int c = 0; c < d; c++)
            o[i * d + c] /= sum[i];
}

// ---- The programs ----

typedef struct {
    int N, d, rows, columns;
    const float *q, *k, *v;
    float *out;
} task;

static int
part(int from, int size, int N)
{
    return N - from < size ? N - from : size;
}

static void
begin_rows(int n, int d, float *top, float *sum, float *o)
{
    for (int i = 0; i < n; i++) {
        top[i] = -INFINITY;
        sum[i] = 0;
    }
    memset(o, 0, (long)n * d * sizeof *o);
}

// Three passes; the matrix of scores, then weights, is in the slow memory.
static void
unfused(const task *a, flash_attention_fast *f)
{
    int N = a->N, d = a->d, rows = a->rows, columns = a->columns;
    float *matrix = memory_zeroed((long)N * N, sizeof *matrix, "scores");
    float *x = hold(f, rows * d), *y = hold(f, columns * d), *s = hold(f, rows * columns);
    for (int t = 0, n; t < N; t += n) {
        n = part(t, rows, N);
        load(f, x, a->q + t * d, n * d);
        for (int j = 0, m; j < N; j += m) {
            m = part(j, columns, N);
            load(f, y, a->k + j * d, m * d);
            scores(n, m, d, x, y, s);
            for (int i = 0; i < n; i++)
                store(f, matrix + (long)(t + i) * N + j, s + i * m, m);
        }
    }
    give_back_all(f);
    float *row = hold(f, N),
          *two = hold(f, 2); // the softmax of a whole row, its maximum and its sum
    for (int t = 0; t < N; t++) {
        load(f, row, matrix + (long)t * N, N);
        begin_rows(1, 0, two, two + 1, row);
        online(1, N, 0, row, two, two + 1, row);
        divide(1, N, two + 1, row);
        store(f, matrix + (long)t * N, row, N);
    }
    give_back_all(f);
    x = hold(f, rows * d), y = hold(f, columns * d), s = hold(f, rows * columns);
    for (int t = 0, n; t < N; t += n) {
        n = part(t, rows, N);
        memset(x, 0, n * d * sizeof *x);
        for (int j = 0, m; j < N; j += m) {
            m = part(j, columns, N);
            load(f, y, a->v + j * d, m * d);
            for (int i = 0; i < n; i++)
                load(f, s + i * m, matrix + (long)(t + i) * N + j, m);
            add_values(n, m, d, s, y, x);
        }
        store(f, a->out + t * d, x, n * d);
    }
    free(matrix);
}

// A tile of keys and values stays; the unfinished answers and the statistics of all queries pass by.
static void
keys_outside(const task *a, flash_attention_fast *f)
{
    int N = a->N, d = a->d, rows = a->rows, columns = a->columns;
    float *statistics = memory_zeroed(2L * N, sizeof *statistics, "statistics");
    float *k = hold(f, columns * d), *v = hold(f, columns * d), *s = hold(f, rows * columns);
    float *x = hold(f, rows * d), *top = hold(f, rows), *sum = hold(f, rows);
    for (int j = 0, m; j < N; j += m) {
        m = part(j, columns, N);
        load(f, k, a->k + j * d, m * d);
        load(f, v, a->v + j * d, m * d);
        for (int t = 0, n; t < N; t += n) {
            n = part(t, rows, N);
            load(f, x, a->q + t * d,
                 n * d); // x: queries, and when these have their scores the answers
            scores(n, m, d, x, k, s);
            if (j == 0)
                begin_rows(n, d, top, sum, x);
            else {
                load(f, x, a->out + t * d, n * d);
                load(f, top, statistics + t, n);
                load(f, sum, statistics + N + t, n);
            }
            online(n, m, d, s, top, sum, x);
            add_values(n, m, d, s, v, x);
            if (j + m == N)
                divide(n, d, sum, x);
            store(f, a->out + t * d, x, n * d);
            store(f, statistics + t, top, n);
            store(f, statistics + N + t, sum, n);
        }
    }
    free(statistics);
}

// A tile of queries stays with its answers; keys and values pass by.
static void
queries_outside(const task *a, flash_attention_fast *f)
{
    int N = a->N, d = a->d, rows = a->rows, columns = a->columns;
    float *L = memory_zeroed(N, sizeof *L, "L");
    float *q = hold(f, rows * d), *o = hold(f, rows * d), *top = hold(f, rows);
    float *sum = hold(f, rows), *s = hold(f, rows * columns), *y = hold(f, columns * d);
    for (int t = 0, n; t < N; t += n) {
        n = part(t, rows, N);
        load(f, q, a->q + t * d, n * d);
        begin_rows(n, d, top, sum, o);
        for (int j = 0, m; j < N; j += m) {
            m = part(j, columns, N);
            load(f, y, a->k + j * d,
                 m * d); // y: keys, and when they have given their scores the values
            scores(n, m, d, q, y, s);
            load(f, y, a->v + j * d, m * d);
            online(n, m, d, s, top, sum, o);
            add_values(n, m, d, s, y, o);
        }
        divide(n, d, sum, o);
        for (int i = 0; i < n; i++)
            top[i] += log32(sum[i]);
        store(f, a->out + t * d, o, n * d);
        store(f, L + t, top, n);
    }
    free(L);
}

flash_attention_io
flash_attention_io_run(flash_attention_io_program p, int N, int d, int rows, int columns, long M,
                       const float *q, const float *k, const float *v, float *out)
{
    static void (*const programs[])(const task *, flash_attention_fast *) = {unfused, keys_outside,
                                                                             queries_outside};
    const task a = {N, d, rows, columns, q, k, v, out};
    flash_attention_fast f = {.words = memory_zeroed(M, sizeof(float), "fast memory"), .size = M};
    programs[p](&a, &f);
    free(f.words);
    return (flash_attention_io){f.loads + f.stores, f.most};
}

flash_attention_io
flash_attention_io_count(flash_attention_io_program p, int N, int d, int rows, int columns)
{
    long size = (long)N * d, enough = 2 * flash_attention_io_form(p, N, d, rows, columns).held;
    float *zeros = memory_zeroed(2 * size, sizeof *zeros, "zeros");
    flash_attention_io io =
        flash_attention_io_run(p, N, d, rows, columns, enough, zeros, zeros, zeros, zeros + size);
    free(zeros);
    return io;
}

// ---- Closed forms ----

flash_attention_io
flash_attention_io_form(flash_attention_io_program p, long N, long d, long rows, long columns)
{
    long of_rows = (N + rows - 1) / rows, of_columns = (N + columns - 1) / columns; // tiles
    long tile = (rows + columns) * d + rows * columns, row = N + 2;
    switch (p) {
    case FLASH_ATTENTION_UNFUSED: // Q and out; scores twice, weights twice; K and V for every tile of queries
        return (flash_attention_io){2 * N * d + 4 * N * N + 2 * N * d * of_rows,
                                    tile > row ? tile : row};
    case FLASH_ATTENTION_KEYS_OUTSIDE: // K and V; Q, out, m, l for every tile of keys, back again but for the first
        return (flash_attention_io){2 * N * d + of_columns * (2 * N * d + 2 * N) +
                                        (of_columns - 1) * (N * d + 2 * N),
                                    tile + columns * d + 2 * rows};
    default: // Q, out and L; K and V for every tile of queries
        return (flash_attention_io){2 * N * d + N + 2 * N * d * of_rows,
                                    tile + rows * d + 2 * rows};
    }
}

flash_attention_io_tile
flash_attention_io_best(flash_attention_io_program p, int N, int d, long M)
{
    flash_attention_io_tile best = {0};
    for (int rows = 1; rows <= N; rows++)
        for (int columns = 1; columns <= N; columns++) {
            flash_attention_io io = flash_attention_io_form(p, N, d, rows, columns);
            if (io.held > M)
                break; // more columns hold more
            if (!best.rows || io.moved < best.io.moved ||
                (io.moved == best.io.moved && io.held < best.io.held))
                best = (flash_attention_io_tile){rows, columns, io};
        }
    return best;
}
