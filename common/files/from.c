#include "files/from.h"

#include <stdlib.h>
#include <string.h>

// Reads "t", "t+1" or "t-2" at *at as the number of steps from t.
static bool
read_step(const char **at, int *step)
{
    if (*(*at)++ != 't')
        return false;
    *step = 0;
    if (**at != '+' && **at != '-')
        return true;
    const char *digits = *at + 1;
    size_t length = strspn(digits, "0123456789");
    if (length < 1 || length > 6)
        return false;
    *step = atoi(digits) * (**at == '-' ? -1 : 1);
    *at = digits + length;
    return true;
}

// Reads what stands in brackets; *at is behind the first one.
static bool
read_steps(const char **at, from_name *out)
{
    out->first = -FROM_NEVER;
    out->last = FROM_NEVER;
    bool one = **at != ':';
    if (one && !read_step(at, &out->first))
        return false;
    if (one && **at == ']')
        out->last = out->first;
    else if (*(*at)++ != ':')
        return false;
    else if (**at != ']') {
        if (!read_step(at, &out->last))
            return false;
        out->last--; // as in Python, the end is not meant
    }
    return *(*at)++ == ']';
}

int
from_next(const char **at, from_name *out)
{
    *at += strspn(*at, " ");
    if (!**at)
        return 0;
    size_t length = strcspn(*at, " [");
    if (length < 1 || length >= FROM_NAME)
        return -1;
    *out = (from_name){.steps = (*at)[length] == '['};
    memcpy(out->name, *at, length);
    *at += length;
    if (out->steps) {
        ++*at;
        if (!read_steps(at, out))
            return -1;
    }
    return **at == ' ' || !**at ? 1 : -1;
}
