// The reference cases: small scenes, each of which isolates one rule, with every step and number.
#include "map/cases.h"

#include "frame/case.h"
#include "frame/program.h"
#include "map/map.h"
#include "map/uncertainty.h"
#include "map/worked_example.h"
#include "map/writing.h"
#include "nets/shape.h"

#include <stdio.h>

// How closely another implementation in double must agree; integers are exact.
static const double close = 1e-12;

enum { MOST = 128 }; // ground truths or detections of a scene

typedef struct {
    map_scene scene;
    map_truth truths[MOST];
    map_detection detections[MOST];
} hand_made;

static map_truth *
truth(hand_made *s, int image, int class, double x, double y, double w, double h)
{
    map_truth *t = &s->truths[s->scene.G++];
    *t = (map_truth){
        .id = s->scene.G, .image = image, .class = class, .box = {x, y, w, h}, .area = w * h};
    return t;
}

static void
detection(hand_made *s, int image, int class, double score, double x, double y, double w, double h)
{
    s->detections[s->scene.D++] = (map_detection){image, class, {x, y, w, h}, score};
}

// ---- What every case publishes ----

static void
publish_inputs(const map_scene *s, double threshold, double plus)
{
    int G = s->G, D = s->D;
    double box[4 * MOST], area[MOST], score[MOST];
    int id[MOST], image[MOST], class[MOST], crowd[MOST], difficult[MOST];
    case_write_i4("input", "images", SCALAR, &s->N, "how many there are");
    case_write_i4("input", "classes", SCALAR, &s->K, "how many there are");
    case_write_f8("input", "voc_threshold", SCALAR, &threshold, close, "the IoU that VOC asks for");
    case_write_f8("input", "voc_plus", SCALAR, &plus, close,
                  "1: pixels at x + w belong to the box in VOC");
    for (int g = 0; g < G; g++) {
        const map_truth *t = &s->truths[g];
        box[4 * g] = t->box.x, box[4 * g + 1] = t->box.y;
        box[4 * g + 2] = t->box.w, box[4 * g + 3] = t->box.h;
        area[g] = t->area, id[g] = (int)t->id, image[g] = t->image, class[g] = t->class;
        crowd[g] = t->crowd, difficult[g] = t->difficult;
    }
    case_write_f8("input", "gt_box", SHAPE(G, 4), box, close, "x, y, w, h");
    case_write_f8("input", "gt_area", SHAPE(G), area, close, "of the object, not of its box");
    case_write_i4("input", "gt_id", SHAPE(G), id, "as in gt.json");
    case_write_i4("input", "gt_image", SHAPE(G), image, "from 0");
    case_write_i4("input", "gt_class", SHAPE(G), class, "from 0");
    case_write_i4("input", "gt_crowd", SHAPE(G), crowd, "1: a group in one box");
    case_write_i4("input", "gt_difficult", SHAPE(G), difficult, "1: it counts neither way");
    for (int d = 0; d < D; d++) {
        const map_detection *t = &s->detections[d];
        box[4 * d] = t->box.x, box[4 * d + 1] = t->box.y;
        box[4 * d + 2] = t->box.w, box[4 * d + 3] = t->box.h;
        score[d] = t->score, image[d] = t->image, class[d] = t->class;
    }
    case_write_f8("input", "dt_box", SHAPE(D, 4), box, close, "x, y, w, h");
    case_write_f8("input", "dt_score", SHAPE(D), score, close, "higher is surer");
    case_write_i4("input", "dt_image", SHAPE(D), image, "from 0");
    case_write_i4("input", "dt_class", SHAPE(D), class, "from 0");
}

static void
publish_iou(const map_scene *s, const char *name, double plus, bool crowd, const char *about)
{
    static double iou[MOST * MOST];
    for (int d = 0; d < s->D; d++)
        for (int g = 0; g < s->G; g++) {
            const map_detection *a = &s->detections[d];
            const map_truth *b = &s->truths[g];
            bool together = a->image == b->image && a->class == b->class;
            iou[d * s->G + g] = together ? map_iou(a->box, b->box, plus, crowd && b->crowd) : -1;
        }
    case_write_f8("step", name, SHAPE(s->D, s->G), iou, close, about);
}

static void
publish_voc(const map_scene *s, const map_groups *x, double threshold, double plus)
{
    int match[MOST], fate[MOST], hits[MOST], seen[MOST];
    double voc07[MOST], voc10[MOST], points101[MOST], precision[MAP_R];
    for (int k = 0; k < s->K; k++) {
        map_ranked list[MOST];
        map_curve c = {.positives = map_voc_positives(s, x, k), .hits = hits, .seen = seen};
        int n = map_voc_rank(s, x, k, NULL, threshold, plus, list);
        for (int i = 0; i < n; i++) {
            match[list[i].detection] = list[i].truth;
            fate[list[i].detection] = list[i].ignored[0] ? -1 : list[i].hit[0];
        }
        map_curve_of(n, list, NULL, 0, 0, s->D, &c);
        voc07[k] = c.positives ? map_ap_voc07(&c) : -1;
        voc10[k] = c.positives ? map_ap_voc10(&c) : -1;
        points101[k] = c.positives ? map_ap_coco(&c, precision) : -1;
    }
    case_write_i4("step", "voc_match", SHAPE(s->D), match, "VOC: the ground truth's row, -1: none");
    case_write_i4("step", "voc_verdict", SHAPE(s->D), fate, "VOC: 1 true, 0 false, -1 ignored");
    case_write_f8("output", "voc07", SHAPE(s->K), voc07, close,
                  "AP, 11 points; -1: nothing to find");
    case_write_f8("output", "voc10", SHAPE(s->K), voc10, close, "AP, all points");
    case_write_f8("output", "voc101", SHAPE(s->K), points101, close,
                  "VOC's matches under COCO's 101 points");
}

// COCO's matches in all ranges, at all thresholds.
static void
publish_coco_matches(const map_scene *s, const map_groups *x)
{
    enum { CELLS = MAP_A * MAP_T };
    static int all_match[CELLS * MOST], all_ignored[CELLS * MOST];
    int D = s->D;
    for (int i = 0; i < CELLS * D; i++)
        all_match[i] = -2, all_ignored[i] = 1;
    for (int k = 0; k < s->K; k++) {
        map_ranked list[MOST], here[MOST]; // of the class, of the class and image
        int n = map_coco_rank(s, x, k, NULL, 1, list);
        for (int image = 0; image < s->N; image++) {
            int G, count = 0, match[CELLS * MAP_KEPT];
            bool ignored[CELLS * MAP_KEPT];
            const int *truths = map_truths_of(s, x, k, image, &G);
            for (int i = 0; i < n; i++)
                if (s->detections[list[i].detection].image == image)
                    here[count++] = list[i];
            map_coco_match(s, count, here, G, truths, MAP_A, match, ignored);
            for (int i = 0; i < CELLS * count; i++) {
                int at = i / count * D + here[i % count].detection;
                all_match[at] = match[i] < 0 ? -1 : truths[match[i]];
                all_ignored[at] = ignored[i];
            }
        }
    }
    case_write_i4("step", "coco_match", SHAPE(MAP_A, MAP_T, D), all_match,
                  "COCO: the ground truth's row, -1: none, -2: beyond the 100");
    case_write_i4("step", "coco_ignored", SHAPE(MAP_A, MAP_T, D), all_ignored,
                  "COCO: 1: it does not count");
}

static void
publish_coco(const map_scene *s, const map_groups *x)
{
    map_coco c = map_coco_evaluate(s, x);
    double ap[MAP_A * MAP_T * MOST], number[MAP_NUMBERS];
    int K = s->K;
    for (int a = 0; a < MAP_A; a++)
        for (int t = 0; t < MAP_T; t++)
            for (int k = 0; k < K; k++)
                ap[(a * MAP_T + t) * K + k] =
                    map_mean(MAP_R, K * MAP_A * MAP_M,
                             c.precision + ((t * MAP_R * K + k) * MAP_A + a) * MAP_M + MAP_M - 1);
    map_coco_numbers(&c, number);
    case_write_f8("output", "ap", SHAPE(MAP_A, MAP_T, K), ap, close,
                  "the mean of precision over R");
    case_write_f8("output", "precision", SHAPE(MAP_T, MAP_R, K, MAP_A, MAP_M), c.precision, close,
                  "-1: nothing to find");
    case_write_f8("output", "recall", SHAPE(MAP_T, K, MAP_A, MAP_M), c.recall, close,
                  "-1: nothing to find");
    case_write_f8(
        "output", "coco", SHAPE(MAP_NUMBERS), number, close,
        "AP, AP50, AP75, AP small, medium, large, AR1, AR10, AR100, AR small, medium, large");
    map_coco_free(&c);
}

// AP averaged over classes under the protocols, lowest, expected and highest over the orders of ties.
static void
publish_ties(const map_scene *s, const map_groups *x, double threshold, double plus)
{
    double ties[3][3];
    for (int p = 0; p < 3; p++) {
        const map_rule rule = {p, threshold, plus};
        map_tied class[MOST];
        for (int k = 0; k < s->K; k++)
            class[k] = map_ties(s, x, k, &rule, 1000, NULL);
        map_tied mean = map_tied_mean(s->K, class);
        ties[p][0] = mean.lowest, ties[p][1] = mean.expected, ties[p][2] = mean.highest;
    }
    case_write_f8(
        "output", "ties", SHAPE(3, 3), ties[0], close,
        "VOC 2007, VOC 2010, COCO: lowest, expected, highest over the orders of equal scores");
}

static void
publish(const char *name, map_scene *s, double threshold, double plus)
{
    char file[64];
    const struct {
        const char *name;
        void (*write)(const map_scene *s, const char *path);
    } files[] = {{"gt.json", map_write_json_truths},
                 {"dt.json", map_write_json_detections},
                 {"gt.tsv", map_write_table_truths},
                 {"dt.tsv", map_write_table_detections}};
    map_groups x = map_groups_new(s);
    case_begin(name);
    publish_inputs(s, threshold, plus);
    publish_iou(s, "voc_iou", plus, false, "VOC's; -1: of another image or class");
    publish_iou(s, "iou", 0, true, "COCO's; over the detection's area for a crowd");
    publish_voc(s, &x, threshold, plus);
    publish_coco_matches(s, &x);
    publish_coco(s, &x);
    publish_ties(s, &x, threshold, plus);
    s->strict = true;
    map_coco c = map_coco_evaluate(s, &x);
    double number[MAP_NUMBERS];
    map_coco_numbers(&c, number);
    case_write_f8("output", "coco_strict", SHAPE(MAP_NUMBERS), number, close,
                  "what pycocotools says to gt.json and dt.json");
    case_end();
    for (int i = 0; i < 4; i++) {
        snprintf(file, sizeof file, "%s/%s", name, files[i].name);
        files[i].write(s, program_path(file));
    }
    map_coco_free(&c);
    map_groups_free(&x);
}

static void
publish_scene(const char *name, hand_made *s)
{
    s->scene.truths = s->truths;
    s->scene.detections = s->detections;
    publish(name, &s->scene, 0.5, 0);
}

// ---- The scenes ----

static void
seven_images(void)
{
    map_scene s = map_worked_scene();
    publish("worked_example", &s, 0.3, 1);
    map_scene_free(&s);
}

// The surer detection of two on one ground truth fits worse; so it goes in two images.
static void
duplicate(void)
{
    hand_made s = {.scene = {.N = 3, .K = 1}};
    truth(&s, 0, 0, 10, 10, 40, 40);
    truth(&s, 1, 0, 20, 15, 50, 30);
    truth(&s, 2, 0, 5, 5, 30, 60);
    detection(&s, 0, 0, 0.9, 12, 14, 40, 40);
    detection(&s, 0, 0, 0.8, 10, 11, 40, 40);
    detection(&s, 1, 0, 0.6, 21, 15, 50, 30);
    detection(&s, 1, 0, 0.95, 26, 17, 50, 30);
    detection(&s, 2, 0, 0.7, 6, 5, 30, 58);
    publish_scene("duplicate", &s);
}

// Image 1 has a difficult ground truth with two detections, the surest of all.
static void
difficult(void)
{
    hand_made s = {.scene = {.N = 2, .K = 1}};
    truth(&s, 0, 0, 10, 10, 40, 40);
    truth(&s, 0, 0, 80, 10, 40, 40);
    truth(&s, 1, 0, 20, 15, 50, 30)->difficult = true;
    detection(&s, 1, 0, 0.95, 20, 15, 50, 28);
    detection(&s, 1, 0, 0.9, 22, 15, 50, 30);
    detection(&s, 0, 0, 0.8, 10, 12, 40, 40);
    detection(&s, 0, 0, 0.7, 200, 12, 40, 40);
    detection(&s, 0, 0, 0.6, 81, 12, 40, 40);
    publish_scene("difficult", &s);
}

// Three detections in a crowd; a fourth lies in it whole and still goes to the object it fits.
static void
crowd(void)
{
    hand_made s = {.scene = {.N = 2, .K = 1}};
    truth(&s, 0, 0, 0, 0, 200, 100)->crowd = true;
    truth(&s, 0, 0, 150, 20, 40, 40);
    truth(&s, 1, 0, 10, 10, 40, 40);
    detection(&s, 0, 0, 0.9, 10, 10, 30, 30);
    detection(&s, 0, 0, 0.85, 60, 20, 30, 50);
    detection(&s, 0, 0, 0.8, 180, 60, 50, 60);
    detection(&s, 0, 0, 0.7, 153, 20, 40, 40);
    detection(&s, 0, 0, 0.6, 100, 20, 30, 60);
    detection(&s, 1, 0, 0.5, 12, 10, 40, 40);
    publish_scene("crowd", &s);
}

// Areas 1024 and 9216 belong to two ranges each, and boxes are larger than their objects.
static void
area_edge(void)
{
    hand_made s = {.scene = {.N = 2, .K = 1}};
    truth(&s, 0, 0, 10, 10, 40, 40)->area = 1024;
    truth(&s, 0, 0, 100, 10, 120, 100)->area = 9216;
    truth(&s, 1, 0, 10, 10, 33, 32)->area = 700;
    truth(&s, 1, 0, 100, 50, 110, 100)->area = 9217;
    detection(&s, 0, 0, 0.9, 11, 10, 40, 40);
    detection(&s, 0, 0, 0.8, 104, 10, 120, 100);
    detection(&s, 1, 0, 0.7, 300, 10, 32, 32);
    detection(&s, 1, 0, 0.65, 300, 100, 96, 96);
    detection(&s, 1, 0, 0.6, 10, 12, 33, 32);
    detection(&s, 1, 0, 0.5, 100, 60, 110, 100);
    publish_scene("area_edge", &s);
}

// Two true and two false detections have one score, in four images and not in their order.
static void
tie(void)
{
    hand_made s = {.scene = {.N = 4, .K = 1}};
    for (int i = 0; i < 4; i++)
        truth(&s, i, 0, 10 + 5 * i, 10, 40, 30);
    detection(&s, 3, 0, 0.5, 25, 11, 40, 30);
    detection(&s, 1, 0, 0.5, 15, 12, 40, 30);
    detection(&s, 0, 0, 0.5, 100, 10, 40, 30);
    detection(&s, 2, 0, 0.5, 100, 10, 40, 30);
    detection(&s, 2, 0, 0.3, 20, 11, 40, 30);
    publish_scene("tie", &s);
}

// The second detection fits a used ground truth best and a free one well enough.
static void
used_best_match(void)
{
    hand_made s = {.scene = {.N = 1, .K = 1}};
    truth(&s, 0, 0, 10, 10, 60, 40);
    truth(&s, 0, 0, 24, 10, 60, 40);
    detection(&s, 0, 0, 0.9, 10, 11, 60, 40);
    detection(&s, 0, 0, 0.8, 15, 10, 60, 40);
    publish_scene("used_best_match", &s);
}

// The first detection lies in the middle between two ground truths; the second fits the earlier one only.
static void
equal_iou(void)
{
    hand_made s = {.scene = {.N = 1, .K = 1}};
    truth(&s, 0, 0, 10, 10, 40, 40);
    truth(&s, 0, 0, 18, 10, 40, 40);
    detection(&s, 0, 0, 0.9, 14, 10, 40, 40);
    detection(&s, 0, 0, 0.8, 3, 10, 40, 40);
    publish_scene("equal_iou", &s);
}

// Of class 0 an image has 103 detections, true are the 100th and 101st; class 1 has 4 more.
static void
more_than_100(void)
{
    hand_made s = {.scene = {.N = 1, .K = 2}};
    truth(&s, 0, 0, 10, 10, 40, 40);
    truth(&s, 0, 0, 100, 10, 40, 40);
    truth(&s, 0, 1, 200, 10, 40, 40);
    for (int i = 0; i < 103; i++)
        detection(&s, 0, 0, 0.99 - 0.005 * i, i == 99 ? 10 : i == 100 ? 100 : 300 + i, 10, 40, 40);
    for (int i = 0; i < 4; i++)
        detection(&s, 0, 1, 0.4 - 0.05 * i, i == 2 ? 201 : 300 + i, 10, 40, 40);
    publish_scene("more_than_100", &s);
}

// Image 1 has no ground truth and a detection, image 2 has neither, image 3 has no detection.
static void
empty_image(void)
{
    hand_made s = {.scene = {.N = 4, .K = 1}};
    truth(&s, 0, 0, 10, 10, 40, 40);
    truth(&s, 3, 0, 10, 20, 40, 40);
    detection(&s, 1, 0, 0.9, 10, 10, 40, 40);
    detection(&s, 0, 0, 0.8, 11, 10, 40, 40);
    publish_scene("empty_image", &s);
}

// Class 1 has detections and no ground truth, class 2 neither.
static void
no_ground_truth(void)
{
    hand_made s = {.scene = {.N = 2, .K = 3}};
    truth(&s, 0, 0, 10, 10, 40, 40);
    truth(&s, 1, 0, 30, 10, 40, 60);
    detection(&s, 0, 0, 0.9, 12, 10, 40, 40);
    detection(&s, 0, 1, 0.8, 10, 10, 40, 40);
    detection(&s, 1, 1, 0.7, 10, 10, 40, 40);
    detection(&s, 1, 0, 0.6, 30, 15, 40, 60);
    publish_scene("no_ground_truth", &s);
}

// The first annotation's id is 0, which is valid.
static void
id_zero(void)
{
    hand_made s = {.scene = {.N = 2, .K = 1}};
    truth(&s, 0, 0, 10, 10, 40, 40)->id = 0;
    truth(&s, 1, 0, 30, 10, 40, 60);
    detection(&s, 0, 0, 0.9, 11, 10, 40, 40);
    detection(&s, 1, 0, 0.6, 30, 12, 40, 60);
    publish_scene("id_zero", &s);
}

// 20 ground truths, 12 found: 6 of 20 is a recall of 0.3 exactly, 7 of 20 one of 0.35. A miss before each hit from
// the third on.
static void
recall_points(void)
{
    hand_made s = {.scene = {.N = 1, .K = 1}};
    for (int i = 0; i < 20; i++)
        truth(&s, 0, 0, 50 * i, 10, 40, 40);
    for (int i = 0; i < 12; i++) {
        if (i >= 2)
            detection(&s, 0, 0, 0.99 - 0.04 * i, 50 * i, 200, 40, 40);
        detection(&s, 0, 0, 0.98 - 0.04 * i, 50 * i, 10, 40, 39);
    }
    publish_scene("recall_points", &s);
}

// Detections whose IoU is one of COCO's thresholds exactly: the widths are 20 of which 10 to 19 are covered.
static void
threshold_edge(void)
{
    hand_made s = {.scene = {.N = 10, .K = 1}};
    for (int i = 0; i < 10; i++) {
        truth(&s, i, 0, 10, 10, 20, 20);
        detection(&s, i, 0, 0.9 - 0.05 * i, 10, 10, 10 + i, 20);
    }
    publish_scene("threshold_edge", &s);
}

void
map_cases(void)
{
    seven_images();
    duplicate();
    difficult();
    crowd();
    area_edge();
    tie();
    used_best_match();
    equal_iou();
    more_than_100();
    empty_image();
    no_ground_truth();
    id_zero();
    recall_points();
    threshold_edge();
}
