// How sure a score is: over the orders of equal scores, over samples of images; and how honest the scores are.
#ifndef MAP_UNCERTAINTY_H
#define MAP_UNCERTAINTY_H

#include "map/map.h"
#include "numbers/random.h"

typedef struct {
    enum { MAP_VOC07, MAP_VOC10, MAP_COCO, MAP_VOC07_FLOATS } protocol;
    double threshold, plus; // of VOC; COCO's AP is the mean over its T thresholds
} map_rule;

// AP of class k; -1 if there is nothing to find.
double map_class_ap(const map_scene *s, const map_groups *x, int k, const map_rule *rule,
                    const int *precedence);

// AP over the orders of equal scores. The mean is over all of them if there are at most `orders`, else over
// `orders` random ones, with its standard error (else 0). With 0 orders all are the score.
typedef struct {
    double score; // in the file's order
    double lowest, expected, highest, error;
    bool all;
} map_tied;
map_tied map_ties(const map_scene *s, const map_groups *x, int k, const map_rule *rule, int orders,
                  rng *r);

// The mean over the classes that have something to find.
map_tied map_tied_mean(int K, const map_tied *class);

// The mean AP with image i taken weight[i] times, from the ranked lists of all classes.
double map_resampled(const map_scene *s, const map_rule *rule, const map_rankings *rankings,
                     const int *weight);

// A drawing of N images out of N, with repetition: how often each came.
void map_resample(int N, rng *r, int *weight);

// The interval for the score from its n resampled values, which it sorts: what lies between their 2.5 % and
// 97.5 % quantiles, `reflected` at the score or as it stands (percentile).
typedef struct {
    double low, high;
} map_interval;
map_interval map_bootstrap(int n, double *resampled, double score, bool reflected);

// The detections whose score is in [b/bins, (b+1)/bins): how many, their mean score, the part of them that
// are true at IoU .5 (NaN: there are none); scores outside [0, 1] are left out. Returns the expected calibration
// error: the mean of |score - part| over detections.
double map_calibration(const map_scene *s, const map_rankings *rankings, int bins, int *n,
                       double *score, double *part);

#endif
