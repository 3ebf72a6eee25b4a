// The random walk of chapter td, for tests/bench/bench.py: a step is 1000 runs of 100 episodes of TD(0) on one
// thread; the value is their mean squared error.
#include "bench.h"

#include "td/environments.h"

enum { RUNS = 1000, EPISODES = 100, LIMIT = 4096 };

typedef struct {
    td_environment env;
    uint32_t seed;
} walk;

static double
step(void *context)
{
    walk *w = context;
    td_transition episode[LIMIT];
    double nothing[5] = {0}, sum = 0;
    td_table q = {5, 1, w->env.n, nothing};
    w->seed++;
    for (uint32_t run = 0; run < RUNS; run++) {
        rng r = rng_at(w->seed, run);
        double v[5] = {0.5, 0.5, 0.5, 0.5, 0.5};
        for (int k = 0; k < EPISODES; k++) {
            int T = td_rollout(&w->env, &q, 0, 2, 0, LIMIT, episode, &r);
            for (int t = 0; t < T; t++)
                td_zero(v, episode + t, 0.1, 1);
        }
        for (int s = 0; s < 5; s++)
            sum += (v[s] - (s + 1) / 6.0) * (v[s] - (s + 1) / 6.0) / 5;
    }
    return sum / RUNS;
}

int
main(void)
{
    td_model m = td_random_walk(5, 0);
    walk w = {td_environment_of(&m), 0};
    answer(step, &w);
    td_model_free(&m);
}
