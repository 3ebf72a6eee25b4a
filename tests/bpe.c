// Chapter bpe: what can be counted by hand, plain ways beside fast ones, and what must hold for every vocabulary.
#include "test.h"

#include "bpe/bpe.h"
#include "bpe/merges.h"
#include "bpe/splits.h"
#include "bpe/study.h"
#include "bpe/tool.h"
#include "data/pieces.h"
#include "data/tokens.h"
#include "data/unicode.h"
#include "data/words.h"
#include "files/file.h"
#include "numbers/random.h"

enum { ROOM = 64 };

// ---- Bytes and pieces ----

START_TEST(bytes_have_the_order_of_gpt2)
{
    bool seen[256] = {false};
    ck_assert_int_eq(bpe_symbol('!'), 0);
    ck_assert_int_eq(bpe_symbol('~'), 93);
    ck_assert_int_eq(bpe_symbol(0xa1), 94);
    ck_assert_int_eq(bpe_symbol(0xae), 106);
    ck_assert_int_eq(bpe_symbol(0xff), 187);
    ck_assert_int_eq(bpe_symbol(0), 188);
    ck_assert_int_eq(bpe_symbol('\n'), 198);
    ck_assert_int_eq(bpe_symbol(' '), 220);
    ck_assert_int_eq(bpe_symbol(0x7f), 221);
    ck_assert_int_eq(bpe_symbol(0xad), 255);
    for (int b = 0; b < 256; b++) {
        int s = bpe_symbol(b);
        ck_assert(s >= 0 && s < 256 && !seen[s]);
        seen[s] = true;
        ck_assert_int_eq(bpe_byte(s), b);
    }
}
END_TEST

// The pieces of the text are those of `expected`, with | between.
static void
check_pieces(const char *text, const char *expected)
{
    char got[256] = "";
    long n = (long)strlen(text);
    for (long at = 0, end; at < n; at = end) {
        end = pieces_end((const unsigned char *)text, n, at);
        ck_assert_int_gt(end, at);
        if (at)
            strcat(got, "|");
        strncat(got, text + at, end - at);
    }
    ck_assert_str_eq(got, expected);
}

START_TEST(pieces_are_those_of_the_rule)
{
    check_pieces("hello world", "hello| world");
    check_pieces("I've don't they'll we're I'm he'd it's",
                 "I|'ve| don|'t| they|'ll| we|'re| I|'m| he|'d| it|'s");
    check_pieces("DON'T IT'S I'M", "DON|'|T| IT|'|S| I|'|M");
    check_pieces("dogs' 'twas 'sabc ''s", "dogs|'| '|twas| '|sabc| ''|s");
    check_pieces("'s's", "'s|'s");
    check_pieces("a  b   c", "a| | b|  | c");
    check_pieces("a \n b\t\tc\td", "a| \n| b|\t|\t|c|\t|d");
    check_pieces("end  ", "end|  ");
    check_pieces("   ", "   ");
    check_pieces(" ", " ");
    check_pieces("abc123def 4.5", "abc|123|def| 4|.|5");
    check_pieces("x=f(y);  //z", "x|=|f|(|y|);| | //|z");
    check_pieces("na\xc3\xafve \xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c",
                 "na\xc3\xafve| \xe4\xbd\xa0\xe5\xa5\xbd|\xef\xbc\x8c");
    check_pieces("3\xc2\xbd\xd9\xa3", "3\xc2\xbd\xd9\xa3"); // 3, one half, Arabic three
    check_pieces("a\xe3\x80\x80 b", "a|\xe3\x80\x80| b");   // an ideographic space, then a space
    check_pieces("a \xe3\x80\x80\xe3\x80\x80"
                 "b",
                 "a| \xe3\x80\x80|\xe3\x80\x80|b");
    check_pieces("\xff\xfe"
                 "a \xe4\xbdz",
                 "\xff\xfe|a| \xe4\xbd|z"); // bytes that are no character
    check_pieces("", "");
}
END_TEST

START_TEST(a_piece_is_sure_once_enough_is_seen)
{
    // Whatever follows, what ends PIECES_AHEAD before the end of what is seen ends there.
    const char *const parts[] = {" ",
                                 "'",
                                 "l",
                                 "a",
                                 "1",
                                 ".",
                                 "\xe3\x80\x80",
                                 "\xe4\xbd\xa0",
                                 "\xe4",
                                 "\n",
                                 "re",
                                 "\xf0\x9f\x99\x82"};
    rng r = rng_at(1, 0);
    for (int k = 0; k < 20000; k++) {
        char text[128] = "";
        while (strlen(text) < 40)
            strcat(text, parts[rng_below(&r, 12)]);
        long n = (long)strlen(text);
        const unsigned char *s = (const unsigned char *)text;
        for (long seen = 1; seen <= n; seen++)
            for (long at = 0, end; at < seen; at = end) {
                end = pieces_end(s, seen, at);
                if (end + PIECES_AHEAD > seen)
                    break;
                ck_assert_int_eq(end, pieces_end(s, n, at));
            }
        if (k > 300)
            break;
    }
}
END_TEST

START_TEST(characters_are_those_of_utf8)
{
    int character;
    // every character there is, by its own formula
    for (int c = 0; c < 0x110000; c++) {
        unsigned char s[4];
        int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (int i = n - 1, rest = c; i >= 0; i--, rest >>= 6)
            s[i] = (unsigned char)(i        ? 0x80 | (rest & 0x3f)
                                   : n == 1 ? rest
                                            : (0xf00 >> n & 0xff) | rest);
        bool surrogate = c >= 0xd800 && c < 0xe000;
        ck_assert_int_eq(unicode_read(s, n, &character), surrogate ? -1 : n);
        if (!surrogate)
            ck_assert_int_eq(character, c);
        for (int part = 1; part < n && !surrogate; part++)
            ck_assert_int_eq(unicode_read(s, part, &character), 0);
    }
    const struct {
        const char *bytes;
        int n, answer;
    } broken[] = {{"\x80", 1, -1},
                  {"\xc1\x80", 2, -1},
                  {"\xe0\x80\x80", 3, -1},
                  {"\xe4\xbd"
                   "a",
                   3, -2},
                  {"\xf4\x90\x80\x80", 4, -1},
                  {"\xf0\x9f\x99"
                   "a",
                   4, -3},
                  {"\xff", 1, -1},
                  {"\xe4\xff", 2, -1},
                  {"\xf5\x80\x80\x80", 4, -1}};
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(
            unicode_read((const unsigned char *)broken[i].bytes, broken[i].n, &character),
            broken[i].answer);
    int count[4] = {0};
    for (int c = 0; c < 0x110000; c++)
        count[unicode_class_of(c)]++;
    // as tiktoken 0.14 counts them
    ck_assert_int_eq(count[UNICODE_LETTER], 141028);
    ck_assert_int_eq(count[UNICODE_NUMBER], 1911);
    ck_assert_int_eq(count[UNICODE_SPACE], 25);
}
END_TEST

// ---- Pairs and training ----

static void
add_word(bpe_words *w, const char *text, long f)
{
    int symbol[ROOM], n = (int)strlen(text);
    for (int i = 0; i < n; i++)
        symbol[i] = bpe_symbol((unsigned char)text[i]);
    bpe_words_add(w, n, symbol, f);
}

static bpe_pair
pair_of(int left, int right)
{
    return (bpe_pair){bpe_symbol(left), bpe_symbol(right)};
}

static long
count_of(const bpe_pairs *p, int left, int right)
{
    long e = bpe_pairs_find(p, pair_of(left, right));
    return e < 0 ? 0 : p->entry[e].n;
}

START_TEST(pairs_are_counted_at_every_place)
{
    bpe_words w = {0};
    add_word(&w, "aaaa", 5);
    add_word(&w, "banana", 3);
    add_word(&w, "b", 7);
    bpe_pairs p = bpe_count_pairs(&w);
    ck_assert_int_eq(count_of(&p, 'a', 'a'), 15);
    ck_assert_int_eq(count_of(&p, 'a', 'n'), 6);
    ck_assert_int_eq(count_of(&p, 'n', 'a'), 6);
    ck_assert_int_eq(count_of(&p, 'b', 'a'), 3);
    ck_assert_int_eq(count_of(&p, 'a', 'b'), 0);
    ck_assert_int_eq(p.n, 4);
    bpe_pairs_free(&p);
    bpe_words_free(&w);
}
END_TEST

START_TEST(words_are_pieces_with_their_numbers)
{
    const char text[] = "a b a b  b";
    bpe_counter c = bpe_counter_new();
    ck_assert_int_eq(bpe_count(&c, text, sizeof text - 1, false), 10);
    long f[] = {1, 3, 1, 1}; // a, " b", " a", " "
    ck_assert_int_eq(c.words.n, 4);
    for (int k = 0; k < 4; k++)
        ck_assert_int_eq(c.words.f[k], f[k]);
    bpe_counter_free(&c);
    // in parts of any size, the same
    words_language l = words_new(3);
    char all[3000];
    rng r = rng_at(4, 0);
    words_sample(&l, &r, sizeof all, all);
    bpe_counter whole = bpe_counter_new();
    bpe_count(&whole, all, sizeof all, false);
    for (long block = 40; block < 400; block += 37) {
        bpe_counter parts = bpe_counter_new();
        for (long at = 0, end = 0; at < (long)sizeof all;) {
            end = end + block < (long)sizeof all ? end + block : (long)sizeof all;
            at += bpe_count(&parts, all + at, end - at, end < (long)sizeof all);
        }
        ck_assert_int_eq(parts.words.n, whole.words.n);
        ck_assert_mem_eq(parts.words.f, whole.words.f, whole.words.n * sizeof(long));
        ck_assert_mem_eq(parts.words.symbol, whole.words.symbol, whole.words.used * sizeof(int));
        bpe_counter_free(&parts);
    }
    bpe_counter_free(&whole);
}
END_TEST

START_TEST(merging_goes_from_left_to_right)
{
    int run[] = {1, 1, 1, 1, 1}, mixed[] = {3, 1, 2, 1, 2, 2, 1}, none[] = {2, 1};
    ck_assert_int_eq(bpe_merge(5, run, (bpe_pair){1, 1}, 9), 3);
    ck_assert_mem_eq(run, ((int[]){9, 9, 1}), 3 * sizeof(int));
    ck_assert_int_eq(bpe_merge(7, mixed, (bpe_pair){1, 2}, 9), 5);
    ck_assert_mem_eq(mixed, ((int[]){3, 9, 9, 2, 1}), 5 * sizeof(int));
    ck_assert_int_eq(bpe_merge(2, none, (bpe_pair){1, 2}, 9), 2);
    ck_assert_int_eq(bpe_merge(0, none, (bpe_pair){1, 2}, 9), 0);
}
END_TEST

static void
check_step(const bpe_step *s, bpe_pair pair, long n)
{
    ck_assert_int_eq(s->pair.left, pair.left);
    ck_assert_int_eq(s->pair.right, pair.right);
    ck_assert_int_eq(s->n, n);
}

START_TEST(training_by_hand)
{
    bpe_words w = {0};
    bpe_step step[20];
    add_word(&w, "low", 5);
    add_word(&w, "lower", 2);
    add_word(&w, "newest", 6);
    add_word(&w, "widest", 3);
    ck_assert_int_eq(bpe_train(&w, 6, step), 6);
    check_step(&step[0], pair_of('e', 's'), 9);
    check_step(&step[1], (bpe_pair){256, bpe_symbol('t')}, 9);
    check_step(&step[2], pair_of('l', 'o'), 7);
    check_step(&step[3], (bpe_pair){258, bpe_symbol('w')}, 7);
    check_step(&step[4], pair_of('e', 'w'), 6);
    check_step(&step[5], (bpe_pair){bpe_symbol('n'), 260}, 6);
    ck_assert_int_eq(w.length[0], 1);
    ck_assert_int_eq(w.length[1], 3);
    ck_assert_int_eq(w.length[2], 2);
    ck_assert_int_eq(w.length[3], 4);
    // the heap: all eleven pairs once, and st is out of date when es is gone
    ck_assert_int_eq(step[0].pops, 1);
    ck_assert_int_eq(step[0].stale, 0);
    ck_assert_int_eq(step[0].visits, 2);
    ck_assert_int_eq(step[1].stale + 1, step[1].pops);
    bpe_words_free(&w);
}
END_TEST

START_TEST(training_ends_when_every_word_is_one_symbol)
{
    bpe_words w = {0}, v;
    bpe_step step[20], plain[20];
    add_word(&w, "abab", 2);
    add_word(&w, "b", 1);
    v = bpe_words_copy(&w);
    ck_assert_int_eq(bpe_train(&w, 20, step), 2);
    ck_assert_int_eq(bpe_train_plainly(&v, 20, BPE_SMALLER, plain), 2);
    ck_assert_int_eq(w.length[0], 1);
    ck_assert_int_eq(v.length[0], 1);
    bpe_words none = {0};
    ck_assert_int_eq(bpe_train(&none, 20, step), 0);
    bpe_words_free(&w);
    bpe_words_free(&v);
}
END_TEST

START_TEST(ties_go_by_the_rule)
{
    // all four pairs come twice: ba, zy, ab and, by value first, " x"
    const bpe_pair expected[] = {pair_of('a', 'b'), pair_of(' ', 'x'), pair_of('z', 'y'),
                                 pair_of(' ', 'x')};
    for (int rule = 0; rule < 4; rule++) {
        bpe_words w = {0};
        bpe_step step;
        add_word(&w, "zy", 2);
        add_word(&w, "ba", 2);
        add_word(&w, " x", 2);
        add_word(&w, "ab", 2);
        if (rule == 0) {
            bpe_words v = bpe_words_copy(&w);
            ck_assert_int_eq(bpe_train(&v, 1, &step), 1);
            check_step(&step, expected[0], 2);
            bpe_words_free(&v);
        }
        ck_assert_int_eq(bpe_train_plainly(&w, 1, (bpe_ties)rule, &step), 1);
        check_step(&step, expected[rule], 2);
        bpe_words_free(&w);
    }
    // the left symbol first
    bpe_words w = {0};
    bpe_step step;
    add_word(&w, "az", 1);
    add_word(&w, "ba", 1);
    ck_assert_int_eq(bpe_train(&w, 1, &step), 1);
    check_step(&step, pair_of('a', 'z'), 1);
    bpe_words_free(&w);
    // by bytes what is a beginning comes first: after ab, of (ab)z and ay the latter
    bpe_words v = {0};
    bpe_step two[2];
    add_word(&v, "abz", 2);
    add_word(&v, "ay", 2);
    add_word(&v, "ab", 2);
    ck_assert_int_eq(bpe_train_plainly(&v, 2, BPE_BYTES, two), 2);
    check_step(&two[0], pair_of('a', 'b'), 4);
    check_step(&two[1], pair_of('a', 'y'), 2);
    bpe_words_free(&v);
}
END_TEST

// Words of few letters, so that runs and ties are everywhere.
static bpe_words
random_words(rng *r, int letters, int n, int longest)
{
    bpe_words w = {0};
    for (int k = 0; k < n; k++) {
        char text[ROOM] = "";
        int length = 1 + (int)rng_below(r, longest);
        for (int i = 0; i < length; i++)
            text[i] = (char)('a' + rng_below(r, letters));
        add_word(&w, text, 1 + rng_below(r, 5));
    }
    return w;
}

START_TEST(the_heap_gives_what_counting_again_gives)
{
    rng r = rng_at(2, 0);
    for (int k = 0; k < 300; k++) {
        bpe_words w = random_words(&r, 2 + k % 4, 1 + (int)rng_below(&r, 30), 3 + k % 20),
                  v = bpe_words_copy(&w);
        bpe_step step[200], plain[200];
        int n = bpe_train(&w, 200, step);
        ck_assert_int_eq(n, bpe_train_plainly(&v, 200, BPE_SMALLER, plain));
        for (int i = 0; i < n; i++)
            check_step(&step[i], plain[i].pair, plain[i].n);
        ck_assert_mem_eq(w.length, v.length, w.n * sizeof(int));
        bpe_words_free(&w);
        bpe_words_free(&v);
    }
}
END_TEST

START_TEST(counts_only_fall_after_a_pair_is_born)
{
    // lemma 1, on all pairs of all steps
    rng r = rng_at(3, 0);
    for (int k = 0; k < 40; k++) {
        bpe_words w = random_words(&r, 2 + k % 3, 20, 12);
        bpe_pairs before = bpe_count_pairs(&w);
        for (int merge = 0; merge < 30; merge++) {
            bpe_step step;
            bpe_words now = bpe_words_copy(&w);
            if (!bpe_train(&now, 1, &step)) {
                bpe_words_free(&now);
                break;
            }
            bpe_words_free(&now);
            for (long word = 0; word < w.n; word++)
                w.length[word] =
                    bpe_merge(w.length[word], w.symbol + w.at[word], step.pair, 256 + merge);
            bpe_pairs after = bpe_count_pairs(&w);
            for (long e = 0; e < after.n; e++) {
                bpe_pair p = after.entry[e].pair;
                long old = bpe_pairs_find(&before, p);
                ck_assert(p.left == 256 + merge || p.right == 256 + merge ||
                          (old >= 0 && after.entry[e].n <= before.entry[old].n));
            }
            bpe_pairs_free(&before);
            before = after;
        }
        bpe_pairs_free(&before);
        bpe_words_free(&w);
    }
}
END_TEST

// ---- Vocabularies and encoding ----

static bpe_merges
random_merges(rng *r, int letters, int most)
{
    bpe_words w = random_words(r, letters, 12, 10);
    bpe_step step[64];
    bpe_merges m = bpe_merges_new(bpe_train(&w, most, step), step);
    bpe_words_free(&w);
    return m;
}

START_TEST(encoding_by_hand)
{
    // er, he, " t", the, " the"; the word " there" has he and er: er is earlier
    bpe_pair pair[] = {pair_of('e', 'r'),
                       pair_of('h', 'e'),
                       pair_of(' ', 't'),
                       {bpe_symbol('t'), 257},
                       {bpe_symbol('r'), bpe_symbol('e')}};
    bpe_merges m = {5, pair};
    const char text[] = " there";
    int s[6], rank[6];
    for (int i = 0; i < 6; i++)
        s[i] = bpe_symbol(text[i]);
    // " t h e r e": er first, then " t"; he is gone
    ck_assert_int_eq(bpe_encode(&m, 6, s, rank), 4);
    ck_assert_mem_eq(s, ((int[]){258, bpe_symbol('h'), 256, bpe_symbol('e')}), 4 * sizeof(int));
    ck_assert_mem_eq(rank, ((int[]){0, 2}), 2 * sizeof(int));
    tokens t = bpe_vocabulary(&m, "test");
    ck_assert_int_eq(t.n, 261);
    ck_assert_int_eq(tokens_find(&t, (const unsigned char *)"the", 3), 259);
    ck_assert_int_eq(tokens_find(&t, (const unsigned char *)"her", 3), -1);
    tokens_free(&t);
}
END_TEST

START_TEST(both_rules_give_the_same)
{
    // every string up to a length, under trained vocabularies
    rng r = rng_at(5, 0);
    for (int v = 0; v < 120; v++) {
        int letters = 2 + v % 2, most = letters == 2 ? 9 : 6;
        bpe_merges m = random_merges(&r, letters, 9);
        tokens t = bpe_vocabulary(&m, "test");
        for (int n = 1, all = letters; n <= most; n++, all *= letters)
            for (int code = 0; code < all; code++) {
                unsigned char s[16];
                int child[16], parent[16];
                for (int i = 0, rest = code; i < n; i++, rest /= letters) {
                    s[i] = (unsigned char)('a' + rest % letters);
                    child[i] = bpe_symbol(s[i]);
                }
                int a = bpe_encode(&m, n, child, NULL),
                    b = (int)tokens_encode_piece(&t, t.n, s, n, parent);
                ck_assert_int_eq(a, b);
                ck_assert_mem_eq(child, parent, a * sizeof(int));
            }
        tokens_free(&t);
        bpe_merges_free(&m);
    }
}
END_TEST

START_TEST(rules_differ_for_a_list_that_was_edited)
{
    bpe_pair pair[] = {pair_of('b', 'c'), pair_of('a', 'b'), {257, bpe_symbol('c')}};
    bpe_merges m = {3, pair};
    tokens t = bpe_vocabulary(&m, "test");
    int child[] = {bpe_symbol('a'), bpe_symbol('b'), bpe_symbol('c')}, parent[3];
    ck_assert_int_eq(bpe_encode(&m, 3, child, NULL), 2);
    ck_assert_int_eq(child[1], 256);
    ck_assert_int_eq(tokens_encode_piece(&t, t.n, (const unsigned char *)"abc", 3, parent), 1);
    ck_assert_int_eq(parent[0], 258);
    tokens_free(&t);
}
END_TEST

START_TEST(every_token_encodes_to_itself_and_comes_back_from_its_bytes)
{
    rng r = rng_at(6, 0);
    for (int v = 0; v < 100; v++) {
        bpe_merges m = random_merges(&r, 2 + v % 4, 40), found;
        tokens t = bpe_vocabulary(&m, "test");
        for (int id = 0; id < t.n; id++) {
            int ids[ROOM];
            ck_assert_int_eq(
                tokens_encode_piece(&t, t.n, t.bytes + t.at[id], t.at[id + 1] - t.at[id], ids), 1);
            ck_assert_int_eq(ids[0], id);
        }
        ck_assert_int_eq(bpe_recover(&t, &found), -1);
        ck_assert_mem_eq(found.pair, m.pair, m.n * sizeof *m.pair);
        tokens_free(&t);
        bpe_merges_free(&m);
        bpe_merges_free(&found);
    }
    // abc before its parts: three tokens before it
    const char *bytes = "abcbc";
    long at[259] = {0};
    unsigned char all[256 + 5];
    for (int id = 0; id < 256; id++) {
        all[id] = (unsigned char)bpe_byte(id);
        at[id + 1] = id + 1;
    }
    memcpy(all + 256, bytes, 5);
    at[257] = 259;
    at[258] = 261;
    tokens t = tokens_new(258, at, all, "test");
    bpe_merges m;
    ck_assert_int_eq(bpe_recover(&t, &m), 256);
    bpe_merges_free(&m);
    tokens_free(&t);
}
END_TEST

// ---- Streams, special tokens, splits ----

// All parts of the text, given byte by byte in every way of cutting it in two, and whole, give `expected`.
static void
check_stream(const char *text, const char *expected)
{
    long n = (long)strlen(text);
    for (long cut = 0; cut <= n; cut++) {
        bpe_stream s = {0};
        char out[256];
        const unsigned char *bytes = (const unsigned char *)text;
        long size = bpe_stream_push(&s, bytes, cut, false, out);
        ck_assert_int_lt(s.n, 4);
        size += bpe_stream_push(&s, bytes + cut, n - cut, false, out + size);
        size += bpe_stream_push(&s, bytes, 0, true, out + size);
        ck_assert_int_eq(size, strlen(expected));
        ck_assert_mem_eq(out, expected, size);
        ck_assert_int_eq(s.n, 0);
    }
    bpe_stream s = {0};
    char out[256];
    long size = 0;
    for (long at = 0; at < n; at++)
        size += bpe_stream_push(&s, (const unsigned char *)text + at, 1, at + 1 == n, out + size);
    ck_assert_int_eq(size, strlen(expected));
    ck_assert_mem_eq(out, expected, size);
}

START_TEST(streams_show_whole_characters)
{
#define X "\xef\xbf\xbd"
    check_stream("abc", "abc");
    check_stream("\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x99\x82",
                 "\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x99\x82");
    check_stream("a\xe4\xbd", "a" X); // unfinished
    check_stream("\xf0\x9f\x99", X);  // unfinished
    check_stream("\xe4\xbd"
                 "a",
                 X "a"); // one for the part that began a character
    check_stream("\x80\xbf"
                 "a",
                 X X "a");               // one for each byte that begins none
    check_stream("\xed\xa0\x80", X X X); // a surrogate
    check_stream("\xc0\xaf", X X);       // a detour
    check_stream("\xf0\x9f\xe4\xbd\xa0", X "\xe4\xbd\xa0");
    check_stream("\xff", X);
    bpe_stream s = {0};
    char out[16];
    ck_assert_int_eq(bpe_stream_push(&s, (const unsigned char *)"\xe4\xbd", 2, false, out), 0);
    ck_assert_int_eq(s.n, 2);
    ck_assert_int_eq(bpe_stream_push(&s, (const unsigned char *)"\xa0", 1, false, out), 3);
    ck_assert_int_eq(s.n, 0);
}
END_TEST

START_TEST(special_tokens_are_those_that_are_allowed)
{
    const char *const name[] = {"<|end|>", "<|end|><|end|>", "<s>"};
    const bool all[] = {true, true, true}, one[] = {false, false, true},
               none[] = {false, false, false};
    bpe_merges m = {0};
    tokens t = bpe_vocabulary(&m, "test");
    int ids[64], which;
    const char text[] = "a<|end|><|end|><|end|><s>b";
    long n = sizeof text - 1;
    ck_assert_int_eq(bpe_special(text, n, 3, name, all, &which), 1);
    ck_assert_int_eq(which, 1);
    ck_assert_int_eq(bpe_special(text, n, 3, name, one, &which), 22);
    ck_assert_int_eq(which, 2);
    ck_assert_int_eq(bpe_special(text, n, 3, name, none, &which), -1);
    ck_assert_int_eq(bpe_encode_special(&t, text, n, 3, name, all, ids), 5);
    ck_assert_mem_eq(ids, ((int[]){bpe_symbol('a'), 257, 256, 258, bpe_symbol('b')}),
                     5 * sizeof(int));
    ck_assert_int_eq(bpe_encode_special(&t, text, n, 3, name, one, ids), 24);
    ck_assert_int_eq(ids[22], 258);
    // typed by a user it is 13 bytes
    const char *const end[] = {"<|endoftext|>"};
    ck_assert_int_eq(bpe_encode_special(&t, end[0], 13, 1, end, none, ids), 13);
    for (int i = 0; i < 13; i++)
        ck_assert_int_eq(ids[i], bpe_symbol(end[0][i]));
    ck_assert_int_eq(bpe_encode_special(&t, end[0], 13, 1, end, all, ids), 1);
    ck_assert_int_eq(bpe_encode_special(&t, end[0], 12, 1, end, all, ids), 12);
    ck_assert_int_eq(bpe_encode_special(&t, "", 0, 1, end, all, ids), 0);
    // the longest, wherever it stands in the list
    const char *const longest_first[] = {"<s>>", "<s>"};
    ck_assert_int_eq(bpe_encode_special(&t, "<s>>", 4, 2, longest_first, all, ids), 1);
    ck_assert_int_eq(ids[0], 256);
    tokens_free(&t);
}
END_TEST

// The fewest tokens by trying every way to cut.
static int
try_all(const tokens *t, const unsigned char *s, int n)
{
    int best = n;
    for (int cuts = 0; cuts < 1 << (n - 1); cuts++) {
        int parts = 0, from = 0;
        bool fits = true;
        for (int k = 1; k <= n; k++)
            if (k == n || cuts >> (k - 1) & 1) {
                fits = fits && tokens_find(t, s + from, k - from) >= 0;
                from = k;
                parts++;
            }
        best = fits && parts < best ? parts : best;
    }
    return best;
}

START_TEST(fewest_is_fewest)
{
    rng r = rng_at(7, 0);
    for (int v = 0; v < 60; v++) {
        bpe_merges m = random_merges(&r, 2 + v % 2, 12);
        tokens t = bpe_vocabulary(&m, "test");
        for (int k = 0; k < 40; k++) {
            int n = 1 + (int)rng_below(&r, 11), best[16], ids[16];
            unsigned char s[16];
            for (int i = 0; i < n; i++)
                s[i] = (unsigned char)('a' + rng_below(&r, 2 + v % 2));
            int fewest = bpe_fewest(&t, s, n, best, ids);
            ck_assert_int_eq(fewest, try_all(&t, s, n));
            ck_assert_int_eq(best[0], 0);
            for (int j = 1; j <= n; j++)
                ck_assert_int_eq(best[j], try_all(&t, s, j));
            unsigned char back[16];
            ck_assert_int_eq(tokens_decode(&t, fewest, ids, back), n);
            ck_assert_mem_eq(back, s, n);
            int (*const other[])(const tokens *, const unsigned char *, int,
                                 int *) = {bpe_longest, bpe_leftmost};
            for (int o = 0; o < 2; o++) {
                int parts = other[o](&t, s, n, ids);
                ck_assert_int_ge(parts, fewest);
                ck_assert_int_eq(tokens_decode(&t, parts, ids, back), n);
                ck_assert_mem_eq(back, s, n);
            }
        }
        tokens_free(&t);
        bpe_merges_free(&m);
    }
}
END_TEST

START_TEST(other_splits_by_hand)
{
    bpe_pair pair[] = {pair_of('b', 'c'),      pair_of('a', 'b'), {bpe_symbol('a'), 256},
                       {258, bpe_symbol('d')}, pair_of('c', 'd'), {257, 260}};
    bpe_merges m = {6, pair}; // bc, ab, abc, abcd from abc, cd
    m.n = 5;
    tokens t = bpe_vocabulary(&m, "test");
    int ids[8];
    const unsigned char *s = (const unsigned char *)"abcd";
    ck_assert_int_eq(bpe_longest(&t, s, 4, ids), 1);
    ck_assert_int_eq(bpe_longest(&t, (const unsigned char *)"abcab", 5, ids), 2);
    ck_assert_int_eq(ids[0], 258);
    ck_assert_int_eq(ids[1], 257);
    // leftmost: ab, then ab c, then abc d
    ck_assert_int_eq(bpe_leftmost(&t, s, 4, ids), 1);
    // x b c d: bc; then b c is one and "bc d" is none: x | bc | d
    ck_assert_int_eq(bpe_leftmost(&t, (const unsigned char *)"xbcd", 4, ids), 3);
    ck_assert_int_eq(ids[1], 256);
    tokens_free(&t);
    // after a merge the pair on its left is another one: a | bc | d becomes bcd, then a bcd
    bpe_pair back[] = {pair_of('c', 'd'), {bpe_symbol('b'), 256}, {bpe_symbol('a'), 257}};
    bpe_merges n = {3, back};
    t = bpe_vocabulary(&n, "test");
    ck_assert_int_eq(bpe_leftmost(&t, s, 4, ids), 1);
    ck_assert_int_eq(ids[0], 258);
    tokens_free(&t);
    // tokens of 2, 4, 8 and 16 bytes
    bpe_pair twice[] = {pair_of('a', 'a'), {256, 256}, {257, 257}, {258, 258}};
    bpe_merges runs = {4, twice};
    t = bpe_vocabulary(&runs, "test");
    ck_assert_int_eq(bpe_longest(&t, (const unsigned char *)"aaaaaaaaaaaaaaaaa", 17, ids), 2);
    ck_assert_int_eq(ids[0], 259);
    tokens_free(&t);
}
END_TEST

START_TEST(bits_per_byte_by_hand)
{
    // 2 ln 2 nats a token are 2 bits; 3 tokens are 6 bits, over 4 bytes
    test_near(bpe_bits_per_byte(2 * 0.69314718055994531, 3, 4), 1.5, 1e-15, "bits", 0);
    test_near(bpe_bits_per_byte(1, 10, 18), 0.80149724493831300, 1e-15, "bits", 1);
}
END_TEST

// ---- Files ----

START_TEST(merges_come_back_from_their_file)
{
    test_folder();
    rng r = rng_at(8, 0);
    bpe_words w = {0};
    for (int k = 0; k < 40; k++) {
        int symbol[12];
        for (int i = 0; i < 12; i++)
            symbol[i] = (int)rng_below(&r, 256); // every byte
        bpe_words_add(&w, 12, symbol, 1 + rng_below(&r, 9));
    }
    bpe_step step[200];
    bpe_merges m = bpe_merges_new(bpe_train(&w, 200, step), step);
    bpe_merges_write("m.txt", &m);
    size_t size;
    char *bytes = file_read("m.txt", &size);
    bpe_merges back = bpe_merges_parse(bytes, size, "m.txt");
    ck_assert_int_eq(back.n, 200);
    ck_assert_mem_eq(back.pair, m.pair, 200 * sizeof *m.pair);
    free(bytes);
    test_no_parts();
    bpe_merges_free(&back);
    bpe_merges_free(&m);
    bpe_words_free(&w);
    // as Hugging Face writes it: a space is U+0120, a newline U+010A
    bpe_merges few = {2, (bpe_pair[]){pair_of(' ', 'a'), {256, bpe_symbol('\n')}}};
    bpe_merges_write("few.txt", &few);
    test_holds("few.txt", "#version: 0.2\n\xc4\xa0 a\n\xc4\xa0"
                          "a \xc4\x8a\n");
}
END_TEST

#define PARSE(text) bpe_merges_parse(text, sizeof(text) - 1, "m.txt")

START_TEST(files_of_merges_that_are_none_are_refused)
{
    REFUSED(PARSE("a b\nab\n"),
            "m.txt:2: expected two parts with a space between, their bytes as GPT-2's characters");
    REFUSED(PARSE("a b\nab  c\n"),
            "m.txt:2: expected two parts with a space between, their bytes as GPT-2's characters");
    REFUSED(PARSE("a \xe4\xbd\xa0\n"),
            "m.txt:1: expected two parts with a space between, their bytes as GPT-2's characters");
    REFUSED(PARSE("#version: 0.2\nab c\n"),
            "m.txt:2: the left part is no byte, and no line above makes it");
    REFUSED(PARSE("a b\nc abc\n"),
            "m.txt:2: the right part is no byte, and no line above makes it");
    REFUSED(PARSE("a bc\nb c\n"), "m.txt:1: the right part is no byte, and no line above makes it");
    REFUSED(PARSE("a b\nb c\nab c\na bc\n"), "m.txt: tokens 258 and 259 have the same bytes");
    REFUSED(PARSE("a b\n#version: 0.2\n"), // a comment is the first line only
            "m.txt:2: the left part is no byte, and no line above makes it");
    bpe_merges m = PARSE("a b\r\n\r\nab c");
    ck_assert_int_eq(m.n, 2);
    ck_assert_int_eq(m.pair[1].left, 256);
    bpe_merges_free(&m);
    m = PARSE("# a\n"); // no comment, but a merge of # and a
    ck_assert_int_eq(m.n, 1);
    bpe_merges_free(&m);
    m = PARSE("");
    ck_assert_int_eq(m.n, 0);
    bpe_merges_free(&m);
}
END_TEST

// Runs the tool with stdout to a file.
static void
run_tool(bpe_tool_options o, const char *to)
{
    ck_assert_ptr_nonnull(freopen(to, "wb", stdout));
    bpe_tool(&o);
    fflush(stdout);
}

START_TEST(the_tool_gives_back_what_it_was_given)
{
    test_folder();
    // 300 kB: more than what is read at once of any piece, of all bytes, with text between
    enum { SIZE = 3000000 };
    char *text = calloc(SIZE, 1);
    rng r = rng_at(9, 0);
    words_language l = words_new(9);
    words_sample(&l, &r, SIZE, text);
    for (int i = 0; i < SIZE / 10; i++)
        text[SIZE / 2 + i] = (char)rng_below(&r, 256);
    memset(text + SIZE / 5, 'a', 5000);
    test_write("text", text, SIZE);
    run_tool((bpe_tool_options){.train = "text", .vocabulary = "700", .save = "t"}, "said");
    run_tool((bpe_tool_options){.tokens = "t", .encode = "text"}, "ids");
    run_tool((bpe_tool_options){.tokens = "t", .decode = "ids"}, "back");
    size_t size;
    char *back = file_read("back", &size);
    ck_assert_uint_eq(size, SIZE);
    ck_assert_mem_eq(back, text, SIZE);
    // the other form, and from it this one again
    run_tool((bpe_tool_options){.tokens = "t", .save = "m.txt"}, "said");
    run_tool((bpe_tool_options){.tokens = "m.txt", .save = "t2"}, "said");
    ck_assert_int_eq(system("cmp t t2"), 0);
    run_tool((bpe_tool_options){.tokens = "m.txt", .encode = "text"}, "ids2");
    ck_assert_int_eq(system("cmp ids ids2"), 0);
    // with a special token, wherever blocks end
    memcpy(text + (1 << 20) - 2, "<e>", 3);
    test_write("text", text, SIZE);
    run_tool((bpe_tool_options){.tokens = "t", .encode = "text", .special = "<e>"}, "ids2");
    run_tool((bpe_tool_options){.tokens = "t", .decode = "ids2", .special = "<e>"}, "back");
    ck_assert_int_eq(system("cmp back text && grep -qx 700 ids2"), 0);
    run_tool((bpe_tool_options){.tokens = "t", .encode = "text"}, "ids");
    // in blocks or whole, the same
    tokens t = tokens_read("t");
    int *ids = calloc(SIZE, sizeof *ids);
    long n = tokens_encode(&t, text, SIZE, ids);
    FILE *f = fopen("whole", "w");
    for (long i = 0; i < n; i++)
        fprintf(f, "%d\n", ids[i]);
    fclose(f);
    ck_assert_int_eq(system("cmp ids whole"), 0);
    // a piece that does not end where a block does
    enum { LONG = (1 << 20) + 100 };
    memset(text, 'a', LONG);
    test_write("long", text, LONG);
    run_tool((bpe_tool_options){.train = "long", .vocabulary = "256", .save = "t"}, "said");
    test_holds("said", "long: 1048676 bytes, 1 pieces, 1 different; t: 256 tokens\n");
    tokens_free(&t);
    free(ids);
    free(back);
    free(text);
}
END_TEST

START_TEST(a_study_has_the_vocabulary_that_it_asks_for)
{
    bpe_text text = {16, (char[]){"abcd abcd abcd x"}};
    bpe_trained t = bpe_trained_on(&text, 300);
    ck_assert_int_eq(t.n, 5); // to abcd, and with the space
    ck_assert_int_eq((int)t.words, 3);
    ck_assert_int_eq((int)t.pieces, 4);
    tokens two = bpe_trained_tokens(&t, 258), all = bpe_trained_tokens(&t, 300);
    ck_assert_int_eq(two.n, 258);
    ck_assert_int_eq(all.n, 256 + t.n);
    ck_assert_int_eq((int)bpe_text_tokens(&all, &text), 4);
    tokens_free(&two);
    tokens_free(&all);
    free(t.step);
}
END_TEST

START_TEST(the_tool_shows_and_refuses)
{
    test_folder();
    test_write("text", "a\tbb\x1b \xe4\xbd\xa0\n", 10);
    test_write("m.txt", "b b\n", 4);
    run_tool((bpe_tool_options){.tokens = "m.txt", .show = "text"}, "said");
    test_holds("said", "a|\\t|bb|\\x1b| |\\xe4|\\xbd|\\xa0|\\n\n\n10 bytes, 9 tokens: 1.111 bytes "
                       "a token; pieces with Chinese: "
                       "4.00 tokens a character\n");
    test_write("s", "x<e>y", 5);
    run_tool((bpe_tool_options){.tokens = "m.txt", .encode = "s", .special = "<e>"}, "ids");
    test_holds("ids", "87\n257\n88\n");
    run_tool((bpe_tool_options){.tokens = "m.txt", .decode = "ids", .special = "<e>"}, "back");
    test_holds("back", "x<e>y");
    REFUSED(bpe_tool(&(bpe_tool_options){.tokens = "m.txt", .decode = "ids"}),
            "ids:2: 257 is no token of m.txt, which has 257");
    test_write("bad", "1 2\n3x\n", 7);
    REFUSED(bpe_tool(&(bpe_tool_options){.tokens = "m.txt", .decode = "bad"}),
            "bad:2: expected numbers of tokens with blanks between");
    test_write("bad", "4294967297\n", 11);
    REFUSED(bpe_tool(&(bpe_tool_options){.tokens = "m.txt", .decode = "bad"}),
            "bad:1: expected numbers of tokens with blanks between");
    REFUSED(bpe_tool(&(bpe_tool_options){.tokens = "m.txt", .decode = "nowhere"}),
            "nowhere: cannot be opened: No such file or directory");
    REFUSED(bpe_tool(&(bpe_tool_options){.tokens = "m.txt"}),
            "one of --train, --encode, --decode, --show is expected, or --tokens with --save; 0 "
            "are given");
    REFUSED(bpe_tool(&(bpe_tool_options){.train = "text"}),
            "--train text: --save FILE is expected, for what it learns");
    REFUSED(bpe_tool(&(bpe_tool_options){.encode = "text"}),
            "--tokens FILE is expected: a rank file, or merges in a file that ends in .txt");
    REFUSED(bpe_tool(&(bpe_tool_options){.train = "text", .save = "t", .vocabulary = "255"}),
            "--vocabulary 255: expected a whole number from 256 to 4194304");
    REFUSED(bpe_tool(&(bpe_tool_options){.train = "text", .save = "t", .vocabulary = "300x"}),
            "--vocabulary 300x: expected a whole number from 256 to 4194304");
    REFUSED(bpe_tool(&(bpe_tool_options){.train = "text", .save = "t", .special = "<e>"}),
            "--special is the text of a special token, for --encode and --decode");
    REFUSED(bpe_tool(&(bpe_tool_options){.tokens = "m.txt", .encode = "text", .vocabulary = "300"}),
            "--vocabulary is for --train");
    REFUSED(bpe_tool(&(bpe_tool_options){.tokens = "m.txt", .save = "/dev/null"}),
            "--save /dev/null: is no ordinary file; expected the name of one, or a free one");
    // abc is a token that two others do not make: shown as it is encoded, whole
    long at[258];
    unsigned char all[256 + 3];
    for (int id = 0; id < 256; id++) {
        at[id] = id;
        all[id] = (unsigned char)bpe_byte(id);
    }
    at[256] = 256;
    at[257] = 259;
    memcpy(all + 256, "abc", 3);
    tokens t = tokens_new(257, at, all, "test");
    tokens_write("ranks", &t);
    tokens_free(&t);
    ck_assert_int_eq(system("sed 's/ 256$/ 300/' ranks >gap"), 0);
    test_write("bad", "300 260\n", 8);
    REFUSED(bpe_tool(&(bpe_tool_options){.tokens = "gap", .decode = "bad"}),
            "bad:1: 260 is no token of gap, which has 301");
    test_write("abc", "abc", 3);
    run_tool((bpe_tool_options){.tokens = "ranks", .encode = "abc"}, "ids");
    test_holds("ids", "256\n");
    run_tool((bpe_tool_options){.tokens = "ranks", .show = "abc"}, "said");
    test_holds("said", "abc\n3 bytes, 1 tokens: 3.000 bytes a token\n");
}
END_TEST

TEST_MAIN("bpe", bytes_have_the_order_of_gpt2, pieces_are_those_of_the_rule,
          a_piece_is_sure_once_enough_is_seen, characters_are_those_of_utf8,
          pairs_are_counted_at_every_place, words_are_pieces_with_their_numbers,
          merging_goes_from_left_to_right, training_by_hand,
          training_ends_when_every_word_is_one_symbol, ties_go_by_the_rule,
          the_heap_gives_what_counting_again_gives, counts_only_fall_after_a_pair_is_born,
          encoding_by_hand, both_rules_give_the_same, rules_differ_for_a_list_that_was_edited,
          every_token_encodes_to_itself_and_comes_back_from_its_bytes,
          streams_show_whole_characters, special_tokens_are_those_that_are_allowed,
          fewest_is_fewest, other_splits_by_hand, bits_per_byte_by_hand,
          merges_come_back_from_their_file, files_of_merges_that_are_none_are_refused,
          the_tool_gives_back_what_it_was_given, a_study_has_the_vocabulary_that_it_asks_for,
          the_tool_shows_and_refuses)
