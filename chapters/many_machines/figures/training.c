// Figure training: is a net trained on 1, 2, 4, 8 ranks the same net? Three seeds; the gradients of eight leaves added by
// our tree, and as usual: one by one inside of a rank, then around a ring. And a training that is killed and resumed.
#include "many_machines/training.h"
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "many_machines/checkpoint.h"
#include "many_machines/figures/figures.h"
#include "many_machines/study.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 186, SEEDS = 3, STEPS = 200, SAVED = 50, KILLED = 100, COUNTS = 4 };

static const int ranks[COUNTS] = {1, 2, 4, 8};

typedef struct {
    float loss[STEPS];
    float *w; // (STEPS, P) of rank 0
    uint32_t fingerprint;
    bool agree; // all ranks have the same weights
} run;

static run
run_on(const many_machines_task *task, uint32_t seed, int p, bool usual, int steps)
{
    many_machines_cluster c = many_machines_cluster_new(task, seed, p, usual);
    int P = c.state[0].P;
    run out = {.w = memory_zeroed((long)steps * P, sizeof(float), "weights"), .agree = true};
    for (int k = 0; k < steps; k++) {
        out.loss[k] = many_machines_cluster_step(task, &c);
        memcpy(out.w + k * P, c.state[0].w, P * sizeof(float));
    }
    out.fingerprint = many_machines_fingerprint(&c.state[0]);
    for (int r = 1; r < p; r++)
        out.agree &= many_machines_fingerprint(&c.state[r]) == out.fingerprint;
    many_machines_cluster_free(&c);
    return out;
}

// Saved at step SAVED, killed at KILLED, read from the file by another number of ranks, and taken to its end.
static uint32_t
killed_and_resumed(const many_machines_task *task, uint32_t seed, int steps)
{
    many_machines_cluster c = many_machines_cluster_new(task, seed, 4, false);
    const char *path = program_path("saved-state");
    for (int k = 0; k < KILLED && k < steps; k++) {
        if (k == SAVED)
            many_machines_checkpoint_write(path, &c.state[0]);
        many_machines_cluster_step(task, &c);
    }
    many_machines_cluster_free(&c);
    c = many_machines_cluster_new(task, seed, 2, false);
    if (steps > SAVED) {
        many_machines_checkpoint_read(path, &c.state[0]);
        many_machines_state_copy(&c.state[1], &c.state[0]);
        remove(path);
    }
    while (c.state[0].steps < steps)
        many_machines_cluster_step(task, &c);
    uint32_t fingerprint = many_machines_fingerprint(&c.state[0]);
    many_machines_cluster_free(&c);
    return fingerprint;
}

// |a - b| over |b|, of P weights.
static double
apart(int P, const float *a, const float *b)
{
    double square = 0, size = 0;
    for (int k = 0; k < P; k++) {
        square += ((double)a[k] - b[k]) * ((double)a[k] - b[k]);
        size += (double)b[k] * b[k];
    }
    return sqrt64(square / size);
}

static int
different(int n, const run *runs)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        bool seen = false;
        for (int j = 0; j < i; j++)
            seen |= runs[j].fingerprint == runs[i].fingerprint;
        count += !seen;
    }
    return count;
}

static void
print_hash(char text[16], uint32_t fingerprint)
{
    snprintf(text, 16, "%08x", (unsigned)fingerprint);
}

void
many_machines_figure_training(void)
{
    int steps = program_steps(STEPS, 3), most_ours = 0, least_usual = COUNTS, resumed = 0;
    double farthest = 0, loss_apart = 0, last = 0;
    run all[SEEDS][2][COUNTS];
    int P = 0;
    table *h = program_table("training-fingerprints",
                             "run\tour_tree\tone_by_one_and_ring\tloss\tusual_loss");
    progress_expect(SEEDS);
    for (int s = 0; s < SEEDS; s++) {
        many_machines_task task = many_machines_task_new(SEED + s);
        P = many_machines_weights(task.net);
        for (int usual = 0; usual < 2; usual++)
            for (int i = 0; i < COUNTS; i++)
                all[s][usual][i] = run_on(&task, SEED + s, ranks[i], usual, steps);
        for (int i = 0; i < COUNTS; i++) {
            char name[32], ours[16], theirs[16];
            const run *a = &all[s][0][i], *b = &all[s][1][i];
            snprintf(name, sizeof name, "seed-%d-ranks-%d", s, ranks[i]);
            print_hash(ours, a->fingerprint);
            print_hash(theirs, b->fingerprint);
            table_row(h, "sssff", name, ours, theirs, a->loss[steps - 1], b->loss[steps - 1]);
            most_ours += !a->agree;
            double d = apart(P, b->w + (steps - 1) * P, all[s][1][0].w + (steps - 1) * P);
            farthest = d > farthest ? d : farthest;
            double e = fabs((double)b->loss[steps - 1] - all[s][1][0].loss[steps - 1]);
            loss_apart = e > loss_apart ? e : loss_apart;
        }
        int n = different(COUNTS, all[s][0]), m = different(3, all[s][1]);
        most_ours = n > most_ours ? n : most_ours;
        least_usual = m < least_usual ? m : least_usual;
        resumed += killed_and_resumed(&task, SEED + s, steps) == all[s][0][0].fingerprint;
        double now = all[s][0][0].loss[steps - 1] / all[s][0][0].loss[0];
        last = now > last ? now : last;
        many_machines_task_free(&task);
        progress_advance(1);
    }
    table_close(h);
    table *t =
        program_table("training", "step\tloss_0\tloss_1\tloss_2\tusual_2_0\tusual_2_1\tusual_2_2\t"
                                  "usual_4_0\tusual_4_1\tusual_4_2");
    for (int k = 0; k < steps; k++) {
        double d[2][SEEDS];
        for (int s = 0; s < SEEDS; s++)
            for (int i = 1; i <= 2; i++)
                d[i - 1][s] = apart(P, all[s][1][i].w + k * P, all[s][1][0].w + k * P);
        table_row(t, "ifffdddddd", k + 1, all[0][0][0].loss[k], all[1][0][0].loss[k],
                  all[2][0][0].loss[k], d[0][0], d[0][1], d[0][2], d[1][0], d[1][1], d[1][2]);
    }
    table_close(t);
    for (int s = 0; s < SEEDS; s++)
        for (int i = 0; i < 2 * COUNTS; i++)
            free(all[s][i / COUNTS][i % COUNTS].w);
    claim_near("training-same",
               "training: different nets from 1, 2, 4, 8 ranks with our tree, 3 seeds", 1,
               most_ours, 0, "the brackets are the same", CHECK);
    claim_near("training-resumed",
               "training: of 3 killed and resumed, by other ranks, so many end as unbroken", SEEDS,
               resumed, 0, "the checkpoint has all that the next step depends on", CHECK);
    claim_near("training-usual",
               "training: different nets from 1, 2, 4 ranks, added one by one, fewest of 3 seeds",
               3, unless_quick(least_usual), 0, "first seen in a trial: three different weights",
               FOUND);
    claim_above("training-apart",
                "training, one by one: the farthest weights after 200 steps, relative", 1e-7,
                unless_quick(farthest), "expected: one rounding is 6e-8", FOUND);
    claim_below("training-loss", "training, one by one: the largest difference of two last losses",
                1e-6, unless_quick(loss_apart), "expected: roundings are no errors", FOUND);
    claim_changed("training-loss", "the bound was 0.001 until 2e-8 was seen");
    claim_below("training-learns", "training: the last loss over the first, worst of 3 seeds", 0.5,
                unless_quick(last), "the net learns at all", FOUND);
}
