// The agglutinative language: its entropy against a sample, its cuts, its words.
#include "test.h"

#include "data/words.h"
#include "numbers/numeric.h"

#include <math.h>

START_TEST(morphemes_are_distinct)
{
    words_language l = words_new(1);
    double sum = 0;
    for (int k = 0; k < WORDS_ROOTS; k++) {
        sum += l.p[k];
        ck_assert_int_ge(strlen(l.root[k]), 3);
        ck_assert_int_le(strlen(l.root[k]), 9);
        if (k)
            test_near(l.p[k] * (k + 1), l.p[0], 1e-15, "p", k);
        for (int i = 0; i < k; i++)
            ck_assert_str_ne(l.root[i], l.root[k]);
    }
    test_near(sum, 1, 1e-14, "sum", 0);
    char(*suffix)[4] = l.suffix[0];
    for (int k = 0; k < 32; k++) {
        ck_assert(strlen(suffix[k]) == 2 || strlen(suffix[k]) == 3);
        for (int i = 0; i < k; i++)
            ck_assert_str_ne(suffix[i], suffix[k]);
    }
}
END_TEST

// P(word), by taking the root and every suffix off in all ways.
static double
rest_of_word(const words_language *l, int slot, const char *rest)
{
    if (slot == WORDS_SLOTS)
        return *rest == 0;
    double p = (1 - l->slot[slot]) * rest_of_word(l, slot + 1, rest);
    for (int k = 0; k < WORDS_SUFFIXES; k++) {
        size_t n = strlen(l->suffix[slot][k]);
        if (strncmp(rest, l->suffix[slot][k], n) == 0)
            p += l->slot[slot] / WORDS_SUFFIXES * rest_of_word(l, slot + 1, rest + n);
    }
    return p;
}

static double
probability(const words_language *l, const char *word)
{
    double p = 0;
    for (int k = 0; k < WORDS_ROOTS; k++) {
        size_t n = strlen(l->root[k]);
        if (strncmp(word, l->root[k], n) == 0)
            p += l->p[k] * rest_of_word(l, 0, word + n);
    }
    return p;
}

START_TEST(entropy_is_what_a_sample_says)
{
    words_language l = words_new(2);
    rng r = rng_at(5, 0);
    enum { N = 20000 };
    double sum = 0, square = 0, bytes = 0, bytes_square = 0, length;
    for (int i = 0; i < N; i++) {
        char word[WORDS_LETTERS];
        int n = words_draw(&l, &r, word, NULL);
        word[n - 1] = 0;
        double bits = -log64(probability(&l, word)) / ln2_64;
        sum += bits;
        square += bits * bits;
        bytes += n;
        bytes_square += n * n;
    }
    double entropy = words_entropy(&l, &length), mean = sum / N,
           error = sqrt((square / N - mean * mean) / N);
    ck_assert_double_lt(fabs(mean - entropy), 4 * error);
    ck_assert_double_lt(error, 0.03);
    mean = bytes / N;
    ck_assert_double_lt(fabs(mean - length), 4 * sqrt((bytes_square / N - mean * mean) / N));
}
END_TEST

START_TEST(words_that_are_made_in_two_ways_count_once)
{
    // one root, ta; slots whose suffixes are all alike in pairs, so that every word with one suffix of slot 0 or 1 is
    // double
    words_language l = words_new(1);
    for (int k = 0; k < WORDS_ROOTS; k++)
        l.p[k] = k == 0;
    for (int s = 0; s < WORDS_SLOTS; s++) {
        l.slot[s] = s < 2 ? 0.5 : 0;
        for (int k = 0; k < WORDS_SUFFIXES; k++)
            strcpy(l.suffix[s][k], "xo");
    }
    // no suffix 1/4, one 1/2, two 1/4: 1.5 bits; one suffix more on average: 2 letters
    double length, root = (double)strlen(l.root[0]);
    test_near(words_entropy(&l, &length), 1.5, 1e-12, "bits", 0);
    test_near(length, root + 3, 1e-12, "bytes", 0);
}
END_TEST

START_TEST(cuts_stand_between_morphemes)
{
    words_language l = words_new(3);
    rng r = rng_at(6, 0), same = rng_at(6, 0);
    long cuts = 0;
    for (int i = 0; i < 20000; i++) {
        char word[WORDS_LETTERS], cut[WORDS_LETTERS], again[WORDS_LETTERS];
        int n = words_draw(&l, &r, word, cut), at = 0;
        ck_assert_int_eq(word[n - 1], ' ');
        ck_assert_int_eq(words_draw(&l, &same, again, NULL), n);
        ck_assert_str_eq(word, again);
        ck_assert(!cut[0] && !cut[1] && !cut[n - 1]);
        for (int k = 1; k < n; k++)
            if (cut[k]) {
                cuts++;
                ck_assert(at == 0 ? k >= 3 : k - at == 2 || k - at == 3);
                at = k;
            }
    }
    // 0.6 + 0.5 + 0.4 + 0.3 suffixes a word, variance 0.94
    ck_assert_double_lt(fabs(cuts / 20000.0 - 1.8), 4 * sqrt(0.94 / 20000));
    char text[1000];
    words_sample(&l, &r, 1000, text);
    ck_assert_int_ne(text[0], ' ');
    for (int i = 0; i + 1 < 1000; i++)
        ck_assert(text[i] != ' ' || text[i + 1] != ' ');
}
END_TEST

TEST_MAIN("words", morphemes_are_distinct, entropy_is_what_a_sample_says,
          words_that_are_made_in_two_ways_count_once, cuts_stand_between_morphemes)
