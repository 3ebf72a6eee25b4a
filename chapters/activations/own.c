#include "activations/own.h"

#include "activations/study.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/table.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETS = 12, WIDTH = 100, DEPTH = 50, MOST_WIDTH = 2000, MOST_DEPTH = 1000, SEED = 1 };
static const double most_weights = 1e8, start = 0.5; // of one net; the first correlation

static activations_kind
kind_of(const char *name)
{
    char known[256] = "";
    for (activations_kind k = 0; k < ACTIVATIONS_KINDS; k++) {
        if (strcmp(activations_name(k), name) == 0)
            return k;
        strcat(strcat(known, k ? ", " : ""), activations_name(k));
    }
    fail("--activation %s: expected one of %s", escape(name), known);
}

activations_own_stack
activations_own_read(const activations_own_options *o)
{
    static activations_rule rule;
    activations_own_stack s = {0};
    activations_rule_fine(&rule);
    s.layer.kind = kind_of(o->activation);
    double gain =
        program_number("--gain", o->gain, 0.001, 1000, activations_gain(&rule, s.layer.kind));
    double bias = program_number("--bias", o->bias, 0, 1000, 0);
    s.layer.weight = gain * gain;
    s.layer.bias = bias * bias;
    s.width = program_whole("--width", o->width, 2, MOST_WIDTH, WIDTH);
    s.depth = program_whole("--depth", o->depth, 1, MOST_DEPTH, DEPTH);
    if ((double)s.width * s.width * s.depth > most_weights)
        fail("--width %d --depth %d: %.3g weights; expected at most %.0e", s.width, s.depth,
             (double)s.width * s.width * s.depth, most_weights);
    return s;
}

// Random nets of the stack, and what each of them makes of two inputs.
typedef struct {
    activations_own_stack stack;
    activations_signal *signal; // (NETS, depth + 1)
} trial;

static void
run_net(int i, void *context)
{
    trial *t = context;
    int N = t->stack.width, L = t->stack.depth;
    rng r = rng_at(SEED, i);
    double a[2 * N];
    activations_net_inputs(&r, N, 2, 1, start, a);
    activations_net_forward(&t->stack.layer, N, L, &r, 2, a, t->signal + (long)i * (L + 1));
}

static double
median_square(const trial *t, int l)
{
    double x[NETS];
    for (int i = 0; i < NETS; i++)
        x[i] = t->signal[(long)i * (t->stack.depth + 1) + l].square[0];
    return stats_quartiles_of(NETS, x).middle;
}

static double
median_correlation(const trial *t, int l)
{
    double x[NETS];
    for (int i = 0; i < NETS; i++) {
        const activations_signal *s = &t->signal[(long)i * (t->stack.depth + 1) + l];
        x[i] = s->product / sqrt64(s->square[0] * s->square[1]);
        if (!isfinite(x[i]))
            return NAN;
    }
    return stats_quartiles_of(NETS, x).middle;
}

static void
say(const char *what, int layer, int depth)
{
    if (layer < 0)
        printf("%s: not within %d layers\n", what, depth);
    else
        printf("%s: at layer %d\n", what, layer);
}

void
activations_own_mark(activations_own_marks *m, int layer, double q, double first_c, double c)
{
    if (m->faint < 0 && q < 0.01)
        m->faint = layer;
    if (m->loud < 0 && q > 100)
        m->loud = layer;
    if (m->alike < 0 && 1 - c < 0.01 * (1 - first_c))
        m->alike = layer;
}

void
activations_own(const activations_own_options *o)
{
    static activations_rule rule;
    trial t = {.stack = activations_own_read(o)};
    const activations_layer *layer = &t.stack.layer;
    int L = t.stack.depth;
    activations_own_marks marks = {-1, -1, -1};
    activations_rule_fine(&rule);
    t.signal = calloc((long)NETS * (L + 1), sizeof *t.signal);
    if (!t.signal)
        fail("--depth %d: no memory", L);
    parallel_runs(NETS, run_net, &t);
    printf("%s, gain %.5g, biases of standard deviation %.5g; %d nets of width %d\n"
           "layer          q   in nets        c  in nets      chi       xi\n",
           activations_name(layer->kind), sqrt64(layer->weight), sqrt64(layer->bias), NETS,
           t.stack.width);
    table *out = program_table("own", "layer\tq\tnets_q\tc\tnets_c\tchi\txi");
    double q = 1, c = start;
    for (int l = 0; l <= L; l++) {
        double chi = activations_chi(&rule, layer, q), xi = activations_depth_scale(chi);
        double nets_q = median_square(&t, l), nets_c = median_correlation(&t, l);
        table_row(out, "idddddd", l, q, nets_q, c, nets_c, chi, xi);
        if (l <= 10 || l % 10 == 0 || l == L)
            printf("%5d %10.4g %9.3g %8.4f %8.3f %8.4f %8.3g\n", l, q, nets_q, c, nets_c, chi, xi);
        activations_own_mark(&marks, l, q, start, c);
        // far from 1 the map would only say the same again, and at last overflow
        if (!(q > 1e-200 && q < 1e6))
            break;
        c = activations_correlation_map(&rule, layer, q, c);
        q = activations_variance_map(&rule, layer, q);
    }
    table_close(out);
    say("one hundredth of the mean square is left", marks.faint, L);
    say("a hundred times the mean square", marks.loud, L);
    say("one hundredth of the difference of two inputs is left", marks.alike, L);
    free(t.signal);
}
