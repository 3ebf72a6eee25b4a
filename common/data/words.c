#include "data/words.h"

#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char consonants[] = "bdgklmnprstvyz", vowels[] = "aeiou";

static void
add_letter(char *text, const char *letters, rng *r)
{
    size_t n = strlen(text);
    text[n] = letters[rng_below(r, (uint32_t)strlen(letters))];
    text[n + 1] = 0;
}

// One to three syllables: of ten roots three, five and two have one, two, three.
static void
draw_root(char *root, rng *r)
{
    uint32_t ten = rng_below(r, 10);
    int syllables = ten < 3 ? 1 : ten < 8 ? 2 : 3;
    *root = 0;
    for (int i = 0; i < syllables; i++) {
        add_letter(root, consonants, r);
        add_letter(root, vowels, r);
        if (rng_below(r, 3) == 0 || syllables == 1)
            add_letter(root, consonants, r);
    }
}

// A vowel and a consonant, the reverse, or one more of these two.
static void
draw_suffix(char *suffix, rng *r)
{
    bool vowel = rng_below(r, 2);
    int letters = 2 + (int)rng_below(r, 2);
    *suffix = 0;
    for (int i = 0; i < letters; i++, vowel = !vowel)
        add_letter(suffix, vowel ? vowels : consonants, r);
}

words_language
words_new(uint32_t seed)
{
    words_language l = {.slot = {0.6, 0.5, 0.4, 0.3}};
    rng r = rng_at(seed, 0);
    double sum = 0;
    for (int k = 0; k < WORDS_ROOTS; k++) {
        bool is_new;
        do {
            draw_root(l.root[k], &r);
            is_new = true;
            for (int i = 0; i < k; i++)
                is_new = is_new && strcmp(l.root[i], l.root[k]) != 0;
        } while (!is_new);
        l.p[k] = 1.0 / (k + 1);
        sum += l.p[k];
    }
    for (int k = 0; k < WORDS_ROOTS; k++)
        l.p[k] /= sum;
    char(*suffix)[4] = l.suffix[0];
    for (int k = 0; k < WORDS_SLOTS * WORDS_SUFFIXES; k++) {
        bool is_new;
        do {
            draw_suffix(suffix[k], &r);
            is_new = true;
            for (int i = 0; i < k; i++)
                is_new = is_new && strcmp(suffix[i], suffix[k]) != 0;
        } while (!is_new);
    }
    return l;
}

int
words_draw(const words_language *l, rng *r, char *word, char *cut)
{
    double u = rng_uniform64(r);
    int k = 0;
    while (k < WORDS_ROOTS - 1 && u >= l->p[k])
        u -= l->p[k++];
    strcpy(word, l->root[k]);
    if (cut)
        memset(cut, 0, WORDS_LETTERS);
    for (int s = 0; s < WORDS_SLOTS; s++) {
        double has = rng_uniform64(r);
        uint32_t which = rng_below(r, WORDS_SUFFIXES);
        if (has >= l->slot[s])
            continue;
        if (cut)
            cut[strlen(word)] = 1;
        strcat(word, l->suffix[s][which]);
    }
    strcat(word, " ");
    return (int)strlen(word);
}

void
words_sample(const words_language *l, rng *r, long n, char *text)
{
    for (long at = 0; at < n;) {
        char word[WORDS_LETTERS];
        int length = words_draw(l, r, word, NULL);
        long part = length < n - at ? length : n - at;
        memcpy(text + at, word, part);
        at += part;
    }
}

// ---- The entropy ----

// A word as a number in two halves: five bits a letter, twelve letters a half.
typedef struct {
    uint64_t high, low;
    int letters;
    double p;
} outcome;

static outcome
with(outcome before, const char *letters, double p)
{
    for (; *letters; letters++, before.letters++) {
        before.high = before.high << 5 | before.low >> 55;
        before.low = (before.low << 5 | (uint64_t)(*letters - 'a' + 1)) & ((1ull << 60) - 1);
    }
    before.p *= p;
    return before;
}

// All ways to go on from slot s, appended at *at.
static void
ways(const words_language *l, int s, outcome now, outcome **at)
{
    if (s == WORDS_SLOTS) {
        *(*at)++ = now;
        return;
    }
    ways(l, s + 1, with(now, "", 1 - l->slot[s]), at);
    for (int k = 0; k < WORDS_SUFFIXES; k++)
        ways(l, s + 1, with(now, l->suffix[s][k], l->slot[s] / WORDS_SUFFIXES), at);
}

static int
by_letters(const void *a, const void *b)
{
    const outcome *x = a, *y = b;
    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return x->p < y->p ? -1 : x->p > y->p; // so that equal ones are added in one order
}

double
words_entropy(const words_language *l, double *length)
{
    long n = 6561L * WORDS_ROOTS; // 9 choices in each slot
    outcome *all = memory_zeroed(n, sizeof *all, "all words"), *end = all;
    for (int k = 0; k < WORDS_ROOTS; k++)
        ways(l, 0, with((outcome){.p = 1}, l->root[k], l->p[k]), &end);
    qsort(all, n, sizeof *all, by_letters);
    double entropy = 0;
    *length = 0;
    for (long i = 0, j; i < n; i = j) {
        double p = 0;
        for (j = i; j < n && all[j].high == all[i].high && all[j].low == all[i].low; j++)
            p += all[j].p;
        entropy -= p > 0 ? p * log64(p) / ln2_64 : 0;
        *length += p * (all[i].letters + 1); // with its space
    }
    free(all);
    return entropy;
}
