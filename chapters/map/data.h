// Ground truths and detections from the reader's own files: COCO's JSON, tables, VOC's or YOLO's folders. What is
// wrong in a file is refused with its place.
#ifndef MAP_DATA_H
#define MAP_DATA_H

#include "map/map.h"
#include "map/names.h"

struct dirent;

// Everything read so far. All memory hangs on it, so that map_data_free frees it also after a refusal.
typedef struct {
    map_scene scene;
    map_names images, classes, ids; // ids: of JSON's annotations, in their order
    double (*size)[2];              // (N) width and height of an image, 0 if not known
    double
        pixels[2];   // of every image, as the user says; YOLO's fractions are of them. 0: not known
    bool json, yolo; // what the ground truth is
    bool classes_named;    // YOLO: by classes.txt
    int no_area;           // ground truths of a JSON file without `area`: w h is taken
    int foreign;           // detections of categories that the ground truth does not list: left out
    void *value;           // the JSON value that is being read
    char *bytes;           // of the file that is being read
    struct dirent **files; // of the folder that is being read
    int n_files;
} map_data;

// Both take `size` bytes of a file; `name` stands in messages. Ground truths come first. A file that begins
// with { or [ is JSON, anything else a table with a header line, with tabs or commas:
// image class x y w h [area crowd difficult], and image class score x y w h, in any order of columns. A row of
// ground truths with an empty class says only that there is such an image. A cell may stand in quotes.
// A byte-order mark is passed over before a table and refused before JSON.
void map_data_read_truths(map_data *d, const char *bytes, size_t size, const char *name);
void map_data_read_detections(map_data *d, const char *bytes, size_t size, const char *name);

// One file of a folder. VOC's annotation of an image, which is called as the file; VOC's results of one class,
// lines of image, score, x1, y1, x2, y2; YOLO's labels of an image: class, x and y of the centre, width, height,
// and of detections the score, as parts of the image. A VOC box is x1, y1, x2 - x1, y2 - y1.
void map_data_voc_truths(map_data *d, const char *bytes, size_t size, const char *name);
void map_data_voc_detections(map_data *d, const char *bytes, size_t size, const char *name);
void map_data_yolo(map_data *d, const char *bytes, size_t size, const char *name, bool truths);

// YOLO's classes.txt: the name of class 0 in the first line, and so on.
void map_data_yolo_classes(map_data *d, const char *bytes, size_t size, const char *name);

// Refuses what has no ground truth at all; what has no detection is scored.
void map_data_finish(map_data *d, const char *truths);

// Numbers images and classes by name: numbers first and by value, then words by their bytes.
void map_data_sort(map_data *d);

// Reads both from the files or folders at these paths, and sorts.
void map_data_read_files(map_data *d, const char *truths, const char *detections);

// The name of ground truth g: its id.
const char *map_data_id(const map_data *d, int g);

void map_data_free(map_data *d);

#endif
