// The Zipf language and its oracle, and texts of the reader's own.
#include "data/text.h"

#include "test.h"

#include <math.h>

START_TEST(language)
{
    zipf z = zipf_new(1), other = zipf_new(2);
    double sum = 0;
    for (int k = 0; k < ZIPF_WORDS; k++) {
        size_t length = strlen(z.word[k]);
        sum += z.p[k];
        ck_assert(length >= 3 && length <= 7 && z.word[k][length - 1] == ' ');
        ck_assert_double_eq_tol(z.p[k] * (k + 1), z.p[0], 1e-15);
        for (int i = 0; i < k; i++)
            ck_assert_str_ne(z.word[i], z.word[k]);
    }
    ck_assert_double_eq_tol(sum, 1, 1e-12);
    ck_assert_str_ne(z.word[0], other.word[0]);
}
END_TEST

// The oracle of a whole text sums to the words' -ln p; its mean goes to the entropy.
START_TEST(oracle)
{
    enum { N = 200000 };
    static int text[N];
    static double nll[N];
    zipf z = zipf_new(1);
    rng r = rng_at(3, 0);
    zipf_sample(&z, &r, N, text);
    zipf_oracle(&z, N, text, nll);
    double word = 0, total = 0, square = 0;
    char letters[8] = "";
    int length = 0, words = 0;
    for (int i = 0; i < N; i++) {
        word += nll[i];
        letters[length++] = zipf_letter(text[i]);
        letters[length] = 0;
        if (text[i] == 0) {
            int k = 0;
            while (strcmp(z.word[k], letters) != 0)
                ck_assert_int_lt(++k, ZIPF_WORDS);
            ck_assert_double_eq_tol(word, -log(z.p[k]), 1e-9);
            // The excess of a word over the entropy of its letters: independent, with mean 0.
            double excess = word - zipf_entropy(&z) * length;
            total += excess;
            square += excess * excess;
            words++;
            word = 0;
            length = 0;
        }
    }
    ck_assert_double_lt(fabs(total) / sqrt(square), 4);
    ck_assert_int_gt(words, 20000);
}
END_TEST

START_TEST(oracle_refuses)
{
    zipf z = zipf_new(1);
    double nll[3];
    REFUSED((zipf_oracle(&z, 1, (int[]){0}, nll), 0),
            "zipf_oracle: symbol 0 at 0 cannot follow in this language");
}
END_TEST

START_TEST(entropy)
{
    zipf z = {.word = {"a ", "b "}, .p = {0.25, 0.75}};
    for (int k = 2; k < ZIPF_WORDS; k++)
        z.p[k] = 1e-300; // p ln p is nothing
    double h = -(0.25 * log(0.25) + 0.75 * log(0.75)) / 2;
    ck_assert_double_eq_tol(zipf_entropy(&z), h, 1e-12);
}
END_TEST

// The states give every symbol of a text the probability that the oracle gives it; nothing else can follow.
START_TEST(states)
{
    enum { N = 5000 };
    static int text[N];
    static double nll[N];
    zipf z = zipf_new(1);
    zipf_states c = zipf_states_new(&z);
    rng r = rng_at(4, 0);
    zipf_sample(&z, &r, N, text);
    zipf_oracle(&z, N, text, nll);
    for (int i = 0, s = 0; i < N; i++) {
        test_near(-log(c.p[s][text[i]]), nll[i], 1e-12, "nll", i);
        s = c.next[s][text[i]];
        ck_assert(text[i] ? s > 0 && s < c.S : s == 0);
    }
    zipf_states_free(&c);
}
END_TEST

// As many states as there are different beginnings of words; each reached from one other, but for the first.
START_TEST(states_are_the_beginnings)
{
    zipf z = zipf_new(1);
    zipf_states c = zipf_states_new(&z);
    int beginnings = 1, edges = 0;
    for (int k = 0; k < ZIPF_WORDS; k++)
        for (int n = 1; z.word[k][n]; n++) {
            int first = 0;
            while (strncmp(z.word[first], z.word[k], n) != 0)
                first++;
            beginnings += first == k;
        }
    ck_assert_int_eq(c.S, beginnings);
    int *reached = calloc(c.S, sizeof *reached);
    for (int s = 0; s < c.S; s++)
        for (int x = 0; x < ZIPF_SYMBOLS; x++) {
            ck_assert_int_eq(c.next[s][x] >= 0, c.p[s][x] > 0);
            edges += c.p[s][x] > 0;
            if (x > 0 && c.p[s][x] > 0)
                reached[c.next[s][x]]++;
        }
    for (int s = 0; s < c.S; s++)
        ck_assert_int_eq(reached[s], s > 0);
    ck_assert_int_eq(edges,
                     c.S - 1 + ZIPF_WORDS); // one into each state, and the space after each word
    free(reached);
    zipf_states_free(&c);
}
END_TEST

// Probabilities sum to 1, one step leaves the stationary ones as they are, and the chain's entropy is the language's.
START_TEST(states_are_stationary)
{
    zipf z = zipf_new(2);
    zipf_states c = zipf_states_new(&z);
    double *after = calloc(c.S, sizeof *after), h = 0, all = 0;
    for (int s = 0; s < c.S; s++) {
        double sum = 0;
        all += c.stationary[s];
        for (int x = 0; x < ZIPF_SYMBOLS; x++)
            if (c.p[s][x] > 0) {
                sum += c.p[s][x];
                after[c.next[s][x]] += c.stationary[s] * c.p[s][x];
                h -= c.stationary[s] * c.p[s][x] * log(c.p[s][x]);
            }
        test_near(sum, 1, 1e-12, "sum of p", s);
    }
    test_near(all, 1, 1e-12, "sum of stationary", 0);
    test_near(h, zipf_entropy(&z), 1e-12, "entropy", 0);
    for (int s = 0; s < c.S; s++)
        ck_assert_double_eq_tol(after[s], c.stationary[s], 1e-15);
    free(after);
    zipf_states_free(&c);
}
END_TEST

START_TEST(file)
{
    text_file t = text_parse("b\xc3\xa4 ab", 6, "x", 1);
    ck_assert_int_eq(t.n, 6);
    ck_assert_int_eq(t.symbols, 5);
    ck_assert_mem_eq(t.byte, " ab\xa4\xc3", 5);
    for (int i = 0; i < t.n; i++)
        ck_assert_int_eq(t.byte[t.text[i]], (unsigned char)"b\xc3\xa4 ab"[i]);
    free(t.text);
    REFUSED(text_parse("", 0, "x", 10), "x: empty; expected a text of 10 bytes or more");
    REFUSED(text_parse("ab\0c", 4, "x", 1), "x: no text: a zero byte at 2");
    REFUSED(text_parse("abc", 3, "x", 10),
            "x: 3 bytes; expected a text of 10 bytes or more, below 2 GiB");
}
END_TEST

TEST_MAIN("text", language, oracle, oracle_refuses, entropy, states, states_are_the_beginnings,
          states_are_stationary, file)
