// Which scheme of positions holds beyond the length of training? Small decoders, one for each scheme, are trained on
// sequences of 64 symbols and measured on 512: what they pay above an oracle, for the language and for a key at
// position 0 that is asked for. RoPE's is measured with stretched angles, too.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "rope/figures/figures.h"
#include "rope/language.h"
#include "rope/rope.h"
#include "transformer/transformer.h"

#include <string.h>

// The Zipf language is that of the chapters before; the streams of SEED are the schemes' trainings and the tests.
enum { LANGUAGE_SEED = 1, SEED = 21, TEST_STREAM = 1000 };

enum { TRAINED = 64, LONGEST = 512, FACTOR = LONGEST / TRAINED };           // positions
enum { B = 16, D = 32, HEADS = 4, d = D / HEADS, LAYERS = 2, SHAW_K = 16 }; // the models

typedef enum { NONE, SINUSOIDAL, LEARNT, SHAW, XL, T5, ALIBI, ROPE, SCHEMES } scheme;
static const char *const scheme_names[] = {"none", "sinusoidal", "learnt", "shaw",
                                           "xl",   "t5",         "alibi",  "rope"};

typedef enum { INTERPOLATED, NTK, BY_PARTS, STRETCHES } stretch;
static const char *const stretch_names[] = {"rope_interpolated", "rope_ntk", "rope_by_parts"};

// ---- The models ----

// A decoder with one of the schemes.
typedef struct {
    scheme scheme;
    transformer model;
    rope_table rotation;
    rope_shaw shaw;
    rope_xl xl;
    tensor *t5, *learnt; // (ROPE_T5_BUCKETS, HEADS), (TRAINED, D)
} scheme_model;

static tensor *
small_param(const char *name, shape s, rng *r)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, 0, 0.1f);
    return x;
}

// In place, since the model keeps pointers into it.
static void
scheme_model_new(scheme_model *p, scheme kind, rng *r)
{
    double theta[d / 2];
    transformer_config c = {.V = ROPE_SYMBOLS,
                            .D = D,
                            .h = HEADS,
                            .F = 4 * D,
                            .decoders = LAYERS,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu};
    p->scheme = kind;
    switch (kind) {
    case SINUSOIDAL: c.positions = transformer_positions(LONGEST, D); break;
    case LEARNT: c.positions = p->learnt = transformer_learnt_positions(TRAINED, D, r); break;
    case SHAW:
        p->shaw.K = SHAW_K;
        p->shaw.a_k = small_param("a_k", SHAPE(2 * SHAW_K + 1, d), r);
        p->shaw.a_v = small_param("a_v", SHAPE(2 * SHAW_K + 1, d), r);
        c.attention = rope_shaw_attend, c.attention_context = &p->shaw;
        break;
    case XL:
        p->xl.sinusoid = transformer_positions(LONGEST, D);
        p->xl.w_r = small_param("w_r", SHAPE(D, D), r);
        p->xl.u = small_param("u", SHAPE(HEADS, d), r);
        p->xl.w = small_param("w", SHAPE(HEADS, d), r);
        c.attention = rope_xl_attend, c.attention_context = &p->xl;
        break;
    case T5:
        p->t5 = small_param("t5", SHAPE(ROPE_T5_BUCKETS, HEADS), r);
        c.attention = rope_t5_attend, c.attention_context = p->t5;
        break;
    case ALIBI: c.attention = rope_alibi_attend; break;
    case ROPE:
        rope_angles(d, ROPE_BASE, theta);
        p->rotation = rope_table_new(ROPE_INTERLEAVED, LONGEST, d / 2, theta);
        c.attention = rope_attend, c.attention_context = &p->rotation;
        break;
    default: break;
    }
    p->model = transformer_new(&c, r);
}

// Makes learnt positions fit for LONGEST: the last one is repeated.
static void
repeat_last_position(scheme_model *p)
{
    tensor *all = tensor_state("positions", SHAPE(LONGEST, D));
    for (int t = 0; t < LONGEST; t++)
        memcpy(all->data + t * D, p->learnt->data + (t < TRAINED ? t : TRAINED - 1) * D,
               D * sizeof(float));
    p->model.c.positions = all;
}

static void
stretch_rotation(scheme_model *p, stretch way)
{
    double theta[d / 2];
    switch (way) {
    case INTERPOLATED: rope_position_interpolation(d, ROPE_BASE, FACTOR, theta); break;
    case NTK: rope_ntk_aware(d, ROPE_BASE, FACTOR, theta); break;
    default: rope_ntk_by_parts(d, ROPE_BASE, FACTOR, TRAINED, theta);
    }
    p->rotation = rope_table_new(ROPE_INTERLEAVED, LONGEST, d / 2, theta);
}

// ---- Training and measurement ----

// Bins of positions, and where each ends.
enum { ONCE, TWICE, FOURFOLD, EIGHTFOLD, BINS };
static const int bin_end[BINS] = {TRAINED, 2 * TRAINED, 4 * TRAINED, 8 * TRAINED};

// What a model pays above the oracle for a symbol of each bin, in nats, as means over the sequences: for the language
// and for the key.
enum { LANGUAGE, KEY, KINDS };
typedef struct {
    double nats[KINDS][BINS];
} excess;

typedef struct {
    training training;
    const zipf *z;
    scheme scheme;
    int tests; // sequences
    excess result;
    excess stretched[STRETCHES]; // of ROPE, without further training
} scheme_run;

static excess
measure(const scheme_model *p, const scheme_run *run)
{
    excess e = {{{0}}};
    int counted[KINDS][BINS] = {{0}};
    rng r = rng_at(SEED, TEST_STREAM);
    int input[LONGEST], target[LONGEST];
    double oracle[LONGEST];
    bool is_key[LONGEST];
    for (int n = 0; n < run->tests; n++) {
        rope_language_sample(run->z, &r, LONGEST, input, target, oracle, is_key);
        tensor *logits = transformer_decode(&p->model, 1, LONGEST, input, NULL, NULL, NULL, NULL);
        const float *loss = tape_saved(t_cross_entropy(logits, target), "losses")->data;
        for (int t = 0, bin = 0; t < LONGEST; t++) {
            int kind = is_key[t] ? KEY : LANGUAGE;
            bin += t >= bin_end[bin];
            e.nats[kind][bin] += loss[t] - oracle[t];
            counted[kind][bin]++;
        }
        tape_reset();
    }
    for (int kind = 0; kind < KINDS; kind++)
        for (int bin = 0; bin < BINS; bin++)
            e.nats[kind][bin] /= counted[kind][bin];
    return e;
}

static void
train(scheme_run *run, const scheme_model *p, rng *r)
{
    training *t = &run->training;
    adamw adam = adamw_new(0.9f, 0.98f, 1e-8f, 0);
    for (int s = 0; s < t->steps; s++) {
        int input[B * TRAINED], target[B * TRAINED];
        double oracle[TRAINED];
        bool is_key[TRAINED];
        for (int b = 0; b < B; b++)
            rope_language_sample(run->z, r, TRAINED, input + b * TRAINED, target + b * TRAINED,
                                 oracle, is_key);
        float rate = warmup_cosine(s, t->steps / 16, t->steps, 1e-2f);
        tensor *logits = transformer_decode(&p->model, B, TRAINED, input, NULL, NULL, NULL, NULL);
        t->loss[s] = training_step(t_cross_entropy(logits, target), &adam, rate, 1);
    }
}

static void
train_and_measure(int i, void *all)
{
    static const scheme longest_first[] = {XL, SHAW, T5, ROPE, ALIBI, SINUSOIDAL, LEARNT, NONE};
    scheme_run *run = (scheme_run *)all + longest_first[i];
    rng r = rng_at(SEED, run->scheme);
    scheme_model *p = permanent_alloc(sizeof *p);
    scheme_model_new(p, run->scheme, &r);
    train(run, p, &r);
    if (run->scheme == LEARNT)
        repeat_last_position(p);
    run->result = measure(p, run);
    if (run->scheme != ROPE)
        return;
    for (stretch way = 0; way < STRETCHES; way++) {
        stretch_rotation(p, way);
        run->stretched[way] = measure(p, run);
    }
}

// ---- The table and the claims ----

static void
write_excess(table *t, const char *name, const excess *e)
{
    for (int bin = 0; bin < BINS; bin++)
        table_row(t, "siidd", name, bin ? bin_end[bin - 1] : 0, bin_end[bin],
                  e->nats[LANGUAGE][bin], e->nats[KEY][bin]);
}

// What the run of a scheme says of a bin.
static double
language(const scheme_run *runs, scheme s, int bin)
{
    return unless_quick(runs[s].result.nats[LANGUAGE][bin]);
}

static double
key(const scheme_run *runs, scheme s, int bin)
{
    return unless_quick(runs[s].result.nats[KEY][bin]);
}

static void
claims(const scheme_run *runs)
{
    const char *own = "this chapter", *press = "Press et al. 2022, fig. 1";
    double rope = language(runs, ROPE, EIGHTFOLD);
    claim_above("sinusoidal-beyond",
                "sinusoidal, trained at 64: nats of the language above the oracle at 64-128", 1,
                language(runs, SINUSOIDAL, TWICE), press, REPRODUCED);
    claim_above("learnt-beyond", "learnt positions, the last one repeated: at 64-128", 1,
                language(runs, LEARNT, TWICE), own, REPRODUCED);
    claim_below("rope-twice", "RoPE: at 64-128", 0.2, language(runs, ROPE, TWICE), own, REPRODUCED);
    claim_above("rope-eightfold", "RoPE: at 256-512", 1, rope, press, REPRODUCED);
    claim_above("t5-eightfold", "T5: at 256-512", 1, language(runs, T5, EIGHTFOLD), own,
                REPRODUCED);
    claim_below("alibi-eightfold", "ALiBi: at 256-512, over that at 0-64", 2,
                language(runs, ALIBI, EIGHTFOLD) / language(runs, ALIBI, ONCE), press, REPRODUCED);
    claim_below("xl-eightfold", "Transformer-XL: at 256-512", 0.1, language(runs, XL, EIGHTFOLD),
                own, REPRODUCED);
    claim_above("rope-key", "RoPE: nats for the key at 256-512", 1, key(runs, ROPE, EIGHTFOLD), own,
                REPRODUCED);
    claim_above("alibi-key", "ALiBi: nats for the key at 256-512", 0.1, key(runs, ALIBI, EIGHTFOLD),
                own, REPRODUCED);
    claim_above("xl-key", "Transformer-XL: nats for the key at 256-512", 0.1,
                key(runs, XL, EIGHTFOLD), own, REPRODUCED);
    claim_below("none-key", "no positions: nats for the key at 256-512", 0.1,
                key(runs, NONE, EIGHTFOLD), own, REPRODUCED);
    claim_below("ntk-helps",
                "RoPE: at 256-512 with a larger base and no training, over that without", 0.6,
                runs[ROPE].stretched[NTK].nats[LANGUAGE][EIGHTFOLD] / rope, own, REPRODUCED);
}

void
rope_figure_extrapolation(void)
{
    zipf z = zipf_new(LANGUAGE_SEED);
    scheme_run runs[SCHEMES];
    for (scheme s = 0; s < SCHEMES; s++)
        runs[s] = (scheme_run){.training = {.steps = program_steps(600, 2)},
                               .z = &z,
                               .scheme = s,
                               .tests = program_steps(32, 1)};
    training_run(SCHEMES, runs, sizeof *runs, train_and_measure);
    table *t = program_table("extrapolation", "scheme\tfrom\tto\tlanguage_nats\tkey_nats");
    for (scheme s = 0; s < SCHEMES; s++)
        write_excess(t, scheme_names[s], &runs[s].result);
    for (stretch way = 0; way < STRETCHES; way++)
        write_excess(t, stretch_names[way], &runs[ROPE].stretched[way]);
    table_close(t);
    claims(runs);
    training_free(SCHEMES, runs, sizeof *runs);
}
