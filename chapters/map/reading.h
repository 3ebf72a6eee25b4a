// What the readers of all formats share: where a value stands, how it is refused, how a box is added. Each format is a
// file of its own: tables.c, coco_json.c, voc.c, yolo.c; data.c chooses.
#ifndef MAP_READING_H
#define MAP_READING_H

#include "files/escape.h"
#include "files/fail.h"
#include "map/data.h"

#include <stdbool.h>
#include <stdio.h>

enum { MAP_READING_CELL = 256, MAP_READING_LARGEST = 1000000000 };

// Where a value stands: file.tsv:line, or file.json: [17].bbox[2].
typedef struct {
    const char *file, *section;
    int line; // of a text; of JSON: the index in the section
    bool json;
} map_reading_place;

// Refuses the value called `key` at the place. The rest is as for printf.
#define MAP_REFUSE(p, key, ...)                                                            \
    do {                                                                                   \
        char why_[512];                                                                    \
        snprintf(why_, sizeof why_, __VA_ARGS__);                                          \
        if ((p)->json)                                                                     \
            fail("%s: %s[%d]%s%s %s", escape((p)->file), (p)->section, (p)->line,          \
                 *(key) ? "." : "", key, why_);                                            \
        fail("%s:%d: %s%s%s", escape((p)->file), (p)->line, key, *(key) ? " " : "", why_); \
    } while (0)

// Adds what can be right; refuses the rest.
void map_reading_truth(map_data *d, const map_reading_place *p, map_truth t);
void map_reading_detection(map_data *d, const map_reading_place *p, map_detection t);

// The index of a name of a text format; a whole number as it would be printed is a number, so that 7 and 007 are
// different names. -1 where it is not there and not to be added.
int map_reading_name(const map_reading_place *p, const char *key, map_names *names,
                     const char *text, size_t length, bool add);

// The number in so many bytes, all of them.
double map_reading_number(const map_reading_place *p, const char *key, const char *text,
                          size_t length);

// The next line without its end, NULL where the text ends; *next moves on. An empty last line is none.
const char *map_reading_line(const char **next, const char *end, size_t *length);

// Whether there is nothing but blanks in the line.
bool map_reading_blank(const char *line, size_t length);

// Cuts the line at blanks; how many words there are, of which `most` are kept.
int map_reading_words(const char *line, size_t length, int most, const char *word[],
                      size_t count[]);

// The readers of a file.
void map_tables_truths(map_data *d, const char *bytes, size_t size, const char *name);
void map_tables_detections(map_data *d, const char *bytes, size_t size, const char *name);
void map_coco_json_truths(map_data *d, const char *bytes, size_t size, const char *name);
void map_coco_json_detections(map_data *d, const char *bytes, size_t size, const char *name);

// From here on jansson fails with a message where there is no memory.
void map_coco_json_memory(void);

#endif
