// A job on the reader's own text.
#ifndef MANY_MACHINES_OWN_H
#define MANY_MACHINES_OWN_H

// The options as they were given, NULL: not.
typedef struct {
    const char *text, *splits, *reducers;
} many_machines_own_options;

void many_machines_own_check(const many_machines_own_options *o);

// Writes what each reducer gives, part-0 .. part-(R-1), in the folder of this run, and tells what each task had to do.
void many_machines_own(const many_machines_own_options *o);

#endif
