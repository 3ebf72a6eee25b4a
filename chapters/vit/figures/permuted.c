// Figure permuted: what if every picture's patches come in another order, always the same? Accuracy of the ViT and of
// the net, from figure data-size's trainings; and the identity: with the rows of its positions in that order, a ViT's
// training is the same training.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/ops.h"

#include <math.h>
#include <string.h>

enum { SEED = 20, STEPS = 20 };

// The losses of a few steps of a ViT whose pictures and positions come in this order; NULL: as they are.
static void
losses_of(const int *pixel_order, const int *patch_order, float loss[STEPS])
{
    vit_config c = vit_usual();
    glyphs_style usual = glyphs_usual();
    rng weights = rng_at(SEED, 0), data = rng_at(SEED, 1);
    vit_set set = vit_set_new(STEPS * VIT_BATCH, &usual, &data);
    vit_set used = set;
    vit m = vit_new(&c, &weights);
    if (pixel_order) {
        used = vit_set_reordered(&set, pixel_order);
        tensor *before = constant("before", m.positions->shape, m.positions->data);
        for (int n = 0; n < vit_patch_count(&c); n++)
            memcpy(m.positions->data + (1 + n) * c.D, before->data + (1 + patch_order[n]) * c.D,
                   c.D * sizeof(float));
        tape_reset();
    }
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int s = 0; s < STEPS; s++) {
        tensor *x = constant("x", SHAPE(VIT_BATCH, 1, VIT_SIDE, VIT_SIDE),
                             used.pictures + (long)s * VIT_BATCH * VIT_PIXELS);
        tensor *y = t_cross_entropy(vit_logits(&m, x), used.digits + s * VIT_BATCH);
        loss[s] = y->data[0];
        zero_grad();
        backward(y);
        adamw_step(&adam, 2e-3f);
        tape_reset();
    }
    tensors_free();
    if (pixel_order)
        vit_set_free(&used);
    vit_set_free(&set);
}

static double
largest_difference(void)
{
    float plain[STEPS], other[STEPS];
    int order[VIT_PIXELS], patches[16];
    rng r = rng_at(SEED, 2);
    vit_patch_order(&r, order);
    for (int n = 0; n < 16; n++) { // the patch that the first pixel of patch n comes from
        int from = order[n / 4 * 4 * VIT_SIDE + n % 4 * 4];
        patches[n] = from / VIT_SIDE / 4 * 4 + from % VIT_SIDE / 4;
    }
    losses_of(NULL, NULL, plain);
    losses_of(order, patches, other);
    double most = 0;
    for (int s = 0; s < STEPS; s++)
        most = fmax(most, fabs(plain[s] - other[s]));
    return most;
}

static double
mean_of(const double x[VIT_SEEDS])
{
    return (x[0] + x[1] + x[2]) / VIT_SEEDS;
}

void
vit_permuted(const vit_permuted_runs *runs)
{
    table *t = program_table("permuted", "model\tseed\tplain\tpermuted");
    for (int net = 0; net < 2; net++)
        for (int i = 0; i < VIT_SEEDS; i++)
            table_row(t, "sidd", net ? "net" : "vit", i, runs->plain[net][i],
                      runs->permuted[net][i]);
    table_close(t);
    t = program_table("permuted-means", "model\tplain\tpermuted");
    for (int net = 0; net < 2; net++)
        table_row(t, "sdd", net ? "net" : "vit", mean_of(runs->plain[net]),
                  mean_of(runs->permuted[net]));
    table_close(t);
    double vit_change = mean_of(runs->permuted[0]) - mean_of(runs->plain[0]);
    double net_change = mean_of(runs->permuted[1]) - mean_of(runs->plain[1]);
    claim_near("permuted-vit", "patches in another order: change of the ViT's mean accuracy", 0,
               unless_quick(vit_change), 0.1, "this chapter: the same training, renamed", FOUND);
    claim_below("permuted-net", "patches in another order: change of the net's mean accuracy",
                -0.05, unless_quick(net_change), "this chapter", FOUND);
    claim_near(
        "permuted-identity",
        "patches and rows of the positions in another order: largest difference of 20 losses", 0,
        largest_difference(), 1e-3, "algebra: the same sums in another order", CHECK);
}
