// Tensors of float32 in C order, and the tape that differentiates what is computed with them.
//
// An op computes its result at once and appends it to the tape. backward(loss) walks the tape from
// its end and leaves dL/dx in x->grad for every x that the loss depends on. tape_reset() then forgets
// all but parameters and states. Tape, arenas and parameter list belong to the thread.
#ifndef TENSOR_H
#define TENSOR_H

#include "nets/shape.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct tensor tensor;
typedef void backward_fn(tensor *out);

struct tensor {
    // For everyone.
    float *data; // the values
    float *grad; // dL/d(values); NULL: not needed, or not reached by backward
    shape shape;
    long size;        // the number of values
    const char *name; // for messages; an op's name until named() gives a better one

    // For the op that made it.
    tensor **in; // (inputs) what it computed this from
    int inputs;
    backward_fn *backward; // adds to in[i]->grad what out->grad implies, where in[i]->grad is set
    void *aux;             // the op's own constants
    bool sets_first;       // its backward writes in[0]->grad, not adds to it, where in[0] is unset:
    bool unset;            // nobody has added to its gradient, which holds no zeros yet

    // The tape's own.
    tensor *previous; // on the tape
    long place;       // on the tape: 1 + the previous one's
    tensor *base;     // a view has the memory of this tensor
    tensor *kept;     // what tape_save made for the backward, linked by next
    tensor *next;
    long generation; // of the tape, 0: permanent
    long last_read;  // the last generation in which an op read it
    bool needs_grad; // a parameter, or computed from one
    bool reached;    // by backward
};

// A parameter: permanent, zero, with a gradient (zero) that zero_grad clears and train.h follows.
tensor *param(const char *name, shape s);

// A permanent tensor of zeros without gradient: what a training carries over tape_reset.
tensor *tensor_state(const char *name, shape s);

// A tensor on the tape without gradient, with a copy of the values at data (NULL: zeros).
tensor *constant(const char *name, shape s, const float *data);

// x's values without x's history: no gradient flows through it.
tensor *detach(tensor *x);

// Copies the values of `from` into `to`; equal shapes. An error while a backward may still want the old
// values of `to`, since an op of this tape has read them.
void tensor_assign(tensor *to, const tensor *from);

// Gives x a name for messages (not copied) and returns x.
tensor *named(tensor *x, const char *name);

// The newest tensor of this tape that an op made and that has this name; its absence is an error.
tensor *tape_find(const char *name);

// dL/dx -> x->grad for every x with a gradient on which the loss (one number) depends; parameters add
// it to what is there. Once for each tape.
void backward(tensor *loss);

// The same from an output of any shape, with dL/dout given in its shape.
void backward_from(tensor *out, const float *dout);

// f(in, context) without keeping what it computes on the way: the tape has its result alone, and the backward runs f a
// second time on the same inputs and walks that run. Every run gets a copy of the `bytes` bytes at context as they are
// now (a generator in them draws the same numbers again) and what they point to must live, unchanged, until the
// backward. Errors: f reads a tensor that wants a gradient and is neither a parameter nor one of in[0..inputs-1], nor
// a view of one; the second run gives other values, by a bit.
typedef tensor *segment_fn(tensor *const in[], void *context);
tensor *t_recompute(segment_fn *f, int inputs, tensor *const in[], const void *context,
                    size_t bytes);

// Forgets every tensor that is not permanent. One that is used until the next tape_reset is refused by
// its name; after that its memory belongs to others.
void tape_reset(void);

// Back to the tape as it was at the mark: the tensors made since then are gone. (tensor_assign still counts what
// they have read.)
typedef struct tape_mark tape_mark;
tape_mark *tape_mark_here(void);
void tape_rewind(tape_mark *mark);

// Bytes of the tape in use, and the most there were since tensors_free.
size_t tape_used(void);
size_t tape_peak(void);

// Frees everything of this thread: tape, states and parameters. What is kept of them dangles.
void tensors_free(void);

// The parameters in the order in which they were made.
int param_count(void);
tensor *param_at(int i);

// ---- What ops are made of ----

// A new tape tensor of shape s, its values still to be computed, from INPUTS(a, b, ...).
tensor *tape_node(const char *op, shape s, backward_fn *backward, int inputs, tensor *const in[]);
// clang-format off
#define INPUTS(...) sizeof((tensor *[]){__VA_ARGS__}) / sizeof(tensor *), (tensor *[]){__VA_ARGS__}
// clang-format on

// A tensor of shape s with x's own memory, values and gradient, from value `offset` on.
tensor *tape_view(const char *op, tensor *x, shape s, long offset);

// A tensor of shape s beside out, for values that its backward needs; tape_saved(out, name) finds it.
tensor *tape_save(tensor *out, const char *name, shape s);
tensor *tape_saved(const tensor *out, const char *name);

// Memory of the tape for what is written before it is read.
void *tape_scratch(size_t bytes);

// Zeroed memory: of the tape (for aux), and as permanent as a parameter.
void *tape_alloc(size_t bytes);
void *permanent_alloc(size_t bytes);

// Ends the program with "op: rule: a (4, 16), b (8, 10)".
_Noreturn void fail_shapes(const char *op, const char *rule, const tensor *a, const tensor *b);

// The largest error of the gradients of sum(R * f(x)) for a random R, over all values of x[0..n-1]
// (parameters), as a fraction of each x's largest gradient (of 1e-3, if that is more): analytic against
// (f(x+h) - f(x-h)) / 2h with h = 1e-2, summed in double; infinite where one is not finite. 1e-3 is a good
// bound for inputs of order one away from kinks. It begins a new tape and overwrites the gradients of x.
double gradcheck(tensor *(*f)(tensor *const x[], void *context), int n, tensor *const x[],
                 void *context);

// Fills what is freed with 0xFF bytes (NaN), so that a use after tape_reset shows. For tests.
void tape_poison(bool on);

#endif
