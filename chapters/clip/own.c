#include "clip/own.h"

#include "clip/match.h"
#include "files/fail.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Reading ----

// The largest |value| of a row.
static double
largest(const double *row, int d)
{
    double most = 0;
    for (int k = 0; k < d; k++)
        most = fmax(most, fabs(row[k]));
    return most;
}

static void
check_shape(const npy *a, const char *path)
{
    if (a->rank != 2)
        fail("%s: %d axes; expected 2, (pairs, numbers)", path, a->rank);
    if (a->n[0] < 2 || a->n[1] < 1)
        fail("%s: (%d, %d); expected two rows or more, of a number or more", path, a->n[0],
             a->n[1]);
}

static void
check_values(const npy *a, const char *path)
{
    int N = a->n[0], d = a->n[1];
    for (long i = 0; i < a->size; i++)
        if (!isfinite(a->values[i]))
            fail("%s: row %ld, column %ld is %g; expected a finite number", path, i / d, i % d,
                 a->values[i]);
    for (long i = 0; i < N; i++)
        if (largest(a->values + i * d, d) == 0)
            fail("%s: row %ld is zero, which has no direction", path, i);
}

// The rows of a, brought to length 1: (N, d).
static float *
directions_of(const npy *a, double *shortest, double *longest)
{
    int N = a->n[0], d = a->n[1];
    float *u = memory_zeroed(a->size, sizeof *u, "directions");
    *shortest = INFINITY;
    *longest = 0;
    for (long i = 0; i < N; i++) {
        const double *row = a->values + i * d;
        double most = largest(row, d), square = 0;
        // Divided by the largest first: no square overflows, or is lost
        for (int k = 0; k < d; k++)
            square += row[k] / most * (row[k] / most);
        for (int k = 0; k < d; k++)
            u[i * d + k] = (float)(row[k] / most / sqrt64(square));
        *shortest = fmin(*shortest, most * sqrt64(square));
        *longest = fmax(*longest, most * sqrt64(square));
    }
    return u;
}

clip_own_pairs
clip_own_take(const npy *pictures, const char *pictures_path, const npy *captions,
              const char *captions_path)
{
    check_shape(pictures, pictures_path);
    check_shape(captions, captions_path);
    if (pictures->n[0] != captions->n[0] || pictures->n[1] != captions->n[1])
        fail("%s: (%d, %d), but %s is (%d, %d); expected row i of both to be pair i", captions_path,
             captions->n[0], captions->n[1], pictures_path, pictures->n[0], pictures->n[1]);
    check_values(pictures, pictures_path);
    check_values(captions, captions_path);
    clip_own_pairs a = {.N = pictures->n[0], .d = pictures->n[1]};
    a.u = directions_of(pictures, &a.shortest[0], &a.longest[0]);
    a.v = directions_of(captions, &a.shortest[1], &a.longest[1]);
    return a;
}

void
clip_own_free(clip_own_pairs *a)
{
    free(a->u);
    free(a->v);
}

// ---- Measuring ----

enum { ROWS = 64 };

// Sums over all pairs: of the rows' InfoNCE at every scale, of cosines, of the sigmoid loss.
typedef struct {
    double infonce[CLIP_OWN_SCALES], own, all, loss, pull;
    double found[2]; // R@1 and R@5, times N
} sums;

// One row of cosines c (N), that of picture i.
static void
sum_row(const clip_own_pairs *a, int i, const float *c, const double *scale, double b, sums *s)
{
    int N = a->N, greater = 0, equal = 0;
    for (int k = 0; k < CLIP_OWN_SCALES; k++) {
        double row = 0;
        for (int j = 0; j < N; j++)
            row += exp64(scale[k] * ((double)c[j] - c[i]));
        s->infonce[k] += log64(row);
    }
    for (int j = 0; j < N; j++) {
        double y = i == j ? 1 : -1, x = -y * (scale[CLIP_OWN_SCALES - 1] * c[j] + b);
        double e = exp64(-fabs(x)), sum = 1 + e;
        s->loss += fmax(x, 0) + log64(sum) + (e - (sum - 1)) / sum;
        s->pull -= y * (x > 0 ? 1 : e) / sum;
        s->all += c[j];
        greater += c[j] > c[i];
        equal += c[j] == c[i];
    }
    s->own += c[i];
    s->found[0] += clip_recall(1, &greater, &equal, 1);
    s->found[1] += clip_recall(1, &greater, &equal, 5);
}

// All rows, some at a time.
static void
sum_rows(const clip_own_pairs *a, const double *scale, double b, sums *s)
{
    float *c = memory_zeroed((long)ROWS * a->N, sizeof *c, "cosines");
    for (int first = 0; first < a->N; first += ROWS) {
        int n = a->N - first < ROWS ? a->N - first : ROWS;
        matmul(n, a->N, a->d, matrix_of(a->u + (long)first * a->d, a->d), transpose_of(a->v, a->d),
               c, a->N, MATMUL_SET);
        for (int i = 0; i < n; i++)
            sum_row(a, first + i, c + (long)i * a->N, scale, b, s);
    }
    free(c);
}

clip_own_measured
clip_own_measure(const clip_own_pairs *a, double scale, double b)
{
    clip_own_measured m = {.scale = {5, 10, 14.2857, 25, 50, 100, scale}};
    double N = a->N;
    sums s[2];
    memset(s, 0, sizeof s);
    for (int way = 0; way < 2; way++) {
        // The other way: captions ask
        clip_own_pairs turned = {a->N, a->d, way ? a->v : a->u, way ? a->u : a->v, {0}, {0}};
        sum_rows(&turned, m.scale, b, &s[way]);
        for (int k = 0; k < CLIP_OWN_SCALES; k++)
            m.infonce[k] += s[way].infonce[k] / (2 * N);
        m.recall[way][0] = s[way].found[0] / N;
        m.recall[way][1] = s[way].found[1] / N;
    }
    m.own = s[0].own / N;
    m.other = (s[0].all - s[0].own) / (N * (N - 1));
    m.gap = clip_gap(a->N, a->N, a->d, a->u, a->v);
    m.sigmoid = s[0].loss / N;
    m.pull = s[0].pull / N;
    return m;
}

// ---- Telling ----

static void
tell(const clip_own_pairs *a, const clip_own_measured *m, double b)
{
    static const char *const kinds[] = {"pictures", "captions"};
    double log_n = log64(a->N);
    printf("%d pairs of %d numbers\n", a->N, a->d);
    for (int k = 0; k < 2; k++)
        printf("%s: lengths from %.4g to %.4g%s; R@1 %.4f, R@5 %.4f\n", kinds[k], a->shortest[k],
               a->longest[k], a->shortest[k] > 0.99 && a->longest[k] < 1.01 ? "" : ", brought to 1",
               m->recall[k][0], m->recall[k][1]);
    printf("mean cosine of pairs %.4f, of others %.4f; modality gap %.4f\n", m->own, m->other,
           m->gap);
    printf("\n     scale  InfoNCE  log N - L (of log N = %.3f)\n", log_n);
    for (int k = 0; k < CLIP_OWN_SCALES; k++)
        printf("%10.4g %8.4f %8.4f\n", m->scale[k], m->infonce[k], log_n - m->infonce[k]);
    printf("\nsigmoid loss at scale %.4g, b = %.4g: %.4f; db = %.4f: b %s\n",
           m->scale[CLIP_OWN_SCALES - 1], b, m->sigmoid, m->pull,
           m->pull > 0 ? "wants to fall" : "wants to rise");
    printf("a sigmoid loss with batches of N learns z + b = PMI - log(N - 1); here log(N - 1) = "
           "%.3f\n",
           log64(a->N - 1));
}

static void
write_table(const clip_own_measured *m)
{
    table *t = program_table("own", "quantity\tvalue");
    table_row(t, "sd", "recall_1_of_pictures", m->recall[0][0]);
    table_row(t, "sd", "recall_5_of_pictures", m->recall[0][1]);
    table_row(t, "sd", "recall_1_of_captions", m->recall[1][0]);
    table_row(t, "sd", "recall_5_of_captions", m->recall[1][1]);
    table_row(t, "sd", "cosine_of_pairs", m->own);
    table_row(t, "sd", "cosine_of_others", m->other);
    table_row(t, "sd", "gap", m->gap);
    for (int k = 0; k < CLIP_OWN_SCALES; k++) {
        char name[48];
        snprintf(name, sizeof name, "infonce_at_scale_%.6g", m->scale[k]);
        table_row(t, "sd", name, m->infonce[k]);
    }
    table_row(t, "sd", "sigmoid", m->sigmoid);
    table_row(t, "sd", "sigmoid_db", m->pull);
    table_close(t);
}

void
clip_own(const char *pictures, const char *captions, const char *scale, const char *bias)
{
    double by = program_number("--scale", scale, 1e-6, 300, 10);
    double b = program_number("--bias", bias, -1000, 1000, -10);
    npy u = npy_read(pictures), v = npy_read(captions);
    clip_own_pairs a = clip_own_take(&u, pictures, &v, captions);
    npy_free(&u);
    npy_free(&v);
    clip_own_measured m = clip_own_measure(&a, by, b);
    tell(&a, &m, b);
    write_table(&m);
    clip_own_free(&a);
}
