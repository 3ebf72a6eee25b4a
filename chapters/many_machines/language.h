// Words by Zipf's law: w1 comes with probability p_1, w2 with p_1 / 2, and so on.
#ifndef MANY_MACHINES_LANGUAGE_H
#define MANY_MACHINES_LANGUAGE_H

#include "numbers/random.h"

// The numbers of n words, 1..V.
void many_machines_draw_words(int V, long n, rng *r, int *word);

// The same words as a text, "w17 w3 ...", to be freed; *size are its bytes.
char *many_machines_words_text(long n, const int *word, long *size);

#endif
