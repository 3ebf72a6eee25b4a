// The names of images or classes, each once, found by a hash table.
#ifndef MAP_NAMES_H
#define MAP_NAMES_H

#include <stddef.h>

// Names of images or classes, each once, in order of their first appearance until map_names_sort. A name that
// is a whole number (an id of COCO) is kept as one.
typedef struct {
    char *text;  // NULL: `number` is the name
    char *label; // of a COCO category, its name; NULL: none
    long long number;
} map_name;

typedef struct {
    int n, slots;
    map_name *name; // (n)
    int *slot;      // a hash table of (slots): 1 + index, 0 is free
} map_names;

// The index of the name, -1 if there is none; map_names_add adds it if it is new. text: NULL for a number.
int map_names_find(const map_names *names, long long number, const char *text, size_t length);
int map_names_add(map_names *names, long long number, const char *text, size_t length);

// Sorts them: numbers first and by value, then words by their bytes. Returns new_index (n), to be freed: where
// the name that was i now stands.
int *map_names_sort(map_names *names);

// The name, or a category's label, as text that a terminal may show; valid until the next call but three.
const char *map_names_text(const map_names *names, int i);

void map_names_free(map_names *names);

#endif
