"""The random walk in NumPy for bench.py, as td.c: td.py loop|arrays. A step is 1000 runs of 100 episodes; the value is
their mean squared error. As a loop over the steps of one run after the other, as such code is usually written (20 runs
are timed for the 1000), and with all runs side by side as arrays."""
import sys

import numpy as np

from contestant import answer

RUNS, PART, EPISODES, ALPHA = 1000, 20, 100, 0.1
TRUTH = np.arange(1, 6) / 6
rng = np.random.default_rng(1)


def loop():
    error = 0
    for _ in range(PART):
        v = np.full(7, 0.5)
        v[0], v[6] = 0, 0
        for _ in range(EPISODES):
            s = 3
            while 1 <= s <= 5:
                n = s + (1 if rng.random() < 0.5 else -1)
                v[s] += ALPHA * ((n == 6) + v[n] - v[s])
                s = n
        error += np.mean((v[1:6] - TRUTH) ** 2) / PART
    return error


def arrays():
    """Every run walks by itself, each to its own end of 100 episodes."""
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
    return np.mean((v[:, 1:6] - TRUTH) ** 2)


if sys.argv[1] == "loop":
    answer(loop, parts=RUNS // PART)
else:
    answer(arrays)
