// What is strange about the reader's data and still can be scored.
#ifndef MAP_WARNINGS_H
#define MAP_WARNINGS_H

#include "map/data.h"

// Calls tell once for each kind of thing that was found, with its count. Call map_data_sort first.
void map_warn(const map_data *d, void (*tell)(const char *line));

#endif
