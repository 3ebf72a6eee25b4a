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

void
language_sample(const zipf *z, rng *r, int n, int *symbol, double *oracle, bool *is_key)
{
    int at = 0, key = FIRST_KEY + (int)rng_below(r, KEYS);
    symbol[at++] = key;
    for (bool begun = false; at <= n; begun = true) {
        bool ask = begun && rng_uniform64(r) < ASK;
        if (ask) {
            oracle[at - 1] = -log64(ASK);
            is_key[at - 1] = false;
            symbol[at++] = ASKED;
            if (at <= n) {
                oracle[at - 1] = 0;
                is_key[at - 1] = true;
                symbol[at++] = key;
            }
        }
        const char *word = z->word[draw_word(z, r)];
        double before =
            ask || !begun ? 1 : 1 / (1 - ASK); // of a word, over its P where no question came
        for (int i = 0; word[i] && at <= n; i++) {
            double now = beginning(z, word, i);
            oracle[at - 1] = log64(before / now);
            is_key[at - 1] = false;
            symbol[at++] = word[i] == ' ' ? 0 : word[i] - 'a' + 1;
            before = now;
        }
    }
}
