#include "word2vec/objective.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

word2vec_table
word2vec_table_new(int R, int C)
{
    return (word2vec_table){R, C, memory_zeroed((long)R * C, sizeof(double), "a table of weights"),
                            memory_zeroed((long)R * C, sizeof(double), "a table of weights")};
}

void
word2vec_table_free(word2vec_table *t)
{
    free(t->yes);
    free(t->no);
}

void
word2vec_marginals(int R, int C, const double *p, double *rows, double *columns)
{
    for (int i = 0; i < R && rows; i++)
        rows[i] = 0;
    for (int j = 0; j < C && columns; j++)
        columns[j] = 0;
    for (int i = 0; i < R; i++)
        for (int j = 0; j < C; j++) {
            if (rows)
                rows[i] += p[i * C + j];
            if (columns)
                columns[j] += p[i * C + j];
        }
}

void
word2vec_sampling_weights(int V, const double *joint, double k, const double *noise, bool drop,
                          word2vec_table *t)
{
    double word[V];
    word2vec_marginals(V, V, joint, word, NULL);
    for (int w = 0; w < V; w++)
        for (int c = 0; c < V; c++) {
            double p = joint[w * V + c];
            t->yes[w * V + c] = p;
            t->no[w * V + c] = k * noise[c] * (drop ? word[w] - p : word[w]);
        }
}

void
word2vec_tree_weights(int V, const double *joint, const word2vec_tree *tree, word2vec_table *t)
{
    int row[V], label[V], N = V - 1;
    memset(t->yes, 0, (size_t)V * N * sizeof *t->yes);
    memset(t->no, 0, (size_t)V * N * sizeof *t->no);
    for (int c = 0; c < V; c++) {
        int n = word2vec_path(tree, c, row, label);
        for (int i = 0; i < n; i++)
            for (int w = 0; w < V; w++)
                (label[i] ? t->yes : t->no)[w * N + row[i]] += joint[w * V + c];
    }
}

// d/dx of -(yes ln sigma(x) + no ln sigma(-x)) is (yes + no) sigma(x) - yes, which is 0 at ln yes/no.
void
word2vec_optimum(const word2vec_table *t, double *x)
{
    for (int i = 0; i < t->R * t->C; i++)
        x[i] = log64(t->yes[i] / t->no[i]);
}

// -ln sigma(x) = ln(1 + e^-x), without overflow.
static double
minus_log_sigmoid(double x)
{
    double e = exp64(-fabs(x));
    return (x < 0 ? -x : 0) + log64(1 + e);
}

static double
sigmoid(double x)
{
    return 1 / (1 + exp64(-x));
}

double
word2vec_table_loss(const word2vec_table *t, const double *x)
{
    double loss = 0;
    for (int i = 0; i < t->R * t->C; i++)
        loss += t->yes[i] * minus_log_sigmoid(x[i]) + t->no[i] * minus_log_sigmoid(-x[i]);
    return loss;
}

double
word2vec_expected_loss(const word2vec_table *t, int d, const double *w, const double *c, double *dw,
                       double *dc)
{
    double loss = 0;
    if (dw)
        memset(dw, 0, (size_t)t->R * d * sizeof *dw);
    if (dc)
        memset(dc, 0, (size_t)t->C * d * sizeof *dc);
    for (int i = 0; i < t->R; i++)
        for (int j = 0; j < t->C; j++) {
            double yes = t->yes[i * t->C + j], no = t->no[i * t->C + j];
            double x = linalg_dot(d, w + i * d, c + j * d);
            loss += yes * minus_log_sigmoid(x) + no * minus_log_sigmoid(-x);
            double dx = (yes + no) * sigmoid(x) - yes;
            for (int e = 0; e < d && dw; e++)
                dw[i * d + e] += dx * c[j * d + e];
            for (int e = 0; e < d && dc; e++)
                dc[j * d + e] += dx * w[i * d + e];
        }
    return loss;
}

// ---- The minimum ----

// A row of the table, or (step = C) a column: n cells, each with its vector in `other` (n, d).
typedef struct {
    int n, step;
    const double *yes, *no;
    const double *other;
} slice;

static double
slice_loss(const slice *s, int d, const double *row)
{
    double loss = 0;
    for (int j = 0; j < s->n; j++) {
        double x = linalg_dot(d, row, s->other + j * d);
        loss += s->yes[j * s->step] * minus_log_sigmoid(x);
        loss += s->no[j * s->step] * minus_log_sigmoid(-x);
    }
    return loss;
}

// One step of Newton's method on a row (d), which is a convex problem where the others stand still; halved until the
// loss does not rise.
static void
newton_step(const slice *s, int d, double *row)
{
    double hessian[d * d], gradient[d], moved[d], damping = 0;
    memset(hessian, 0, sizeof hessian);
    memset(gradient, 0, sizeof gradient);
    double before = 0;
    for (int j = 0; j < s->n; j++) {
        const double *o = s->other + j * d;
        double yes = s->yes[j * s->step], no = s->no[j * s->step], x = linalg_dot(d, row, o);
        double p = sigmoid(x), slope = (yes + no) * p - yes, bend = (yes + no) * p * (1 - p);
        before += yes * minus_log_sigmoid(x) + no * minus_log_sigmoid(-x);
        for (int e = 0; e < d; e++) {
            gradient[e] += slope * o[e];
            for (int f = 0; f <= e; f++)
                hessian[e * d + f] += bend * o[e] * o[f];
        }
    }
    for (int e = 0; e < d; e++)
        damping += hessian[e * d + e] / d * 1e-9;
    for (int e = 0; e < d; e++) {
        hessian[e * d + e] += damping;
        for (int f = 0; f < e; f++)
            hessian[f * d + e] = hessian[e * d + f];
    }
    linalg_solve("a Hessian", d, hessian, 1, gradient);
    for (double part = 1; part > 1e-6; part /= 2) {
        for (int e = 0; e < d; e++)
            moved[e] = row[e] - part * gradient[e];
        if (slice_loss(s, d, moved) <= before) {
            memcpy(row, moved, sizeof moved);
            return;
        }
    }
}

double
word2vec_minimise(const word2vec_table *t, int d, double *w, double *c, double least, int rounds)
{
    double loss = word2vec_expected_loss(t, d, w, c, NULL, NULL);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < t->R; i++) {
            slice row = {t->C, 1, t->yes + i * t->C, t->no + i * t->C, c};
            newton_step(&row, d, w + i * d);
        }
        for (int j = 0; j < t->C; j++) {
            slice column = {t->R, t->C, t->yes + j, t->no + j, w};
            newton_step(&column, d, c + j * d);
        }
        double now = word2vec_expected_loss(t, d, w, c, NULL, NULL);
        if (loss - now < least)
            return now;
        loss = now;
    }
    return loss;
}

void
word2vec_truncate(int R, const double *x, int d, double power, double *s, double *w, double *c)
{
    double *u = memory_zeroed((long)R * R, sizeof *u, "singular vectors");
    double *v = memory_zeroed((long)R * R, sizeof *v, "singular vectors");
    linalg_svd(R, R, x, u, s, v);
    for (int e = 0; e < d; e++)
        for (int i = 0; i < R; i++) {
            w[i * d + e] = u[e * R + i] * pow64(s[e], power);
            c[i * d + e] = v[e * R + i] * pow64(s[e], 1 - power);
        }
    free(u);
    free(v);
}

double
word2vec_rms(int n, const double *x, const double *y, const double *weight)
{
    double sum = 0, all = 0;
    for (int i = 0; i < n; i++) {
        double part = weight ? weight[i] : 1;
        sum += part * (x[i] - y[i]) * (x[i] - y[i]);
        all += part;
    }
    return sqrt64(sum / all);
}
