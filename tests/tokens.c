// Vocabularies of tokens: their files, long pieces against the rule as it is said, texts in parts, and any bytes back.
#include "test.h"

#include "data/pieces.h"
#include "data/tokens.h"
#include "data/words.h"
#include "files/file.h"
#include "numbers/random.h"

// The 256 bytes by value, then n strings, as a rank file in base64 and as the vocabulary.
static tokens
vocabulary(int n, const char *const *string)
{
    static unsigned char all[1 << 16];
    static long at[2048];
    for (int id = 0; id < 256 + n; id++) {
        long length = id < 256 ? 1 : (long)strlen(string[id - 256]);
        if (id < 256)
            all[at[id]] = (unsigned char)id;
        else
            memcpy(all + at[id], string[id - 256], length);
        at[id + 1] = at[id] + length;
    }
    return tokens_new(256 + n, at, all, "test");
}

// The rule as it is said: the neighbours whose token has the lowest number, the leftmost of several.
static long
encode_slowly(const tokens *t, const unsigned char *s, long n, int *ids)
{
    static long start[4096];
    long parts = n;
    for (long k = 0; k <= n; k++)
        start[k] = k;
    for (;;) {
        long where = -1;
        int best = t->n;
        for (long k = 0; k + 1 < parts; k++) {
            int id = tokens_find(t, s + start[k], start[k + 2] - start[k]);
            if (id >= 0 && id < best) {
                best = id;
                where = k;
            }
        }
        if (where < 0)
            break;
        memmove(start + where + 1, start + where + 2, (parts - where - 1) * sizeof *start);
        parts--;
    }
    for (long k = 0; k < parts; k++)
        ids[k] = tokens_find(t, s + start[k], start[k + 1] - start[k]);
    return parts;
}

START_TEST(pieces_of_any_length_follow_the_rule)
{
    // lists that no training gives, too: the rule is tiktoken's for any list
    rng r = rng_at(1, 0);
    for (int v = 0; v < 150; v++) {
        char text[40][16];
        const char *string[40];
        int n = 0;
        while (n < 30) {
            int length = 2 + (int)rng_below(&r, 5), old = 0;
            memset(text[n], 0, 16);
            for (int i = 0; i < length; i++)
                text[n][i] = (char)('a' + rng_below(&r, 2));
            while (old < n && strcmp(text[old], text[n]) != 0)
                old++;
            string[n] = text[n];
            n += old == n;
        }
        tokens t = vocabulary(n, string);
        for (int k = 0; k < 6; k++) {
            long length = (long[]){1, 2, 63, 64, 65, 300}[k];
            unsigned char s[300];
            int fast[300], slow[300];
            for (long i = 0; i < length; i++)
                s[i] = (unsigned char)('a' + rng_below(&r, 2));
            long a = tokens_encode_piece(&t, t.n, s, length, fast),
                 b = encode_slowly(&t, s, length, slow);
            ck_assert_int_eq(a, b);
            ck_assert_mem_eq(fast, slow, a * sizeof *fast);
        }
        tokens_free(&t);
    }
}
END_TEST

START_TEST(runs_go_from_left_to_right)
{
    tokens t = vocabulary(2, (const char *const[]){"aa", "aaaa"});
    for (long n = 1; n < 200; n++) {
        unsigned char s[200];
        int ids[200];
        memset(s, 'a', n);
        long parts = n / 4 + n % 4 / 2 + n % 2;
        ck_assert_int_eq(tokens_encode_piece(&t, t.n, s, n, ids), parts);
        if (n >= 4)
            ck_assert_int_eq(ids[0], 257);
        if (n % 2)
            ck_assert_int_eq(ids[parts - 1], 'a');
        // only tokens below a limit
        ck_assert_int_eq(tokens_encode_piece(&t, 257, s, n, ids), n / 2 + n % 2);
        ck_assert_int_eq(tokens_encode_piece(&t, 256, s, n, ids), n);
    }
    tokens_free(&t);
}
END_TEST

START_TEST(any_bytes_come_back)
{
    tokens t =
        vocabulary(6, (const char *const[]){" t", "he", " the", "\xe4\xbd", "\xff\xfe", "  "});
    rng r = rng_at(2, 0);
    for (int pair = 0; pair < 65536; pair++) {
        char s[2] = {(char)(pair >> 8), (char)pair};
        int ids[2];
        unsigned char back[2];
        long n = tokens_encode(&t, s, 2, ids);
        ck_assert_int_eq(tokens_decode(&t, n, ids, NULL), 2);
        tokens_decode(&t, n, ids, back);
        ck_assert_mem_eq(back, s, 2);
        if (pair % 64)
            pair += 6; // a new cache for each takes its time
    }
    enum { SIZE = 1000000 };
    char *s = calloc(SIZE, 1);
    unsigned char *back = calloc(SIZE, 1);
    int *ids = calloc(SIZE, sizeof *ids);
    for (int i = 0; i < SIZE; i++)
        s[i] = (char)rng_below(&r, 256);
    long n = tokens_encode(&t, s, SIZE, ids);
    ck_assert_int_eq(tokens_decode(&t, n, ids, back), SIZE);
    ck_assert_mem_eq(back, s, SIZE);
    free(s);
    free(back);
    free(ids);
    tokens_free(&t);
}
END_TEST

START_TEST(parts_of_any_size_and_a_cache_change_nothing)
{
    tokens t =
        vocabulary(8, (const char *const[]){"an", "en", "ka", " s", "kan", " sis", "  ", "'t"});
    enum { SIZE = 30000 };
    static char text[SIZE];
    static int whole[SIZE], ids[SIZE];
    words_language l = words_new(1);
    rng r = rng_at(3, 0);
    words_sample(&l, &r, SIZE, text);
    const char *const extra[] = {"\xe3\x80\x80  ",       "don't",        "\xe4\xbd\xa0",
                                 "\xf0\x9f\x99\x82\n\n", "12\xc2\xbd 3", "\xe4\xbd"};
    for (int i = 0; i < 3000; i++) {
        const char *e = extra[rng_below(&r, 6)];
        memcpy(text + rng_below(&r, SIZE - 10), e, strlen(e));
    }
    memset(text + 20000, 'k', 3000); // a long piece
    long n = 0;
    for (long at = 0, end; at < SIZE; at = end) { // piece by piece
        const unsigned char *s = (const unsigned char *)text;
        end = pieces_end(s, SIZE, at);
        whole[n] =
            tokens_find(&t, s + at, end - at); // a piece that is a token, as tiktoken takes it
        n += whole[n] >= 0 ? 1 : tokens_encode_piece(&t, t.n, s + at, end - at, whole + n);
    }
    for (long block = 1; block < 9000; block = 2 * block + 5) {
        tokens_cache *cache = block % 3 ? tokens_cache_new() : NULL;
        long parts = 0;
        for (long at = 0, end = 0, read; at < SIZE; at += read) {
            end = end + block < SIZE ? end + block : SIZE;
            parts +=
                tokens_encode_part(&t, cache, text + at, end - at, end < SIZE, &read, ids + parts);
        }
        ck_assert_int_eq(parts, n);
        ck_assert_mem_eq(ids, whole, n * sizeof *ids);
        free(cache);
    }
    tokens_free(&t);
}
END_TEST

START_TEST(a_piece_that_is_a_token_is_that_token)
{
    // no merges lead to xyz: tiktoken takes it whole all the same, and so do we
    tokens t = vocabulary(1, (const char *const[]){"xyz"});
    int ids[8];
    ck_assert_int_eq(tokens_encode(&t, "xyz xyz", 7, ids), 5);
    ck_assert_int_eq(ids[0], 256);
    ck_assert_int_eq(ids[1], ' ');
    ck_assert_int_eq(tokens_encode_piece(&t, t.n, (const unsigned char *)"xyz", 3, ids), 3);
    tokens_free(&t);
}
END_TEST

START_TEST(a_rank_file_comes_back)
{
    test_folder();
    tokens t = vocabulary(5, (const char *const[]){"ab", "abc", "abcd", "abcde", "abcdef"});
    tokens_write("ranks", &t);
    tokens u = tokens_read("ranks");
    ck_assert_int_eq(u.n, t.n);
    ck_assert_mem_eq(u.at, t.at, (t.n + 1) * sizeof *t.at);
    ck_assert_mem_eq(u.bytes, t.bytes, t.at[t.n]);
    ck_assert_int_eq(system("tail -n 5 ranks > end"), 0);
    test_holds("end", "YWI= 256\nYWJj 257\nYWJjZA== 258\nYWJjZGU= 259\nYWJjZGVm 260\n");
    test_no_parts();
    tokens_free(&t);
    tokens_free(&u);
}
END_TEST

// A rank file of the 256 bytes by value, and then `more`.
static void
parse(const char *more)
{
    test_folder();
    tokens t = vocabulary(0, NULL);
    tokens_write("bytes", &t);
    size_t size, n = strlen(more);
    char *bytes = file_read("bytes", &size), *all = calloc(size + n + 1, 1);
    memcpy(all, bytes, size);
    memcpy(all + size, more, n);
    tokens u = tokens_parse(all, size + n, "ranks");
    tokens_free(&u);
    tokens_free(&t);
    free(bytes);
    free(all);
}

START_TEST(rank_files_that_are_none_are_refused)
{
    const char *const line =
        "ranks:257: expected a token in base64, a space, and its number below 4194304";
    const char *const bad[] = {"YWI=",
                               "YWI= \n",
                               "YWI= x\n",
                               "YWI= 25x\n",
                               "YWI= -1\n",
                               "YWI 256\n",
                               "YW=I 256\n",
                               "====  256\n",
                               " 256\n",
                               "YWI= 4194304\n",
                               "YWI= 99999999999999999999\n",
                               "YWJ= 256\n",
                               "Y\xffI= 256\n",
                               "YWI=  256\n"};
    for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++)
        REFUSED(parse(bad[i]), line);
    REFUSED(parse("YWI= 255\n"), "ranks:257: the number 255 stands twice");
    REFUSED(parse("YWI= 256\nYWI= 257\n"), "ranks: tokens 256 and 257 have the same bytes");
    REFUSED(tokens_parse("YQ== 97\n", 8, "ranks"),
            "ranks: 98 tokens; expected the 256 bytes and more, at most 4194304");
    REFUSED(tokens_parse("YQ== 300\n", 9, "ranks"),
            "ranks: the byte 0x00 is no token; expected all 256");
    REFUSED(tokens_parse("", 0, "ranks"),
            "ranks: 0 tokens; expected the 256 bytes and more, at most 4194304");
    parse("");
    parse("\r\nYWI= 256\r\n\n"); // empty lines, and the ends of lines of Windows
    parse("YWI= 300\n");         // numbers between that no token has
}
END_TEST

START_TEST(ids_that_are_no_tokens_are_refused)
{
    tokens t = vocabulary(1, (const char *const[]){"ab"});
    int ids[] = {97, 256, 257, -1};
    ck_assert_int_eq(tokens_decode(&t, 2, ids, NULL), 3);
    REFUSED(tokens_decode(&t, 3, ids, NULL),
            "id 257 at 2 is no token of this vocabulary, which has 257");
    REFUSED(tokens_decode(&t, 1, ids + 3, NULL),
            "id -1 at 0 is no token of this vocabulary, which has 257");
    tokens_free(&t);
}
END_TEST

START_TEST(texts_to_learn_from_have_the_symbols_that_occur)
{
    tokens t = vocabulary(2, (const char *const[]){"ab", "zz"});
    tokens_text text = tokens_text_of(&t, "abcaba", 6, "text", 6);
    ck_assert_int_eq(text.n, 4); // ab c ab a
    ck_assert_int_eq(text.symbols, 3);
    ck_assert_mem_eq(text.id, ((int[]){'a', 'c', 256}), 3 * sizeof(int));
    ck_assert_mem_eq(text.text, ((int[]){2, 1, 2, 0}), 4 * sizeof(int));
    long size;
    char *spelt = tokens_spell(&t, &text, 3, (int[]){1, 2, 0}, &size);
    ck_assert_int_eq(size, 4);
    ck_assert_str_eq(spelt, "caba");
    free(spelt);
    test_near(tokens_per_byte(&t, &text, 0, 4), 4 / 6.0, 1e-15, "all", 0);
    test_near(tokens_per_byte(&t, &text, 1, 3), 2 / 3.0, 1e-15, "part", 0);
    REFUSED(tokens_text_of(&t, "abc", 3, "text", 4),
            "text: 3 bytes; expected a text of 4 bytes or more, below 2 GiB");
    free(text.id);
    free(text.text);
    tokens_free(&t);
}
END_TEST

TEST_MAIN("tokens", pieces_of_any_length_follow_the_rule, runs_go_from_left_to_right,
          any_bytes_come_back, parts_of_any_size_and_a_cache_change_nothing,
          a_piece_that_is_a_token_is_that_token, a_rank_file_comes_back,
          rank_files_that_are_none_are_refused, ids_that_are_no_tokens_are_refused,
          texts_to_learn_from_have_the_symbols_that_occur)
