// What a scored set of detections gives: the tables of figures, the reason for every detection.
#ifndef MAP_REPORT_H
#define MAP_REPORT_H

#include "map/map.h"

// A scene with its rows in groups, and COCO's evaluation of it.
typedef struct {
    map_scene scene;
    map_groups groups;
    map_coco coco;
} map_scored;

// Scores the scene, whose truths and detections it takes over.
map_scored map_score(map_scene scene);
void map_scored_free(map_scored *d);

// The mean over classes of precision (R), all areas, 100 detections, at threshold t.
void map_report_mean_precision(const map_coco *c, int t, double precision[MAP_R]);

// The mean over classes of VOC's AP at a threshold.
typedef struct {
    double voc07, voc10; // 11 points, all points
} map_voc_scores;
map_voc_scores map_report_voc(const map_scored *d, double threshold, double plus);

// Two numbers of calibration: the expected calibration error, and the mean score less the part that is true.
typedef struct {
    double error, excess;
} map_calibration_numbers;

// Write pr-fan.tsv, ap-iou.tsv, calibration.tsv to the output folder.
void map_report_pr_fan(const map_scored *d);
void map_report_ap_iou(const map_scored *d, double plus);
map_calibration_numbers map_report_calibration(const map_scored *d);

// The rows of the ground truths of all images, whatever their class: image i's are those from from[i] to
// from[i + 1] - 1.
typedef struct {
    int *rows, *from;
} map_images;
map_images map_images_new(const map_scene *s);
void map_images_free(map_images *x);

// The kinds of errors of Bolya et al. 2020, by the IoU with ground truths of the class and of others: well on one of
// another class; half on one (from .1 on) of its class; half on one of another; on one that a surer detection has; on
// nothing.
typedef enum {
    MAP_NO_ERROR,
    MAP_CLASS,
    MAP_PLACE,
    MAP_BOTH,
    MAP_DUPLICATE,
    MAP_NOTHING,
    MAP_ERRORS
} map_error;
extern const char *const map_error_word[MAP_ERRORS];

// What became of every detection (D) under a protocol at the first threshold, and why.
typedef enum { MAP_TRUE, MAP_FALSE, MAP_IGNORED, MAP_UNSEEN } map_verdict;
typedef struct {
    map_verdict verdict;
    int rank;   // in its class's list, from 1; 0: beyond the 100
    int truth;  // row of the ground truth that it was matched to, or that it fits best; -1: none
    double iou; // with it
    map_error error;
    const char *why;
} map_reason;
extern const char *const map_verdict_word[]; // TP, FP, ignored, not counted
map_reason *map_report_coco_reasons(const map_scored *d);
map_reason *map_report_voc_reasons(const map_scored *d, double plus);

// The detection of its image and class that overlaps ground truth g most, -1: none.
int map_nearest_detection(const map_scored *d, int g, double *iou);

#endif
