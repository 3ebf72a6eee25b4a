// Figure reverse: an encoder and a decoder of two layers each learn to reverse ten symbols, with post-norm and with
// pre-norm: the loss, and how many sequences come out without a mistake. Where the decoder looks is figure
// reverse-attention.
#include "transformer/figures/figures.h"

#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "transformer/tasks.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>

enum { SEED = 31, TESTS = 500, T = TRANSFORMER_REVERSE_T };

typedef struct {
    training t;
    int seed;
    transformer_placement placement;
} reversal;

// Logits of the reversed sequences.
static tensor *
reverse_logits(const transformer *m, int B, const int *source, const int *read)
{
    tensor *memory = transformer_encode(m, B, T, source, NULL);
    return transformer_decode(m, B, T, read, NULL, memory, NULL, NULL);
}

// Falls in a straight line from 1 to 0 over the last `part` of the steps s = 0, 1, ...
static float
decay(int s, int steps, float part)
{
    float left = (float)(steps - s) / steps;
    return left < part ? left / part : 1;
}

// Trains run i of all, with tests as it goes.
static void
train(int i, void *all)
{
    enum { B = 64, D = 32, WARM_UP = 400 };
    reversal *run = (reversal *)all + i;
    int steps = run->t.steps, every = run->t.every;
    int test_source[TESTS * T], test_read[TESTS * T], test_say[TESTS * T];
    rng r = rng_at(SEED, run->seed), test = rng_at(SEED, 1000);
    transformer_config c = {.V = TRANSFORMER_REVERSE_V,
                            .D = D,
                            .h = 4,
                            .F = 2 * D,
                            .encoders = 2,
                            .decoders = 2,
                            .placement = run->placement,
                            .activation = t_relu,
                            .positions = transformer_positions(T, D)};
    transformer m = transformer_new(&c, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    transformer_reverse_batch(&test, TESTS, test_source, test_read, test_say);
    for (int s = 0; s < steps; s++) {
        int source[B * T], read[B * T], say[B * T];
        float rate = 0.5f * transformer_noam(s + 1, D, WARM_UP) * decay(s, steps, 0.3f);
        transformer_reverse_batch(&r, B, source, read, say);
        tensor *logits = reverse_logits(&m, B, source, read);
        run->t.loss[s] = training_step(t_cross_entropy(logits, say), &adam, rate, 1);
        if ((s + 1) % every == 0) {
            logits = reverse_logits(&m, TESTS, test_source, test_read);
            run->t.test[s / every] = (float)transformer_exact_part(logits, test_say);
            tape_reset();
        }
    }
    if (i == 0) {
        reverse_logits(&m, TESTS, test_source, test_read);
        // The last attention on the tape: that of the decoder's last layer to the encoder's memory
        const tensor *last = tape_find("transformer_attention");
        transformer_reverse_attention(tape_saved(last, "weights"));
    }
}

void
transformer_figure_reverse(void)
{
    enum { SEEDS = 2, RUNS = 2 * SEEDS };
    reversal runs[RUNS];
    double least = 1;
    for (int i = 0; i < RUNS; i++) {
        bool post = i < SEEDS;
        runs[i] = (reversal){.t = {.steps = program_steps(800, 2), .every = program_steps(100, 1)},
                             .seed = i % SEEDS,
                             .placement = post ? TRANSFORMER_POST_NORM : TRANSFORMER_PRE_NORM};
        snprintf(runs[i].t.name, sizeof runs[i].t.name, "%s_%d", post ? "post" : "pre", i % SEEDS);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    training_write_losses("reverse", program_steps(20, 1), RUNS, runs, sizeof *runs);
    training_write_tests("reverse", RUNS, runs, sizeof *runs);
    for (int i = 0; i < RUNS; i++)
        least = fmin(least, training_last_test(&runs[i].t));
    claim_above("reverse-exact",
                "reversal: part of 500 sequences without a mistake, the worst of 4 trainings", 0.99,
                unless_quick(least), "this chapter", REPRODUCED);
    training_free(RUNS, runs, sizeof *runs);
}
