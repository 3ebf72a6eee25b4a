// The smallest update, for the text to compute by hand: one input word, one positive, two negatives, vectors of two
// numbers; every number on the way, and the gradients beside differences of the loss.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "word2vec/figures/figures.h"
#include "word2vec/word2vec.h"

#include <math.h>
#include <string.h>

enum { D = 2, N = 3, VALUES = (1 + N) * D };

static const float rate = 0.5f;
static const int row[N] = {0, 1, 2}, label[N] = {1, 0, 0};
static const word2vec_question question = {N, row, label};
static const char *const names[1 + N] = {"cat", "purrs", "the", "iphone"};

// The input, then the outputs.
static const float at_first[VALUES] = {0.6f, -0.2f, 0.5f, 0.5f, 0.4f, -0.3f, -0.5f, 0.2f};

static double
loss_of(const float *values)
{
    float x[N], s[N];
    return word2vec_loss(D, values, values + D, &question, x, s);
}

static double
difference(int i)
{
    const float step = 1e-2f;
    float above[VALUES], below[VALUES];
    memcpy(above, at_first, sizeof above);
    memcpy(below, at_first, sizeof below);
    above[i] += step;
    below[i] -= step;
    return (loss_of(above) - loss_of(below)) / ((double)above[i] - below[i]);
}

static double
write_gradients(const float gradient[VALUES])
{
    double worst = 0;
    table *t = program_table("worked-example-gradients", "vector\tvalue\tgradient\tdifference");
    for (int i = 0; i < VALUES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_%d", names[i / D], i % D);
        table_row(t, "sddd", name, at_first[i], gradient[i], difference(i));
        worst = fmax(worst, fabs(gradient[i] - difference(i)));
    }
    table_close(t);
    return worst;
}

void
word2vec_figure_worked_example(void)
{
    float x[N], x_met[N], s[N], gradient[VALUES] = {0}, step[D], after[VALUES];
    float loss = word2vec_loss(D, at_first, at_first + D, &question, x, s);
    word2vec_gradient(D, at_first, at_first + D, &question, s, gradient, gradient + D);
    memcpy(after, at_first, sizeof after);
    word2vec_step(D, after, after + D, &question, rate, WORD2VEC_EXACT, x_met, step);
    for (int j = 0; j < D; j++)
        after[j] += step[j];

    table *t = program_table("worked-example", "output\tlabel\tx\tsigma\tloss\tdx\tnew_0\tnew_1");
    for (int i = 0; i < N; i++)
        table_row(t, "siffdfff", names[1 + i], label[i], x[i], s[i],
                  -log64(label[i] ? s[i] : 1 - (double)s[i]), s[i] - label[i], after[D + i * D],
                  after[D + i * D + 1]);
    table_close(t);
    float x_after[N], s_after[N];
    double loss_after = word2vec_loss(D, after, after + D, &question, x_after, s_after);
    t = program_table("worked-example-numbers", "quantity\tvalue");
    table_row(t, "sd", "loss", loss);
    table_row(t, "sd", "loss_after", loss_after);
    table_row(t, "sd", "x_after", x_after[0]);
    for (int j = 0; j < D; j++) {
        char name[16];
        snprintf(name, sizeof name, "dh_%d", j);
        table_row(t, "sd", name, gradient[j]);
        snprintf(name, sizeof name, "new_%d", j);
        table_row(t, "sd", name, after[j]);
    }
    table_close(t);
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-4,
                write_gradients(gradient), "algebra", CHECK);
}
