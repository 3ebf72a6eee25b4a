#include "speculative/own_text.h"

#include "data/text.h"
#include "files/escape.h"
#include "files/file.h"
#include "files/memory.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "speculative/generation.h"
#include "speculative/speculative.h"
#include "transformer/tasks.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 141, B = 16, T = 64, D = 64, HEADS = 4, LEAST = 4000, WRITTEN = 2000, BLOCK = 50 };

// B windows that begin at random places of [from, to).
static void
windows(const text_file *text, int from, int to, rng *r, int *ids)
{
    for (int b = 0; b < B; b++) {
        int start = from + (int)rng_below(r, to - from - T);
        memcpy(ids + b * T, text->text + start, T * sizeof *ids);
    }
}

// The loss of the model alone, or of its heads on the frozen trunk; accuracy (1 + HEADS), or NULL.
static tensor *
loss_of(const transformer *m, const speculative_heads *heads, bool of_heads, const int *ids,
        double *right)
{
    tensor *logits[1 + HEADS];
    const float lambda[1 + HEADS] = {1, 1, 1, 1, 1};
    int targets[B * T];
    logits[0] = transformer_decode(m, B, T, ids, NULL, NULL, NULL, NULL);
    if (of_heads) {
        tensor *h = detach(speculative_hidden(logits[0]));
        logits[0] = detach(logits[0]);
        for (int j = 0; j < HEADS; j++)
            logits[1 + j] = speculative_head(h, heads->w[j], heads->u[j]);
    }
    for (int j = 0; j <= HEADS && right; j++) {
        speculative_targets(B, T, ids, 1 + j, targets);
        right[j] += accuracy(logits[j], targets);
    }
    return speculative_loss(of_heads ? 1 + HEADS : 1, logits, lambda, ids);
}

static void
learn(const transformer *m, const speculative_heads *heads, bool of_heads, const text_file *text,
      int steps, rng *r)
{
    adamw adam = adamw_new(0.9f, 0.99f, 1e-8f, 0);
    progress_expect(steps);
    for (int s = 0; s < steps; s++) {
        int ids[B * T];
        windows(text, 0, text->n / 10 * 9, r, ids);
        training_step(loss_of(m, heads, of_heads, ids, NULL), &adam,
                      warmup_cosine(s, steps / 20, steps, 3e-3f), 1);
    }
}

static void
print_accuracies(const transformer *m, const speculative_heads *heads, const text_file *text)
{
    enum { TESTS = 4 };
    double right[1 + HEADS] = {0};
    rng r = rng_at(SEED, 1);
    for (int i = 0; i < TESTS; i++) {
        int ids[B * T];
        windows(text, text->n / 10 * 9, text->n, &r, ids);
        loss_of(m, heads, true, ids, right);
        tape_reset();
    }
    progress_clear();
    printf("Accuracy on what it never saw: the next symbol %.3f; heads", right[0] / TESTS);
    for (int j = 1; j <= HEADS; j++)
        printf(" %.3f", right[j] / TESTS);
    printf("\n\n");
}

// Writes a text with each rule, and prints a line about each.
static void
compare_rules(const transformer *m, const speculative_heads *heads, const text_file *text,
              double temperature)
{
    static const struct {
        const char *name;
        speculative_rule rule;
    } rules[] = {{"one symbol a pass", SPECULATIVE_PLAIN},
                 {"sampled heads, exact", SPECULATIVE_SAMPLED},
                 {"best guesses, exact", SPECULATIVE_BEST},
                 {"typical acceptance", SPECULATIVE_TYPICAL}};
    int first = 0, separator = -1;
    for (int s = 0; s < text->symbols; s++)
        if (text->byte[s] == ' ')
            first = separator = s;
    stats_estimate plain = {0};
    double plain_rate = 0;
    table *t = program_table("rules.timing", "rule\tsymbols_a_pass\tsymbols_a_second\tnats\terror");
    printf("%-22s%16s%18s%8s%20s\n", "rule", "symbols a pass", "symbols a second", "gain",
           "nats a symbol");
    for (int i = 0; i < 4; i++) {
        speculative_writer w = {m, heads, rules[i].rule, HEADS, temperature, 0.09, 0.3, separator};
        int n = program_steps(WRITTEN, 2 * BLOCK), out[WRITTEN];
        double nats[WRITTEN], block[WRITTEN / BLOCK] = {0};
        rng r = rng_at(SEED, 2 + i);
        double begin = timing_seconds();
        int passes = speculative_write(&w, first, T - 1, n, &r, out, nats);
        double rate = n / (timing_seconds() - begin);
        for (int s = 0; s < n; s++)
            block[s / BLOCK] += nats[s] / BLOCK;
        stats_estimate e = stats_mean(n / BLOCK, block);
        plain = i ? plain : e;
        plain_rate = i ? plain_rate : rate;
        printf("%-22s%16.3f%18.0f%8.2f%10.3f +- %.3f", rules[i].name, (double)n / passes, rate,
               rate / plain_rate, e.mean, e.error);
        if (i)
            printf("  z %.1f",
                   (e.mean - plain.mean) / sqrt(e.error * e.error + plain.error * plain.error));
        putchar('\n');
        table_row(t, "sdddd", rules[i].name, (double)n / passes, rate, e.mean, e.error);
        char name[32], *bytes = memory_zeroed(n + 1, 1, "a sample");
        snprintf(name, sizeof name, "text-%d.txt", i);
        for (int s = 0; s < n; s++)
            bytes[s] = (char)text->byte[out[s]];
        FILE *file = file_create(program_path(name));
        fwrite(bytes, 1, n, file);
        file_commit(file, program_path(name));
        free(bytes);
    }
    table_close(t);
    printf("\nThe exact rules write with the model's own distribution: their z says no more than "
           "chance. What "
           "typical acceptance\nwrites the model finds likelier than what it would write itself. "
           "The texts: %s\n",
           escape(program_path("text-0.txt")));
}

void
speculative_own_text(const char *path, int steps, double temperature)
{
    size_t size;
    char *bytes = file_read(path, &size);
    text_file text = text_parse(bytes, size, path, LEAST);
    free(bytes);
    rng r = rng_at(SEED, 0);
    transformer_config c = {.V = text.symbols,
                            .D = D,
                            .h = 4,
                            .F = 4 * D,
                            .decoders = 2,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_learnt_positions(T, D, &r)};
    transformer m = transformer_new(&c, &r);
    speculative_heads heads = speculative_heads_new(HEADS, m.embedding);
    printf("%s: %d bytes, %d different. A decoder of width %d and 2 layers reads nine tenths, then "
           "%d heads "
           "on its frozen trunk.\n",
           escape(path), text.n, text.symbols, D, HEADS);
    fflush(stdout);
    steps = program_steps(steps, 2);
    learn(&m, &heads, false, &text, steps, &r);
    for (int j = 0; j < HEADS; j++)
        tensor_assign(heads.u[j], m.embedding);
    learn(&m, &heads, true, &text, steps / 2, &r);
    print_accuracies(&m, &heads, &text);
    compare_rules(&m, &heads, &text, temperature);
    free(text.text);
    tensors_free();
}
