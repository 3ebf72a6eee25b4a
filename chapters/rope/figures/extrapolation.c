// Which scheme of positions holds beyond the length of training? Small decoders, three for each scheme, are trained on
// sequences of 64 symbols and measured on 512: what they pay above an oracle, for the language and for a key at
// position 0 that is asked for. RoPE's are measured with stretched angles, too.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "rope/figures/figures.h"
#include "rope/language.h"
#include "rope/rope.h"
#include "transformer/transformer.h"

#include <string.h>

// The Zipf language is that of the chapters before; the streams of SEED are the schemes' trainings and the tests.
enum { LANGUAGE_SEED = 1, SEED = 21, TEST_STREAM = 1000 };

enum { TRAINED = 64, LONGEST = 512, FACTOR = LONGEST / TRAINED }; // positions
enum {
    NETS = 3,
    TESTS = 16
}; // of every scheme, each with random numbers of its own; sequences of measurement
enum { B = 16, D = 32, HEADS = 4, d = D / HEADS, LAYERS = 2, SHAW_K = 16 }; // the models

typedef enum { NONE, SINUSOIDAL, LEARNT, SHAW, XL, T5, ALIBI, ROPE, SCHEMES } scheme;

// What is measured of a trained model besides: RoPE with other angles, T5 with its untrained classes filled.
typedef enum {
    AS_TRAINED,
    INTERPOLATED,
    NTK,
    BY_PARTS,
    YARN,
    FASTEST_STAYS, // interpolated but for pair 0
    ONLY_PAIR_2,   // pair 2 interpolated, no other
    CLASSES_FILLED,
    VARIANTS
} variant;

// ---- The models ----

// A decoder with one of the schemes.
typedef struct {
    scheme scheme;
    transformer model;
    rope_table rotation;
    rope_shaw shaw;
    rope_xl xl;
    rope_t5 t5;
    tensor *learnt; // (TRAINED, D)
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
        p->t5 = (rope_t5){.learnt = small_param("t5", SHAPE(ROPE_T5_BUCKETS, HEADS), r)};
        c.attention = rope_t5_attend, c.attention_context = &p->t5;
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
stretch_rotation(scheme_model *p, variant way)
{
    double theta[d / 2], slow[d / 2];
    float scale = way == YARN ? (float)rope_yarn_scale(FACTOR) : 1;
    rope_angles(d, ROPE_BASE, theta);
    rope_position_interpolation(d, ROPE_BASE, FACTOR, slow);
    switch (way) {
    case NTK: rope_ntk_aware(d, ROPE_BASE, FACTOR, theta); break;
    case BY_PARTS: rope_ntk_by_parts(d, ROPE_BASE, FACTOR, TRAINED, theta); break;
    case YARN: rope_yarn(d, ROPE_BASE, FACTOR, TRAINED, theta); break;
    case ONLY_PAIR_2: theta[2] = slow[2]; break;
    default: // interpolation, of all pairs or of all but the first
        memcpy(theta + (way == FASTEST_STAYS), slow + (way == FASTEST_STAYS),
               (d / 2 - (way == FASTEST_STAYS)) * sizeof *theta);
    }
    p->rotation = rope_table_new(ROPE_INTERLEAVED, LONGEST, d / 2, theta);
    for (long i = 0; i < (long)LONGEST * d / 2; i++) {
        p->rotation.cosine[i] *= scale;
        p->rotation.sine[i] *= scale;
    }
}

// The classes of T5 that training never met get the numbers of the last one that it did.
static void
fill_classes(scheme_model *p)
{
    int last = rope_t5_bucket(TRAINED - 1, false);
    for (int bucket = last + 1; bucket < ROPE_T5_BUCKETS; bucket++)
        memcpy(p->t5.learnt->data + bucket * HEADS, p->t5.learnt->data + last * HEADS,
               HEADS * sizeof(float));
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
    int net, tests;          // its number; sequences
    excess result[VARIANTS]; // those that the scheme has
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
    scheme_run *run = (scheme_run *)all + i;
    rng r = rng_at(SEED, run->scheme + 100 * run->net);
    scheme_model *p = permanent_alloc(sizeof *p);
    scheme_model_new(p, run->scheme, &r);
    train(run, p, &r);
    if (run->scheme == LEARNT)
        repeat_last_position(p);
    run->result[AS_TRAINED] = measure(p, run);
    if (run->scheme == T5) {
        fill_classes(p);
        run->result[CLASSES_FILLED] = measure(p, run);
    }
    for (variant way = INTERPOLATED; run->scheme == ROPE && way < CLASSES_FILLED; way++) {
        stretch_rotation(p, way);
        run->result[way] = measure(p, run);
    }
}

// ---- Tables and claims ----

// The rows of the tables.
static const struct {
    const char *name;
    scheme scheme;
    variant variant;
} shown[] = {{"none", NONE, AS_TRAINED},
             {"sinusoidal", SINUSOIDAL, AS_TRAINED},
             {"learnt", LEARNT, AS_TRAINED},
             {"shaw", SHAW, AS_TRAINED},
             {"xl", XL, AS_TRAINED},
             {"t5", T5, AS_TRAINED},
             {"alibi", ALIBI, AS_TRAINED},
             {"rope", ROPE, AS_TRAINED},
             {"t5_classes_filled", T5, CLASSES_FILLED},
             {"rope_interpolated", ROPE, INTERPOLATED},
             {"rope_by_parts", ROPE, BY_PARTS},
             {"rope_larger_base", ROPE, NTK},
             {"rope_yarn", ROPE, YARN},
             {"rope_fastest_stays", ROPE, FASTEST_STAYS},
             {"rope_only_pair_2", ROPE, ONLY_PAIR_2}};
enum { SHOWN = sizeof shown / sizeof *shown };

// The runs of a scheme are neighbours, the longest first.
static const scheme longest_first[SCHEMES] = {XL, SHAW, T5, ROPE, ALIBI, SINUSOIDAL, LEARNT, NONE};

static const scheme_run *
runs_of(const scheme_run *runs, scheme s)
{
    while (runs->scheme != s)
        runs += NETS;
    return runs;
}

// Over the nets of a scheme.
static stats_quartiles
spread(const scheme_run *runs, scheme s, variant v, int kind, int bin)
{
    double x[NETS];
    for (int net = 0; net < NETS; net++)
        x[net] = runs_of(runs, s)[net].result[v].nats[kind][bin];
    double middle = stats_quartiles_of(NETS, x).middle; // sorts them
    return (stats_quartiles){unless_quick(x[0]), middle, unless_quick(x[NETS - 1])};
}

static void
write_tables(const scheme_run *runs)
{
    table *t = program_table("extrapolation-nets", "scheme\tnet\tfrom\tto\tlanguage\tkey");
    for (int i = 0; i < SHOWN; i++)
        for (int net = 0; net < NETS; net++)
            for (int bin = 0; bin < BINS; bin++) {
                const excess *e = &runs_of(runs, shown[i].scheme)[net].result[shown[i].variant];
                table_row(t, "siiidd", shown[i].name, net, bin ? bin_end[bin - 1] : 0, bin_end[bin],
                          e->nats[LANGUAGE][bin], e->nats[KEY][bin]);
            }
    table_close(t);
    t = program_table("extrapolation", "scheme\tlanguage_64\tlanguage_128\tlanguage_256\t"
                                       "language_512\tkey_64\tkey_128\tkey_256\tkey_512");
    for (int i = 0; i < SHOWN; i++) {
        double x[KINDS * BINS];
        for (int j = 0; j < KINDS * BINS; j++)
            x[j] = spread(runs, shown[i].scheme, shown[i].variant, j / BINS, j % BINS).middle;
        table_row(t, "sdddddddd", shown[i].name, x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]);
    }
    table_close(t);
}

// What guessing costs above the oracle: evenly among all symbols, or the keys; and who knows how often each comes.
typedef struct {
    double evenly, by_frequency;
} guesses;

static guesses
write_guesses(const zipf *z)
{
    enum { N = 100000 };
    static int input[N], target[N];
    static double oracle[N];
    static bool is_key[N];
    int count[ROPE_SYMBOLS] = {0}, all = 0;
    double paid = 0;
    rng r = rng_at(SEED, TEST_STREAM + 1);
    rope_language_sample(z, &r, N, input, target, oracle, is_key);
    for (int i = 0; i < N; i++)
        if (!is_key[i]) {
            count[target[i]]++;
            paid += oracle[i];
            all++;
        }
    double entropy = 0;
    for (int i = 0; i < ROPE_SYMBOLS; i++)
        if (count[i])
            entropy -= (double)count[i] / all * log64((double)count[i] / all);
    guesses g = {log64(ROPE_SYMBOLS) - paid / all, entropy - paid / all};
    table *t = program_table("extrapolation-guesses", "guess\tlanguage\tkey");
    table_row(t, "sdd", "evenly", g.evenly, log64(ROPE_KEYS));
    table_row(t, "sdd", "by_frequency", g.by_frequency, log64(ROPE_KEYS));
    table_row(t, "sdd", "oracle_pays", paid / all, 0.0);
    table_close(t);
    return g;
}

static void
claims(const scheme_run *runs, guesses guess)
{
    const char *seen = "first seen here, three nets each";
    stats_quartiles rope = spread(runs, ROPE, AS_TRAINED, LANGUAGE, EIGHTFOLD);
    stats_quartiles rope_key = spread(runs, ROPE, AS_TRAINED, KEY, EIGHTFOLD);
    stats_quartiles t5 = spread(runs, T5, AS_TRAINED, LANGUAGE, EIGHTFOLD);
    claim_above("sinusoidal-beyond",
                "sinusoidal, trained at 64: nats of the language above the oracle at 64-128, least "
                "of 3 nets",
                1, spread(runs, SINUSOIDAL, AS_TRAINED, LANGUAGE, TWICE).low,
                "Press et al. 2022, fig. 1: its perplexity explodes soon beyond the length",
                REPRODUCED);
    claim_above("learnt-beyond", "learnt, the last one repeated: at 64-128, least of 3", 1,
                spread(runs, LEARNT, AS_TRAINED, LANGUAGE, TWICE).low, seen, FOUND);
    claim_below("rope-twice", "RoPE: at 64-128, most of 3", 0.2,
                spread(runs, ROPE, AS_TRAINED, LANGUAGE, TWICE).high, seen, FOUND);
    claim_above("rope-eightfold", "RoPE: at 256-512, least of 3, less what guessing evenly costs",
                0, rope.low - guess.evenly, seen, FOUND);
    claim_changed("rope-eightfold", "first: more than 1 nat, with one net");
    claim_above("t5-eightfold", "T5: at 256-512, least of 3, less what guessing by frequency costs",
                0, t5.low - guess.by_frequency, seen, FOUND);
    claim_changed("t5-eightfold", "first: more than 1 nat, with one net");
    claim_below(
        "t5-filled", "T5, untrained classes filled: at 256-512, middle of 3, over that without",
        0.8, spread(runs, T5, CLASSES_FILLED, LANGUAGE, EIGHTFOLD).middle / unless_quick(t5.middle),
        seen, FOUND);
    claim_below("alibi-eightfold", "ALiBi: at 256-512, most of 3, over RoPE's least", 0.1,
                spread(runs, ALIBI, AS_TRAINED, LANGUAGE, EIGHTFOLD).high / rope.low,
                "Press et al. 2022, fig. 1: its perplexity stays as it was, rotary's rises",
                IN_PART);
    claim_changed("alibi-eightfold", "first: less than twice its own level at 0-64, which one of "
                                     "five other seeds contradicted (2.8)");
    claim_below("xl-eightfold", "Transformer-XL: at 256-512, most of 3", 0.02,
                spread(runs, XL, AS_TRAINED, LANGUAGE, EIGHTFOLD).high, seen, FOUND);
    claim_changed("xl-eightfold", "first: less than 0.1, with one net");
    claim_below("shaw-eightfold", "Shaw: at 256-512, most of 3", 0.05,
                spread(runs, SHAW, AS_TRAINED, LANGUAGE, EIGHTFOLD).high, seen, FOUND);
    claim_above("rope-key", "RoPE: nats for the key at 256-512, least of 3, less ln 8", 0,
                rope_key.low - log64(ROPE_KEYS), seen, FOUND);
    claim_changed("rope-key", "first: more than 1 nat, with one net");
    claim_above("rope-less-none", "the least of these less the most of 3 without positions", 0,
                rope_key.low - spread(runs, NONE, AS_TRAINED, KEY, EIGHTFOLD).high, seen, FOUND);
    claim_changed("rope-less-none",
                  "first: no positions < 0.1, which other seeds contradicted (0.3 to 1.7); "
                  "Transformer-XL > 0.1 went for the same reason");
    claim_above("alibi-key", "ALiBi: nats for the key at 256-512, middle of 3", 0.5,
                unless_quick(spread(runs, ALIBI, AS_TRAINED, KEY, EIGHTFOLD).middle), seen, FOUND);
    claim_changed("alibi-key", "first: the least of 3 > 0.1, which one of five other seeds "
                               "contradicted (0.05)");
    claim_below("ntk-helps",
                "RoPE with a larger base and no training: the language at 256-512, most of 3, over "
                "the least without",
                0.6, spread(runs, ROPE, NTK, LANGUAGE, EIGHTFOLD).high / rope.low,
                "bloc97 2023: \"without any fine-tuning and minimal perplexity degradation\"",
                IN_PART);
    claim_below("pair-2",
                "RoPE, only pair 2 interpolated: the key at 256-512, most of 3, over the least "
                "without",
                0.5, spread(runs, ROPE, ONLY_PAIR_2, KEY, EIGHTFOLD).high / rope_key.low,
                "expected: its cosine turns negative at 157", FOUND);
}

void
rope_figure_extrapolation(void)
{
    zipf z = zipf_new(LANGUAGE_SEED);
    scheme_run runs[SCHEMES * NETS];
    for (int i = 0; i < SCHEMES * NETS; i++)
        runs[i] = (scheme_run){.training = {.steps = program_steps(600, 2)},
                               .z = &z,
                               .scheme = longest_first[i / NETS],
                               .net = i % NETS,
                               .tests = program_steps(TESTS, 1)};
    training_run(SCHEMES * NETS, runs, sizeof *runs, train_and_measure);
    write_tables(runs);
    claims(runs, write_guesses(&z));
    training_free(SCHEMES * NETS, runs, sizeof *runs);
}
