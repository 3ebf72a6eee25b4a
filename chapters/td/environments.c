#include "td/environments.h"

#include "files/fail.h"
#include "files/memory.h"

#include <stdlib.h>
#include <string.h>

// ---- Models ----

td_model
td_model_new(int S, int A, int K, double gamma, int first)
{
    td_model m = {S, A, K, gamma, first, NULL, NULL, NULL};
    m.n = memory_zeroed(S, sizeof *m.n, "a model");
    m.outcomes = memory_zeroed((long)S * A, sizeof *m.outcomes, "a model");
    m.chance = memory_zeroed((long)S * A * K, sizeof *m.chance, "a model");
    for (int s = 0; s < S; s++)
        m.n[s] = A;
    return m;
}

void
td_model_free(td_model *m)
{
    free(m->n);
    free(m->outcomes);
    free(m->chance);
    *m = (td_model){0};
}

void
td_model_add(td_model *m, int s, int a, double p, double r, int next, bool end)
{
    int k = s * m->A + a;
    if (m->outcomes[k] == m->K)
        fail("td_model_add: state %d, action %d: more than %d outcomes", s, a, m->K);
    m->chance[k * m->K + m->outcomes[k]++] = (td_chance){p, r, 0, next, end};
}

const td_chance *
td_chances(const td_model *m, int s, int a)
{
    return m->chance + (s * m->A + a) * m->K;
}

static int
first_state(const void *inside, rng *r)
{
    const td_model *m = inside;
    return m->first >= 0 ? m->first : (int)rng_below(r, m->S);
}

static td_transition
draw_step(const void *inside, int s, int a, rng *r)
{
    const td_model *m = inside;
    const td_chance *c = td_chances(m, s, a);
    int outcomes = m->outcomes[s * m->A + a];
    if (outcomes == 0)
        fail("an environment: no action %d in state %d", a, s);
    if (outcomes > 1) {
        const td_chance *last = c + outcomes - 1;
        for (double u = rng_uniform64(r); c < last && u >= c->p; c++)
            u -= c->p;
    }
    double noise = c->deviation > 0 ? c->deviation * rng_normal(r) : 0;
    return (td_transition){s, a, c->r + noise, c->next, c->end};
}

td_environment
td_environment_of(const td_model *m)
{
    return (td_environment){m->S, m->A, m->n, m->gamma, first_state, draw_step, m};
}

td_table
td_table_new(const td_model *m)
{
    return (td_table){m->S, m->A, m->n,
                      memory_zeroed((long)m->S * m->A, sizeof(double), "a table")};
}

void
td_table_free(td_table *q)
{
    free(q->value);
}

// ---- Grids ----

// Up, right, down, left; then the four diagonals of a king.
const int td_moves[8][2] = {{-1, 0}, {0, 1}, {1, 0}, {0, -1}, {-1, 1}, {1, 1}, {1, -1}, {-1, -1}};
const int td_winds[TD_WINDY_COLUMNS] = {0, 0, 0, 1, 1, 1, 2, 2, 1, 0};

static int
clamp(int x, int n)
{
    return x < 0 ? 0 : x >= n ? n - 1 : x;
}

bool
td_grid_forbidden(int s)
{
    return s == 6 || s == 7 || s == 12 || s == 16 || s == 18 || s == 21;
}

td_model
td_grid(td_rewards pay, bool ends)
{
    td_model m = td_model_new(TD_GRID_STATES, TD_GRID_ACTIONS, 1, 0.9, ends ? 0 : -1);
    for (int s = 0; s < m.S; s++)
        for (int a = 0; a < m.A; a++) {
            if (ends && s == TD_GRID_TARGET)
                continue;
            bool stays = a == TD_GRID_ACTIONS - 1;
            int row = s / TD_GRID_SIDE + (stays ? 0 : td_moves[a][0]);
            int column = s % TD_GRID_SIDE + (stays ? 0 : td_moves[a][1]);
            bool out = row < 0 || row >= TD_GRID_SIDE || column < 0 || column >= TD_GRID_SIDE;
            int next = out ? s : row * TD_GRID_SIDE + column;
            double r = out                       ? pay.boundary
                       : next == TD_GRID_TARGET  ? pay.target
                       : td_grid_forbidden(next) ? pay.forbidden
                                                 : pay.other;
            td_model_add(&m, s, a, 1, r, next, ends && next == TD_GRID_TARGET);
        }
    return m;
}

td_model
td_random_walk(int S, double left)
{
    td_model m = td_model_new(S, 1, 2, 1, S / 2);
    for (int s = 0; s < S; s++) {
        td_model_add(&m, s, 0, 0.5, s == 0 ? left : 0, s == 0 ? s : s - 1, s == 0);
        td_model_add(&m, s, 0, 0.5, s == S - 1, s == S - 1 ? s : s + 1, s == S - 1);
    }
    return m;
}

td_model
td_cliff(void)
{
    td_model m = td_model_new(TD_CLIFF_ROWS * TD_CLIFF_COLUMNS, 4, 1, 1, TD_CLIFF_START);
    for (int s = 0; s <= TD_CLIFF_START; s++)
        for (int a = 0; a < m.A; a++) {
            int row = clamp(s / TD_CLIFF_COLUMNS + td_moves[a][0], TD_CLIFF_ROWS);
            int column = clamp(s % TD_CLIFF_COLUMNS + td_moves[a][1], TD_CLIFF_COLUMNS);
            int next = row * TD_CLIFF_COLUMNS + column;
            bool falls = next > TD_CLIFF_START && next < TD_CLIFF_GOAL;
            td_model_add(&m, s, a, 1, falls ? -100 : -1, falls ? TD_CLIFF_START : next,
                         next == TD_CLIFF_GOAL);
        }
    return m;
}

td_model
td_windy(bool king, bool chance)
{
    td_model m = td_model_new(TD_WINDY_ROWS * TD_WINDY_COLUMNS, king ? 8 : 4, chance ? 3 : 1, 1,
                              TD_WINDY_START);
    for (int s = 0; s < m.S; s++)
        for (int a = 0; a < m.A; a++) {
            if (s == TD_WINDY_GOAL)
                continue;
            int blows = td_winds[s % TD_WINDY_COLUMNS], varies = chance && blows > 0;
            for (int change = -varies; change <= varies; change++) {
                int row = s / TD_WINDY_COLUMNS + td_moves[a][0] - blows - change;
                int column = clamp(s % TD_WINDY_COLUMNS + td_moves[a][1], TD_WINDY_COLUMNS);
                int next = clamp(row, TD_WINDY_ROWS) * TD_WINDY_COLUMNS + column;
                td_model_add(&m, s, a, varies ? 1.0 / 3 : 1, -1, next, next == TD_WINDY_GOAL);
            }
        }
    return m;
}

td_model
td_bias(int left)
{
    td_model m = td_model_new(2, 10, 1, 1, 0);
    m.n[0] = 2;
    td_model_add(&m, 0, !left, 1, 0, 0, true);
    td_model_add(&m, 0, left, 1, 0, 1, false);
    for (int a = 0; a < m.A; a++) {
        td_model_add(&m, 1, a, 1, -0.1, 1, true);
        m.chance[m.A + a].deviation = 1;
    }
    return m;
}

// ---- Blackjack ----

int
td_blackjack_state(int sum, int dealer, bool usable)
{
    return usable * 100 + (dealer - 1) * 10 + sum - 12;
}

double
td_card(int c)
{
    return c == 10 ? 4.0 / 13 : 1.0 / 13;
}

// The hand after one more card; an ace counts 11 where it can.
static void
draw(int c, int *sum, bool *usable)
{
    *sum += c;
    if (c == 1 && *sum <= 11) {
        *sum += 10;
        *usable = true;
    }
    if (*sum > 21 && *usable) {
        *sum -= 10;
        *usable = false;
    }
}

// Adds p times the probabilities of the dealer's last sum, 17..21 and bust, to end (6).
static void
dealer_ends(int sum, bool usable, double p, double end[6])
{
    if (sum >= 17) {
        end[sum > 21 ? 5 : sum - 17] += p;
        return;
    }
    for (int c = 1; c <= 10; c++) {
        int next = sum;
        bool ace = usable;
        draw(c, &next, &ace);
        dealer_ends(next, ace, p * td_card(c), end);
    }
}

void
td_dealer(int shown, double end[6])
{
    int sum = 0;
    bool ace = false;
    draw(shown, &sum, &ace);
    memset(end, 0, 6 * sizeof *end);
    dealer_ends(sum, ace, 1, end);
}

static void
blackjack_stick(td_model *m, int s, int sum, const double end[6])
{
    double win = end[5], even = 0, lose = 0;
    for (int k = 0; k < 5; k++) {
        if (17 + k < sum)
            win += end[k];
        else if (17 + k == sum)
            even += end[k];
        else
            lose += end[k];
    }
    td_model_add(m, s, TD_STICK, win, 1, s, true);
    td_model_add(m, s, TD_STICK, even, 0, s, true);
    td_model_add(m, s, TD_STICK, lose, -1, s, true);
}

static void
blackjack_hit(td_model *m, int s, int sum, int dealer, bool usable)
{
    double bust = 0;
    for (int c = 1; c <= 10; c++) {
        int next = sum;
        bool ace = usable;
        draw(c, &next, &ace);
        if (next > 21)
            bust += td_card(c);
        else
            td_model_add(m, s, TD_HIT, td_card(c), 0, td_blackjack_state(next, dealer, ace), false);
    }
    if (bust > 0)
        td_model_add(m, s, TD_HIT, bust, -1, s, true);
}

td_model
td_blackjack(void)
{
    td_model m = td_model_new(TD_BLACKJACK_STATES, 2, 10, 1, -1);
    for (int dealer = 1; dealer <= 10; dealer++) {
        double end[6];
        td_dealer(dealer, end);
        for (int sum = 12; sum <= 21; sum++)
            for (int usable = 0; usable < 2; usable++) {
                int s = td_blackjack_state(sum, dealer, usable);
                blackjack_stick(&m, s, sum, end);
                blackjack_hit(&m, s, sum, dealer, usable);
            }
    }
    return m;
}

td_model
td_random_model(int S, int A, int K, double gamma, rng *r)
{
    td_model m = td_model_new(S, A, K, gamma, -1);
    for (int s = 0; s < S; s++)
        for (int a = 0; a < A; a++) {
            double p[K], sum = 0;
            for (int k = 0; k < K; k++)
                sum += p[k] = 0.2 + rng_uniform64(r);
            for (int k = 0; k < K; k++) {
                double pays = rng_normal(r);
                int next = (int)rng_below(r, S);
                td_model_add(&m, s, a, p[k] / sum, pays, next, k == K - 1);
            }
        }
    return m;
}
