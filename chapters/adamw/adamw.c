#include "adamw/adamw.h"

#include "numbers/numeric.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

// ---- Momentum ----

void
adamw_momentum_move(const adamw_momentum *rule, int t, double rate, int n, double *w,
                    const double *g, double *buf)
{
    for (int i = 0; i < n; i++) {
        double h = g[i] + rule->decay * w[i];
        buf[i] = t == 1 ? h : rule->momentum * buf[i] + (1 - rule->dampening) * h;
        if (rule->nesterov)
            w[i] -= rate * (h + rule->momentum * buf[i]);
        else
            w[i] -= rate * buf[i];
    }
}

// ---- Adam ----

void
adamw_remember(const adamw_rule *rule, int n, const double *g, const adamw_means *s)
{
    double beta1 = rule->beta1, beta2 = rule->beta2;
    for (int i = 0; i < n; i++) {
        s->m[i] = beta1 * s->m[i] + (1 - beta1) * g[i];
        s->v[i] = beta2 * s->v[i] + (1 - beta2) * g[i] * g[i];
    }
}

double
adamw_part(const adamw_rule *rule, double beta, int t)
{
    return rule->uncorrected ? 1 : 1 - pow64(beta, t);
}

double
adamw_direction(const adamw_rule *rule, double m, double part1, double v, double part2)
{
    double eps = rule->eps;
    switch (rule->place) {
    case ADAMW_EPS_HAT: return m / part1 * sqrt64(part2) / (sqrt64(v) + eps);
    case ADAMW_EPS_INSIDE: return m / part1 / sqrt64(v / part2 + eps);
    default: return m / part1 / (sqrt64(v / part2) + eps);
    }
}

void
adamw_move(const adamw_rule *rule, int t, double rate, double pull, int n, double *w,
           const double *g, const adamw_means *s)
{
    adamw_remember(rule, n, g, s);
    double part1 = adamw_part(rule, rule->beta1, t), part2 = adamw_part(rule, rule->beta2, t);
    if (s->top)
        for (int i = 0; i < n; i++)
            s->top[i] = fmax(s->top[i], s->v[i]);
    const double *v = s->top ? s->top : s->v;
    for (int i = 0; i < n; i++) {
        double step = rate * adamw_direction(rule, s->m[i], part1, v[i], part2);
        w[i] = (1 - pull) * w[i] - step;
    }
}

// ---- Decay ----

double
adamw_pull(double rate, double decay)
{
    return rate * decay;
}

double
adamw_pull_of_paper(double schedule, double decay)
{
    return schedule * decay;
}

void
adamw_l2_move(const adamw_rule *rule, int t, double rate, double decay, int n, double *w,
              const double *g, double *h, const adamw_means *s)
{
    for (int i = 0; i < n; i++)
        h[i] = g[i] + decay * w[i];
    adamw_move(rule, t, rate, 0, n, w, h, s);
}

void
adamw_groups_move(const adamw_rule *rule, int t, double rate, int groups, const adamw_group *group,
                  double *w, const double *g, const adamw_means *s)
{
    for (int k = 0; k < groups; k++) {
        int first = group[k].first;
        double own = group[k].factor * rate, pull = adamw_pull(own, group[k].decay);
        adamw_means part = {s->m + first, s->v + first, s->top ? s->top + first : NULL};
        adamw_move(rule, t, own, pull, group[k].n, w + first, g + first, &part);
    }
}

// ---- Clipping and bounds ----

double
adamw_clip(int n, double theta, double *g)
{
    double square = 0;
    for (int i = 0; i < n; i++)
        square += g[i] * g[i];
    double norm = sqrt64(square);
    if (norm > theta)
        for (int i = 0; i < n; i++)
            g[i] *= theta / norm;
    return norm;
}

double
adamw_clipped_move(const adamw_rule *rule, int t, double rate, double pull, double theta, int n,
                   double *w, const double *g, double *h, const adamw_means *s)
{
    memcpy(h, g, n * sizeof *h);
    double norm = adamw_clip(n, theta, h);
    adamw_move(rule, t, rate, pull, n, w, h, s);
    return norm;
}

void
adamw_project(double bound, double *w)
{
    *w = fmin(fmax(*w, -bound), bound);
}

// ---- Noise ----

adamw_moment
adamw_moment_next(adamw_moment w, double h, double rate, double variance, int B)
{
    double keep = 1 - rate * h; // w <- (1 - rate h) w - rate noise
    return (adamw_moment){keep * w.mean, keep * keep * w.second + rate * rate * variance / B};
}
