#include "language.h"

#include "numeric.h"

#include <string.h>

// Draws a word; its number.
static int
draw_word(const zipf *z, rng *r)
{
    double u = rng_uniform64(r);
    int k = 0;
    while (k < ZIPF_WORDS - 1 && u >= z->p[k])
        u -= z->p[k++];
    return k;
}

// The sum of the probabilities of the words that begin as `word` does, up to and with letter number `last`.
static double
beginning(const zipf *z, const char *word, int last)
{
    double sum = 0;
    for (int k = 0; k < ZIPF_WORDS; k++)
        sum += strncmp(z->word[k], word, last + 1) == 0 ? z->p[k] : 0;
    return sum;
}

// A sequence as it grows.
typedef struct {
    int n, at; // symbols to say, and how many there are
    int *read, *say;
    double *oracle;
    bool *is_key;
} sequence;

// Appends the symbol that is to be said next, at this price, and what is read in its place.
static void
append(sequence *s, int say, int read, double oracle)
{
    if (s->at >= s->n)
        return;
    s->say[s->at] = say;
    s->oracle[s->at] = oracle;
    s->is_key[s->at] = read == BLANK;
    if (++s->at < s->n)
        s->read[s->at] = read;
}

void
language_sample(const zipf *z, rng *r, int n, int *read, int *say, double *oracle, bool *is_key)
{
    int key = FIRST_KEY + (int)rng_below(r, KEYS);
    sequence s = {n, 0, read, say, oracle, is_key};
    read[0] = key;
    for (bool begun = false; s.at < n; begun = true) {
        bool ask = begun && rng_uniform64(r) < ASK;
        if (ask) {
            append(&s, ASKED, ASKED, -log64(ASK));
            append(&s, key, BLANK, 0);
        }
        const char *word = z->word[draw_word(z, r)];
        double before =
            ask || !begun ? 1 : 1 / (1 - ASK); // of a word, over its P where no question came
        for (int i = 0; word[i]; i++) {
            double now = beginning(z, word, i);
            int letter = word[i] == ' ' ? 0 : word[i] - 'a' + 1;
            append(&s, letter, letter, log64(before / now));
            before = now;
        }
    }
}
