// Pictures of the reader's own as idx files, the format of MNIST: build/vit/vit --mnist DIR.
#ifndef VIT_OWN_H
#define VIT_OWN_H

#include "vit/experiment.h"

#include <stddef.h>

// Pictures (n, side, side) with labels 0 .. 9 from the bytes of two idx files; the names stand in messages. Anything but as
// many labels as pictures, square ones with a side that is a multiple of 4, is an error. Bytes become ink from 0 to 1.
vit_set vit_own_parse(const char *pictures, size_t pictures_size, const char *pictures_name,
                      const char *labels, size_t labels_size, const char *labels_name);

// Trains both nets on 300, 3000 and all pictures of the folder, and tests them: a table that is printed, too.
void vit_own_data(const char *folder, int steps);

#endif
