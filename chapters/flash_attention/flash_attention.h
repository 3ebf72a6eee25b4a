// FlashAttention: softmax attention in tiles, without the matrix of its weights. Dao, Fu, Ermon, Rudra & Re 2022; the
// order of its loops is that of Dao 2023, "FlashAttention-2", algorithm 1.
//
// Letters of shapes: B sequences, h heads, T queries, S keys, d width of a head. a is a score, q k / sqrt(d) + bias.
#ifndef FLASH_ATTENTION_H
#define FLASH_ATTENTION_H

#include "nets/tensor.h"

// ---- A part of the keys, for one query ----

// A part of the keys leaves three things: a reference m, l = sum of e^(a - m), and o (d) = sum of e^(a - m) v. The
// query's answer is o / l. Any m gives the same quotient; the largest score keeps the exponentials from overflowing.
// No key at all is (-inf, 0, zeros), one key is (a, 1, v). A finished answer o / l with its L = m + ln l is a part,
// too: (L, 1, o / l).

// Adds the keys of part 2 to a part: *m, *l, o become those of both.
void flash_attention_merge(int d, float *m, float *l, float *o, float m2, float l2,
                           const float *o2);

// One query q (d) over n keys and values (n, d), one key after the other: out (d); returns L = ln sum of e^a.
float flash_attention_query(int n, int d, const float *q, const float *k, const float *v,
                            float *out);

// The answers of one query over parts of the keys, part_out (parts, d) with their part_L (parts), as one: out (d);
// returns its L. One part or more.
float flash_attention_combine(int parts, int d, const float *part_L, const float *part_out,
                              float *out);

// ---- Tiles ----

// Which keys a query may look at, without a mask: all; s <= S - T + t, the queries are the last T of the S positions;
// or s <= t, they are the first.
typedef enum {
    FLASH_ATTENTION_ALL,
    FLASH_ATTENTION_BOTTOM_RIGHT,
    FLASH_ATTENTION_TOP_LEFT
} flash_attention_causality;

typedef struct {
    int rows, columns; // of a tile: queries and keys; 0: what is fast
    flash_attention_causality causal;
    float lazy;        // m moves only where a score exceeds it by more than this
    bool power_of_two; // powers e^a 2^-m with an integer m: the same bits for every tile
} flash_attention_options;

// One head: q (T, d), k and v (S, d), whose rows begin `row` floats apart; mask (T, S), true: may look, NULL: all may;
// bias (T, S) or NULL.
typedef struct {
    int T, S, d;
    long row;
    const float *q, *k, *v;
    const bool *mask;
    const float *bias;
    const float *k_columns, *v_columns; // (d, S), the transposes of k and v; NULL: not made
} flash_attention_head;

// What the keys so far leave of the T queries. l is kept as LANES sums: key s adds to number s mod LANES.
enum { FLASH_ATTENTION_LANES = 16 };
typedef struct {
    float *m; // (T)
    float *l; // (T, LANES)
    float *o; // (T, d), rows `row` floats apart
    long row;
} flash_attention_state;

// Queries t .. t + rows - 1 and keys s .. s + columns - 1.
typedef struct {
    int t, rows, s, columns;
} flash_attention_tile;

// Before the first key: m -inf, the sums 0.
void flash_attention_begin(int T, int d, flash_attention_state *state);

// Adds a tile's keys to its queries. powers (rows, columns) is room, and holds e^(a - m) afterwards.
void flash_attention_tile_forward(const flash_attention_head *a, const flash_attention_options *o,
                                  flash_attention_tile tile, flash_attention_state *state,
                                  float *powers);

// l of query t, and its L = m + ln l, or with m a power of two m ln 2 + ln l; -inf where it has no key.
float flash_attention_sum(const flash_attention_state *state, int t);
float flash_attention_log_sum(const flash_attention_options *o, const flash_attention_state *state,
                              int t);

// Gradients of one head, in the layout of what they belong to, each NULL where it is not wanted: dbias (T, S).
typedef struct {
    float *dq, *dk, *dv, *dbias;
} flash_attention_gradients;

// Room of a tile's backward, (rows, columns) each, and what it holds afterwards: the weights w = e^(a - L), dw, da;
// where dq or dk is wanted dw has given its place to da / sqrt(d).
typedef struct {
    float *weights, *dweights, *dscores;
} flash_attention_tile_room;

// Adds what a tile gives to the gradients. dout (T, d) has q's layout; L, D (T): D = sum over c of dout out.
void flash_attention_tile_backward(const flash_attention_head *a, const flash_attention_options *o,
                                   flash_attention_tile tile, const float *dout, const float *L,
                                   const float *D, const flash_attention_gradients *g,
                                   const flash_attention_tile_room *room);

// D (T) of a head: the products of the rows of out and dout, (T, d) both with rows `row` floats apart.
void flash_attention_row_dots(int T, int d, long row, const float *out, const float *dout,
                              float *D);

// Whether causality or the mask hides all pairs of a tile: it is skipped.
bool flash_attention_is_hidden(const flash_attention_head *a, const flash_attention_options *o,
                               flash_attention_tile tile);

// ---- One head ----

// How many floats of room the two functions below need.
long flash_attention_forward_room(int T, int S, int d, const flash_attention_options *o);
long flash_attention_backward_room(int T, int S, int d, const flash_attention_options *o);

// out, in q's layout, and L (T), tile by tile; and what dout gives, added to the gradients.
void flash_attention_head_forward(const flash_attention_head *a, const flash_attention_options *o,
                                  float *room, float *out, float *L);
void flash_attention_head_backward(const flash_attention_head *a, const flash_attention_options *o,
                                   float *room, const float *out, const float *dout, const float *L,
                                   const flash_attention_gradients *g);

// ---- The operation ----

// q (B, T, h, d), k and v (B, S, h, d) -> (B, T, h, d), as transformer_attention: mask (B, T, S) or NULL, bias (h, T,
// S) or (B, h, T, S) or NULL; o NULL: all keys, the largest score, fast tiles. Saves "L" (B, h, T) and nothing else
// for its backward. A query that may look nowhere gets zeros, L = -inf, and passes no gradient.
tensor *flash_attention_attend(tensor *q, tensor *k, tensor *v, const bool *mask, tensor *bias,
                               const flash_attention_options *o);

// The same as a transformer_attention_fn: options are a flash_attention_options, or NULL. With the causality that its
// mask says the mask may be NULL.
tensor *flash_attention_for_transformer(tensor *q, tensor *k, tensor *v, const bool *mask,
                                        void *options);

#endif
