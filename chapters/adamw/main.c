// Chapter adamw: options, the figures in their order, the reference cases.
#include "adamw/cases.h"
#include "adamw/figures/figures.h"
#include "adamw/own.h"
#include "files/fail.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>
#include <stddef.h>

static const char *gradients, *beta1, *beta2, *eps, *decay;

// Numbers of an option that is not given have their usual value.
static double
number(const char *option, const char *text, double usual, double low, double high)
{
    return text ? adamw_own_number(option, text, low, high) : usual;
}

static void
own_data(void)
{
    const adamw_rule rule = {.beta1 = number("--beta1", beta1, 0.9, 0, 1),
                             .beta2 = number("--beta2", beta2, 0.999, 0, 1),
                             .eps = number("--eps", eps, 1e-8, 1e-300, INFINITY)};
    adamw_own_report(gradients, &rule, number("--decay", decay, 0.01, 0, INFINITY));
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--gradients", "FILE",
         "what the rules do with recorded gradients, an .npy of (steps, weights)", &gradients},
        {"--beta1", "X", "of --gradients: what m keeps (0.9)", &beta1},
        {"--beta2", "X", "of --gradients: what v keeps (0.999)", &beta2},
        {"--eps", "X", "of --gradients: beside the root of v (1e-8)", &eps},
        {"--decay", "X", "of --gradients: weight decay, as PyTorch has it (0.01)", &decay},
        {0}};
    const program_figure contents[] = {{"worked-example", adamw_figure_worked_example, 0.01},
                                       {"step-bound", adamw_figure_step_bound, 0.1},
                                       {"bias", adamw_figure_bias, 0.1},
                                       {"decay", adamw_figure_decay, 2.4},
                                       {"fixed-point", adamw_figure_fixed_point, 0.4},
                                       {"rate-and-decay", adamw_figure_rate_and_decay, 2.5},
                                       {"equilibrium", adamw_figure_equilibrium, 3},
                                       {"wrong-way", adamw_figure_wrong_way, 0.2},
                                       {"spike", adamw_figure_spike, 0.01},
                                       {"batch", adamw_figure_batch, 3.6},
                                       {0}};
    const program_figure own_contents[] = {{"gradients", own_data, 1}, {0}};
    program_begin("adamw", options, argc, argv);
    const char *const of[] = {"--beta1", "--beta2", "--eps", "--decay"};
    const char *const given[] = {beta1, beta2, eps, decay};
    for (int i = 0; i < 4; i++)
        if (given[i] && !gradients)
            fail("%s: it is of --gradients FILE, which is not given", of[i]);
    if (gradients) {
        program_own_data("own");
        program_run(NULL, own_contents);
    } else
        program_run(adamw_cases, contents);
    return program_end(claims_report());
}
