// The method of chapter map: overlap, precision-recall curves and the three areas under them, who takes what in PASCAL
// VOC and in COCO.
#include "map/map.h"

#include "files/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
map_scene_free(map_scene *s)
{
    free(s->truths);
    free(s->detections);
}

static double
larger(double a, double b)
{
    return a > b ? a : b;
}

static double
smaller(double a, double b)
{
    return a < b ? a : b;
}

// ---- Boxes ----

// The box with the pixels at its right and lower edge, where they belong to it.
static map_box
widened(map_box b, double plus)
{
    return (map_box){b.x, b.y, b.w + plus, b.h + plus};
}

double
map_iou(map_box detection, map_box truth, double plus, bool crowd)
{
    map_box d = widened(detection, plus), g = widened(truth, plus);
    double w = smaller(d.x + d.w, g.x + g.w) - larger(d.x, g.x);
    double h = smaller(d.y + d.h, g.y + g.h) - larger(d.y, g.y);
    if (w <= 0 || h <= 0)
        return 0;
    double both = w * h;
    double all = crowd ? d.w * d.h : d.w * d.h + g.w * g.h - both;
    return both > 0 ? both / all : 0;
}

// ---- Rows grouped by class and image ----

// Sorts the n rows by key (one of 0..keys-1 for each row), equal keys as they stand; from (keys + 1).
static void
sort_rows(int n, int *rows, int keys, const int *key, int *from)
{
    int *sorted = memory_zeroed(n, sizeof *sorted, "sorted rows");
    int *next = memory_zeroed(keys, sizeof *next, "the next row of a key");
    memset(from, 0, (keys + 1) * sizeof *from);
    for (int i = 0; i < n; i++)
        from[key[i] + 1]++;
    for (int k = 0; k < keys; k++) {
        from[k + 1] += from[k];
        next[k] = from[k];
    }
    for (int i = 0; i < n; i++)
        sorted[next[key[rows[i]]]++] = rows[i];
    memcpy(rows, sorted, n * sizeof *rows);
    free(sorted);
    free(next);
}

static int *
rows_by_class(const map_scene *s, int n, const int *image, const int *class, int *from)
{
    int *rows = memory_zeroed(n, sizeof *rows, "rows by class");
    int *images_from = memory_zeroed(s->N + 1, sizeof *images_from, "rows by image");
    for (int i = 0; i < n; i++)
        rows[i] = i;
    sort_rows(n, rows, s->N, image, images_from);
    sort_rows(n, rows, s->K, class, from);
    free(images_from);
    return rows;
}

map_groups
map_groups_new(const map_scene *s)
{
    int most = s->G > s->D ? s->G : s->D;
    int *image = memory_zeroed(most, sizeof *image, "images of rows");
    int *class = memory_zeroed(most, sizeof *class, "classes of rows");
    map_groups x = {.truths_from = memory_zeroed(s->K + 1, sizeof(int), "classes"),
                    .detections_from = memory_zeroed(s->K + 1, sizeof(int), "classes")};
    for (int g = 0; g < s->G; g++)
        image[g] = s->truths[g].image, class[g] = s->truths[g].class;
    x.truths = rows_by_class(s, s->G, image, class, x.truths_from);
    for (int d = 0; d < s->D; d++)
        image[d] = s->detections[d].image, class[d] = s->detections[d].class;
    x.detections = rows_by_class(s, s->D, image, class, x.detections_from);
    free(image);
    free(class);
    return x;
}

void
map_groups_free(map_groups *x)
{
    free(x->truths);
    free(x->truths_from);
    free(x->detections);
    free(x->detections_from);
}

const int *
map_truths_of(const map_scene *s, const map_groups *x, int k, int image, int *G)
{
    int low = x->truths_from[k], end = x->truths_from[k + 1];
    int high = end;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (s->truths[x->truths[middle]].image < image)
            low = middle + 1;
        else
            high = middle;
    }
    *G = 0;
    while (low + *G < end && s->truths[x->truths[low + *G]].image == image)
        ++*G;
    return x->truths + low;
}

// ---- Ranked lists and their curves ----

int
map_by_score(const void *a, const void *b)
{
    const map_ranked *p = a, *q = b;
    if (p->score != q->score)
        return p->score > q->score ? -1 : 1;
    return p->precedence < q->precedence ? -1 : 1;
}

void
map_curve_of(int n, const map_ranked *list, const int *weight, int a, int t, int limit,
             map_curve *c)
{
    int hits = 0, seen = 0;
    c->n = 0;
    for (int i = 0; i < n; i++) {
        int times = weight ? weight[i] : 1;
        if (times == 0 || list[i].rank >= limit || (list[i].ignored[a] >> t & 1))
            continue;
        seen += times;
        if (list[i].hit[a] >> t & 1) {
            hits += times;
            c->hits[c->n] = hits;
            c->seen[c->n++] = seen;
        }
    }
}

// The precision at each point, hits / (seen + extra), raised to the highest at this or a later point.
static double *
envelope(const map_curve *c, double extra)
{
    double *p = memory_zeroed(c->n, sizeof *p, "precisions");
    for (int i = c->n - 1; i >= 0; i--) {
        p[i] = c->hits[i] / (c->seen[i] + extra);
        if (i + 1 < c->n)
            p[i] = larger(p[i], p[i + 1]);
    }
    return p;
}

// Whether the recall of point i is below r / 10: in whole numbers, or as the ports of VOC's kit compare.
static bool
below_tenth(const map_curve *c, int i, int r, bool exact)
{
    if (exact)
        return 10L * c->hits[i] < (long)r * c->positives;
    return (double)c->hits[i] / c->positives < r * 0.1; // 6 / 20 is below 3 * 0.1
}

static double
eleven_points(const map_curve *c, bool exact)
{
    double *p = envelope(c, 0), sum = 0;
    for (int r = 0, i = 0; r <= 10; r++) {
        while (i < c->n && below_tenth(c, i, r, exact))
            i++;
        sum += i < c->n ? p[i] : 0;
    }
    free(p);
    return sum / 11;
}

double
map_ap_voc07(const map_curve *c)
{
    return eleven_points(c, true);
}

double
map_ap_voc07_floats(const map_curve *c)
{
    return eleven_points(c, false);
}

double
map_ap_voc10(const map_curve *c)
{
    double *p = envelope(c, 0), sum = 0;
    for (int i = 0, before = 0; i < c->n; before = c->hits[i++])
        sum += (c->hits[i] - before) * p[i];
    free(p);
    return c->n ? sum / c->positives : 0;
}

double
map_ap_coco(const map_curve *c, double precision[MAP_R])
{
    double *p = envelope(c, 0x1p-52);
    for (int r = 0, i = 0; r < MAP_R; r++) {
        double recall = r * 0.01;
        while (i < c->n && (double)c->hits[i] / c->positives < recall)
            i++;
        precision[r] = i < c->n ? p[i] : 0;
    }
    free(p);
    return map_mean(MAP_R, 1, precision);
}

double
map_mean(long n, long stride, const double *x)
{
    double sum = 0;
    long known = 0;
    for (long i = 0; i < n; i++) {
        if (x[i * stride] == -1)
            continue;
        sum += x[i * stride];
        known++;
    }
    return known ? sum / (double)known : -1;
}

// ---- PASCAL VOC ----

bool
map_voc_ignores(const map_truth *g)
{
    return g->difficult || g->crowd;
}

int
map_voc_positives(const map_scene *s, const map_groups *x, int k)
{
    int positives = 0;
    for (int i = x->truths_from[k]; i < x->truths_from[k + 1]; i++)
        positives += !map_voc_ignores(&s->truths[x->truths[i]]);
    return positives;
}

// Which ground truth a detection takes, after all surer ones of its class have taken theirs.
static void
voc_take(const map_scene *s, const map_groups *x, double threshold, double plus, bool *used,
         map_ranked *e)
{
    const map_detection *d = &s->detections[e->detection];
    int G, best = -1;
    const int *truths = map_truths_of(s, x, d->class, d->image, &G);
    double best_iou = 0;
    // The one with the largest IoU, even if it is used; of equal ones the first.
    for (int g = 0; g < G; g++) {
        double iou = map_iou(d->box, s->truths[truths[g]].box, plus, false);
        if (iou > best_iou) {
            best_iou = iou;
            best = truths[g];
        }
    }
    e->truth = best_iou >= threshold ? best : -1;
    if (e->truth < 0)
        return;
    e->ignored[0] = map_voc_ignores(&s->truths[e->truth]);
    e->hit[0] = !e->ignored[0] && !used[e->truth];
    used[e->truth] = true;
}

int
map_voc_rank(const map_scene *s, const map_groups *x, int k, const int *precedence,
             double threshold, double plus, map_ranked *list)
{
    const int *rows = x->detections + x->detections_from[k];
    int n = x->detections_from[k + 1] - x->detections_from[k];
    bool *used = memory_zeroed(s->G, sizeof *used, "ground truths");
    for (int i = 0; i < n; i++)
        list[i] = (map_ranked){.score = s->detections[rows[i]].score,
                               .detection = rows[i],
                               .precedence = precedence ? precedence[rows[i]] : rows[i]};
    qsort(list, n, sizeof *list, map_by_score); // over all images
    for (int i = 0; i < n; i++)
        voc_take(s, x, threshold, plus, used, &list[i]);
    free(used);
    return n;
}

static map_rankings
empty_rankings(const map_scene *s, const map_groups *x)
{
    return (map_rankings){memory_zeroed(s->D, sizeof(map_ranked), "ranked detections"),
                          x->detections_from,
                          memory_zeroed(s->K, sizeof(int), "numbers of ranked detections")};
}

void
map_rankings_free(map_rankings *l)
{
    free(l->ranked);
    free(l->n);
}

map_rankings
map_voc_rankings(const map_scene *s, const map_groups *x, double threshold, double plus)
{
    map_rankings l = empty_rankings(s, x);
    for (int k = 0; k < s->K; k++)
        l.n[k] = map_voc_rank(s, x, k, NULL, threshold, plus, l.ranked + l.from[k]);
    return l;
}

// ---- COCO ----

const double map_range[MAP_A][2] = {
    {0, 1e5 * 1e5}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e5 * 1e5}};
const int map_limit[MAP_M] = {1, 10, 100};

double
map_threshold(int t)
{
    return t * ((0.95 - 0.5) / 9) + 0.5;
}

double
map_threshold_of(const map_scene *s, int t)
{
    return s->asked ? s->asked->threshold[t] : map_threshold(t);
}

int
map_thresholds(const map_scene *s)
{
    return s->asked ? s->asked->T : MAP_T;
}

// Both ends belong to the range.
static bool
outside(const map_scene *s, double area, int a)
{
    const double(*range)[2] = s->asked ? s->asked->range : map_range;
    return area < range[a][0] || area > range[a][1];
}

bool
map_coco_ignores(const map_scene *s, const map_truth *g, int a)
{
    return g->crowd || (g->difficult && !s->strict) || outside(s, g->area, a);
}

// One image and class: D detections, the best first, and G ground truths.
typedef struct {
    int D, G;
    const map_ranked *ranked; // (D)
    const int *truths;        // (G) rows
    double *iou;              // (D, G)
    int *order;               // (G): those that count in the range, then the others
    bool *ignores, *used;     // (G)
} block;

// The ground truths that count in range a first, then the others; none is used.
static void
put_in_order(const map_scene *s, block *b, int a)
{
    int n = 0;
    for (int g = 0; g < b->G; g++) {
        b->used[g] = false;
        b->ignores[g] = map_coco_ignores(s, &s->truths[b->truths[g]], a);
    }
    for (int last = 0; last <= 1; last++)
        for (int g = 0; g < b->G; g++)
            if (b->ignores[g] == last)
                b->order[n++] = g;
}

// Which ground truth detection d takes, after the surer ones: its index in truths, -1 for none.
static int
coco_take(const map_scene *s, const block *b, int d, double threshold)
{
    double best = threshold;
    int m = -1;
    for (int i = 0; i < b->G; i++) {
        int g = b->order[i];
        // A crowd can be taken again and again.
        if (b->used[g] && !s->truths[b->truths[g]].crowd)
            continue;
        // One that counts is never given up for one that does not.
        if (m >= 0 && !b->ignores[m] && b->ignores[g])
            break;
        if (b->iou[d * b->G + g] < best)
            continue;
        best = b->iou[d * b->G + g];
        m = g;
    }
    return m;
}

// In range a, at the threshold: match (D), the index in truths that each detection takes, or -1.
static void
match_at(const map_scene *s, block *b, int a, double threshold, int match[], bool ignored[])
{
    put_in_order(s, b, a);
    for (int d = 0; d < b->D; d++) {
        int m = coco_take(s, b, d, threshold);
        if (m >= 0)
            b->used[m] = true;
        // pycocotools takes id 0 for no match.
        match[d] = m >= 0 && s->strict && s->truths[b->truths[m]].id == 0 ? -1 : m;
        const map_box *box = &s->detections[b->ranked[d].detection].box;
        ignored[d] = m >= 0 && b->ignores[m];
        if (match[d] < 0 && outside(s, box->w * box->h, a))
            ignored[d] = true;
    }
}

void
map_coco_match(const map_scene *s, int D, const map_ranked *ranked, int G, const int *truths,
               int areas, int *match, bool *ignored)
{
    block b = {.D = D, .G = G, .ranked = ranked, .truths = truths};
    b.iou = memory_zeroed((long)D * G, sizeof *b.iou, "IoUs of an image");
    b.order = memory_zeroed(G, sizeof *b.order, "ground truths of an image");
    b.ignores = memory_zeroed(G, sizeof *b.ignores, "ground truths of an image");
    b.used = memory_zeroed(G, sizeof *b.used, "ground truths of an image");
    for (int d = 0; d < D; d++)
        for (int g = 0; g < G; g++) {
            const map_truth *truth = &s->truths[truths[g]];
            b.iou[d * G + g] =
                map_iou(s->detections[ranked[d].detection].box, truth->box, 0, truth->crowd);
        }
    for (int a = 0; a < areas; a++)
        for (int t = 0; t < MAP_T; t++, match += D, ignored += D)
            match_at(s, &b, a, map_threshold_of(s, t), match, ignored);
    free(b.iou);
    free(b.order);
    free(b.ignores);
    free(b.used);
}

// Matches the detections of one image and writes into each what became of it.
static void
match_image(const map_scene *s, int D, map_ranked *ranked, int G, const int *truths, int areas)
{
    int match[MAP_A * MAP_T * MAP_KEPT];
    bool ignored[MAP_A * MAP_T * MAP_KEPT];
    map_coco_match(s, D, ranked, G, truths, areas, match, ignored);
    for (int a = 0, i = 0; a < areas; a++)
        for (int t = 0; t < MAP_T; t++)
            for (int d = 0; d < D; d++, i++) {
                ranked[d].ignored[a] |= ignored[i] << t;
                ranked[d].hit[a] |= (match[i] >= 0 && !ignored[i]) << t;
            }
    for (int d = 0; d < D; d++)
        ranked[d].truth = match[d] < 0 ? -1 : truths[match[d]];
}

int
map_coco_rank(const map_scene *s, const map_groups *x, int k, const int *precedence, int areas,
              map_ranked *list)
{
    int n = 0, end = x->detections_from[k + 1];
    for (int from = x->detections_from[k], to; from < end; from = to) {
        // The detections of one image, best first; the best 100 of them count.
        int image = s->detections[x->detections[from]].image, D = 0, G;
        map_ranked *ranked = list + n;
        for (to = from; to < end && s->detections[x->detections[to]].image == image; to++, D++) {
            int row = x->detections[to];
            ranked[D] = (map_ranked){.score = s->detections[row].score,
                                     .detection = row,
                                     .precedence = precedence ? precedence[row] : to};
        }
        qsort(ranked, D, sizeof *ranked, map_by_score);
        D = D < MAP_KEPT ? D : MAP_KEPT;
        for (int d = 0; d < D; d++)
            ranked[d].rank = d;
        const int *truths = map_truths_of(s, x, k, image, &G);
        match_image(s, D, ranked, G, truths, areas);
        n += D;
    }
    qsort(list, n, sizeof *list, map_by_score); // over all images
    return n;
}

int
map_coco_positives(const map_scene *s, const map_groups *x, int k, int a)
{
    int positives = 0;
    for (int i = x->truths_from[k]; i < x->truths_from[k + 1]; i++)
        positives += !map_coco_ignores(s, &s->truths[x->truths[i]], a);
    return positives;
}

// Class k in range a with a limit of detections, at so many thresholds: precision (T, R) and recall (T).
static void
coco_curves(const map_coco *c, int thresholds, int k, int a, int limit,
            double precision[MAP_T][MAP_R], double recall[MAP_T])
{
    const map_ranked *list = c->rankings.ranked + c->rankings.from[k];
    int n = c->rankings.n[k];
    map_curve curve = {.positives = c->positives[k * MAP_A + a],
                       .hits = memory_zeroed(n, sizeof(int), "a curve"),
                       .seen = memory_zeroed(n, sizeof(int), "a curve")};
    for (int t = 0; t < MAP_T; t++) {
        recall[t] = -1;
        for (int r = 0; r < MAP_R; r++)
            precision[t][r] = -1;
        if (curve.positives == 0 || t >= thresholds)
            continue;
        map_curve_of(n, list, NULL, a, t, limit, &curve);
        map_ap_coco(&curve, precision[t]);
        int hits = curve.n ? curve.hits[curve.n - 1] : 0;
        recall[t] = (double)hits / curve.positives;
    }
    free(curve.hits);
    free(curve.seen);
}

// The threshold that is this IoU, -1: none is.
static int
which_threshold(const map_scene *s, double iou)
{
    for (int t = 0; t < map_thresholds(s); t++)
        if (fabs(map_threshold_of(s, t) - iou) < 1e-9)
            return t;
    return -1;
}

map_coco
map_coco_evaluate(const map_scene *s, const map_groups *x)
{
    int K = s->K;
    long cells = (long)MAP_T * K * MAP_A * MAP_M;
    map_coco c = {.K = K,
                  .precision = memory_zeroed(cells * MAP_R, sizeof(double), "precisions"),
                  .recall = memory_zeroed(cells, sizeof(double), "recalls"),
                  .positives = memory_zeroed((long)K * MAP_A, sizeof(int), "classes"),
                  .at50 = which_threshold(s, 0.5),
                  .at75 = which_threshold(s, 0.75),
                  .rankings = empty_rankings(s, x)};
    for (int k = 0; k < K; k++) {
        map_ranked *list = c.rankings.ranked + c.rankings.from[k];
        c.rankings.n[k] = map_coco_rank(s, x, k, NULL, MAP_A, list);
        for (int a = 0; a < MAP_A; a++) {
            c.positives[k * MAP_A + a] = map_coco_positives(s, x, k, a);
            for (int m = 0; m < MAP_M; m++) {
                double precision[MAP_T][MAP_R], recall[MAP_T];
                coco_curves(&c, map_thresholds(s), k, a, map_limit[m], precision, recall);
                for (int t = 0; t < MAP_T; t++) {
                    c.recall[((t * K + k) * MAP_A + a) * MAP_M + m] = recall[t];
                    for (int r = 0; r < MAP_R; r++)
                        c.precision[(((t * MAP_R + r) * (long)K + k) * MAP_A + a) * MAP_M + m] =
                            precision[t][r];
                }
            }
        }
    }
    return c;
}

void
map_coco_free(map_coco *c)
{
    free(c->precision);
    free(c->recall);
    free(c->positives);
    map_rankings_free(&c->rankings);
}

void
map_coco_numbers(const map_coco *c, double number[MAP_NUMBERS])
{
    enum { CELLS = MAP_A * MAP_M, LAST = MAP_M - 1 };
    long K = c->K, points = MAP_R * K;
    // From threshold t on, in range a, with at most map_limit[m] detections: the mean over T, R and K, or T and K.
    const double *p = c->precision, *r = c->recall;
    number[MAP_AP] = map_mean(MAP_T * points, CELLS, p + MAP_ALL * MAP_M + LAST);
    const int at[] = {c->at50, c->at75};
    for (int i = 0; i < 2; i++)
        number[MAP_AP50 + i] =
            at[i] < 0
                ? -1
                : map_mean(points, CELLS, p + at[i] * points * CELLS + MAP_ALL * MAP_M + LAST);
    for (int m = 0; m < MAP_M; m++)
        number[MAP_AR1 + m] = map_mean(MAP_T * K, CELLS, r + MAP_ALL * MAP_M + m);
    for (int a = MAP_SMALL; a <= MAP_LARGE; a++) {
        int size = a - MAP_SMALL;
        number[MAP_AP_SMALL + size] = map_mean(MAP_T * points, CELLS, p + a * MAP_M + LAST);
        number[MAP_AR_SMALL + size] = map_mean(MAP_T * K, CELLS, r + a * MAP_M + LAST);
    }
}
