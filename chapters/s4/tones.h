// The task of the chapter's training: which of four tones was played at the beginning, after a long
// noise.
#ifndef S4_TONES_H
#define S4_TONES_H

#include "rnn/rnn.h"
#include "s4/layer.h"

// x (T, B, 1): for S4_TONE steps a sine of amplitude 1 with a random phase and 2, 3, 4 or 5
// periods, everywhere noise of the given standard deviation; y (B): 0 ... 3, which sine it was.
enum { S4_TONE = 64, S4_TONES = 4 };
void s4_tones_batch(rng *r, double noise, tensor *x, int *y);

// How a net begins. S4D: dt log-uniform between dt_least and dt_most. A GRU: as PyTorch has it, or
// where lags > 0 with clocks (after Tallec & Ollivier 2018): an update gate with the bias log(k)
// keeps k / (k + 1) of its unit at each step, and k is log-uniform between 1 and `lags`, as S4D's
// clocks are. (In the paper k is uniform.)
typedef struct {
    bool recurrent;
    int lags;
    double dt_least, dt_most;
} s4_tones_start;

// H numbers after the last step and a linear layer that reads them: S4D between an input and an
// output map, or a GRU.
typedef struct {
    bool recurrent;
    tensor *w_in, *b_in; // (H, 1), (H); S4D only
    s4_layer s4;
    rnn_layer gru;
    tensor *w_out, *b_out; // (S4_TONES, H), (S4_TONES)
} s4_tones_model;
s4_tones_model s4_tones_model_new(s4_tones_start start, rng *r);
tensor *s4_tones_logits(const s4_tones_model *m, tensor *x); // (T, B, 1) -> (B, S4_TONES)

// The logits of S4D once more, by its recurrence: one step after the other.
tensor *s4_tones_logits_by_steps(const s4_tones_model *m, const tensor *x);

#endif
