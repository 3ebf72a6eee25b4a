// Figure bits: who loses the bits of a sum? Eight vectors on p ranks, added inside of a rank by a tree or one by one and
// between ranks by a plan: how many of 20 000 sums differ from the tree over all eight.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "many_machines/figures/figures.h"
#include "many_machines/many_machines.h"
#include "many_machines/training.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 183, N = 20000, LEAVES = MANY_MACHINES_LEAVES, WAYS = 6 };

// Inside of a rank, and between ranks; NULL: our tree over all leaves.
static const struct {
    const char *name;
    bool one_by_one;
    many_machines_plan (*plan)(int p, long n);
} ways[WAYS] = {{"leaves", false, NULL},
                {"tree_doubling", false, many_machines_doubling},
                {"tree_halving", false, many_machines_halving},
                {"tree_ring", false, many_machines_ring},
                {"chain_doubling", true, many_machines_doubling},
                {"chain_ring", true, many_machines_ring}};

// The sum of rows first .. first + n - 1 by halves, to `sum`.
static void
sum_by_tree(int first, int n, const float *x, float *sum)
{
    if (n == 1) {
        memcpy(sum, x + first * N, N * sizeof *sum);
        return;
    }
    float *right = memory_zeroed(N, sizeof *right, "a sum");
    int half = (n + 1) / 2;
    sum_by_tree(first, half, x, sum);
    sum_by_tree(first + half, n - half, x, right);
    for (int k = 0; k < N; k++)
        sum[k] += right[k];
    free(right);
}

static void
sum_one_by_one(int first, int n, const float *x, float *sum)
{
    float *partial = memory_zeroed(n * N, sizeof *partial, "sums");
    many_machines_chain(n, N, x + first * N, partial);
    memcpy(sum, partial + (n - 1) * N, N * sizeof *sum);
    free(partial);
}

// What rank 0 has, of p ranks.
static void
sum_of_ranks(int way, int p, const float *x, float *sum)
{
    float *own = memory_zeroed(p * LEAVES * N, sizeof *own, "ranks"), *memory[LEAVES];
    for (int r = 0; r < p; r++)
        memory[r] = own + r * LEAVES * N;
    for (int r = 0, first = 0; r < p; r++) {
        int n = 0;
        while (first + n < LEAVES && many_machines_owner(p, LEAVES, first + n) == r)
            n++;
        if (!ways[way].plan)
            memcpy(memory[r] + first * N, x + first * N, n * N * sizeof *x);
        else if (ways[way].one_by_one)
            sum_one_by_one(first, n, x, memory[r]);
        else
            sum_by_tree(first, n, x, memory[r]);
        first += n;
    }
    many_machines_plan plan =
        ways[way].plan ? ways[way].plan(p, N) : many_machines_leaves(p, LEAVES, N);
    many_machines_deliver_all(&plan, memory);
    memcpy(sum, memory[0], N * sizeof *sum);
    many_machines_plan_free(&plan);
    free(own);
}

void
many_machines_figure_bits(void)
{
    float *x = memory_zeroed(LEAVES * N, sizeof *x, "leaves");
    float *tree = memory_zeroed(N, sizeof *tree, "a sum"),
          *sum = memory_zeroed(N, sizeof *sum, "a sum");
    double share[LEAVES + 1][WAYS];
    rng r = rng_at(SEED, 0);
    rng_fill_normal(&r, LEAVES * N, x, 0, 1);
    sum_by_tree(0, LEAVES, x, tree);
    table *t = program_table("bits", "ranks\tleaves\ttree_doubling\ttree_halving\ttree_ring\tchain_"
                                     "doubling\tchain_ring");
    for (int p = 1; p <= LEAVES; p++) {
        for (int way = 0; way < WAYS; way++) {
            int differ = 0;
            sum_of_ranks(way, p, x, sum);
            for (int k = 0; k < N; k++)
                differ += memcmp(&sum[k], &tree[k], sizeof *sum) != 0;
            share[p][way] = (double)differ / N;
        }
        table_row(t, "idddddd", p, share[p][0], share[p][1], share[p][2], share[p][3], share[p][4],
                  share[p][5]);
    }
    table_close(t);
    double ours = 0, powers = 0;
    for (int p = 1; p <= LEAVES; p++)
        ours += share[p][0];
    for (int p = 1; p <= LEAVES; p *= 2)
        powers += share[p][1] + share[p][2];
    claim_near("bits-leaves", "bits: sums that differ by our tree, 1 to 8 ranks", 0, ours, 0,
               "the brackets are the same", CHECK);
    claim_near("bits-powers",
               "bits: by a tree in the rank and doubling or halving, 1, 2, 4, 8 ranks", 0, powers,
               0, "the brackets are the same, only the sides of an addition change", CHECK);
    claim_above("bits-three",
                "bits: by a tree in the rank and doubling, 3 ranks: the share that differs", 0.25,
                share[3][1], "expected: other brackets", FOUND);
    claim_above("bits-ring",
                "bits: by a tree in the rank and a ring, 8 ranks: the share that differs", 0.25,
                share[8][3], "expected: other brackets", FOUND);
    claim_above("bits-chain",
                "bits: one by one in one rank, no message at all: the share that differs", 0.25,
                share[1][4], "expected: other brackets", FOUND);
    claim_changed("bits-three", "the bound was 0.05 until 0.47 was seen");
    claim_changed("bits-ring", "the bound was 0.05 until 0.56 was seen");
    claim_changed("bits-chain", "the bound was 0.05 until 0.53 was seen");
    free(x);
    free(tree);
    free(sum);
}
