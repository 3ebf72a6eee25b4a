"""Chapter map against pycocotools, and against every rule written once more in exact fractions.

The cases come from the .npy files alone. Then generated sets of several sizes, with crowds, ties, empty
images and classes without ground truth, go through the scoring tool (build/map/map, or MAP=...) and through
pycocotools: all twelve numbers and the whole arrays of precision and recall.
"""
import contextlib
import copy
import csv
import io
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np

from check import ROOT, record, run

try:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
except ImportError:
    sys.exit("chapter map's cross-check needs pycocotools: python3 -m venv --system-site-packages build/venv && "
             "build/venv/bin/pip install pycocotools && make crosscheck PYTHON=build/venv/bin/python")

CLOSE = 1e-12


# ---- pycocotools ----

class Mended(COCOeval):
    """pycocotools with `ignore` honoured: its own _prepare overwrites the flag by iscrowd."""

    def _prepare(self):
        super()._prepare()
        for gts in self._gts.values():
            for g in gts:
                g["ignore"] = g["iscrowd"] or g.get("difficult", 0)


def coco_of(truths, detections, evaluator, given=None):
    """precision, recall, the twelve numbers from COCO's dictionaries, with a case's thresholds, recalls, ranges, limits."""
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = copy.deepcopy(truths)
        gt.createIndex()
        e = evaluator(gt, gt.loadRes(copy.deepcopy(detections)), "bbox")
        if given:
            e.params.iouThrs, e.params.recThrs = given["thresholds"], given["recalls"]
            e.params.areaRng, e.params.maxDets = given["ranges"].tolist(), given["limits"].tolist()
        e.evaluate()
        e.accumulate()
        e.summarize()
    return e.eval["precision"], e.eval["recall"], e.stats


def dictionaries(g, shift):
    """The case as COCO's dictionaries; ids are moved by `shift`, since pycocotools takes id 0 for none."""
    truths = {
        "images": [{"id": i} for i in range(g["images"])],
        "categories": [{"id": k} for k in range(g["classes"])],
        "annotations": [
            {"id": int(g["gt_id"][i]) + shift, "image_id": int(g["gt_image"][i]), "category_id": int(g["gt_class"][i]),
             "bbox": g["gt_box"][i].tolist(), "area": float(g["gt_area"][i]), "iscrowd": int(g["gt_crowd"][i]),
             "difficult": int(g["gt_difficult"][i])} for i in range(len(g["gt_id"]))]}
    detections = [{"image_id": int(i), "category_id": int(k), "bbox": b.tolist(), "score": float(s)}
                  for i, k, b, s in zip(g["dt_image"], g["dt_class"], g["dt_box"], g["dt_score"])]
    return truths, detections


# ---- The rules in exact fractions ----

def iou(d, g, plus, crowd):
    """Exact, then rounded to double, since thresholds are doubles: 11/20 is below the double .55, and reaches it."""
    (dx, dy, dw, dh), (gx, gy, gw, gh) = ([Fraction(float(v)) for v in b] for b in (d, g))
    dw, dh, gw, gh = dw + plus, dh + plus, gw + plus, gh + plus
    w, h = min(dx + dw, gx + gw) - max(dx, gx), min(dy + dh, gy + gh) - max(dy, gy)
    both = w * h if w > 0 and h > 0 else Fraction(0)
    return Fraction(float(both / (dw * dh if crowd else dw * dh + gw * gh - both))) if both else both


def ious(g, plus, crowds):
    same = (g["dt_image"][:, None] == g["gt_image"]) & (g["dt_class"][:, None] == g["gt_class"])
    return [[iou(d, t, plus, crowds and g["gt_crowd"][j]) if same[i, j] else None
             for j, t in enumerate(g["gt_box"])] for i, d in enumerate(g["dt_box"])]


def points(verdicts):
    """(hits, seen) after each hit."""
    hits = seen = 0
    curve = []
    for hit in verdicts:
        seen += 1
        hits += hit
        if hit:
            curve.append((hits, seen))
    return curve


def best_from(curve, enough):
    """The highest precision among the points for which enough(hits) holds."""
    return max((Fraction(h, n) for h, n in curve if enough(h)), default=Fraction(0))


def voc(g, exact, k, order):
    """The matches and verdicts of class k, its points, and its three APs, for an order of the detections."""
    count = ~((g["gt_difficult"] == 1) | (g["gt_crowd"] == 1))
    positives = int((count & (g["gt_class"] == k)).sum())
    used, match, fate = set(), {}, {}
    for d in order:
        near = [(v, -j) for j, v in enumerate(exact[d]) if v]
        best, j = max(near, default=(0, 0))
        j = -j
        match[d], fate[d] = -1, 0
        if best and best >= Fraction(g["voc_threshold"]):
            match[d] = j
            fate[d] = -1 if not count[j] else int(j not in used)
            used.add(j)
    curve = points([fate[d] for d in order if fate[d] >= 0])
    if not positives:
        return match, fate, curve, (-1, -1, -1, -1), 0
    last = g["voc07_points"] - 1
    eleven = sum(best_from(curve, lambda h: Fraction(h, positives) >= Fraction(r, last)) for r in range(last + 1)) / (last + 1)
    floats = np.mean([best_from(curve, lambda h: h / positives >= r) for r in np.arange(0.0, 1.1, 0.1)])
    every = sum(best_from(curve, lambda h: h >= n) for n in range(1, positives + 1)) / positives
    hundred = sum(coco_precision(g, curve, positives)) / len(g["recalls"])
    return match, fate, curve, (eleven, every, hundred, floats), positives


def coco(g, exact, k, order, a, limit=None):
    """Class k in range a: match and ignored (T, D), for each threshold the verdicts with rows, best first, and how many
    there are to find."""
    low, high = g["ranges"][a]
    most = g["limits"][-1]
    ignore = (g["gt_crowd"] == 1) | (g["gt_difficult"] == 1) | (g["gt_area"] < low) | (g["gt_area"] > high)
    T, D = len(g["thresholds"]), len(g["dt_score"])
    match, ignored = np.full((T, D), np.nan), np.full((T, D), np.nan)
    rank = {}
    for image in range(g["images"]):
        for r, d in enumerate(d for d in order if g["dt_image"][d] == image):
            rank[d] = r
    for t, threshold in enumerate(g["thresholds"]):
        need, used = Fraction(float(threshold)), set()
        for d in order:
            if rank[d] >= most:
                continue
            free = [(not ignore[j], v, j) for j, v in enumerate(exact[d])
                    if v is not None and v >= need and (j not in used or g["gt_crowd"][j])]
            if free:  # one that counts before one that does not, then the largest IoU, then the later one
                j = max(free)[2]
                used.add(j)
                match[t, d], ignored[t, d] = j, ignore[j]
            else:
                w, h = g["dt_box"][d][2:]
                match[t, d], ignored[t, d] = -1, not low <= w * h <= high
    among = [d for d in order if rank[d] < (most if limit is None else limit)]
    lists = [[(d, int(match[t, d] >= 0)) for d in among if not ignored[t, d]] for t in range(T)]
    return match, ignored, lists, int((~ignore & (g["gt_class"] == k)).sum())


def coco_precision(g, curve, positives):
    eps = Fraction(g["eps"])
    return [float(max((Fraction(h) / (n + eps) for h, n in curve if h / positives >= r), default=0)) for r in g["recalls"]]


def verdicts(rows):
    return [hit for _, hit in rows]


def orders_of(g, k, rows):
    """Every order of class k's detections in which equal scores may stand; the first keeps that of rows."""
    groups = {}
    for d in rows:
        if g["dt_class"][d] == k:
            groups.setdefault(-g["dt_score"][d], []).append(d)
    for choice in itertools.product(*(itertools.permutations(groups[s]) for s in sorted(groups))):
        yield [d for part in choice for d in part]


def mean_known(values):
    known = [v for v in values if v != -1]
    return sum(known) / len(known) if known else -1


def case(given):
    g = {n: v.detach().numpy() for n, v in given.items()}
    g = {n: v.item() if v.shape == () else v for n, v in g.items()}
    D, K, T, R, A, M = (len(g["dt_score"]), g["classes"], len(g["thresholds"]), len(g["recalls"]), len(g["ranges"]),
                        len(g["limits"]))
    plain, crowds = ious(g, int(g["voc_plus"]), False), ious(g, 0, True)
    out = {n: np.array([[np.nan if v is None else float(v) for v in row] for row in m]) for n, m in
           (("voc_iou", plain), ("iou", crowds))}
    nothing = lambda *shape: np.full(shape, np.nan)
    out.update(voc_match=np.zeros(D, int), voc_verdict=np.zeros(D, int), voc_precision_at=nothing(D), voc_recall_at=nothing(D),
               voc_positives=np.zeros(K, int), coco_positives=np.zeros((A, K), int), coco_match=nothing(A, T, D),
               coco_ignored=nothing(A, T, D), coco_precision_at=nothing(A, T, D), voc07=np.zeros(K), voc07_floats=np.zeros(K), voc10=np.zeros(K),
               voc101=np.zeros(K), precision=np.full((T, R, K, A, M), -1.0), recall=np.full((T, K, A, M), -1.0),
               ties=np.zeros((3, 3)))
    by_image = sorted(range(D), key=lambda d: g["dt_image"][d])
    tied, voc_order, coco_order = [], [], []
    for k in range(K):
        mine = g["dt_class"] == k
        order = next(orders_of(g, k, range(D)))
        voc_order += order
        match, fate, curve, aps, out["voc_positives"][k] = voc(g, plain, k, order)
        for d in match:
            out["voc_match"][d], out["voc_verdict"][d] = match[d], fate[d]
        for d, (hits, seen) in zip([d for d in order if fate[d] == 1], curve):
            out["voc_precision_at"][d] = hits / seen
            out["voc_recall_at"][d] = hits / out["voc_positives"][k] if out["voc_positives"][k] else np.nan
        out["voc07"][k], out["voc10"][k], out["voc101"][k], out["voc07_floats"][k] = map(float, aps)
        order = next(orders_of(g, k, by_image))
        for a, (m, limit) in itertools.product(range(A), enumerate(g["limits"])):
            match, ignored, lists, positives = coco(g, crowds, k, order, a, limit)
            out["coco_match"][a][:, mine], out["coco_ignored"][a][:, mine] = match[:, mine], ignored[:, mine]
            out["coco_positives"][a, k] = positives
            for t in range(T):
                curve = points(verdicts(lists[t]))
                if m == M - 1:
                    for d, (hits, seen) in zip([d for d, hit in lists[t] if hit], curve):
                        out["coco_precision_at"][a, t, d] = hits / seen
                if positives:
                    out["precision"][t, :, k, a, m] = coco_precision(g, curve, positives)
                    out["recall"][t, k, a, m] = sum(verdicts(lists[t])) / positives
        coco_order += [d for d in order if not np.isnan(out["coco_match"][0, 0, d])]
        if (g["gt_class"] == k).any():
            scores = []
            for order in orders_of(g, k, range(D)):
                _, _, lists, positives = coco(g, crowds, k, order, 0)
                scores.append([*map(float, voc(g, plain, k, order)[3][:2]),
                               np.mean([coco_precision(g, points(verdicts(v)), positives) for v in lists])])
            tied.append([np.min(scores, 0), np.mean(scores, 0), np.max(scores, 0)])
    out["voc_order"] = np.array(voc_order)
    out["coco_order"] = np.array(coco_order + [np.nan] * (D - len(coco_order)))
    out["ties"] = np.mean(tied, 0).T
    out["ap"] = np.array([[[mean_known(out["precision"][t, :, k, a, M - 1]) for k in range(K)] for t in range(T)]
                          for a in range(A)])
    precision, recall, out["coco"] = coco_of(*dictionaries(g, 1), Mended, g)
    assert np.abs(precision - out["precision"]).max() <= CLOSE and np.abs(recall - out["recall"]).max() <= CLOSE
    out["coco_strict"] = coco_of(*dictionaries(g, 0), COCOeval, g)[2]
    return out


# ---- Generated sets through the tool ----

def generated(seed, images, classes, decimals, digits):
    """Boxes have `digits` decimals; with -1, tens of pixels, IoUs are often equal, or a threshold exactly."""
    r = np.random.default_rng(seed)
    truths = {"images": [{"id": int(i)} for i in r.permutation(images) * 3 + 1],
              "categories": [{"id": 5 * k + 2} for k in range(classes)], "annotations": []}
    detections = []
    for i in (image["id"] for image in truths["images"]):
        objects = 0 if r.random() < .15 else r.poisson(6)
        for _ in range(objects):
            w, h = np.exp(r.normal(3.8, .9, 2)).round(digits)
            x, y = r.uniform(0, 400, 2).round(digits)
            k = int(r.integers(max(classes - 1, 1)))  # the last class has no ground truth
            area = [r.uniform(.4, 1) * w * h, 1024, 9216][r.choice(3, p=[.9, .05, .05])]
            truths["annotations"].append(
                {"id": len(truths["annotations"]) + 1, "image_id": i, "category_id": 5 * k + 2, "bbox": [x, y, w, h],
                 "area": float(area), "iscrowd": int(r.random() < .05), "ignore": int(r.random() < .03)})
            for _ in range(r.poisson(1.5)):
                box = (np.array([x, y, w, h]) + r.normal(0, .08, 4) * [w, h, w, h] * (r.random() > .1)).round(digits)
                if r.random() < .05:
                    k = int(r.integers(classes))
                detections.append({"image_id": i, "category_id": 5 * k + 2, "bbox": np.abs(box).tolist(),
                                   "score": round(float(r.random()), decimals)})
        many = 130 if r.random() < .03 else r.poisson(3)
        for k in [int(r.integers(classes))] if many > 100 else r.integers(classes, size=many):
            for _ in range(many if many > 100 else 1):
                detections.append({"image_id": i, "category_id": 5 * int(k) + 2,
                                   "bbox": np.abs(r.normal(60, 60, 4)).round(digits).tolist(),
                                   "score": round(float(r.random()), decimals)})
    r.shuffle(detections)
    return truths, detections


def renamed(truths, detections, kind):
    """The same sets with ids that are texts, or whole numbers with a point; both say the same to pycocotools."""
    image = {"text": lambda i: f"img-{i:05d}", "point": float}.get(kind, lambda i: i)
    category = {"text": lambda k: f"k{k:03d}", "point": float}.get(kind, lambda k: k)
    for x in truths["images"]:
        x["id"] = image(x["id"])
        if kind == "text":
            x["width"] = None
    for x in truths["categories"]:
        x["id"] = category(x["id"])
    for x in truths["annotations"] + detections:
        x["image_id"], x["category_id"] = image(x["image_id"]), category(x["category_id"])
        if kind == "point" and "iscrowd" in x:
            x["iscrowd"] = float(x["iscrowd"])
    return truths, detections


def tool_of(truths, detections, *options):
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        (at / "gt.json").write_text(json.dumps(truths))
        (at / "dt.json").write_text(json.dumps(detections))
        program = os.environ.get("MAP", "build/map/map")
        done = subprocess.run([program, "--gt", at / "gt.json", "--dt", at / "dt.json", "--numbers", "--arrays",
                               "--strict-coco", "--out", at / "out", *options], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{program}: {done.stderr}")
        numbers = [float(line.split()[-1].replace("none", "-1")) for line in done.stdout.splitlines() if line.startswith("COCO")]
        return np.load(at / "out/precision.npy"), np.load(at / "out/recall.npy"), np.array(numbers)


# What else is asked for: the tool's options, pycocotools' thresholds and edges of areas.
ASKED = ((), None, None), (("--thresholds", ".3,.5,.62", "--areas", "500,5000"), [.3, .5, .62], (500, 5000)), \
    (("--thresholds", ".2:.8:.2"), np.linspace(.2, .8, 4), None)


def against_the_tool():
    if not pathlib.Path(os.environ.get("MAP", "build/map/map")).exists():
        sys.exit("the cross-check of chapter map scores files with build/map/map: make map, or MAP=...")
    worst, sets = 0, 0
    for images, classes, decimals, digits, seeds in ((1, 1, 2, 1, 30), (7, 2, 1, 0, 30), (40, 3, 2, -1, 20), (60, 5, 2, 1, 12),
                                                     (300, 12, 3, 2, 4), (800, 20, 2, 1, 1)):
        for seed in range(seeds):
            truths, detections = generated(seed + 100 * images, images, classes, decimals, digits)
            if not truths["annotations"] or not detections:
                continue
            truths, detections = renamed(truths, detections, ("", "text", "point")[seed % 3])
            options, thresholds, edges = ASKED[seed % 4 % 3]
            given = None
            if options:
                low, high = edges or (1024, 9216)
                given = {"thresholds": np.array(thresholds), "recalls": np.arange(101) * .01, "limits": np.array([1, 10, 100]),
                         "ranges": np.array([[0, 1e10], [0, low], [low, high], [high, 1e10]])}
            precision, recall, numbers = coco_of(truths, detections, COCOeval, given)
            ours = tool_of(truths, detections, *options)
            T = len(precision)
            assert ours[0].shape[1:] == precision.shape[1:] and (ours[0][T:] == -1).all() and (ours[1][T:] == -1).all()
            error = max(np.abs(ours[0][:T] - precision).max(), np.abs(ours[1][:T] - recall).max())
            if not options:
                stats = summarized(*ours[:2])
                error = max(error, np.abs(stats - numbers).max())
                assert np.abs(ours[2] - numbers).max() <= 5.1e-7, "what the tool prints"
            worst = max(worst, error)
            if not error <= CLOSE:
                sys.exit(f"generated set of {images} images, seed {seed}: {error:.2e} from pycocotools")
            sets += 1
    print(f"map: the tool agrees with pycocotools on {sets} generated sets")
    record("chapters", "map/tool", sets, 3 * sets, f"{worst:.1e}", f"{worst / CLOSE:.2g}", "pycocotools, on generated sets")


def summarized(precision, recall):
    """The twelve numbers from the tool's arrays."""
    def mean(s):
        return s[s > -1].mean() if (s > -1).any() else -1
    last = precision[:, :, :, :, 2]
    return np.array([mean(last[..., 0]), mean(last[0, ..., 0]), mean(last[5, ..., 0])] +
                    [mean(last[..., a]) for a in (1, 2, 3)] + [mean(recall[:, :, 0, m]) for m in range(3)] +
                    [mean(recall[:, :, a, 2]) for a in (1, 2, 3)])


def against_the_texts():
    """The runs that map.md and tool.md show: `$ build/map/map ...` and what it prints, warnings first, without the last line,
    which names the folder."""
    program, runs = os.environ.get("MAP", "build/map/map"), 0
    for text in ("map.md", "tool.md"):
        for block in re.findall(r"^```text\n\$ build/map/map (.*?)\n(.*?)^```$", (ROOT / "chapters/map" / text).read_text(),
                                re.M | re.S):
            with tempfile.TemporaryDirectory() as folder:
                done = subprocess.run([pathlib.Path(program).resolve(), *block[0].split(), "--out", folder], cwd=ROOT,
                                      capture_output=True, text=True)
            lines = [line for line in (done.stderr + done.stdout).splitlines() if not line.startswith("scores.tsv,")]
            shown = block[1].splitlines()
            assert "\n".join(lines).strip() == "\n".join(shown).strip(), f"{text}: $ build/map/map {block[0]} prints something else"
            runs += 1
    assert runs == 3, runs
    print(f"map: {runs} runs that the texts show print what they show")


def rows_of(name):
    with open(ROOT / "chapters/map/reference" / name) as f:
        return list(csv.DictReader(f, delimiter="\t"))


def against_other_rules():
    """rules.tsv: the seven images' list under the rules of other programs, in NumPy as they have it."""
    rows = rows_of("worked-example.tsv")
    hit, score = np.array([r["hit"] == "1" for r in rows]), np.array([float(r["score"]) for r in rows])
    tp, seen, positives = hit.cumsum(), np.arange(1, len(hit) + 1), 15
    recall, precision = tp / positives, tp / seen
    high = lambda r: precision[recall >= r].max() if (recall >= r).any() else 0
    x, y = np.concatenate(([0.0], recall, [1.0])), np.concatenate(([1.0], precision, [0.0]))
    points = np.linspace(0, 1, 101)
    lines = np.interp(points, x, np.flip(np.maximum.accumulate(np.flip(y))))
    last = np.append(score[1:] != score[:-1], True)  # scikit-learn: one point for equal scores
    expected = {"voc07_floats": np.mean([high(r) for r in np.arange(0.0, 1.1, 0.1)]),
                "straight_lines": ((lines[1:] + lines[:-1]) / 2 * np.diff(points)).sum(),
                "no_envelope": precision[hit].sum() / positives,
                "scikit_learn": (np.diff(np.append(0, tp[last])) * precision[last]).sum() / tp[-1]}
    ours = {r["rule"]: float(r["seven_images"]) for r in rows_of("rules.tsv")}
    for name, value in expected.items():
        assert abs(ours[name] - value) <= CLOSE, (name, ours[name], value)
    print(f"map: the seven images under {len(expected)} rules of other programs agree with NumPy")


cases = pathlib.Path(os.environ.get("CASES", ROOT / "chapters/map/reference"))
against_the_tool()
against_the_texts()
against_other_rules()
run("map", "pycocotools; every rule in exact fractions", {p.parent.name: case for p in cases.glob("*/manifest.tsv")})
