#include "many_machines/job.h"

#include "files/memory.h"

#include <stdlib.h>
#include <string.h>

// ---- Lists of records ----

void
many_machines_push(many_machines_records *list, many_machines_bytes key, int64_t value)
{
    list->record = memory_grow(list->record, ++list->n, sizeof *list->record, "records");
    list->record[list->n - 1] = (many_machines_record){key, value};
}

static void
push(void *to, many_machines_bytes key, int64_t value)
{
    many_machines_push(to, key, value);
}

void
many_machines_records_free(many_machines_records *list)
{
    free(list->record);
    *list = (many_machines_records){0};
}

// The order of "key TAB ..." by bytes: where one key is the beginning of another, TAB stands against its next byte.
static int
order_of_lines(const void *a, const void *b)
{
    const many_machines_record *x = a, *y = b;
    long both = x->key.n < y->key.n ? x->key.n : y->key.n;
    int first = both > 0 ? memcmp(x->key.at, y->key.at, both) : 0;
    if (first || x->key.n == y->key.n)
        return first ? first : (x->value > y->value) - (x->value < y->value);
    bool shorter = x->key.n < y->key.n;
    unsigned char next = (unsigned char)(shorter ? y->key.at[both] : x->key.at[both]);
    return (next > '\t') == shorter ? -1 : 1;
}

void
many_machines_sort(many_machines_records *list)
{
    if (list->n > 0)
        qsort(list->record, list->n, sizeof *list->record, order_of_lines);
}

void
many_machines_reduce_all(const many_machines_records *sorted, many_machines_records *sums)
{
    many_machines_run run = {0};
    many_machines_sink out = {push, sums};
    for (long i = 0; i < sorted->n; i++)
        many_machines_reduce(&run, sorted->record[i].key, sorted->record[i].value, out);
    many_machines_reduce_end(&run, out);
}

// ---- The job ----

long
many_machines_split(const char *text, long n, int m, int M)
{
    long at = (long)((int64_t)n * m / M);
    if (m == 0 || m == M)
        return at;
    while (at < n && text[at] != ' ' && !(text[at] >= '\t' && text[at] <= '\r'))
        at++;
    return at;
}

// One map task: its records, combined or not, to the reducers' lists.
static void
map_task(const char *text, long n, many_machines_job *job, many_machines_records *bucket)
{
    many_machines_records mapped = {0}, combined = {0};
    many_machines_map_words(text, n, false, (many_machines_sink){push, &mapped});
    job->mapped += mapped.n;
    if (job->combine) {
        many_machines_sort(&mapped);
        many_machines_reduce_all(&mapped, &combined);
    }
    const many_machines_records *sent = job->combine ? &combined : &mapped;
    job->shuffled += sent->n;
    for (long i = 0; i < sent->n; i++) {
        many_machines_bytes key = sent->record[i].key;
        many_machines_push(&bucket[many_machines_partition(key, job->R)], key,
                           sent->record[i].value);
    }
    many_machines_records_free(&mapped);
    many_machines_records_free(&combined);
}

many_machines_job
many_machines_job_run(const char *text, long n, int M, int R, bool combine)
{
    many_machines_job job = {.M = M, .R = R, .combine = combine};
    many_machines_records *bucket = memory_zeroed(R, sizeof *bucket, "reducers");
    job.load = memory_zeroed(R, sizeof *job.load, "reducers");
    job.result = memory_zeroed(R, sizeof *job.result, "reducers");
    for (int m = 0; m < M; m++) {
        long at = many_machines_split(text, n, m, M);
        map_task(text + at, many_machines_split(text, n, m + 1, M) - at, &job, bucket);
    }
    for (int r = 0; r < R; r++) {
        job.load[r] = bucket[r].n;
        many_machines_sort(&bucket[r]);
        many_machines_reduce_all(&bucket[r], &job.result[r]);
        many_machines_records_free(&bucket[r]);
    }
    free(bucket);
    return job;
}

void
many_machines_job_free(many_machines_job *job)
{
    for (int r = 0; r < job->R; r++)
        many_machines_records_free(&job->result[r]);
    free(job->result);
    free(job->load);
    *job = (many_machines_job){0};
}
