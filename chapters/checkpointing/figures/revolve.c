// Figure revolve: evaluations for each length and number of slots, where a step is repeated once more, and one schedule.
#include "checkpointing/figures/figures.h"

#include "checkpointing/checkpointing.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

enum { STEPS = 130, SLOTS = 16 };

// The schedule of ten steps with three slots.
static void
write_actions(void)
{
    enum { L = 10, S = 3 };
    static const char *const kinds[] = {"store", "advance", "reverse"};
    checkpointing_action a[3 * L];
    int n = checkpointing_schedule(L, S, a);
    table *t = program_table("revolve-actions", "action\tkind\tfrom\tto");
    for (int i = 0; i < n; i++)
        table_row(t, "isii", i + 1, kinds[a[i].kind], a[i].from, a[i].to);
    table_close(t);
}

// t[l][s] by the recursion itself.
static int
differing(void)
{
    static long t[STEPS + 1][SLOTS + 1];
    int different = 0;
    for (int s = 1; s <= SLOTS; s++)
        for (int l = 1; l <= STEPS; l++) {
            t[l][s] = l * (l - 1L) / 2;
            for (int k = 1; s > 1 && k < l; k++) {
                long now = k + t[l - k][s - 1] + t[k][s];
                if (now < t[l][s])
                    t[l][s] = now;
            }
            different += t[l][s] != checkpointing_evaluations(l, s);
        }
    return different;
}

void
checkpointing_figure_revolve(void)
{
    table *t = program_table("revolve", "steps\tslots\tevaluations\teach\trepetitions");
    for (int l = 1; l <= STEPS; l++)
        for (int s = 1; s <= SLOTS; s++) {
            double all = l + checkpointing_evaluations(l, s);
            table_row(t, "iiddi", l, s, all, all / l, checkpointing_repetitions(l, s));
        }
    table_close(t);
    t = program_table("revolve-longest", "slots\trepetitions\tsteps\tevaluations_each");
    for (int s = 1; s <= SLOTS; s++)
        for (int r = 1, l = 1; r <= 6; r++) {
            while (checkpointing_repetitions(l + 1, s) <= r)
                l++;
            table_row(t, "iiid", s, r, l, 1 + (double)checkpointing_evaluations(l, s) / l);
        }
    table_close(t);
    write_actions();
    claim_near("revolve-recursion",
               "revolve: lengths to 130 and slots to 16 where formula and recursion differ", 0,
               differing(), 0, "algebra", CHECK);
    claim_near("revolve-ten", "revolve: advances for ten steps with three slots", 15,
               (double)checkpointing_evaluations(10, 3), 0, "2 * 10 - C(5, 4)", CHECK);
    claim_near("revolve-70", "revolve: repetitions of 70 steps with 4 slots", 4,
               checkpointing_repetitions(70, 4), 0, "C(8, 4) = 70", CHECK);
    claim_near("revolve-thousand", "revolve: repetitions of 1000 steps with 10 slots", 4,
               checkpointing_repetitions(1000, 10), 0, "C(13, 10) = 286 < 1000 <= C(14, 10) = 1001",
               CHECK);
}
