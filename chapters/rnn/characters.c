#include "rnn/characters.h"

#include "files/fail.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <stdio.h>
#include <string.h>

// Reads K symbols of every stream from place `from` on, and the K that follow each: x, y (K, streams).
static void
read_window(const rnn_corpus *c, int from, int K, int *x, int *y)
{
    for (int t = 0; t < K; t++)
        for (int s = 0; s < c->streams; s++) {
            const int *at = c->text + (long)s * c->length + from + t;
            x[t * c->streams + s] = at[0];
            y[t * c->streams + s] = at[1];
        }
}

// Runs the layer on x from the state in h and c, and leaves the new state there. The net reads copies:
// backward will want the old state when h and c have moved on.
static rnn_output
step_from(const rnn_model *m, tensor *x, tensor *h, tensor *c)
{
    bool lstm = m->layer.kind == RNN_LSTM;
    tensor *h0 = constant("h0", h->shape, h->data);
    tensor *c0 = lstm ? constant("c0", c->shape, c->data) : NULL;
    rnn_output o = rnn_forward(&m->layer, x, h0, c0);
    tensor_assign(h, o.h);
    if (lstm)
        tensor_assign(c, o.c);
    return o;
}

// The state of zeros with which a text begins.
static void
begin_text(tensor *h, tensor *c)
{
    memset(h->data, 0, h->size * sizeof(float));
    memset(c->data, 0, c->size * sizeof(float));
}

// The loss of a window; h and c go in as the state before it and come out as the state behind it.
static tensor *
window_loss(const rnn_model *m, const rnn_corpus *text, int from, int K, tensor *h, tensor *c)
{
    int B = text->streams;
    int *x = tape_alloc(K * B * sizeof(int)), *y = tape_alloc(K * B * sizeof(int));
    read_window(text, from, K, x, y);
    rnn_output o = step_from(m, rnn_one_hot(K, B, text->symbols, x), h, c);
    return t_cross_entropy(t_linear(o.all, m->w, m->b), y);
}

// The mean loss over a text, which has a whole number of windows.
static double
validate(const rnn_model *m, const rnn_corpus *text, int K, tensor *h, tensor *c)
{
    double sum = 0;
    begin_text(h, c);
    if (text->length <= K)
        fail("validate: texts of %d symbols, expected more than a window of %d", text->length, K);
    for (int from = 0; from + K < text->length; from += K) {
        sum += window_loss(m, text, from, K, h, c)->data[0];
        tape_reset();
    }
    return sum / ((text->length - 1) / K);
}

// Draws `length` symbols from the model, each from its probabilities, beginning after `first`.
static void
generate(const rnn_model *m, int symbols, int first, rng *r, int length, int *out)
{
    tensor *h = tensor_state("h", SHAPE(1, m->layer.H));
    tensor *c = tensor_state("c", SHAPE(1, m->layer.H));
    for (int i = 0; i < length; i++) {
        rnn_output o = step_from(m, rnn_one_hot(1, 1, symbols, &first), h, c);
        tensor *p = t_softmax(t_linear(o.h, m->w, m->b));
        double u = rng_uniform64(r);
        for (first = 0; first < symbols - 1 && u >= p->data[first]; first++)
            u -= p->data[first];
        out[i] = first;
        tape_reset();
    }
}

// Prints the loss on the windows since the last validation, of which `window` is the last, and that of the validation.
static void
report(const rnn_character_training *run, int window, double validation_loss)
{
    const float *since = run->training.loss + window + 1 - run->interval;
    double loss = sum32(run->interval, since) / run->interval;
    progress_clear();
    printf("window %4d: %.3f bits per byte on what it reads, %.3f on what it never saw\n",
           window + 1, loss / ln2_64 * run->symbols_per_byte[0],
           validation_loss / ln2_64 * run->symbols_per_byte[1]);
}

void
rnn_train_characters(int i, void *all)
{
    rnn_character_training *run = (rnn_character_training *)all + i;
    const rnn_corpus *text = run->training_set, *other = run->validation_set;
    int K = run->K, steps = run->training.steps, from = 0;
    rng r = rng_at(run->seed, run->stream);
    rnn_model m = rnn_model_new(run->kind, text->symbols, run->H, text->symbols, &r);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int p = 0; p < param_count(); p++)
        run->parameters += (int)param_at(p)->size;
    tensor *h = tensor_state("h", SHAPE(text->streams, run->H)), *c = tensor_state("c", h->shape);
    tensor *other_h = tensor_state("h", SHAPE(other->streams, run->H));
    tensor *other_c = tensor_state("c", other_h->shape);
    for (int s = 0; s < steps; s++, from += K) {
        if (from + K >= text->length) {
            from = 0;
            begin_text(h, c);
        }
        tensor *loss = window_loss(&m, text, from, K, h, c);
        float rate = warmup_cosine(s, steps / 20, steps, run->rate);
        run->training.loss[s] = training_step(loss, &adam, rate, 1);
        if ((s + 1) % run->interval == 0) {
            double validation_loss = validate(&m, other, K, other_h, other_c);
            run->validation_loss[s / run->interval] = validation_loss;
            if (run->report)
                report(run, s, validation_loss);
        }
    }
    generate(&m, text->symbols, run->first, &r, run->length, run->sample);
}

double
rnn_last_validation(const rnn_character_training *run)
{
    return run->validation_loss[run->training.steps / run->interval - 1];
}
