// Figure cost: what do the patches cost? Multiply-adds of a block by the number of tokens, and the part of them that
// grows with its square; how many parameters ViT-B/16 has.
#include "vit/figures/figures.h"

#include "frame/claims.h"
#include "frame/program.h"
#include "vit/experiment.h"

// Multiply-adds of a block of N tokens of width D with an MLP of 4 D: four projections and two layers of the MLP, and
// the scores and the means of attention.
static double
linear_part(double N, double D)
{
    return 12 * N * D * D;
}

static double
square_part(double N, double D)
{
    return 2 * N * N * D;
}

// Parameters of a model; key_bias: as most implementations have it, with a bias of the keys, which does nothing.
static long
parameters(const vit_config *c, bool key_bias)
{
    long D = c->D, F = c->F, tokens = vit_token_count(c);
    long embedding = (c->C * c->P * c->P + 1) * D + (c->pool == VIT_CLASS ? D : 0) + tokens * D;
    long block = 4 * D * D + (key_bias ? 4 : 3) * D + 2 * D * F + F + D + 4 * D;
    return embedding + c->L * block + 2 * D + (D + 1) * c->classes;
}

static long
parameters_of_tape(void)
{
    long size = 0;
    for (int i = 0; i < param_count(); i++)
        size += param_at(i)->size;
    return size;
}

void
vit_figure_cost(void)
{
    enum { D = 768 };
    table *t = program_table("cost", "side\ttokens\tlinear_gmac\tsquare_gmac\tshare");
    const int sides[] = {64, 128, 224, 384, 512, 768, 1024, 1536, 2048};
    for (int i = 0; i < 9; i++) {
        int N = (sides[i] / 16) * (sides[i] / 16) + 1;
        double linear = linear_part(N, D), square = square_part(N, D);
        table_row(t, "iiddd", sides[i], N, linear / 1e9, square / 1e9, square / (linear + square));
    }
    table_close(t);
    claim_near(
        "cost-share", "224 x 224 in patches of 16, D 768: attention's square part of a block",
        197.0 / (6 * 768 + 197), square_part(197, D) / (linear_part(197, D) + square_part(197, D)),
        1e-12, "2 T^2 D / (12 T D^2 + 2 T^2 D) = T / (6 D + T)", CHECK);
    rng r = rng_at(1, 0);
    vit_config c = vit_usual();
    vit_new(&c, &r);
    claim_near("cost-parameters", "parameters of the figures' ViT, by formula and counted",
               parameters(&c, false), parameters_of_tape(), 0, "this chapter: cost", CHECK);
    tensors_free();
    const vit_config base = {
        .H = 224, .W = 224, .C = 3, .P = 16, .D = D, .L = 12, .h = 12, .F = 4 * D, .classes = 1000};
    claim_near("cost-vit-b", "parameters of ViT-B/16 with 1000 classes and biases of keys",
               86567656, parameters(&base, true), 0,
               "Dosovitskiy et al. 2021, table 1: 86M; the number is torchvision's, vit_b_16",
               REPRODUCED);
    table *count = program_table("parameters", "model\tparameters\twith_key_biases");
    table_row(count, "sii", "ours", (int)parameters(&c, false), (int)parameters(&c, true));
    table_row(count, "sii", "vit_b_16", (int)parameters(&base, false),
              (int)parameters(&base, true));
    table_close(count);
}
