// Figure devices: the sigmoid loss over D devices: how many numbers one holds, and whether du has the same bits for
// every D, in the ring's order and in a tree.
#include "clip/figures/figures.h"
#include "clip/large.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 372, N = 256, D = 32, PIECES = 8 };

static void
directions_drawn(rng *r, float *x)
{
    rng_fill_normal(r, N * D, x, 0, 1);
    for (int i = 0; i < N; i++) {
        float norm = (float)sqrt64(sumsq(D, x + i * D));
        for (int k = 0; k < D; k++)
            x[i * D + k] /= norm;
    }
}

// The part of x's values whose bits are not y's.
static double
different(const float *x, const float *y)
{
    int n = 0;
    for (int i = 0; i < N * D; i++)
        n += bits32(x[i]) != bits32(y[i]);
    return (double)n / (N * D);
}

void
clip_figure_devices(void)
{
    enum { SIZE = N * D };
    float *all = memory_zeroed(6L * SIZE, sizeof *all, "directions and gradients");
    float *u = all, *v = all + SIZE, *du = all + 2 * SIZE, *dv = all + 3 * SIZE;
    float *first[2] = {all + 4 * SIZE, all + 5 * SIZE}, log_rows[N], log_columns[N];
    rng r = rng_at(SEED, 0);
    directions_drawn(&r, u);
    directions_drawn(&r, v);
    const clip_batch a = {N, D, u, v, 2.3f, -10};
    double of_ring = 1, of_tree = 0;
    table *t =
        program_table("devices", "devices\tring_held\ttree_held\twhole\tring_bits\ttree_bits");
    for (int devices = 1; devices <= PIECES; devices *= 2) {
        double bits[2];
        long held[2];
        for (clip_order order = CLIP_RING; order <= CLIP_TREE; order++) {
            clip_gradients g = {.du = du, .dv = dv};
            clip_sigmoid_devices(&a, devices, PIECES, order, &g);
            if (devices == 1)
                memcpy(first[order], du, SIZE * sizeof *du);
            bits[order] = different(du, first[order]);
            // In the ring a block may be as large as a device's share
            if (order == CLIP_RING)
                clip_sigmoid_devices(&a, devices, devices, order, &g);
            held[order] = g.held;
        }
        of_ring = devices == PIECES ? bits[CLIP_RING] : of_ring;
        of_tree = fmax(of_tree, bits[CLIP_TREE]);
        table_row(t, "idddff", devices, (double)held[CLIP_RING], (double)held[CLIP_TREE],
                  2.0 * N * N, bits[CLIP_RING], bits[CLIP_TREE]);
    }
    table_close(t);
    clip_gradients g = {.du = du, .dv = dv};
    clip_infonce_online(&a, 32, log_rows, log_columns, &g);
    t = program_table("devices-online", "block\theld\twhole");
    table_row(t, "idd", 32, (double)g.held, 2.0 * N * N);
    table_close(t);
    free(all);
    claim_below("tree-bits", "tree: the part of du whose bits are others on 2, 4 or 8 devices",
                1e-9, of_tree, "the order of the sums is the same", CHECK);
    claim_above("ring-bits", "ring: the part of du whose bits are others on 8 devices than on one",
                0.2, of_ring, "expected: every device begins its sum at another block", FOUND);
}
