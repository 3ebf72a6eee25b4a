// A recurrence as an op: one step of it, or all steps of a sequence at once.
//
// A cell computes a state of H values from pre-activations: gx from the input, and gh = h w_hh^T (+ b_hh) from the
// state before. It is a pair of functions on rows, forward and backward; a row is one sequence of the batch at one step.
// Letters of shapes: T steps, B sequences, G blocks of H pre-activations.
#ifndef SCAN_H
#define SCAN_H

#include "nets/tensor.h"

enum { SCAN_KEPT = 6 };

// n rows of a step.
typedef struct {
    int n, G, H;
    // The forward reads the pre-activations, the state before, and a second one beside it, NULL in a cell without,
    const float *gx, *gh; // (n, G H)
    const float *h, *c;   // (n, H)
    // and writes both after the step, and what its backward needs.
    float *h_new, *c_new;   // (n, H)
    float *kept[SCAN_KEPT]; // (n, H) each
    // The backward finds all of this but gx and gh. It reads the gradients of the states after the step,
    const float *dh_new, *dc_new; // (n, H)
    // writes those of gx and gh, which are one array unless the cell is `split`,
    float *dgx, *dgh; // (n, G H)
    // and adds to those of the states before; what h gets through gh is not its affair.
    float *dh, *dc; // (n, H)
} scan_rows;

typedef struct {
    const char *name;
    int G;
    bool has_c;
    bool split;                  // the gradients of gx and gh differ
    const char *kept[SCAN_KEPT]; // names for tape_saved; NULL behind the last
    void (*forward)(const scan_rows *r);
    void (*backward)(const scan_rows *r);
} scan_cell;

// One step: gx and gh (B, G H), the state before (B, H), which is c in a cell that has one, else h, to h (B, H), or
// h and c (2, B, H). tape_saved() finds what the cell keeps, (B, H) each.
tensor *t_scan_step(const scan_cell *cell, tensor *gx, tensor *gh, tensor *before);

// T steps from h0 and c0 (B, H), c0 NULL in a cell without: gx (T, B, G H), w_hh (G H, H), b_hh (G H) or NULL, to
// h after every step (T, B, H), or h and c (2, T, B, H). The same bits as t_scan_step step by step.
tensor *t_scan(const scan_cell *cell, tensor *gx, tensor *w_hh, tensor *b_hh, tensor *h0,
               tensor *c0);

#endif
