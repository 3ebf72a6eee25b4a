// For the page: pairs of a key and a value that go one by one into a state, and what it answers when it is asked for
// one.
#include "linear_attention/linear_attention.h"
#include "linear_attention/delta.h"
#include "numbers/linalg.h"
#include "numbers/random.h"

#include <math.h>
#include <string.h>

enum { LIVE_D = 16, LIVE_M = 8, LIVE_PAIRS = 32, LIVE_SEED = 31 };
enum { LIVE_SUM, LIVE_ELU, LIVE_DELTA };

// What the page reads: the state (LIVE_D, LIVE_M), the values (LIVE_PAIRS, LIVE_M), the answer for every pair.
static struct {
    float state[LIVE_D][LIVE_M], value[LIVE_PAIRS][LIVE_M], answer[LIVE_PAIRS][LIVE_M];
} said;

// Keys of length 1, the first LIVE_D of them orthogonal if that is asked for, and values from N(0, 1).
static void
draw(int orthogonal, float key[LIVE_PAIRS][LIVE_D])
{
    double a[LIVE_D * LIVE_D], q[LIVE_D * LIVE_D], r[LIVE_D * LIVE_D];
    rng random = rng_at(LIVE_SEED, 0);
    for (int i = 0; i < LIVE_PAIRS; i++) {
        rng_fill_normal(&random, LIVE_D, key[i], 0, 1);
        rng_fill_normal(&random, LIVE_M, said.value[i], 0, 1);
        double length = 0;
        for (int j = 0; j < LIVE_D; j++)
            length += key[i][j] * key[i][j];
        for (int j = 0; j < LIVE_D; j++)
            key[i][j] = (float)(key[i][j] / sqrt(length));
    }
    for (int i = 0; i < LIVE_D * LIVE_D; i++)
        a[i] = key[i % LIVE_D][i / LIVE_D]; // a key is a column
    linalg_qr(LIVE_D, LIVE_D, a, q, r);
    for (int i = 0; orthogonal && i < LIVE_D * LIVE_D; i++)
        key[i % LIVE_D][i / LIVE_D] = (float)q[i];
}

// The tape's tensors of a sequence of n: (1, n, 1, width).
static tensor *
sequence(const char *name, int n, int width, const void *data)
{
    return constant(name, SHAPE(1, n, 1, width), data);
}

// Stores pairs 0 ... n - 1, then asks for each of them.
const float *
linear_attention_live_recall(int rule, int n, int orthogonal, double beta)
{
    static const float none[LIVE_M];
    float key[LIVE_PAIRS][LIVE_D], z[LIVE_D] = {0}, out[LIVE_M], nothing[LIVE_D] = {0};
    memset(said.state, 0, sizeof said.state);
    draw(orthogonal, key);
    tape_reset();
    tensor *phi = sequence("k", LIVE_PAIRS, LIVE_D, key);
    if (rule == LIVE_ELU)
        phi = linear_attention_features(phi, LINEAR_ATTENTION_ELU, NULL);
    if (rule == LIVE_DELTA) {
        float betas[LIVE_PAIRS];
        for (int i = 0; i < n; i++)
            betas[i] = (float)beta;
        tensor *k = sequence("k", n, LIVE_D, key);
        tensor *all = linear_attention_delta(k, k, sequence("v", n, LIVE_M, said.value),
                                             constant("beta", SHAPE(1, n, 1), betas));
        const float *states = tape_saved(all, "state")->data; // (n, 1, 1, LIVE_D, LIVE_M)
        memcpy(said.state, states + (n - 1) * LIVE_D * LIVE_M, sizeof said.state);
    }
    for (int i = 0; i < n && rule != LIVE_DELTA; i++)
        linear_attention_step(LIVE_D, LIVE_M, 1e-6f, phi->data + i * LIVE_D, phi->data + i * LIVE_D,
                              said.value[i], said.state[0], z, out);
    if (rule != LIVE_ELU)
        memset(z, 0, sizeof z); // and 1 is added: no normaliser
    for (int i = 0; i < n; i++) // a step that stores nothing asks
        linear_attention_step(LIVE_D, LIVE_M, rule == LIVE_ELU ? 1e-6f : 1, phi->data + i * LIVE_D,
                              nothing, none, said.state[0], z, said.answer[i]);
    return said.state[0];
}
