#include "vit/experiment.h"

#include "files/memory.h"
#include "nets/ops.h"
#include "numbers/numeric.h"
#include "vit/convolution.h"

#include <stdlib.h>
#include <string.h>

static const int channels[] = {16, 32, 64}, strides[] = {1, 2, 2};

// ---- The two nets ----

static tensor *
normal_param(const char *name, shape s, rng *r)
{
    tensor *w = param(name, s);
    rng_fill_normal(r, w->size, w->data, 0, sqrt32(2.0f / shape_product(s, 1, s.rank)));
    return w;
}

vit_net
vit_net_new(int C, int classes, rng *r)
{
    static const char *const names[] = {"w_1", "w_2", "w_3"}, *const biases[] = {"b_1", "b_2",
                                                                                 "b_3"};
    vit_net m;
    for (int i = 0; i < 3; i++) {
        m.w[i] = normal_param(names[i], SHAPE(channels[i], i ? channels[i - 1] : C, 3, 3), r);
        m.bias[i] = param(biases[i], SHAPE(channels[i]));
    }
    m.w_head = normal_param("w_head", SHAPE(classes, channels[2]), r);
    m.b_head = param("b_head", SHAPE(classes));
    return m;
}

tensor *
vit_net_logits(const vit_net *m, tensor *pictures)
{
    tensor *x = pictures;
    for (int i = 0; i < 3; i++)
        x = t_relu(vit_convolution(x, m->w[i], m->bias[i], strides[i], 1));
    return t_linear(vit_mean_of_places(x), m->w_head, m->b_head);
}

vit_config
vit_usual(void)
{
    return (vit_config){.H = VIT_SIDE,
                        .W = VIT_SIDE,
                        .C = 1,
                        .P = 4,
                        .D = 32,
                        .L = 2,
                        .h = 4,
                        .F = 128,
                        .classes = GLYPHS_DIGITS,
                        .pool = VIT_CLASS};
}

tensor *
vit_classify(const vit_classifier *m, tensor *pictures)
{
    return m->is_net ? vit_net_logits(&m->net, pictures) : vit_logits(&m->tower, pictures);
}

// ---- Pictures ----

static vit_set
set_of(int n, int side)
{
    vit_set s = {n, side, NULL, NULL};
    s.pictures = memory_zeroed((long)n * side * side, sizeof(float), "pictures");
    s.digits = memory_zeroed(n, sizeof(int), "digits");
    return s;
}

vit_set
vit_set_new(int n, const glyphs_style *style, rng *r)
{
    vit_set s = set_of(n, style->side);
    glyphs_batch(r, n, style, s.digits, s.pictures);
    return s;
}

void
vit_set_free(vit_set *s)
{
    free(s->pictures);
    free(s->digits);
}

void
vit_set_logits(const vit_classifier *m, const vit_set *s, float *logits)
{
    enum { PART = 100 };
    int pixels = s->side * s->side;
    for (int from = 0; from < s->n; from += PART) {
        int n = s->n - from < PART ? s->n - from : PART;
        tape_mark *mark = tape_mark_here();
        tensor *x =
            constant("pictures", SHAPE(n, 1, s->side, s->side), s->pictures + (long)from * pixels);
        const tensor *y = vit_classify(m, x);
        memcpy(logits + from * GLYPHS_DIGITS, y->data, y->size * sizeof(float));
        tape_rewind(mark);
    }
}

double
vit_set_accuracy(const vit_classifier *m, const vit_set *s)
{
    tape_mark *mark = tape_mark_here();
    tensor *logits = constant("logits", SHAPE(s->n, GLYPHS_DIGITS), NULL);
    vit_set_logits(m, s, logits->data);
    double right = accuracy(logits, s->digits);
    tape_rewind(mark);
    return right;
}

void
vit_patch_order(rng *r, int order[VIT_PIXELS])
{
    enum { P = 4, ACROSS = VIT_SIDE / P, N = ACROSS * ACROSS };
    int from[N];
    for (int n = 0; n < N; n++) {
        int k = (int)rng_below(r, n + 1);
        from[n] = from[k];
        from[k] = n;
    }
    for (int i = 0; i < VIT_PIXELS; i++) {
        int y = i / VIT_SIDE, x = i % VIT_SIDE, n = from[y / P * ACROSS + x / P];
        order[i] = (n / ACROSS * P + y % P) * VIT_SIDE + n % ACROSS * P + x % P;
    }
}

vit_set
vit_set_reordered(const vit_set *s, const int order[VIT_PIXELS])
{
    vit_set other = set_of(s->n, s->side);
    memcpy(other.digits, s->digits, s->n * sizeof(int));
    for (long i = 0; i < s->n; i++)
        for (int j = 0; j < VIT_PIXELS; j++)
            other.pictures[i * VIT_PIXELS + j] = s->pictures[i * VIT_PIXELS + order[j]];
    return other;
}

// ---- Training ----

// The pictures of one step, and their digits: those of the set from `first` on, where it ends from its beginning on.
static tensor *
batch(const vit_run *run, int step, int first, rng *r, int digits[VIT_BATCH])
{
    const vit_set *s = run->set;
    long pixels = (long)s->side * s->side;
    tensor *x = constant("pictures", SHAPE(VIT_BATCH, 1, s->side, s->side), NULL);
    for (int i = 0; i < VIT_BATCH; i++) {
        int k = run->pictures ? (int)rng_below(r, run->pictures) : step * VIT_BATCH + i;
        long one = (first + k) % s->n;
        digits[i] = s->digits[one];
        memcpy(x->data + i * pixels, s->pictures + one * pixels, pixels * sizeof(float));
    }
    return x;
}

static vit_classifier
classifier_new(const vit_run *run, rng *r)
{
    vit_classifier m = {.is_net = run->is_net};
    if (run->is_net)
        m.net = vit_net_new(1, GLYPHS_DIGITS, r);
    else
        m.tower = vit_new(&run->config, r);
    return m;
}

void
vit_train(vit_run *run)
{
    rng weights = rng_at(run->seed, 0), draw = rng_at(run->seed, 1);
    int first = (int)rng_below(&draw, run->set->n);
    vit_classifier m = classifier_new(run, &weights);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int s = 0; s < run->t.steps; s++) {
        int digits[VIT_BATCH];
        tensor *logits = vit_classify(&m, batch(run, s, first, &draw, digits));
        float rate = warmup_cosine(s, 50, run->t.steps, run->rate);
        run->t.loss[s] = training_step(t_cross_entropy(logits, digits), &adam, rate, 1);
    }
    run->accuracy = vit_set_accuracy(&m, run->test);
    if (run->study)
        run->study(&m, run);
}
