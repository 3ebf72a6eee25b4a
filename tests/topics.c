// The Zipf language with a topic: its oracle by enumeration of the topics, and what it loses with a short memory.
#include "data/topics.h"

#include "test.h"

#include <math.h>
#include <stdbool.h>

// P(these symbols begin a text of words | topic), from the words as text.
static double
probability(const zipf *z, int n, const int *symbols)
{
    double product = 1;
    for (int at = 0; at < n;) {
        double sum = 0;
        int length = 0;
        while (at + length < n && symbols[at + length] != 0)
            length++;
        bool whole = at + length < n;
        for (int k = 0; k < TOPICS_WORDS; k++) {
            bool same = (int)strlen(z->word[k]) - 1 >= length &&
                        (!whole || (int)strlen(z->word[k]) - 1 == length);
            for (int i = 0; same && i < length; i++)
                same = z->word[k][i] == zipf_letter(symbols[at + i]);
            sum += same ? z->p[k] : 0;
        }
        product *= sum;
        at += length + 1;
    }
    return product;
}

START_TEST(language)
{
    topics_language l = topics_new(1), other = topics_new(2);
    for (int topic = 0; topic < TOPICS; topic++) {
        const zipf *z = &l.topic[topic];
        double sum = 0;
        bool found[TOPICS_WORDS] = {false};
        for (int k = 0; k < TOPICS_WORDS; k++) {
            sum += z->p[k];
            ck_assert_str_eq(z->word[k], l.topic[0].word[k]);
            int rank = (int)lround(l.topic[0].p[0] / z->p[k]);
            ck_assert(rank >= 1 && rank <= TOPICS_WORDS && !found[rank - 1]);
            found[rank - 1] = true;
        }
        ck_assert_double_eq_tol(sum, 1, 1e-12);
        ck_assert_double_eq(z->p[TOPICS_WORDS], 0);
        for (int before = 0; before < topic; before++)
            ck_assert_mem_ne(z->p, l.topic[before].p, sizeof z->p);
    }
    ck_assert_mem_ne(l.topic[1].p, other.topic[1].p, sizeof l.topic[1].p);
    ck_assert_double_eq(l.topic[0].p[1], l.topic[0].p[0] / 2);
}
END_TEST

// P(text) = sum over the topics of P(topic) P(text | topic), for every beginning of it.
START_TEST(oracle)
{
    enum { N = 60 };
    topics_language l = topics_new(1);
    for (int text = 0; text < 20; text++) {
        int symbols[N], start[N + 1] = {0}, words = 0;
        double nll[N], posterior[N][TOPICS], total = 0;
        rng r = rng_at(3, text);
        topics_sample(&l, &r, N, symbols);
        topics_oracle(&l, N, symbols, -1, nll, posterior[0]);
        for (int i = 0; i < N; i++) {
            double each[TOPICS], sum = 0;
            for (int topic = 0; topic < TOPICS; topic++)
                sum += each[topic] = probability(&l.topic[topic], i + 1, symbols) / TOPICS;
            total += nll[i];
            test_near(total, -log(sum), 1e-10, "-ln P", i);
            for (int topic = 0; topic < TOPICS; topic++)
                test_near(posterior[i][topic], each[topic] / sum, 1e-10, "posterior", i);
        }
        // With a short memory the text begins `memory` words before the word of the symbol.
        for (int memory = 0; memory < 4; memory++) {
            topics_oracle(&l, N, symbols, memory, nll, NULL);
            words = 0;
            for (int i = 0; i < N; i++) {
                int from = start[words > memory ? words - memory : 0];
                double now = 0, before = 0;
                for (int topic = 0; topic < TOPICS; topic++) {
                    now += probability(&l.topic[topic], i + 1 - from, symbols + from);
                    before += probability(&l.topic[topic], i - from, symbols + from);
                }
                test_near(nll[i], log(before / now), 1e-10, "nll", i);
                if (symbols[i] == 0)
                    start[++words] = i + 1;
            }
        }
    }
}
END_TEST

// All topics come alike, the posterior is as sure as it is right, and each longer memory loses less.
START_TEST(sample)
{
    enum { N = 96, TEXTS = 2000 };
    topics_language l = topics_new(1);
    int seen[TOPICS] = {0}, right = 0;
    double more[2] = {0}, square[2] = {0}, sure = 0, variance = 0;
    for (int text = 0; text < TEXTS; text++) {
        int symbols[N];
        double nll[3][N], posterior[N][TOPICS], mean[3] = {0};
        rng r = rng_at(4, text);
        int topic = topics_sample(&l, &r, N, symbols), best = 0;
        seen[topic]++;
        for (int memory = 0; memory < 3; memory++)
            topics_oracle(&l, N, symbols, memory < 2 ? memory : -1, nll[memory], posterior[0]);
        for (int memory = 0; memory < 3; memory++)
            for (int i = N / 2; i < N; i++)
                mean[memory] += nll[memory][i] / (N / 2);
        for (int k = 0; k < 2; k++) { // what one word of memory more is worth, what all are
            more[k] += mean[k] - mean[k + 1];
            square[k] += (mean[k] - mean[k + 1]) * (mean[k] - mean[k + 1]);
        }
        for (int i = 1; i < TOPICS; i++)
            best = posterior[N / 8][i] > posterior[N / 8][best] ? i : best;
        double p = posterior[N / 8][best];
        right += best == topic;
        sure += p;
        variance += p * (1 - p);
    }
    for (int topic = 0; topic < TOPICS; topic++) // 500 +- 19.4
        ck_assert_double_lt(fabs(seen[topic] - TEXTS / 4.0) / sqrt(TEXTS * 0.25 * 0.75), 4);
    // The posterior's guess is right as often as it says.
    ck_assert_double_lt(fabs(right - sure) / sqrt(variance), 4);
    ck_assert_double_gt(variance, 100);
    for (int k = 0; k < 2; k++)
        ck_assert_double_gt(more[k] / sqrt(square[k]), 4);
}
END_TEST

START_TEST(refuses)
{
    topics_language l = topics_new(1);
    double nll[1];
    REFUSED((topics_oracle(&l, 1, (int[]){0}, -1, nll, NULL), 0),
            "topics_oracle: symbol 0 at 0 cannot follow in this language");
}
END_TEST

TEST_MAIN("topics", language, oracle, sample, refuses)
