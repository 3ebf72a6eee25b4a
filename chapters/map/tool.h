// The scoring tool: build/map/map --gt FILE --dt FILE.
#ifndef MAP_TOOL_H
#define MAP_TOOL_H

#include <stdbool.h>

typedef struct {
    const char *truths, *detections; // files
    int orders, resamples;           // of ties, of images; 0: none
    double plus;                     // VOC's + 1
    bool strict;                     // pycocotools' numbers, also where it is mistaken
    bool arrays;                     // precision.npy and recall.npy, too
    bool numbers;                    // only the scores: no ties, intervals, audit, figures
} map_tool_options;

// Reads both files, warns, prints all scores, writes scores.tsv, classes.tsv, audit.tsv and the tables of the
// figures to the output folder, and draws them.
void map_tool_run(const map_tool_options *o);

// A whole number from 0 to 100000 given for the option; NULL: otherwise.
int map_tool_count(const char *name, const char *text, int otherwise);

#endif
