#include "clip/large.h"

#include "clip/clip.h"
#include "files/fail.h"
#include "files/memory.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void
clip_block_scores(const clip_batch *a, clip_block at, float *z)
{
    const float *u = a->u + (long)at.first * a->d, *v = a->v + (long)at.second * a->d;
    float scale = exp32(a->t);
    matmul(at.n, at.m, a->d, matrix_of(u, a->d), transpose_of(v, a->d), z, at.m, MATMUL_SET);
    for (long i = 0; i < (long)at.n * at.m; i++)
        z[i] *= scale;
}

// From the loss by z, s (n, m), to what it is by the block's directions: du (n, d) and dv (m, d), set or added to. s is
// then times e^t.
static void
block_backward(const clip_batch *a, clip_block at, float *s, float *du, float *dv, matmul_mode mode)
{
    const float *u = a->u + (long)at.first * a->d, *v = a->v + (long)at.second * a->d;
    float scale = exp32(a->t);
    for (long i = 0; i < (long)at.n * at.m; i++)
        s[i] *= scale;
    matmul(at.n, a->d, at.m, matrix_of(s, at.m), matrix_of(v, a->d), du, a->d, mode);
    matmul(at.m, a->d, at.n, transpose_of(s, at.m), matrix_of(u, a->d), dv, a->d, mode);
}

// ---- Across devices: the sigmoid loss ----

void
clip_tree_sum(int n, long size, float *x)
{
    for (int apart = 1; apart < n; apart *= 2)
        for (int i = 0; i + apart < n; i += 2 * apart)
            for (long k = 0; k < size; k++)
                x[i * size + k] += x[(i + apart) * size + k];
}

// 1 only where picture and caption have the same number in the whole batch, else -1.
static float
label(clip_block at, long i, long j)
{
    return at.first + i == at.second + j ? 1 : -1;
}

void
clip_sigmoid_block(const clip_batch *a, clip_block at, float *z, float *s, float numbers[3],
                   float *du, float *dv)
{
    long pairs = (long)at.n * at.m;
    float each = 1.0f / a->N;
    clip_block_scores(a, at, z);
    for (long i = 0; i < at.n; i++)
        for (long j = 0; j < at.m; j++) {
            float y = label(at, i, j), x = z[i * at.m + j] + a->b;
            s[i * at.m + j] = each * -y * sigmoid32(-y * x);
        }
    numbers[1] = dot32(pairs, s, z);
    numbers[2] = sum32(pairs, s);
    for (long i = 0; i < at.n; i++)
        for (long j = 0; j < at.m; j++) {
            float y = label(at, i, j), x = z[i * at.m + j] + a->b;
            z[i * at.m + j] = each * clip_softplus(-y * x);
        }
    numbers[0] = sum32(pairs, z);
    block_backward(a, at, s, du, dv, MATMUL_SET);
}

// What the blocks have given: in a ring one sum, in a tree a part for each block of a row or column of blocks.
typedef struct {
    int pieces, n;  // of n rows each
    long row;       // floats of a piece's rows, n d
    float *numbers; // (pieces, pieces, 3), of blocks (p, q): parts of loss, dt and db
    // (pieces, pieces, n, d): du[q][p] of block (p, q), dv[p][q]; in a ring (1, pieces, n, d)
    float *du, *dv;
    float *z, *s;           // (n, n)
    float *own_du, *own_dv; // (n, d)
} parts;

static parts
parts_new(const clip_batch *a, int pieces, clip_order order)
{
    parts b = {.pieces = pieces, .n = a->N / pieces};
    long kept = order == CLIP_TREE ? pieces : 1, directions = (long)a->N * a->d;
    b.row = (long)b.n * a->d;
    b.numbers = memory_zeroed((long)pieces * pieces * 3, sizeof(float), "parts of the loss");
    b.du = memory_zeroed(2 * kept * directions, sizeof(float), "parts of gradients");
    b.dv = b.du + kept * directions;
    b.z = memory_zeroed(2L * b.n * b.n + 2 * b.row, sizeof(float), "a block of scores");
    b.s = b.z + (long)b.n * b.n;
    b.own_du = b.s + (long)b.n * b.n;
    b.own_dv = b.own_du + b.row;
    return b;
}

// Block (p, q) is computed, and put to the others.
static void
visit(const clip_batch *a, int p, int q, clip_order order, parts *b)
{
    clip_block at = {p * b->n, b->n, q * b->n, b->n};
    clip_sigmoid_block(a, at, b->z, b->s, b->numbers + (p * b->pieces + q) * 3, b->own_du,
                       b->own_dv);
    bool keep = order == CLIP_TREE;
    float *du = b->du + ((keep ? (long)q * b->pieces : 0) + p) * b->row;
    float *dv = b->dv + ((keep ? (long)p * b->pieces : 0) + q) * b->row;
    for (long k = 0; k < b->row; k++) {
        du[k] += b->own_du[k];
        dv[k] += b->own_dv[k];
    }
}

void
clip_sigmoid_devices(const clip_batch *a, int devices, int pieces, clip_order order,
                     clip_gradients *g)
{
    if (devices < 1 || pieces < 1 || pieces % devices || a->N % pieces)
        fail("clip_sigmoid_devices: %d pairs in %d pieces on %d devices; expected each a multiple "
             "of the next",
             a->N, pieces, devices);
    parts b = parts_new(a, pieces, order);
    int each = pieces / devices;
    for (int k = 0; k < devices; k++)
        for (int e = 0; e < devices; e++) // side by side
            for (int p = 0; p < each; p++)
                for (int q = 0; q < each; q++)
                    visit(a, e * each + p, (e + k) % devices * each + q, order, &b);
    long directions = (long)a->N * a->d;
    if (order == CLIP_TREE) {
        clip_tree_sum(pieces, directions, b.du);
        clip_tree_sum(pieces, directions, b.dv);
    }
    memcpy(g->du, b.du, directions * sizeof(float));
    memcpy(g->dv, b.dv, directions * sizeof(float));
    // Of three numbers the parts are small: always in the tree
    clip_tree_sum(pieces * pieces, 3, b.numbers);
    g->loss = b.numbers[0];
    g->dt = b.numbers[1];
    g->db = b.numbers[2];
    g->held = 2L * b.n * b.n + 2 * b.row;
    g->held += order == CLIP_TREE ? 2 * directions / devices * (pieces - 1) : 0;
    free(b.numbers);
    free(b.du);
    free(b.z);
}

// ---- Without the matrix: InfoNCE ----

// The sum of e^(x - most) of n values: 16 sums side by side, which a processor can add at once.
static float
sum_of_powers(long n, const float *x, float most)
{
    enum { LANES = 16 };
    float lane[LANES] = {0};
    long i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            lane[l] += exp32(x[i + l] - most);
    for (int l = 0; i < n; i++, l++)
        lane[l] += exp32(x[i] - most);
    return sum32(LANES, lane);
}

// A sum of e^(z - before) as one of e^(z - most): it was less by the old maximum.
static float
rescaled(float sum, float before, float most)
{
    return sum * exp32(before - most);
}

void
clip_run_rows(clip_running *r, clip_block at, const float *z)
{
    for (long i = 0; i < at.n; i++) {
        const float *row = z + i * at.m;
        float *most = r->most + at.first + i, *sum = r->sum + at.first + i;
        float before = *most, top = max32(at.m, row);
        *most = top > before ? top : before;
        *sum = rescaled(*sum, before, *most);
        *sum += sum_of_powers(at.m, row, *most);
    }
}

void
clip_run_columns(clip_running *r, clip_block at, const float *z)
{
    enum { STRIP = 64 };
    for (int first = 0; first < at.m; first += STRIP) {
        int m = at.m - first < STRIP ? at.m - first : STRIP;
        float *most = r->most + at.second + first, *sum = r->sum + at.second + first, before[STRIP];
        const float *strip = z + first;
        memcpy(before, most, m * sizeof *most);
        for (long i = 0; i < at.n; i++)
            for (int j = 0; j < m; j++)
                most[j] = strip[i * at.m + j] > most[j] ? strip[i * at.m + j] : most[j];
        for (int j = 0; j < m; j++)
            sum[j] = rescaled(sum[j], before[j], most[j]);
        for (long i = 0; i < at.n; i++)
            for (int j = 0; j < m; j++)
                sum[j] += exp32(strip[i * at.m + j] - most[j]);
    }
}

static clip_running
running_new(int N)
{
    clip_running r = {memory_zeroed(2L * N, sizeof(float), "running sums"), NULL};
    r.sum = r.most + N;
    for (int i = 0; i < N; i++)
        r.most[i] = -INFINITY;
    return r;
}

// The blocks from left to right, row after row.
static clip_block
block_at(int N, int block, int p, int q)
{
    int n = N - p * block < block ? N - p * block : block;
    int m = N - q * block < block ? N - q * block : block;
    return (clip_block){p * block, n, q * block, m};
}

// The logarithms of the sums over rows and columns of e^z, and the sum over i of z_ii.
static double
online_forward(const clip_batch *a, int block, float *z, float *log_rows, float *log_columns)
{
    clip_running rows = running_new(a->N), columns = running_new(a->N);
    double own = 0;
    for (int p = 0; p * block < a->N; p++)
        for (int q = 0; q * block < a->N; q++) {
            clip_block at = block_at(a->N, block, p, q);
            clip_block_scores(a, at, z);
            clip_run_rows(&rows, at, z);
            clip_run_columns(&columns, at, z);
            if (p == q)
                for (long i = 0; i < at.n; i++)
                    own += z[i * (at.m + 1)];
        }
    for (int i = 0; i < a->N; i++) {
        log_rows[i] = rows.most[i] + log32(rows.sum[i]);
        log_columns[i] = columns.most[i] + log32(columns.sum[i]);
    }
    free(rows.most);
    free(columns.most);
    return own;
}

// s (n, m): the loss by a block's z, from the logarithms alone. Returns the sum of s z.
static float
online_slopes(const clip_batch *a, clip_block at, const float *z, const float *log_rows,
              const float *log_columns, float *s)
{
    float each = 0.5f / a->N;
    const float *of_columns = log_columns + at.second;
    for (long i = 0; i < at.n; i++) {
        float of_row = log_rows[at.first + i];
        for (long j = 0; j < at.m; j++) {
            float x = z[i * at.m + j];
            s[i * at.m + j] = each * (exp32(x - of_row) + exp32(x - of_columns[j]));
        }
        if (at.first == at.second)
            s[i * (at.m + 1)] -= 2 * each;
    }
    return dot32((long)at.n * at.m, s, z);
}

void
clip_infonce_online(const clip_batch *a, int block, float *log_rows, float *log_columns,
                    clip_gradients *g)
{
    if (a->N < 1 || block < 1)
        fail("clip_infonce_online: %d pairs in blocks of %d; expected one or more", a->N, block);
    block = block < a->N ? block : a->N;
    long scores = (long)block * block, directions = (long)a->N * a->d;
    float *z = memory_zeroed(2 * scores, sizeof *z, "a block of scores"), *s = z + scores;
    double loss = -2 * online_forward(a, block, z, log_rows, log_columns), dt = 0;
    for (int i = 0; i < a->N; i++)
        loss += (double)log_rows[i] + log_columns[i];
    memset(g->du, 0, directions * sizeof(float));
    memset(g->dv, 0, directions * sizeof(float));
    for (int p = 0; p * block < a->N; p++)
        for (int q = 0; q * block < a->N; q++) {
            clip_block at = block_at(a->N, block, p, q);
            clip_block_scores(a, at, z);
            dt += online_slopes(a, at, z, log_rows, log_columns, s);
            block_backward(a, at, s, g->du + (long)at.first * a->d, g->dv + (long)at.second * a->d,
                           MATMUL_ADD);
        }
    g->loss = (float)(loss / (2.0 * a->N));
    g->dt = (float)dt;
    g->db = 0;
    g->held = 2 * scores + 6L * a->N;
    free(z);
}
