// The reference cases: bytes and codes as integers, sums in float32, laws in double.
#include "many_machines/cases.h"

#include "files/memory.h"
#include "frame/case.h"
#include "many_machines/job.h"
#include "many_machines/laws.h"
#include "many_machines/many_machines.h"
#include "many_machines/training.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 1, WIDTH = 8, ROWS = 64, LINE = 128, PADDED = 24 };

// How closely an implementation must agree: in double; of sums in float32; of gradients; of weights behind Adam.
static const double in_double = 1e-12, summed = 1e-6, gradient = 2e-6, stepped = 4e-6;

// Behind the last of some rows of a case stand others, up to PADDED.
static const char *const padding =
    "what comes out as rows has 24 of them: behind the last ones stands -9 everywhere";

// ---- Words ----

// Keys as rows of bytes, with -1 behind their end.
typedef struct {
    int n, byte[ROWS][WIDTH], count[ROWS];
} key_rows;

static void
write_keys(const char *role, const char *name, const char *from, key_rows *rows, const char *about)
{
    for (int i = rows->n; i < PADDED; i++)
        for (int k = 0; k < WIDTH; k++)
            rows->byte[i][k] = -9;
    case_write_i4(role, name, from, SHAPE(PADDED, WIDTH), rows->byte[0], about);
}

static void
write_counts(const char *role, const char *name, const char *from, key_rows *rows,
             const char *about)
{
    for (int i = rows->n; i < PADDED; i++)
        rows->count[i] = -9;
    case_write_i4(role, name, from, SHAPE(PADDED), rows->count, about);
}

static void
add_key(key_rows *rows, many_machines_bytes key, int64_t count)
{
    for (int i = 0; i < WIDTH; i++)
        rows->byte[rows->n][i] = i < key.n ? (unsigned char)key.at[i] : -1;
    rows->count[rows->n++] = (int)count;
}

static void
add_records(key_rows *rows, const many_machines_records *list)
{
    for (long i = 0; i < list->n; i++)
        add_key(rows, list->record[i].key, list->record[i].value);
}

// A sink that keeps the keys' bytes.
typedef struct {
    char byte[ROWS][WIDTH];
    many_machines_records list;
} kept_records;

static void
keep_record(void *to, many_machines_bytes key, int64_t value)
{
    kept_records *kept = to;
    char *own = kept->byte[kept->list.n];
    memcpy(own, key.at, key.n);
    many_machines_push(&kept->list, (many_machines_bytes){own, key.n}, value);
}

static const char text[] =
    "the cat sat. the cat the\tThe cat-sat on  the mat\non The mat the cat on THE mat, "
    "cat the\nmat on";

// Of each of M splits: its records, sorted and combined.
static void
word_count(void)
{
    enum { M = 3 };
    int n = (int)strlen(text), split[M + 1], byte[sizeof text], mapped[M], left[M];
    key_rows records = {0}, combined = {0}, sums = {0};
    kept_records all = {0};
    many_machines_records merged = {0};
    for (int i = 0; i < n; i++)
        byte[i] = (unsigned char)text[i];
    for (int m = 0; m <= M; m++)
        split[m] = (int)many_machines_split(text, n, m, M);
    for (int m = 0; m < M; m++) {
        kept_records kept = {0};
        many_machines_records *list = &kept.list, own = {0};
        many_machines_map_words(text + split[m], split[m + 1] - split[m], false,
                                (many_machines_sink){keep_record, &kept});
        add_records(&records, list);
        many_machines_sort(list);
        many_machines_reduce_all(list, &own);
        add_records(&combined, &own);
        mapped[m] = (int)list->n;
        left[m] = (int)own.n;
        for (long i = 0; i < own.n; i++)
            keep_record(&all, own.record[i].key, own.record[i].value);
        many_machines_records_free(list);
        many_machines_records_free(&own);
    }
    many_machines_sort(&all.list);
    many_machines_reduce_all(&all.list, &merged);
    add_records(&sums, &merged);
    case_begin("word_count", "The words of a text in three splits: mapped, combined, reduced.");
    case_convention(
        "a word is a longest run of bytes that are none of 9 to 13 and 32; capitals and "
        "points belong to it");
    case_convention("records are sorted by the bytes of whole lines, key, TAB, count; bytes are "
                    "compared as unsigned numbers");
    case_convention("a key is a row of bytes with -1 behind its end; the splits stand one behind "
                    "the other");
    case_convention(padding);
    case_input_i4("text", SHAPE(n), byte, "the bytes of the text");
    case_input_i4("split", SHAPE(M + 1), split, "split m has the bytes split[m] to split[m+1] - 1");
    case_write_i4("step", "mapped", "", SHAPE(M), mapped, "records of each map task");
    write_keys("step", "records", "mapped", &records,
               "the keys of all records, as they were mapped, each with the count 1");
    case_write_i4("step", "left", "records", SHAPE(M), left, "records behind each combiner");
    write_keys("step", "combined", "left records", &combined, "their keys, each split's sorted");
    write_counts("step", "combined_counts", "combined records", &combined, "their counts");
    write_keys("output", "keys", "combined", &sums, "the distinct words, sorted");
    write_counts("output", "counts", "keys combined combined_counts", &sums,
                 "how often each comes");
    case_end();
    many_machines_records_free(&all.list);
    many_machines_records_free(&merged);
}

static int
digit_of(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void
bpe_pairs(void)
{
    enum { W = 5 };
    static const struct {
        const char *word;
        int count;
    } word[W] = {{"banana", 3}, {"aaaa", 2}, {"\xc3\xa9t\xc3\xa9", 5}, {"an", 7}, {"b", 4}};
    key_rows words = {0}, counts = {0};
    kept_records kept = {0};
    many_machines_records sums = {0};
    int pair[PADDED][2];
    for (int w = 0; w < W; w++) {
        many_machines_bytes bytes = {word[w].word, (long)strlen(word[w].word)};
        add_key(&words, bytes, word[w].count);
        many_machines_map_pairs(bytes, word[w].count, (many_machines_sink){keep_record, &kept});
    }
    many_machines_sort(&kept.list);
    many_machines_reduce_all(&kept.list, &sums);
    add_records(&counts, &sums);
    for (int i = 0; i < PADDED; i++) {
        const char *k = i < sums.n ? sums.record[i].key.at : NULL;
        pair[i][0] = k ? 16 * digit_of(k[0]) + digit_of(k[1]) : -9;
        pair[i][1] = k ? 16 * digit_of(k[2]) + digit_of(k[3]) : -9;
    }
    case_begin("bpe_pairs", "The pairs of neighbouring bytes of counted words.");
    case_convention("pairs overlap: aaa has the pair aa twice; a pair stands in no two words");
    case_convention(padding);
    case_input_i4("words", SHAPE(W, WIDTH), words.byte[0], "their bytes, -1 behind the end");
    case_input_i4("word_counts", SHAPE(W), words.count, "how often each word comes");
    case_write_i4("output", "pairs", "", SHAPE(PADDED, 2), pair[0],
                  "the distinct pairs, in ascending order");
    write_counts("output", "pair_counts", "pairs", &counts, "how often each comes");
    case_end();
    many_machines_records_free(&kept.list);
    many_machines_records_free(&sums);
}

static void
partition(void)
{
    enum { K = 9, R = 7 };
    static const char *const key[K] = {"",   "a",    "the",      "foobar",      "THE",
                                       "ab", "cat.", "\xc3\xa9", "\xff\xff\xff"};
    key_rows keys = {0};
    double hash[K];
    int reducer[K];
    for (int k = 0; k < K; k++) {
        many_machines_bytes bytes = {key[k], (long)strlen(key[k])};
        add_key(&keys, bytes, 1);
        hash[k] = many_machines_hash(bytes);
        reducer[k] = many_machines_partition(bytes, R);
    }
    case_begin("partition", "The reducer of each key, by FNV-1a.");
    case_convention(
        "the hash begins with 2166136261; for each byte, a number from 0 to 255: exclusive "
        "or, then times 16777619, modulo 2^32");
    case_input_i4("keys", SHAPE(K, WIDTH), keys.byte[0], "their bytes, -1 behind the end");
    case_scalar("R", R, "the number of reducers");
    case_write_f8("step", "hash", "", SHAPE(K), hash, 0, "a whole number from 0 to 2^32 - 1");
    case_write_i4("output", "reducer", "hash", SHAPE(K), reducer, "hash mod R");
    case_end();
}

// ---- Rows ----

enum { NONE = -1 };

// A collection of one row: `length` items from `first` on in the list, NONE: NULL.
typedef struct {
    int n, length[ROWS], items, item[ROWS], value[ROWS];
} collections;

// Rows as bytes.
typedef struct {
    int n;
    long length[ROWS];
    char byte[ROWS][LINE];
} row_list;

static int
write_code(char *at, int code)
{
    return code == NONE ? sprintf(at, "\\N") : sprintf(at, "%d", code);
}

// Adds row `row` as Hive writes it: its number, then its collection in each of the columns.
static void
add_row(row_list *to, int row, int columns, const collections *const *column, bool map)
{
    char *begin = to->byte[to->n], *at = begin + sprintf(begin, "%d", row);
    for (int c = 0; c < columns; c++) {
        const collections *x = column[c];
        int first = 0;
        *at++ = MANY_MACHINES_COLUMN;
        for (int k = 0; k < row; k++)
            first += x->length[k] > 0 ? x->length[k] : 0;
        if (x->length[row] == NONE)
            at += write_code(at, NONE);
        for (int i = 0; i < x->length[row]; i++) {
            if (i > 0)
                *at++ = MANY_MACHINES_ITEM;
            at += write_code(at, x->item[first + i]);
            if (map)
                *at++ = MANY_MACHINES_VALUE;
            if (map)
                at += write_code(at, x->value[first + i]);
        }
    }
    to->length[to->n++] = at - begin;
}

static row_list
rows_of(int columns, const collections *const *column, bool map)
{
    row_list rows = {0};
    for (int row = 0; row < column[0]->n; row++)
        add_row(&rows, row, columns, column, map);
    return rows;
}

static void
keep_row(void *to, int n, const many_machines_bytes *field)
{
    row_list *rows = to;
    char *at = rows->byte[rows->n];
    for (int k = 0; k < n; k++) {
        if (k > 0)
            *at++ = MANY_MACHINES_COLUMN;
        memcpy(at, field[k].at, field[k].n);
        at += field[k].n;
    }
    rows->length[rows->n] = at - rows->byte[rows->n];
    rows->n++;
}

static row_list
exploded(many_machines_view v, const row_list *rows)
{
    row_list out = {0};
    for (int i = 0; i < rows->n; i++)
        many_machines_explode(&v, (many_machines_bytes){rows->byte[i], rows->length[i]},
                              (many_machines_rows){keep_row, &out});
    return out;
}

// Writes column k of the rows, counted from 0, as codes.
static void
write_column(const char *name, const row_list *rows, int k, const char *about)
{
    int code[PADDED];
    for (int i = 0; i < PADDED; i++)
        code[i] = -9;
    for (int i = 0; i < rows->n; i++) {
        const char *at = rows->byte[i];
        for (int c = 0; c < k; c++)
            at = strchr(at, MANY_MACHINES_COLUMN) + 1;
        code[i] = *at == '\\' ? NONE : atoi(at);
    }
    case_write_i4("output", name, "", SHAPE(PADDED), code, about);
}

static void
begin_rows(const char *name, const char *about)
{
    case_begin(name, about);
    case_convention("rows, positions and codes count from 0; -1 is NULL: as a length a collection "
                    "that is NULL, which is not an empty one (0), as an item one that is NULL");
    case_convention("the items of all rows stand one behind the other");
    case_convention(padding);
}

static void
input_collections(const char *lengths, const char *items, const collections *x)
{
    case_input_i4(lengths, SHAPE(x->n), x->length, "how many items each row has");
    case_input_i4(items, SHAPE(x->items), x->item, "the items of all rows");
}

// No array of one NULL: its bytes are those of a NULL.
static const collections letters = {.n = 6,
                                    .length = {3, 0, NONE, 1, 2, 4},
                                    .items = 10,
                                    .item = {7, 8, 7, 6, 9, NONE, 3, 3, NONE, 5},
                                    .value = {1, NONE, 2, 5, 4, 6, 0, 8, 9, 3}};

static const collections *const one[] = {&letters};

static void
explode_array(void)
{
    row_list rows = rows_of(1, one, false);
    rows = exploded((many_machines_view){.column = 1}, &rows);
    begin_rows("explode_array", "LATERAL VIEW explode of a column of arrays.");
    input_collections("length", "items", &letters);
    write_column("row", &rows, 0, "which row each comes from");
    write_column("item", &rows, 2, "its item");
    case_end();
}

static void
explode_map(void)
{
    collections maps = letters;
    const collections *const column[] = {&maps};
    for (int i = 0; i < maps.items; i++)
        maps.item[i] = 20 + i; // a key is never NULL
    row_list rows = rows_of(1, column, true);
    rows = exploded((many_machines_view){.column = 1, .map = true}, &rows);
    begin_rows("explode_map", "LATERAL VIEW explode of a column of maps.");
    input_collections("length", "keys", &maps);
    case_input_i4("values", SHAPE(maps.items), maps.value, "the values of the keys");
    write_column("row", &rows, 0, "which row each comes from");
    write_column("key", &rows, 2, "its key");
    write_column("value", &rows, 3, "its value");
    case_end();
}

static void
posexplode_outer(void)
{
    row_list rows = rows_of(1, one, false);
    rows = exploded((many_machines_view){.column = 1, .position = true, .outer = true}, &rows);
    begin_rows("posexplode_outer", "LATERAL VIEW OUTER posexplode of a column of arrays.");
    case_convention(
        "a row whose collection is empty or NULL stays once, with NULL for position and "
        "item");
    input_collections("length", "items", &letters);
    write_column("row", &rows, 0, "which row each comes from");
    write_column("position", &rows, 2, "the item's place");
    write_column("item", &rows, 3, "the item");
    case_end();
}

static void
two_views(void)
{
    static const collections other = {.n = 6,
                                      .length = {2, 3, 1, NONE, 3, 0},
                                      .items = 9,
                                      .item = {4, 6, 1, 2, 1, 8, NONE, 5, 2}};
    const collections *const both[] = {&letters, &other};
    row_list rows = rows_of(2, both, false);
    rows = exploded((many_machines_view){.column = 1}, &rows);
    rows = exploded((many_machines_view){.column = 2}, &rows);
    begin_rows("two_views", "LATERAL VIEW explode(a) LATERAL VIEW explode(b).");
    input_collections("length_a", "items_a", &letters);
    input_collections("length_b", "items_b", &other);
    write_column("row", &rows, 0, "which row each comes from");
    write_column("a", &rows, 3, "its item of a");
    write_column("b", &rows, 4, "its item of b");
    case_end();
}

// ---- Sums ----

enum { LEAVES = MANY_MACHINES_LEAVES };

static void
write_bits(const char *from, int n, const float *sum)
{
    int bits[ROWS][2];
    for (int k = 0; k < n; k++) {
        bits[k][0] = (int)(bits32(sum[k]) >> 16);
        bits[k][1] = (int)(bits32(sum[k]) & 65535);
    }
    case_write_i4(
        "output", "bits", from, SHAPE(n, 2), bits[0],
        "the upper and the lower 16 bits of each float32 of the sum: equal, not only close");
}

// Numbers of many sizes, so that every order of additions has roundings of its own.
static void
fill_leaves(int rows, int n, uint32_t stream, float *x)
{
    rng r = rng_at(SEED, stream);
    for (int k = 0; k < rows * n; k++) {
        int scale = 1 << rng_below(&r, 12);
        x[k] = (float)(rng_normal(&r) * scale);
    }
}

static void
input_leaves(const char *name, int rows, int n, uint32_t stream, float *x)
{
    fill_leaves(rows, n, stream, x);
    case_input_f4(name, SHAPE(rows, n), x, "the vectors, one a row");
}

static void
tree_sum(void)
{
    enum { N = 7 };
    float x[LEAVES * N], level[2][LEAVES * N], sum[N];
    case_begin("tree_sum",
               "The sum of eight vectors by the tree that every number of ranks keeps.");
    case_convention("every addition is one of float32, with one rounding");
    input_leaves("x", LEAVES, N, 1, x);
    many_machines_plan plan = many_machines_leaves(1, LEAVES, N);
    float *memory[] = {x};
    for (int step = 0; step < 3; step++) {
        many_machines_deliver(&plan, step, memory);
        for (int i = 0; i < LEAVES >> (step + 1) && step < 2; i++)
            memcpy(level[step] + i * N, x + (i * N << (step + 1)), N * sizeof *x);
    }
    memcpy(sum, x, N * sizeof *x);
    case_write_f4("step", "pairs", "", SHAPE(4, N), level[0], summed, "0 + 1, 2 + 3, 4 + 5, 6 + 7");
    case_write_f4("step", "fours", "pairs", SHAPE(2, N), level[1], summed,
                  "(0 + 1) + (2 + 3), and the same of the others");
    case_write_f4("output", "sum", "fours", SHAPE(N), sum, summed, "their sum");
    write_bits("sum", N, sum);
    case_end();
    many_machines_plan_free(&plan);
}

static void
chain_sum(void)
{
    enum { N = 7 };
    float x[LEAVES * N], partial[LEAVES * N];
    case_begin("chain_sum", "The same vectors added one by one.");
    case_convention("every addition is one of float32, with one rounding");
    input_leaves("x", LEAVES, N, 1, x);
    many_machines_chain(LEAVES, N, x, partial);
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "partial", "partial[t-1]", SHAPE(LEAVES, N), partial, summed,
                  "row t is the sum of the rows 0 to t of x");
    case_time_none();
    case_write_f4("output", "sum", "partial", SHAPE(N), partial + (LEAVES - 1) * N, summed,
                  "the last row");
    write_bits("sum", N, partial + (LEAVES - 1) * N);
    case_end();
}

// Writes what p ranks have after every step of a plan.
static void
write_plan(const char *name, const char *about, many_machines_plan (*make)(int p, long n), int p,
           const float *x)
{
    enum { N = 10, STEPS = 8 };
    float state[4 * N], after[STEPS * 4 * N], *memory[4];
    many_machines_plan plan = make(p, N);
    memcpy(state, x, p * N * sizeof *x);
    for (int r = 0; r < p; r++)
        memory[r] = state + r * N;
    for (int step = 0; step < plan.steps; step++) {
        many_machines_deliver(&plan, step, memory);
        memcpy(after + step * p * N, state, p * N * sizeof *x);
    }
    case_time(0, CASE_FORWARD);
    char from[32];
    sprintf(from, "%s[t-1]", name);
    case_write_f4("output", name, from, SHAPE(plan.steps, p, N), after, summed, about);
    case_time_none();
    many_machines_plan_free(&plan);
}

static void
allreduce(const char *name, const char *about, many_machines_plan (*make)(int p, long n),
          const char *convention, uint32_t stream)
{
    float x3[3 * 10], x4[4 * 10];
    case_begin(name, about);
    case_convention(convention);
    case_convention("what is sent in a step is what stood there before it; an addition is own + "
                    "received");
    input_leaves("x3", 3, 10, stream, x3);
    input_leaves("x4", 4, 10, stream + 1, x4);
    write_plan("three", "what each of 3 ranks has after every step (steps, ranks, values)", make, 3,
               x3);
    write_plan("four", "the same of 4 ranks", make, 4, x4);
    case_end();
}

// ---- A step of a training ----

static void
data_parallel_step(void)
{
    enum { I = 3, H = 5, O = 4, B = 2, N = LEAVES * B, P = H * I + H + O * H + O, Q = P + 1 };
    many_machines_net net = {I, H, O};
    float x[N * I], memory[LEAVES * Q], leaf[LEAVES * P], loss[LEAVES], old[3][P];
    int y[N], batch[N];
    rng r = rng_at(SEED, 7);
    many_machines_task task = {net, N, B, x, y};
    many_machines_state s = many_machines_state_new(P);
    rng_fill_normal(&r, N * I, x, 0, 1);
    rng_fill_normal(&r, P, s.w, 0, 0.5f);
    rng_fill_normal(&r, P, s.m, 0, 0.1f);
    for (int k = 0; k < P; k++)
        s.v[k] = 0.01f + 0.05f * rng_uniform(&r);
    for (int i = 0; i < N; i++) {
        y[i] = (int)rng_below(&r, O);
        batch[i] = i;
    }
    s.steps = 6;
    memcpy(old[0], s.w, sizeof old[0]);
    memcpy(old[1], s.m, sizeof old[1]);
    memcpy(old[2], s.v, sizeof old[2]);
    case_begin("data_parallel_step",
               "One step of Adam from eight micro-batches, as any number of ranks takes it.");
    case_convention(
        "the net is o = W2 tanh(W1 x + b1) + b2, the loss of an example -log "
        "softmax(o)[y]; w is W1 (H, I), b1 (H), W2 (O, H), b2 (O), one behind the other");
    case_convention("the gradient of a leaf is of the sum of its losses; the sum of all leaves is "
                    "divided by the number of examples, once");
    case_convention("Adam with beta1 0.9, beta2 0.999, eps 1e-8 outside of the root, and both "
                    "corrections; this is its step 7");
    case_scalar("H", H, "hidden units");
    case_number("rate", 0.05, "Adam's");
    case_scalar("steps", s.steps, "steps before this one");
    case_input_f4("x", SHAPE(LEAVES, B, I), x, "the examples of each leaf");
    case_input_i4("y", SHAPE(LEAVES, B), y, "their classes");
    case_input_f4("w", SHAPE(P), old[0], "the weights before");
    case_input_f4("m", SHAPE(P), old[1], "Adam's mean of gradients before");
    case_input_f4("v", SHAPE(P), old[2], "its mean of their squares before");
    for (int i = 0; i < LEAVES; i++) {
        many_machines_leaf(&task, s.w, batch, i, memory);
        memcpy(leaf + i * P, memory + i * Q, P * sizeof *leaf);
        loss[i] = memory[i * Q + P];
    }
    many_machines_plan plan = many_machines_leaves(1, LEAVES, Q);
    many_machines_deliver_all(&plan, (float *[]){memory});
    float mean = many_machines_update(&s, N, memory, 0.05f);
    case_write_f4("step", "losses", "", SHAPE(LEAVES), loss, gradient,
                  "the sum of the losses of each leaf");
    case_write_f4("step", "leaves", "", SHAPE(LEAVES, P), leaf, gradient,
                  "the gradient of each leaf");
    case_write_f4("step", "sum", "leaves", SHAPE(P), memory, gradient, "their sum, by the tree");
    case_write_f4("output", "loss", "losses", SCALAR, &mean, gradient, "the mean loss");
    case_write_f4("step", "new_m", "sum", SHAPE(P), s.m, gradient, "0.9 m + 0.1 sum / examples");
    case_write_f4("step", "new_v", "sum", SHAPE(P), s.v, gradient,
                  "0.999 v + 0.001 (sum / examples)^2");
    case_write_f4("output", "new_w", "new_m new_v", SHAPE(P), s.w, stepped,
                  "w - rate (new_m / (1 - 0.9^7)) / (sqrt(new_v / (1 - 0.999^7)) + eps)");
    case_end();
    many_machines_plan_free(&plan);
    many_machines_state_free(&s);
}

// ---- Laws ----

static void
durability(void)
{
    enum { R = 4 };
    const double lambda = 1.0 / 35064, mu = 0.5, B = 1e5;
    const int n = 100, k = 6;
    double alone[R], single[R];
    for (int r = 1; r <= R; r++) {
        alone[r - 1] = many_machines_time_to_loss(r, lambda, mu, false);
        single[r - 1] = many_machines_time_to_loss(r, lambda, mu, true);
    }
    double block = many_machines_block_lost(n, k, 3);
    double any = many_machines_random_sets(n, k, 3, B), fixed = many_machines_fixed_sets(n, k, 3);
    double expected = B * block;
    case_begin("durability",
               "How long replicas last, and what machines that die at once take along.");
    case_convention(
        "the chain begins with all replicas alive and ends when all are dead at once; with "
        "i dead, one more dies at the rate (r - i) lambda");
    case_number("lambda", lambda, "deaths of a replica per hour");
    case_number("mu", mu, "repairs per hour");
    case_scalar("n", n, "machines");
    case_scalar("k", k, "of them die at once");
    case_number("B", B, "blocks, with three replicas each on different machines");
    case_write_f8(
        "output", "hours", "", SHAPE(R), alone, in_double,
        "mean time to loss of r = 1, 2, 3, 4 replicas; i dead ones come back at the rate i mu");
    case_write_f8("output", "hours_single", "", SHAPE(R), single, in_double,
                  "the same where only one at a time is replaced");
    case_write_f8("step", "block", "", SCALAR, &block, in_double,
                  "the chance that a block is lost: C(k, 3) / C(n, 3)");
    case_write_f8("output", "random", "block", SCALAR, &any, 1e-9,
                  "the chance that any of B blocks on random triples is lost");
    case_write_f8("output", "fixed", "", SCALAR, &fixed, in_double,
                  "the same with blocks on 33 disjoint triples alone");
    case_write_f8("output", "expected", "block", SCALAR, &expected, in_double,
                  "the expected number of lost blocks, in both");
    case_end();
}

static void
checkpoint(void)
{
    enum { N = 6 };
    const double C = 90, M = 50000, t[N] = {300, 1000, 2000, 3000, 6000, 20000};
    double overhead[N], young = many_machines_young(C, M), best = many_machines_best_interval(C, M);
    for (int i = 0; i < N; i++)
        overhead[i] = many_machines_overhead(t[i], C, M);
    case_begin("checkpoint", "What saving costs, and how often to do it.");
    case_convention(
        "failures come at the rate 1 / M, while computing, saving or computing again; the "
        "state is read back in no time");
    case_number("C", C, "seconds to save");
    case_number("M", M, "mean seconds between failures");
    case_input_f8("t", SHAPE(N), t, "useful seconds between two savings");
    case_write_f8("output", "overhead", "", SHAPE(N), overhead, in_double,
                  "expected time over useful time");
    case_write_f8("output", "young", "", SCALAR, &young, in_double, "Young's interval");
    case_write_f8("output", "best", "", SCALAR, &best, 1e-9, "the interval of the least overhead");
    case_end();
}

// The rest of a training that stopped: from a state, and a sequence of examples of which some had been drawn.
static void
resume(void)
{
    enum { I = 2, H = 3, O = 3, B = 1, N = 11, P = H * I + H + O * H + O, STEPS = 3, BEFORE = 2 };
    enum { BATCH = LEAVES * B, DRAWN = (STEPS + BEFORE) * BATCH };
    float x[N * I], after[STEPS * P], memory[LEAVES * (P + 1)], old[3][P];
    int y[N], drawn[DRAWN];
    rng r = rng_at(SEED, 8);
    many_machines_task task = {{I, H, O}, N, B, x, y};
    many_machines_state whole = many_machines_state_new(P), saved = many_machines_state_new(P);
    many_machines_plan plan = many_machines_leaves(1, LEAVES, P + 1);
    rng_fill_normal(&r, N * I, x, 0, 1);
    for (int i = 0; i < N; i++)
        y[i] = (int)rng_below(&r, O);
    rng_fill_normal(&r, P, whole.w, 0, 0.5f);
    whole.random = rng_at(SEED, 9);
    many_machines_state all = whole;
    for (int k = 0; k < STEPS + BEFORE; k++)
        many_machines_draw(&task, &all, drawn + k * BATCH);
    for (int k = 0; k < BEFORE; k++)
        many_machines_train(&task, &plan, &whole, (float *[]){memory}, 0.05f);
    many_machines_state_copy(&saved, &whole);
    memcpy(old[0], whole.w, sizeof old[0]);
    memcpy(old[1], whole.m, sizeof old[1]);
    memcpy(old[2], whole.v, sizeof old[2]);
    for (int k = 0; k < STEPS; k++) {
        many_machines_train(&task, &plan, &saved, (float *[]){memory}, 0.05f);
        memcpy(after + k * P, saved.w, P * sizeof *after);
    }
    case_begin("resume", "Three steps more of a training that was saved after two.");
    case_convention("net, loss, Adam and the sum are those of data_parallel_step; a batch is the "
                    "next 8 examples of `drawn`, one a leaf");
    case_convention("the training had taken two steps, and so the first 16 of `drawn`");
    case_scalar("H", H, "hidden units");
    case_number("rate", 0.05, "Adam's");
    case_scalar("steps", BEFORE, "steps that were taken before");
    case_input_f4("x", SHAPE(N, I), x, "all examples");
    case_input_i4("y", SHAPE(N), y, "their classes");
    case_input_i4("drawn", SHAPE(DRAWN), drawn,
                  "what the random numbers draw, from their beginning");
    case_input_f4("w", SHAPE(P), old[0], "the weights that were saved");
    case_input_f4("m", SHAPE(P), old[1], "Adam's mean of gradients");
    case_input_f4("v", SHAPE(P), old[2], "its mean of their squares");
    case_time(0, CASE_FORWARD);
    case_write_f4("output", "weights", "weights[t-1]", SHAPE(STEPS, P), after, stepped,
                  "the weights after each step");
    case_end();
    many_machines_plan_free(&plan);
    many_machines_state_free(&whole);
    many_machines_state_free(&saved);
}

void
many_machines_cases(void)
{
    word_count();
    bpe_pairs();
    partition();
    explode_array();
    explode_map();
    posexplode_outer();
    two_views();
    tree_sum();
    chain_sum();
    allreduce(
        "ring", "Allreduce around a ring: what every rank has after every step.",
        many_machines_ring,
        "block b of p has the values from b n / p to (b + 1) n / p - 1, rounded down; a block "
        "begins at the rank of its number and goes to the next one",
        3);
    allreduce(
        "doubling", "Allreduce by recursive doubling: what every rank has after every step.",
        many_machines_doubling,
        "of 3 ranks the last first gives its vector to rank 0, and gets the sum from it at the "
        "end",
        5);
    data_parallel_step();
    durability();
    checkpoint();
    resume();
}
