#include "data/topics.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdlib.h>

topics_language
topics_new(uint32_t seed)
{
    topics_language l;
    double p[TOPICS_WORDS], sum = 0;
    rng r = rng_at(seed, 1);
    for (int k = 0; k < TOPICS_WORDS; k++) {
        p[k] = 1.0 / (k + 1);
        sum += p[k];
    }
    for (int k = 0; k < TOPICS_WORDS; k++)
        p[k] /= sum;
    for (int topic = 0; topic < TOPICS; topic++) {
        zipf *z = &l.topic[topic];
        *z = zipf_new(seed);
        for (int k = 0; k < ZIPF_WORDS; k++)
            z->p[k] = k < TOPICS_WORDS ? p[k] : 0;
        for (int k = TOPICS_WORDS - 1; topic > 0 && k > 0;
             k--) { // any order with the same probability
            int other = (int)rng_below(&r, k + 1);
            double own = z->p[k];
            z->p[k] = z->p[other];
            z->p[other] = own;
        }
    }
    return l;
}

int
topics_sample(const topics_language *l, rng *r, int n, int *symbols)
{
    int topic = (int)rng_below(r, TOPICS);
    zipf_sample(&l->topic[topic], r, n, symbols);
    return topic;
}

// Scales the weights of the topics to the sum 1; the sum they had.
static double
normalise(double weight[TOPICS])
{
    double sum = 0;
    for (int topic = 0; topic < TOPICS; topic++)
        sum += weight[topic];
    for (int topic = 0; topic < TOPICS; topic++)
        weight[topic] = sum > 0 ? weight[topic] / sum : 0;
    return sum;
}

// P(topic | the words first .. last - 1 of those that begin at start[]).
static void
topic_of_words(const topics_language *l, const int *symbols, const int *start, int first, int last,
               double weight[TOPICS])
{
    for (int topic = 0; topic < TOPICS; topic++)
        weight[topic] = 1.0 / TOPICS;
    for (int word = first; word < last; word++) {
        int letters = start[word + 1] - start[word];
        for (int topic = 0; topic < TOPICS; topic++)
            weight[topic] *= zipf_beginning(&l->topic[topic], letters, symbols + start[word]);
        normalise(weight);
    }
}

void
topics_oracle(const topics_language *l, int n, const int *symbols, int memory, double *nll,
              double *posterior)
{
    int *start = memory_zeroed(n + 1, sizeof *start, "words"); // where each begins
    int words = 0;
    double before[TOPICS], weight[TOPICS], likelihood = 1; // of the present word's symbols so far
    start[0] = 0;
    topic_of_words(l, symbols, start, 0, 0, before);
    for (int i = 0; i < n; i++) {
        int from = start[words];
        for (int topic = 0; topic < TOPICS; topic++)
            weight[topic] =
                before[topic] * zipf_beginning(&l->topic[topic], i - from + 1, symbols + from);
        double now = normalise(weight);
        if (now == 0)
            fail("topics_oracle: symbol %d at %d cannot follow in this language", symbols[i], i);
        nll[i] = log64(likelihood / now);
        likelihood = now;
        for (int topic = 0; posterior && topic < TOPICS; topic++)
            posterior[(long)i * TOPICS + topic] = weight[topic];
        if (symbols[i] == 0) {
            start[++words] = i + 1;
            int first = memory < 0 || memory > words ? 0 : words - memory;
            topic_of_words(l, symbols, start, first, words, before);
            likelihood = 1;
        }
    }
    free(start);
}
