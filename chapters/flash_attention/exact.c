#include "flash_attention/exact.h"

#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdlib.h>

void
flash_attention_exact(const flash_attention_head *a, flash_attention_causality causal, double *out)
{
    double *weight = memory_zeroed(a->S, sizeof *weight, "weights"), scale = 1 / sqrt64(a->d);
    int shift = causal == FLASH_ATTENTION_ALL            ? a->S
                : causal == FLASH_ATTENTION_BOTTOM_RIGHT ? a->S - a->T
                                                         : 0;
    for (int t = 0; t < a->T; t++) {
        double top = -1e300, sum = 0, *o = out + (long)t * a->d;
        int keys = t + shift + 1 < a->S ? t + shift + 1 : a->S;
        for (int s = 0; s < keys; s++) {
            double score = 0;
            for (int c = 0; c < a->d; c++)
                score += (double)a->q[t * a->row + c] * a->k[s * a->row + c];
            weight[s] = scale * score;
            top = weight[s] > top ? weight[s] : top;
        }
        for (int c = 0; c < a->d; c++)
            o[c] = 0;
        for (int s = 0; s < keys; s++) {
            double w = exp64(weight[s] - top);
            sum += w;
            for (int c = 0; c < a->d; c++)
                o[c] += w * a->v[s * a->row + c];
        }
        for (int c = 0; c < a->d; c++)
            o[c] = sum > 0 ? o[c] / sum : 0;
    }
    free(weight);
}

double
flash_attention_relative_error(const flash_attention_head *a, const float *x, const double *exact)
{
    double error = 0, size = 0;
    for (int t = 0; t < a->T; t++)
        for (int c = 0; c < a->d; c++) {
            double y = exact[(long)t * a->d + c], e = x[t * a->row + c] - y;
            error += e * e;
            size += y * y;
        }
    return sqrt64(error / size);
}
