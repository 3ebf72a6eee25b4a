// Figure attention-effect: does attention show what decides? For 200 pictures the effect of each patch, what log p of
// the digit loses when its token is left out, and how like it in rank five maps are: attention rollout, the class
// token's attention in the first and in the last block, |gradient x input|, and the ink.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/ops.h"
#include "numbers/numeric.h"
#include "vit/tokens.h"

#include <math.h>
#include <string.h>

enum { SEED = 32, B = 200, N = 16, T = N + 1, P = 4 };

static const char *const names[VIT_SIGNALS] = {"rollout", "first", "last", "gradient", "ink"};

// One map of a picture's patches each.
typedef struct {
    float signal[VIT_SIGNALS][B][N];
    float effect[B][N];
} maps;

// The rank of each of n numbers, from 0; equal ones share the mean of theirs.
static void
ranks_of(int n, const float *x, double *rank)
{
    for (int i = 0; i < n; i++) {
        rank[i] = -0.5;
        for (int j = 0; j < n; j++)
            rank[i] += x[j] < x[i] ? 1 : x[j] == x[i] ? 0.5 : 0;
    }
}

// Spearman's rank correlation: Pearson's of the ranks.
static double
rank_correlation(int n, const float *x, const float *y)
{
    double a[n], b[n], xy = 0, xx = 0, yy = 0, middle = (n - 1) / 2.0;
    ranks_of(n, x, a);
    ranks_of(n, y, b);
    for (int i = 0; i < n; i++) {
        xy += (a[i] - middle) * (b[i] - middle);
        xx += (a[i] - middle) * (a[i] - middle);
        yy += (b[i] - middle) * (b[i] - middle);
    }
    return xx > 0 && yy > 0 ? xy / sqrt64(xx * yy) : 0;
}

// The logits of tokens (n, T, D) behind the embedding.
static const tensor *
logits_of(const vit *m, tensor *tokens)
{
    for (int l = 0; l < m->c.L; l++)
        tokens = vit_block_forward(&m->block[l], tokens, NULL);
    return vit_head(m, vit_pooled(m, tokens));
}

// log p of each picture's digit.
static void
log_probabilities(const vit *m, tensor *tokens, const int *digits, float *log_p)
{
    const tensor *logits = logits_of(m, tokens);
    for (int b = 0; b < logits->shape.n[0]; b++) {
        float p[GLYPHS_DIGITS];
        softmax32(GLYPHS_DIGITS, logits->data + b * GLYPHS_DIGITS, p);
        log_p[b] = log32(p[digits[b]]);
    }
}

// tokens (n, T, D) without that of patch i: the sequences are one token shorter, their other positions stay.
static tensor *
without_patch(const tensor *tokens, int i)
{
    int n = tokens->shape.n[0], D = tokens->shape.n[2];
    tensor *rest = constant("rest", SHAPE(n, N, D), NULL);
    for (int b = 0; b < n; b++)
        for (int t = 0, k = 0; t < T; t++)
            if (t != 1 + i)
                memcpy(rest->data + (b * N + k++) * D, tokens->data + (b * T + t) * D,
                       D * sizeof(float));
    return rest;
}

// What log p of the digit loses without each patch, for pictures x (n, 1, H, W).
static void
measure_effects(const vit *m, tensor *x, const int *digits, float effect[][N])
{
    int n = x->shape.n[0];
    float whole[n], without[n];
    const tensor *tokens = vit_embed(m, x);
    log_probabilities(m, constant("tokens", tokens->shape, tokens->data), digits, whole);
    for (int i = 0; i < N; i++) {
        log_probabilities(m, without_patch(tokens, i), digits, without);
        for (int b = 0; b < n; b++)
            effect[b][i] = whole[b] - without[b];
    }
}

// The attention weights (n, h, T, T) of every block.
static void
attention_weights(const vit *m, tensor *x, const float *weights[])
{
    tensor *z = vit_embed(m, x);
    for (int l = 0; l < m->c.L; l++) {
        vit_watch watch = {0};
        transformer_layer block = m->block[l];
        block.self.attention = vit_watched_attention;
        block.self.attention_context = &watch;
        z = vit_block_forward(&block, z, NULL);
        weights[l] = watch.weights->data;
    }
}

static void
measure_attention(const vit *m, tensor *x, maps *out)
{
    int h = m->c.h, L = m->c.L;
    const float *weights[L];
    attention_weights(m, x, weights);
    for (int b = 0; b < B; b++) {
        float rollout[T * T];
        const float *of[L];
        for (int l = 0; l < L; l++)
            of[l] = weights[l] + (long)b * h * T * T;
        vit_rollout(L, h, T, of, rollout);
        for (int i = 0; i < N; i++) {
            out->signal[0][b][i] = rollout[1 + i];
            for (int last = 0; last < 2; last++) {
                float mean = 0;
                for (int head = 0; head < h; head++)
                    mean += of[last ? L - 1 : 0][head * T * T + 1 + i] / h;
                out->signal[1 + last][b][i] = mean;
            }
        }
    }
}

// |gradient x input| of log p, and the ink, both summed over each patch.
static void
measure_pixels(const vit *m, const vit_set *test, maps *out)
{
    tensor *x = param("pixels", SHAPE(B, 1, VIT_SIDE, VIT_SIDE));
    memcpy(x->data, test->pictures, x->size * sizeof(float));
    zero_grad();
    backward(t_scale(t_cross_entropy(vit_logits(m, x), test->digits), -B));
    memset(out->signal[3], 0, sizeof out->signal[3]);
    memset(out->signal[4], 0, sizeof out->signal[4]);
    for (int i = 0; i < B * VIT_PIXELS; i++) {
        int b = i / VIT_PIXELS, y = i / VIT_SIDE % VIT_SIDE,
            n = y / P * (VIT_SIDE / P) + i % VIT_SIDE / P;
        out->signal[3][b][n] += x->grad[i] * x->data[i];
        out->signal[4][b][n] += x->data[i];
    }
    for (int i = 0; i < B * N; i++)
        out->signal[3][i / N][i % N] = fabsf(out->signal[3][i / N][i % N]);
}

void
vit_effect_study(const vit *m, vit_effect_result *result)
{
    glyphs_style usual = glyphs_usual();
    rng r = rng_at(SEED, 0);
    vit_set test = vit_set_new(B, &usual, &r);
    maps *all = permanent_alloc(sizeof *all);
    tensor *x = constant("x", SHAPE(B, 1, VIT_SIDE, VIT_SIDE), test.pictures);
    measure_effects(m, x, test.digits, all->effect);
    measure_attention(m, x, all);
    tape_reset();
    measure_pixels(m, &test, all);
    tape_reset();
    *result = (vit_effect_result){0};
    for (int b = 0; b < B; b++) {
        float size[N];
        for (int i = 0; i < N; i++)
            size[i] = fabsf(all->effect[b][i]);
        for (int s = 0; s < VIT_SIGNALS; s++) {
            result->size[s] += rank_correlation(N, all->signal[s][b], size) / B;
            result->sign[s] += rank_correlation(N, all->signal[s][b], all->effect[b]) / B;
        }
        result->rollout_ink += rank_correlation(N, all->signal[0][b], all->signal[4][b]) / B;
    }
    memcpy(result->effect, all->effect[0], sizeof result->effect);
    memcpy(result->rollout, all->signal[0][0], sizeof result->rollout);
    memcpy(result->picture, test.pictures, sizeof result->picture);
    vit_set_free(&test);
}

void
vit_attention_effect(const vit_effect_result all[VIT_SEEDS])
{
    double size[VIT_SIGNALS] = {0}, sign[VIT_SIGNALS] = {0}, ink = 0, largest = 0;
    table *t = program_table("attention-effect", "map\tseed\twith_size\twith_loss");
    for (int s = 0; s < VIT_SIGNALS; s++)
        for (int i = 0; i < VIT_SEEDS; i++) {
            table_row(t, "sidd", names[s], i, all[i].size[s], all[i].sign[s]);
            size[s] += all[i].size[s] / VIT_SEEDS;
            sign[s] += all[i].sign[s] / VIT_SEEDS;
        }
    table_close(t);
    t = program_table("attention-effect-means", "map\twith_size\twith_loss");
    for (int s = 0; s < VIT_SIGNALS; s++)
        table_row(t, "sdd", names[s], size[s], sign[s]);
    table_close(t);
    table *map = program_table("attention-effect-maps", "row\tcolumn\tink\trollout\tloss");
    for (int i = 0; i < VIT_PIXELS; i++) {
        int y = i / VIT_SIDE, x = i % VIT_SIDE, n = y / P * (VIT_SIDE / P) + x / P;
        table_row(map, "iifff", y, x, all[0].picture[i], all[0].rollout[n], all[0].effect[n]);
    }
    table_close(map);
    for (int i = 0; i < VIT_SEEDS; i++)
        ink += all[i].rollout_ink / VIT_SEEDS;
    table *with_ink = program_table("attention-effect-ink", "what\trollout_with_ink");
    table_row(with_ink, "sd", "mean", ink);
    table_close(with_ink);
    for (int s = 0; s < 3; s++) // of the three maps of attention
        largest = fmax(largest, sign[s]);
    claim_above("attention-ink",
                "rank correlation of rollout with the ink less that with the loss of log p, means",
                0.2, unless_quick(ink - sign[0]), "this chapter", FOUND);
    claim_below(
        "attention-no-effect",
        "rank correlation of a map of attention with the loss of log p, the largest of 3", 0.5,
        unless_quick(largest),
        "Jain & Wallace 2019: attention weights and effects of leaving out are weakly related",
        REPRODUCED);
    claim_above(
        "attention-rollout", "with |loss of log p|: rollout less the last block's attention, means",
        0, unless_quick(size[0] - size[2]),
        "Abnar & Zuidema 2020: rollout is closer to the effect than raw attention", REPRODUCED);
}
