#include "map/operating.h"

#include "files/memory.h"

#include <stdlib.h>

// ---- Precision and recall at a score ----

static map_operating
point_of(double score, int hits, int seen, int positives)
{
    map_operating p = {.score = score, .hits = hits, .seen = seen, .positives = positives};
    p.precision = seen ? (double)hits / seen : 0;
    p.recall = positives ? (double)hits / positives : 0;
    p.f1 = seen + positives ? 2.0 * hits / (seen + positives) : 0;
    return p;
}

static int
positives_of(const map_scored *d, int class)
{
    int positives = 0;
    for (int k = 0; k < d->scene.K; k++)
        if (class < 0 || k == class)
            positives += d->coco.positives[k * MAP_A + MAP_ALL];
    return positives;
}

map_operating
map_operating_at(const map_scored *d, int class, double score)
{
    int hits = 0, seen = 0;
    for (int k = 0; k < d->scene.K; k++) {
        if (class >= 0 && k != class)
            continue;
        const map_ranked *list = d->coco.rankings.ranked + d->coco.rankings.from[k];
        // Classes without ground truth are in no mean, and not here.
        if (d->coco.positives[k * MAP_A + MAP_ALL] == 0)
            continue;
        for (int i = 0; i < d->coco.rankings.n[k] && list[i].score >= score; i++) {
            hits += list[i].hit[0] & 1;
            seen += !(list[i].ignored[0] & 1);
        }
    }
    return point_of(score, hits, seen, positives_of(d, class));
}

typedef struct {
    double score;
    bool hit;
} counted;

static int
by_score(const void *a, const void *b)
{
    const counted *p = a, *q = b;
    return (p->score < q->score) - (p->score > q->score);
}

map_operating
map_operating_best(const map_scored *d)
{
    counted *all = memory_zeroed(d->scene.D, sizeof *all, "detections by score");
    int n = 0, positives = positives_of(d, -1);
    for (int k = 0; k < d->scene.K; k++) {
        const map_ranked *list = d->coco.rankings.ranked + d->coco.rankings.from[k];
        if (d->coco.positives[k * MAP_A + MAP_ALL] == 0)
            continue;
        for (int i = 0; i < d->coco.rankings.n[k]; i++)
            if (!(list[i].ignored[0] & 1))
                all[n++] = (counted){list[i].score, list[i].hit[0] & 1};
    }
    qsort(all, n, sizeof *all, by_score);
    map_operating best = point_of(n ? all[0].score : 0, 0, 0, positives);
    for (int i = 0, hits = 0; i < n; i++) {
        hits += all[i].hit;
        // Equal scores come together or not at all.
        if (i + 1 < n && all[i + 1].score == all[i].score)
            continue;
        map_operating here = point_of(all[i].score, hits, i + 1, positives);
        if (here.f1 > best.f1)
            best = here;
    }
    free(all);
    return best;
}

void
map_error_counts(const map_scored *d, const map_reason *reason, double score, int count[MAP_ERRORS])
{
    for (int e = 0; e < MAP_ERRORS; e++)
        count[e] = 0;
    for (int i = 0; i < d->scene.D; i++)
        if (d->scene.detections[i].score >= score &&
            (reason[i].verdict == MAP_TRUE || reason[i].verdict == MAP_FALSE))
            count[reason[i].error]++;
}

// ---- What was taken for what ----

typedef struct {
    double score;
    int row;
} surest;

static int
by_score_then_row(const void *a, const void *b)
{
    const surest *p = a, *q = b;
    if (p->score != q->score)
        return p->score > q->score ? -1 : 1;
    return p->row < q->row ? -1 : 1;
}

// The ground truth that the detection takes, -1: none. One that counts before one that does not.
static int
takes(const map_scored *d, const map_images *x, const map_detection *t, const bool *used)
{
    const map_scene *s = &d->scene;
    int best = -1, aside = -1;
    double best_iou = map_threshold_of(s, 0), aside_iou = best_iou;
    for (int i = x->from[t->image]; i < x->from[t->image + 1]; i++) {
        const map_truth *g = &s->truths[x->rows[i]];
        double iou = map_iou(t->box, g->box, 0, g->crowd);
        bool counts = !map_coco_ignores(s, g, MAP_ALL);
        if (counts && !used[x->rows[i]] && iou >= best_iou) {
            best_iou = iou;
            best = x->rows[i];
        } else if (!counts && iou >= aside_iou) {
            aside_iou = iou;
            aside = x->rows[i];
        }
    }
    return best >= 0 ? best : aside;
}

int *
map_confusion(const map_scored *d, double score)
{
    const map_scene *s = &d->scene;
    int K = s->K, n = 0;
    int *count = memory_zeroed((long)(K + 1) * (K + 1), sizeof *count, "a confusion matrix");
    surest *order = memory_zeroed(s->D, sizeof *order, "detections by score");
    bool *used = memory_zeroed(s->G, sizeof *used, "ground truths");
    map_images x = map_images_new(s);
    for (int i = 0; i < s->D; i++)
        if (s->detections[i].score >= score)
            order[n++] = (surest){s->detections[i].score, i};
    qsort(order, n, sizeof *order, by_score_then_row);
    for (int i = 0; i < n; i++) {
        const map_detection *t = &s->detections[order[i].row];
        int g = takes(d, &x, t, used);
        if (g >= 0 && map_coco_ignores(s, &s->truths[g], MAP_ALL))
            continue;
        if (g >= 0)
            used[g] = true;
        count[(g < 0 ? K : s->truths[g].class) * (K + 1) + t->class]++;
    }
    for (int g = 0; g < s->G; g++)
        if (!used[g] && !map_coco_ignores(s, &s->truths[g], MAP_ALL))
            count[s->truths[g].class * (K + 1) + K]++;
    map_images_free(&x);
    free(order);
    free(used);
    return count;
}

// ---- What was missed ----

map_miss *
map_missed(const map_scored *d, double score, int *n)
{
    const map_scene *s = &d->scene;
    int *found_by = memory_zeroed(s->G, sizeof *found_by, "ground truths"); // 1 + the detection
    map_miss *all = memory_zeroed(s->G, sizeof *all, "missed ground truths");
    *n = 0;
    for (int k = 0; k < s->K; k++)
        for (int i = 0; i < d->coco.rankings.n[k]; i++) {
            const map_ranked *e = d->coco.rankings.ranked + d->coco.rankings.from[k] + i;
            if (e->hit[0] & 1)
                found_by[e->truth] = 1 + e->detection;
        }
    for (int g = 0; g < s->G; g++) {
        int by = found_by[g] - 1;
        if (map_coco_ignores(s, &s->truths[g], MAP_ALL) ||
            (by >= 0 && s->detections[by].score >= score))
            continue;
        all[*n] = (map_miss){g, by, -1, 0};
        all[*n].nearest = map_nearest_detection(d, g, &all[*n].iou);
        ++*n;
    }
    free(found_by);
    return all;
}
