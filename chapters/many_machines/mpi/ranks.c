// The training of the chapter on the ranks of MPI: each rank holds the state, fills its own leaves, and takes part in the
// same table of messages that the figures deliver in one process.
//
//     mpirun -n 4 ranks --steps 200 [--save FILE --every 50] [--resume FILE] [--die STEP RANK]
//     mpirun -n 4 ranks --bits           how often sums by MPI_Allreduce differ from the tree
//     mpirun -n 2 ranks --time           seconds of our plans and of MPI_Allreduce
#include "files/fail.h"
#include "files/memory.h"
#include "files/standard.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "many_machines/checkpoint.h"
#include "many_machines/study.h"

#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEED = 186, LEAVES = MANY_MACHINES_LEAVES, DRAWS = 200000 };

typedef struct {
    int rank, ranks, steps, every, die_step, die_rank;
    const char *save, *resume;
} options;

// ---- The plan over MPI ----

// What one rank needs to take part in a plan, made once: room for what it receives in a step, and for its own additions.
typedef struct {
    const many_machines_plan *plan;
    int rank;
    float *came;
    MPI_Request *request;
    MPI_Status *status;
} post_office;

static post_office
post_office_new(const many_machines_plan *plan, int rank)
{
    long most = 0;
    for (int step = 0; step < plan->steps; step++) {
        long words = 0;
        for (int i = 0; i < plan->messages; i++)
            if (plan->message[i].step == step && plan->message[i].to == rank)
                words += plan->message[i].n;
        most = words > most ? words : most;
    }
    return (post_office){plan, rank, memory_zeroed(most, sizeof(float), "messages"),
                         memory_zeroed(2 * plan->messages, sizeof(MPI_Request), "messages"),
                         memory_zeroed(2 * plan->messages, sizeof(MPI_Status), "messages")};
}

static void
post_office_free(post_office *p)
{
    free(p->came);
    free(p->request);
    free(p->status);
}

// One step of the plan for this rank. First it says where it waits for what; then what it sends leaves from where it
// stands, and nothing is changed there until all has left and all has come. Then that is taken in, in the plan's order.
static void
deliver_step(const post_office *p, int step, float *memory)
{
    long at = 0;
    int waiting = 0;
    for (int i = 0; i < p->plan->messages; i++) {
        const many_machines_message *m = &p->plan->message[i];
        if (m->step != step || m->to != p->rank)
            continue;
        if (m->from == p->rank)
            memcpy(p->came + at, memory + m->at, m->n * sizeof *memory);
        else
            MPI_Irecv(p->came + at, (int)m->n, MPI_FLOAT, m->from, i, MPI_COMM_WORLD,
                      &p->request[waiting++]);
        at += m->n;
    }
    for (int i = 0; i < p->plan->messages; i++) {
        const many_machines_message *m = &p->plan->message[i];
        if (m->step == step && m->from == p->rank && m->to != p->rank)
            MPI_Isend(memory + m->at, (int)m->n, MPI_FLOAT, m->to, i, MPI_COMM_WORLD,
                      &p->request[waiting++]);
    }
    MPI_Waitall(waiting, p->request, p->status);
    at = 0;
    for (int i = 0; i < p->plan->messages; i++) {
        const many_machines_message *m = &p->plan->message[i];
        if (m->step != step || m->to != p->rank)
            continue;
        float *into = memory + m->into;
        for (long k = 0; k < m->n && m->add; k++)
            into[k] += p->came[at + k];
        if (!m->add)
            memcpy(into, p->came + at, m->n * sizeof *into);
        at += m->n;
    }
}

static void
deliver_all(const post_office *p, float *memory)
{
    for (int step = 0; step < p->plan->steps; step++)
        deliver_step(p, step, memory);
}

// ---- The training ----

// The step from which to resume, for the message of a rank that is about to be killed.
static int
last_saved(const options *o, int steps)
{
    return o->save && o->every ? steps / o->every * o->every : 0;
}

static void
train(const options *o)
{
    many_machines_task task = many_machines_task_new(SEED);
    many_machines_state s = many_machines_first_state(&task, SEED);
    many_machines_plan plan = many_machines_leaves(o->ranks, LEAVES, s.P + 1);
    float *memory = memory_zeroed(LEAVES * (s.P + 1), sizeof *memory, "leaves"), loss = 0;
    int batch[LEAVES * task.B];
    post_office post = post_office_new(&plan, o->rank);
    if (o->resume)
        many_machines_checkpoint_read(o->resume, &s);
    while (s.steps < o->steps) {
        if (o->die_step == s.steps && o->die_rank == o->rank) {
            fprintf(stderr, "ranks: rank %d dies before step %d; resume from step %d%s%s\n",
                    o->rank, s.steps + 1, last_saved(o, s.steps),
                    o->save ? ": --resume " : ", the beginning", o->save ? o->save : "");
            fflush(stderr);
            kill(getpid(), SIGKILL);
        }
        many_machines_draw(&task, &s, batch);
        for (int leaf = 0; leaf < LEAVES; leaf++)
            if (many_machines_owner(o->ranks, LEAVES, leaf) == o->rank)
                many_machines_leaf(&task, s.w, batch, leaf, memory);
        deliver_all(&post, memory);
        loss = many_machines_update(&s, LEAVES * task.B, memory, many_machines_rate);
        if (o->save && o->every && s.steps % o->every == 0 && o->rank == 0)
            many_machines_checkpoint_write(o->save, &s);
    }
    // Every rank says what it has; rank 0 prints.
    unsigned own = many_machines_fingerprint(&s), all[LEAVES];
    MPI_Gather(&own, 1, MPI_UNSIGNED, all, 1, MPI_UNSIGNED, 0, MPI_COMM_WORLD);
    for (int r = 0; r < o->ranks && o->rank == 0; r++)
        if (all[r] != own)
            fail("rank %d has other weights than rank 0: %08x and %08x", r, all[r], own);
    if (o->rank == 0)
        printf("%d ranks, %d steps: weights %08x, loss %.9g\n", o->ranks, s.steps, own, loss);
    free(memory);
    post_office_free(&post);
    many_machines_plan_free(&plan);
    many_machines_state_free(&s);
    many_machines_task_free(&task);
}

// ---- The library's own sum ----

// Adds rows first .. first + n - 1 of x by halves.
static void
sum_by_tree(int first, int n, long size, float *x)
{
    if (n == 1)
        return;
    int half = (n + 1) / 2;
    sum_by_tree(first, half, size, x);
    sum_by_tree(first + half, n - half, size, x);
    for (long k = 0; k < size; k++)
        x[first * size + k] += x[(first + half) * size + k];
}

static void
bits(const options *o)
{
    float *x = memory_zeroed(LEAVES * DRAWS, sizeof *x, "leaves"),
          *own = memory_zeroed(LEAVES * DRAWS, sizeof *x, "leaves");
    float *sum = memory_zeroed(DRAWS, sizeof *sum, "a sum");
    rng r = rng_at(SEED, 9);
    rng_fill_normal(&r, LEAVES * DRAWS, x, 0, 1);
    memcpy(own, x, LEAVES * DRAWS * sizeof *x);
    sum_by_tree(0, LEAVES, DRAWS, x);
    int first = 0, n = 0, differ = 0;
    while (many_machines_owner(o->ranks, LEAVES, first) != o->rank)
        first++;
    while (first + n < LEAVES && many_machines_owner(o->ranks, LEAVES, first + n) == o->rank)
        n++;
    sum_by_tree(first, n, DRAWS, own);
    MPI_Allreduce(own + first * DRAWS, sum, DRAWS, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    for (long k = 0; k < DRAWS; k++)
        differ += memcmp(&sum[k], &x[k], sizeof *sum) != 0;
    if (o->rank == 0)
        printf("%d ranks: %.4f of %d sums by MPI_Allreduce differ from the tree\n", o->ranks,
               (double)differ / DRAWS, DRAWS);
    free(x);
    free(own);
    free(sum);
}

// ---- Seconds ----

typedef struct {
    const post_office *post; // NULL: the library's
    long n;
    float *memory, *sum;
} timed;

static double
seconds_of(const timed *t, int rounds)
{
    MPI_Barrier(MPI_COMM_WORLD);
    double start = timing_seconds();
    for (int k = 0; k < rounds; k++) {
        if (t->post)
            deliver_all(t->post, t->memory);
        else
            MPI_Allreduce(t->memory, t->sum, (int)t->n, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    }
    return (timing_seconds() - start) / rounds;
}

static int
ascending(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

// In turns, ours, theirs, ours ...: medians of the turns.
static void
time_sums(const options *o)
{
    enum { TURNS = 9, PLANS = 4 };
    static const char *const name[PLANS] = {"doubling", "halving", "ring", "MPI_Allreduce"};
    many_machines_plan (*const make[])(int p, long n) = {many_machines_doubling,
                                                         many_machines_halving, many_machines_ring};
    for (long n = 1000; n <= 1000000; n *= 10) {
        double took[PLANS][TURNS];
        float *memory = memory_zeroed(2 * n, sizeof *memory, "a vector");
        many_machines_plan plan[PLANS - 1];
        post_office post[PLANS - 1];
        for (int m = 0; m < PLANS - 1; m++) {
            plan[m] = make[m](o->ranks, n);
            post[m] = post_office_new(&plan[m], o->rank);
        }
        int rounds = (int)(2000000 / n) + 1;
        for (int turn = 0; turn < TURNS; turn++)
            for (int m = 0; m < PLANS; m++) {
                timed t = {m < PLANS - 1 ? &post[m] : NULL, n, memory, memory + n};
                took[m][turn] = seconds_of(&t, rounds > 200 ? 200 : rounds);
            }
        for (int m = 0; m < PLANS; m++) {
            qsort(took[m], TURNS, sizeof(double), ascending);
            if (o->rank == 0)
                printf("%d\t%ld\t%s\t%.3g\n", o->ranks, n, name[m], took[m][TURNS / 2] * 1e6);
        }
        for (int m = 0; m < PLANS - 1; m++) {
            post_office_free(&post[m]);
            many_machines_plan_free(&plan[m]);
        }
        free(memory);
    }
}

// ---- Options ----

static const char *
value_of(int argc, char **argv, int *i)
{
    if (*i + 1 >= argc)
        fail("%s needs a value", argv[*i]);
    return argv[++*i];
}

int
main(int argc, char **argv)
{
    options o = {.steps = 200, .die_step = -1};
    void (*work)(const options *o) = train;
    standard_begin();
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &o.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &o.ranks);
    if (o.ranks > LEAVES)
        fail("%d ranks; expected 1 to %d, one for each leaf at most", o.ranks, LEAVES);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--steps") == 0)
            o.steps = program_whole("--steps", value_of(argc, argv, &i), 1, 1000000, 1);
        else if (strcmp(argv[i], "--every") == 0)
            o.every = program_whole("--every", value_of(argc, argv, &i), 1, 1000000, 1);
        else if (strcmp(argv[i], "--save") == 0)
            o.save = value_of(argc, argv, &i);
        else if (strcmp(argv[i], "--resume") == 0)
            o.resume = value_of(argc, argv, &i);
        else if (strcmp(argv[i], "--die") == 0) {
            o.die_step = program_whole("--die", value_of(argc, argv, &i), 0, 1000000, 1);
            o.die_rank = program_whole("--die", value_of(argc, argv, &i), 0, LEAVES - 1, 1);
        } else if (strcmp(argv[i], "--bits") == 0)
            work = bits;
        else if (strcmp(argv[i], "--time") == 0)
            work = time_sums;
        else
            fail("unknown option %s", argv[i]);
    }
    work(&o);
    MPI_Finalize();
    return standard_end(0);
}
