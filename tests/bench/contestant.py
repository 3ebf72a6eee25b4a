"""What every contestant of bench.py in Python does; as bench.h."""
import sys
import time


def answer(step, parts=1):
    """For each number of steps on stdin: the milliseconds of one step, and the value that the last one returned.
    Where step() does only one of so many equal parts, its time counts for all."""
    for line in sys.stdin:
        steps, start = int(line), time.perf_counter()
        for _ in range(steps):
            value = step()
        ms = 1e3 * parts * (time.perf_counter() - start) / steps
        print(f"{ms:.9g} {float(value):.17g}", flush=True)
