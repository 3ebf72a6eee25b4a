// The task of the chapter's training: which of four tones was played at the beginning, after a long noise.
#ifndef S4_TONES_H
#define S4_TONES_H

#include "rnn/rnn.h"
#include "s4/layer.h"

// x (T, B, 1): for TONE steps a sine of amplitude 1 with a random phase and 2, 3, 4 or 5 periods, everywhere noise of
// the given standard deviation; y (B): 0 ... 3, which sine it was.
enum { TONE = 64, TONES = 4 };
void tones_batch(rng *r, double noise, tensor *x, int *y);

// H numbers after the last step and a linear layer that reads them: S4D between an input and an output map,
// or a GRU.
typedef struct {
    bool recurrent;
    tensor *w_in, *b_in; // (H, 1), (H); S4D only
    s4_layer s4;
    rnn_layer gru;
    tensor *w_out, *b_out; // (TONES, H), (TONES)
} tones_model;
tones_model tones_model_new(bool recurrent, rng *r);
tensor *tones_logits(const tones_model *m, tensor *x); // (T, B, 1) -> (B, TONES)

// What tells the tones apart: the part of the rows of logits (B, TONES) that are largest at y.
double tones_accuracy(const tensor *logits, const int *y);

#endif
