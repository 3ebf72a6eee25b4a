#include "rope/language.h"

#include "numbers/numeric.h"

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
        int word[ZIPF_LETTERS + 1], letters = zipf_draw(z, r, word);
        // P of the letters so far; that no question came is paid with the first letter
        double before = ask || !begun ? 1 : 1 / (1 - ASK);
        for (int i = 0; i < letters; i++) {
            double now = zipf_beginning(z, i + 1, word);
            append(&s, word[i], word[i], log64(before / now));
            before = now;
        }
    }
}
