// A whole job in one process: splits that are mapped, combined, partitioned, sorted and reduced, as many machines
// would do it; and what each of them had to do.
#ifndef MANY_MACHINES_JOB_H
#define MANY_MACHINES_JOB_H

#include "many_machines/many_machines.h"

typedef struct {
    many_machines_bytes key;
    int64_t value;
} many_machines_record;

// Records in the order in which they came. Their bytes are another's.
typedef struct {
    long n;
    many_machines_record *record;
} many_machines_records;

void many_machines_push(many_machines_records *list, many_machines_bytes key, int64_t value);
void many_machines_records_free(many_machines_records *list);

// By the bytes of the whole lines "key TAB value"; the sums of a sorted list, added to another one.
void many_machines_sort(many_machines_records *list);
void many_machines_reduce_all(const many_machines_records *sorted, many_machines_records *sums);

typedef struct {
    int M, R;
    bool combine;
    long mapped, shuffled;         // records behind map, and behind the combiners
    long *load;                    // (R): records that each reducer gets
    many_machines_records *result; // (R): what each gives; its keys stand in the text
} many_machines_job;

// Where split m of M begins: behind the first white space at or after n m / M. Of split M it is n.
long many_machines_split(const char *text, long n, int m, int M);

many_machines_job many_machines_job_run(const char *text, long n, int M, int R, bool combine);
void many_machines_job_free(many_machines_job *job);

#endif
