// Chapter many_machines: records against plain loops and chapter bpe's counts, rows against what Hive's words say, sums
// against exact ones in every rank, gradients against differences, laws against enumeration.
#include "many_machines/many_machines.h"
#include "bpe/bpe.h"
#include "many_machines/cases.h"
#include "many_machines/checkpoint.h"
#include "many_machines/job.h"
#include "many_machines/language.h"
#include "many_machines/laws.h"
#include "many_machines/stream.h"
#include "many_machines/study.h"
#include "many_machines/training.h"

#include "files/npy.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "test.h"

#include <math.h>

enum { LEAVES = MANY_MACHINES_LEAVES };

static many_machines_bytes
bytes_of(const char *text)
{
    return (many_machines_bytes){text, (long)strlen(text)};
}

// ---- Records ----

// What came, as lines, to compare with a text.
static char said[1 << 16];

static void
say(void *to, many_machines_bytes key, int64_t value)
{
    (void)to;
    size_t used = strlen(said);
    snprintf(said + used, sizeof said - used, "%.*s=%lld ", (int)key.n, key.at, (long long)value);
}

static const many_machines_sink saying = {say, NULL};

START_TEST(words_are_what_stands_between_white_space)
{
    said[0] = 0;
    ck_assert_int_eq(many_machines_map_words(" a\tb-c\n\nD.\v\f\re ", 15, false, saying), 15);
    ck_assert_str_eq(said, "a=1 b-c=1 D.=1 e=1 ");
    said[0] = 0;
    ck_assert_int_eq(many_machines_map_words("ab cd", 5, false, saying), 5);
    ck_assert_str_eq(said, "ab=1 cd=1 ");
    said[0] = 0;
    ck_assert_int_eq(many_machines_map_words("ab cd", 5, true, saying), 3);
    ck_assert_str_eq(said, "ab=1 ");
    said[0] = 0;
    ck_assert_int_eq(many_machines_map_words("", 0, false, saying), 0);
    ck_assert_int_eq(many_machines_map_words("abc", 3, true, saying), 0);
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(pairs_overlap)
{
    said[0] = 0;
    many_machines_map_pairs(bytes_of("aaa"), 2, saying);
    many_machines_map_pairs(bytes_of("\xff\t"), 5, saying);
    many_machines_map_pairs(bytes_of("b"), 5, saying);
    many_machines_map_pairs(bytes_of(""), 5, saying);
    ck_assert_str_eq(said, "6161=2 6161=2 ff09=5 ");
}
END_TEST

typedef struct {
    bpe_words words;
    bpe_pairs *pairs;
    long seen;
} pair_check;

static void
check_pair(void *to, many_machines_bytes key, int64_t value)
{
    pair_check *c = to;
    char hex[5] = {0};
    memcpy(hex, key.at, 4);
    unsigned both = (unsigned)strtoul(hex, NULL, 16);
    bpe_pair pair = {bpe_symbol((int)(both >> 8)), bpe_symbol((int)(both & 255))};
    long at = bpe_pairs_find(c->pairs, pair);
    ck_assert_int_ge(at, 0);
    c->pairs->entry[at].n -= value;
    c->seen++;
}

// Mapped and added they are chapter bpe's counts: taken off these, nothing is left.
START_TEST(pairs_are_those_of_bpe)
{
    rng r = rng_at(1, 0);
    pair_check c = {0};
    char word[40][12];
    int n[40], f[40];
    for (int w = 0; w < 40; w++) {
        int symbol[12];
        n[w] = 1 + (int)rng_below(&r, 12);
        f[w] = 1 + (int)rng_below(&r, 9);
        for (int i = 0; i < n[w]; i++) {
            word[w][i] = (char)(w % 2 ? 'a' + rng_below(&r, 3) : rng_below(&r, 256));
            symbol[i] = bpe_symbol((unsigned char)word[w][i]);
        }
        bpe_words_add(&c.words, n[w], symbol, f[w]);
    }
    bpe_pairs pairs = bpe_count_pairs(&c.words);
    c.pairs = &pairs;
    for (int w = 0; w < 40; w++)
        many_machines_map_pairs((many_machines_bytes){word[w], n[w]}, f[w],
                                (many_machines_sink){check_pair, &c});
    ck_assert_int_gt(c.seen, 100);
    for (long i = 0; i < pairs.n; i++)
        ck_assert_int_eq(pairs.entry[i].n, 0);
    bpe_pairs_free(&pairs);
    bpe_words_free(&c.words);
}
END_TEST

// The test vectors of the hash's authors.
START_TEST(hash_is_fnv)
{
    ck_assert_uint_eq(many_machines_hash(bytes_of("")), 0x811c9dc5u);
    ck_assert_uint_eq(many_machines_hash(bytes_of("a")), 0xe40c292cu);
    ck_assert_uint_eq(many_machines_hash(bytes_of("foobar")), 0xbf9cf968u);
    ck_assert_uint_eq(many_machines_hash(bytes_of("\xff")), (0x811c9dc5u ^ 0xffu) * 16777619u);
    for (int R = 1; R < 20; R++) {
        ck_assert_int_eq(many_machines_partition(bytes_of("a"), R),
                         (int)(0xe40c292cu % (unsigned)R));
        ck_assert_int_eq(many_machines_partition(bytes_of("foobar"), R),
                         (int)(0xbf9cf968u % (unsigned)R));
    }
}
END_TEST

START_TEST(reduce_adds_runs)
{
    many_machines_run run = {0};
    said[0] = 0;
    many_machines_reduce_end(&run, saying);
    ck_assert_str_eq(said, "");
    static const char *const key[] = {"a", "a", "ab", "b", "b", "b", "a", ""};
    for (int i = 0; i < 8; i++)
        many_machines_reduce(&run, bytes_of(key[i]), i + 1, saying);
    ck_assert_str_eq(said, "a=3 ab=3 b=15 a=7 ");
    many_machines_reduce_end(&run, saying);
    ck_assert_str_eq(said, "a=3 ab=3 b=15 a=7 =8 ");
    many_machines_reduce_end(&run, saying);
    ck_assert_str_eq(said, "a=3 ab=3 b=15 a=7 =8 ");
    many_machines_reduce(&run, bytes_of("x"), INT64_MAX, saying);
    REFUSED((many_machines_reduce(&run, bytes_of("x"), 1, saying), 0),
            "a key's sum is beyond 64 bits: 9223372036854775807 and 1 more");
}
END_TEST

START_TEST(order_is_that_of_unsigned_bytes)
{
    ck_assert_int_lt(many_machines_order(bytes_of("a"), bytes_of("ab")), 0);
    ck_assert_int_gt(many_machines_order(bytes_of("b"), bytes_of("ab")), 0);
    ck_assert_int_lt(many_machines_order(bytes_of("z"), bytes_of("\xc3")), 0);
    ck_assert_int_eq(many_machines_order(bytes_of("xy"), bytes_of("xy")), 0);
    ck_assert_int_lt(many_machines_order(bytes_of(""), bytes_of("a")), 0);
    ck_assert_int_lt(
        many_machines_order((many_machines_bytes){"a\0b", 3}, (many_machines_bytes){"a\0c", 3}), 0);
}
END_TEST

// The order of records is that of their whole lines as strings of bytes, and it keeps equal keys together.
START_TEST(sorting_records_is_sorting_lines)
{
    enum { N = 300 };
    static char key[N][4];
    many_machines_records list = {0};
    rng r = rng_at(2, 0);
    for (int i = 0; i < N; i++) {
        int n = (int)rng_below(&r, 4);
        for (int k = 0; k < n; k++)
            key[i][k] = "\x01\x08\x0b"
                        "abA\xff"[rng_below(&r, 7)];
        many_machines_push(&list, (many_machines_bytes){key[i], n}, 1 + rng_below(&r, 3));
    }
    many_machines_sort(&list);
    for (int i = 0; i + 1 < N; i++) {
        char line[2][16];
        for (int k = 0; k < 2; k++) {
            const many_machines_record *x = &list.record[i + k];
            snprintf(line[k], sizeof line[k], "%.*s\t%d", (int)x->key.n, x->key.at, (int)x->value);
        }
        ck_assert_int_le(strcmp(line[0], line[1]), 0);
    }
    many_machines_records sums = {0};
    many_machines_reduce_all(&list, &sums);
    for (long i = 0; i < sums.n; i++) {
        int64_t sum = 0;
        for (int k = 0; k < N; k++)
            if (many_machines_order(list.record[k].key, sums.record[i].key) == 0)
                sum += list.record[k].value;
        ck_assert_int_eq(sum, sums.record[i].value);
        for (long j = 0; j < i; j++)
            ck_assert_int_ne(many_machines_order(sums.record[i].key, sums.record[j].key), 0);
    }
    many_machines_records_free(&list);
    many_machines_records_free(&sums);
}
END_TEST

// Every number of splits and reducers, with combiners and without, gives the same counts; each key comes once.
START_TEST(a_job_is_the_same_whoever_does_it)
{
    enum { N = 400, V = 30 };
    int word[N], count[V + 1] = {0};
    long size;
    rng r = rng_at(3, 0);
    many_machines_draw_words(V, N, &r, word);
    for (int i = 0; i < N; i++) {
        ck_assert(word[i] >= 1 && word[i] <= V);
        count[word[i]]++;
    }
    char *text = many_machines_words_text(N, word, &size);
    for (int M = 1; M <= 9; M += 2)
        for (int R = 1; R <= 7; R += 3)
            for (int combine = 0; combine < 2; combine++) {
                many_machines_job job = many_machines_job_run(text, size, M, R, combine);
                long load = 0, keys = 0;
                ck_assert_int_eq(job.mapped, N);
                ck_assert(combine ? job.shuffled < N : job.shuffled == N);
                ck_assert(combine ? job.shuffled <= M * V : 1);
                for (int k = 0; k < R; k++) {
                    load += job.load[k];
                    for (long i = 0; i < job.result[k].n; i++) {
                        const many_machines_record *x = &job.result[k].record[i];
                        ck_assert_int_eq(x->value, count[atoi(x->key.at + 1)]);
                        ck_assert_int_eq(many_machines_partition(x->key, R), k);
                        keys++;
                    }
                }
                ck_assert_int_eq(load, job.shuffled);
                int distinct = 0;
                for (int k = 1; k <= V; k++)
                    distinct += count[k] > 0;
                ck_assert_int_eq(keys, distinct);
                many_machines_job_free(&job);
            }
    free(text);
}
END_TEST

// The splits are the text, cut where no word is.
START_TEST(splits_cut_no_word)
{
    static const char text[] = "alpha be  gamma\nd epsilon zetazetazeta eta";
    long n = (long)strlen(text);
    for (int M = 1; M <= 50; M++) {
        ck_assert_int_eq(many_machines_split(text, n, 0, M), 0);
        ck_assert_int_eq(many_machines_split(text, n, M, M), n);
        for (int m = 1; m < M; m++) {
            long at = many_machines_split(text, n, m, M);
            ck_assert_int_ge(at, many_machines_split(text, n, m - 1, M));
            ck_assert_int_ge(at, n * m / M);
            ck_assert(at == n || text[at] == ' ' || text[at] == '\n');
        }
    }
}
END_TEST

// ---- Streams ----

// What a program gives for this input; one that is refused leaves it open.
static char output[1 << 16];

static void
filter(void (*work)(FILE *in, const char *name, FILE *out), const char *input, long n)
{
    FILE *in = tmpfile(), *out = tmpfile();
    fwrite(input, 1, n, in);
    rewind(in);
    memset(output, 0, sizeof output);
    work(in, "stdin", out);
    rewind(out);
    output[fread(output, 1, sizeof output - 1, out)] = 0;
    fclose(in);
    fclose(out);
}

static void
filter_text(void (*work)(FILE *in, const char *name, FILE *out), const char *input)
{
    filter(work, input, (long)strlen(input));
}

START_TEST(streams)
{
    filter_text(many_machines_stream_words, "the cat\nthe");
    ck_assert_str_eq(output, "the\t1\ncat\t1\nthe\t1\n");
    filter_text(many_machines_stream_words, "");
    ck_assert_str_eq(output, "");
    filter_text(many_machines_stream_reduce, "a\t1\na\t2\nb\t-7");
    ck_assert_str_eq(output, "a\t3\nb\t-7\n");
    filter_text(many_machines_stream_reduce, "");
    ck_assert_str_eq(output, "");
    filter_text(many_machines_stream_reduce,
                "a\t9223372036854775807\nb\t-9223372036854775807\nc\t0\n");
    ck_assert_str_eq(output, "a\t9223372036854775807\nb\t-9223372036854775807\nc\t0\n");
    filter_text(many_machines_stream_pairs, "abc\t2\nx\t3\n");
    ck_assert_str_eq(output, "6162\t2\n6263\t2\n");
    filter(many_machines_stream_reduce, "a\0b\t1\na\0b\t1\n", 12);
    ck_assert_int_eq(memcmp(output, "a\0b\t2\n", 6), 0);
    // Both orders of bytes are taken: of lines, where TAB stands behind the shorter key, and of keys.
    filter_text(many_machines_stream_reduce, "a\x01\t1\na\t1\nab\t1\n");
    ck_assert_str_eq(output, "a\x01\t1\na\t1\nab\t1\n");
    filter_text(many_machines_stream_reduce, "a\t1\na\x01\t1\nab\t1\n");
    ck_assert_str_eq(output, "a\t1\na\x01\t1\nab\t1\n");
}
END_TEST

START_TEST(streams_refuse)
{
    REFUSED((filter_text(many_machines_stream_reduce, "a\t1\nb 2\n"), 0),
            "stdin:2: expected a key, a tab and a count");
    REFUSED((filter_text(many_machines_stream_reduce, "a\t1\n\n"), 0),
            "stdin:2: expected a key, a tab and a count");
    REFUSED((filter_text(many_machines_stream_reduce, "a\t1\r\n"), 0),
            "stdin:1: the count '1\\x0d' is no whole number of 64 bits");
    REFUSED((filter_text(many_machines_stream_reduce, "a\t\n"), 0),
            "stdin:1: the count '' is no whole number of 64 bits");
    REFUSED((filter_text(many_machines_stream_reduce, "a\t9223372036854775808\n"), 0),
            "stdin:1: the count '9223372036854775808' is no whole number of 64 bits");
    REFUSED((filter_text(many_machines_stream_reduce, "a\t1\tb\n"), 0),
            "stdin:1: the count '1\\tb' is no whole number of 64 bits");
    // As en_US.UTF-8 sorts: the reducer would print ab twice.
    REFUSED((filter_text(many_machines_stream_reduce, "ab\t1\na-b\t12\nab\t2\n"), 0),
            "stdin:2: a key that stands before the one above it in the order of bytes; expected "
            "sorted lines, as LC_ALL=C sort gives them");
    REFUSED((filter_text(many_machines_stream_reduce, "ab\t1\na\t12\n"), 0),
            "stdin:2: a key that stands before the one above it in the order of bytes; expected "
            "sorted lines, as LC_ALL=C sort gives them");
    REFUSED((filter_text(many_machines_stream_pairs, "word\n"), 0),
            "stdin:1: expected a key, a tab and a count");
}
END_TEST

// Words that stand across the ends of blocks, and a key of a megabyte.
START_TEST(long_words)
{
    enum { N = 1 << 20 };
    char *text = malloc(2 * N + 3);
    FILE *in = tmpfile(), *mapped = tmpfile(), *out = tmpfile();
    memset(text, 'x', 2 * N + 3);
    text[N] = '\n';
    text[2 * N + 1] = ' ';
    fwrite(text, 1, 2 * N + 3, in);
    rewind(in);
    many_machines_stream_words(in, "stdin", mapped);
    ck_assert_int_eq(ftell(mapped), 2 * (N + 3) + 4);
    // The last word, x, sorts before the others.
    rewind(mapped);
    char *lines = malloc(3 * N);
    size_t n = fread(lines, 1, 3 * N, mapped);
    rewind(mapped);
    fwrite("x\t1\n", 1, 4, mapped);
    fwrite(lines, 1, n - 4, mapped);
    rewind(mapped);
    many_machines_stream_reduce(mapped, "stdin", out);
    ck_assert_int_eq(ftell(out), 4 + N + 3);
    rewind(out);
    ck_assert_uint_eq(fread(lines, 1, 3 * N, out), 4 + N + 3);
    ck_assert_int_eq(memcmp(lines, "x\t1\nxxx", 7), 0);
    ck_assert_int_eq(memcmp(lines + N + 4, "\t2\n", 3), 0);
    fclose(in);
    fclose(mapped);
    fclose(out);
    free(lines);
    free(text);
}
END_TEST

// Every way to cut the text into blocks gives the same words.
START_TEST(blocks_are_no_borders)
{
    enum { N = 3 << 16 };
    char *text = malloc(N);
    rng r = rng_at(4, 0);
    for (int i = 0; i < N; i++)
        text[i] = rng_below(&r, 5) ? 'a' + (char)rng_below(&r, 26) : ' ';
    FILE *in = tmpfile(), *out = tmpfile();
    fwrite(text, 1, N, in);
    rewind(in);
    many_machines_stream_words(in, "stdin", out);
    rewind(out);
    char line[4096];
    long at = 0;
    while (fgets(line, sizeof line, out)) {
        while (text[at] == ' ')
            at++;
        long n = (long)strlen(line) - 3;
        ck_assert_int_eq(memcmp(line, text + at, n), 0);
        at += n;
        ck_assert(at == N || text[at] == ' ');
    }
    while (at < N && text[at] == ' ')
        at++;
    ck_assert_int_eq(at, N);
    fclose(in);
    fclose(out);
    free(text);
}
END_TEST

// ---- Rows ----

static void
say_row(void *to, int n, const many_machines_bytes *field)
{
    (void)to;
    for (int k = 0; k < n; k++)
        for (long i = 0; i <= field[k].n; i++) {
            size_t used = strlen(said);
            char c = i < field[k].n ? field[k].at[i] : k + 1 < n ? 1 : '\n';
            said[used] = c == 1 ? '|' : c == 2 ? ',' : c == 3 ? ':' : c;
            said[used + 1] = 0;
        }
}

// With | , : for \001 \002 \003.
static const char *
explode(many_machines_view v, const char *row)
{
    char text[256];
    snprintf(text, sizeof text, "%s", row);
    for (char *c = text; *c; c++)
        *c = *c == '|' ? 1 : *c == ',' ? 2 : *c == ':' ? 3 : *c;
    said[0] = 0;
    ck_assert(many_machines_explode(&v, bytes_of(text), (many_machines_rows){say_row, NULL}));
    return said;
}

START_TEST(explode_forms)
{
    many_machines_view plain = {.column = 1}, outer = {.column = 1, .outer = true};
    many_machines_view pos = {.column = 1, .position = true};
    many_machines_view pos_outer = {.column = 1, .position = true, .outer = true};
    many_machines_view map = {.column = 1, .map = true}, map_outer = {1, true, false, true};
    many_machines_view map_pos = {1, true, true, false}, map_pos_outer = {1, true, true, true};
    ck_assert_str_eq(explode(plain, "1|a,b,a|z"), "1|a,b,a|z|a\n1|a,b,a|z|b\n1|a,b,a|z|a\n");
    ck_assert_str_eq(explode(plain, "1|\\N,b|"), "1|\\N,b||\\N\n1|\\N,b||b\n");
    ck_assert_str_eq(explode(plain, "1|"), "");
    ck_assert_str_eq(explode(plain, "1|\\N"), "");
    ck_assert_str_eq(explode(plain, "1|,"), "1|,|\n1|,|\n");
    ck_assert_str_eq(explode(plain, "1|a,"), "1|a,|a\n1|a,|\n");
    ck_assert_str_eq(explode(outer, "1|"), "1||\\N\n");
    ck_assert_str_eq(explode(outer, "1|\\N|x"), "1|\\N|x|\\N\n");
    ck_assert_str_eq(explode(outer, "1|a"), "1|a|a\n");
    ck_assert_str_eq(explode(pos, "1|a,\\N"), "1|a,\\N|0|a\n1|a,\\N|1|\\N\n");
    ck_assert_str_eq(explode(pos_outer, "1|"), "1||\\N|\\N\n");
    ck_assert_str_eq(explode(pos_outer, "1|b"), "1|b|0|b\n");
    ck_assert_str_eq(explode(map, "1|x:1,y:2"), "1|x:1,y:2|x|1\n1|x:1,y:2|y|2\n");
    ck_assert_str_eq(explode(map, "1|x:\\N,y:"), "1|x:\\N,y:|x|\\N\n1|x:\\N,y:|y|\n");
    ck_assert_str_eq(explode(map, "1|x"), "1|x|x|\\N\n");
    ck_assert_str_eq(explode(map, "1|"), "");
    ck_assert_str_eq(explode(map_outer, "1|\\N"), "1|\\N|\\N|\\N\n");
    ck_assert_str_eq(explode(map_pos, "1|x:1"), "1|x:1|0|x|1\n");
    ck_assert_str_eq(explode(map_pos_outer, "1|"), "1||\\N|\\N|\\N\n");
    ck_assert_str_eq(explode((many_machines_view){.column = 0}, "a,b"), "a,b|a\na,b|b\n");
    ck_assert_str_eq(explode((many_machines_view){.column = 2}, "1||q"), "1||q|q\n");
    many_machines_rows rows = {say_row, NULL};
    ck_assert(!many_machines_explode(&(many_machines_view){.column = 2}, bytes_of("1"), rows));
    ck_assert(!many_machines_explode(&(many_machines_view){.column = 1}, bytes_of(""), rows));
    ck_assert(many_machines_explode(&(many_machines_view){.column = 0}, bytes_of(""), rows));
}
END_TEST

// Two views, one behind the other, are a product.
START_TEST(two_views_are_a_product)
{
    char first[256];
    strcpy(first, explode((many_machines_view){.column = 0}, "a,b|x,y,z"));
    int rows = 0;
    for (char *line = strtok(first, "\n"); line; line = strtok(NULL, "\n")) {
        char expected[256] = "";
        for (int i = 0; i < 3; i++)
            sprintf(expected + strlen(expected), "%s|%c\n", line, "xyz"[i]);
        ck_assert_str_eq(explode((many_machines_view){.column = 1}, line), expected);
        rows++;
    }
    ck_assert_int_eq(rows, 2);
}
END_TEST

static void
explode_stream(FILE *in, const char *name, FILE *out)
{
    many_machines_stream_rows(&(many_machines_view){.column = 1}, in, name, out);
}

START_TEST(row_streams)
{
    filter_text(explode_stream, "1\x01"
                                "a\x02"
                                "b\n2\x01\n3\x01"
                                "c");
    ck_assert_str_eq(output, "1\x01"
                             "a\x02"
                             "b\x01"
                             "a\n1\x01"
                             "a\x02"
                             "b\x01"
                             "b\n3\x01"
                             "c\x01"
                             "c\n");
    filter_text(explode_stream, "");
    ck_assert_str_eq(output, "");
    REFUSED((filter_text(explode_stream, "1\x01"
                                         "a\n2\n"),
             0),
            "stdin:2: the row has fewer than 2 columns, with \\001 between two");
}
END_TEST

// ---- Sums ----

static many_machines_plan (*const makers[])(int p, long n) = {
    many_machines_tree, many_machines_doubling, many_machines_halving, many_machines_ring};

// Whole numbers have exact sums: every rank has them, for every number of ranks and every length.
START_TEST(plans_add_all_to_all)
{
    enum { P = 17, N = 23 };
    for (int m = 0; m < 4; m++)
        for (int p = 1; p <= P; p++)
            for (long n = 0; n <= N; n += n < 3 ? 1 : 4) {
                float x[P][N + 1], *memory[P];
                for (int r = 0; r < p; r++) {
                    memory[r] = x[r];
                    for (long k = 0; k < n; k++)
                        x[r][k] = (float)((r + 1) * (k + 3) % 101);
                    x[r][n] = -1;
                }
                many_machines_plan plan = makers[m](p, n);
                many_machines_deliver_all(&plan, memory);
                for (long k = 0; k < n; k++) {
                    float sum = 0;
                    for (int r = 0; r < p; r++)
                        sum += (float)((r + 1) * (k + 3) % 101);
                    for (int r = 0; r < p; r++)
                        ck_assert_float_eq(x[r][k], sum);
                }
                for (int r = 0; r < p; r++)
                    ck_assert_float_eq(x[r][n], -1);
                many_machines_plan_free(&plan);
            }
}
END_TEST

// No rank reads what came in the same step, and a rank sends to itself in no plan but the leaves'.
START_TEST(steps_are_at_once)
{
    many_machines_message swap[] = {{0, 0, 1, 0, 0, 2, false}, {0, 1, 0, 0, 0, 2, false}};
    many_machines_plan plan = {2, 2, 1, swap};
    float x[2] = {1, 2}, y[2] = {3, 4};
    many_machines_deliver_all(&plan, (float *[]){x, y});
    ck_assert(x[0] == 3 && x[1] == 4 && y[0] == 1 && y[1] == 2);
    for (int m = 0; m < 4; m++) {
        plan = makers[m](7, 20);
        for (int i = 0; i < plan.messages; i++)
            ck_assert_int_ne(plan.message[i].from, plan.message[i].to);
        many_machines_plan_free(&plan);
    }
}
END_TEST

static float
tree_of_eight(const float *x, long n, long k)
{
    volatile float a = x[k] + x[n + k], b = x[2 * n + k] + x[3 * n + k],
                   c = x[4 * n + k] + x[5 * n + k];
    volatile float d = x[6 * n + k] + x[7 * n + k], ab = a + b, cd = c + d;
    return ab + cd;
}

START_TEST(leaves_keep_the_bits)
{
    enum { N = 50 };
    float x[LEAVES * N], own[LEAVES][LEAVES * N], *memory[LEAVES];
    rng r = rng_at(5, 0);
    rng_fill_normal(&r, LEAVES * N, x, 0, 1);
    for (int p = 1; p <= LEAVES; p++) {
        int last = -1;
        for (int k = 0; k < p; k++) {
            memory[k] = own[k];
            for (int i = 0; i < LEAVES * N; i++)
                own[k][i] = NAN; // what is another's is not read
        }
        for (int leaf = 0; leaf < LEAVES; leaf++) {
            int owner = many_machines_owner(p, LEAVES, leaf);
            ck_assert(owner == last || owner == last + 1);
            ck_assert(leaf >= owner * LEAVES / p && leaf < (owner + 1) * LEAVES / p);
            last = owner;
            memcpy(own[owner] + leaf * N, x + leaf * N, N * sizeof *x);
        }
        ck_assert_int_eq(last, p - 1);
        many_machines_plan plan = many_machines_leaves(p, LEAVES, N);
        many_machines_deliver_all(&plan, memory);
        for (int k = 0; k < p; k++)
            for (int i = 0; i < N; i++) {
                float expected = tree_of_eight(x, N, i);
                ck_assert_int_eq(memcmp(&own[k][i], &expected, sizeof expected), 0);
            }
        many_machines_plan_free(&plan);
    }
    REFUSED(
        (many_machines_leaves(9, 8, 1), 0),
        "many_machines_leaves: 9 ranks for 8 leaves; expected 1 to as many ranks as leaves, and a "
        "power of 2 of these");
    REFUSED(
        (many_machines_leaves(2, 6, 1), 0),
        "many_machines_leaves: 2 ranks for 6 leaves; expected 1 to as many ranks as leaves, and a "
        "power of 2 of these");
}
END_TEST

// Doubling and halving have the brackets of the tree where the ranks are a power of 2; every plan has the same bits in
// every rank.
START_TEST(brackets)
{
    enum { N = 64 };
    float x[LEAVES * N], own[LEAVES][N], *memory[LEAVES];
    rng r = rng_at(6, 0);
    rng_fill_normal(&r, LEAVES * N, x, 0, 1);
    for (int m = 0; m < 4; m++)
        for (int p = 2; p <= LEAVES; p++) {
            int differ = 0;
            for (int k = 0; k < p; k++) {
                memory[k] = own[k];
                memcpy(own[k], x + k * N, N * sizeof *x);
            }
            many_machines_plan plan = makers[m](p, N);
            many_machines_deliver_all(&plan, memory);
            for (int k = 1; k < p; k++)
                ck_assert_int_eq(memcmp(own[k], own[0], sizeof own[0]), 0);
            for (int i = 0; i < N && p == LEAVES; i++)
                differ += own[0][i] != tree_of_eight(x, N, i);
            ck_assert(m == 3 && p == LEAVES ? differ > 0 : differ == 0);
            many_machines_plan_free(&plan);
        }
}
END_TEST

// Block b of p has the values from b n / p to (b + 1) n / p - 1, rounded down.
START_TEST(blocks_of_the_ring)
{
    static const long first[] = {0, 2, 5, 7, 10};
    many_machines_plan plan = many_machines_ring(4, 10);
    for (int i = 0; i < 4; i++) {
        const many_machines_message *m = &plan.message[i];
        ck_assert(m->step == 0 && m->from == i && m->to == (i + 1) % 4 && m->add);
        ck_assert(m->at == first[i] && m->into == m->at && m->n == first[i + 1] - first[i]);
    }
    many_machines_plan_free(&plan);
}
END_TEST

START_TEST(chains_add_one_by_one)
{
    const float x[] = {1e8f, 1, 3, 2, 3, 3};
    float partial[6];
    many_machines_chain(3, 2, x, partial);
    const float expected[] = {1e8f, 1, 1e8f, 3, 1e8f, 6};
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq(partial[i], expected[i]);
}
END_TEST

START_TEST(costs)
{
    for (int p = 2; p <= 16; p *= 2) {
        const long n = 16 * 3;
        int lg = 0;
        while (1 << lg < p)
            lg++;
        const struct {
            int latencies;
            long words;
        } expected[] = {{2 * lg, 2 * lg * n},
                        {lg, lg * n},
                        {2 * lg, 2 * (p - 1) * n / p},
                        {2 * (p - 1), 2 * (p - 1) * n / p}};
        for (int m = 0; m < 4; m++) {
            many_machines_plan plan = makers[m](p, n);
            many_machines_cost cost = many_machines_plan_cost(&plan);
            ck_assert_int_eq(cost.latencies, expected[m].latencies);
            ck_assert_int_eq(cost.words, expected[m].words);
            ck_assert_int_eq(cost.latencies, plan.steps); // no step is empty
            many_machines_plan_free(&plan);
        }
    }
    // Two that send to one rank in a step wait for each other.
    many_machines_message both[] = {{0, 1, 0, 0, 0, 5, true}, {0, 2, 0, 0, 0, 4, true}};
    many_machines_cost twice = many_machines_plan_cost(&(many_machines_plan){3, 2, 1, both});
    ck_assert(twice.latencies == 1 && twice.words == 9);
    // An addition in a rank costs nothing.
    many_machines_plan plan = many_machines_leaves(1, LEAVES, 10);
    many_machines_cost cost = many_machines_plan_cost(&plan);
    ck_assert(cost.latencies == 0 && cost.words == 0);
    many_machines_plan_free(&plan);
}
END_TEST

// ---- The training ----

enum { I = 3, H = 4, O = 3, B = 5, WEIGHTS = H * I + H + O * H + O };

static double
loss_of(const double *w, const float *x, const int *y)
{
    double sum = 0;
    for (int s = 0; s < B; s++) {
        double h[H], o[O], all = 0;
        for (int i = 0; i < H; i++) {
            h[i] = w[H * I + i];
            for (int j = 0; j < I; j++)
                h[i] += w[i * I + j] * x[s * I + j];
            h[i] = tanh(h[i]);
        }
        for (int k = 0; k < O; k++) {
            o[k] = w[H * I + H + O * H + k];
            for (int i = 0; i < H; i++)
                o[k] += w[H * I + H + k * H + i] * h[i];
            all += exp(o[k]);
        }
        sum += log(all) - o[y[s]];
    }
    return sum;
}

START_TEST(gradient)
{
    float w[WEIGHTS], x[B * I], g[WEIGHTS + 1];
    double wide[WEIGHTS];
    int y[B] = {0, 2, 1, 1, 2};
    rng r = rng_at(7, 0);
    rng_fill_normal(&r, WEIGHTS, w, 0, 0.7f);
    rng_fill_normal(&r, B * I, x, 0, 1);
    for (int k = 0; k < WEIGHTS; k++)
        wide[k] = w[k];
    ck_assert_int_eq(many_machines_weights((many_machines_net){I, H, O}), WEIGHTS);
    many_machines_gradient((many_machines_net){I, H, O}, w, B, x, y, g);
    test_near(g[WEIGHTS], loss_of(wide, x, y), 1e-5, "loss", 0);
    for (int k = 0; k < WEIGHTS; k++) {
        double kept = wide[k], above, below;
        wide[k] = kept + 1e-5;
        above = loss_of(wide, x, y);
        wide[k] = kept - 1e-5;
        below = loss_of(wide, x, y);
        wide[k] = kept;
        test_near(g[k], (above - below) / 2e-5, 2e-5, "gradient", k);
    }
}
END_TEST

START_TEST(update)
{
    enum { P = 3, STEPS = 5 };
    many_machines_state s = many_machines_state_new(P);
    double w[P] = {1, -2, 0.5}, m[P] = {0}, v[P] = {0};
    for (int k = 0; k < P; k++)
        s.w[k] = (float)w[k];
    rng r = rng_at(8, 0);
    for (int t = 1; t <= STEPS; t++) {
        float sum[P + 1];
        rng_fill_normal(&r, P + 1, sum, 0, 4);
        float loss = many_machines_update(&s, 12, sum, 0.1f);
        ck_assert_float_eq(loss, sum[P] / 12);
        ck_assert_int_eq(s.steps, t);
        for (int k = 0; k < P; k++) {
            double g = sum[k] / 12.0;
            m[k] = 0.9 * m[k] + 0.1 * g;
            v[k] = 0.999 * v[k] + 0.001 * g * g;
            w[k] -= 0.1 * (m[k] / (1 - pow(0.9, t))) / (sqrt(v[k] / (1 - pow(0.999, t))) + 1e-8);
            test_near(s.m[k], m[k], 1e-6, "m", k);
            test_near(s.v[k], v[k], 1e-5, "v", k);
            test_near(s.w[k], w[k], 1e-5, "w", k);
        }
    }
    many_machines_state_free(&s);
}
END_TEST

// The leaves of a batch are its examples, each once: their sum is the gradient of the whole batch.
START_TEST(leaves_are_the_batch)
{
    many_machines_task t = many_machines_task_new(3);
    many_machines_state s = many_machines_first_state(&t, 3);
    int P = s.P, n = LEAVES * t.B, batch[n], y[n];
    float memory[LEAVES * (P + 1)], x[n * t.net.I], g[P + 1];
    ck_assert_int_eq(P, 676);
    many_machines_draw(&t, &s, batch);
    for (int i = 0; i < n; i++) {
        ck_assert(batch[i] >= 0 && batch[i] < t.N);
        y[i] = t.y[batch[i]];
        memcpy(x + i * t.net.I, t.x + batch[i] * t.net.I, t.net.I * sizeof *x);
    }
    many_machines_gradient(t.net, s.w, n, x, y, g);
    for (int i = 0; i < LEAVES; i++)
        many_machines_leaf(&t, s.w, batch, i, memory);
    for (int k = 0; k <= P; k++) {
        double sum = 0;
        for (int i = 0; i < LEAVES; i++)
            sum += memory[i * (P + 1) + k];
        test_near(sum, g[k], 1e-5, "sum of leaves", k);
    }
    many_machines_state_free(&s);
    many_machines_task_free(&t);
}
END_TEST

START_TEST(every_number_of_ranks_trains_the_same_net)
{
    enum { STEPS = 12 };
    many_machines_task t = many_machines_task_new(4);
    uint32_t expected = 0;
    for (int p = 1; p <= LEAVES; p++) {
        many_machines_cluster c = many_machines_cluster_new(&t, 4, p, false);
        for (int k = 0; k < STEPS; k++)
            many_machines_cluster_step(&t, &c);
        for (int r = 0; r < p; r++) {
            uint32_t own = many_machines_fingerprint(&c.state[r]);
            expected = p == 1 ? own : expected;
            ck_assert_uint_eq(own, expected);
            ck_assert_int_eq(c.state[r].steps, STEPS);
        }
        many_machines_cluster_free(&c);
    }
    many_machines_task_free(&t);
}
END_TEST

// A state that went through the file, or a copy, goes on as if nothing had been: weights, both means, the number of the
// step and the random numbers.
START_TEST(resumed)
{
    test_folder();
    many_machines_task t = many_machines_task_new(5);
    many_machines_cluster c = many_machines_cluster_new(&t, 5, 2, false);
    many_machines_state copied = many_machines_state_new(c.state[0].P);
    for (int k = 0; k < 7; k++)
        many_machines_cluster_step(&t, &c);
    many_machines_checkpoint_write("saved", &c.state[0]);
    many_machines_state_copy(&copied, &c.state[0]);
    test_no_parts();
    for (int k = 0; k < 5; k++)
        many_machines_cluster_step(&t, &c);
    uint32_t expected = many_machines_fingerprint(&c.state[0]);
    many_machines_cluster again = many_machines_cluster_new(&t, 6, 2, false);
    many_machines_state_copy(&again.state[0], &copied);
    many_machines_checkpoint_read("saved", &again.state[1]);
    ck_assert_int_eq(again.state[0].steps, 7);
    ck_assert_int_eq(again.state[1].steps, 7);
    for (int k = 0; k < 5; k++)
        many_machines_cluster_step(&t, &again);
    ck_assert_uint_eq(many_machines_fingerprint(&again.state[0]), expected);
    ck_assert_uint_eq(many_machines_fingerprint(&again.state[1]), expected);
    many_machines_cluster_free(&c);
    many_machines_cluster_free(&again);
    many_machines_state_free(&copied);
    many_machines_task_free(&t);
}
END_TEST

START_TEST(checkpoints_refused)
{
    test_folder();
    many_machines_state s = many_machines_state_new(2), other = many_machines_state_new(3);
    s.random = rng_at(1, 2);
    rng_below(&s.random, 1000); // three words of the block are left
    many_machines_checkpoint_write("saved", &s);
    REFUSED((many_machines_checkpoint_read("saved", &other), 0),
            "saved: 2 weights in 12 rows; expected a training of 3 weights, in 13 rows");
    ck_assert_int_eq(system("head -12 saved >cut; sed 's/^steps\t0/steps\t-3/' saved >minus; "
                            "sed 's/^used/unused/' saved >name; cut -f1-3 saved >narrow; "
                            "sed '12s/0/x/' saved >word"),
                     0);
    REFUSED((many_machines_checkpoint_read("cut", &s), 0),
            "cut: 2 weights in 11 rows; expected a training of 2 weights, in 12 rows");
    REFUSED((many_machines_checkpoint_read("minus", &s), 0),
            "minus:3: steps is -3; expected a whole number from 0 to 1e+09");
    REFUSED((many_machines_checkpoint_read("name", &s), 0),
            "name:11: expected the row 'used' of a checkpoint");
    REFUSED((many_machines_checkpoint_read("narrow", &s), 0),
            "narrow:1: 3 columns; expected the name, w, m and v of a checkpoint");
    rng kept = s.random;
    s.random = rng_at(3, 4);
    many_machines_checkpoint_read("saved", &s);
    for (int i = 0; i < 9; i++)
        ck_assert_uint_eq(rng_below(&s.random, 1000), rng_below(&kept, 1000));
    many_machines_state_free(&s);
    many_machines_state_free(&other);
}
END_TEST

// ---- Laws ----

START_TEST(zipf_law)
{
    double p[4], sum = 0;
    many_machines_zipf(4, p);
    for (int k = 0; k < 4; k++) {
        sum += p[k];
        test_near(p[k], p[0] / (k + 1), 1e-15, "p", k);
    }
    test_near(sum, 1, 1e-15, "sum", 0);
}
END_TEST

// Over all texts of four words of three keys, in two tasks of two: the mean share that is left, each with its chance.
START_TEST(combined_by_enumeration)
{
    const double p[3] = {0.5, 0.3, 0.2};
    double mean = 0;
    for (int text = 0; text < 81; text++) {
        int w[4] = {text % 3, text / 3 % 3, text / 9 % 3, text / 27};
        double chance = p[w[0]] * p[w[1]] * p[w[2]] * p[w[3]];
        mean += chance * ((w[0] != w[1]) + 1 + (w[2] != w[3]) + 1) / 4;
    }
    double variance;
    test_near(many_machines_combined(3, p, 4, 2, &variance), mean, 1e-14, "share", 0);
    test_near(many_machines_combined(3, p, 4, 4, NULL), 1, 1e-14, "share", 1);
    // Of a task's keys as if they were independent: absent 0.25, 0.49, 0.64 in each of two tasks.
    test_near(variance, 2 * (0.25 * 0.75 + 0.49 * 0.51 + 0.64 * 0.36) / 16, 1e-14, "variance", 0);
}
END_TEST

START_TEST(time_to_loss)
{
    const double lambda = 0.02, mu = 0.7;
    ck_assert_double_eq_tol(many_machines_time_to_loss(1, lambda, mu, false), 1 / lambda, 1e-12);
    test_near(many_machines_time_to_loss(2, lambda, mu, false),
              (3 * lambda + mu) / (2 * lambda * lambda), 1e-13, "r = 2", 0);
    test_near(many_machines_time_to_loss(3, lambda, mu, false),
              (2 * mu * mu + 7 * lambda * mu + 11 * lambda * lambda) /
                  (6 * lambda * lambda * lambda),
              1e-13, "r = 3", 0);
    // As a system of equations, (up + down) T_i = 1 + up T_(i+1) + down T_(i-1).
    for (int r = 1; r <= 5; r++)
        for (int single = 0; single < 2; single++) {
            double a[25] = {0}, t[5];
            for (int i = 0; i < r; i++) {
                double up = (r - i) * lambda, down = i == 0 ? 0 : single ? mu : i * mu;
                a[i * r + i] = up + down;
                if (i + 1 < r)
                    a[i * r + i + 1] = -up;
                if (i > 0)
                    a[i * r + i - 1] = -down;
                t[i] = 1;
            }
            linalg_solve("the chain", r, a, 1, t);
            test_near(many_machines_time_to_loss(r, lambda, mu, single), t[0], 1e-6, "time", r);
        }
}
END_TEST

static int
bits_of(int x)
{
    return x ? (x & 1) + bits_of(x >> 1) : 0;
}

// Over all sets of k dead machines of nine.
START_TEST(losses_by_enumeration)
{
    for (int k = 0; k <= 9; k++) {
        int sets = 0, block = 0, fixed = 0;
        for (int dead = 0; dead < 512; dead++) {
            if (bits_of(dead) != k)
                continue;
            sets++;
            block += (dead & 0x15) == 0x15;
            fixed += (dead & 7) == 7 || (dead & 0x38) == 0x38 || (dead & 0x1c0) == 0x1c0;
        }
        test_near(many_machines_block_lost(9, k, 3), (double)block / sets, 1e-14, "block", k);
        test_near(many_machines_fixed_sets(9, k, 3), (double)fixed / sets, 1e-14, "fixed", k);
        test_near(many_machines_random_sets(9, k, 3, 5), 1 - pow(1 - (double)block / sets, 5),
                  1e-14, "random", k);
    }
}
END_TEST

START_TEST(saving)
{
    const double C = 60, M = 86400;
    double best = many_machines_best_interval(C, M), least = many_machines_overhead(best, C, M);
    test_near(many_machines_young(C, M), sqrt(2 * C * M), 1e-12, "young", 0);
    ck_assert_double_lt(least, many_machines_overhead(best * 1.001, C, M));
    ck_assert_double_lt(least, many_machines_overhead(best * 0.999, C, M));
    // In first order 1 + C/t + t/2M.
    double t = 500;
    test_near(many_machines_overhead(t, C, 1e7), 1 + C / t + t / 2e7, 1e-4, "first order", 0);
    // The expected time by the sum over failures: (e^((t + C)/M) - 1) M is the mean of a geometric number of tries.
    double q = exp(-(t + C) / M), tried = M - (t + C) * q / (1 - q);
    test_near(many_machines_overhead(t, C, M), (t + C + (1 / q - 1) * tried) / t, 1e-9, "by tries",
              0);
}
END_TEST

// What only the cases do: both views of a row are a product, and the sum of the tree is the tree's.
START_TEST(cases)
{
    static char *arguments[] = {"many_machines", "--out", "out", NULL};
    test_folder();
    program_begin("many_machines", (program_option[]){{0}}, 3, arguments);
    many_machines_cases();
    npy row = npy_read("out/two_views/row.npy"), a = npy_read("out/two_views/a.npy");
    npy b = npy_read("out/two_views/b.npy"), n_a = npy_read("out/two_views/length_a.npy");
    npy n_b = npy_read("out/two_views/length_b.npy"), of_a = npy_read("out/two_views/items_a.npy");
    npy of_b = npy_read("out/two_views/items_b.npy");
    int at = 0, first_a = 0, first_b = 0;
    for (int k = 0; k < n_a.size; k++) {
        for (int i = 0; i < n_a.values[k]; i++)
            for (int j = 0; j < n_b.values[k]; j++, at++) {
                ck_assert_double_eq(row.values[at], k);
                ck_assert_double_eq(a.values[at], of_a.values[first_a + i]);
                ck_assert_double_eq(b.values[at], of_b.values[first_b + j]);
            }
        first_a += n_a.values[k] > 0 ? (int)n_a.values[k] : 0;
        first_b += n_b.values[k] > 0 ? (int)n_b.values[k] : 0;
    }
    ck_assert_int_gt(at, 10);
    ck_assert_double_eq(row.values[at], -9);
    npy x = npy_read("out/tree_sum/x.npy"), sum = npy_read("out/tree_sum/sum.npy");
    float wide[LEAVES * 7];
    for (int i = 0; i < LEAVES * 7; i++)
        wide[i] = (float)x.values[i];
    for (int k = 0; k < 7; k++)
        ck_assert_double_eq(sum.values[k], tree_of_eight(wide, 7, k));
    npy all[] = {row, a, b, n_a, n_b, of_a, of_b, x, sum};
    for (int i = 0; i < 9; i++)
        npy_free(&all[i]);
}
END_TEST

TEST_MAIN("many_machines", cases, words_are_what_stands_between_white_space, pairs_overlap,
          pairs_are_those_of_bpe, hash_is_fnv, reduce_adds_runs, order_is_that_of_unsigned_bytes,
          sorting_records_is_sorting_lines, a_job_is_the_same_whoever_does_it, splits_cut_no_word,
          streams, streams_refuse, long_words, blocks_are_no_borders, explode_forms,
          two_views_are_a_product, row_streams, plans_add_all_to_all, steps_are_at_once,
          leaves_keep_the_bits, brackets, blocks_of_the_ring, chains_add_one_by_one, costs,
          gradient, update, leaves_are_the_batch, every_number_of_ranks_trains_the_same_net,
          resumed, checkpoints_refused, zipf_law, combined_by_enumeration, time_to_loss,
          losses_by_enumeration, saving)
