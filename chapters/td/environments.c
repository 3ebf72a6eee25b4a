#include "td/environments.h"

#include "files/fail.h"

#include <stdlib.h>

// ---- Models ----

td_model
td_model_new(int S, int A, int K, double gamma, int first)
{
    td_model m = {S, A, K, gamma, first, NULL, NULL, NULL};
    m.n = malloc(sizeof *m.n * S);
    m.outcomes = calloc((size_t)S * A, sizeof *m.outcomes);
    m.chance = calloc((size_t)S * A * K, sizeof *m.chance);
    if (!m.n || !m.outcomes || !m.chance)
        fail("td_model_new: no memory for %d states", S);
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

static td_step
draw_step(const void *inside, int s, int a, rng *r)
{
    const td_model *m = inside;
    const td_chance *c = td_chances(m, s, a);
    int outcomes = m->outcomes[s * m->A + a];
    if (outcomes == 0)
        fail("a world: no action %d in state %d", a, s);
    if (outcomes > 1) {
        double u = rng_uniform64(r);
        for (int k = 0; k < outcomes - 1 && u >= c->p; k++, c++)
            u -= c->p;
    }
    double noise = c->deviation > 0 ? c->deviation * rng_normal(r) : 0;
    return (td_step){s, a, c->r + noise, c->next, c->end};
}

td_world
td_world_of(const td_model *m)
{
    return (td_world){m->S, m->A, m->n, m->gamma, first_state, draw_step, m};
}

// ---- Grids ----

// Up, right, down, left; then the four diagonals of a king.
static const int move_row[] = {-1, 0, 1, 0, -1, 1, 1, -1};
static const int move_column[] = {0, 1, 0, -1, 1, 1, -1, -1};

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
    td_model m = td_model_new(GRID_STATES, GRID_ACTIONS, 1, 0.9, ends ? 0 : -1);
    for (int s = 0; s < m.S; s++)
        for (int a = 0; a < m.A; a++) {
            if (ends && s == GRID_TARGET)
                continue;
            bool stays = a == GRID_ACTIONS - 1;
            int row = s / GRID_SIDE + (stays ? 0 : move_row[a]);
            int column = s % GRID_SIDE + (stays ? 0 : move_column[a]);
            bool out = row < 0 || row >= GRID_SIDE || column < 0 || column >= GRID_SIDE;
            int next = out ? s : row * GRID_SIDE + column;
            double r = out                       ? pay.boundary
                       : next == GRID_TARGET     ? pay.target
                       : td_grid_forbidden(next) ? pay.forbidden
                                                 : pay.other;
            td_model_add(&m, s, a, 1, r, next, ends && next == GRID_TARGET);
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
    td_model m = td_model_new(CLIFF_ROWS * CLIFF_COLUMNS, 4, 1, 1, CLIFF_START);
    for (int s = 0; s <= CLIFF_START; s++)
        for (int a = 0; a < m.A; a++) {
            int row = clamp(s / CLIFF_COLUMNS + move_row[a], CLIFF_ROWS);
            int column = clamp(s % CLIFF_COLUMNS + move_column[a], CLIFF_COLUMNS);
            int next = row * CLIFF_COLUMNS + column;
            bool falls = next > CLIFF_START && next < CLIFF_GOAL;
            td_model_add(&m, s, a, 1, falls ? -100 : -1, falls ? CLIFF_START : next,
                         next == CLIFF_GOAL);
        }
    return m;
}

td_model
td_windy(bool king, bool chance)
{
    static const int wind[WINDY_COLUMNS] = {0, 0, 0, 1, 1, 1, 2, 2, 1, 0};
    td_model m =
        td_model_new(WINDY_ROWS * WINDY_COLUMNS, king ? 8 : 4, chance ? 3 : 1, 1, WINDY_START);
    for (int s = 0; s < m.S; s++)
        for (int a = 0; a < m.A && s != WINDY_GOAL; a++) {
            int blows = wind[s % WINDY_COLUMNS], varies = chance && blows > 0;
            for (int change = -varies; change <= varies; change++) {
                int row = s / WINDY_COLUMNS + move_row[a] - blows - change;
                int column = clamp(s % WINDY_COLUMNS + move_column[a], WINDY_COLUMNS);
                int next = clamp(row, WINDY_ROWS) * WINDY_COLUMNS + column;
                td_model_add(&m, s, a, varies ? 1.0 / 3 : 1, -1, next, next == WINDY_GOAL);
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

static double
card(int c)
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
        dealer_ends(next, ace, p * card(c), end);
    }
}

static void
blackjack_stick(td_model *m, int s, int sum, const double end[6])
{
    double win = end[5], even = 0, lose = 0;
    for (int k = 0; k < 5; k++)
        *(17 + k < sum ? &win : 17 + k == sum ? &even : &lose) += end[k];
    td_model_add(m, s, STICK, win, 1, s, true);
    td_model_add(m, s, STICK, even, 0, s, true);
    td_model_add(m, s, STICK, lose, -1, s, true);
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
            bust += card(c);
        else
            td_model_add(m, s, HIT, card(c), 0, td_blackjack_state(next, dealer, ace), false);
    }
    if (bust > 0)
        td_model_add(m, s, HIT, bust, -1, s, true);
}

td_model
td_blackjack(void)
{
    td_model m = td_model_new(BLACKJACK_STATES, 2, 10, 1, -1);
    for (int dealer = 1; dealer <= 10; dealer++) {
        double end[6] = {0};
        int shown = 0;
        bool ace = false;
        draw(dealer, &shown, &ace);
        dealer_ends(shown, ace, 1, end);
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
