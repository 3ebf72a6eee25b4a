#include "numbers/linalg.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *
doubles_new(long n)
{
    double *x = calloc(n > 0 ? n : 1, sizeof *x);
    if (!x)
        fail("linalg: no memory for %ld numbers", n);
    return x;
}

void
linalg_product(int n, int m, int k, const double *a, const double *b, double *c)
{
    memset(c, 0, (size_t)n * m * sizeof *c);
    for (int i = 0; i < n; i++)
        for (int p = 0; p < k; p++)
            for (int j = 0; j < m; j++)
                c[i * m + j] += a[i * k + p] * b[p * m + j];
}

double
linalg_dot(int n, const double *x, const double *y)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

// row <- row - factor pivot, n values.
static inline void
eliminate(int n, double factor, const double *pivot, double *row)
{
    for (int j = 0; j < n; j++)
        row[j] -= factor * pivot[j];
}

static void
exchange(int n, double *x, double *y)
{
    for (int j = 0; j < n; j++) {
        double t = x[j];
        x[j] = y[j];
        y[j] = t;
    }
}

void
linalg_solve(const char *name, int n, const double *a, int m, double *b)
{
    double *u = doubles_new((long)n * n), *largest = doubles_new(n);
    memcpy(u, a, (size_t)n * n * sizeof *u);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            largest[j] = fmax(largest[j], fabs(u[i * n + j]));
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(u[i * n + k]) > fabs(u[pivot * n + k]))
                pivot = i;
        double size = fabs(u[pivot * n + k]);
        if (!(size > n * 0x1p-52 * largest[k] && size <= 0x1.fffffffffffffp1023)) {
            free(u);
            free(largest);
            fail("linalg_solve: %s (%d, %d) is singular: the pivot of column %d is %.3g", name, n,
                 n, k, size);
        }
        exchange(n, u + k * n, u + pivot * n);
        exchange(m, b + k * m, b + pivot * m);
        for (int i = k + 1; i < n; i++) {
            double factor = u[i * n + k] / u[k * n + k];
            eliminate(n - k, factor, u + k * n + k, u + i * n + k);
            eliminate(m, factor, b + k * m, b + i * m);
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        for (int j = 0; j < m; j++)
            b[k * m + j] /= u[k * n + k];
        for (int i = 0; i < k; i++)
            eliminate(m, u[i * n + k], b + k * m, b + i * m);
    }
    free(u);
    free(largest);
}

// x <- x - 2 v (v . x) / (v . v) for the columns x of a (n, m), from row and column `from` on.
static void
reflect(int n, int m, int from, const double *v, double *a)
{
    double square = 0, *along = doubles_new(m);
    for (int i = from; i < n; i++) {
        square += v[i] * v[i];
        for (int j = from; j < m; j++)
            along[j] += v[i] * a[i * m + j];
    }
    for (int i = from; i < n && square > 0; i++)
        for (int j = from; j < m; j++)
            a[i * m + j] -= 2 * v[i] / square * along[j];
    free(along);
}

void
linalg_qr(int n, int m, const double *a, double *q, double *r)
{
    double *work = doubles_new(n * m), *v = doubles_new(m * n);
    memcpy(work, a, (size_t)n * m * sizeof *work);
    for (int k = 0; k < m; k++) {
        // v = x + sign(x_k) |x| e_k sends x, the rest of column k, to a multiple of e_k.
        double square = 0;
        for (int i = k; i < n; i++) {
            v[k * n + i] = work[i * m + k];
            square += v[k * n + i] * v[k * n + i];
        }
        v[k * n + k] += copysign(sqrt64(square), v[k * n + k]);
        reflect(n, m, k, v + k * n, work);
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            q[i * m + j] = i == j;
    for (int k = m - 1; k >= 0; k--)
        reflect(n, m, k, v + k * n, q);
    for (int k = 0; k < m; k++) {
        double sign = work[k * m + k] < 0 ? -1 : 1;
        for (int j = 0; j < m; j++)
            r[k * m + j] = j < k ? 0 : sign * work[k * m + j];
        for (int i = 0; i < n; i++)
            q[i * m + k] *= sign;
    }
    free(work);
    free(v);
}

// (x, y) <- (c x - s y, s x + c y), n values of each, `step` apart.
static inline void
rotate(int n, int step, double c, double s, double *x, double *y)
{
    for (int j = 0; j < n * step; j += step) {
        double t = x[j];
        x[j] = c * t - s * y[j];
        y[j] = s * t + c * y[j];
    }
}

// Rotates every pair of rows and columns once so that their off-diagonal element is 0, unless it is not
// above `least`; returns how many it rotated.
static int
jacobi_sweep(int n, double least, double *a, double *vectors)
{
    int rotated = 0;
    for (int p = 0; p < n; p++)
        for (int q = p + 1; q < n; q++) {
            double apq = a[p * n + q];
            if (!(fabs(apq) > least))
                continue;
            // tan 2 phi = 2 a_pq / (a_qq - a_pp), the smaller angle phi
            double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
            double t = copysign(1, theta) / (fabs(theta) + sqrt64(theta * theta + 1));
            double c = 1 / sqrt64(t * t + 1), s = t * c;
            rotate(n, 1, c, s, a + p * n, a + q * n);
            rotate(n, n, c, s, a + p, a + q);
            rotate(n, 1, c, s, vectors + p * n, vectors + q * n);
            a[p * n + q] = a[q * n + p] = 0;
            rotated++;
        }
    return rotated;
}

void
linalg_symmetric(int n, const double *a, double *values, double *vectors)
{
    enum { SWEEPS = 60 }; // about 10 are usual
    double *work = doubles_new(n * n), square = 0;
    memcpy(work, a, (size_t)n * n * sizeof *work);
    for (int i = 0; i < n * n; i++) {
        vectors[i] = i % (n + 1) == 0;
        square += a[i] * a[i];
    }
    int sweeps = 0;
    while (jacobi_sweep(n, 0x1p-56 * sqrt64(square) / n, work, vectors) > 0)
        if (++sweeps == SWEEPS)
            fail("linalg_symmetric: (%d, %d) not done after %d sweeps", n, n, SWEEPS);
    for (int i = 0; i < n; i++)
        values[i] = work[i * n + i];
    for (int i = 0; i < n; i++) {
        int least = i;
        for (int j = i + 1; j < n; j++)
            if (values[j] < values[least])
                least = j;
        exchange(1, values + i, values + least);
        exchange(n, vectors + i * n, vectors + least * n);
    }
    free(work);
}

// Rotates every pair of rows of u (m, n) once so that they are orthogonal, and the rows of v (m, m) with them;
// returns how many pairs were not orthogonal to rounding.
static int
hestenes_sweep(int n, int m, double *u, double *v)
{
    int rotated = 0;
    for (int p = 0; p < m; p++)
        for (int q = p + 1; q < m; q++) {
            double *x = u + p * n, *y = u + q * n;
            double xx = linalg_dot(n, x, x), yy = linalg_dot(n, y, y), xy = linalg_dot(n, x, y);
            if (!(fabs(xy) > 0x1p-50 * sqrt64(xx) * sqrt64(yy)))
                continue;
            // as in jacobi_sweep, for the matrix (xx, xy; xy, yy)
            double theta = (yy - xx) / (2 * xy);
            double t = copysign(1, theta) / (fabs(theta) + sqrt64(theta * theta + 1));
            double c = 1 / sqrt64(t * t + 1), s = t * c;
            rotate(n, 1, c, s, x, y);
            rotate(m, 1, c, s, v + p * m, v + q * m);
            rotated++;
        }
    return rotated;
}

void
linalg_svd(int n, int m, const double *a, double *u, double *s, double *v)
{
    enum { SWEEPS = 60 }; // about 10 are usual
    if (n < m)
        fail("linalg_svd: (%d, %d), expected no more columns than rows", n, m);
    // The rows of u are the columns of A V, at first of A.
    for (int j = 0; j < m; j++) {
        for (int i = 0; i < n; i++)
            u[j * n + i] = a[i * m + j];
        for (int i = 0; i < m; i++)
            v[j * m + i] = i == j;
    }
    double square = linalg_dot(n * m, a, a), nothing = n * 0x1p-52 * sqrt64(square);
    int sweeps = 0;
    while (hestenes_sweep(n, m, u, v) > 0) {
        // a column that is nothing but rounding would be rotated for ever
        for (int j = 0; j < m; j++)
            if (sqrt64(linalg_dot(n, u + j * n, u + j * n)) <= nothing)
                memset(u + j * n, 0, n * sizeof *u);
        if (++sweeps == SWEEPS)
            fail("linalg_svd: (%d, %d) not done after %d sweeps", n, m, SWEEPS);
    }
    for (int j = 0; j < m; j++)
        s[j] = sqrt64(linalg_dot(n, u + j * n, u + j * n));
    for (int j = 0; j < m; j++) {
        int most = j;
        for (int k = j + 1; k < m; k++)
            if (s[k] > s[most])
                most = k;
        exchange(1, s + j, s + most);
        exchange(n, u + j * n, u + most * n);
        exchange(m, v + j * m, v + most * m);
        for (int i = 0; i < n && s[j] > 0; i++)
            u[j * n + i] /= s[j];
    }
}

void
linalg_hermitian(int n, const double *re, const double *im, double *values, double *vectors_re,
                 double *vectors_im)
{
    // A (x + i y) = value (x + i y) is [re, -im; im, re] (x; y) = value (x; y), where every value comes
    // twice: i (x + i y) is a solution, too.
    int m = 2 * n;
    double *a = doubles_new(m * m), *twice = doubles_new(m), *v = doubles_new(m * m);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            a[i * m + j] = a[(n + i) * m + n + j] = re[i * n + j];
            a[(n + i) * m + j] = im[i * n + j];
            a[i * m + n + j] = -im[i * n + j];
        }
    linalg_symmetric(m, a, twice, v);
    for (int i = 0; i < n; i++) {
        values[i] = twice[2 * i];
        memcpy(vectors_re + i * n, v + 2 * i * m, n * sizeof *v);
        memcpy(vectors_im + i * n, v + 2 * i * m + n, n * sizeof *v);
    }
    free(a);
    free(twice);
    free(v);
}

void
linalg_expm(int n, const double *a, double *e)
{
    static const double b[] = {64764752532480000.,
                               32382376266240000.,
                               7771770303897600.,
                               1187353796428800.,
                               129060195264000.,
                               10559470521600.,
                               670442572800.,
                               33522128640.,
                               1323241920.,
                               40840800.,
                               960960.,
                               16380.,
                               182.,
                               1.};
    int size = n * n, halvings = 0;
    double norm = 0; // the largest sum of a column
    for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += fabs(a[i * n + j]);
        norm = fmax(norm, sum);
    }
    if (!(norm <= 0x1p1000))
        fail("linalg_expm: (%d, %d) has a column sum of %.3g", n, n, norm);
    double *work = doubles_new(7 * size), *x = work, *x2 = x + size, *x4 = x2 + size;
    double *x6 = x4 + size, *u = x6 + size, *v = u + size, *t = v + size;
    while (norm > 5.371920351148152) { // below it 13 terms are exact to rounding
        norm /= 2;
        halvings++;
    }
    for (int i = 0; i < size; i++)
        x[i] = a[i] * power_of_two64(-halvings);
    linalg_product(n, n, n, x, x, x2);
    linalg_product(n, n, n, x2, x2, x4);
    linalg_product(n, n, n, x4, x2, x6);
    // u = X (X6 (b13 X6 + b11 X4 + b9 X2) + b7 X6 + b5 X4 + b3 X2 + b1), v: the even powers
    for (int i = 0; i < size; i++) {
        t[i] = b[13] * x6[i] + b[11] * x4[i] + b[9] * x2[i];
        e[i] = b[12] * x6[i] + b[10] * x4[i] + b[8] * x2[i];
    }
    linalg_product(n, n, n, x6, t, v);
    for (int i = 0; i < size; i++)
        t[i] = v[i] + b[7] * x6[i] + b[5] * x4[i] + b[3] * x2[i] + (i % (n + 1) == 0 ? b[1] : 0);
    linalg_product(n, n, n, x, t, u);
    linalg_product(n, n, n, x6, e, v);
    for (int i = 0; i < size; i++)
        v[i] += b[6] * x6[i] + b[4] * x4[i] + b[2] * x2[i] + (i % (n + 1) == 0 ? b[0] : 0);
    // e^X = (v - u)^-1 (v + u)
    for (int i = 0; i < size; i++) {
        e[i] = v[i] + u[i];
        t[i] = v[i] - u[i];
    }
    linalg_solve("the denominator of e^A", n, t, n, e);
    for (; halvings > 0; halvings--) {
        memcpy(t, e, size * sizeof *t);
        linalg_product(n, n, n, t, t, e);
    }
    free(work);
}

// Legendre's polynomial P_n at x and its slope there, by k P_k = (2k - 1) x P_(k-1) - (k - 1) P_(k-2).
static double
legendre(int n, double x, double *slope)
{
    double before = 0, p = 1;
    for (int k = 1; k <= n; k++) {
        double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
        before = p;
        p = next;
    }
    *slope = n * (x * p - before) / (x * x - 1);
    return p;
}

// The nodes are the roots of P_n, by Newton's steps from Tricomi's first guess.
void
linalg_legendre(int n, double *node, double *weight)
{
    if (n < 1 || n > 100)
        fail("linalg_legendre: %d nodes; expected 1 to 100", n);
    for (int i = 0; i < n; i++) {
        double x = -cos64(pi64 * (i + 0.75) / (n + 0.5)), slope;
        for (int step = 0; step < 6; step++)
            x -= legendre(n, x, &slope) / slope;
        legendre(n, x, &slope);
        node[i] = x;
        weight[i] = 2 / ((1 - x * x) * slope * slope);
    }
}
