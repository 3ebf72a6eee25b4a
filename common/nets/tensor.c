#include "nets/tensor.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGN = 64,            // bytes: one cache line, one widest vector
    FIRST_CHUNK = 1 << 20, // bytes; each further chunk is as large as all before
};

// ---- Arenas: memory that is given back all at once ----

typedef struct chunk chunk;
struct chunk {
    chunk *next;
    size_t room, used; // bytes behind this header
};

typedef struct {
    chunk *first, *now; // chunks behind `now` are empty
    size_t room, used;  // bytes in all chunks
} arena;

// What a thread has of its own.
static _Thread_local struct {
    arena permanent;  // states and parameters
    arena values;     // what tape_reset forgets
    arena headers[2]; // of tape tensors: one table a generation, in turn
    long generation;  // of the tape, 1, 2, ...
    tensor *tape;     // its last tensor
    bool walked;      // by backward
    tensor **params;  // (param_number)
    int param_number;
    size_t peak;
    bool poison;
} own = {.generation = 1};

static void *
arena_alloc(arena *a, size_t bytes)
{
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    while (a->now && a->now->used + bytes > a->now->room && a->now->next)
        a->now = a->now->next;
    if (!a->now || a->now->used + bytes > a->now->room) {
        size_t room = a->room > FIRST_CHUNK ? a->room : FIRST_CHUNK;
        if (room < bytes)
            room = bytes;
        chunk *c = aligned_alloc(ALIGN, ALIGN + (room + ALIGN - 1) / ALIGN * ALIGN);
        if (!c)
            fail("no memory for %zu more bytes of tensors; %zu are in use", bytes, a->used);
        *c = (chunk){.room = room};
        if (a->now)
            a->now->next = c;
        else
            a->first = c;
        a->now = c;
        a->room += room;
    }
    void *memory = (char *)a->now + ALIGN + a->now->used;
    a->now->used += bytes;
    a->used += bytes;
    return memory;
}

// Empties every chunk behind `keep` and keep itself down to its first `used` bytes.
static void
arena_cut(arena *a, chunk *keep, size_t used)
{
    a->now = keep ? keep : a->first;
    for (chunk *c = a->now; c; c = c->next) {
        size_t left = c == keep ? used : 0;
        if (own.poison)
            memset((char *)c + ALIGN + left, 0xFF, c->used - left);
        a->used -= c->used - left;
        c->used = left;
    }
}

static void
arena_free(arena *a)
{
    for (chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    *a = (arena){0};
}

static arena *
tape_headers(void)
{
    return &own.headers[own.generation % 2];
}

size_t
tape_used(void)
{
    return own.values.used + tape_headers()->used;
}

size_t
tape_peak(void)
{
    return tape_used() > own.peak ? tape_used() : own.peak;
}

void
tape_poison(bool on)
{
    own.poison = on;
}

void *
tape_alloc(size_t bytes)
{
    return memset(arena_alloc(&own.values, bytes), 0, bytes);
}

void *
tape_scratch(size_t bytes)
{
    return arena_alloc(&own.values, bytes);
}

void *
permanent_alloc(size_t bytes)
{
    return memset(arena_alloc(&own.permanent, bytes), 0, bytes);
}

void
tape_reset(void)
{
    own.peak = tape_peak();
    arena_cut(&own.values, NULL, 0);
    // The headers of the tape that ends stay readable until the next one ends, so that a tensor
    // that was kept can be refused by its name.
    own.generation++;
    arena_cut(tape_headers(), NULL, 0);
    own.tape = NULL;
    own.walked = false;
}

struct tape_mark {
    tensor *tape;
    chunk *values, *headers;
    size_t values_used, headers_used;
    long generation;
    bool walked;
};

tape_mark *
tape_mark_here(void)
{
    tape_mark *m = tape_alloc(sizeof *m);
    arena *h = tape_headers();
    *m = (tape_mark){
        own.tape,       own.values.now, h->now, own.values.now->used, h->now ? h->now->used : 0,
        own.generation, own.walked};
    return m;
}

void
tape_rewind(tape_mark *m)
{
    if (m->generation != own.generation)
        fail("tape_rewind: the mark was made before the last tape_reset");
    own.peak = tape_peak();
    own.tape = m->tape;
    // A backward since the mark reached tensors from before it: their gradients go, too.
    for (tensor *x = own.tape; x && own.walked && !m->walked; x = x->previous) {
        x->reached = false;
        x->grad = NULL;
    }
    own.walked = m->walked;
    tape_mark at = *m;
    arena_cut(&own.values, at.values, at.values_used);
    arena_cut(tape_headers(), at.headers, at.headers_used);
}

void
tensors_free(void)
{
    arena_free(&own.permanent);
    arena_free(&own.values);
    arena_free(&own.headers[0]);
    arena_free(&own.headers[1]);
    free(own.params);
    own.params = NULL;
    own.tape = NULL;
    own.param_number = 0;
    own.peak = 0;
    own.walked = false;
}

// ---- Tensors ----

_Noreturn void
fail_shapes(const char *op, const char *rule, const tensor *a, const tensor *b)
{
    fail("%s: %s: %s %s, %s %s", op, rule, a->name, shape_text(a->shape).s, b->name,
         shape_text(b->shape).s);
}

static long
tape_length(void)
{
    return own.tape ? own.tape->place : 0;
}

static tensor *
new_tensor(arena *header, const char *name, shape s)
{
    tensor *x = memset(arena_alloc(header, sizeof *x), 0, sizeof *x);
    x->name = name;
    x->shape = s;
    x->size = shape_size(s);
    x->generation = header == &own.permanent ? 0 : own.generation;
    return x;
}

tensor *
tensor_state(const char *name, shape s)
{
    tensor *x = new_tensor(&own.permanent, name, s);
    x->data = permanent_alloc(x->size * sizeof(float));
    return x;
}

tensor *
param(const char *name, shape s)
{
    tensor *x = tensor_state(name, s);
    x->grad = permanent_alloc(x->size * sizeof(float));
    x->needs_grad = true;
    own.params = memory_grow(own.params, own.param_number + 1, sizeof x, "parameters");
    own.params[own.param_number++] = x;
    return x;
}

int
param_count(void)
{
    return own.param_number;
}

tensor *
param_at(int i)
{
    return own.params[i];
}

tensor *
constant(const char *name, shape s, const float *data)
{
    tensor *x = new_tensor(tape_headers(), name, s);
    x->data = tape_alloc(x->size * sizeof(float));
    if (data)
        memcpy(x->data, data, x->size * sizeof(float));
    return x;
}

static void
check_alive(const char *op, const tensor *x)
{
    if (x->generation && x->generation != own.generation)
        fail("%s: %s %s was made before the last tape_reset; copy what must live on into a "
             "tensor_state()",
             op, x->name, shape_text(x->shape).s);
}

tensor *
detach(tensor *x)
{
    check_alive("detach", x);
    tensor *y = new_tensor(tape_headers(), x->name, x->shape);
    y->data = x->data;
    y->base = x;
    return y;
}

void
tensor_assign(tensor *to, const tensor *from)
{
    check_alive("tensor_assign", to);
    check_alive("tensor_assign", from);
    if (!shape_equal(to->shape, from->shape))
        fail_shapes("tensor_assign", "shapes differ", to, from);
    const tensor *whole = to;
    while (whole->base)
        whole = whole->base;
    if (whole->last_read == own.generation && !own.walked)
        fail("tensor_assign: %s was read on this tape, and backward will want its values; call "
             "backward "
             "first, or compute with a constant() of them",
             to->name);
    memcpy(to->data, from->data, to->size * sizeof(float));
}

tensor *
named(tensor *x, const char *name)
{
    x->name = name;
    return x;
}

tensor *
tape_find(const char *name)
{
    for (tensor *x = own.tape; x; x = x->previous)
        if (strcmp(x->name, name) == 0)
            return x;
    fail("tape_find: no tensor of this tape is called %s", name);
}

// Puts x at the end of the tape.
static tensor *
append(tensor *x)
{
    x->previous = own.tape;
    x->place = tape_length() + 1;
    return own.tape = x;
}

tensor *
tape_node(const char *op, shape s, backward_fn *back, int inputs, tensor *const in[])
{
    tensor *out = new_tensor(tape_headers(), op, s);
    out->data = arena_alloc(&own.values, out->size * sizeof(float));
    out->in = arena_alloc(tape_headers(), inputs * sizeof *in);
    out->inputs = inputs;
    for (int i = 0; i < inputs; i++) {
        check_alive(op, in[i]);
        out->in[i] = in[i];
        for (tensor *x = in[i]; x; x = x->base)
            x->last_read = own.generation;
        out->needs_grad |= in[i]->needs_grad;
    }
    out->backward = back;
    return append(out);
}

tensor *
tape_view(const char *op, tensor *x, shape s, long offset)
{
    check_alive(op, x);
    if (offset < 0 || offset + shape_size(s) > x->size)
        fail("%s: %s from value %ld on does not fit into %s %s", op, shape_text(s).s, offset,
             x->name, shape_text(x->shape).s);
    tensor *out = new_tensor(tape_headers(), x->name, s);
    out->data = x->data + offset;
    out->base = x;
    out->needs_grad = x->needs_grad;
    return append(out);
}

tensor *
tape_save(tensor *out, const char *name, shape s)
{
    tensor *x = new_tensor(tape_headers(), name, s);
    x->data = arena_alloc(&own.values, x->size * sizeof(float));
    x->next = out->kept;
    out->kept = x;
    return x;
}

tensor *
tape_saved(const tensor *out, const char *name)
{
    for (tensor *x = out->kept; x; x = x->next)
        if (strcmp(x->name, name) == 0)
            return x;
    fail("tape_saved: %s has kept nothing called %s", out->name, name);
}

// ---- The way back ----

// Marks x as reached and gives it a gradient of zeros; a view's is part of its base's.
static void
reach(tensor *x)
{
    x->reached = true;
    if (x->base) {
        reach(x->base);
        x->grad = x->base->grad + (x->data - x->base->data);
    } else if (!x->grad)
        x->grad = tape_alloc(x->size * sizeof(float));
}

// The same with a gradient that is still to be written, if x has none yet and is no view.
static void
reach_unset(tensor *x)
{
    if (x->base || x->grad)
        return;
    x->grad = arena_alloc(&own.values, x->size * sizeof(float));
    x->unset = true;
}

// Adds dout to out's gradient and walks back over what out reaches, down to the tape's first `until` tensors, which
// stay as they are. The tape is in the order of creation: every use of a tensor stands behind it.
static void
walk(tensor *out, const float *dout, long until)
{
    reach(out);
    for (long i = 0; i < out->size; i++)
        out->grad[i] += dout[i];
    for (tensor *x = own.tape; x && x->place > until; x = x->previous) {
        if (!x->reached || x->base)
            continue;
        if (x->sets_first && x->in[0]->needs_grad)
            reach_unset(x->in[0]);
        for (int i = 0; i < x->inputs; i++)
            if (x->in[i]->needs_grad)
                reach(x->in[i]);
        x->backward(x);
    }
}

void
backward_from(tensor *out, const float *dout)
{
    check_alive("backward", out);
    if (!out->needs_grad)
        fail("backward: %s depends on no parameter", out->name);
    if (own.walked)
        fail("backward: a second time on one tape; call tape_reset and compute the loss again");
    own.walked = true;
    walk(out, dout, 0);
}

void
backward(tensor *loss)
{
    if (loss->size != 1)
        fail("backward: %s %s is no single number", loss->name, shape_text(loss->shape).s);
    backward_from(loss, (float[]){1});
}

// ---- Forget, and compute again ----

// What a node of t_recompute keeps besides its inputs and its result.
typedef struct {
    segment_fn *f;
    size_t bytes;
    void *context; // (bytes) as it was before the first run
} segment;

static backward_fn recompute_backward;

// One run, behind all that is on the tape.
static tensor *
run(const segment *s, tensor *const in[])
{
    void *context = memcpy(tape_alloc(s->bytes), s->context, s->bytes);
    return s->f(in, context);
}

// Whether x, or what it is a view of, is one of the inputs.
static bool
is_among(const tensor *x, int inputs, tensor *const in[])
{
    for (; x; x = x->base)
        for (int i = 0; i < inputs; i++)
            if (x == in[i])
                return true;
    return false;
}

// Refuses x, which a run that began at this place of the tape has read: the backward would lose its gradient.
static void
check_outside(const tensor *x, long began, int inputs, tensor *const in[])
{
    if (x->needs_grad && x->generation && x->place <= began && !is_among(x, inputs, in))
        fail("t_recompute: the function reads %s %s, which wants a gradient and is not among its "
             "inputs; pass it as one",
             x->name, shape_text(x->shape).s);
}

tensor *
t_recompute(segment_fn *f, int inputs, tensor *const in[], const void *context, size_t bytes)
{
    segment s = {f, bytes, tape_alloc(bytes)};
    if (bytes)
        memcpy(s.context, context, bytes);
    tape_mark *mark = tape_mark_here();
    long began = tape_length();
    tensor *y = run(&s, in);
    for (const tensor *x = own.tape; x && x->place > began; x = x->previous) {
        for (int i = 0; i < x->inputs; i++)
            check_outside(x->in[i], began, inputs, in);
        if (x->base)
            check_outside(x->base, began, inputs, in);
    }
    check_outside(y, began, inputs, in);
    // The result is copied out, and the way to it forgotten.
    shape result = y->shape;
    bool needs_grad = y->needs_grad;
    float *values = memory_zeroed(y->size, sizeof *values, "the result of t_recompute");
    memcpy(values, y->data, y->size * sizeof *values);
    tape_rewind(mark);
    tensor *out = tape_node("t_recompute", result, recompute_backward, inputs, in);
    memcpy(out->data, values, out->size * sizeof *values);
    free(values);
    out->aux = memcpy(tape_alloc(sizeof s), &s, sizeof s);
    out->needs_grad = needs_grad; // also where only parameters inside want one
    return out;
}

static void
recompute_backward(tensor *out)
{
    tape_mark *mark = tape_mark_here();
    long began = tape_length();
    // out = f(in): the same once more, and back over what it left on the tape
    tensor *y = run(out->aux, out->in);
    if (!shape_equal(y->shape, out->shape) ||
        memcmp(y->data, out->data, out->size * sizeof *y->data) != 0)
        fail("t_recompute: the second run of %s %s gave other values than the first; does it draw "
             "from a generator outside of its context, or change what it reads?",
             out->name, shape_text(out->shape).s);
    walk(y, out->grad, began);
    tape_rewind(mark);
}

// sum(R * f(x)) in double, on a tape that is rewound.
static double
projected(tensor *(*f)(tensor *const x[], void *context), tensor *const x[], void *context,
          const float *r)
{
    tape_mark *mark = tape_mark_here();
    const tensor *out = f(x, context);
    double sum = 0;
    for (long i = 0; i < out->size; i++)
        sum += (double)out->data[i] * r[i];
    tape_rewind(mark);
    return sum;
}

double
gradcheck(tensor *(*f)(tensor *const x[], void *context), int n, tensor *const x[], void *context)
{
    const float h = 1e-2f;
    tape_reset();
    for (int i = 0; i < n; i++) {
        if (!x[i]->grad)
            fail("gradcheck: %s is no parameter", x[i]->name);
        memset(x[i]->grad, 0, x[i]->size * sizeof(float));
    }
    tensor *out = f(x, context);
    float *r = tape_alloc(out->size * sizeof(float));
    rng random = rng_at(1, 0);
    rng_fill_normal(&random, out->size, r, 0, 1);
    backward_from(out, r);
    double worst = 0;
    for (int i = 0; i < n; i++) {
        double largest = 0, error = 0;
        for (long j = 0; j < x[i]->size; j++) {
            float *value = &x[i]->data[j], kept = *value;
            float above = kept + h, below = kept - h;
            *value = above;
            double difference = projected(f, x, context, r);
            *value = below;
            difference -= projected(f, x, context, r);
            *value = kept;
            double numeric = difference / ((double)above - below);
            if (!isfinite(numeric - x[i]->grad[j]))
                return INFINITY;
            error = fmax(error, fabs(numeric - x[i]->grad[j]));
            largest = fmax(largest, fabs(numeric));
        }
        worst = fmax(worst, error / fmax(largest, 1e-3));
    }
    return worst;
}
