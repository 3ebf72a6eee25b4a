// Ground truths and detections from the reader's own files: COCO JSON or tables. What is wrong in a file is
// refused with its place.
#ifndef MAP_DATA_H
#define MAP_DATA_H

#include "map/map.h"
#include "map/names.h"

// Everything read so far. All memory hangs on it, so that map_data_free frees it also after a refusal.
typedef struct {
    map_scene scene;
    map_names images, classes, ids;
    double (*size)[2]; // (N) width and height of an image, 0 if not known
    bool json;
    int no_area; // ground truths of a JSON file without `area`: w h is taken
    int foreign; // detections of categories that the ground truth does not list: left out
    void *value; // the JSON value that is being read
} map_data;

// Both take `size` bytes of a file; `name` stands in messages. Ground truths come first. A file that begins
// with { or [ is JSON, anything else a table with a header line, with tabs or commas:
// image class x y w h [area crowd difficult], and image class score x y w h, in any order of columns. A row of
// ground truths with an empty class says only that there is such an image.
// A byte-order mark is passed over before a table and refused before JSON.
void map_data_read_truths(map_data *d, const char *bytes, size_t size, const char *name);
void map_data_read_detections(map_data *d, const char *bytes, size_t size, const char *name);

// Numbers images and classes by name: numbers first and by value, then words by their bytes.
void map_data_sort(map_data *d);

// Reads both from the files at these paths, and sorts.
void map_data_read_files(map_data *d, const char *truths, const char *detections);

void map_data_free(map_data *d);

#endif
