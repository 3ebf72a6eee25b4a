// The scoring tool: build/map/map --gt FILE --dt FILE.
#ifndef MAP_TOOL_H
#define MAP_TOOL_H

#include "map/map.h"

#include <stdbool.h>

typedef struct {
    const char *truths, *detections; // files or folders
    int orders, resamples;           // of ties, of images; 0: none
    double plus;                     // VOC's + 1
    double pixels[2];                // width and height of every image; 0: not given
    double score;           // from which precision and recall are told; NaN: that of the best F1
    const map_asked *asked; // NULL: COCO's thresholds and areas
    bool strict;            // pycocotools' numbers, also where it is mistaken
    bool arrays;            // precision.npy and recall.npy, too
    bool json;              // scores.json, too
    bool numbers;           // only the scores: no ties, intervals, audit, figures
} map_tool_options;

// Reads both files, warns, prints all scores, writes the tables to the output folder, and draws the figures.
void map_tool_run(const map_tool_options *o);

// The manual.
void map_tool_help(void);

// The values of options. A number; NULL: NaN. "640x480" or NULL. NULL or thresholds as .5,.75 or .5:.95:.05, and areas
// as 1024,9216, in which case true.
double map_tool_number(const char *name, const char *text);
void map_tool_size(const char *text, double pixels[2]);
bool map_tool_asked(const char *thresholds, const char *areas, map_asked *asked);

#endif
