#include "map/uncertainty.h"

#include "files/memory.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- Ties ----

// A curve with room for n points.
static map_curve
new_curve(int n)
{
    return (map_curve){.hits = memory_zeroed(n, sizeof(int), "a curve"),
                       .seen = memory_zeroed(n, sizeof(int), "a curve")};
}

static void
free_curve(map_curve *c)
{
    free(c->hits);
    free(c->seen);
}

// AP of a ranked list, COCO's as the mean over thresholds; -1 if there is nothing to find.
static double
mean_ap(const map_scene *s, const map_rule *rule, int n, const map_ranked *list, const int *weight,
        map_curve *c)
{
    double sum = 0, precision[MAP_R];
    int thresholds = rule->protocol == MAP_COCO ? map_thresholds(s) : 1;
    for (int t = 0; t < thresholds; t++) {
        map_curve_of(n, list, weight, 0, t, MAP_KEPT, c);
        switch (rule->protocol) {
        case MAP_VOC07: sum += map_ap_voc07(c); break;
        case MAP_VOC07_FLOATS: sum += map_ap_voc07_floats(c); break;
        case MAP_VOC10: sum += map_ap_voc10(c); break;
        case MAP_COCO: sum += map_ap_coco(c, precision); break;
        }
    }
    return c->positives ? sum / thresholds : -1;
}

// AP of class k, and the list of its detections with their fates in range 0; *n is their number.
static double
class_ap(const map_scene *s, const map_groups *x, int k, const map_rule *rule,
         const int *precedence, map_ranked *list, int *n)
{
    int D = x->detections_from[k + 1] - x->detections_from[k];
    map_curve c = new_curve(D);
    if (rule->protocol == MAP_COCO) {
        c.positives = map_coco_positives(s, x, k, 0);
        *n = map_coco_rank(s, x, k, precedence, 1, list);
    } else {
        c.positives = map_voc_positives(s, x, k);
        *n = map_voc_rank(s, x, k, precedence, rule->threshold, rule->plus, list);
    }
    double ap = mean_ap(s, rule, *n, list, NULL, &c);
    free_curve(&c);
    return ap;
}

double
map_class_ap(const map_scene *s, const map_groups *x, int k, const map_rule *rule,
             const int *precedence)
{
    int n;
    int D = x->detections_from[k + 1] - x->detections_from[k];
    map_ranked *list = memory_zeroed(D, sizeof *list, "ranked detections");
    double ap = class_ap(s, x, k, rule, precedence, list, &n);
    free(list);
    return ap;
}

// The next order of a (n) in the order of words; after the last one the first, and false.
static bool
next_order(int n, int *a)
{
    int i = n - 2, j = n - 1;
    while (i >= 0 && a[i] > a[i + 1])
        i--;
    if (i >= 0) {
        while (a[j] < a[i])
            j--;
        int kept = a[i];
        a[i] = a[j], a[j] = kept;
    }
    for (int low = i + 1, high = n - 1; low < high; low++, high--) {
        int kept = a[low];
        a[low] = a[high], a[high] = kept;
    }
    return i >= 0;
}

static void
shuffle(int n, int *a, rng *r)
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)rng_below(r, i + 1), kept = a[i];
        a[i] = a[j], a[j] = kept;
    }
}

// The detections of a class in an order; those with equal scores are rows[from[g]] to rows[from[g + 1] - 1].
typedef struct {
    const map_scene *s;
    const map_groups *x;
    const map_rule *rule;
    int k, n, groups;
    int *rows, *from, *precedence;
    double orders; // in how many orders they can stand
    map_tied result;
} tied;

static double
ap_in_order(tied *t)
{
    for (int i = 0; i < t->n; i++)
        t->precedence[t->rows[i]] = i;
    double ap = map_class_ap(t->s, t->x, t->k, t->rule, t->precedence);
    t->result.lowest = ap < t->result.lowest ? ap : t->result.lowest;
    t->result.highest = ap > t->result.highest ? ap : t->result.highest;
    return ap;
}

// Puts the class in order; of equal scores those with more hits come last (sign 1), first (-1), or where
// their row has them (0).
static void
arrange(tied *t, int sign, const int *hits)
{
    map_ranked *list = memory_zeroed(t->n, sizeof *list, "ranked detections");
    for (int i = 0; i < t->n; i++) {
        int row = t->x->detections[t->x->detections_from[t->k] + i];
        list[i] = (map_ranked){.score = t->s->detections[row].score,
                               .detection = row,
                               .precedence = sign * hits[row] * t->s->D + row};
    }
    qsort(list, t->n, sizeof *list, map_by_score);
    t->groups = 0;
    t->orders = 1;
    for (int i = 0, alike = 0; i < t->n; i++) {
        t->rows[i] = list[i].detection;
        alike = i && list[i].score == list[i - 1].score ? alike + 1 : 1;
        t->orders *= alike;
        if (alike == 1)
            t->from[t->groups++] = i;
    }
    t->from[t->groups] = t->n;
    free(list);
}

// The next of all orders: that of the first group; where this begins again, that of the second, too, and so on.
static void
next_orders(tied *t)
{
    for (int g = 0; g < t->groups; g++)
        if (next_order(t->from[g + 1] - t->from[g], t->rows + t->from[g]))
            return;
}

// The mean over all orders, counted through group by group, or over `orders` random ones.
static void
mean_over_orders(tied *t, int orders, rng *r)
{
    double sum = 0, squares = 0;
    t->result.all = t->orders <= orders;
    int count = t->result.all ? (int)t->orders : orders;
    for (int o = 0; o < count; o++) {
        if (!t->result.all)
            for (int g = 0; g < t->groups; g++)
                shuffle(t->from[g + 1] - t->from[g], t->rows + t->from[g], r);
        double difference = ap_in_order(t) - t->result.score;
        sum += difference;
        squares += difference * difference;
        if (t->result.all)
            next_orders(t);
    }
    double variance = count > 1 ? (squares - sum * sum / count) / (count - 1) : 0;
    t->result.expected = t->result.score + sum / count;
    t->result.error = t->result.all || variance < 0 ? 0 : sqrt64(variance / count);
}

map_tied
map_ties(const map_scene *s, const map_groups *x, int k, const map_rule *rule, int orders, rng *r)
{
    int n = x->detections_from[k + 1] - x->detections_from[k], kept;
    map_ranked *list = memory_zeroed(n, sizeof *list, "ranked detections");
    double ap = class_ap(s, x, k, rule, NULL, list, &kept);
    map_tied result = {ap, ap, ap, ap, 0, true};
    if (orders && ap != -1) {
        tied t = {.s = s,
                  .x = x,
                  .rule = rule,
                  .k = k,
                  .n = n,
                  .rows = memory_zeroed(n, sizeof(int), "tied rows"),
                  .from = memory_zeroed(n + 1, sizeof(int), "groups of ties"),
                  .precedence = memory_zeroed(s->D, sizeof(int), "an order of ties"),
                  .result = result};
        int *hits = memory_zeroed(s->D, sizeof *hits, "hits");
        for (int i = 0; i < kept; i++)
            hits[list[i].detection] = __builtin_popcount(list[i].hit[0]);
        for (int sign = -1; sign <= 1; sign += 2) {
            arrange(&t, sign, hits);
            ap_in_order(&t);
        }
        arrange(&t, 0, hits);
        mean_over_orders(&t, orders, r);
        result = t.result;
        free(t.rows);
        free(t.from);
        free(t.precedence);
        free(hits);
    }
    free(list);
    return result;
}

map_tied
map_tied_mean(int K, const map_tied *class)
{
    map_tied mean = {.all = true};
    int known = 0;
    for (int k = 0; k < K; k++) {
        if (class[k].expected == -1)
            continue;
        known++;
        mean.score += class[k].score;
        mean.lowest += class[k].lowest;
        mean.expected += class[k].expected;
        mean.highest += class[k].highest;
        mean.error += class[k].error * class[k].error;
        mean.all = mean.all && class[k].all;
    }
    mean.error = sqrt64(mean.error) / known;
    mean.score /= known;
    mean.lowest /= known;
    mean.expected /= known;
    mean.highest /= known;
    return known ? mean : (map_tied){-1, -1, -1, -1, 0, true};
}

// ---- Chance and calibration ----

void
map_resample(int N, rng *r, int *weight)
{
    memset(weight, 0, N * sizeof *weight);
    for (int i = 0; i < N; i++)
        weight[rng_below(r, N)]++;
}

double
map_resampled(const map_scene *s, const map_rule *rule, const map_rankings *rankings,
              const int *weight)
{
    int *positives = memory_zeroed(s->K, sizeof *positives, "classes"), most = 0;
    double *ap = memory_zeroed(s->K, sizeof *ap, "classes");
    for (int g = 0; g < s->G; g++) {
        const map_truth *t = &s->truths[g];
        bool ignored = rule->protocol == MAP_COCO ? map_coco_ignores(s, t, 0) : map_voc_ignores(t);
        positives[t->class] += ignored ? 0 : weight[t->image];
    }
    for (int k = 0; k < s->K; k++)
        most = rankings->n[k] > most ? rankings->n[k] : most;
    int *times = memory_zeroed(most, sizeof *times, "weights of detections");
    map_curve c = new_curve(most);
    for (int k = 0; k < s->K; k++) {
        const map_ranked *list = rankings->ranked + rankings->from[k];
        for (int i = 0; i < rankings->n[k]; i++)
            times[i] = weight[s->detections[list[i].detection].image];
        c.positives = positives[k];
        ap[k] = mean_ap(s, rule, rankings->n[k], list, times, &c);
    }
    double mean = map_mean(s->K, 1, ap);
    free(positives);
    free(ap);
    free(times);
    free_curve(&c);
    return mean;
}

map_interval
map_bootstrap(int n, double *resampled, double score, bool reflected)
{
    sort64(n, resampled);
    int cut = (int)(0.025 * n);
    double low = resampled[cut], high = resampled[n - 1 - cut];
    if (reflected)
        return (map_interval){2 * score - high, 2 * score - low};
    return (map_interval){low, high};
}

double
map_calibration(const map_scene *s, const map_rankings *rankings, int bins, int *n, double *score,
                double *part)
{
    int all = 0;
    double sum = 0;
    for (int b = 0; b < bins; b++)
        n[b] = 0, score[b] = 0, part[b] = 0;
    for (int k = 0; k < s->K; k++)
        for (int i = 0; i < rankings->n[k]; i++) {
            const map_ranked *e = rankings->ranked + rankings->from[k] + i;
            if ((e->ignored[0] & 1) || e->score < 0 || e->score > 1)
                continue;
            int b = e->score < 1 ? (int)(e->score * bins) : bins - 1;
            n[b]++;
            score[b] += e->score;
            part[b] += e->hit[0] & 1;
        }
    for (int b = 0; b < bins; b++) {
        all += n[b];
        sum += fabs(score[b] - part[b]);
        score[b] /= n[b];
        part[b] /= n[b];
    }
    return all ? sum / all : NAN;
}
