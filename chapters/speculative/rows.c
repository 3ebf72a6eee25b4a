#include "speculative/rows.h"

#include <string.h>

enum { LANES = SPECULATIVE_ROW_LANES };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef float eight __attribute__((vector_size(8 * sizeof(float))));
typedef float four __attribute__((vector_size(4 * sizeof(float))));
typedef lanes lanes_at __attribute__((aligned(4), may_alias)); // anywhere in an array of floats

static inline float
fold(lanes sum)
{
    eight e[2];
    memcpy(e, &sum, sizeof e);
    e[0] += e[1];
    four f[2];
    memcpy(f, &e[0], sizeof f);
    f[0] += f[1];
    return (f[0][0] + f[0][2]) + (f[0][1] + f[0][3]);
}

// y (n, m) = x w^T with x (n, D), w (m, D), m even and D a multiple of LANES: each weight is read once and meets all
// rows.
static inline __attribute__((always_inline)) void
of_rows(int n, int m, int D, const float *x, const float *w, float *y)
{
    for (int j = 0; j < m; j += 2, w += 2 * D) {
        lanes sum[SPECULATIVE_MOST_ROWS] = {0}, sum_2[SPECULATIVE_MOST_ROWS] = {0};
        for (int i = 0; i < D; i += LANES) {
            const lanes weights = *(const lanes_at *)(w + i);
            const lanes weights_2 = *(const lanes_at *)(w + D + i);
#pragma GCC unroll 8
            for (int r = 0; r < n; r++) {
                const lanes row = *(const lanes_at *)(x + (long)r * D + i);
                sum[r] += row * weights;
                sum_2[r] += row * weights_2;
            }
        }
#pragma GCC unroll 8
        for (int r = 0; r < n; r++) {
            y[(long)r * m + j] = fold(sum[r]);
            y[(long)r * m + j + 1] = fold(sum_2[r]);
        }
    }
}

// The product of n rows, with n a constant in each case, so that its loops are unrolled. Three rows run as four, of
// which the compiler makes better code.
void
speculative_rows_product(int n, int m, int D, const float *x, const float *w, float *y)
{
    switch (n) {
    case 1: of_rows(1, m, D, x, w, y); break;
    case 2: of_rows(2, m, D, x, w, y); break;
    case 3:
    case 4: of_rows(4, m, D, x, w, y); break;
    case 5: of_rows(5, m, D, x, w, y); break;
    case 6: of_rows(6, m, D, x, w, y); break;
    case 7: of_rows(7, m, D, x, w, y); break;
    default: of_rows(8, m, D, x, w, y);
    }
}
