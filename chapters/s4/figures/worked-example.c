// The smallest cases, for the text to compute by hand: two numbers of LegS that follow three
// samples; a recurrence of one number over four steps, its kernel, and one gradient both ways. And
// a state of four numbers beside the functions that it stands for.
#include "frame/claims.h"
#include "frame/program.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"

#include <math.h>

// c after each of three samples, and what the last c says of each.
static void
legs_by_hand(void)
{
    enum { N = 2, T = 3 };
    const double f[T] = {1, 2, 4};
    double c[T * N];
    s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
    table *t = program_table("worked-legs", "t\tsample\tc_0\tc_1\tplace\tremembered");
    for (int i = 0; i < T; i++) {
        double place = s4_legs_place(S4_FROM_FIRST, i, T);
        table_row(t, "iddddd", i, f[i], c[i * N], c[i * N + 1], place,
                  s4_reconstruct(S4_LEGS, N, c + (T - 1) * N, place));
    }
    table_close(t);
}

// x_l = abar x_(l-1) + u_l, y = x; the loss is the last y. Its gradient by abar through the steps
// and through the kernel.
static void
steps_by_hand(void)
{
    enum { L = 4 };
    const double abar = 0.5, one = 1, u[L] = {1, 2, -1, 4};
    double x[L], y[L], k[L], dx[L], by_steps = 0, by_kernel = 0, power = 1;
    s4_recurrence(1, L, &abar, &one, &one, 0, u, x, y);
    s4_kernel_by_powers(1, L, &abar, &one, &one, k);
    for (int l = L - 1; l >= 0; l--)
        dx[l] = l == L - 1 ? 1 : abar * dx[l + 1];
    for (int l = 1; l < L; l++) {
        by_steps += dx[l] * x[l - 1];
        by_kernel += l * power * u[L - 1 - l]; // K_l = abar^l, and dK_l = u_(L-1-l)
        power *= abar;
    }
    table *t = program_table("worked-steps", "l\tu\tx\tk\tdx\tdk");
    for (int l = 0; l < L; l++)
        table_row(t, "iddddd", l, u[l], x[l], k[l], dx[l], u[L - 1 - l]);
    table_close(t);
    claim_near("by-hand", "worked example: the gradient by the steps less that by the kernel", 0,
               by_steps - by_kernel, 1e-15, "algebra", CHECK);
}

// A smooth past, what four numbers have kept of it, and their parts c_n g_n.
static void
state_and_basis(void)
{
    enum { N = 4, T = 400, POINTS = 100 };
    double f[T], c[T * N], *last = c + (T - 1) * N;
    for (int i = 0; i < T; i++) {
        double x = s4_legs_place(S4_FROM_FIRST, i, T);
        f[i] = sin64(5 * x + 0.4) + 1.2 * x;
    }
    s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
    table *t = program_table("state", "place\tsignal\tpart_0\tpart_1\tpart_2\tpart_3\tsum");
    for (int i = 0; i <= POINTS; i++) {
        double x = (double)i / POINTS, g[N];
        s4_basis(S4_LEGS, N, x, g);
        table_row(t, "ddddddd", x, sin64(5 * x + 0.4) + 1.2 * x, last[0] * g[0], last[1] * g[1],
                  last[2] * g[2], last[3] * g[3], s4_reconstruct(S4_LEGS, N, last, x));
    }
    table_close(t);
    t = program_table("state-numbers", "n\tc");
    for (int n = 0; n < N; n++)
        table_row(t, "id", n, last[n]);
    table_close(t);
}

void
s4_figure_worked_example(void)
{
    legs_by_hand();
    steps_by_hand();
    state_and_basis();
}
