"""TD(0) on the random walk of chapter td, ours beside NumPy's, in turns in one run:

    make build/tests/bench/td
    /usr/bin/python3 tests/bench/td.py [build/tests/bench/td]

1000 runs of 100 episodes, one thread, the processor's time. NumPy twice: a loop over the steps of one run after the
other, as such code is usually written (20 runs are timed and scaled), and all runs side by side as arrays.
"""
import statistics
import subprocess
import sys
import time

import numpy as np

RUNS, EPISODES, ALPHA, ROUNDS = 1000, 100, 0.1, 11
TRUTH = np.arange(1, 6) / 6


def loop(rng, runs=20):
    start, error = time.process_time(), 0
    for _ in range(runs):
        v = np.full(7, 0.5)
        v[0], v[6] = 0, 0
        for _ in range(EPISODES):
            s = 3
            while 1 <= s <= 5:
                n = s + (1 if rng.random() < 0.5 else -1)
                v[s] += ALPHA * ((n == 6) + v[n] - v[s])
                s = n
        error += np.mean((v[1:6] - TRUTH) ** 2) / runs
    return (time.process_time() - start) * RUNS / runs, error


def arrays(rng):
    """Every run walks by itself, each to its own end of 100 episodes."""
    start = time.process_time()
    v = np.full((RUNS, 7), 0.5)
    v[:, 0] = v[:, 6] = 0
    run, s, left = np.arange(RUNS), np.full(RUNS, 3), np.full(RUNS, EPISODES)
    while len(run):
        n = s + 2 * rng.integers(0, 2, len(run)) - 1
        v[run, s] += ALPHA * ((n == 6) + v[run, n] - v[run, s])
        ended = (n == 0) | (n == 6)
        s, left = np.where(ended, 3, n), left - ended
        going = left > 0
        run, s, left = run[going], s[going], left[going]
    return time.process_time() - start, np.mean((v[:, 1:6] - TRUTH) ** 2)


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else "build/tests/bench/td"
    ours = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(ROUNDS):
        ours.stdin.write("\n")
        ours.stdin.flush()
        rows.append([tuple(map(float, ours.stdout.readline().split())), loop(rng), arrays(rng)])
    ours.stdin.close()
    print("what\tmedian_ms\ttimes_ours\tmean_squared_error")
    for k, name in enumerate(["ours", "numpy_loop", "numpy_arrays"]):
        ratio = statistics.median(r[k][0] / r[0][0] for r in rows)
        print(f"{name}\t{1e3 * statistics.median(r[k][0] for r in rows):.2f}\t{ratio:.1f}\t{statistics.mean(r[k][1] for r in rows):.5f}")


main()
