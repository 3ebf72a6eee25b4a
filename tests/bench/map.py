"""COCO's evaluation, ours beside pycocotools', in turns in one run; writes tests/bench/map.tsv.

    make build/tests/bench/map
    build/venv/bin/python tests/bench/map.py [build/tests/bench/map]

Made-up sets of 80 classes with about 100 detections an image, up to 5000 images. Seconds are of the processor,
one thread; a ratio compares two runs that were taken one directly after the other. `read` is JSON on both sides;
`evaluate` is ours against pycocotools' evaluate() and accumulate().
"""
import contextlib
import io
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/tests/bench/map"
SETS = [(10, 5), (40, 5), (160, 3), (640, 3), (2500, 1), (5000, 3)]  # images, rounds


def theirs(folder):
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.process_time()
        gt = COCO(folder / "gt.json")
        e = COCOeval(gt, gt.loadRes(str(folder / "dt.json")), "bbox")
        read = time.process_time()
        e.evaluate()
        e.accumulate()
        done = time.process_time()
        e.summarize()
    return read - start, done - read, e.stats[0]


rows = []
for images, rounds in SETS:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([PROGRAM, folder, str(images)], check=True)
        runs = []
        for _ in range(rounds):
            done = subprocess.run([PROGRAM, folder], check=True, capture_output=True, text=True)
            detections, truths, read, evaluate, ap, memory = map(float, done.stdout.split())
            their_read, their_evaluate, their_ap = theirs(folder)
            assert abs(ap - their_ap) < 1e-12, (ap, their_ap)
            runs.append((read, evaluate, their_read, their_evaluate, their_evaluate / evaluate,
                         (their_read + their_evaluate) / (read + evaluate)))
    middle = [statistics.median(column) for column in zip(*runs)]
    spread = " ".join(f"{r[4]:.0f}" for r in runs)
    rows.append((images, int(truths), int(detections), *middle))
    print(f"{images} images, {int(truths)} ground truths, {int(detections)} detections: evaluation {middle[4]:.0f} times "
          f"({spread}), with JSON {middle[5]:.1f} times; ours {middle[0]:.3f} + {middle[1]:.3f} s, {memory:.0f} MiB", flush=True)

with open(pathlib.Path(__file__).with_suffix(".tsv"), "w") as f:
    f.write("images\tground_truths\tdetections\tread_seconds\tevaluate_seconds\tpycocotools_read_seconds\t"
            "pycocotools_seconds\tevaluation_ratio\twhole_ratio\n")
    for row in rows:
        f.write("\t".join(f"{v:.6g}" for v in row) + "\n")
