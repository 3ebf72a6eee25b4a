// For the page: which weight each pair has, by pairs and by sums, under every divisor; who changes if one key does; on
// drawn numbers and on the three positions that the text works by hand.
#include "gau/gau.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

#include <string.h>

enum {
    LIVE_T = 24,
    LIVE_P = 2 * LIVE_T,
    LIVE_S = 4,
    LIVE_SEED = 161
}; // P: positions of the batch, T and padding
typedef enum {
    LIVE_QUADRATIC,
    LIVE_SOFTMAX,
    LIVE_FLASH,
    LIVE_LINEAR,
    LIVE_LOCAL,
    LIVE_PREVIOUS
} live_kind;
typedef enum { LIVE_RIGHT, LIVE_NEAR_LEAKS, LIVE_FAR_LEAKS } live_mistake;

// Queries and keys of the pairs, and of the sums beyond them; values. Zeros from position T on.
typedef struct {
    int s;
    float q[LIVE_P * LIVE_S], k[LIVE_P * LIVE_S];
    float q_far[LIVE_P * LIVE_S], k_far[LIVE_P * LIVE_S];
    float v[LIVE_P];
} live_data;

// What the page asks for.
typedef struct {
    live_kind kind;
    live_mistake mistake;
    gau_divisor divisor;
    int T, P, C, n;
} live_asked;

static live_data
by_hand(void)
{
    return (live_data){1, {3, -3, 6}, {1, -1, 2}, {3, -3, 6}, {1, -1, 2}, {1, 3, 2}};
}

// Products q k are of variance size^2.
static live_data
draw(int T, double size)
{
    live_data x = {.s = LIVE_S};
    float *all[] = {x.q, x.k, x.q_far, x.k_far}, std = sqrt32((float)size / 2);
    for (int i = 0; i < 4; i++) {
        rng r = rng_at(LIVE_SEED, i);
        rng_fill_normal(&r, (long)T * LIVE_S, all[i], 0, std);
    }
    rng r = rng_at(LIVE_SEED, 4);
    rng_fill_normal(&r, T, x.v, 0, 1);
    return x;
}

static tensor *
near_part(const live_asked *a, tensor *q, tensor *k, tensor *v)
{
    gau_window w = {.divisor = a->divisor, .n = a->n, .length = &a->T};
    w.weighting = a->kind == LIVE_SOFTMAX ? GAU_SOFTMAX : GAU_SQUARED;
    w.both = a->mistake == LIVE_NEAR_LEAKS;
    w.previous = a->kind == LIVE_PREVIOUS;
    if (a->kind == LIVE_FLASH || a->kind == LIVE_LOCAL || a->kind == LIVE_PREVIOUS)
        w.n = w.chunk = a->C;
    return gau_attention(q, k, v, NULL, &w);
}

static tensor *
far_part(const live_asked *a, gau_reach reach, tensor *q, tensor *k, tensor *v)
{
    if (a->mistake == LIVE_FAR_LEAKS)
        reach = GAU_ALL;
    return gau_linear(q, gau_unpadded(k, &a->T), v, reach, a->C, (float)a->n);
}

// What the unit puts in front of its gate: out (P, e) of values v (P, e).
static const float *
answers(const live_asked *a, const live_data *x, int e, const float *v)
{
    tensor *q = constant("q", SHAPE(1, a->P, x->s), x->q);
    tensor *k = constant("k", SHAPE(1, a->P, x->s), x->k);
    tensor *q_far = constant("q_far", SHAPE(1, a->P, x->s), x->q_far);
    tensor *k_far = constant("k_far", SHAPE(1, a->P, x->s), x->k_far);
    tensor *values = constant("v", SHAPE(1, a->P, e), v);
    switch (a->kind) {
    case LIVE_LINEAR: return far_part(a, GAU_UP_TO_SELF, q, k, values)->data;
    case LIVE_FLASH:
        return t_add(near_part(a, q, k, values),
                     far_part(a, GAU_BEFORE_CHUNK, q_far, k_far, values))
            ->data;
    default: return near_part(a, q, k, values)->data;
    }
}

// For T positions in a batch of P: the answers (LIVE_T); the same with 10^9 in the key and the value of position
// `changed`; and (T, T) by what each value is multiplied: the answers if the values are the rows of the identity.
const double *
gau_live_look(int drawn, double size, int kind, int mistake, int divisor, int T, int P, int C,
              int n, int changed)
{
    static struct {
        double answer[LIVE_T], with_change[LIVE_T], weight[LIVE_T * LIVE_T];
    } said;
    static float identity[LIVE_P * LIVE_T];
    live_asked a = {(live_kind)kind, (live_mistake)mistake, (gau_divisor)divisor, T, P, C, n};
    live_data x = drawn ? draw(T, size) : by_hand();
    memset(identity, 0, sizeof identity);
    for (int s = 0; s < T; s++)
        identity[s * T + s] = 1;
    tape_reset();
    const float *weight = answers(&a, &x, T, identity), *answer = answers(&a, &x, 1, x.v);
    for (int i = 0; i < x.s; i++)
        x.k[changed * x.s + i] = x.k_far[changed * x.s + i] = 1e9f;
    x.v[changed] = 1e9f;
    const float *after = answers(&a, &x, 1, x.v);
    for (int t = 0; t < T; t++) {
        said.answer[t] = answer[t];
        said.with_change[t] = after[t];
        for (int s = 0; s < T; s++)
            said.weight[t * T + s] = weight[t * T + s];
    }
    return said.answer;
}
