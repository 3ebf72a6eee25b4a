// What the tape costs: time per node of tiny tensors, and one training step of an LSTM layer.
//
//     make build/tests/bench/tape && OMP_NUM_THREADS=1 build/tests/bench/tape
//
// tests/bench/lstm.py runs it beside PyTorch: `tape steps` takes one step for each line that it
// reads and answers with its milliseconds.
#include "../../chapters/rnn/rnn.h"

#include "ops.h"
#include "train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NODES = 1000, ROUNDS = 301, STEPS = 31 };
enum { T = 100, B = 32, I = 128, H = 128 };

// The processor's time: what others do on the machine is not counted.
static double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The median and the quartiles of n times.
static void
print(const char *what, int n, double *time, double factor, const char *unit)
{
    qsort(time, n, sizeof *time, ascending);
    printf("%-26s %8.1f %s  (quartiles %.1f, %.1f)\n", what, factor * time[n / 2], unit,
           factor * time[n / 4], factor * time[3 * n / 4]);
}

// A chain of t_add of 4 values each, forward and backward, as one time for each node.
static void
nodes(void)
{
    static double forward[ROUNDS], back[ROUNDS], both[ROUNDS];
    tensor *p = param("p", SHAPE(4));
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        tape_reset();
        tensor *x = p;
        for (int i = 0; i < NODES; i++)
            x = t_add(x, p);
        double middle = seconds();
        backward_from(x, (float[]){1, 1, 1, 1});
        double end = seconds();
        forward[round] = (middle - start) / NODES;
        back[round] = (end - middle) / NODES;
        both[round] = (end - start) / NODES;
    }
    print("node, forward", ROUNDS, forward, 1e9, "ns");
    print("node, backward", ROUNDS, back, 1e9, "ns");
    print("node, forward and backward", ROUNDS, both, 1e9, "ns");
    tensors_free();
}

typedef struct {
    rnn_layer layer;
    adamw optimiser;
    float *x, *weight; // (T, B, I), (T, B, H)
} lstm;

static lstm
lstm_new(void)
{
    rng r = rng_at(1, 0);
    lstm l = {.layer = rnn_layer_new(RNN_LSTM, I, H, &r)};
    l.optimiser = adamw_new(0.9f, 0.999f, 1e-8f, 0.01f);
    l.x = permanent_alloc(sizeof(float[T][B][I]));
    l.weight = permanent_alloc(sizeof(float[T][B][H]));
    rng_fill_normal(&r, T * B * I, l.x, 0, 1);
    rng_fill_normal(&r, T * B * H, l.weight, 0, 1);
    return l;
}

// Forward, backward and AdamW; seconds in time[0], [1], [2], and their sum in [3].
static void
step(lstm *l, double time[4])
{
    double start = seconds();
    tape_reset();
    zero_grad();
    tensor *h = rnn_forward(&l->layer, constant("x", SHAPE(T, B, I), l->x), NULL, NULL).all;
    tensor *loss = t_mean(t_mul(h, constant("weight", SHAPE(T, B, H), l->weight)));
    double computed = seconds();
    backward(loss);
    double differentiated = seconds();
    adamw_step(&l->optimiser, 1e-3f);
    double end = seconds();
    time[0] = computed - start;
    time[1] = differentiated - computed;
    time[2] = end - differentiated;
    time[3] = end - start;
}

static void
steps(void)
{
    static const char *const what[] = {"LSTM, forward", "LSTM, backward", "LSTM, AdamW",
                                       "LSTM, one step"};
    static double time[4][STEPS];
    lstm l = lstm_new();
    for (int i = 0; i < STEPS; i++) {
        double t[4];
        step(&l, t);
        for (int k = 0; k < 4; k++)
            time[k][i] = t[k];
    }
    for (int k = 0; k < 4; k++)
        print(what[k], STEPS, time[k], 1e3, "ms");
    tensors_free();
}

static void
steps_on_demand(void)
{
    lstm l = lstm_new();
    char line[16];
    while (fgets(line, sizeof line, stdin)) {
        double time[4];
        step(&l, time);
        printf("%.6f\n", 1e3 * time[3]);
        fflush(stdout);
    }
    tensors_free();
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "steps") == 0) {
        steps_on_demand();
        return 0;
    }
    nodes();
    steps();
}
