// Mean average precision: how detections are scored by PASCAL VOC and by COCO, to the last digit.
//
// Letters of shapes: N images, K classes, G ground truths, D detections, T thresholds of IoU, R points of
// recall, A ranges of areas, M limits of detections per image and class.
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MAP_T = 10,    // .5, .55, ... .95
    MAP_R = 101,   // 0, .01, ... 1
    MAP_M = 3,     // 1, 10, 100
    MAP_KEPT = 100 // COCO counts this many detections of an image and class
};

// The ranges of areas.
enum { MAP_ALL, MAP_SMALL, MAP_MEDIUM, MAP_LARGE, MAP_A };

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

// What is asked for in place of COCO's thresholds and ranges of areas.
typedef struct {
    int T;                   // thresholds, up to MAP_T
    double threshold[MAP_T]; // rising
    double range[MAP_A][2];  // from, to
} map_asked;

typedef struct {
    int N, K, G, D;
    map_truth *truths;         // (G)
    map_detection *detections; // (D)
    bool strict;               // as pycocotools does, also where it is mistaken
    const map_asked *asked;    // NULL: COCO's
} map_scene;
void map_scene_free(map_scene *s);

// Rows of a scene grouped by class, then image, then row. Class k's are those from [k] to [k + 1] - 1.
typedef struct {
    int *truths, *truths_from;         // (G), (K + 1)
    int *detections, *detections_from; // (D), (K + 1)
} map_groups;
map_groups map_groups_new(const map_scene *s);
void map_groups_free(map_groups *x);

// The ground truths of class k in the image; *G is their number.
const int *map_truths_of(const map_scene *s, const map_groups *x, int k, int image, int *G);

// Intersection over union of a detection and a ground truth; over the detection's area if `crowd`. `plus` is
// 1 where the pixels at x + w and y + h belong to the box (VOC), 0 where they do not (COCO).
double map_iou(map_box detection, map_box truth, double plus, bool crowd);

// A detection in a ranked list, and what became of it.
typedef struct {
    double score;
    int detection;  // its row
    int precedence; // of equal scores the smaller comes first
    int rank;       // among those of its image and class, from 0
    // Row of the ground truth it was matched to, -1: none; COCO: at the first threshold, all areas.
    int truth;
    // Bit t: true positive, ignored at threshold t; with neither a false positive.
    uint16_t hit[MAP_A], ignored[MAP_A];
} map_ranked;

// For qsort: the best first; of equal scores the one with the smaller precedence.
int map_by_score(const void *a, const void *b);

// The ranked lists of all classes.
typedef struct {
    map_ranked *ranked; // class k's are n[k] from from[k] on
    int *from, *n;      // (K); from is the array of the groups
} map_rankings;
void map_rankings_free(map_rankings *l);

// The points of a precision-recall curve at which a hit came in: hits of seen detections so far.
typedef struct {
    int positives; // the ground truths to find
    int n;         // points
    int *hits, *seen;
} map_curve;

// The list's curve in range a at threshold t, of detections with a rank below limit; list[i] counts
// weight[i] times (NULL: once). hits and seen have room for n.
void map_curve_of(int n, const map_ranked *list, const int *weight, int a, int t, int limit,
                  map_curve *c);

// The areas under it: 11 points (VOC 2007), with recalls compared exactly, or in floating point as the ports of
// VOC's kit do; all points (VOC 2010 on); 101 points (COCO), whose precisions are written to precision (R). 0
// where there is no hit.
double map_ap_voc07(const map_curve *c);
double map_ap_voc07_floats(const map_curve *c);
double map_ap_voc10(const map_curve *c);
double map_ap_coco(const map_curve *c, double precision[MAP_R]);

// ---- PASCAL VOC ----

// The detections of class k over all images, best first, with their fates in hit[0] and ignored[0], bit 0.
// precedence (D) orders equal scores (NULL: the file's order). Returns their number; list has room for all.
int map_voc_rank(const map_scene *s, const map_groups *x, int k, const int *precedence,
                 double threshold, double plus, map_ranked *list);

// All classes.
map_rankings map_voc_rankings(const map_scene *s, const map_groups *x, double threshold,
                              double plus);

// Whether finding the ground truth counts neither way.
bool map_voc_ignores(const map_truth *g);

// How many of class k are to be found.
int map_voc_positives(const map_scene *s, const map_groups *x, int k);

// ---- COCO ----

// .5, .55, ...: as NumPy's linspace gives them. Of a scene: what is asked for; how many.
double map_threshold(int t);
double map_threshold_of(const map_scene *s, int t);
int map_thresholds(const map_scene *s);
extern const double map_range[MAP_A][2];
extern const int map_limit[MAP_M];

// Whether the ground truth leaves the count in range a.
bool map_coco_ignores(const map_scene *s, const map_truth *g, int a);

// How many of class k are to be found in range a.
int map_coco_positives(const map_scene *s, const map_groups *x, int k, int a);

// One image and class: the D detections, best first, take ground truths, in the first `areas` ranges.
// match (areas, T, D): the index in truths (G), -1 if none; ignored (areas, T, D).
void map_coco_match(const map_scene *s, int D, const map_ranked *ranked, int G, const int *truths,
                    int areas, int *match, bool *ignored);

// The detections of class k that count, best first, in the first `areas` ranges. Otherwise as map_voc_rank,
// where equal scores keep the order of images.
int map_coco_rank(const map_scene *s, const map_groups *x, int k, const int *precedence, int areas,
                  map_ranked *list);

// All of it. precision (T, R, K, A, M) and recall (T, K, A, M) are -1 where there is nothing to find.
typedef struct {
    int K;
    double *precision, *recall;
    int *positives; // (K, A)
    int at50, at75; // which thresholds are .5 and .75, -1: none is
    map_rankings rankings;
} map_coco;
map_coco map_coco_evaluate(const map_scene *s, const map_groups *x);
void map_coco_free(map_coco *c);

// The twelve numbers: AP, AP at one threshold, in one range of areas; AR with a limit, in one range.
enum {
    MAP_AP,
    MAP_AP50,
    MAP_AP75,
    MAP_AP_SMALL,
    MAP_AP_MEDIUM,
    MAP_AP_LARGE,
    MAP_AR1,
    MAP_AR10,
    MAP_AR100,
    MAP_AR_SMALL,
    MAP_AR_MEDIUM,
    MAP_AR_LARGE,
    MAP_NUMBERS
};
void map_coco_numbers(const map_coco *c, double number[MAP_NUMBERS]);

// The mean of n values, `stride` apart, without those that are -1; -1 if there is none.
double map_mean(long n, long stride, const double *x);

#endif
