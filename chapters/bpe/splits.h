// Other ways to split a piece with the same vocabulary: the fewest tokens, the longest first, the leftmost pair first.
#ifndef BPE_SPLITS_H
#define BPE_SPLITS_H

#include "data/tokens.h"

// The fewest tokens that the first j of n bytes can be, best (n + 1); ids (n), or NULL: such a split. Returns best[n].
int bpe_fewest(const tokens *t, const unsigned char *s, int n, int *best, int *ids);

// From the left, the longest token that stands there. ids (n); returns how many.
int bpe_longest(const tokens *t, const unsigned char *s, int n, int *ids);

// As long as two neighbours together are a token, the leftmost such two become one. ids (n); returns how many are left.
int bpe_leftmost(const tokens *t, const unsigned char *s, int n, int *ids);

#endif
