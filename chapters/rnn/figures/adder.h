// What an LSTM makes of the adding problem, unit by unit: called by the figure that trains it.
#ifndef RNN_ADDER_H
#define RNN_ADDER_H

#include "rnn/model.h"

// Of the unit that keeps most of its cell over all steps, the geometric mean over sequences of prod_t f:
typedef struct {
    int unit;
    double kept;             // that mean
    int keepers;             // units of which it is above 0.1
    double marked, unmarked; // its input gate at marked steps and at the others
    double correlation;      // of its last cell with the sum that is asked for
} rnn_adder;

// Over sequences of T steps. The tape is new afterwards.
rnn_adder rnn_adder_find(const rnn_model *m, rng *r, int T);

// Writes adder.tsv: the gates and the cell of this unit along one sequence.
void rnn_adder_trace(const rnn_model *m, int unit, rng *r, int T);

// Writes adder-units.tsv, before and after training of every seed, and states the claims.
void rnn_adder_report(int seeds, const rnn_adder before[], const rnn_adder after[]);

#endif
