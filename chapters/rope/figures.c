// The chapter's experiments: one function for each figure, each with its own seed.
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rope/cases.h"
#include "rope/language.h"
#include "rope/rope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DECAY_SEED = 11,
    LANGUAGE_SEED = 1, // of the Zipf language itself, as in the chapters before
    SAMPLE_SEED = 21,
    SHIFT_SEED = 31,
    LINEAR_SEED = 41
};

static const double base = 10000;

// ---- The bound, and what scores do ----

enum { WIDTH = 128, FARTHEST = 250, DRAWS = 2000 };

// The mean of |q R k| over N(0, 1) vectors at this distance, and its standard error.
static void
mean_score(const double *theta, int distance, int draws, double *mean, double *error)
{
    double sum = 0, square = 0;
    rng r = rng_at(DECAY_SEED, distance);
    for (int n = 0; n < draws; n++) {
        double score = 0;
        for (int i = 0; i < WIDTH / 2; i++) {
            double a = rng_normal(&r), b = rng_normal(&r), c = rng_normal(&r), e = rng_normal(&r);
            // (a + ib)(c - ie) e^{i distance theta}, its real part
            score += (a * c + b * e) * cos64(distance * theta[i]) -
                     (b * c - a * e) * sin64(distance * theta[i]);
        }
        sum += fabs(score);
        square += score * score;
    }
    *mean = sum / draws;
    *error = sqrt64((square / draws - *mean * *mean) / (draws - 1));
}

static void
decay_claims(const double bound[FARTHEST + 1], const double same[FARTHEST + 1], double worst)
{
    const char *source = "Su et al. 2021, sec. 3.4.3", *own = "this chapter";
    int rises = 0;
    for (int i = 0; i < FARTHEST; i++)
        rises += bound[i + 1] > bound[i];
    claim_near("bound-0", "d 128: the bound at distance 0 is (d/2 + 1)/2", 32.5, bound[0], 1e-9,
               source, REPRODUCED);
    claim_near("bound-250", "d 128: the bound at distance 250", 6.55, bound[250], 0.01, source,
               REPRODUCED);
    claim_near("bound-rises", "d 128: steps of 250 in which the bound rises", 113, rises, 0, own,
               REPRODUCED);
    claim_near("same-250", "d 128: score of equal q and k at distance 250, of that at 0", 0.31,
               same[250], 0.005, own, REPRODUCED);
    claim_below("score-flat",
                "d 128: mean |score| of independent q, k against sqrt(2 d / pi), largest |z| of 11 "
                "distances",
                4, worst, own, REPRODUCED);
}

// The bound, the expected score of equal vectors and the mean |score| of independent ones, by distance.
static void
decay(void)
{
    double theta[WIDTH / 2], bound[FARTHEST + 1], same[FARTHEST + 1], worst = 0;
    const double pi = 3.14159265358979323846;
    rope_angles(WIDTH, base, theta);
    table *t = program_table("decay", "distance\tbound\tsame");
    for (int distance = 0; distance <= FARTHEST; distance++) {
        bound[distance] = rope_decay_bound(WIDTH, theta, distance);
        same[distance] = 0;
        for (int i = 0; i < WIDTH / 2; i++)
            same[distance] += cos64(distance * theta[i]) / (WIDTH / 2);
        table_row(t, "idd", distance, bound[distance], same[distance]);
    }
    table_close(t);
    t = program_table("decay-independent", "distance\tmean_score\tstandard_error");
    for (int distance = 0; distance <= FARTHEST; distance += 25) {
        double mean, error;
        mean_score(theta, distance, program_steps(DRAWS, 50), &mean, &error);
        worst = fmax(worst, fabs(mean - sqrt64(2 * WIDTH / pi)) / error);
        table_row(t, "idd", distance, mean, error);
    }
    table_close(t);
    decay_claims(bound, same, worst);
}

// ---- Beyond the length of training ----

enum { LENGTH = 64, LONG = 512, D = 32, HEADS = 4, LAYERS = 2, SHAW_K = 16, BINS = 4 };
static const int bin_end[BINS] = {64, 128, 256, 512};

typedef enum { NONE, SINUSOIDAL, LEARNT, SHAW, XL, T5, ALIBI, ROPE, SCHEMES } scheme;
static const char *const scheme_name[] = {"none", "sinusoidal", "learnt", "shaw",
                                          "xl",   "t5",         "alibi",  "rope"};

// A model with one of the schemes, for sequences of up to LONG.
typedef struct {
    scheme scheme;
    transformer model;
    rope_table turns;
    rope_shaw shaw;
    rope_xl xl;
    tensor *t5, *learnt; // (ROPE_BUCKETS, HEADS), (LENGTH, D)
} positioned;

static tensor *
small_param(const char *name, shape s, rng *r)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, 0, 0.1f);
    return x;
}

// In place, since the model keeps pointers into it.
static void
positioned_new(positioned *p, scheme kind, rng *r)
{
    enum { d = D / HEADS };
    double theta[d / 2];
    transformer_config c = {.V = LANGUAGE_SYMBOLS,
                            .D = D,
                            .h = HEADS,
                            .F = 4 * D,
                            .decoders = LAYERS,
                            .order = TRANSFORMER_PRE,
                            .activation = t_gelu};
    p->scheme = kind;
    switch (kind) {
    case SINUSOIDAL: c.positions = transformer_positions(LONG, D); break;
    case LEARNT:
        p->learnt = param("positions", SHAPE(LENGTH, D));
        rng_fill_normal(r, p->learnt->size, p->learnt->data, 0, 1);
        c.positions = p->learnt;
        break;
    case SHAW:
        p->shaw.K = SHAW_K;
        p->shaw.a_k = small_param("a_k", SHAPE(2 * SHAW_K + 1, d), r);
        p->shaw.a_v = small_param("a_v", SHAPE(2 * SHAW_K + 1, d), r);
        c.attend = rope_shaw_attend, c.own = &p->shaw;
        break;
    case XL:
        p->xl.sinusoid = transformer_positions(LONG, D);
        p->xl.w_r = small_param("w_r", SHAPE(D, D), r);
        p->xl.u = small_param("u", SHAPE(HEADS, d), r);
        p->xl.w = small_param("w", SHAPE(HEADS, d), r);
        c.attend = rope_xl_attend, c.own = &p->xl;
        break;
    case T5:
        p->t5 = small_param("t5", SHAPE(ROPE_BUCKETS, HEADS), r);
        c.attend = rope_t5_attend, c.own = p->t5;
        break;
    case ALIBI: c.attend = rope_alibi_attend; break;
    case ROPE:
        rope_angles(d, base, theta);
        p->turns = rope_table_new(ROPE_INTERLEAVED, LONG, d / 2, theta);
        c.attend = rope_attend, c.own = &p->turns;
        break;
    default: break;
    }
    p->model = transformer_new(&c, r);
}

// Makes a trained model fit for LONG positions: learnt ones are repeated from the last on.
static void
lengthen(positioned *p)
{
    if (p->scheme != LEARNT)
        return;
    tensor *all = tensor_state("positions", SHAPE(LONG, D));
    for (int t = 0; t < LONG; t++)
        memcpy(all->data + t * D, p->learnt->data + (t < LENGTH ? t : LENGTH - 1) * D,
               D * sizeof(float));
    p->model.c.positions = all;
}

// What a model pays above the oracle for the symbols in each stretch of positions, as means over the sequences: for
// the language and for the repetition of the key.
typedef struct {
    double language[BINS], key[BINS];
} excess;

static excess
measure(const positioned *p, const zipf *z, int sequences)
{
    excess e = {{0}, {0}};
    int counted[2][BINS] = {{0}};
    rng r = rng_at(SAMPLE_SEED, 1000);
    int read[LONG], say[LONG];
    double oracle[LONG];
    bool is_key[LONG];
    for (int n = 0; n < sequences; n++) {
        language_sample(z, &r, LONG, read, say, oracle, is_key);
        tensor *logits = transformer_decode(&p->model, 1, LONG, read, NULL, NULL, NULL, NULL);
        const float *loss = tape_saved(t_cross_entropy(logits, say), "losses")->data;
        for (int t = 0, bin = 0; t < LONG; t++) {
            bin += t >= bin_end[bin];
            *(is_key[t] ? &e.key[bin] : &e.language[bin]) += loss[t] - oracle[t];
            counted[is_key[t]][bin]++;
        }
        tape_reset();
    }
    for (int bin = 0; bin < BINS; bin++) {
        e.language[bin] /= counted[0][bin];
        e.key[bin] /= counted[1][bin];
    }
    return e;
}

typedef struct {
    const zipf *z;
    scheme scheme;
    int steps, sequences;
    excess result, interpolated, ntk, by_parts; // the last three of ROPE, without further training
} extrapolation_run;

static void
extrapolate(int i, void *context)
{
    enum { B = 16, d = D / HEADS };
    extrapolation_run *run = (extrapolation_run *)context + i;
    rng r = rng_at(SAMPLE_SEED, run->scheme);
    positioned *p = permanent_alloc(sizeof *p);
    positioned_new(p, run->scheme, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-8f, 0);
    for (int s = 0; s < run->steps; s++) {
        int read[B * LENGTH], say[B * LENGTH];
        double oracle[LENGTH];
        bool is_key[LENGTH];
        for (int b = 0; b < B; b++)
            language_sample(run->z, &r, LENGTH, read + b * LENGTH, say + b * LENGTH, oracle,
                            is_key);
        float rate = warmup_cosine(s, run->steps / 16, run->steps, 1e-2f);
        tensor *logits = transformer_decode(&p->model, B, LENGTH, read, NULL, NULL, NULL, NULL);
        training_step(t_cross_entropy(logits, say), &adam, rate, 1);
    }
    lengthen(p);
    run->result = measure(p, run->z, run->sequences);
    if (run->scheme == ROPE) {
        double theta[d / 2];
        rope_interpolated(d, base, (double)LONG / LENGTH, theta);
        p->turns = rope_table_new(ROPE_INTERLEAVED, LONG, d / 2, theta);
        run->interpolated = measure(p, run->z, run->sequences);
        rope_ntk(d, base, (double)LONG / LENGTH, theta);
        p->turns = rope_table_new(ROPE_INTERLEAVED, LONG, d / 2, theta);
        run->ntk = measure(p, run->z, run->sequences);
        rope_by_parts(d, base, (double)LONG / LENGTH, LENGTH, theta);
        p->turns = rope_table_new(ROPE_INTERLEAVED, LONG, d / 2, theta);
        run->by_parts = measure(p, run->z, run->sequences);
    }
}

static void
write_excess(table *t, const char *name, const excess *e)
{
    for (int bin = 0; bin < BINS; bin++)
        table_row(t, "siidd", name, bin ? bin_end[bin - 1] : 0, bin_end[bin], e->language[bin],
                  e->key[bin]);
}

// The result of a scheme.
static const excess *
result_of(const extrapolation_run *runs, scheme s)
{
    while (runs->scheme != s)
        runs++;
    return &runs->result;
}

static void
extrapolation_claims(const extrapolation_run *runs)
{
    enum { TRAINED, TWICE, EIGHTFOLD = 3 };
    const char *own = "this chapter", *press = "Press et al. 2022, fig. 1";
    const excess *rope = result_of(runs, ROPE), *alibi = result_of(runs, ALIBI);
    double ntk = 0;
    for (int i = 0; i < SCHEMES; i++)
        if (runs[i].scheme == ROPE)
            ntk = runs[i].ntk.language[EIGHTFOLD];
    claim_above("sinusoidal-beyond",
                "sinusoidal, trained at 64: nats of the language above the oracle at 64-128", 1,
                unless_quick(result_of(runs, SINUSOIDAL)->language[TWICE]), press, REPRODUCED);
    claim_above("learnt-beyond", "learnt positions, the last one repeated: at 64-128", 1,
                unless_quick(result_of(runs, LEARNT)->language[TWICE]), own, REPRODUCED);
    claim_below("rope-twice", "RoPE: at 64-128", 0.2, unless_quick(rope->language[TWICE]), own,
                REPRODUCED);
    claim_above("rope-eightfold", "RoPE: at 256-512", 1, unless_quick(rope->language[EIGHTFOLD]),
                press, REPRODUCED);
    claim_above("t5-eightfold", "T5: at 256-512", 1,
                unless_quick(result_of(runs, T5)->language[EIGHTFOLD]), own, REPRODUCED);
    claim_below("alibi-eightfold", "ALiBi: at 256-512, over that at 0-64", 2,
                unless_quick(alibi->language[EIGHTFOLD] / alibi->language[TRAINED]), press,
                REPRODUCED);
    claim_below("xl-eightfold", "Transformer-XL: at 256-512", 0.1,
                unless_quick(result_of(runs, XL)->language[EIGHTFOLD]), own, REPRODUCED);
    claim_above("rope-key", "RoPE: nats for the key at 256-512", 1,
                unless_quick(rope->key[EIGHTFOLD]), own, REPRODUCED);
    claim_above("alibi-key", "ALiBi: nats for the key at 256-512", 0.1,
                unless_quick(alibi->key[EIGHTFOLD]), own, REPRODUCED);
    claim_above("xl-key", "Transformer-XL: nats for the key at 256-512", 0.1,
                unless_quick(result_of(runs, XL)->key[EIGHTFOLD]), own, REPRODUCED);
    claim_below("none-key", "no positions: nats for the key at 256-512", 0.1,
                unless_quick(result_of(runs, NONE)->key[EIGHTFOLD]), own, REPRODUCED);
    claim_below("ntk-helps",
                "RoPE: at 256-512 with a larger base and no training, over that without", 0.6,
                unless_quick(ntk / rope->language[EIGHTFOLD]), own, REPRODUCED);
}

// Eight schemes trained on sequences of 64 and measured on 512.
static void
extrapolation(void)
{
    static const scheme order[] = {XL,    SHAW,       T5,     ROPE,
                                   ALIBI, SINUSOIDAL, LEARNT, NONE}; // longest first
    zipf z = zipf_new(LANGUAGE_SEED);
    extrapolation_run runs[SCHEMES];
    int steps = program_steps(600, 2);
    for (int i = 0; i < SCHEMES; i++)
        runs[i] = (extrapolation_run){
            .z = &z, .scheme = order[i], .steps = steps, .sequences = program_steps(32, 1)};
    progress_expect((long)SCHEMES * steps);
    training_side_by_side(SCHEMES, extrapolate, runs);
    table *t = program_table("extrapolation", "scheme\tfrom\tto\tlanguage_nats\tkey_nats");
    for (scheme s = 0; s < SCHEMES; s++)
        for (int i = 0; i < SCHEMES; i++)
            if (runs[i].scheme == s)
                write_excess(t, scheme_name[s], &runs[i].result);
    for (int i = 0; i < SCHEMES; i++)
        if (runs[i].scheme == ROPE) {
            write_excess(t, "rope_interpolated", &runs[i].interpolated);
            write_excess(t, "rope_ntk", &runs[i].ntk);
            write_excess(t, "rope_by_parts", &runs[i].by_parts);
        }
    table_close(t);
    extrapolation_claims(runs);
}

// ---- Scores by position ----

// The score of one random q and k at the positions m and n, for four ways to give them positions.
enum { MAP = 64, MAP_WIDTH = 64, WAYS = 4 };

static void
random_vector(rng *r, double x[MAP_WIDTH])
{
    for (int i = 0; i < MAP_WIDTH; i++)
        x[i] = rng_normal(r);
}

// x turned to position p in one of the pairings.
static void
turned(rope_pairing pairing, const double *theta, int p, const double *x, double *y)
{
    int step = pairing == ROPE_INTERLEAVED ? 2 : 1, apart = step == 2 ? 1 : MAP_WIDTH / 2;
    for (int i = 0; i < MAP_WIDTH / 2; i++) {
        int a = i * step, b = a + apart;
        double c = cos64(p * theta[i]), s = sin64(p * theta[i]);
        y[a] = x[a] * c - x[b] * s;
        y[b] = x[a] * s + x[b] * c;
    }
}

// x plus the sinusoid of position p.
static void
added(const double *theta, int p, const double *x, double *y)
{
    for (int i = 0; i < MAP_WIDTH / 2; i++) {
        y[2 * i] = x[2 * i] + sin64(p * theta[i]);
        y[2 * i + 1] = x[2 * i + 1] + cos64(p * theta[i]);
    }
}

static double
score(const double *q, const double *k)
{
    double sum = 0;
    for (int i = 0; i < MAP_WIDTH; i++)
        sum += q[i] * k[i];
    return sum / sqrt64(MAP_WIDTH);
}

static double
positioned_score(int way, const double *theta, const double *q, int m, const double *k, int n)
{
    double a[MAP_WIDTH], b[MAP_WIDTH];
    switch (way) {
    case 0:
        added(theta, m, q, a);
        added(theta, n, k, b);
        return score(a, b);
    case 1:
        turned(ROPE_INTERLEAVED, theta, m, q, a);
        turned(ROPE_INTERLEAVED, theta, n, k, b);
        return score(a, b);
    case 2:
        turned(ROPE_INTERLEAVED, theta, m, q, a);
        turned(ROPE_HALVES, theta, n, k, b);
        return score(a, b);
    default: return score(q, k) - 0.0625 * (m > n ? m - n : n - m); // ALiBi's slope 2^-4
    }
}

// Heat maps of the score over both positions; how much it changes along a line of equal distance.
static void
shift(void)
{
    static const char *const names[WAYS] = {"sinusoidal", "rope", "mixed_pairings", "alibi"};
    double theta[MAP_WIDTH / 2], q[MAP_WIDTH], k[MAP_WIDTH], spread[WAYS];
    rng r = rng_at(SHIFT_SEED, 0);
    rope_angles(MAP_WIDTH, base, theta);
    random_vector(&r, q);
    random_vector(&r, k);
    table *t = program_table("shift", "way\tm\tn\tscore");
    for (int way = 0; way < WAYS; way++) {
        spread[way] = 0;
        for (int m = 0; m < MAP; m++)
            for (int n = 0; n < MAP; n++) {
                double s = positioned_score(way, theta, q, m, k, n);
                int first = m < n ? m : n; // the first positions of this distance
                double same = positioned_score(way, theta, q, m - first, k, n - first);
                spread[way] = fmax(spread[way], fabs(s - same));
                table_row(t, "siif", names[way], m, n, s);
            }
    }
    table_close(t);
    t = program_table("shift-spread", "way\tlargest_change");
    for (int way = 0; way < WAYS; way++)
        table_row(t, "sf", names[way], spread[way]);
    table_close(t);
    claim_above("shift-mixed",
                "q and k in different pairings: largest change of a score when both positions move",
                1, spread[2], "this chapter", REPRODUCED);
}

// ---- Precision of the angles ----

// x rounded to `bits` significant bits (Veltkamp's splitting), for numbers far from overflow.
static double
rounded(double x, int bits)
{
    double big = x * (double)((1ll << (53 - bits)) + 1);
    return big - (big - x);
}

enum { FORMATS = 4, DECADES = 5 };

// The largest error of a cosine over the pairs at this position, with theta, the position and the angle rounded.
static double
cosine_error(const double *theta, long position, int bits)
{
    double worst = 0;
    if (bits == 11 && position > 65504) // float16 ends there
        return NAN;
    for (int i = 0; i < WIDTH / 2; i++) {
        double angle = rounded(rounded((double)position, bits) * rounded(theta[i], bits), bits);
        worst = fmax(worst, fabs(cos64(angle) - cos64(position * theta[i])));
    }
    return worst;
}

// The error of the rotation against the position, by the format in which angles are computed.
static void
precision(void)
{
    static const int bits[FORMATS] = {8, 11, 24, 53}; // bfloat16, float16, float32, float64
    const double expected[DECADES] = {0, 3.1e-6, 2.9e-5, 3.2e-4, 5.2e-3}; // of float32
    double theta[WIDTH / 2], single[DECADES], half = 0;
    rope_angles(WIDTH, base, theta);
    table *t = program_table("precision", "position\tbfloat16\tfloat16\tfloat32\tfloat64");
    for (int k = 0; k <= 8 * DECADES; k++) {
        long position = (long)(pow64(10, k / 8.0) + 0.5);
        double error[FORMATS];
        for (int f = 0; f < FORMATS; f++)
            error[f] = cosine_error(theta, position, bits[f]);
        table_row(t, "idddd", (int)position, error[0], error[1], error[2], error[3]);
        if (position == 1000)
            half = error[1];
        if (k % 8 == 0 && k / 8 < DECADES + 1 && k > 8)
            single[k / 8 - 1] = error[2];
    }
    table_close(t);
    for (int k = 1; k < DECADES; k++) {
        static const char *const id[] = {"", "float32-1e2", "float32-1e3", "float32-1e4",
                                         "float32-1e5"};
        static const char *const text[] = {"", "float32 angles: error of a cosine at position 1e2",
                                           "at 1e3", "at 1e4", "at 1e5"};
        claim_near(id[k], text[k], expected[k], single[k], 0.05 * expected[k], "this chapter",
                   REPRODUCED);
    }
    claim_above("float16-1e3", "float16 angles: error of a cosine at position 1e3", 0.1, half,
                "this chapter", REPRODUCED);
}

// ---- Rotation in linear attention ----

enum { LINEAR_T = 64, LINEAR_D = 32, LINEAR_RUNS = 200, SUM_BINS = 40 };

// What the rows of the weights sum to, over random sequences.
static void
linear(void)
{
    static double x[3][LINEAR_T * LINEAR_D], weights[LINEAR_T * LINEAR_T];
    static double out[LINEAR_T * LINEAR_D];
    double theta[LINEAR_D / 2], most = 0;
    int count[SUM_BINS] = {0}, negative = 0, all = 0, runs = program_steps(LINEAR_RUNS, 5);
    rope_angles(LINEAR_D, base, theta);
    for (int run = 0; run < runs; run++) {
        rng r = rng_at(LINEAR_SEED, run);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < LINEAR_T * LINEAR_D; j++)
                x[i][j] = rng_normal(&r);
        rope_linear(LINEAR_T, LINEAR_D, theta, x[0], x[1], x[2], weights, out);
        for (int t = 0; t < LINEAR_T; t++) {
            double sum = 0;
            for (int s = 0; s <= t; s++) {
                sum += weights[t * LINEAR_T + s];
                negative += weights[t * LINEAR_T + s] < 0;
                all++;
            }
            most = fmax(most, sum);
            int bin = (int)(sum / 1.25 * SUM_BINS);
            count[bin < 0 ? 0 : bin >= SUM_BINS ? SUM_BINS - 1 : bin]++;
        }
    }
    table *t = program_table("linear", "sum\tpart_of_rows");
    for (int i = 0; i < SUM_BINS; i++)
        table_row(t, "fd", (i + 0.5) * 1.25 / SUM_BINS, (double)count[i] / (runs * LINEAR_T));
    table_close(t);
    claim_above("linear-negative", "rotated linear attention: part of negative weights", 0.001,
                (double)negative / all, "this chapter", REPRODUCED);
    claim_above("linear-sum", "rotated linear attention: largest sum of a row's weights", 1, most,
                "this chapter", REPRODUCED);
}

int
main(int argc, char **argv)
{
    const program_option own[] = {{0}};
    const program_figure contents[] = {
        {"decay", decay, 1},     {"extrapolation", extrapolation, 30},
        {"shift", shift, 0.3},   {"precision", precision, 0.1},
        {"linear", linear, 0.5}, {0}};
    program_begin("rope", own, argc, argv);
    program_run(rope_cases, contents);
    return program_end(claims_report());
}
