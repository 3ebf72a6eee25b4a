// What the text does by hand: eight words counted by two machines, and four gradients of one weight on two ranks.
#include "frame/claims.h"
#include "frame/program.h"
#include "many_machines/figures/figures.h"
#include "many_machines/job.h"
#include "many_machines/many_machines.h"

#include <stdio.h>
#include <string.h>

static const char text[] = "a rose is a rose is a rose";

static void
write_records(const char *name, const many_machines_records *list, int R)
{
    table *t = program_table(name, "record\tkey\tcount\thash\treducer");
    for (long i = 0; i < list->n; i++) {
        char key[16];
        many_machines_bytes bytes = list->record[i].key;
        snprintf(key, sizeof key, "%.*s", (int)bytes.n, bytes.at);
        table_row(t, "isddi", (int)i + 1, key, (double)list->record[i].value,
                  (double)many_machines_hash(bytes), many_machines_partition(bytes, R));
    }
    table_close(t);
}

static void
push(void *to, many_machines_bytes key, int64_t value)
{
    many_machines_push(to, key, value);
}

static void
count_words(void)
{
    enum { M = 2, R = 2 };
    long n = (long)strlen(text);
    many_machines_job plain = many_machines_job_run(text, n, M, R, false);
    many_machines_job job = many_machines_job_run(text, n, M, R, true);
    many_machines_records mapped = {0};
    many_machines_map_words(text, n, false, (many_machines_sink){push, &mapped});
    write_records("worked-example", &mapped, R);
    many_machines_records result = {0};
    for (int r = 0; r < R; r++)
        for (long i = 0; i < job.result[r].n; i++)
            many_machines_push(&result, job.result[r].record[i].key, job.result[r].record[i].value);
    write_records("worked-example-result", &result, R);
    table *t = program_table("worked-example-job", "what\trecords");
    table_row(t, "sd", "mapped", (double)job.mapped);
    table_row(t, "sd", "combined", (double)job.shuffled);
    table_row(t, "si", "split", (int)many_machines_split(text, n, 1, M));
    table_close(t);
    claim_near("worked-records",
               "worked example: records that the shuffle carries without a combiner", 8,
               (double)plain.shuffled, 0, "counted by hand", CHECK);
    many_machines_records_free(&mapped);
    many_machines_records_free(&result);
    many_machines_job_free(&plain);
    many_machines_job_free(&job);
}

// One weight w = 0.5, loss (w x - y)^2 / 2 of four examples, whose gradients are (w x - y) x.
static void
one_weight(void)
{
    enum { N = 4 };
    const float x[N] = {1, 2, 3, 4}, y[N] = {1, 0, 2, 1}, w = 0.5f, rate = 0.1f;
    float g[2][N], *const memory[] = {g[0], g[1]}, alone[N];
    table *t = program_table("worked-example-gradients", "leaf\tx\ty\tgradient\trank");
    for (int i = 0; i < N; i++) {
        alone[i] = g[0][i] = g[1][i] = (w * x[i] - y[i]) * x[i];
        table_row(t, "ifffi", i, x[i], y[i], g[0][i], many_machines_owner(2, N, i));
    }
    table_close(t);
    many_machines_plan plan = many_machines_leaves(2, N, 1);
    table *m = program_table("worked-example-messages", "message\tstep\tfrom\tto\tadd");
    for (int i = 0; i < plan.messages; i++)
        table_row(m, "iiiis", i, plan.message[i].step, plan.message[i].from, plan.message[i].to,
                  plan.message[i].add ? "add" : "copy");
    table_close(m);
    table *s = program_table("worked-example-sums", "what\tvalue");
    many_machines_deliver(&plan, 0, memory);
    table_row(s, "sf", "left", memory[0][0]);
    table_row(s, "sf", "right", memory[1][2]);
    many_machines_deliver(&plan, 1, memory);
    many_machines_deliver(&plan, 2, memory);
    float mean = memory[1][0] / N, chain[N];
    many_machines_chain(N, 1, alone, chain);
    table_row(s, "sf", "sum", memory[1][0]);
    table_row(s, "sf", "mean", mean);
    table_row(s, "sf", "w", w - rate * mean);
    // Three numbers that float adds in two ways.
    const float big = 1e8f, small = 3;
    volatile float left = big + small, right = small + small;
    table_row(s, "sf", "left_first", left + small);
    table_row(s, "sf", "right_first", big + right);
    table_close(s);
    claim_near("worked-gradient", "worked example: the sum of the four gradients in both ranks",
               chain[N - 1], (memory[0][0] + memory[1][0]) / 2, 0,
               "the same numbers, one by one, exactly", CHECK);
    many_machines_plan_free(&plan);
}

void
many_machines_figure_worked_example(void)
{
    count_words();
    one_weight();
}
