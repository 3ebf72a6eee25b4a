#include "many_machines/study.h"

#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdlib.h>

enum { N = 512, I = 16, H = 32, O = 4, B = 4, LEAVES = MANY_MACHINES_LEAVES };

const float many_machines_rate = 0.01f;

many_machines_task
many_machines_task_new(uint32_t seed)
{
    many_machines_task t = {.net = {I, H, O}, .N = N, .B = B};
    float teacher[O * I];
    rng r = rng_at(seed, 0);
    t.x = memory_zeroed(N * I, sizeof *t.x, "examples");
    t.y = memory_zeroed(N, sizeof *t.y, "classes");
    rng_fill_normal(&r, O * I, teacher, 0, 1);
    rng_fill_normal(&r, N * I, t.x, 0, 1);
    for (int i = 0; i < N; i++) {
        float best = dot32(I, teacher, t.x + i * I);
        for (int k = 1; k < O; k++) {
            float o = dot32(I, teacher + k * I, t.x + i * I);
            if (o > best) {
                best = o;
                t.y[i] = k;
            }
        }
    }
    return t;
}

void
many_machines_task_free(many_machines_task *t)
{
    free(t->x);
    free(t->y);
}

many_machines_state
many_machines_first_state(const many_machines_task *t, uint32_t seed)
{
    many_machines_state s = many_machines_state_new(many_machines_weights(t->net));
    rng r = rng_at(seed, 1);
    rng_fill_normal(&r, s.P, s.w, 0, 0.25f);
    s.random = rng_at(seed, 2);
    return s;
}

many_machines_cluster
many_machines_cluster_new(const many_machines_task *t, uint32_t seed, int p, bool usual)
{
    int P = many_machines_weights(t->net);
    many_machines_cluster c = {.p = p, .usual = usual};
    c.plan = usual ? many_machines_ring(p, P + 1) : many_machines_leaves(p, LEAVES, P + 1);
    c.state = memory_zeroed(p, sizeof *c.state, "ranks");
    c.memory = memory_zeroed(p, sizeof *c.memory, "ranks");
    for (int r = 0; r < p; r++) {
        c.state[r] = many_machines_first_state(t, seed);
        c.memory[r] = memory_zeroed(LEAVES * (P + 1), sizeof(float), "leaves");
    }
    return c;
}

// As a loop that accumulates gradients does it, then a ring.
static float
usual_step(const many_machines_task *t, many_machines_cluster *c)
{
    int batch[LEAVES * B], Q = c->state[0].P + 1;
    float loss = 0;
    for (int r = 0; r < c->p; r++) {
        bool first = true;
        float *sum = c->memory[r];
        many_machines_draw(t, &c->state[r], batch);
        for (int leaf = 0; leaf < LEAVES; leaf++) {
            if (many_machines_owner(c->p, LEAVES, leaf) != r)
                continue;
            many_machines_leaf(t, c->state[r].w, batch, leaf, c->memory[r]);
            const float *own = c->memory[r] + leaf * Q;
            for (int k = 0; k < Q; k++)
                sum[k] = first ? own[k] : sum[k] + own[k];
            first = false;
        }
    }
    many_machines_deliver_all(&c->plan, c->memory);
    for (int r = 0; r < c->p; r++)
        loss = many_machines_update(&c->state[r], LEAVES * t->B, c->memory[r], many_machines_rate);
    return loss;
}

float
many_machines_cluster_step(const many_machines_task *t, many_machines_cluster *c)
{
    return c->usual ? usual_step(t, c)
                    : many_machines_train(t, &c->plan, c->state, c->memory, many_machines_rate);
}

void
many_machines_cluster_free(many_machines_cluster *c)
{
    for (int r = 0; r < c->p; r++) {
        many_machines_state_free(&c->state[r]);
        free(c->memory[r]);
    }
    free(c->state);
    free(c->memory);
    many_machines_plan_free(&c->plan);
}
