#include "data/text.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/numeric.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool
is_new(const zipf *z, int k)
{
    for (int i = 0; i < k; i++)
        if (strcmp(z->word[i], z->word[k]) == 0)
            return false;
    return true;
}

zipf
zipf_new(uint32_t seed)
{
    zipf z = {0};
    rng r = rng_at(seed, 0);
    double sum = 0;
    for (int k = 0; k < ZIPF_WORDS; k++) {
        do {
            int letters = 2 + (int)rng_below(&r, ZIPF_LETTERS - 1);
            for (int i = 0; i < letters; i++)
                z.word[k][i] = (char)('a' + rng_below(&r, ZIPF_SYMBOLS - 1));
            strcpy(z.word[k] + letters, " ");
        } while (!is_new(&z, k));
        z.p[k] = 1.0 / (k + 1);
        sum += z.p[k];
    }
    for (int k = 0; k < ZIPF_WORDS; k++)
        z.p[k] /= sum;
    return z;
}

double
zipf_entropy(const zipf *z)
{
    double entropy = 0, length = 0;
    for (int k = 0; k < ZIPF_WORDS; k++) {
        entropy -= z->p[k] * log64(z->p[k]);
        length += z->p[k] * (double)strlen(z->word[k]);
    }
    return entropy / length;
}

static int
symbol_of(char letter)
{
    return letter == ' ' ? 0 : letter - 'a' + 1;
}

char
zipf_letter(int symbol)
{
    return (char)(symbol ? 'a' + symbol - 1 : ' ');
}

int
zipf_draw(const zipf *z, rng *r, int *symbols)
{
    double u = rng_uniform64(r);
    int k = 0, n = 0;
    while (k < ZIPF_WORDS - 1 && u >= z->p[k])
        u -= z->p[k++];
    for (const char *letter = z->word[k]; *letter; letter++)
        symbols[n++] = symbol_of(*letter);
    return n;
}

void
zipf_sample(const zipf *z, rng *r, int n, int *symbols)
{
    for (int at = 0; at < n;) {
        int word[ZIPF_LETTERS + 1], letters = zipf_draw(z, r, word);
        for (int i = 0; i < letters && at < n; i++)
            symbols[at++] = word[i];
    }
}

double
zipf_beginning(const zipf *z, int n, const int *symbols)
{
    double sum = 0;
    for (int k = 0; k < ZIPF_WORDS; k++) {
        int same = 0;
        while (same < n && symbol_of(z->word[k][same]) == symbols[same])
            same++;
        sum += same == n ? z->p[k] : 0;
    }
    return sum;
}

void
zipf_oracle(const zipf *z, int n, const int *symbols, double *nll)
{
    double before = 1; // the probability of the words that begin as the present one does
    for (int i = 0, start = 0; i < n; i++) {
        double now = zipf_beginning(z, i - start + 1, symbols + start);
        if (now == 0)
            fail("zipf_oracle: symbol %d at %d cannot follow in this language", symbols[i], i);
        nll[i] = log64(before / now);
        before = now;
        if (symbols[i] == 0) {
            before = 1;
            start = i + 1;
        }
    }
}

// The state after `symbol` in state s, made if there is none yet.
static int
state_after(zipf_states *c, int s, int symbol)
{
    if (symbol == 0)
        return 0;
    if (c->next[s][symbol] < 0) {
        for (int x = 0; x < ZIPF_SYMBOLS; x++)
            c->next[c->S][x] = -1;
        c->next[s][symbol] = c->S++;
    }
    return c->next[s][symbol];
}

zipf_states
zipf_states_new(const zipf *z)
{
    enum { MOST = 1 + ZIPF_WORDS * ZIPF_LETTERS };
    zipf_states c = {.S = 1};
    c.p = memory_zeroed(MOST, sizeof *c.p, "states");
    c.next = memory_zeroed(MOST, sizeof *c.next, "states");
    c.stationary = memory_zeroed(MOST, sizeof *c.stationary, "states");
    for (int x = 0; x < ZIPF_SYMBOLS; x++)
        c.next[0][x] = -1;
    // First the masses: of the words that go through a state, and through each of its edges.
    double length = 0;
    for (int k = 0, s = 0; k < ZIPF_WORDS; k++)
        for (const char *letter = z->word[k]; *letter; letter++) {
            int x = symbol_of(*letter), after = state_after(&c, s, x);
            c.stationary[s] += z->p[k];
            c.p[s][x] += z->p[k];
            c.next[s][x] = after;
            s = after;
            length += z->p[k];
        }
    for (int s = 0; s < c.S; s++) {
        for (int x = 0; x < ZIPF_SYMBOLS; x++)
            c.p[s][x] /= c.stationary[s];
        c.stationary[s] /= length;
    }
    return c;
}

void
zipf_states_free(zipf_states *c)
{
    free(c->p);
    free(c->next);
    free(c->stationary);
}

text_file
text_parse(const char *bytes, size_t size, const char *name, int least)
{
    if (size == 0)
        fail("%s: empty; expected a text of %d bytes or more", name, least);
    const char *zero = memchr(bytes, 0, size);
    if (zero)
        fail("%s: no text: a zero byte at %td", name, zero - bytes);
    if (size < (size_t)least || size > INT_MAX)
        fail("%s: %zu bytes; expected a text of %d bytes or more, below 2 GiB", name, size, least);
    text_file t = {.n = (int)size, .text = malloc(size * sizeof *t.text)};
    if (!t.text)
        fail("%s: too large for the memory of this machine", name);
    bool seen[256] = {false};
    for (size_t i = 0; i < size; i++)
        seen[(unsigned char)bytes[i]] = true;
    int symbol[256];
    for (int b = 0; b < 256; b++)
        if (seen[b]) {
            symbol[b] = t.symbols;
            t.byte[t.symbols++] = (unsigned char)b;
        }
    for (size_t i = 0; i < size; i++)
        t.text[i] = symbol[(unsigned char)bytes[i]];
    return t;
}
