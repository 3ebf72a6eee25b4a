// Figure addition: a decoder alone learns to add numbers of three digits, the sum's least significant digit first and
// its most significant digit first: the loss, and how many of the sums that no training saw are right.
#include "transformer/figures/figures.h"

#include "files/memory.h"
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
#include <stdlib.h>

enum { SEED = 41, TESTS = 1000, T = TRANSFORMER_ADDITION_T };

typedef struct {
    training t;
    int seed;
    bool least_first;
} addition;

// Marks the pairs that no training sees: in the mean 1 in 100 of all.
static bool *
unseen_pairs(void)
{
    bool *unseen = memory_zeroed(TRANSFORMER_ADDITION_PAIRS, sizeof *unseen, "pairs of numbers");
    rng r = rng_at(SEED, 1000);
    for (int i = 0; i < TRANSFORMER_ADDITION_PAIRS; i++)
        unseen[i] = rng_below(&r, 100) == 0;
    return unseen;
}

// Trains run i of all, with tests as it goes.
static void
train(int i, void *all)
{
    enum { B = 64, D = 64 };
    addition *run = (addition *)all + i;
    int steps = run->t.steps, every = run->t.every;
    int *test_read = memory_zeroed(TESTS * T, sizeof(int), "the tests");
    int *test_say = memory_zeroed(TESTS * T, sizeof(int), "the tests");
    rng r = rng_at(SEED, run->seed), test = rng_at(SEED, 1001);
    transformer_config c = {.V = TRANSFORMER_ADDITION_V,
                            .D = D,
                            .h = 4,
                            .F = 2 * D,
                            .decoders = 2,
                            .placement = TRANSFORMER_POST_NORM,
                            .activation = t_gelu,
                            .positions = transformer_learnt_positions(T, D, &r)};
    transformer m = transformer_new(&c, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    bool *unseen = unseen_pairs();
    transformer_addition_batch(&test, TESTS, run->least_first, unseen, true, test_read, test_say);
    for (int s = 0; s < steps; s++) {
        int read[B * T], say[B * T];
        float rate = warmup_cosine(s, steps / 15, steps, 2e-3f);
        transformer_addition_batch(&r, B, run->least_first, unseen, false, read, say);
        tensor *logits = transformer_decode(&m, B, T, read, NULL, NULL, NULL, NULL);
        run->t.loss[s] = training_step(t_cross_entropy(logits, say), &adam, rate, 1);
        if ((s + 1) % every == 0) {
            logits = transformer_decode(&m, TESTS, T, test_read, NULL, NULL, NULL, NULL);
            run->t.test[s / every] = (float)transformer_exact_part(logits, test_say);
            tape_reset();
        }
    }
    free(unseen);
    free(test_read);
    free(test_say);
}

// Of the trainings of one order: how many end with more than 0.99 of the sums right, and the best.
static void
results_of(int n, const addition *runs, bool least_first, int *solved, double *best)
{
    *solved = 0;
    *best = 0;
    for (int i = 0; i < n; i++) {
        if (runs[i].least_first != least_first)
            continue;
        double end = training_last_test(&runs[i].t);
        *solved += end > 0.99;
        *best = fmax(*best, end);
    }
}

static void
claims(int n, const addition *runs)
{
    const char *
        own = "this chapter",
       *changed =
           "1200 steps, two seeds an order: the worst with the least significant digit first above "
           "0.99, and above the best of the other order; other seeds contradicted both. That its "
           "mean "
           "is higher was claimed, too, and seed 0 contradicted it";
    double least_best, most_best;
    int least_solved, most_solved;
    results_of(n, runs, true, &least_solved, &least_best);
    results_of(n, runs, false, &most_solved, &most_best);
    claim_above("addition-best",
                "addition, least significant digit first: right part of unseen sums, best of 3",
                0.99, unless_quick(least_best), own, FOUND);
    claim_above(
        "addition-solved",
        "addition: how many of 3 end above 0.99, least significant digit first less most first", 0,
        unless_quick(least_solved - most_solved), own, FOUND);
    claim_changed("addition-best", changed);
    claim_changed("addition-solved", changed);
}

void
transformer_figure_addition(void)
{
    enum { SEEDS = 3, RUNS = 2 * SEEDS };
    addition runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        bool least = i < SEEDS;
        runs[i] = (addition){.t = {.steps = program_steps(1000, 2), .every = program_steps(100, 1)},
                             .seed = i % SEEDS,
                             .least_first = least};
        snprintf(runs[i].t.name, sizeof runs[i].t.name, "%s_%d",
                 least ? "least_first" : "most_first", i % SEEDS);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    training_write_losses("addition", program_steps(20, 1), RUNS, runs, sizeof *runs);
    training_write_tests("addition", RUNS, runs, sizeof *runs);
    claims(RUNS, runs);
    training_free(RUNS, runs, sizeof *runs);
}
