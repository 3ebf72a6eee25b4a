// The smallest cases, for the text to compute by hand: two steps of one weight, with the decay in
// the gradient and decoupled; and two weights that differ in the size of their gradients.
#include "adamw/adamw.h"
#include "adamw/figures/figures.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdbool.h>
#include <stddef.h>

static const adamw_rule rule = {.beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8};
static const double rate = 0.1, decay = 0.5;

// w = 2, gradients 1 and then -0.5.
static void
two_steps(bool l2, const char *name)
{
    const double g[2] = {1, -0.5};
    double w = 2, m = 0, v = 0;
    adamw_means s = {&m, &v, NULL};
    table *t = program_table(name, "t\tg\tm\tm_hat\tv\tv_hat\tdirection\tstep\tpull\tw");
    for (int k = 1; k <= 2; k++) {
        double h = g[k - 1], pull = l2 ? 0 : adamw_pull(rate, decay), lost = pull * w;
        if (l2)
            adamw_l2_move(&rule, k, rate, decay, 1, &w, &g[k - 1], &h, &s);
        else
            adamw_move(&rule, k, rate, pull, 1, &w, &g[k - 1], &s);
        double part1 = adamw_part(&rule, rule.beta1, k), part2 = adamw_part(&rule, rule.beta2, k);
        double direction = adamw_direction(&rule, m, part1, v, part2);
        table_row(t, "iddddddddd", k, h, m, m / part1, v, v / part2, direction, rate * direction,
                  lost, w);
    }
    table_close(t);
}

// Two weights of 1, without a gradient on average: noise of +1 -1 +1 -1, and of a hundredth of it.
static void
two_sizes(void)
{
    enum { STEPS = 1000, WEIGHTS = 2 };
    const double size[WEIGHTS] = {1, 0.01};
    double w[2][WEIGHTS] = {{1, 1}, {1, 1}}, m[2][WEIGHTS] = {{0}}, v[2][WEIGHTS] = {{0}};
    for (int k = 1; k <= STEPS; k++) {
        double g[WEIGHTS], h[WEIGHTS];
        for (int i = 0; i < WEIGHTS; i++)
            g[i] = k % 2 ? size[i] : -size[i];
        adamw_l2_move(&rule, k, 0.01, 0.1, WEIGHTS, w[0], g, h, &(adamw_means){m[0], v[0], NULL});
        adamw_move(&rule, k, 0.01, adamw_pull(0.01, 0.1), WEIGHTS, w[1], g,
                   &(adamw_means){m[1], v[1], NULL});
    }
    table *t = program_table("worked-example-sizes", "gradient\tl2\tdecoupled");
    for (int i = 0; i < WEIGHTS; i++)
        table_row(t, "ddd", size[i], w[0][i], w[1][i]);
    table_close(t);
}

void
adamw_figure_worked_example(void)
{
    two_steps(false, "worked-example");
    two_steps(true, "worked-example-l2");
    two_sizes();
}
