// The reference cases: B = 2, h = 3, T = 5, S = 7, d = 4, tiles of 2 queries x 3 keys, so that both have a smaller last
// one. Heads stand before positions, (B, h, T, d). The loss is the sum of out times loss_weight.
#include "flash_attention/cases.h"

#include "flash_attention/flash_attention.h"
#include "flash_attention/io.h"
#include "frame/case.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <string.h>

enum { SEED = 1, B = 2, H = 3, D = 4, ROWS = 2, COLUMNS = 3, MOST = 7, TILES = 3 };

// Ten times the error in float32 of PyTorch's own formulas, as the cross-check finds it, or a little more.
static const double close = 2e-6, backward_close = 4e-6, summed = 5e-6;

// One case: what it asks for, what goes in, what comes out of each head, for at most MOST queries and keys.
typedef struct {
    int T, S;
    float std; // of queries and keys
    flash_attention_options o;
    bool gradients;
    const bool *mask; // (B, T, S) or NULL
    bool biased;
    float q[B * H * MOST * D], k[B * H * MOST * D], v[B * H * MOST * D], bias[H * MOST * MOST];
    float loss_weight[B * H * MOST * D];
    // After every tile of keys: (tiles, B, h, T) and o (tiles, B, h, T, d).
    int tiles;
    float m[TILES * B * H * MOST], l[TILES * B * H * MOST], o_sums[TILES * B * H * MOST * D];
    float scores[B * H * MOST * MOST], weights[B * H * MOST * MOST];
    float out[B * H * MOST * D], L[B * H * MOST];
    float room[1000];
    float P[B * H * MOST * MOST], dP[B * H * MOST * MOST], ds[B * H * MOST * MOST];
    float row_dots[B * H * MOST];
    float dq[B * H * MOST * D], dk[B * H * MOST * D], dv[B * H * MOST * D], dbias[H * MOST * MOST];
} attention_case;

// ---- What is computed ----

static flash_attention_head
head_of(const attention_case *c, int i)
{
    int T = c->T, S = c->S;
    return (flash_attention_head){
        .T = T,
        .S = S,
        .d = D,
        .row = D,
        .q = c->q + i * T * D,
        .k = c->k + i * S * D,
        .v = c->v + i * S * D,
        .mask = c->mask ? c->mask + i / H * T * S : NULL,
        .bias = c->biased ? c->bias + i % H * T * S : NULL,
    };
}

// The scores of a head before the mask: the reference of a part of one key is its score.
static void
scores_of_head(attention_case *c, const flash_attention_head *a, int i)
{
    const flash_attention_options plain = {0};
    flash_attention_head free = *a;
    free.mask = NULL;
    for (int t = 0; t < c->T; t++)
        for (int s = 0; s < c->S; s++) {
            float m[MOST], l[MOST * FLASH_ATTENTION_LANES], o[MOST * D], power;
            flash_attention_state one = {m, l, o, D};
            flash_attention_begin(c->T, D, &one);
            flash_attention_tile_forward(&free, &plain, (flash_attention_tile){t, 1, s, 1}, &one,
                                         &power);
            c->scores[(i * c->T + t) * c->S + s] = m[t];
        }
}

// Head i, one tile of keys after the other for all queries: the statistics after each.
static void
statistics(attention_case *c, const flash_attention_head *a, int i)
{
    int T = c->T, S = c->S, heads = B * H;
    float m[MOST], l[MOST * FLASH_ATTENTION_LANES], o[MOST * D], weights[ROWS * COLUMNS];
    flash_attention_state state = {m, l, o, D};
    flash_attention_begin(T, D, &state);
    for (int k = 0; k < c->tiles; k++) {
        int s = k * COLUMNS, columns = S - s < COLUMNS ? S - s : COLUMNS;
        for (int t = 0; t < T; t += ROWS) {
            int rows = T - t < ROWS ? T - t : ROWS;
            flash_attention_tile tile = {t, rows, s, columns};
            memset(weights, 0, sizeof weights);
            if (!flash_attention_is_hidden(a, &c->o, tile))
                flash_attention_tile_forward(a, &c->o, tile, &state, weights);
            for (int r = 0; r < rows; r++)
                for (int j = 0; j < columns; j++)
                    c->weights[(i * T + t + r) * S + s + j] = weights[r * columns + j];
        }
        for (int t = 0; t < T; t++) {
            c->m[(k * heads + i) * T + t] = m[t];
            c->l[(k * heads + i) * T + t] = flash_attention_sum(&state, t);
        }
        memcpy(c->o_sums + (k * heads + i) * T * D, o, T * D * sizeof *o);
    }
}

static void
backward_of_head(attention_case *c, const flash_attention_head *a, int i)
{
    int T = c->T, S = c->S;
    const float *out = c->out + i * T * D, *dout = c->loss_weight + i * T * D, *L = c->L + i * T;
    float *dots = c->row_dots + i * T;
    flash_attention_row_dots(T, D, D, out, dout, dots);
    for (int t = 0; t < T; t += ROWS)
        for (int k = 0; k < S; k += COLUMNS) {
            int rows = T - t < ROWS ? T - t : ROWS, columns = S - k < COLUMNS ? S - k : COLUMNS;
            float P[ROWS * COLUMNS], dP[ROWS * COLUMNS], ds[ROWS * COLUMNS];
            const flash_attention_tile tile = {t, rows, k, columns};
            if (flash_attention_is_hidden(a, &c->o, tile))
                continue;
            flash_attention_tile_backward(a, &c->o, tile, dout, L, dots,
                                          &(flash_attention_gradients){0},
                                          &(flash_attention_tile_room){P, dP, ds});
            for (int j = 0; j < rows * columns; j++) {
                int at = (i * T + t + j / columns) * S + k + j % columns;
                c->P[at] = P[j];
                c->dP[at] = dP[j];
                c->ds[at] = ds[j];
            }
        }
    const flash_attention_gradients g = {.dq = c->dq + i * T * D,
                                         .dk = c->dk + i * S * D,
                                         .dv = c->dv + i * S * D,
                                         .dbias = c->biased ? c->dbias + i % H * T * S : NULL};
    flash_attention_head_backward(a, &c->o, c->room, out, dout, L, &g);
}

static void
compute(attention_case *c)
{
    c->tiles = (c->S + COLUMNS - 1) / COLUMNS;
    c->o.rows = ROWS;
    c->o.columns = COLUMNS;
    for (int i = 0; i < B * H; i++) {
        flash_attention_head a = head_of(c, i);
        scores_of_head(c, &a, i);
        statistics(c, &a, i);
        flash_attention_head_forward(&a, &c->o, c->room, c->out + i * c->T * D, c->L + i * c->T);
        if (c->gradients)
            backward_of_head(c, &a, i);
    }
}

// ---- What is written ----

static void
describe(const char *name, const char *about, const attention_case *c)
{
    case_begin(name, about);
    case_convention("axes: sequences, heads, queries or keys, width of a head; scores and weights "
                    "(B, h, T, S)");
    case_convention("tiles are tile_rows queries x tile_columns keys, from the first on, the last "
                    "ones smaller; m, l, o have every tile of keys in order on their first axis");
    case_convention(
        "m, l, o of a query that has seen no key are -inf, 0, 0; o is not divided by l");
    if (c->o.causal == FLASH_ATTENTION_BOTTOM_RIGHT)
        case_convention("causal, bottom right: the queries are the last T of the S positions, "
                        "query t sees key s where s <= S - T + t");
    if (c->mask)
        case_convention("mask (B, T, S): 1 where the query may look at the key; a query that may "
                        "look nowhere has out 0, L = -inf and passes no gradient");
    if (c->o.power_of_two)
        case_convention("the power of a key is e^a 2^-m with the integer m nearest to a log2(e) "
                        "of the row's largest score a so far; L = m ln 2 + ln l");
    if (c->o.lazy > 0)
        case_convention("m moves to the largest score so far where that is larger than m + tau, or "
                        "where there was no key before; else it stays");
}

static void
inputs(attention_case *c, rng *r)
{
    const shape queries = SHAPE(B, H, c->T, D), keys = SHAPE(B, H, c->S, D);
    rng_fill_normal(r, shape_size(queries), c->q, 0, c->std);
    rng_fill_normal(r, shape_size(keys), c->k, 0, c->std);
    rng_fill_normal(r, shape_size(keys), c->v, 0, 1);
    case_scalar("tile_rows", ROWS, "queries of a tile");
    case_scalar("tile_columns", COLUMNS, "keys of a tile");
    if (c->o.lazy > 0)
        case_number("tau", c->o.lazy, "m moves where a score exceeds it by more");
    case_input_f4("q", queries, c->q, "queries");
    case_input_f4("k", keys, c->k, "keys");
    case_input_f4("v", keys, c->v, "values");
    if (c->biased) {
        rng_fill_normal(r, H * c->T * c->S, c->bias, 0, 1);
        case_input_f4("bias", SHAPE(H, c->T, c->S), c->bias,
                      "added to the scores, the same for every sequence");
    }
    if (c->mask) {
        int mask[B * MOST * MOST];
        for (int i = 0; i < B * c->T * c->S; i++)
            mask[i] = c->mask[i];
        case_input_i4("mask", SHAPE(B, c->T, c->S), mask, "1: may look");
    }
    if (c->gradients) {
        rng_fill_normal(r, shape_size(queries), c->loss_weight, 0, 1);
        case_input_f4("loss_weight", queries, c->loss_weight, "the loss is sum(out loss_weight)");
    }
}

static bool
is_masked(const attention_case *c)
{
    return c->mask || c->o.causal != FLASH_ATTENTION_ALL;
}

static void
write_forward(const attention_case *c)
{
    const shape rows = SHAPE(c->tiles, B, H, c->T), pairs = SHAPE(B, H, c->T, c->S);
    const char *about = c->o.power_of_two
                            ? "the integer nearest to log2(e) times the largest score so far"
                        : c->o.lazy > 0 ? "the reference after each tile"
                                        : "the largest score after each tile";
    case_write_f4("step", "scores", "", pairs, c->scores, close,
                  c->biased      ? "q k' / sqrt(d) + bias"
                  : is_masked(c) ? "q k' / sqrt(d), all of them, before the mask"
                                 : "q k' / sqrt(d)");
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "m", "scores m[t-1]", rows, c->m, close, about);
    case_time_none();
    case_write_f4("step", "powers", "scores m", pairs, c->weights, close,
                  c->o.power_of_two ? "e^a 2^-m with the m after the key's own tile"
                                    : "e^(a - m) with the m after the key's own tile");
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "l", "powers m m[t-1] l[t-1]", rows, c->l, close,
                  "the sum of the powers after each tile");
    case_write_f4("step", "o", "powers m m[t-1] o[t-1]", SHAPE(c->tiles, B, H, c->T, D), c->o_sums,
                  close, "the sum of powers times values after each tile, undivided");
    case_time_none();
    case_write_f4("output", "L", "m l", SHAPE(B, H, c->T), c->L, close, "ln sum of e^a");
    case_write_f4("output", "out", "o l", SHAPE(B, H, c->T, D), c->out, close, "o / l");
}

static void
write_backward(const attention_case *c)
{
    const shape pairs = SHAPE(B, H, c->T, c->S), queries = SHAPE(B, H, c->T, D);
    const shape keys = SHAPE(B, H, c->S, D);
    double sum = 0;
    for (long i = 0; i < shape_size(queries); i++)
        sum += (double)c->out[i] * c->loss_weight[i];
    float loss = (float)sum;
    case_write_f4("output", "loss", "out", SCALAR, &loss, summed, "sum of out loss_weight");
    case_write_f4("gradient", "weights", "scores L", pairs, c->P, close, "e^(a - L)");
    case_write_f4("gradient", "D", "out", SHAPE(B, H, c->T), c->row_dots, backward_close,
                  "sum over c of loss_weight[c] out[c]");
    if (!is_masked(c)) // else a program may leave out pairs that it skips
        case_write_f4("gradient", "dweights", "", pairs, c->dP, backward_close, "loss_weight v'");
    case_write_f4("gradient", "dscores", is_masked(c) ? "weights D" : "weights dweights D", pairs,
                  c->ds, backward_close, "weights (dweights - D)");
    case_write_f4("gradient", "dv", "weights", keys, c->dv, backward_close, "weights' loss_weight");
    case_write_f4("gradient", "dq", "dscores", queries, c->dq, backward_close,
                  "dscores k / sqrt(d)");
    case_write_f4("gradient", "dk", "dscores", keys, c->dk, backward_close, "dscores' q / sqrt(d)");
    if (c->biased)
        case_write_f4("gradient", "dbias", "dscores", SHAPE(H, c->T, c->S), c->dbias,
                      backward_close, "the sum of dscores over the sequences");
}

// `stream`: of its random numbers.
static void
whole_case(const char *name, const char *about, int stream, attention_case c)
{
    rng r = rng_at(SEED, stream);
    c.std = c.std ? c.std : 1;
    describe(name, about, &c);
    inputs(&c, &r);
    compute(&c);
    write_forward(&c);
    if (c.gradients)
        write_backward(&c);
    case_end();
}

// ---- Parts and their merging ----

static void
merge_case(void)
{
    enum { PARTS = 3, EMPTY = 1, ORDERS = 6 };
    static const int orders[ORDERS][PARTS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                              {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    float m[PARTS], l[PARTS], o[PARTS][D], two_m[ORDERS], two_l[ORDERS], two_o[ORDERS][D];
    float all_m[ORDERS], all_l[ORDERS], all_o[ORDERS][D], out[ORDERS][D], L[ORDERS];
    rng r = rng_at(SEED, 20);
    rng_fill_normal(&r, PARTS, m, 0, 2);
    rng_fill_uniform(&r, PARTS, l, 1, 3);
    rng_fill_normal(&r, PARTS * D, o[0], 0, 1);
    m[EMPTY] = -INFINITY;
    l[EMPTY] = 0;
    memset(o[EMPTY], 0, sizeof o[EMPTY]);
    case_begin("merge", "Three parts of the keys of one query, one of them empty, merged in all "
                        "six orders.");
    case_convention("row i of a result belongs to row i of orders: its first two parts are merged, "
                    "then the third is added");
    case_convention("an empty part has m = -inf, l = 0, o = 0; o is not divided by l");
    case_input_i4("orders", SHAPE(ORDERS, PARTS), orders[0], "numbers of parts, from 0");
    case_input_f4("part_m", SHAPE(PARTS), m, "the largest score of each part");
    case_input_f4("part_l", SHAPE(PARTS), l, "the sum of e^(a - m)");
    case_input_f4("part_o", SHAPE(PARTS, D), o[0], "the sum of e^(a - m) v");
    for (int i = 0; i < ORDERS; i++) {
        const int *p = orders[i];
        float am = m[p[0]], al = l[p[0]], ao[D];
        memcpy(ao, o[p[0]], sizeof ao);
        flash_attention_merge(D, &am, &al, ao, m[p[1]], l[p[1]], o[p[1]]);
        two_m[i] = am;
        two_l[i] = al;
        memcpy(two_o[i], ao, sizeof ao);
        flash_attention_merge(D, &am, &al, ao, m[p[2]], l[p[2]], o[p[2]]);
        all_m[i] = am;
        all_l[i] = al;
        memcpy(all_o[i], ao, sizeof ao);
        L[i] = am + log32(al);
        for (int k = 0; k < D; k++)
            out[i][k] = ao[k] / al;
    }
    case_write_f4("step", "two_m", "", SHAPE(ORDERS), two_m, close, "max(m1, m2)");
    case_write_f4("step", "two_l", "two_m", SHAPE(ORDERS), two_l, close,
                  "e^(m1 - m) l1 + e^(m2 - m) l2");
    case_write_f4("step", "two_o", "two_m", SHAPE(ORDERS, D), two_o[0], close,
                  "e^(m1 - m) o1 + e^(m2 - m) o2");
    case_write_f4("step", "m", "two_m", SHAPE(ORDERS), all_m, close, "of all three parts");
    case_write_f4("step", "l", "two_m two_l m", SHAPE(ORDERS), all_l, close, "");
    case_write_f4("step", "o", "two_m two_o m", SHAPE(ORDERS, D), all_o[0], close, "");
    case_write_f4("output", "L", "m l", SHAPE(ORDERS), L, close, "m + ln l");
    case_write_f4("output", "out", "o l", SHAPE(ORDERS, D), out[0], close, "o / l");
    case_end();
}

// Keys in three parts, each answered by itself, and the answers combined.
static void
split_case(void)
{
    enum { T = 5, S = 7, PARTS = 3, PART = 3, HEADS = B * H };
    float q[HEADS * T * D], k[HEADS * S * D], v[HEADS * S * D], room[1000];
    float part_L[PARTS][HEADS * T], part_out[PARTS][HEADS * T * D];
    float L[HEADS * T], out[HEADS * T * D];
    const flash_attention_options plain = {.rows = ROWS, .columns = PART};
    rng r = rng_at(SEED, 21);
    rng_fill_normal(&r, HEADS * T * D, q, 0, 1);
    rng_fill_normal(&r, HEADS * S * D, k, 0, 1);
    rng_fill_normal(&r, HEADS * S * D, v, 0, 1);
    case_begin("split", "Keys in three parts, each part's answer with its L, and the answer of all "
                        "(flash-decoding).");
    case_convention("axes: sequences, heads, queries or keys, width; parts stand first; the parts "
                    "are keys 0-2, 3-5 and 6");
    case_scalar("part", PART, "keys of a part, the last has fewer");
    case_input_f4("q", SHAPE(B, H, T, D), q, "queries");
    case_input_f4("k", SHAPE(B, H, S, D), k, "keys");
    case_input_f4("v", SHAPE(B, H, S, D), v, "values");
    for (int i = 0; i < HEADS; i++)
        for (int p = 0; p < PARTS; p++) {
            int from = p * PART, n = S - from < PART ? S - from : PART;
            flash_attention_head a = {.T = T,
                                      .S = n,
                                      .d = D,
                                      .row = D,
                                      .q = q + i * T * D,
                                      .k = k + (i * S + from) * D,
                                      .v = v + (i * S + from) * D};
            flash_attention_head_forward(&a, &plain, room, part_out[p] + i * T * D,
                                         part_L[p] + i * T);
        }
    for (int row = 0; row < HEADS * T; row++) {
        float row_L[PARTS], row_out[PARTS * D];
        for (int p = 0; p < PARTS; p++) {
            row_L[p] = part_L[p][row];
            memcpy(row_out + p * D, part_out[p] + row * D, D * sizeof *row_out);
        }
        L[row] = flash_attention_combine(PARTS, D, row_L, row_out, out + row * D);
    }
    case_write_f4("step", "part_L", "", SHAPE(PARTS, B, H, T), part_L[0], close,
                  "ln sum of e^a over the part's keys");
    case_write_f4("step", "part_out", "", SHAPE(PARTS, B, H, T, D), part_out[0], close,
                  "the part's own answer, divided");
    case_write_f4("output", "L", "part_L", SHAPE(B, H, T), L, close,
                  "ln sum over the parts of e^part_L");
    case_write_f4("output", "out", "part_L part_out L", SHAPE(B, H, T, D), out, close,
                  "the sum over the parts of e^(part_L - L) part_out");
    case_end();
}

// ---- Counts of words ----

static void
io_case(void)
{
    enum { N = 12, WIDTH = 4, SIZES = 4 };
    static const int sizes[SIZES] = {1, 3, 5, 12};
    static const char *const names[FLASH_ATTENTION_IO_PROGRAMS] = {"unfused", "keys_outside",
                                                                   "queries_outside"};
    static const char *const about[FLASH_ATTENTION_IO_PROGRAMS] = {
        "scores, softmax and answers one after the other", "the loop over tiles of keys outside",
        "the loop over tiles of queries outside"};
    case_begin("io", "Words that three programs for attention move between a slow and a fast "
                     "memory, and hold in the fast one, for 16 sizes of tiles.");
    case_convention("row i, column j: tiles of sizes[i] queries x sizes[j] keys; no mask");
    case_convention("moved: every word that is loaded or stored counts 1; held: the most words in "
                    "the fast memory at a time");
    case_scalar("N", N, "queries, and keys");
    case_scalar("d", WIDTH, "width");
    case_input_i4("sizes", SHAPE(SIZES), sizes, "of tiles");
    for (int p = 0; p < FLASH_ATTENTION_IO_PROGRAMS; p++) {
        int moved[SIZES][SIZES], held[SIZES][SIZES];
        for (int i = 0; i < SIZES; i++)
            for (int j = 0; j < SIZES; j++) {
                flash_attention_io io = flash_attention_io_count(p, N, WIDTH, sizes[i], sizes[j]);
                moved[i][j] = (int)io.moved;
                held[i][j] = (int)io.held;
            }
        char name[40] = "moved_";
        case_write_i4("output", strcat(name, names[p]), "", SHAPE(SIZES, SIZES), moved[0],
                      about[p]);
        char other[40] = "held_";
        case_write_i4("output", strcat(other, names[p]), "", SHAPE(SIZES, SIZES), held[0],
                      about[p]);
    }
    case_end();
}

// ---- All of them ----

void
flash_attention_cases(void)
{
    enum { T = 5, S = 7 };
    bool mask[B * T * S];
    for (int i = 0; i < B * T * S;
         i++) { // query 2 of sequence 1 may look nowhere, all others at the last key
        bool some = (i * 7 + i / S) % 3 != 0 || i % S == S - 1;
        mask[i] = some && i / S != T + 2;
    }
    merge_case();
    whole_case("forward", "Attention in tiles, forward: the statistics after every tile of keys.",
               1, (attention_case){.T = T, .S = S});
    whole_case("backward", "Attention in tiles, forward and backward.", 2,
               (attention_case){.T = T, .S = S, .gradients = true});
    whole_case("causal", "Causal attention of 5 queries, the last of 7 positions.", 3,
               (attention_case){
                   .T = T, .S = S, .o.causal = FLASH_ATTENTION_BOTTOM_RIGHT, .gradients = true});
    whole_case("causal_long",
               "Causal attention of 7 queries over 5 keys: the first two have no key.", 4,
               (attention_case){
                   .T = S, .S = T, .o.causal = FLASH_ATTENTION_BOTTOM_RIGHT, .gradients = true});
    whole_case("masked", "Attention under any mask, with a query that may look nowhere.", 5,
               (attention_case){.T = T, .S = S, .mask = mask, .gradients = true});
    whole_case("bias", "Attention with a bias that is added to the scores.", 6,
               (attention_case){.T = T, .S = S, .biased = true, .gradients = true});
    split_case();
    whole_case("lazy", "The reference m moves only by more than tau: the same answer.", 7,
               (attention_case){.T = T, .S = S, .std = 1.6f, .o.lazy = 2});
    whole_case("power_of_two",
               "The reference is a power of two: what is multiplied by it is not "
               "rounded.",
               8, (attention_case){.T = T, .S = S, .std = 1.6f, .o.power_of_two = true});
    whole_case("decode", "One query, as in generation with a cache of keys and values.", 9,
               (attention_case){.T = 1, .S = S, .o.causal = FLASH_ATTENTION_BOTTOM_RIGHT});
    io_case();
}
