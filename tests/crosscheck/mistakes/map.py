"""Chapter map in NumPy, from the text's rules, right and with one mistake at a time. (Without `ties`.)"""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


# ---- Boxes ----

def overlap(d, g, plus, crowd, wrong=""):
    """IoU of two boxes x, y, w, h."""
    (dx, dy, dw, dh), (gx, gy, gw, gh) = d, g
    if wrong == "corners":
        dw, dh, gw, gh = dw - dx, dh - dy, gw - gx, gh - gy
    if wrong == "centres":
        dx, dy, gx, gy = dx - dw / 2, dy - dh / 2, gx - gw / 2, gy - gh / 2
    bare = dw * dh, gw * gh
    dw, dh, gw, gh = dw + plus, dh + plus, gw + plus, gh + plus
    w, h = min(dx + dw, gx + gw) - max(dx, gx), min(dy + dh, gy + gh) - max(dy, gy)
    both = w * h if (w > 0 and h > 0) or wrong == "negative sides" else 0
    of_d, of_g = bare if wrong == "plus in overlap" else (dw * dh, gw * gh)
    union = {"overlap twice": of_d + of_g, "over truth": of_g, "over smaller": min(of_d, of_g), "over larger": max(of_d, of_g),
             "over detection": of_d}.get(wrong, of_d + of_g - both)
    if crowd and wrong != "crowd union":
        union = of_g if wrong == "crowd over crowd" else of_d
    return both / union if both > 0 else 0.0


def overlaps(g, plus, crowds, wrong):
    values = np.full((len(g["dt_score"]), len(g["gt_id"])), np.nan)
    for d, g_row in np.ndindex(*values.shape):
        if g["dt_image"][d] == g["gt_image"][g_row] and g["dt_class"][d] == g["gt_class"][g_row]:
            values[d, g_row] = overlap(g["dt_box"][d], g["gt_box"][g_row], plus, crowds and g["gt_crowd"][g_row], wrong)
    return values


# ---- Curves ----

def points(verdicts):
    """true, true + false after every detection, in order; verdict 1 true, 0 false, -1 ignored."""
    v = np.array(verdicts, int)
    return np.cumsum(v == 1), np.cumsum(v >= 0)


def best_from(precision, enough, monotone=True):
    """The highest precision where `enough` holds; not monotone: that of the first true one."""
    if not enough.any():
        return 0.0
    return precision[enough].max() if monotone else precision[enough][0]


def areas(g, verdicts, positives, wrong):
    """voc07, voc10 and the 101 precisions."""
    hits, seen = points(verdicts)
    true = np.array(verdicts) == 1
    hits, seen = hits[true], seen[true]
    precision, monotone = hits / seen if len(seen) else np.zeros(0), wrong != "not monotone"
    n = g["voc07_points"] - 1
    eleven = []
    for r in range(n + 1):
        enough = n * hits >= r * positives
        if wrong == "recall in floats":
            enough = hits / positives >= r * 0.1
        if wrong == "voc07 above":
            enough = n * hits > r * positives
        eleven.append(best_from(precision, enough, monotone))
    voc07 = {"no recall 0": sum(eleven[1:]) / (n + 1), "over 10": sum(eleven) / n, "ten points": np.mean(eleven[1:])}.get(
        wrong, np.mean(eleven))
    every = [best_from(precision, hits >= m, monotone) for m in hits]
    voc10 = sum(every) / positives
    if wrong == "over found":
        voc10 = sum(every) / hits[-1] if len(hits) else 0.0
    if wrong == "trapezoids":
        voc10 = sum((p + q) / 2 for p, q in zip(every, every[:1] + every)) / positives
    with_eps = hits / (seen + g["eps"]) if len(seen) else np.zeros(0)
    recalls = np.arange(len(g["recalls"])) / 100 if wrong == "i / 100" else g["recalls"]
    enough = [hits / positives > r if wrong == "coco above" else hits / positives >= r for r in recalls]
    return voc07, voc10, np.array([best_from(with_eps, e, monotone) for e in enough])


# ---- PASCAL VOC ----

def by_score(g, rows, wrong):
    rows = rows[::-1] if wrong == "ties reversed" else rows
    return sorted(rows, key=lambda d: g["dt_score"][d] * (1 if wrong == "ascending" else -1))


def voc(g, wrong):
    plus = 0 if wrong == "voc without plus" else g["voc_plus"]
    iou, D, K = overlaps(g, plus, False, wrong), len(g["dt_score"]), g["classes"]
    counts = (g["gt_difficult"] == 0) & (g["gt_crowd"] == 0)
    out = {"voc_iou": iou, "voc_order": [], "voc_match": np.full(D, -1), "voc_verdict": np.zeros(D, int),
           "voc_precision_at": np.full(D, np.nan), "voc_recall_at": np.full(D, np.nan), "voc_positives": np.zeros(K, int),
           "voc07": np.full(K, -1.0), "voc10": np.full(K, -1.0), "voc101": np.full(K, -1.0)}
    match, verdict = out["voc_match"], out["voc_verdict"]
    for k in range(K):
        to_find = (g["gt_class"] == k) & (counts | (wrong == "difficult to find"))
        if wrong == "voc unseen image":
            to_find &= np.isin(g["gt_image"], g["dt_image"])
        positives = out["voc_positives"][k] = to_find.sum()
        order = by_score(g, [d for d in range(D) if g["dt_class"][d] == k], wrong)
        out["voc_order"] += order
        used = set()
        for d in order:
            best, taken = 0, -1
            for j in np.flatnonzero(~np.isnan(iou[d])):
                if wrong == "voc next best" and j in used:
                    continue
                if iou[d, j] > best or (wrong == "voc equal last" and iou[d, j] == best):
                    best, taken = iou[d, j], j
            enough = best > g["voc_threshold"] if wrong == "voc iou above" else best >= g["voc_threshold"]
            if taken < 0 or not enough:
                if wrong == "voc empty image" and not (g["gt_image"] == g["dt_image"][d]).any():
                    verdict[d] = -1
                continue
            match[d] = taken
            verdict[d] = 1 if counts[taken] or wrong == "difficult counts" else -1
            if verdict[d] == 1 and taken in used and wrong not in ("second is true", "best of each truth"):
                verdict[d] = -1 if wrong == "second is ignored" else 0
            if verdict[d] == 1 and wrong == "best of each truth":
                rivals = [e for e in order if g["dt_image"][e] == g["dt_image"][d]]
                verdict[d] = iou[d, taken] >= max(iou[e, taken] for e in rivals)
            used.add(taken)
        given = [0 if wrong == "ignored in precision" and verdict[d] < 0 else verdict[d] for d in order]
        hits, seen = points(given)
        for d, hit, n in zip(order, hits, seen):
            if verdict[d] == 1:
                out["voc_precision_at"][d] = hit / n
                out["voc_recall_at"][d] = hit / positives if positives else np.nan
        if positives:
            out["voc07"][k], out["voc10"][k], all_101 = areas(g, given, positives, wrong)
            out["voc101"][k] = all_101[::10].mean() if wrong == "11 points" else all_101.mean()
    out["voc_order"] = np.array(out["voc_order"])
    return out


# ---- COCO ----

def outside(area, low, high, wrong):
    return (area <= low if wrong == "lower end" else area < low) | (area >= high if wrong == "upper end" else area > high)


def match(g, iou, order, ignore, threshold, inside, wrong, used):
    """One class, range and threshold: the matches and what is ignored, by rows."""
    found, ignored = {}, {}
    for d in order:
        free = []
        for j in np.flatnonzero(~np.isnan(iou[d])):
            crowd = g["gt_crowd"][j]
            if wrong == "crowd is false" and crowd or j in used and not (crowd and wrong != "crowd once") and wrong != "second is true":
                continue
            if iou[d, j] > threshold if wrong == "coco iou above" else iou[d, j] >= threshold:
                counts = not ignore[j] or wrong == "given up"
                free.append((counts, 0 if wrong == "last reaching" else iou[d, j], -j if wrong == "equal first" else j))
        if free:
            j = abs(max(free)[2])
            used.add(j)
            found[d], ignored[d] = j, ignore[j] and wrong != "ignored is true"
            if wrong == "id 0" and g["gt_id"][j] == 0:
                found[d], ignored[d] = -1, bool(ignore[j]) or not inside[d]
        else:
            empty = not (g["gt_image"] == g["dt_image"][d]).any()
            found[d] = -1
            ignored[d] = (not inside[d] and wrong != "outside is false") or (wrong == "coco empty image" and empty)
        if wrong == "matched outside" and not inside[d]:
            ignored[d] = True
    return found, ignored


def mean_known(values, wrong="", axis=None):
    known = values != -1
    if wrong == "-1 in mean":
        return values.mean()
    if wrong == "empty is 0":
        return np.where(known, values, 0).mean()
    return values[known].mean() if known.any() else -1.0


def coco(g, wrong):
    iou = overlaps(g, int(wrong == "coco with plus"), True, wrong)
    thresholds = 0.5 + 0.05 * np.arange(10) if wrong == "steps" else g["thresholds"]
    D, K, T, R, A, M = (len(g["dt_score"]), g["classes"], len(thresholds), len(g["recalls"]), len(g["ranges"]), len(g["limits"]))
    out = {"iou": iou, "coco_order": np.full(D, np.nan), "coco_match": np.full((A, T, D), np.nan),
           "coco_ignored": np.full((A, T, D), np.nan), "coco_positives": np.zeros((A, K), int),
           "coco_precision_at": np.full((A, T, D), np.nan), "precision": np.full((T, R, K, A, M), -1.0),
           "recall": np.full((T, K, A, M), -1.0)}
    area = g["gt_box"][:, 2] * g["gt_box"][:, 3] if wrong == "area of box" else g["gt_area"]
    hard = (g["gt_crowd"] == 1) | ((g["gt_difficult"] == 1) & (wrong != "difficult not ignored"))
    sorted_so_far = 0
    for k in range(K):
        of_class = sorted((d for d in range(D) if g["dt_class"][d] == k), key=lambda d: g["dt_image"][d])
        order, rank = by_score(g, of_class, wrong), {}
        for image in range(g["images"]):
            for n, d in enumerate(d for d in order if g["dt_image"][d] == image):
                rank[d] = n
        order = [d for d in order if rank[d] < g["limits"][-1]]
        if wrong == "within images":
            order = sorted(order, key=lambda d: g["dt_image"][d])
        out["coco_order"][sorted_so_far:sorted_so_far + len(order)] = order
        sorted_so_far += len(order)
        used = set()
        for a, (low, high) in enumerate(g["ranges"]):
            ignore = hard | outside(area, low, high, wrong)
            inside = ~outside(g["dt_box"][:, 2] * g["dt_box"][:, 3], low, high, wrong)
            to_find = (g["gt_class"] == k) & (~ignore | (wrong == "ignored to find"))
            if wrong == "coco unseen image":
                to_find &= np.isin(g["gt_image"], g["dt_image"])
            positives = out["coco_positives"][a, k] = to_find.sum()
            for t, threshold in enumerate(thresholds):
                if wrong != "used stays":
                    used = set()
                found, ignored = match(g, iou, order, ignore, threshold, inside, wrong, used)
                verdict = {d: -1 if ignored[d] else int(found[d] >= 0) for d in order}
                for d in order:
                    out["coco_match"][a, t, d], out["coco_ignored"][a, t, d] = found[d], ignored[d]
                for m, limit in enumerate(g["limits"]):
                    among = [d for d in order if rank[d] < limit + (wrong == "one more")]
                    given = [0 if wrong == "ignored in precision" and verdict[d] < 0 else verdict[d] for d in among]
                    hits, seen = points(given)
                    if m == M - 1:
                        for d, hit, n in zip(among, hits, seen):
                            if verdict[d] == 1:
                                out["coco_precision_at"][a, t, d] = hit / n
                    if positives:
                        out["precision"][t, :, k, a, m] = areas(g, given, positives, wrong)[2]
                        last = hits[-1] if len(hits) else 0
                        out["recall"][t, k, a, m] = last / (len(order) if wrong == "recall over detections" else positives)
    p, r = out["precision"], out["recall"]
    per_class = wrong if wrong == "empty is 0" else ""
    out["ap"] = np.array([[[mean_known(p[t, :, k, a, M - 1], per_class) for k in range(K)] for t in range(T)] for a in range(A)])
    last = M - 1
    out["coco"] = np.array([mean_known(v, wrong) for v in (
        p[..., 0, last], p[0, ..., 0, last], p[5, ..., 0, last], p[..., 1, last], p[..., 2, last], p[..., 3, last],
        r[..., 0, 0], r[..., 0, 1], r[..., 0, 2], r[..., 1, last], r[..., 2, last], r[..., 3, last])])
    return out


def whole(g, wrong=""):
    return voc(g, wrong) | coco(g, wrong)


for case in ("worked_example", "duplicate", "difficult", "crowd", "area_edge", "tie", "used_best_match", "equal_iou",
             "more_than_100", "empty_image", "no_ground_truth", "id_zero", "recall_points", "threshold_edge"):
    right(case, whole)
for case, name, ids in (
        ("worked_example", "corners", "boxes-as-corners"), ("worked_example", "centres", "boxes-as-centres"), ("worked_example", "voc without plus", "voc-without-plus"),
        ("worked_example", "coco with plus", "coco-with-plus"), ("worked_example", "ascending", "scores-ascending"),
        ("duplicate", "within images", "coco-sorted-within-images"),
        ("duplicate", "best of each truth", "best-detection-of-each-truth"), ("crowd", "crowd is false", "coco-crowd-is-false"),
        ("crowd", "crowd once", "coco-crowd-taken-once"), ("crowd", "crowd union", "coco-crowd-union"),
        ("crowd", "given up", "coco-given-up-for-crowd"), ("area_edge", "area of box", "coco-area-of-box"),
        ("area_edge", "upper end", "coco-upper-end-out"), ("area_edge", "lower end", "coco-lower-end-out"),
        ("area_edge", "outside is false", "coco-unmatched-outside-is-false"), ("worked_example", "11 points", "coco-11-points"),
        ("recall_points", "i / 100", "recalls-i-over-100"), ("recall_points", "recall in floats", "voc07-recall-in-floats"),
        ("threshold_edge", "steps", "thresholds-in-steps"), ("threshold_edge", "voc iou above", "voc-iou-above"),
        ("threshold_edge", "coco iou above", "coco-iou-above"), ("duplicate", "recall over detections", "recall-over-detections"),
        ("no_ground_truth", "empty is 0", "empty-class-is-0"), ("no_ground_truth", "-1 in mean", "coco-minus-1-in-mean"),
        ("tie", "ties reversed", "ties-reversed"), ("equal_iou", "equal first", "coco-equal-iou-first"),
        ("equal_iou", "voc equal last", "voc-equal-iou-last"), ("used_best_match", "voc next best", "voc-next-best"),
        ("difficult", "difficult counts", "voc-difficult-counts"), ("difficult", "ignored in precision", "ignored-counted-in-precision"),
        ("crowd", "ignored in precision", "crowd-counted-in-precision"), ("duplicate", "one more", "limit-one-more"),
        ("empty_image", "no recall 0", "voc07-without-recall-0"), ("empty_image", "over 10", "voc07-over-10"),
        ("duplicate", "ten points", "voc07-ten-points"), ("recall_points", "voc07 above", "voc07-recall-above"),
        ("recall_points", "coco above", "coco-recall-above"), ("duplicate", "second is ignored", "voc-second-is-ignored"),
        ("difficult", "difficult to find", "voc-difficult-to-find"), ("crowd", "ignored to find", "coco-ignored-to-find"),
        ("area_edge", "ignored to find", "coco-other-areas-to-find"), ("worked_example", "trapezoids", "voc10-trapezoids"),
        ("empty_image", "over found", "voc10-over-found"), ("worked_example", "negative sides", "iou-negative-sides"),
        ("worked_example", "overlap twice", "iou-overlap-twice"), ("worked_example", "over truth", "iou-over-truth"),
        ("worked_example", "over smaller", "iou-over-smaller"), ("worked_example", "over larger", "iou-over-larger"),
        ("worked_example", "over detection", "iou-over-detection"), ("crowd", "crowd over crowd", "coco-crowd-over-crowd"),
        ("worked_example", "plus in overlap", "voc-plus-in-overlap-only"), ("crowd", "ignored is true", "coco-match-of-ignored-is-true"),
        ("empty_image", "coco empty image", "coco-empty-image-ignored"), ("empty_image", "voc empty image", "voc-empty-image-ignored"),
        ("area_edge", "matched outside", "coco-matched-outside-ignored"),
        ("empty_image", "voc unseen image", "voc-unseen-image-not-to-find"),
        ("empty_image", "coco unseen image", "coco-unseen-image-not-to-find"), ("id_zero", "id 0", "coco-id-0-is-none"),
        ("difficult", "difficult not ignored", "coco-difficult-not-ignored"), ("duplicate", "used stays", "coco-used-at-lower-threshold"),
        ("used_best_match", "last reaching", "coco-threshold-not-carried")):
    mistake(case, ids, lambda g, wrong=name: whole(g, wrong))
mistake("duplicate", "voc-second-is-true", lambda g: voc(g, "second is true") | coco(g, ""))
mistake("duplicate", "coco-second-is-true", lambda g: voc(g, "") | coco(g, "second is true"))
mistake("worked_example", "not-monotone", lambda g: voc(g, "not monotone") | coco(g, "not monotone"))

run("map")
