// The smallest case with all that matters, for the text to compute by hand: two pairs, one query and one key, turned to
// two places of the same distance; their scores; and the gradient of the score by the query, beside differences.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "rope/figures/figures.h"
#include "rope/rope.h"

#include <math.h>

enum { d = 4 };
static const double base = 100, q[d] = {1, 0, 0, 2}, k[d] = {1, 1, 1, 0};

static void
turned(int position, const double *x, double y[d])
{
    double theta[d / 2];
    rope_angles(d, base, theta);
    rope_rotate64(ROPE_INTERLEAVED, d, theta, position, x, y);
}

static double
score(const double *query, int m, const double *key, int n)
{
    double a[d], b[d];
    turned(m, query, a);
    turned(n, key, b);
    return linalg_dot(d, a, b);
}

static void
write_row(table *t, const char *name, int position, const double *x)
{
    table_row(t, "sidddd", name, position, x[0], x[1], x[2], x[3]);
}

void
rope_figure_worked_example(void)
{
    static const int place[] = {3, 1, 13, 11}; // of query and key, and of both ten positions later
    static const char *const names[] = {"q_3", "k_1", "q_13", "k_11"};
    double y[d], key[d], gradient[d], worst = 0;
    table *t = program_table("worked-example", "vector\tposition\ta_0\tb_0\ta_1\tb_1");
    for (int i = 0; i < 4; i++) {
        turned(place[i], i % 2 ? k : q, y);
        write_row(t, names[i], place[i], y);
    }
    turned(place[1], k, key);
    turned(-place[0], key, gradient); // turned back by the query's position
    write_row(t, "dq", place[1] - place[0], gradient);
    table_close(t);

    t = program_table("worked-example-scores", "place\tm\tn\tscore");
    double near = score(q, place[0], k, place[1]), later = score(q, place[2], k, place[3]);
    double other = score(q, place[1], k, place[0]);
    table_row(t, "siid", "here", place[0], place[1], near);
    table_row(t, "siid", "ten_later", place[2], place[3], later);
    table_row(t, "siid", "exchanged", place[1], place[0], other);
    table_close(t);

    t = program_table("worked-example-gradient", "value\tgradient\tdifference");
    static const char *const values[d] = {"a_0", "b_0", "a_1", "b_1"};
    for (int i = 0; i < d; i++) {
        double above[d], below[d];
        for (int j = 0; j < d; j++) {
            above[j] = q[j] + (i == j);
            below[j] = q[j] - (i == j);
        }
        double difference =
            (score(above, place[0], k, place[1]) - score(below, place[0], k, place[1])) /
            2; // exact: the score is linear in q
        table_row(t, "sdd", values[i], gradient[i], difference);
        worst = fmax(worst, fabs(gradient[i] - difference));
    }
    table_close(t);
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-12,
                worst, "algebra", CHECK);
    claim_near("same-distance", "worked example: the score ten positions later", near, later, 1e-12,
               "algebra", CHECK);
}
