// What a run of the scoring tool leaves in its folder.
#ifndef MAP_TOOL_FILES_H
#define MAP_TOOL_FILES_H

#include "map/data.h"
#include "map/operating.h"
#include "map/tool.h"
#include "map/uncertainty.h"

enum { MAP_PROTOCOLS = 4 };

// A score with what is known about it.
typedef struct {
    char name[32];
    double score; // -1: there is nothing to find
    map_interval interval;
    map_tied tied;
    int tied_classes; // whose AP depends on the order of ties
} map_tool_score;

// The numbers of one class. AP, AP50, AP75, AR100: -1 where there is nothing to find.
typedef struct {
    int class, truths, detections;
    double ap, ap50, ap75, ar;
    map_operating point; // at the score that is asked about
    const map_tied *voc07, *voc10, *coco;
} map_tool_class;

// Everything that a run has found.
typedef struct {
    const map_tool_options *options;
    const map_data *data;
    const map_scored *scored;
    map_tool_score score[MAP_PROTOCOLS]; // in the order in which they are printed
    double number[MAP_NUMBERS];
    map_calibration_numbers calibration;
    map_operating best, asked; // at the best F1, and at the score that is asked about
    map_tool_class *class;     // (K), the largest AP first
    map_reason *coco, *voc;    // (D)
    int *confusion;            // (K + 1, K + 1)
    map_miss *missed;
    int n_missed, error[MAP_ERRORS], ignored;
} map_tool_findings;

extern const char *const map_number_word[MAP_NUMBERS];

// scores.tsv, classes.tsv, audit.tsv, missed.tsv, confusion.tsv, pr-classes.tsv.
void map_tool_files(const map_tool_findings *f);

// scores.json.
void map_tool_json(const map_tool_findings *f);

// precision.npy and recall.npy.
void map_tool_arrays(const map_coco *c);

// Lets gnuplot draw the tables of the folder; says where everything is.
void map_tool_draw(const map_tool_findings *f);

#endif
