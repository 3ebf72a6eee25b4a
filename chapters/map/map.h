// Mean average precision: how detections are scored by PASCAL VOC and by COCO, to the last digit.
//
// Letters of shapes: N images, K classes, G ground truths, D detections, T thresholds of IoU, R points of
// recall, A ranges of areas, M limits of detections per image and class.
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MAP_T = 10,     // .5, .55, ... .95
    MAP_R = 101,    // 0, .01, ... 1
    MAP_A = 4,      // all, small, medium, large
    MAP_M = 3,      // 1, 10, 100
    MAP_KEPT = 100, // COCO counts this many detections of an image and class
    MAP_NUMBERS = 12
};

typedef struct {
    double x, y, w, h; // the left upper corner, width, height, in pixels
} map_box;

// A ground truth. `area` is the object's (COCO's is that of its outline), not always w h.
typedef struct {
    long long id;
    int image, class; // 0..N-1, 0..K-1
    map_box box;
    double area;
    bool crowd;     // a group of many objects in one box
    bool difficult; // VOC's word; COCO's files say `ignore`: finding it or not, nothing counts
} map_truth;

typedef struct {
    int image, class;
    map_box box;
    double score; // higher is surer
} map_detection;

typedef struct {
    int N, K, G, D;
    map_truth *truths;         // (G)
    map_detection *detections; // (D)
    bool strict;               // as pycocotools does, also where it is mistaken
} map_scene;

// Rows of a scene by class, then image, then row. Class k's are those from [k] to [k + 1] - 1.
typedef struct {
    int *truths, *truths_from;         // (G), (K + 1)
    int *detections, *detections_from; // (D), (K + 1)
} map_index;
map_index map_index_new(const map_scene *s);
void map_index_free(map_index *x);

// The ground truths of class k in the image; *G is their number.
const int *map_truths_of(const map_scene *s, const map_index *x, int k, int image, int *G);

// Intersection over union of a detection and a ground truth; over the detection's area if `crowd`. `plus` is
// 1 where the pixels at x + w and y + h belong to the box (VOC), 0 where they do not (COCO).
double map_iou(map_box detection, map_box truth, double plus, bool crowd);

// What became of a detection.
typedef struct {
    double score;
    int detection; // its row
    int place;     // smaller comes first where scores are equal
    int rank;      // among those of its image and class, from 0
    int truth; // row of the ground truth it was matched to, -1: none; COCO: at IoU .5, all areas
    uint16_t hit[MAP_A], ignored[MAP_A]; // bit t: true positive, ignored at threshold t; else false
} map_entry;

// For qsort: the best first; of equal scores the one with the smaller place.
int map_by_score(const void *a, const void *b);

// The ranked lists of all classes.
typedef struct {
    map_entry *entries; // class k's are n[k] from from[k] on
    int *from, *n;      // (K); from is the index's own array
} map_lists;

// The points of a precision-recall curve at which a hit came in: hits of seen detections so far.
typedef struct {
    int positives; // the ground truths to find
    int n;         // points
    int *hits, *seen;
} map_curve;

// The list's curve in range a at threshold t, of detections with a rank below limit; entry i counts
// weight[i] times (NULL: once). hits and seen have room for n.
void map_curve_of(int n, const map_entry *list, const int *weight, int a, int t, int limit,
                  map_curve *c);

// The areas under it: 11 points (VOC 2007), all points (VOC 2010 on), 101 points (COCO), whose precisions are
// written to precision (R). 0 where there is no hit.
double map_ap_voc07(const map_curve *c);
double map_ap_voc10(const map_curve *c);
double map_ap_coco(const map_curve *c, double precision[MAP_R]);

// ---- PASCAL VOC ----

// The detections of class k over all images, best first, with their fates in hit[0] and ignored[0], bit 0.
// place (D) orders equal scores (NULL: the file's order). Returns their number; list has room for all.
int map_voc_rank(const map_scene *s, const map_index *x, int k, const int *place, double threshold,
                 double plus, map_entry *list);

// All classes; free(entries), free(n).
map_lists map_voc_lists(const map_scene *s, const map_index *x, double threshold, double plus);

// Does finding the ground truth count neither way? How many of class k are to be found?
bool map_voc_ignores(const map_truth *g);
int map_voc_positives(const map_scene *s, const map_index *x, int k);

// ---- COCO ----

// .5, .55, ...: as NumPy's linspace gives them.
double map_threshold(int t);
extern const double map_range[MAP_A][2];
extern const int map_limit[MAP_M];

// Does the ground truth leave the count in range a?
bool map_coco_ignores(const map_scene *s, const map_truth *g, int a);

// How many of class k do not.
int map_coco_positives(const map_scene *s, const map_index *x, int k, int a);

// One image and class: the D detections, best first, take ground truths, in the first `areas` ranges.
// match (areas, T, D): the place in truths (G), -1 if none; ignored (areas, T, D).
void map_coco_match(const map_scene *s, int D, const map_entry *own, int G, const int *truths,
                    int areas, int *match, bool *ignored);

// The detections of class k that count, best first, in the first `areas` ranges. Otherwise as map_voc_rank,
// where equal scores keep the order of images.
int map_coco_rank(const map_scene *s, const map_index *x, int k, const int *place, int areas,
                  map_entry *list);

// All of it. precision (T, R, K, A, M) and recall (T, K, A, M) are -1 where there is nothing to find.
typedef struct {
    int K;
    double *precision, *recall;
    int *positives; // (K, A)
    map_lists lists;
} map_coco;
map_coco map_coco_evaluate(const map_scene *s, const map_index *x);
void map_coco_free(map_coco *c);

// AP, AP50, AP75, AP small, medium, large, AR1, AR10, AR100, AR small, medium, large.
void map_coco_numbers(const map_coco *c, double number[MAP_NUMBERS]);

// The mean of n values, `stride` apart, without those that are -1; -1 if there is none.
double map_mean(long n, long stride, const double *x);

// n zeroed values of the given size; no memory is an error.
void *map_memory(size_t n, size_t size);

// The n items of the given size, moved to where there is room for one more; new room is zero.
void *map_grow(void *items, int n, int *room, size_t size);

#endif
