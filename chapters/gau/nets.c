#include "gau/nets.h"

#include "files/memory.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "gau/heads.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/stats.h"
#include "rope/rope.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The streams of SEED: one for each training, and those of the tests, one for each length.
enum { SEED = 121, TEST_STREAM = 1000 };
enum { V = ZIPF_SYMBOLS, D = GAU_D, T = GAU_T, B = 4, WIDE = 64, NARROW = 16, STEPS = 1200 };
enum { HEADS = 4, TRANSFORMER_LAYERS = 2 };
static const float rate = 4e-3f, eps = 1e-6f;

const int gau_length[GAU_LENGTHS] = {48, 96, 192, 384};
// Texts of each length that a net is tested on.
static const int tests[GAU_LENGTHS] = {96, 192, 48, 24};

static const char *const names[GAU_NETS] = {
    [GAU_QUADRATIC] = "quadratic",
    [GAU_QUADRATIC_ROW] = "quadratic_row",
    [GAU_FLASH_NET] = "flash",
    [GAU_LOCAL_LINEAR] = "local_linear",
    [GAU_LINEAR_LOCAL] = "linear_local",
    [GAU_OVERLAP_LINEAR] = "overlap_linear",
    [GAU_LINEAR_NORM] = "linear_norm",
    [GAU_LOCAL] = "local",
    [GAU_LINEAR_DIVIDED] = "linear_divided",
    [GAU_LINEAR_TIMES] = "linear_divided_16",
    [GAU_LINEAR_PLAIN] = "linear_plain",
    [GAU_SOFTMAX_ROPE] = "softmax_rope",
    [GAU_SINUSOID_SOFTMAX] = "sinusoid_softmax",
    [GAU_SINUSOID_DIVIDED] = "sinusoid_divided",
    [GAU_SINUSOID_NORM] = "sinusoid_norm",
    [GAU_SINUSOID_LOCAL_NORM] = "sinusoid_local_norm",
};

const char *
gau_net_name(gau_net net)
{
    return names[net];
}

bool
gau_net_has_near(gau_net net)
{
    return net == GAU_QUADRATIC || net == GAU_LINEAR_NORM || net == GAU_LINEAR_DIVIDED ||
           net == GAU_SINUSOID_SOFTMAX || net == GAU_SINUSOID_DIVIDED || net == GAU_SINUSOID_NORM;
}

static bool
has_units(gau_net net)
{
    return net < GAU_SOFTMAX_ROPE;
}

int
gau_net_layers(gau_net net)
{
    return has_units(net) ? GAU_LAYERS : TRANSFORMER_LAYERS;
}

// ---- The models ----

// What each kind of net has in its lower and its upper two layers.
typedef enum { PAIRS, PAIRS_ROW, LOCAL, OVERLAP, FLASH, NORM, DIVIDED, TIMES, PLAIN } layer;
static const layer layers[][2] = {
    [GAU_QUADRATIC] = {PAIRS, PAIRS},          [GAU_QUADRATIC_ROW] = {PAIRS_ROW, PAIRS_ROW},
    [GAU_FLASH_NET] = {FLASH, FLASH},          [GAU_LOCAL_LINEAR] = {LOCAL, NORM},
    [GAU_LINEAR_LOCAL] = {NORM, LOCAL},        [GAU_OVERLAP_LINEAR] = {OVERLAP, NORM},
    [GAU_LINEAR_NORM] = {NORM, NORM},          [GAU_LOCAL] = {LOCAL, LOCAL},
    [GAU_LINEAR_DIVIDED] = {DIVIDED, DIVIDED}, [GAU_LINEAR_TIMES] = {TIMES, TIMES},
    [GAU_LINEAR_PLAIN] = {PLAIN, PLAIN},
};

static gau_config
unit_config(layer kind, const rope_table *rope)
{
    gau_config c = {.D = D, .e = WIDE, .s = NARROW, .n = T, .rope = rope, .eps = eps};
    c.window.n = T;
    switch (kind) {
    case PAIRS: break;
    case PAIRS_ROW: c.window.divisor = GAU_VISIBLE; break;
    case LOCAL:
    case OVERLAP:
        c.window.n = c.window.chunk = GAU_C;
        c.window.previous = kind == OVERLAP;
        break;
    case FLASH:
        c.kind = GAU_FLASH;
        c.window.n = c.window.chunk = GAU_C;
        break;
    default:
        c.kind = GAU_LINEAR;
        c.elu = true;
        c.norm = kind == NORM;
        c.normalise = kind == DIVIDED || kind == TIMES;
        c.times = kind == TIMES ? 16 : 0;
    }
    return c;
}

// Units, or a Transformer.
typedef struct {
    gau_model units;
    transformer transformer;
    rope_table rope;
    gau_heads heads[TRANSFORMER_LAYERS];
} model;

rope_table
gau_net_rope(void)
{
    double theta[NARROW / 2];
    rope_angles(NARROW, ROPE_BASE, theta);
    return rope_table_new(ROPE_INTERLEAVED, GAU_LONGEST_T, NARROW / 2, theta);
}

void
gau_net_units(gau_net net, const rope_table *rope, gau_config config[GAU_LAYERS])
{
    for (int l = 0; l < GAU_LAYERS; l++)
        config[l] = unit_config(layers[net][2 * l / GAU_LAYERS], rope);
}

static void
units_new(model *m, gau_net net, rng *r)
{
    gau_config c[GAU_LAYERS];
    m->rope = gau_net_rope();
    gau_net_units(net, &m->rope, c);
    m->units = gau_model_new(V, GAU_LAYERS, c, r);
}

// In place, since the model keeps pointers into it.
static void
transformer_model_new(model *m, gau_net net, rng *r)
{
    double theta[D / HEADS / 2];
    rope_angles(D / HEADS, ROPE_BASE, theta);
    m->rope = rope_table_new(ROPE_INTERLEAVED, GAU_LONGEST_T, D / HEADS / 2, theta);
    bool rotates = net == GAU_SOFTMAX_ROPE;
    transformer_config c = {.V = V,
                            .D = D,
                            .h = HEADS,
                            .F = 4 * D,
                            .decoders = TRANSFORMER_LAYERS,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = rotates ? NULL : transformer_positions(GAU_LONGEST_T, D)};
    m->transformer = transformer_new(&c, r);
    for (int l = 0; l < TRANSFORMER_LAYERS; l++) {
        transformer_multi_head *self = &m->transformer.decoder[l].self;
        gau_heads *h = &m->heads[l];
        self->attention = rotates ? rope_attend : gau_heads_attend;
        self->attention_context = rotates ? (void *)&m->rope : h;
        *h = (gau_heads){.kind = GAU_HEADS_NORM, .chunk = GAU_C, .n = T, .eps = eps};
        if (net == GAU_SINUSOID_SOFTMAX)
            h->kind = GAU_HEADS_SOFTMAX;
        else if (net == GAU_SINUSOID_DIVIDED)
            h->kind = GAU_HEADS_DIVIDED;
        else if (net == GAU_SINUSOID_LOCAL_NORM && l == 0)
            h->kind = GAU_HEADS_DIAGONAL;
    }
}

static tensor *
logits_of(const model *m, gau_net net, int n, int length, const int *ids)
{
    if (has_units(net))
        return gau_model_logits(&m->units, n, length, ids);
    return transformer_decode(&m->transformer, n, length, ids, NULL, NULL, NULL, NULL);
}

// ---- Training ----

// n texts: read and say (n, length) are symbols and those that follow; oracle (n, length) what the oracle pays.
static void
texts(const topics_language *l, rng *r, int n, int length, int *read, int *say, double *oracle)
{
    int symbol[GAU_LONGEST_T + 1];
    double nll[GAU_LONGEST_T + 1];
    for (int i = 0; i < n; i++) {
        topics_sample(l, r, length + 1, symbol);
        memcpy(read + i * length, symbol, length * sizeof *read);
        memcpy(say + i * length, symbol + 1, length * sizeof *say);
        if (!oracle)
            continue;
        topics_oracle(l, length + 1, symbol, -1, nll, NULL);
        memcpy(oracle + i * length, nll + 1, length * sizeof *oracle);
    }
}

static void
train(gau_run *run, const model *m, rng *r)
{
    training *t = &run->t;
    adamw adam = adamw_new(0.9f, 0.99f, 1e-8f, 0.01f);
    int read[B * T], say[B * T];
    for (int s = 0; s < t->steps; s++) {
        texts(run->language, r, B, T, read, say, NULL);
        tensor *loss = t_cross_entropy(logits_of(m, run->net, B, T, read), say);
        t->loss[s] = loss->data[0];
        zero_grad();
        backward(loss);
        run->norm[s] = (float)clip_global_norm(1);
        adamw_step(&adam, rate * (t->steps - s) / t->steps);
        tape_reset();
        progress_advance(1);
    }
}

// ---- Measurements ----

// Nats above the oracle's at each place of texts of this length, a mean over n texts.
static void
measure_places(const gau_run *run, const model *m, int which, double *place)
{
    int length = gau_length[which], n = program_steps(tests[which], B);
    int read[B * GAU_LONGEST_T], say[B * GAU_LONGEST_T];
    double oracle[B * GAU_LONGEST_T];
    rng r = rng_at(SEED, TEST_STREAM + which);
    memset(place, 0, length * sizeof *place);
    for (int i = 0; i < n; i += B) {
        texts(run->language, &r, B, length, read, say, oracle);
        tensor *loss = t_cross_entropy(logits_of(m, run->net, B, length, read), say);
        const float *nats = tape_saved(loss, "losses")->data;
        for (int j = 0; j < B * length; j++)
            place[j % length] += (nats[j] - oracle[j]) / n;
        tape_reset();
    }
}

static double
second_half(int length, const double *place)
{
    double sum = 0;
    for (int t = length / 2; t < length; t++)
        sum += place[t];
    return sum / (length - length / 2);
}

// The second halves of texts of all lengths.
static void
measure_lengths(const gau_run *run, const model *m, double *at_length)
{
    double place[GAU_LONGEST_T];
    for (int i = 0; i < GAU_LENGTHS; i++) {
        measure_places(run, m, i, place);
        at_length[i] = second_half(gau_length[i], place);
    }
}

// The share of the weight on the last keys in each layer, places 48 to 95.
static void
measure_near(gau_run *run, model *m)
{
    int n = program_steps(16, 2), *read = tape_alloc(2 * 16 * T * sizeof(int)),
        *say = read + 16 * T;
    rng r = rng_at(SEED, TEST_STREAM + 1);
    texts(run->language, &r, n, T, read, say, NULL);
    if (has_units(run->net)) {
        tensor *x = gau_model_embed(&m->units, n, T, read);
        for (int l = 0; l < GAU_LAYERS; l++) {
            x = gau_forward(&m->units.unit[l], x);
            run->near[l] = gau_near_share(m->units.unit[l].c.kind == GAU_LINEAR, GAU_RECENT);
        }
    } else {
        for (int l = 0; l < TRANSFORMER_LAYERS; l++) {
            m->heads[l].recent = GAU_RECENT;
            m->heads[l].near = &run->near[l];
        }
        logits_of(m, run->net, n, T, read);
    }
    tape_reset();
}

static void
train_and_measure(int i, void *all)
{
    gau_run *run = (gau_run *)all + i;
    rng r = rng_at(SEED, run->net * GAU_SEEDS + run->seed);
    model m = {0};
    if (has_units(run->net))
        units_new(&m, run->net, &r);
    else
        transformer_model_new(&m, run->net, &r);
    for (int p = 0; p < param_count(); p++)
        run->parameters += (int)param_at(p)->size;
    train(run, &m, &r);
    measure_places(run, &m, 1, run->place);
    run->late = second_half(T, run->place);
    if (run->net <= GAU_SOFTMAX_ROPE)
        measure_lengths(run, &m, run->at_length);
    if (gau_net_has_near(run->net))
        measure_near(run, &m);
    if (run->net == GAU_QUADRATIC) {
        for (int l = 0; l < GAU_LAYERS; l++)
            m.units.unit[l].c.window.divisor = GAU_BATCH;
        measure_lengths(run, &m, run->batch_length);
    }
}

gau_run *
gau_runs_new(int n, const gau_net *nets, const topics_language *language)
{
    int steps = program_steps(STEPS, 2);
    gau_run *runs = memory_zeroed(n * GAU_SEEDS, sizeof *runs, "trainings");
    for (int i = 0; i < n * GAU_SEEDS; i++) {
        gau_run *run = &runs[i];
        *run = (gau_run){.t = {.steps = steps}, nets[i / GAU_SEEDS], i % GAU_SEEDS};
        run->language = language;
        run->norm = memory_zeroed(steps, sizeof *run->norm, "gradient norms");
        snprintf(run->t.name, sizeof run->t.name, "%s_%d", names[run->net], run->seed);
    }
    training_run(n * GAU_SEEDS, runs, sizeof *runs, train_and_measure);
    return runs;
}

void
gau_runs_free(int n, gau_run *runs)
{
    for (int i = 0; i < n * GAU_SEEDS; i++)
        free(runs[i].norm);
    training_free(n * GAU_SEEDS, runs, sizeof *runs);
    free(runs);
}

const gau_run *
gau_runs_of(const gau_run *runs, gau_net net)
{
    while (runs->net != net)
        runs += GAU_SEEDS;
    return runs;
}

gau_spread
gau_spread_of(const double x[GAU_SEEDS])
{
    double sorted[GAU_SEEDS];
    memcpy(sorted, x, sizeof sorted);
    double middle = stats_quartiles_of(GAU_SEEDS, sorted).middle; // sorts them
    return (gau_spread){unless_quick(sorted[0]), unless_quick(middle),
                        unless_quick(sorted[GAU_SEEDS - 1])};
}

gau_spread
gau_late(const gau_run *runs, gau_net net)
{
    double x[GAU_SEEDS];
    for (int i = 0; i < GAU_SEEDS; i++)
        x[i] = gau_runs_of(runs, net)[i].late;
    return gau_spread_of(x);
}
