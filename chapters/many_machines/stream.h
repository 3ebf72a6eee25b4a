// The mappers and reducers as programs: from a stream to a stream, in constant memory but for the longest word or line.
#ifndef MANY_MACHINES_STREAM_H
#define MANY_MACHINES_STREAM_H

#include "many_machines/many_machines.h"

#include <stdio.h>

// `name` stands in messages, with the line: "stdin:3: ...".
void many_machines_stream_words(FILE *in, const char *name, FILE *out);
void many_machines_stream_pairs(FILE *in, const char *name, FILE *out);
void many_machines_stream_reduce(FILE *in, const char *name, FILE *out);
void many_machines_stream_rows(const many_machines_view *v, FILE *in, const char *name, FILE *out);

// The main of a program whose work is one of the first three; it takes no argument but --help.
int many_machines_filter(int argc, char **argv, const char *help,
                         void (*work)(FILE *in, const char *name, FILE *out));

#endif
