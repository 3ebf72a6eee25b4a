#include "speculative/language.h"

#include "files/memory.h"

#include <math.h>
#include <stdlib.h>

speculative_zipf *
speculative_zipf_new(uint32_t seed)
{
    speculative_zipf *z = memory_zeroed(1, sizeof *z, "a language");
    z->z = zipf_new(seed);
    z->states = zipf_states_new(&z->z);
    z->l = (speculative_language){z->states.S, ZIPF_SYMBOLS, z->states.p[0], z->states.next[0]};
    return z;
}

void
speculative_zipf_free(speculative_zipf *z)
{
    zipf_states_free(&z->states);
    free(z);
}

double *
speculative_perfect_heads(const speculative_language *l, int k)
{
    long size = (long)l->S * l->V;
    double *heads = memory_zeroed(k * size, sizeof *heads, "heads");
    for (int j = 1; j <= k; j++)
        speculative_ahead(l, j, heads + (j - 1) * size);
    return heads;
}

double
speculative_words_apart(const speculative_zipf *z, const double *used, double *most)
{
    const zipf_states *c = &z->states;
    double here = 0, there = 0, apart = 0;
    for (int s = 0; s < c->S; s++) {
        here += used[s * ZIPF_SYMBOLS];
        there += c->stationary[s] * c->p[s][0];
    }
    *most = 0;
    for (int s = 0; s < c->S; s++) {
        double word = used[s * ZIPF_SYMBOLS] / here;
        apart += fabs(word - c->stationary[s] * c->p[s][0] / there) / 2;
        *most = fmax(*most, word);
    }
    return apart;
}
