#include "bpe/splits.h"

#include "files/memory.h"

#include <stdlib.h>
#include <string.h>

int
bpe_fewest(const tokens *t, const unsigned char *s, int n, int *best, int *ids)
{
    int *last = memory_zeroed(n + 1, sizeof *last, "a piece"); // the last token of the best split
    best[0] = 0;
    for (int j = 1; j <= n; j++) {
        best[j] = j; // bytes are tokens
        last[j] = tokens_find(t, s + j - 1, 1);
        for (int i = 0; i < j; i++) {
            int id = tokens_find(t, s + i, j - i);
            if (id >= 0 && best[i] + 1 <= best[j]) {
                best[j] = best[i] + 1;
                last[j] = id;
            }
        }
    }
    for (int j = n, k = best[n]; ids && k > 0; j -= (int)(t->at[ids[k] + 1] - t->at[ids[k]]))
        ids[--k] = last[j];
    free(last);
    return best[n];
}

int
bpe_longest(const tokens *t, const unsigned char *s, int n, int *ids)
{
    int parts = 0;
    for (int at = 0, length; at < n; at += length) {
        length = n - at;
        while (tokens_find(t, s + at, length) < 0)
            length--;
        ids[parts++] = tokens_find(t, s + at, length);
    }
    return parts;
}

int
bpe_leftmost(const tokens *t, const unsigned char *s, int n, int *ids)
{
    int parts = n, start[n + 1];
    for (int k = 0; k <= n; k++)
        start[k] = k;
    for (int k = 0; k + 1 < parts;) {
        if (tokens_find(t, s + start[k], start[k + 2] - start[k]) < 0) {
            k++;
            continue;
        }
        parts--;
        memmove(start + k + 1, start + k + 2, (parts - k) * sizeof *start);
        k = 0; // again from the left
    }
    for (int k = 0; k < parts; k++)
        ids[k] = tokens_find(t, s + start[k], start[k + 1] - start[k]);
    return parts;
}
