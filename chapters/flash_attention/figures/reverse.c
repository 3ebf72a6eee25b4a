// Figure reverse: chapter 2's encoder and decoder learn to reverse ten symbols with chapter 2's attention and with
// this one, from the same weights and on the same batches: how the losses part.
#include "flash_attention/figures/figures.h"

#include "files/table.h"
#include "flash_attention/flash_attention.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "transformer/tasks.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>

enum {
    SEED = 77,
    T = TRANSFORMER_REVERSE_T,
    V = TRANSFORMER_REVERSE_V,
    D = 32,
    B = 64,
    TESTS = 200,
    STEPS = 600,
    SEEDS = 3
};

// Chapter 2's attention; tiles with the running maximum; tiles with a power of two, of two sizes.
typedef enum { UNFUSED, TILED, POWER_SMALL, POWER_LARGE, ATTENTIONS } attention_kind;
static const char *const names[ATTENTIONS] = {"unfused", "tiled", "power_3x2", "power_whole"};
static flash_attention_options options[ATTENTIONS] = {
    [TILED] = {.rows = 4, .columns = 4},
    [POWER_SMALL] = {.rows = 3, .columns = 2, .power_of_two = true},
    [POWER_LARGE] = {.power_of_two = true}};

typedef struct {
    training t;
    attention_kind kind;
    int seed;
} reversal;

// Run i of all, as chapter 2's figure reverse has it: pre-norm, half of the paper's rate, which falls at the end.
static void
train(int i, void *all)
{
    reversal *run = (reversal *)all + i;
    int steps = run->t.steps, source[TESTS * T], read[TESTS * T], say[TESTS * T];
    rng r = rng_at(SEED, run->seed), test = rng_at(SEED, 1000);
    transformer_config c = {
        .V = V,
        .D = D,
        .h = 4,
        .F = 2 * D,
        .encoders = 2,
        .decoders = 2,
        .placement = TRANSFORMER_PRE_NORM,
        .activation = t_relu,
        .positions = transformer_positions(T, D),
        .attention = run->kind == UNFUSED ? NULL : flash_attention_for_transformer,
        .attention_context = &options[run->kind],
    };
    transformer m = transformer_new(&c, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    for (int s = 0; s < steps; s++) {
        float left = (steps - s) / (0.3f * steps), fall = left < 1 ? left : 1;
        transformer_reverse_batch(&r, B, source, read, say);
        tensor *memory = transformer_encode(&m, B, T, source, NULL);
        tensor *logits = transformer_decode(&m, B, T, read, NULL, memory, NULL, NULL);
        run->t.loss[s] = training_step(t_cross_entropy(logits, say), &adam,
                                       0.5f * fall * transformer_noam(s + 1, D, 400), 1);
    }
    transformer_reverse_batch(&test, TESTS, source, read, say);
    tensor *memory = transformer_encode(&m, TESTS, T, source, NULL);
    tensor *logits = transformer_decode(&m, TESTS, T, read, NULL, memory, NULL, NULL);
    run->t.test[0] = (float)transformer_exact_part(logits, say);
    tape_reset();
}

static const reversal *
find(int n, const reversal *runs, attention_kind kind, int seed)
{
    for (int i = 0; i < n; i++)
        if (runs[i].kind == kind && runs[i].seed == seed)
            return &runs[i];
    return NULL;
}

static double
apart(const reversal *a, const reversal *b, int step)
{
    return fabs((double)a->t.loss[step] - b->t.loss[step]);
}

static void
claims(int n, const reversal *runs)
{
    double first = 0, later = INFINITY, least = 1;
    int steps = runs->t.steps, different = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        const reversal *a = find(n, runs, UNFUSED, seed), *b = find(n, runs, TILED, seed);
        double most = 0;
        first = fmax(first, apart(a, b, 0));
        for (int s = 0; s < steps; s++)
            most = fmax(most, apart(a, b, s));
        later = fmin(later, most);
        least = fmin(least, fmin(training_last_test(&a->t), training_last_test(&b->t)));
    }
    const reversal *small = find(n, runs, POWER_SMALL, 0), *large = find(n, runs, POWER_LARGE, 0);
    for (int s = 0; s < steps; s++)
        different += bits32(small->t.loss[s]) != bits32(large->t.loss[s]);
    claim_below("reverse-first", "reversal: the first losses with both attentions differ by", 1e-6,
                first, "rounding: the same function", CHECK);
    claim_above("reverse-apart",
                "reversal: the largest difference of two losses on the way, the least of 3 seeds",
                1e-4, unless_quick(later), "this chapter", FOUND);
    claim_above("reverse-exact",
                "reversal: the part of 200 sequences without a mistake, the worst of 6 trainings",
                0.95, unless_quick(least), "this chapter", FOUND);
    claim_near(
        "reverse-power",
        "reversal: losses of a whole training that tiles of another size change, power of two", 0,
        different, 0, "products with powers of two are exact", CHECK);
}

void
flash_attention_figure_reverse(void)
{
    enum { RUNS = 2 * SEEDS + 2 };
    reversal runs[RUNS];
    int n = 0;
    for (attention_kind kind = UNFUSED; kind < ATTENTIONS; kind++)
        for (int seed = 0; seed < (kind <= TILED ? SEEDS : 1); seed++, n++) {
            int steps = program_steps(STEPS, 20);
            runs[n] = (reversal){.t = {.steps = steps, .every = steps}, .kind = kind, .seed = seed};
            snprintf(runs[n].t.name, sizeof runs[n].t.name, "%s_%d", names[kind], seed);
        }
    training_run(n, runs, sizeof *runs, train);
    training_write_losses("reverse", program_steps(10, 1), n, runs, sizeof *runs);
    training_write_tests("reverse", n, runs, sizeof *runs);
    table *t = program_table("reverse-apart", "step\tseed_0\tseed_1\tseed_2");
    for (int s = 0; s < runs->t.steps; s++) {
        double d[SEEDS];
        for (int seed = 0; seed < SEEDS; seed++)
            d[seed] = apart(find(n, runs, UNFUSED, seed), find(n, runs, TILED, seed), s);
        table_row(t, "iddd", s + 1, d[0], d[1], d[2]);
    }
    table_close(t);
    claims(n, runs);
    training_free(n, runs, sizeof *runs);
}
