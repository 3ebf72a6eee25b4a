// The reader's own network: which of its layers to compute again.
#ifndef CHECKPOINTING_OWN_H
#define CHECKPOINTING_OWN_H

#include "checkpointing/plan.h"
#include "files/table.h"

#include <stddef.h>

// The layers that a table says, `size` bytes with the columns name, tape, out and time: 1 to 256, numbers from 0 to 1e15.
// The parameter `name` stands in messages. t keeps the names of the layers. To be freed, both.
checkpointing_layer *checkpointing_own_parse(const char *bytes, size_t size, const char *name,
                                             table_data *t, int *n);

// Reads the file at `path`, writes plans.tsv, the least peak for every number of layers that are computed again, and prints
// the plan for `memory` bytes (NULL: the least peak of all).
void checkpointing_own_costs(const char *path, const char *memory);

#endif
