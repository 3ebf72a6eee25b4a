// Figure warm-up: why does post-norm need a warm-up? The gradient of W_2 in every layer of new decoder-only models of
// 12 layers, before the first step, with the norm behind the sum (post-norm) and in front of the sublayer (pre-norm).
#include "transformer/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/ops.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "transformer/transformer.h"

enum { SEED = 21, DEPTH = 12, STARTS = 8 };

// |dL/dW_2| of every layer of a new decoder-only model with a random batch.
static void
first_gradients(transformer_placement placement, rng *r, double norm[DEPTH])
{
    enum { V = 27, D = 32, T = 16, B = 8 };
    int read[B * T], say[B * T];
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 128,
                            .decoders = DEPTH,
                            .placement = placement,
                            .activation = t_relu,
                            .positions = transformer_positions(T, D)};
    transformer m = transformer_new(&c, r);
    for (int i = 0; i < B * T; i++) {
        read[i] = (int)rng_below(r, V);
        say[i] = (int)rng_below(r, V);
    }
    backward(t_cross_entropy(transformer_decode(&m, B, T, read, NULL, NULL, NULL, NULL), say));
    for (int i = 0; i < DEPTH; i++)
        norm[i] = sqrt64(sumsq(m.decoder[i].w_2->size, m.decoder[i].w_2->grad));
    tensors_free();
}

// The mean of every layer's gradient over STARTS new models.
static void
mean_gradients(transformer_placement placement, stats_estimate mean[DEPTH])
{
    double norm[STARTS][DEPTH];
    for (int s = 0; s < STARTS; s++) {
        rng r = rng_at(SEED, s);
        first_gradients(placement, &r, norm[s]);
    }
    for (int i = 0; i < DEPTH; i++) {
        double x[STARTS];
        for (int s = 0; s < STARTS; s++)
            x[s] = norm[s][i];
        mean[i] = stats_mean(STARTS, x);
    }
}

void
transformer_figure_warm_up(void)
{
    stats_estimate post[DEPTH], pre[DEPTH];
    mean_gradients(TRANSFORMER_POST_NORM, post);
    mean_gradients(TRANSFORMER_PRE_NORM, pre);
    table *t = program_table("warm-up", "layer\tpost\tpost_error\tpre\tpre_error");
    for (int i = 0; i < DEPTH; i++)
        table_row(t, "idddd", i + 1, post[i].mean, post[i].error, pre[i].mean, pre[i].error);
    table_close(t);
    claim_above("post-gradient",
                "new models of 12 layers: the last layer's |dL/dW_2|, post-norm over pre-norm", 2,
                post[DEPTH - 1].mean / pre[DEPTH - 1].mean, "Xiong et al. 2020, sec. 3.3",
                REPRODUCED);
}
