// For the page: the tiles of one small head, walked one by one, and one row's m, l and o after each.
#include "flash_attention/flash_attention.h"
#include "flash_attention/exact.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <string.h>

enum { LIVE_MOST = 24, LIVE_D = 4, LIVE_SEED = 93 };

// One tile, computed or skipped, and what one row has after it.
typedef struct {
    double t, rows, s, columns, skipped;
    double m, l, o[LIVE_D];
    double exact[LIVE_D]; // plain softmax over the row's keys so far, in double
} live_tile;

static struct {
    double tiles, exact[LIVE_D];         // plain softmax over all keys of the row
    double score[LIVE_MOST * LIVE_MOST]; // (T, S), -inf where the query may not look
    live_tile tile[LIVE_MOST * LIVE_MOST];
} said;

// Queries, keys and values from N(0, 1), the queries times `size`.
static flash_attention_head
draw_head(int T, int S, double size)
{
    static float q[LIVE_MOST * LIVE_D], k[LIVE_MOST * LIVE_D], v[LIVE_MOST * LIVE_D];
    rng r = rng_at(LIVE_SEED, 0);
    rng_fill_normal(&r, LIVE_MOST * LIVE_D, q, 0, (float)size);
    rng_fill_normal(&r, LIVE_MOST * LIVE_D, k, 0, 1);
    rng_fill_normal(&r, LIVE_MOST * LIVE_D, v, 0, 1);
    return (flash_attention_head){
        .T = T, .S = S, .d = LIVE_D, .row = LIVE_D, .q = q, .k = k, .v = v};
}

// The scores; returns how many keys the row sees.
static int
fill_scores(const flash_attention_head *a, const flash_attention_options *o, int row)
{
    int seen = 0;
    for (int t = 0; t < a->T; t++)
        for (int s = 0; s < a->S; s++) {
            bool hidden = flash_attention_is_hidden(a, o, (flash_attention_tile){t, 1, s, 1});
            float score = dot32(LIVE_D, a->q + t * LIVE_D, a->k + s * LIVE_D) / sqrt32(LIVE_D);
            said.score[t * a->S + s] = hidden ? -INFINITY : score;
            seen += t == row && !hidden;
        }
    return seen;
}

// Plain softmax attention of one row over its first n keys.
static void
plain(const flash_attention_head *head, int row, int n, double *out)
{
    flash_attention_head a = *head;
    a.T = 1, a.S = n, a.q += row * LIVE_D;
    flash_attention_exact(&a, FLASH_ATTENTION_ALL, out);
}

// Walks the tiles of T queries and S keys, in the order of flash_attention_head_forward, and looks at one row.
const double *
flash_attention_live_walk(int T, int S, int rows, int columns, int causal, double size, double lazy,
                          int row)
{
    float m[LIVE_MOST], l[LIVE_MOST * FLASH_ATTENTION_LANES], out[LIVE_MOST * LIVE_D];
    float powers[LIVE_MOST * LIVE_MOST];
    flash_attention_options o = {.causal = (flash_attention_causality)causal, .lazy = (float)lazy};
    flash_attention_head a = draw_head(T, S, size);
    flash_attention_state state = {m, l, out, LIVE_D};
    int seen = fill_scores(&a, &o, row), n = 0;
    plain(&a, row, seen, said.exact);
    flash_attention_begin(T, LIVE_D, &state);
    for (int t = 0; t < T; t += rows)
        for (int s = 0; s < S; s += columns, n++) {
            flash_attention_tile tile = {t, T - t < rows ? T - t : rows, s,
                                         S - s < columns ? S - s : columns};
            bool skipped = flash_attention_is_hidden(&a, &o, tile);
            if (!skipped)
                flash_attention_tile_forward(&a, &o, tile, &state, powers);
            live_tile *to = &said.tile[n];
            *to = (live_tile){tile.t,
                              tile.rows,
                              tile.s,
                              tile.columns,
                              skipped,
                              m[row],
                              flash_attention_sum(&state, row),
                              {0},
                              {0}};
            for (int c = 0; c < LIVE_D; c++)
                to->o[c] = out[row * LIVE_D + c];
            int so_far = row < t ? S : row < t + rows ? s + tile.columns : 0;
            plain(&a, row, so_far < seen ? so_far : seen, to->exact);
        }
    said.tiles = n;
    return &said.tiles;
}
