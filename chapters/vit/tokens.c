#include "vit/tokens.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/numeric.h"
#include "transformer/transformer.h"

#include <math.h>
#include <string.h>

tensor *
vit_watched_attention(tensor *q, tensor *k, tensor *v, const bool *mask, void *watch)
{
    vit_watch *w = watch;
    int B = q->shape.n[0], T = q->shape.n[1], h = q->shape.n[2], S = k->shape.n[1];
    tensor *bias = w->size ? constant("log_size", SHAPE(B, h, T, S), NULL) : NULL;
    for (long i = 0; bias && i < bias->size; i++) {
        long b = i / S / T / h, s = i % S;
        bias->data[i] = log32(w->size[b * S + s]);
    }
    tensor *out = transformer_attention(q, k, v, mask, bias);
    w->k = k;
    w->weights = tape_saved(out, "weights");
    return out;
}

void
vit_rollout(int L, int h, int T, const float *const weights[], float *rollout)
{
    float step[T * T], before[T * T];
    for (int i = 0; i < T * T; i++)
        rollout[i] = i / T == i % T;
    for (int l = 0; l < L; l++) {
        // step = A / 2 + I / 2
        for (int i = 0; i < T * T; i++) {
            float sum = 0;
            for (int head = 0; head < h; head++)
                sum += weights[l][head * T * T + i];
            step[i] = sum / h / 2 + (i / T == i % T ? 0.5f : 0);
        }
        // R <- step R
        memcpy(before, rollout, sizeof before);
        for (int i = 0; i < T * T; i++) {
            rollout[i] = 0;
            for (int k = 0; k < T; k++)
                rollout[i] += step[i / T * T + k] * before[k * T + i % T];
        }
    }
}

bool *
vit_packed_mask(int T, const int *picture)
{
    bool *mask = tape_alloc((long)T * T);
    for (int t = 0; t < T; t++)
        for (int s = 0; s < T; s++)
            mask[t * T + s] = picture[t] == picture[s];
    return mask;
}

static float
cosine(int d, const float *x, const float *y)
{
    return dot32(d, x, y) / (sqrt32(dot32(d, x, x)) * sqrt32(dot32(d, y, y)));
}

void
vit_merge_match(int T, int d, const float *keys, int kept, int r, int *into)
{
    float best[T]; // the likeness of an even token's match
    int match[T], candidates = 0;
    for (int t = 0; t < T; t++) {
        into[t] = match[t] = t;
        best[t] = -INFINITY;
        for (int s = 1; t % 2 == 0 && t >= kept && s < T; s += 2) {
            float like = cosine(d, keys + t * d, keys + s * d);
            if (like > best[t]) {
                best[t] = like;
                match[t] = s;
            }
        }
        candidates += match[t] != t;
    }
    if (r < 0 || r > candidates)
        fail("vit_merge_match: %d of %d tokens to be merged; %d can be", r, T, candidates);
    for (int i = 0; i < r; i++) {
        int most = -1;
        for (int t = 0; t < T; t++)
            if (match[t] != t && into[t] == t && (most < 0 || best[t] > best[most]))
                most = t;
        into[most] = match[most];
    }
}

void
vit_merge(int T, int D, const int *into, const float *x, const float *size, float *merged,
          float *merged_size)
{
    for (int t = 0, n = 0; t < T; t++) {
        if (into[t] != t)
            continue;
        float *sum = merged + n * D, *all = &merged_size[n];
        memset(sum, 0, D * sizeof *sum);
        *all = 0;
        for (int s = 0; s < T; s++) {
            if (into[s] != t)
                continue;
            for (int i = 0; i < D; i++)
                sum[i] += size[s] * x[s * D + i];
            *all += size[s];
        }
        for (int i = 0; i < D; i++)
            sum[i] /= *all;
        n++;
    }
}
