"""COCO's evaluation by others for bench.py, as map.c: map.py pycocotools|faster_coco_eval read|evaluate FOLDER."""
import contextlib
import importlib
import os
import sys

from contestant import answer

PACKAGE, WHAT, FOLDER = sys.argv[1:]
if PACKAGE == "pycocotools":
    COCO, Eval = (importlib.import_module(m) for m in ("pycocotools.coco", "pycocotools.cocoeval"))
    COCO, Eval = COCO.COCO, Eval.COCOeval
else:
    package = importlib.import_module(PACKAGE)
    COCO, Eval = package.COCO, package.COCOeval_faster


def quietly(f):
    def g():
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
            return f()
    return g


def read():
    gt = COCO(f"{FOLDER}/gt.json")
    return gt, gt.loadRes(f"{FOLDER}/dt.json")


def read_step():
    return len(read()[1].anns)


def evaluate_step():
    e.evaluate()
    e.accumulate()
    e.summarize()
    return e.stats[0]


if WHAT == "evaluate":
    e = quietly(lambda: Eval(*read(), "bbox"))()
answer(quietly(read_step if WHAT == "read" else evaluate_step))
