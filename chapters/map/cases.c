// The reference cases: small scenes, each of which isolates one rule, with every step and number.
#include "map/cases.h"

#include "frame/case.h"
#include "frame/program.h"
#include "map/map.h"
#include "map/uncertainty.h"
#include "map/worked_example.h"
#include "map/writing.h"
#include "nets/shape.h"

#include <math.h>
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
publish_conventions(void)
{
    static const char *const conventions[] = {
        "boxes are x, y, width, height; images, classes and rows count from 0",
        "IoU is the area of the intersection over that of the union, of a detection and a "
        "ground truth of one image and class; in voc_iou with voc_plus added to every side",
        "COCO's IoU with a crowd is the intersection over the detection's own area",
        "VOC: the detections of a class, of all images, go in the order of falling scores, "
        "equal scores as they stand in the file; each takes the ground truth with the largest "
        "IoU above 0, of equal ones the first, used or not",
        "VOC: it has a match if that IoU >= voc_threshold; it is ignored if the match is "
        "difficult or a crowd, true if the match was not used before, else false",
        "COCO: the best limits[2] detections of an image and class count, equal scores as they "
        "stand in the file; what belongs to the others is NaN",
        "COCO: in a range a ground truth is ignored if it is difficult or a crowd, or if its "
        "area is outside; both ends belong to the range",
        "COCO: in each range, at each threshold, a detection takes, of the ground truths with "
        "IoU >= threshold that are free or crowds, one that counts before one that is ignored, "
        "then the one with the largest IoU, then the last",
        "COCO: a detection is ignored if its match is, or if it has none and its width times "
        "height is outside of the range",
        "COCO: the detections of all images go in the order of falling scores, equal scores by "
        "image; with the limit m those count that are among the best m of their image and class",
        "the axes are T thresholds, R recalls, K classes, A ranges (all, small, medium, large), "
        "M limits; ap, precision, recall are -1 where there is nothing to find, which is left "
        "out of means",
        "coco_strict: pycocotools takes a match with the id 0 for none, and does not know "
        "difficult"};
    for (size_t i = 0; i < sizeof conventions / sizeof *conventions; i++)
        case_convention(conventions[i]);
}

// The numbers of the protocols.
static void
publish_protocols(double threshold, double plus)
{
    double thresholds[MAP_T], recalls[MAP_R];
    case_number("voc_threshold", threshold, "the IoU that VOC asks for");
    case_number("voc_plus", plus, "1: pixels at x + w belong to the box in VOC");
    case_scalar("voc07_points", 11, "VOC 2007's recall points, from 0 to 1");
    for (int t = 0; t < MAP_T; t++)
        thresholds[t] = map_threshold(t);
    for (int r = 0; r < MAP_R; r++)
        recalls[r] = r * 0.01;
    case_input_f8("thresholds", SHAPE(MAP_T), thresholds, "COCO's, as NumPy's linspace has them");
    case_input_f8("recalls", SHAPE(MAP_R), recalls,
                  "COCO's recall points, as NumPy's linspace has them");
    case_input_f8("ranges", SHAPE(MAP_A, 2), map_range[0], "COCO's ranges of areas, from and to");
    case_input_i4("limits", SHAPE(MAP_M), map_limit, "COCO's largest numbers of detections");
    case_number("eps", 0x1p-52, "added to the number of detections in COCO's precision");
}

static void
publish_inputs(const map_scene *s)
{
    int G = s->G, D = s->D;
    double box[4 * MOST], area[MOST], score[MOST];
    int id[MOST], image[MOST], class[MOST], crowd[MOST], difficult[MOST];
    case_scalar("images", s->N, "how many there are");
    case_scalar("classes", s->K, "how many there are");
    for (int g = 0; g < G; g++) {
        const map_truth *t = &s->truths[g];
        box[4 * g] = t->box.x, box[4 * g + 1] = t->box.y;
        box[4 * g + 2] = t->box.w, box[4 * g + 3] = t->box.h;
        area[g] = t->area, id[g] = (int)t->id, image[g] = t->image, class[g] = t->class;
        crowd[g] = t->crowd, difficult[g] = t->difficult;
    }
    case_input_f8("gt_box", SHAPE(G, 4), box, "x, y, w, h");
    case_input_f8("gt_area", SHAPE(G), area, "of the object, not of its box");
    case_input_i4("gt_id", SHAPE(G), id, "as in gt.json");
    case_input_i4("gt_image", SHAPE(G), image, "from 0");
    case_input_i4("gt_class", SHAPE(G), class, "from 0");
    case_input_i4("gt_crowd", SHAPE(G), crowd, "1: a group in one box");
    case_input_i4("gt_difficult", SHAPE(G), difficult, "1: it counts neither way");
    for (int d = 0; d < D; d++) {
        const map_detection *t = &s->detections[d];
        box[4 * d] = t->box.x, box[4 * d + 1] = t->box.y;
        box[4 * d + 2] = t->box.w, box[4 * d + 3] = t->box.h;
        score[d] = t->score, image[d] = t->image, class[d] = t->class;
    }
    case_input_f8("dt_box", SHAPE(D, 4), box, "x, y, w, h");
    case_input_f8("dt_score", SHAPE(D), score, "higher is surer");
    case_input_i4("dt_image", SHAPE(D), image, "from 0");
    case_input_i4("dt_class", SHAPE(D), class, "from 0");
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
            iou[d * s->G + g] = together ? map_iou(a->box, b->box, plus, crowd && b->crowd) : NAN;
        }
    case_write_f8("step", name, "", SHAPE(s->D, s->G), iou, close, about);
}

// The precision and recall at each detection of the list that is true; NaN at the others.
static void
read_points(int n, const map_ranked *list, int a, int t, const map_curve *c, double *precision,
            double *recall)
{
    int point = 0;
    for (int i = 0; i < n; i++) {
        int row = list[i].detection;
        precision[row] = recall[row] = NAN;
        if (!(list[i].hit[a] >> t & 1) || point == c->n)
            continue;
        precision[row] = (double)c->hits[point] / c->seen[point];
        recall[row] = c->positives ? (double)c->hits[point] / c->positives : NAN;
        point++;
    }
}

static void
publish_voc(const map_scene *s, const map_groups *x, double threshold, double plus)
{
    int D = s->D, K = s->K, sorted = 0;
    int order[MOST], match[MOST], fate[MOST], positives[MOST], hits[MOST], seen[MOST];
    double precision_at[MOST], recall_at[MOST];
    double voc07[MOST], floats[MOST], voc10[MOST], points101[MOST], precision[MAP_R];
    for (int k = 0; k < K; k++) {
        map_ranked list[MOST];
        map_curve c = {.positives = map_voc_positives(s, x, k), .hits = hits, .seen = seen};
        int n = map_voc_rank(s, x, k, NULL, threshold, plus, list);
        for (int i = 0; i < n; i++) {
            order[sorted++] = list[i].detection;
            match[list[i].detection] = list[i].truth;
            fate[list[i].detection] = list[i].ignored[0] ? -1 : list[i].hit[0];
        }
        positives[k] = c.positives;
        map_curve_of(n, list, NULL, 0, 0, D, &c);
        read_points(n, list, 0, 0, &c, precision_at, recall_at);
        voc07[k] = c.positives ? map_ap_voc07(&c) : -1;
        floats[k] = c.positives ? map_ap_voc07_floats(&c) : -1;
        voc10[k] = c.positives ? map_ap_voc10(&c) : -1;
        points101[k] = c.positives ? map_ap_coco(&c, precision) : -1;
    }
    const char *points = "voc_precision_at voc_recall_at voc_positives";
    case_write_i4("step", "voc_positives", "", SHAPE(K), positives,
                  "VOC: the ground truths to find");
    case_write_i4("step", "voc_order", "", SHAPE(D), order,
                  "VOC: the detections' rows, class by class, the best first");
    case_write_i4("step", "voc_match", "voc_iou", SHAPE(D), match,
                  "VOC: the ground truth's row, -1: none");
    case_write_i4("step", "voc_verdict", "voc_match voc_order", SHAPE(D), fate,
                  "VOC: 1 true, 0 false, -1 ignored");
    case_write_f8("step", "voc_precision_at", "voc_verdict voc_order", SHAPE(D), precision_at,
                  close, "VOC: true ones so far over true and false ones so far, at each true one");
    case_write_f8("step", "voc_recall_at", "voc_verdict voc_order voc_positives", SHAPE(D),
                  recall_at, close, "VOC: true ones so far over voc_positives, at each true one");
    case_write_f8(
        "output", "voc07", points, SHAPE(K), voc07, close,
        "AP: the mean over recalls 0, 1/10, .., 1 of the highest precision from there on, recalls "
        "compared exactly; -1: nothing to find");
    case_write_f8(
        "output", "voc07_floats", points, SHAPE(K), floats, close,
        "the same with recalls compared in floating point, true / voc_positives >= 0.1 * r, as "
        "NumPy ports of VOC's kit do: 6 / 20 is below 0.1 * 3");
    case_write_f8("output", "voc10", points, SHAPE(K), voc10, close,
                  "AP: the same over the recalls 1/P, 2/P, .., 1 with P = voc_positives");
    case_write_f8("output", "voc101", points, SHAPE(K), points101, close,
                  "VOC's matches under COCO's 101 points, with eps");
}

// COCO's order of detections, and its matches in all ranges, at all thresholds.
static void
publish_coco_matches(const map_scene *s, const map_groups *x)
{
    enum { CELLS = MAP_A * MAP_T };
    static double all_match[CELLS * MOST], all_ignored[CELLS * MOST];
    double order[MOST];
    int D = s->D, sorted = 0;
    for (int d = 0; d < D; d++)
        order[d] = NAN;
    for (int i = 0; i < CELLS * D; i++)
        all_match[i] = all_ignored[i] = NAN;
    for (int k = 0; k < s->K; k++) {
        map_ranked list[MOST], here[MOST]; // of the class, of the class and image
        int n = map_coco_rank(s, x, k, NULL, 1, list);
        for (int i = 0; i < n; i++)
            order[sorted++] = list[i].detection;
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
    case_write_f8(
        "step", "coco_order", "", SHAPE(D), order, close,
        "COCO: the rows of the detections that count, class by class, the best first; then NaN");
    case_write_f8("step", "coco_match", "iou coco_order", SHAPE(MAP_A, MAP_T, D), all_match, close,
                  "COCO: the ground truth's row, -1: none");
    case_write_f8("step", "coco_ignored", "coco_match", SHAPE(MAP_A, MAP_T, D), all_ignored, close,
                  "COCO: 1: it counts neither way");
}

static void
publish_coco(const map_scene *s, const map_groups *x)
{
    static double precision_at[MAP_A * MAP_T * MOST];
    map_coco c = map_coco_evaluate(s, x);
    double ap[MAP_A * MAP_T * MOST], number[MAP_NUMBERS], unused[MOST];
    int K = s->K, D = s->D, hits[MOST], seen[MOST], positives[MAP_A * MOST];
    for (int i = 0; i < MAP_A * MAP_T * D; i++)
        precision_at[i] = NAN;
    for (int a = 0; a < MAP_A; a++)
        for (int t = 0; t < MAP_T; t++)
            for (int k = 0; k < K; k++) {
                const map_ranked *list = c.rankings.ranked + c.rankings.from[k];
                map_curve curve = {.hits = hits, .seen = seen};
                map_curve_of(c.rankings.n[k], list, NULL, a, t, map_limit[MAP_M - 1], &curve);
                read_points(c.rankings.n[k], list, a, t, &curve, precision_at + (a * MAP_T + t) * D,
                            unused);
                positives[a * K + k] = c.positives[k * MAP_A + a];
                ap[(a * MAP_T + t) * K + k] =
                    map_mean(MAP_R, K * MAP_A * MAP_M,
                             c.precision + ((t * MAP_R * K + k) * MAP_A + a) * MAP_M + MAP_M - 1);
            }
    map_coco_numbers(&c, number);
    case_write_i4("step", "coco_positives", "", SHAPE(MAP_A, K), positives,
                  "COCO: the ground truths to find");
    case_write_f8("step", "coco_precision_at", "coco_match coco_ignored coco_order",
                  SHAPE(MAP_A, MAP_T, D), precision_at, close,
                  "COCO: true ones so far over true and false ones so far, at each true one");
    case_write_f8("output", "precision", "coco_match coco_ignored coco_order coco_positives",
                  SHAPE(MAP_T, MAP_R, K, MAP_A, MAP_M), c.precision, close,
                  "the highest true / (true + false + eps) at a recall of recalls or more, else 0; "
                  "-1: nothing to find");
    case_write_f8("output", "recall", "coco_match coco_ignored coco_order coco_positives",
                  SHAPE(MAP_T, K, MAP_A, MAP_M), c.recall, close,
                  "true ones over coco_positives; -1: nothing to find");
    case_write_f8("output", "ap", "precision", SHAPE(MAP_A, MAP_T, K), ap, close,
                  "the mean of precision over R, with the limit 100");
    case_write_f8(
        "output", "coco", "precision recall", SHAPE(MAP_NUMBERS), number, close,
        "AP, AP50, AP75, AP small, medium, large, AR1, AR10, AR100, AR small, medium, large");
    map_coco_free(&c);
}

static void
publish_strict(map_scene *s, const map_groups *x)
{
    double number[MAP_NUMBERS];
    s->strict = true;
    map_coco c = map_coco_evaluate(s, x);
    map_coco_numbers(&c, number);
    case_write_f8("output", "coco_strict", "iou coco_order", SHAPE(MAP_NUMBERS), number, close,
                  "what pycocotools says to gt.json and dt.json");
    map_coco_free(&c);
    s->strict = false;
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
    case_write_f8("output", "ties", "voc_iou iou", SHAPE(3, 3), ties[0], close,
                  "VOC 2007, VOC 2010, COCO's ap of all areas: lowest, mean and highest over all "
                  "orders of equal scores, "
                  "averaged over the classes that have ground truths");
}

static void
publish(const char *name, const char *about, map_scene *s, double threshold, double plus)
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
    case_begin(name, about);
    publish_conventions();
    publish_protocols(threshold, plus);
    publish_inputs(s);
    publish_iou(s, "voc_iou", plus, false, "VOC's; NaN: of another image or class");
    publish_iou(s, "iou", 0, true,
                "COCO's; over the detection's area for a crowd; NaN: of another image or class");
    publish_voc(s, &x, threshold, plus);
    publish_coco_matches(s, &x);
    publish_coco(s, &x);
    publish_strict(s, &x);
    publish_ties(s, &x, threshold, plus);
    case_end();
    for (int i = 0; i < 4; i++) {
        snprintf(file, sizeof file, "%s/%s", name, files[i].name);
        files[i].write(s, program_path(file));
    }
    map_groups_free(&x);
}

static void
publish_scene(const char *name, const char *about, hand_made *s)
{
    s->scene.truths = s->truths;
    s->scene.detections = s->detections;
    publish(name, about, &s->scene, 0.5, 0);
}

// ---- The scenes ----

static void
seven_images(void)
{
    map_scene s = map_worked_scene();
    publish("worked_example",
            "Seven images, one class, VOC at IoU 0.3 with + 1: the example of Padilla et al.", &s,
            0.3, 1);
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
    publish_scene("duplicate",
                  "Two detections of one object, in two images; the surer one fits worse.", &s);
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
    publish_scene("difficult", "A difficult object with two detections, the surest of all.", &s);
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
    publish_scene(
        "crowd",
        "Detections in a crowd, one of which lies in it whole and goes to the object that it fits.",
        &s);
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
    publish_scene(
        "area_edge",
        "Areas of 1024 and 9216, which belong to two ranges, and objects smaller than their boxes.",
        &s);
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
    publish_scene(
        "tie",
        "Two true and two false detections of one score, in four images and not in their order.",
        &s);
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
    publish_scene("used_best_match",
                  "A detection that fits a used ground truth best, and a free one well enough.",
                  &s);
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
    publish_scene(
        "equal_iou",
        "A detection in the middle between two ground truths, and one that fits the earlier only.",
        &s);
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
    publish_scene("more_than_100",
                  "An image with 103 detections of one class, of which the 100th and the 101st are "
                  "true, and 4 of another.",
                  &s);
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
    publish_scene(
        "empty_image",
        "An image with a detection and no ground truth, one with neither, one without detections.",
        &s);
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
    publish_scene("no_ground_truth",
                  "A class with detections and no ground truth, and one with neither.", &s);
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
    publish_scene("id_zero", "A ground truth with the id 0, which is valid.", &s);
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
    publish_scene("recall_points", "Recalls that equal a recall point exactly: 6 of 20, 7 of 20.",
                  &s);
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
    publish_scene("threshold_edge", "IoUs that equal a threshold exactly.", &s);
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
