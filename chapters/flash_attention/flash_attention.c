#include "flash_attention/flash_attention.h"

#include "files/fail.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static backward_fn attention_backward;

enum { LANES = FLASH_ATTENTION_LANES };

// ---- A part of the keys, for one query ----

// e^(m - top): what sums with the reference m are multiplied by to have the reference top >= m. 1 also where both
// are -inf.
static float
rescaling(float m, float top)
{
    return m == top ? 1 : exp32(m - top);
}

void
flash_attention_merge(int d, float *m, float *l, float *o, float m2, float l2, const float *o2)
{
    float top = *m > m2 ? *m : m2, c = rescaling(*m, top), c2 = rescaling(m2, top);
    *m = top;
    *l = c * *l + c2 * l2;
    for (int i = 0; i < d; i++)
        o[i] = c * o[i] + c2 * o2[i];
}

float
flash_attention_query(int n, int d, const float *q, const float *k, const float *v, float *out)
{
    float m = -INFINITY, l = 0, scale = 1 / sqrt32(d);
    memset(out, 0, d * sizeof *out);
    for (int s = 0; s < n; s++)
        flash_attention_merge(d, &m, &l, out, scale * dot32(d, q, k + s * d), 1, v + s * d);
    for (int i = 0; i < d; i++)
        out[i] = n > 0 ? out[i] / l : 0;
    return m + log32(l);
}

float
flash_attention_combine(int parts, int d, const float *part_L, const float *part_out, float *out)
{
    float m = -INFINITY, l = 0;
    memset(out, 0, d * sizeof *out);
    for (int p = 0; p < parts; p++)
        flash_attention_merge(d, &m, &l, out, part_L[p], 1, part_out + p * d);
    for (int c = 0; c < d; c++)
        out[c] /= l;
    return m + log32(l);
}

// ---- The scores of a tile ----

// How many of the first S keys query t may look at, by causality alone.
static int
keys_before(const flash_attention_head *a, const flash_attention_options *o, int t)
{
    switch (o->causal) {
    case FLASH_ATTENTION_BOTTOM_RIGHT: return a->S - a->T + t + 1;
    case FLASH_ATTENTION_TOP_LEFT: return t + 1;
    default: return a->S;
    }
}

bool
flash_attention_is_hidden(const flash_attention_head *a, const flash_attention_options *o,
                          flash_attention_tile tile)
{
    // The last query sees most.
    if (tile.s >= keys_before(a, o, tile.t + tile.rows - 1))
        return true;
    if (!a->mask)
        return false;
    for (int i = 0; i < tile.rows; i++)
        if (memchr(a->mask + (long)(tile.t + i) * a->S + tile.s, true, tile.columns))
            return false;
    return true;
}

// x (rows, columns) = q k^T / sqrt(d) + bias, -inf where the query may not look.
static void
tile_scores(const flash_attention_head *a, const flash_attention_options *o,
            flash_attention_tile tile, float *x)
{
    float scale = 1 / sqrt32(a->d);
    int n = tile.columns;
    matrix queries = matrix_of(a->q + tile.t * a->row, a->row);
    matrix keys = a->k_columns ? matrix_of(a->k_columns + tile.s, a->S)
                               : transpose_of(a->k + tile.s * a->row, a->row);
    matmul(tile.rows, n, a->d, queries, keys, x, n, MATMUL_SET);
    for (int i = 0; i < tile.rows; i++, x += n) {
        long at = (long)(tile.t + i) * a->S + tile.s;
        int seen = keys_before(a, o, tile.t + i) - tile.s;
        for (int j = 0; j < n; j++)
            x[j] *= scale;
        if (a->bias)
            for (int j = 0; j < n; j++)
                x[j] += a->bias[at + j];
        if (a->mask)
            for (int j = 0; j < n; j++)
                x[j] = a->mask[at + j] ? x[j] : -INFINITY;
        for (int j = seen > 0 ? seen : 0; j < n; j++)
            x[j] = -INFINITY;
    }
}

// ---- Forward ----

void
flash_attention_begin(int T, int d, flash_attention_state *state)
{
    for (int t = 0; t < T; t++) {
        state->m[t] = -INFINITY;
        memset(state->l + t * LANES, 0, LANES * sizeof(float));
        memset(state->o + t * state->row, 0, d * sizeof(float));
    }
}

// The reference that a row with this largest score would have.
static float
reference_of(const flash_attention_options *o, float top)
{
    if (!o->power_of_two || top == -INFINITY)
        return top;
    int32_t n;
    exp_parts32(top, &n); // e^top is 2^n times a number near 1
    return n;
}

// 2^n for n <= 127, 0 from -252 on.
static inline float
power_of_two(int n)
{
    n = n < -252 ? -252 : n;
    return power_of_two32(n >> 1) * power_of_two32(n - (n >> 1));
}

// Moves the reference m of a row to that of its new largest score; returns what the sums are multiplied by.
static float
move_reference(const flash_attention_options *o, float top, float *m)
{
    float next = reference_of(o, top), before = *m;
    if (before == -INFINITY) { // no key so far: there is nothing to multiply
        *m = next;
        return 1;
    }
    if (!(next > before + o->lazy))
        return 1;
    *m = next;
    return o->power_of_two ? power_of_two((int)(before - next)) : exp32(before - next);
}

// e^a 2^-m for an integer m: the power of two rounds nothing.
static inline float
scaled_power(float a, int m)
{
    int32_t n;
    float y = exp_parts32(a < -65536 ? -65536 : a, &n);
    // Two steps: y 2^n rounds at most once, where it is below the normal numbers.
    n = n - m < -252 ? -252 : n - m;
    return y * power_of_two32(n >> 1) * power_of_two32(n - (n >> 1));
}

// x (n): scores become powers e^(a - m). Where m is -inf there is no key yet, and all scores are -inf.
static void
powers_of(const flash_attention_options *o, int n, float m, float *x)
{
    m = m == -INFINITY ? 0 : m;
    if (o->power_of_two)
        for (int j = 0; j < n; j++)
            x[j] = scaled_power(x[j], (int)m);
    else
        for (int j = 0; j < n; j++)
            x[j] = exp32(x[j] - m);
}

// Adds the powers of keys s .. s + n - 1 to the sums l (LANES).
static void
add_powers(int s, int n, const float *power, float *l)
{
    int j = 0;
    for (; j < n && (s + j) % LANES; j++)
        l[(s + j) % LANES] += power[j];
    for (; j + LANES <= n; j += LANES)
        for (int i = 0; i < LANES; i++)
            l[i] += power[j + i];
    for (; j < n; j++)
        l[(s + j) % LANES] += power[j];
}

void
flash_attention_tile_forward(const flash_attention_head *a, const flash_attention_options *o,
                             flash_attention_tile tile, flash_attention_state *state, float *powers)
{
    int n = tile.columns;
    tile_scores(a, o, tile, powers);
    for (int i = 0; i < tile.rows; i++) {
        float *x = powers + (long)i * n, *l = state->l + (long)(tile.t + i) * LANES;
        float *out = state->o + (tile.t + i) * state->row, *m = state->m + tile.t + i;
        float c = move_reference(o, max32(n, x), m);
        if (c != 1) {
            for (int j = 0; j < LANES; j++)
                l[j] *= c;
            for (int j = 0; j < a->d; j++)
                out[j] *= c;
        }
        powers_of(o, n, *m, x);
        add_powers(tile.s, n, x, l);
    }
    // o += powers v
    matmul(tile.rows, a->d, n, matrix_of(powers, n), matrix_of(a->v + tile.s * a->row, a->row),
           state->o + tile.t * state->row, state->row, MATMUL_ADD);
}

float
flash_attention_sum(const flash_attention_state *state, int t)
{
    return sum32(LANES, state->l + (long)t * LANES);
}

float
flash_attention_log_sum(const flash_attention_options *o, const flash_attention_state *state, int t)
{
    float m = state->m[t], l = flash_attention_sum(state, t);
    return o->power_of_two ? fma32(m, ln2_high32, fma32(m, ln2_low32, log32(l))) : m + log32(l);
}

// ---- Backward ----

void
flash_attention_row_dots(int T, int d, long row, const float *out, const float *dout, float *D)
{
    for (int t = 0; t < T; t++)
        D[t] = dot32(d, out + t * row, dout + t * row);
}

// weights = e^(a - L): the weights that the softmax gave, again.
static void
tile_weights(const flash_attention_head *a, const flash_attention_options *o,
             flash_attention_tile tile, const float *L, float *weights)
{
    tile_scores(a, o, tile, weights);
    for (int i = 0; i < tile.rows; i++, weights += tile.columns) {
        float log_sum = L[tile.t + i] == -INFINITY ? 0 : L[tile.t + i];
        for (int j = 0; j < tile.columns; j++)
            weights[j] = exp32(weights[j] - log_sum);
    }
}

void
flash_attention_tile_backward(const flash_attention_head *a, const flash_attention_options *o,
                              flash_attention_tile tile, const float *dout, const float *L,
                              const float *D, const flash_attention_gradients *g,
                              const flash_attention_tile_room *room)
{
    int rows = tile.rows, n = tile.columns, d = a->d;
    long row = a->row, at = tile.t * row, from = tile.s * row;
    float *w = room->weights, *dw = room->dweights, *da = room->dscores, scale = 1 / sqrt32(d);
    matrix dO = matrix_of(dout + at, row);
    tile_weights(a, o, tile, L, w);
    // out = w v
    if (g->dv)
        matmul(n, d, rows, transpose_of(w, n), dO, g->dv + from, row, MATMUL_ADD);
    matrix values =
        a->v_columns ? matrix_of(a->v_columns + tile.s, a->S) : transpose_of(a->v + from, row);
    matmul(rows, n, d, dO, values, dw, n, MATMUL_SET);
    // w = softmax(a)
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n; j++)
            da[i * n + j] = w[i * n + j] * (dw[i * n + j] - D[tile.t + i]);
    // a = q k^T / sqrt(d) + bias
    if (g->dbias)
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < n; j++)
                g->dbias[(long)(tile.t + i) * a->S + tile.s + j] += da[i * n + j];
    if (!g->dq && !g->dk)
        return;
    float *scaled = dw;
    for (int j = 0; j < rows * n; j++)
        scaled[j] = scale * da[j];
    if (g->dq)
        matmul(rows, d, n, matrix_of(scaled, n), matrix_of(a->k + from, row), g->dq + at, row,
               MATMUL_ADD);
    if (g->dk)
        matmul(n, d, rows, transpose_of(scaled, n), matrix_of(a->q + at, row), g->dk + from, row,
               MATMUL_ADD);
}

// ---- One head ----

enum { FAST_ROWS = 96, FAST_COLUMNS = 128 }; // of a tile: what is fast

// The tile whose first query is t and whose first key is s; the last ones are smaller.
static flash_attention_tile
tile_at(const flash_attention_head *a, int rows, int columns, int t, int s)
{
    rows = a->T - t < rows ? a->T - t : rows;
    columns = a->S - s < columns ? a->S - s : columns;
    return (flash_attention_tile){t, rows, s, columns};
}

// to (d, S) = x^T for x (S, d) with rows `row` floats apart: made once, it saves every tile a transpose.
static float *
transposed(const flash_attention_head *a, const float *x, float *to)
{
    for (int s = 0; s < a->S; s += LANES)
        for (int c = 0; c < a->d; c++)
            for (int i = s; i < a->S && i < s + LANES; i++)
                to[(long)c * a->S + i] = x[i * a->row + c];
    return to;
}

static long
tile_size(int T, int S, int rows, int columns)
{
    return (long)(rows < T ? rows : T) * (columns < S ? columns : S);
}

long
flash_attention_forward_room(int T, int S, int d, const flash_attention_options *o)
{
    long tile =
        tile_size(T, S, o->rows ? o->rows : FAST_ROWS, o->columns ? o->columns : FAST_COLUMNS);
    return tile + T * (1L + LANES) + (long)S * d;
}

long
flash_attention_backward_room(int T, int S, int d, const flash_attention_options *o)
{
    int columns = o->columns ? o->columns : FAST_COLUMNS;
    return 3 * tile_size(T, S, o->rows ? o->rows : FAST_ROWS, columns) + T + 2L * S * d;
}

void
flash_attention_head_forward(const flash_attention_head *head, const flash_attention_options *o,
                             float *room, float *out, float *L)
{
    int rows = o->rows ? o->rows : FAST_ROWS, columns = o->columns ? o->columns : FAST_COLUMNS;
    flash_attention_head a = *head;
    float *powers = room, *m = powers + tile_size(a.T, a.S, rows, columns), *l = m + a.T;
    flash_attention_state state = {m, l, out, a.row};
    a.k_columns = transposed(&a, a.k, l + (long)a.T * LANES);
    flash_attention_begin(a.T, a.d, &state);
    for (int t = 0; t < a.T; t += rows)
        for (int s = 0; s < a.S; s += columns) {
            flash_attention_tile tile = tile_at(&a, rows, columns, t, s);
            if (!flash_attention_is_hidden(&a, o, tile))
                flash_attention_tile_forward(&a, o, tile, &state, powers);
        }
    for (int t = 0; t < a.T; t++) { // one division, at the end
        float sum = flash_attention_sum(&state, t);
        for (int c = 0; c < a.d; c++)
            out[t * a.row + c] = sum > 0 ? out[t * a.row + c] / sum : 0;
        L[t] = flash_attention_log_sum(o, &state, t);
    }
}

void
flash_attention_head_backward(const flash_attention_head *head, const flash_attention_options *o,
                              float *room, const float *out, const float *dout, const float *L,
                              const flash_attention_gradients *g)
{
    int rows = o->rows ? o->rows : FAST_ROWS, columns = o->columns ? o->columns : FAST_COLUMNS;
    flash_attention_head a = *head;
    long n = tile_size(a.T, a.S, rows, columns);
    const flash_attention_tile_room tiles = {room, room + n, room + 2 * n};
    float *D = room + 3 * n, *k_columns = D + a.T, *v_columns = k_columns + (long)a.S * a.d;
    a.k_columns = transposed(&a, a.k, k_columns);
    a.v_columns = transposed(&a, a.v, v_columns);
    flash_attention_row_dots(a.T, a.d, a.row, out, dout, D);
    // Keys outside: the order in which every sum is added up is that of these loops.
    for (int s = 0; s < a.S; s += columns)
        for (int t = 0; t < a.T; t += rows) {
            flash_attention_tile tile = tile_at(&a, rows, columns, t, s);
            if (!flash_attention_is_hidden(&a, o, tile))
                flash_attention_tile_backward(&a, o, tile, dout, L, D, g, &tiles);
        }
}

// ---- The operation ----

// The sizes of one attention, and what it was asked for. Head i = b h + j begins at ((b T) h + j) d in q and out, at
// ((b S) h + j) d in k and v.
typedef struct {
    int B, h, T, S, d;
    const bool *mask;
    tensor *bias;
    flash_attention_options o;
} attention;

static attention
attention_of(const tensor *q, const tensor *k, const tensor *v, const bool *mask, tensor *bias,
             const flash_attention_options *o)
{
    const char *op = "flash_attention_attend";
    int B = q->shape.n[0], T = q->shape.n[1], h = q->shape.n[2], d = q->shape.n[3];
    int S = k->shape.n[1];
    if (q->shape.rank != 4 || !shape_equal(k->shape, SHAPE(B, S, h, d)))
        fail_shapes(op, "queries (B, T, h, d) need keys (B, S, h, d)", q, k);
    if (!shape_equal(k->shape, v->shape))
        fail_shapes(op, "keys and values differ in shape", k, v);
    if (bias && !shape_equal(bias->shape, SHAPE(h, T, S)) &&
        !shape_equal(bias->shape, SHAPE(B, h, T, S)))
        fail("%s: the bias %s %s is neither (%d, %d, %d) nor that for each of %d sequences", op,
             bias->name, shape_text(bias->shape).s, h, T, S, B);
    attention a = {B, h, T, S, d, mask, bias, {0}};
    if (o)
        a.o = *o;
    if (a.o.rows < 0 || a.o.columns < 0 || !(a.o.lazy >= 0))
        fail("%s: tiles of %d x %d that move by more than %g; expected no negative number", op,
             a.o.rows, a.o.columns, a.o.lazy);
    return a;
}

// Whether a second thread pays.
static bool
is_large(const attention *a)
{
    return (double)a->B * a->h * a->T * a->S * a->d > 1e6;
}

// Where head i begins in a tensor (B, n, h, d).
static long
head_at(const attention *a, int i, int n)
{
    return ((long)i / a->h * n * a->h + i % a->h) * a->d;
}

// Of the bias and of its gradient (T, S); one for each head may serve all sequences.
static long
bias_at(const attention *a, int i)
{
    return (long)i * a->T * a->S % a->bias->size;
}

static flash_attention_head
head_of(const tensor *out, const attention *a, int i)
{
    long from = head_at(a, i, a->S);
    return (flash_attention_head){
        .T = a->T,
        .S = a->S,
        .d = a->d,
        .row = (long)a->h * a->d,
        .q = out->in[0]->data + head_at(a, i, a->T),
        .k = out->in[1]->data + from,
        .v = out->in[2]->data + from,
        .mask = a->mask ? a->mask + (long)i / a->h * a->T * a->S : NULL,
        .bias = a->bias ? a->bias->data + bias_at(a, i) : NULL,
    };
}

// How many threads compute the heads. Each has a room of its own.
static int
threads_of(const attention *a)
{
    return is_large(a) && !omp_in_parallel() ? omp_get_max_threads() : 1;
}

static void
forward_of(tensor *out, const attention *a, int i, float *room)
{
    flash_attention_head head = head_of(out, a, i);
    flash_attention_head_forward(&head, &a->o, room, out->data + head_at(a, i, a->T),
                                 tape_saved(out, "L")->data + (long)i * a->T);
}

static void
backward_of(tensor *out, const attention *a, int i, float *room)
{
    tensor *q = out->in[0], *k = out->in[1], *v = out->in[2];
    flash_attention_head head = head_of(out, a, i);
    long at = head_at(a, i, a->T), from = head_at(a, i, a->S);
    const flash_attention_gradients g = {
        .dq = q->grad ? q->grad + at : NULL,
        .dk = k->grad ? k->grad + from : NULL,
        .dv = v->grad ? v->grad + from : NULL,
        .dbias = a->bias && a->bias->grad ? a->bias->grad + bias_at(a, i) : NULL,
    };
    flash_attention_head_backward(&head, &a->o, room, out->data + at, out->grad + at,
                                  tape_saved(out, "L")->data + (long)i * a->T, &g);
}

tensor *
flash_attention_attend(tensor *q, tensor *k, tensor *v, const bool *mask, tensor *bias,
                       const flash_attention_options *o)
{
    attention a = attention_of(q, k, v, mask, bias, o);
    tensor *in[] = {q, k, v, bias};
    tensor *out =
        tape_node("flash_attention_attend", q->shape, attention_backward, bias ? 4 : 3, in);
    out->aux = memcpy(tape_alloc(sizeof a), &a, sizeof a);
    tape_save(out, "L", SHAPE(a.B, a.h, a.T));
    tape_mark *mark = tape_mark_here();
    int threads = threads_of(&a);
    long size = flash_attention_forward_room(a.T, a.S, a.d, &a.o);
    float *rooms = tape_alloc(threads * size * sizeof *rooms);
#pragma omp parallel for num_threads(threads)
    for (int i = 0; i < a.B * a.h; i++)
        forward_of(out, &a, i, rooms + omp_get_thread_num() * size);
    tape_rewind(mark);
    return out;
}

static void
attention_backward(tensor *out)
{
    const attention *a = out->aux;
    tape_mark *mark = tape_mark_here();
    int threads = threads_of(a);
    long size = flash_attention_backward_room(a->T, a->S, a->d, &a->o);
    float *rooms = tape_alloc(threads * size * sizeof *rooms);
    // A thread has a head of all sequences, which may share the bias's gradient.
#pragma omp parallel for num_threads(threads)
    for (int head = 0; head < a->h; head++)
        for (int b = 0; b < a->B; b++)
            backward_of(out, a, b * a->h + head, rooms + omp_get_thread_num() * size);
    tape_rewind(mark);
}

tensor *
flash_attention_for_transformer(tensor *q, tensor *k, tensor *v, const bool *mask, void *options)
{
    return flash_attention_attend(q, k, v, mask, NULL, options);
}
