// The tasks of the chapter's experiments: reversing a sequence, adding two numbers, windows of a text.
#ifndef TRANSFORMER_TASKS_H
#define TRANSFORMER_TASKS_H

#include "nets/tensor.h"
#include "numbers/random.h"

// Reversal: 10 symbols from 1..10, each drawn independently. source (B, T); the decoder reads the reversed sequence
// behind a 0, without its last symbol, read (B, T), and is to say it whole, say (B, T).
enum { TRANSFORMER_REVERSE_T = 10, TRANSFORMER_REVERSE_V = 11 };
void transformer_reverse_batch(rng *r, int B, int *source, int *read, int *say);

// Addition of numbers of 3 digits: the symbols 347+085=0432, least significant digit of the sum first or last; 10 is +,
// 11 is =. read and say (B, T), the sequence without its last and its first symbol; -1 in say for what is given. Only
// pairs (x, y) with marks[RANGE x + y] == mark are drawn.
enum {
    TRANSFORMER_ADDITION_DIGITS = 3,
    TRANSFORMER_ADDITION_RANGE = 1000, // 10 to the number of digits
    TRANSFORMER_ADDITION_T = 3 * TRANSFORMER_ADDITION_DIGITS + 2,
    TRANSFORMER_ADDITION_V = 12,
    TRANSFORMER_ADDITION_PAIRS = TRANSFORMER_ADDITION_RANGE * TRANSFORMER_ADDITION_RANGE
};
void transformer_addition_batch(rng *r, int B, bool least_first, const bool *marks, bool mark,
                                int *read, int *say);

// Windows of T symbols from the places start[b] of a text on, and the symbols that follow each; (B, T) both.
void transformer_windows(const int *text, int B, const int *start, int T, int *read, int *say);

// The part of the sequences whose every symbol in say (B, T) that is not -1 has the largest of its logits (B, T, V).
// Then greedy generation says all of them: up to its first mistake it has read what is read here.
double transformer_exact_part(const tensor *logits, const int *say);

#endif
