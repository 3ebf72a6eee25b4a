#include "many_machines/laws.h"

#include "numbers/numeric.h"

#include <string.h>

// ---- Records ----

void
many_machines_zipf(int V, double *p)
{
    double sum = 0;
    for (int k = V; k >= 1; k--)
        sum += 1.0 / k;
    for (int k = 1; k <= V; k++)
        p[k - 1] = 1 / (k * sum);
}

double
many_machines_combined(int V, const double *p, double n, double M, double *variance)
{
    double left = 0, square = 0;
    for (int k = 0; k < V; k++) {
        double absent = pow64(1 - p[k], n / M);
        left += 1 - absent;
        square += absent * (1 - absent);
    }
    if (variance)
        *variance = M * square / (n * n);
    return M * left / n;
}

// ---- Blocks ----

// State i has i dead replicas: the chain leaves it at the rates (r - i) lambda upwards and i mu, or mu, downwards. With
// D_i, the mean time from state i to state i + 1: D_i = (1 + down D_(i-1)) / up; nothing is subtracted.
double
many_machines_time_to_loss(int r, double lambda, double mu, bool single)
{
    double step = 0, time = 0;
    for (int i = 0; i < r; i++) {
        double up = (r - i) * lambda, down = i == 0 ? 0 : single ? mu : i * mu;
        step = (1 + down * step) / up;
        time += step;
    }
    return time;
}

double
many_machines_block_lost(int n, int k, int r)
{
    double lost = 1;
    for (int i = 0; i < r; i++)
        lost *= (double)(k - i) / (n - i);
    return k < r ? 0 : lost;
}

double
many_machines_random_sets(int n, int k, int r, double B)
{
    double lost = many_machines_block_lost(n, k, r);
    return lost < 1 ? 1 - pow64(1 - lost, B) : 1;
}

// Inclusion and exclusion over the sets that are dead: sum over j >= 1 of (-1)^(j+1) C(n / r, j) times the chance that
// j given sets are among the k.
double
many_machines_fixed_sets(int n, int k, int r)
{
    double any = 0, term = 1;
    int sets = n / r;
    for (int j = 1; j <= sets && j * r <= k; j++) {
        term *= (double)(sets - j + 1) / j;
        for (int i = (j - 1) * r; i < j * r; i++)
            term *= (double)(k - i) / (n - i);
        any += j % 2 ? term : -term;
    }
    return any;
}

// ---- Sums ----

many_machines_cost
many_machines_plan_cost(const many_machines_plan *plan)
{
    many_machines_cost cost = {0};
    long sent[plan->p], received[plan->p];
    for (int step = 0; step < plan->steps; step++) {
        long most = 0;
        memset(sent, 0, sizeof sent);
        memset(received, 0, sizeof received);
        for (int i = 0; i < plan->messages; i++) {
            const many_machines_message *m = &plan->message[i];
            if (m->step != step || m->from == m->to)
                continue;
            sent[m->from] += m->n;
            received[m->to] += m->n;
            most = sent[m->from] > most ? sent[m->from] : most;
            most = received[m->to] > most ? received[m->to] : most;
        }
        cost.latencies += most > 0;
        cost.words += most;
    }
    return cost;
}

// ---- Saving ----

double
many_machines_overhead(double t, double C, double M)
{
    return M / t * expm1_64((t + C) / M);
}

double
many_machines_young(double C, double M)
{
    return sqrt64(2 * C * M);
}

// Where the derivative is 0: e^((t + C) / M) (1 - t / M) = 1. The left side falls in t from above 1 to 0 at t = M.
double
many_machines_best_interval(double C, double M)
{
    double low = 0, high = M;
    for (int i = 0; i < 200; i++) {
        double t = (low + high) / 2;
        if (exp64((t + C) / M) * (1 - t / M) > 1)
            low = t;
        else
            high = t;
    }
    return (low + high) / 2;
}
