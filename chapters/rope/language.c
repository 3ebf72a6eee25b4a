// Draws the sequences of the extrapolation experiment.
#include "rope/language.h"

#include "numbers/numeric.h"

// A sequence as it grows: `at` of its n targets are there, and one more symbol of input.
typedef struct {
    int n, at;
    int *input, *target;
    double *oracle;
    bool *is_key;
} sequence;

// Appends the next target, what the oracle pays for it, and the symbol of input that stands in its place.
static void
append(sequence *s, int target, int input, double oracle)
{
    if (s->at >= s->n)
        return;
    s->target[s->at] = target;
    s->oracle[s->at] = oracle;
    s->is_key[s->at] = input == ROPE_BLANK;
    if (++s->at < s->n)
        s->input[s->at] = input;
}

void
rope_language_sample(const zipf *z, rng *r, int n, int *input, int *target, double *oracle,
                     bool *is_key)
{
    int key = ROPE_FIRST_KEY + (int)rng_below(r, ROPE_KEYS);
    sequence s = {n, 0, input, target, oracle, is_key};
    input[0] = key;
    for (bool begun = false; s.at < n; begun = true) {
        bool question = begun && rng_uniform64(r) < ROPE_QUESTIONS;
        if (question) {
            append(&s, ROPE_QUESTION, ROPE_QUESTION, -log64(ROPE_QUESTIONS));
            append(&s, key, ROPE_BLANK, 0);
        }
        int word[ZIPF_LETTERS + 1], letters = zipf_draw(z, r, word);
        // P of the letters so far; that no question came is paid with the first letter
        double before = question || !begun ? 1 : 1 / (1 - ROPE_QUESTIONS);
        for (int i = 0; i < letters; i++) {
            double now = zipf_beginning(z, i + 1, word);
            append(&s, word[i], word[i], log64(before / now));
            before = now;
        }
    }
}
