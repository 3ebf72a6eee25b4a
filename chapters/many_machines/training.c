#include "many_machines/training.h"

#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

enum { LEAVES = MANY_MACHINES_LEAVES };

// ---- The net ----

int
many_machines_weights(many_machines_net net)
{
    return net.H * net.I + net.H + net.O * net.H + net.O;
}

// Adds the gradient of one example's loss to g; returns the loss.
static float
add_gradient(many_machines_net net, const float *w, const float *x, int y, float *g)
{
    int I = net.I, H = net.H, O = net.O;
    const float *w1 = w, *b1 = w1 + H * I, *w2 = b1 + H, *b2 = w2 + O * H;
    float *dw1 = g, *db1 = dw1 + H * I, *dw2 = db1 + H, *db2 = dw2 + O * H;
    float h[H], o[O], p[O];
    for (int i = 0; i < H; i++)
        h[i] = tanh32(dot32(I, w1 + i * I, x) + b1[i]);
    for (int k = 0; k < O; k++)
        o[k] = dot32(H, w2 + k * H, h) + b2[k];
    float loss = softmax32(O, o, p) - (o[y] - max32(O, o));
    // loss = log sum_k exp(o_k) - o_y
    for (int k = 0; k < O; k++)
        p[k] -= k == y;
    // o = W2 h + b2
    for (int k = 0; k < O; k++) {
        db2[k] += p[k];
        for (int i = 0; i < H; i++)
            dw2[k * H + i] += p[k] * h[i];
    }
    // h = tanh(W1 x + b1)
    for (int i = 0; i < H; i++) {
        float dh = 0;
        for (int k = 0; k < O; k++)
            dh += w2[k * H + i] * p[k];
        float da = (1 - h[i] * h[i]) * dh;
        db1[i] += da;
        for (int j = 0; j < I; j++)
            dw1[i * I + j] += da * x[j];
    }
    return loss;
}

void
many_machines_gradient(many_machines_net net, const float *w, int B, const float *x, const int *y,
                       float *g)
{
    int P = many_machines_weights(net);
    memset(g, 0, (P + 1) * sizeof *g);
    for (int s = 0; s < B; s++)
        g[P] += add_gradient(net, w, x + s * net.I, y[s], g);
}

// ---- The state ----

many_machines_state
many_machines_state_new(int P)
{
    float *all = memory_zeroed(3 * P, sizeof *all, "a training");
    return (many_machines_state){.P = P, .w = all, .m = all + P, .v = all + 2 * P};
}

void
many_machines_state_copy(many_machines_state *to, const many_machines_state *from)
{
    memcpy(to->w, from->w, from->P * sizeof *to->w);
    memcpy(to->m, from->m, from->P * sizeof *to->m);
    memcpy(to->v, from->v, from->P * sizeof *to->v);
    to->steps = from->steps;
    to->random = from->random;
}

void
many_machines_state_free(many_machines_state *s)
{
    free(s->w);
    *s = (many_machines_state){0};
}

uint32_t
many_machines_fingerprint(const many_machines_state *s)
{
    return many_machines_hash((many_machines_bytes){(const char *)s->w, s->P * (long)sizeof *s->w});
}

// ---- One step ----

void
many_machines_draw(const many_machines_task *t, many_machines_state *s, int *batch)
{
    for (int i = 0; i < LEAVES * t->B; i++)
        batch[i] = (int)rng_below(&s->random, t->N);
}

void
many_machines_leaf(const many_machines_task *t, const float *w, const int *batch, int leaf,
                   float *memory)
{
    int B = t->B, I = t->net.I, y[B];
    float x[B * I];
    for (int s = 0; s < B; s++) {
        int example = batch[leaf * B + s];
        memcpy(x + s * I, t->x + example * I, I * sizeof *x);
        y[s] = t->y[example];
    }
    int P = many_machines_weights(t->net);
    many_machines_gradient(t->net, w, B, x, y, memory + leaf * (P + 1));
}

float
many_machines_update(many_machines_state *s, int examples, const float *sum, float rate)
{
    const float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
    s->steps++;
    float part1 = (float)(1 - pow64(0.9, s->steps)), part2 = (float)(1 - pow64(0.999, s->steps));
    for (int k = 0; k < s->P; k++) {
        float g = sum[k] / examples;
        s->m[k] = beta1 * s->m[k] + (1 - beta1) * g;
        s->v[k] = beta2 * s->v[k] + (1 - beta2) * g * g;
        s->w[k] -= rate * (s->m[k] / part1) / (sqrt32(s->v[k] / part2) + eps);
    }
    return sum[s->P] / examples;
}

float
many_machines_train(const many_machines_task *t, const many_machines_plan *plan,
                    many_machines_state *state, float *const *memory, float rate)
{
    int batch[LEAVES * t->B];
    float loss = 0;
    for (int r = 0; r < plan->p; r++) {
        many_machines_draw(t, &state[r], batch);
        for (int leaf = 0; leaf < LEAVES; leaf++)
            if (many_machines_owner(plan->p, LEAVES, leaf) == r)
                many_machines_leaf(t, state[r].w, batch, leaf, memory[r]);
    }
    many_machines_deliver_all(plan, memory);
    for (int r = 0; r < plan->p; r++)
        loss = many_machines_update(&state[r], LEAVES * t->B, memory[r], rate);
    return loss;
}
