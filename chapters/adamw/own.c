#include "adamw/own.h"

#include "adamw/laws.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/memory.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

adamw_own_gradients
adamw_own_take(const npy *a, const char *path)
{
    const double most = 1e150;
    if (a->rank != 2)
        fail("%s: %d axes; expected 2, (steps, weights)", path, a->rank);
    if (a->size < 1)
        fail("%s: an array without values; expected (steps, weights)", path);
    for (long i = 0; i < a->size; i++)
        if (!(fabs(a->values[i]) <= most))
            fail("%s: step %ld, weight %ld is %g; expected a finite number of at most %g", path,
                 i / a->n[1], i % a->n[1], a->values[i], most);
    return (adamw_own_gradients){a->n[0], a->n[1], a->values};
}

double
adamw_own_number(const char *option, const char *text, double low, double high)
{
    char *end;
    double x = strtod(text, &end);
    if (end == text || *end || !(x >= low) || !(x < high))
        fail("%s %s: expected a number from %g on and below %g", option, escape(text), low, high);
    return x;
}

// The size of step t of one weight; *longest becomes the largest so far.
static bool
follow(const adamw_rule *rule, int t, double g, const adamw_means *s, double *longest)
{
    double w = 0;
    adamw_move(rule, t, 1, 0, 1, &w, &g, s);
    if (!(fabs(w) > *longest))
        return false;
    *longest = fabs(w);
    return true;
}

adamw_own_weight
adamw_own_measure(const adamw_own_gradients *own, int i, const adamw_rule *rule)
{
    adamw_own_weight out = {0};
    adamw_rule plain = *rule;
    plain.uncorrected = true;
    double m[3] = {0}, v[3] = {0}, top = 0, largest = 0, square = 0;
    int small = 0;
    const double *g = own->g + i;
    for (int t = 0; t < own->T; t++, g += own->n) {
        if (follow(rule, t + 1, *g, &(adamw_means){m, v, NULL}, &out.adam))
            out.at = t;
        follow(&plain, t + 1, *g, &(adamw_means){m + 1, v + 1, NULL}, &out.plain);
        follow(rule, t + 1, *g, &(adamw_means){m + 2, v + 2, &top}, &out.amsgrad);
        square += *g * *g / own->T;
        small += fabs(*g) < 10 * rule->eps;
        largest = fmax(largest, fabs(*g));
    }
    out.small = (double)small / own->T;
    out.size = sqrt64(square);
    out.strength = sqrt64(v[0] / adamw_part(rule, rule->beta2, own->T));
    int run = 0;
    g = own->g + i;
    for (int t = 0; t < own->T; t++, g += own->n) {
        run = fabs(*g) < largest / 10 ? run + 1 : 0;
        out.gap = run > out.gap ? run : out.gap;
    }
    return out;
}

adamw_own_summary
adamw_own_sum_up(const adamw_own_gradients *own, const adamw_own_weight *all,
                 const adamw_rule *rule, double decay)
{
    adamw_own_summary out = {.bound = INFINITY, .border = 2 / sqrt64(1 - rule->beta2)};
    double *strength = memory_zeroed(own->n, sizeof *strength, "a number for each weight");
    for (int i = 0; i < own->n; i++) {
        out.longest = all[i].adam > all[out.longest].adam ? i : out.longest;
        out.plain = all[i].plain > all[out.plain].plain ? i : out.plain;
        out.amsgrad = all[i].amsgrad > all[out.amsgrad].amsgrad ? i : out.amsgrad;
        out.small += all[i].small / own->n;
        out.far += all[i].gap > out.border;
        strength[i] = decay * all[i].strength;
    }
    if (rule->beta1 * rule->beta1 < rule->beta2)
        out.bound = adamw_law_longest(rule->beta1, rule->beta2, own->T);
    out.middle = stats_quartiles_of(own->n, strength).middle; // which sorts it
    out.least = strength[0];
    out.most = strength[own->n - 1];
    free(strength);
    return out;
}

static void
print_summary(const adamw_own_gradients *own, const adamw_own_weight *all, const adamw_rule *rule,
              double decay)
{
    const adamw_own_summary s = adamw_own_sum_up(own, all, rule, decay);
    printf("%d steps of %d weights; beta1 %g, beta2 %g, eps %g, decay %g\n", own->T, own->n,
           rule->beta1, rule->beta2, rule->eps, decay);
    printf("the longest step, in rates      Adam %.3g (weight %d, step %d)  uncorrected %.3g  "
           "AMSGrad %.3g\n",
           all[s.longest].adam, s.longest, all[s.longest].at, all[s.plain].plain,
           all[s.amsgrad].amsgrad);
    if (isinf(s.bound))
        printf("  with these betas it has no bound\n");
    else
        printf("  Adam's is on no gradients beyond %.3g\n", s.bound);
    printf("gradients below 10 eps          %.3g %% of all\n", 100 * s.small);
    printf("the decay as an L2, decay sqrt(v) at the end: least %.3g, middle %.3g, largest %.3g\n",
           s.least, s.middle, s.most);
    printf("weights whose gradients stay below a tenth of their largest for more than %.0f steps, "
           "from where on\nAdam may go the wrong way: %d\n",
           s.border, s.far);
}

void
adamw_own_report(const char *path, const adamw_rule *rule, double decay)
{
    npy array = npy_read(path);
    adamw_own_gradients own = adamw_own_take(&array, escape(path));
    adamw_own_weight *all = memory_zeroed(own.n, sizeof *all, "what is measured of each weight");
    table *t = program_table("gradients", "weight\tsize\tadam\tat\tuncorrected\tamsgrad\tbelow_10_"
                                          "eps\tl2_strength\tgap");
    for (int i = 0; i < own.n; i++) {
        all[i] = adamw_own_measure(&own, i, rule);
        const adamw_own_weight *w = &all[i];
        table_row(t, "iddiddddi", i, w->size, w->adam, w->at, w->plain, w->amsgrad, w->small,
                  decay * w->strength, w->gap);
    }
    table_close(t);
    print_summary(&own, all, rule, decay);
    printf("%s\n", program_path("gradients.tsv"));
    free(all);
    npy_free(&array);
}
