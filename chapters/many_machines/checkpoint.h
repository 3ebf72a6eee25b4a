// A training's state as a file: all that the next step depends on, and nothing else.
#ifndef MANY_MACHINES_CHECKPOINT_H
#define MANY_MACHINES_CHECKPOINT_H

#include "many_machines/training.h"

// The file stands under its name only when it is whole: an older one stays until then.
void many_machines_checkpoint_write(const char *path, const many_machines_state *s);

// Into a state of as many weights; another number of them, or anything missing, is an error.
void many_machines_checkpoint_read(const char *path, many_machines_state *s);

#endif
