// Sequences of two tasks for which a net must remember something: adding and copying.
#ifndef RNN_TASKS_H
#define RNN_TASKS_H

#include "nets/tensor.h"
#include "numbers/random.h"

// Adding (after Hochreiter & Schmidhuber 1997). x (T, B, 2): a number in [0, 1) and a mark, which is 1 at
// one place in each half, else 0; y (B, 1): the sum of the two marked numbers.
void rnn_adding_batch(rng *r, tensor *x, tensor *y);

// Copying (after Arjovsky, Shah & Bengio 2016). x and y (T, B), T = 10 + delay + 10 steps: 10 symbols, blanks
// for the delay, the last of them replaced by a mark, 10 blanks; y is blank, and the symbols at the end.
enum {
    RNN_COPIED = 10,
    RNN_ALPHABET = 8,
    RNN_BLANK = RNN_ALPHABET,
    RNN_MARK,
    RNN_COPY_SYMBOLS // how many different ones x has
};
void rnn_copy_batch(rng *r, int delay, int B, int *x, int *y);

// The loss per step, in nats, of a net that knows when to be blank and guesses among the symbols.
double rnn_copy_memoryless(int delay);

#endif
