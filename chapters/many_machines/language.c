#include "many_machines/language.h"

#include "files/memory.h"
#include "many_machines/laws.h"

#include <stdio.h>
#include <stdlib.h>

void
many_machines_draw_words(int V, long n, rng *r, int *word)
{
    double *below = memory_zeroed(V + 1, sizeof *below, "probabilities");
    many_machines_zipf(V, below + 1);
    for (int k = 1; k <= V; k++)
        below[k] += below[k - 1];
    for (long i = 0; i < n; i++) {
        double u = rng_uniform64(r) * below[V];
        int low = 0, high = V; // below[low] <= u < below[high]
        while (high - low > 1) {
            int middle = (low + high) / 2;
            if (below[middle] <= u)
                low = middle;
            else
                high = middle;
        }
        word[i] = high;
    }
    free(below);
}

char *
many_machines_words_text(long n, const int *word, long *size)
{
    enum { LETTERS = 12 };
    char *text = memory_zeroed(n * LETTERS + 1, 1, "a text"), *at = text;
    for (long i = 0; i < n; i++)
        at += sprintf(at, "w%d ", word[i]);
    *size = at - text;
    return text;
}
