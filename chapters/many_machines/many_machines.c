#include "many_machines/many_machines.h"

#include "files/fail.h"
#include "files/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
many_machines_order(many_machines_bytes a, many_machines_bytes b)
{
    long both = a.n < b.n ? a.n : b.n;
    int first = both > 0 ? memcmp(a.at, b.at, both) : 0;
    return first ? first : (a.n > b.n) - (a.n < b.n);
}

// ---- Map ----

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

long
many_machines_map_words(const char *text, long n, bool more, many_machines_sink out)
{
    long at = 0;
    while (at < n) {
        long end = at;
        while (end < n && !is_space(text[end]))
            end++;
        if (end == n && more)
            return at;
        if (end > at)
            out.take(out.to, (many_machines_bytes){text + at, end - at}, 1);
        at = end + 1;
    }
    return n;
}

void
many_machines_map_pairs(many_machines_bytes word, int64_t count, many_machines_sink out)
{
    static const char digit[] = "0123456789abcdef";
    for (long i = 0; i + 1 < word.n; i++) {
        unsigned char a = (unsigned char)word.at[i], b = (unsigned char)word.at[i + 1];
        char key[] = {digit[a >> 4], digit[a & 15], digit[b >> 4], digit[b & 15]};
        out.take(out.to, (many_machines_bytes){key, sizeof key}, count);
    }
}

// ---- Shuffle ----

uint32_t
many_machines_hash(many_machines_bytes key)
{
    uint32_t hash = 2166136261u;
    for (long i = 0; i < key.n; i++) {
        hash ^= (unsigned char)key.at[i];
        hash *= 16777619u;
    }
    return hash;
}

int
many_machines_partition(many_machines_bytes key, int R)
{
    return (int)(many_machines_hash(key) % (uint32_t)R);
}

// ---- Reduce ----

void
many_machines_reduce(many_machines_run *run, many_machines_bytes key, int64_t value,
                     many_machines_sink out)
{
    int64_t sum = value;
    bool same = run->open && many_machines_order(run->key, key) == 0;
    if (run->open && !same)
        out.take(out.to, run->key, run->sum);
    if (same && __builtin_add_overflow(run->sum, value, &sum))
        fail("a key's sum is beyond 64 bits: %lld and %lld more", (long long)run->sum,
             (long long)value);
    *run = (many_machines_run){true, key, sum};
}

void
many_machines_reduce_end(many_machines_run *run, many_machines_sink out)
{
    if (run->open)
        out.take(out.to, run->key, run->sum);
    run->open = false;
}

// ---- Explode ----

// The next part of *rest, up to the separator; *rest becomes what is behind it, with at = NULL where nothing is.
static many_machines_bytes
next_part(many_machines_bytes *rest, char separator)
{
    const char *end = rest->n > 0 ? memchr(rest->at, separator, rest->n) : NULL;
    many_machines_bytes part = {rest->at, end ? end - rest->at : rest->n};
    if (end)
        *rest = (many_machines_bytes){end + 1, rest->n - part.n - 1};
    else
        *rest = (many_machines_bytes){NULL, 0};
    return part;
}

static const many_machines_bytes null_value = {"\\N", 2};

static bool
is_null(many_machines_bytes x)
{
    return x.n == 2 && memcmp(x.at, "\\N", 2) == 0;
}

static many_machines_bytes
number(char digits[24], long x)
{
    return (many_machines_bytes){digits, sprintf(digits, "%ld", x)};
}

// Gives the row with the item in place `position`, NULL: of no collection.
static void
give_row(const many_machines_view *v, many_machines_bytes row, long position,
         const many_machines_bytes *item, many_machines_rows out)
{
    char digits[24];
    int n = 0;
    many_machines_bytes field[4], rest = item ? *item : null_value;
    field[n++] = row;
    if (v->position)
        field[n++] = item ? number(digits, position) : null_value;
    field[n++] = v->map ? next_part(&rest, MANY_MACHINES_VALUE) : rest;
    if (v->map)
        field[n++] = rest.at && item ? rest : null_value;
    out.take(out.to, n, field);
}

bool
many_machines_explode(const many_machines_view *v, many_machines_bytes row, many_machines_rows out)
{
    many_machines_bytes columns = row, collection = {NULL, 0};
    for (int k = 0; k <= v->column; k++) {
        if (!columns.at)
            return false;
        collection = next_part(&columns, MANY_MACHINES_COLUMN);
    }
    bool none = collection.n == 0 || is_null(collection);
    if (none && v->outer)
        give_row(v, row, 0, NULL, out);
    for (long i = 0; !none && collection.at; i++) {
        many_machines_bytes item = next_part(&collection, MANY_MACHINES_ITEM);
        give_row(v, row, i, &item, out);
    }
    return true;
}

// ---- Sums ----

void
many_machines_chain(int rows, long n, const float *x, float *partial)
{
    for (int t = 0; t < rows; t++)
        for (long k = 0; k < n; k++)
            partial[t * n + k] = t > 0 ? partial[(t - 1) * n + k] + x[t * n + k] : x[k];
}

// ---- Tables of messages ----

static void
add_message(many_machines_plan *plan, many_machines_message m)
{
    if (m.n == 0)
        return;
    plan->message = memory_grow(plan->message, ++plan->messages, sizeof m, "messages");
    plan->message[plan->messages - 1] = m;
    plan->steps = m.step + 1;
}

void
many_machines_plan_free(many_machines_plan *plan)
{
    free(plan->message);
    *plan = (many_machines_plan){0};
}

// The largest power of 2 that is p or less.
static int
power_below(int p)
{
    int q = 1;
    while (2 * q <= p)
        q *= 2;
    return q;
}

// Rank 0 has the n values at 0; in the end all have.
static void
broadcast(many_machines_plan *plan, int step, long n)
{
    int p = plan->p;
    for (int d = p > 1 ? power_below(p - 1) : 0; d >= 1; d /= 2, step++)
        for (int r = 0; r + d < p; r += 2 * d)
            add_message(plan, (many_machines_message){step, r, r + d, 0, 0, n, false});
}

many_machines_plan
many_machines_tree(int p, long n)
{
    many_machines_plan plan = {.p = p};
    int step = 0;
    for (int d = 1; d < p; d *= 2, step++)
        for (int r = 0; r + d < p; r += 2 * d)
            add_message(&plan, (many_machines_message){step, r + d, r, 0, 0, n, true});
    broadcast(&plan, step, n);
    return plan;
}

// Of p ranks q, a power of 2, take part; before, the others send what they have to one of these, and
// after it they get the sum.
static void
fold(many_machines_plan *plan, int step, int q, long n, bool before)
{
    for (int r = 0; q + r < plan->p; r++)
        add_message(plan, before ? (many_machines_message){step, q + r, r, 0, 0, n, true}
                                 : (many_machines_message){step, r, q + r, 0, 0, n, false});
}

many_machines_plan
many_machines_doubling(int p, long n)
{
    many_machines_plan plan = {.p = p};
    int q = power_below(p), step = q < p;
    fold(&plan, 0, q, n, true);
    for (int d = 1; d < q; d *= 2, step++)
        for (int r = 0; r < q; r++)
            add_message(&plan, (many_machines_message){step, r, r ^ d, 0, 0, n, true});
    fold(&plan, step, q, n, false);
    return plan;
}

// Rank r sends `count` blocks from `first` on, of the `of` blocks of a vector, to rank `to`.
static many_machines_message
blocks(int step, int r, int to, int first, int count, int of, long n, bool add)
{
    long at = first * n / of, end = (first + count) * n / of;
    return (many_machines_message){step, r, to, at, at, end - at, add};
}

// The first of the q / d blocks that rank r has to do with behind the steps of distance 1, 2, ... d / 2: each has halved
// them, and left the upper half to the rank that is farther.
static int
first_block(int r, int d, int q)
{
    int first = 0;
    for (int b = 1; b < d; b *= 2)
        first += r & b ? q / (2 * b) : 0;
    return first;
}

many_machines_plan
many_machines_halving(int p, long n)
{
    many_machines_plan plan = {.p = p};
    int q = power_below(p), step = q < p;
    fold(&plan, 0, q, n, true);
    // A rank sends the half that is its partner's, until it has one block.
    for (int d = 1; d < q; d *= 2, step++)
        for (int r = 0; r < q; r++) {
            int theirs = first_block(r ^ d, 2 * d, q);
            add_message(&plan, blocks(step, r, r ^ d, theirs, q / (2 * d), q, n, true));
        }
    for (int d = q / 2; d >= 1; d /= 2, step++)
        for (int r = 0; r < q; r++) {
            int own = first_block(r, 2 * d, q);
            add_message(&plan, blocks(step, r, r ^ d, own, q / (2 * d), q, n, false));
        }
    fold(&plan, step, q, n, false);
    return plan;
}

many_machines_plan
many_machines_ring(int p, long n)
{
    many_machines_plan plan = {.p = p};
    // Block b begins at rank b and is whole at rank b - 1, after p - 1 steps.
    for (int s = 0; s < p - 1; s++)
        for (int r = 0; r < p; r++) {
            int block = (r - s + p) % p, next = (r + 1) % p;
            add_message(&plan, blocks(s, r, next, block, 1, p, n, true));
        }
    for (int s = 0; s < p - 1; s++)
        for (int r = 0; r < p; r++) {
            int block = (r - s + 1 + p) % p, next = (r + 1) % p;
            add_message(&plan, blocks(p - 1 + s, r, next, block, 1, p, n, false));
        }
    return plan;
}

// ---- The same tree for every number of ranks ----

// Rank r owns the leaves from r leaves / p on, rounded down.
int
many_machines_owner(int p, int leaves, int leaf)
{
    return ((leaf + 1) * p - 1) / leaves;
}

many_machines_plan
many_machines_leaves(int p, int leaves, long n)
{
    many_machines_plan plan = {.p = p};
    int step = 0;
    if (p < 1 || p > leaves || power_below(leaves) != leaves)
        fail("many_machines_leaves: %d ranks for %d leaves; expected 1 to as many ranks as "
             "leaves, and a power of 2 of these",
             p, leaves);
    for (int d = 1; d < leaves; d *= 2, step++)
        for (int i = 0; i < leaves; i += 2 * d) {
            int from = many_machines_owner(p, leaves, i + d);
            int to = many_machines_owner(p, leaves, i);
            add_message(&plan,
                        (many_machines_message){step, from, to, (i + d) * n, i * n, n, true});
        }
    broadcast(&plan, step, n);
    return plan;
}

// ---- Delivery ----

void
many_machines_deliver(const many_machines_plan *plan, int step, float *const *memory)
{
    long words = 0, at = 0;
    for (int i = 0; i < plan->messages; i++)
        if (plan->message[i].step == step)
            words += plan->message[i].n;
    float *sent = memory_zeroed(words, sizeof *sent, "messages");
    // All is sent before anything is received.
    for (int i = 0; i < plan->messages; i++) {
        const many_machines_message *m = &plan->message[i];
        if (m->step != step)
            continue;
        memcpy(sent + at, memory[m->from] + m->at, m->n * sizeof *sent);
        at += m->n;
    }
    at = 0;
    for (int i = 0; i < plan->messages; i++) {
        const many_machines_message *m = &plan->message[i];
        if (m->step != step)
            continue;
        float *into = memory[m->to] + m->into;
        for (long k = 0; k < m->n; k++)
            into[k] = m->add ? into[k] + sent[at + k] : sent[at + k];
        at += m->n;
    }
    free(sent);
}

void
many_machines_deliver_all(const many_machines_plan *plan, float *const *memory)
{
    for (int step = 0; step < plan->steps; step++)
        many_machines_deliver(plan, step, memory);
}
