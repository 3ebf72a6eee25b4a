// One training on several ranks: a small net with its gradient by hand, the batch in leaves, Adam, and all that a
// training must keep to be resumed.
//
// Letters: I inputs, H hidden units, O classes; P = H I + H + O H + O weights; B examples of a leaf.
#ifndef MANY_MACHINES_TRAINING_H
#define MANY_MACHINES_TRAINING_H

#include "many_machines/many_machines.h"
#include "numbers/random.h"

enum { MANY_MACHINES_LEAVES = 8 };

typedef struct {
    int I, H, O;
} many_machines_net;

int many_machines_weights(many_machines_net net);

// o = W2 tanh(W1 x + b1) + b2, loss = -log softmax(o)[y]. For B examples x (B, I), y (B): the gradient of the sum of
// their losses goes to g (P + 1), and the sum itself behind it. w (P): W1 (H, I), b1 (H), W2 (O, H), b2 (O).
void many_machines_gradient(many_machines_net net, const float *w, int B, const float *x,
                            const int *y, float *g);

// What is learnt: N examples x (N, I) with classes y (N).
typedef struct {
    many_machines_net net;
    int N, B;
    float *x;
    int *y;
} many_machines_task;

// All that the next step depends on: a checkpoint has all of it.
typedef struct {
    int P, steps;
    float *w, *m, *v; // (P): weights, and Adam's two means
    rng random;       // draws the batches
} many_machines_state;

many_machines_state many_machines_state_new(int P);
void many_machines_state_copy(many_machines_state *to, const many_machines_state *from);
void many_machines_state_free(many_machines_state *s);

// The batch of the next step: 8 B numbers of examples. Every rank draws all of them.
void many_machines_draw(const many_machines_task *t, many_machines_state *s, int *batch);

// Fills row `leaf` of the rank's memory (8, P + 1).
void many_machines_leaf(const many_machines_task *t, const float *w, const int *batch, int leaf,
                        float *memory);

// Adam's step from sum (P + 1), of `examples` examples; returns their mean loss.
float many_machines_update(many_machines_state *s, int examples, const float *sum, float rate);

// One step of p ranks in this process, each with a state and a memory (8, P + 1) of its own.
float many_machines_train(const many_machines_task *t, const many_machines_plan *plan,
                          many_machines_state *state, float *const *memory, float rate);

// Of the bytes of all weights, in order, on a machine that stores them with the lowest byte first.
uint32_t many_machines_fingerprint(const many_machines_state *s);

#endif
