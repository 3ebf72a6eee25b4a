// Work that many machines share: records that are mapped, shuffled and reduced; rows that are exploded; and sums of
// vectors that several ranks hold, as tables of messages.
//
// Letters: M map tasks, R reducers; p ranks, n values of a vector. Bytes are never text with a zero behind it.
#ifndef MANY_MACHINES_H
#define MANY_MACHINES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *at;
    long n;
} many_machines_bytes;

// Negative, 0 or positive: a before, equal to, behind b in the order of unsigned bytes, a beginning before what it begins.
int many_machines_order(many_machines_bytes a, many_machines_bytes b);

// ---- Map, shuffle, reduce ----

// Where records go: take(to, key, value). The key's bytes are lent for the call.
typedef struct {
    void (*take)(void *to, many_machines_bytes key, int64_t value);
    void *to;
} many_machines_sink;

// Gives (word, 1) for every word of the text, a longest run of bytes that are no white space. With `more` to come it
// stops before a word that reaches the end. Returns how many bytes are done.
long many_machines_map_words(const char *text, long n, bool more, many_machines_sink out);

// Gives (pair, count) for every two neighbouring bytes of a word that came `count` times; the key is the pair in four
// hexadecimal digits.
void many_machines_map_pairs(many_machines_bytes word, int64_t count, many_machines_sink out);

// The 32-bit hash of Fowler, Noll and Vo (FNV-1a), and the reducer 0..R-1 that a key goes to.
uint32_t many_machines_hash(many_machines_bytes key);
int many_machines_partition(many_machines_bytes key, int R);

// The run of equal keys that is being summed. The last key's bytes must stay until the next call.
typedef struct {
    bool open;
    many_machines_bytes key;
    int64_t sum;
} many_machines_run;

// One record more, of those that come sorted: a run that has ended goes to `out`. At the end the last one does.
void many_machines_reduce(many_machines_run *run, many_machines_bytes key, int64_t value,
                          many_machines_sink out);
void many_machines_reduce_end(many_machines_run *run, many_machines_sink out);

// ---- Rows: LATERAL VIEW explode, in the bytes of Hive's text files ----

// Between columns \001, between items \002, between the key and the value of a map \003; NULL is \N.
enum { MANY_MACHINES_COLUMN = 1, MANY_MACHINES_ITEM = 2, MANY_MACHINES_VALUE = 3 };

typedef struct {
    int column;    // which is exploded, from 0
    bool map;      // it holds a map, not an array
    bool position; // posexplode: with the item's place, from 0
    bool outer;    // a row whose collection is empty or NULL stays, with NULLs
} many_machines_view;

// Where rows go: take(to, n, field), n fields that stand side by side. Lent for the call.
typedef struct {
    void (*take)(void *to, int n, const many_machines_bytes *field);
    void *to;
} many_machines_rows;

// The rows that one row becomes: the row, [position,] item; or the row, [position,] key, value. Returns false, and
// gives none, where the row has no such column.
bool many_machines_explode(const many_machines_view *v, many_machines_bytes row,
                           many_machines_rows out);

// ---- Sums over ranks ----

// In `step` rank `from` sends its n values at `at` to rank `to`, which adds them to those at `into`, or puts them there.
// All messages of a step are read before one is taken in. From a rank to itself it is no message, but an addition.
typedef struct {
    int step, from, to;
    long at, into, n;
    bool add;
} many_machines_message;

// The messages of p ranks, by steps.
typedef struct {
    int p, messages, steps;
    many_machines_message *message;
} many_machines_plan;

// One by one, as a loop that accumulates does: row t of partial (rows, n) is the sum of rows 0 .. t of x.
void many_machines_chain(int rows, long n, const float *x, float *partial);

// Allreduce: the vectors (n) of p ranks, any number of them, become their sum in every rank.
many_machines_plan many_machines_tree(int p, long n);     // to rank 0 and back, by a tree
many_machines_plan many_machines_doubling(int p, long n); // whole vectors, 1, 2, 4 ... ranks away
many_machines_plan many_machines_halving(int p, long n);  // halves, quarters ... and back
many_machines_plan many_machines_ring(int p, long n); // p blocks, each once around and once more

// The same for vectors (leaves, n) of which each rank has filled the rows of its own leaves. Row 0 becomes
// ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)) in every rank, the same bits for every p up to `leaves`, a power of 2.
many_machines_plan many_machines_leaves(int p, int leaves, long n);
int many_machines_owner(int p, int leaves, int leaf);
void many_machines_plan_free(many_machines_plan *plan);

// Carries out one step, or all, between p ranks in this process: memory[r] is what rank r holds.
void many_machines_deliver(const many_machines_plan *plan, int step, float *const *memory);
void many_machines_deliver_all(const many_machines_plan *plan, float *const *memory);

#endif
