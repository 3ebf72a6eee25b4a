// The random walk of chapter td for tests/bench/td.py: for every line on stdin RUNS runs of 100 episodes of TD(0)
// on one thread; prints the processor's seconds and the mean squared error.
#include "td/environments.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RUNS = 1000, EPISODES = 100, MOST = 4096 };

int
main(void)
{
    td_model m = td_random_walk(5, 0);
    td_world w = td_world_of(&m);
    td_step e[MOST];
    double nothing[5] = {0};
    td_table q = {5, 1, m.n, nothing};
    for (uint32_t round = 0; getchar() != EOF; round++) {
        double sum = 0;
        clock_t start = clock();
        for (uint32_t run = 0; run < RUNS; run++) {
            rng r = rng_at(round, run);
            double v[5] = {0.5, 0.5, 0.5, 0.5, 0.5};
            for (int k = 0; k < EPISODES; k++) {
                int T = td_play(&w, &q, 0, 2, 0, MOST, e, &r);
                for (int t = 0; t < T; t++)
                    td_td0(v, e + t, 0.1, 1);
            }
            for (int s = 0; s < 5; s++)
                sum += (v[s] - (s + 1) / 6.0) * (v[s] - (s + 1) / 6.0) / 5;
        }
        printf("%.9f %.9f\n", (double)(clock() - start) / CLOCKS_PER_SEC, sum / RUNS);
        fflush(stdout);
    }
}
