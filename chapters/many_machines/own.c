#include "many_machines/own.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "many_machines/job.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPLITS = 8, REDUCERS = 4, SPLITS_MOST = 100000, REDUCERS_MOST = 1000 };

void
many_machines_own_check(const many_machines_own_options *o)
{
    if (!o->text && (o->splits || o->reducers))
        fail("%s is for --text", o->splits ? "--splits" : "--reducers");
}

static void
write_part(const many_machines_records *list, int r)
{
    char name[32], path[FILE_PATH];
    snprintf(name, sizeof name, "part-%d", r);
    snprintf(path, sizeof path, "%s", program_path(name));
    FILE *file = file_create(path);
    for (long i = 0; i < list->n; i++) {
        fwrite(list->record[i].key.at, 1, list->record[i].key.n, file);
        fprintf(file, "\t%lld\n", (long long)list->record[i].value);
    }
    file_commit(file, path);
}

void
many_machines_own(const many_machines_own_options *o)
{
    int M = program_whole("--splits", o->splits, 1, SPLITS_MOST, SPLITS);
    int R = program_whole("--reducers", o->reducers, 1, REDUCERS_MOST, REDUCERS);
    size_t size;
    char *text = file_read(o->text, &size);
    many_machines_job job = many_machines_job_run(text, (long)size, M, R, true);
    long most = 0, keys = 0;
    table *t = program_table("reducers", "reducer\trecords\tkeys");
    for (int r = 0; r < R; r++) {
        table_row(t, "idd", r, (double)job.load[r], (double)job.result[r].n);
        most = job.load[r] > most ? job.load[r] : most;
        keys += job.result[r].n;
        write_part(&job.result[r], r);
    }
    table_close(t);
    progress_clear();
    printf(
        "%s: %zu bytes in %d splits: %ld records, %ld behind the combiners (%.1f %%), %ld keys\n",
        escape(o->text), size, M, job.mapped, job.shuffled,
        job.mapped ? 100.0 * job.shuffled / job.mapped : 0, keys);
    printf("%d reducers: the fullest has %ld records, %.2f times the mean; their counts: %s to "
           "part-%d\n",
           R, most, job.shuffled ? (double)most * R / job.shuffled : 0, program_path("part-0"),
           R - 1);
    many_machines_job_free(&job);
    free(text);
}
