"""How time and memory grow with length, batch and width, for every op of the tape and the methods on it: the driver of
`make bench-growth`, about two minutes on an idle core.

Each axis is doubled four times from a small size while the others stay, one thread. The exponent is the slope of the last
three sizes on two logarithmic scales; beside it stands the largest power of the formula. A time may grow more slowly (what
does not grow is still part of it); where it grows faster by more than SLACK, the line says so, and the exit status is 1.
Memory is counted, not timed: bytes of the tape after a step. Then the largest length once more with two threads: a step
that takes longer with two than with one is told, too (on idle cores only: `load` is printed first).

growth.tsv has a line a task and axis, growth-curves.tsv the points of the figure. Not here: COCO by images (map.tsv), bytes
of text (bpe-gigabyte.tsv), and what takes the same time at any size (a step of TD).
"""
import argparse
import math
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SLACK = 0.25   # of an exponent: what leaves the caches on the way gets slower once
SLOWER = 1.1   # with two threads: more is told


def lines(threads, *command):
    told = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    out = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, env=told).stdout
    return [line.split("\t") for line in out.splitlines()]


def slope(points):
    """Of the last three (size, value), least squares of the logarithms; 0 where nothing is counted."""
    last = [(math.log(x), math.log(y)) for x, y in points[-3:] if y > 0]
    if len(last) < 3:
        return 0
    x0, y0 = (sum(c) / len(last) for c in zip(*last))
    return sum((x - x0) * (y - y0) for x, y in last) / sum((x - x0) ** 2 for x, _ in last)


def write(name, rows):
    part = HERE / (name + ".part")
    part.write_text("".join("\t".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row) + "\n" for row in rows))
    part.rename(HERE / name)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--build", type=pathlib.Path, default="build", help="where the program is built")
    arguments.add_argument("--only", default="", help="tasks that have this in their name; no table is written")
    options = arguments.parse_args()
    program = options.build / "tests/bench/growth"
    print(f"load before the run {os.getloadavg()[0]:.2f}\n{'':20} axis    time grows, by formula   memory, by formula")
    tasks, faster = {}, 0
    for name, axis, time, memory in lines(1, program):
        if options.only in name:
            tasks.setdefault(name, []).append((axis, int(time), int(memory)))
    table = ["task axis time_formula time memory_formula memory from to ms bytes".split()]
    curves = ["task axis time_formula memory_formula times ms bytes".split()]
    for name, axes in tasks.items():
        one, two = lines(1, program, name), lines(2, program, name)
        for axis, time, memory in axes:
            of = [(int(size), float(ms), int(bytes)) for a, size, ms, bytes in one if a == axis]
            grows = slope([(size, ms) for size, ms, _ in of]), slope([(size, bytes) for size, _, bytes in of])
            bad = grows[0] > time + SLACK or grows[1] > memory + 0.01
            faster += bad
            both = [float(ms) for a, _, ms, _ in two if a == axis][-1] / of[-1][1]
            print(f"{name:20} {axis:8} {grows[0]:9.2f} {time:9}    {grows[1]:9.2f} {memory:9}"
                  + "   faster than its formula" * bad + f"   with two threads {both:.2f} times as long" * (both > SLOWER), flush=True)
            table.append([name, axis, time, grows[0], memory, grows[1], of[0][0], of[-1][0], of[-1][1], of[-1][2]])
            for size, ms, bytes in of:
                curves.append([name, axis, time, memory, size // of[0][0], ms / of[0][1], bytes / of[0][2] if of[0][2] else "-"])
            curves.append([name, axis, time, memory, "-", "-", "-"])
    if not options.only:
        write("growth.tsv", table)
        write("growth-curves.tsv", curves)
    sys.exit(1 if faster else 0)


try:
    main()
except KeyboardInterrupt:
    sys.exit("\ninterrupted: the tables stay as they are")
