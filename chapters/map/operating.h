// What a detector's developer asks: precision and recall at a score, of which kinds the errors are, what was taken for
// what, what was missed. All at the first threshold of IoU, COCO's matching, all areas.
#ifndef MAP_OPERATING_H
#define MAP_OPERATING_H

#include "map/report.h"

// All classes together, the detections with this score or more. seen: without the ignored ones.
typedef struct {
    double score, precision, recall, f1;
    int hits, seen, positives;
} map_operating;

// At a score, and at the score where F1 is largest (of equal ones the highest). class -1: all.
map_operating map_operating_at(const map_scored *d, int class, double score);
map_operating map_operating_best(const map_scored *d);

// How many of each kind of error (MAP_ERRORS) there are among the detections with this score or more; in
// [MAP_NO_ERROR] what is true.
void map_error_counts(const map_scored *d, const map_reason *reason, double score,
                      int count[MAP_ERRORS]);

// What was taken for what (K + 1, K + 1): row k a ground truth of class k, column k a detection; the last row and
// column: none. The surest detection takes the ground truth that it fits best, of whatever class; crowds, difficult
// ones and what fits them count nowhere. To be freed.
int *map_confusion(const map_scored *d, double score);

// A ground truth that no detection with this score or more found.
typedef struct {
    int truth;
    int found_by; // a detection with a lower score that found it, -1: none
    int nearest;  // the detection of its class that overlaps it most, -1: none
    double iou;   // with that
} map_miss;

// All of them, in the order of their rows; *n is their number. To be freed.
map_miss *map_missed(const map_scored *d, double score, int *n);

#endif
