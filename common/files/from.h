// What a tensor of a reference case is computed from: the column `from` of its manifest (common/checker/FORMAT.md).
#ifndef FROM_H
#define FROM_H

#include <stdbool.h>

enum { FROM_NAME = 64, FROM_NEVER = 1 << 30 };

// One of the names in it, with the steps that are meant, counted from the step t of what is computed:
//     a        the step t      first 0,      last 0     (of a tensor without time: all of it)
//     a[t-1]   another         first -1,     last -1
//     a[:t]    all before t    first -NEVER, last -1
//     a[t:]    all from t on   first 0,      last NEVER
//     a[:]     all             first -NEVER, last NEVER
//     *        everything above that is no input
typedef struct {
    char name[FROM_NAME];
    bool steps; // it has brackets
    int first, last;
} from_name;

// Reads the next name at *at and moves *at behind it. Returns 1, or 0 where there is none left, or -1 where it is
// none of these forms.
int from_next(const char **at, from_name *out);

#endif
