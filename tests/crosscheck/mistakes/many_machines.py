"""Chapter many_machines's known mistakes in NumPy, written from the text."""
import itertools
import math
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run  # noqa: E402


def padded(rows, *shape):
    out = np.full((24, *shape), -9, dtype=np.int32)
    out[:len(rows)] = rows
    return out


def key_rows(keys):
    return padded([list(k) + [-1] * (8 - len(k)) for k in keys], 8)


# ---- Words ----

def reduce_lines(lines, last=True, count=lambda n: n):
    """Sums of runs of equal keys."""
    out = []
    for key, n in lines:
        if out and out[-1][0] == key:
            out[-1][1] += count(n)
        else:
            out.append([key, n])
    return out if last else out[:-1]


def word_count(g, words=bytes.split, order=lambda line: (line[0], line[1]), **how):
    text = bytes(int(b) for b in g["text"])
    mapped = [words(text[int(a):int(b)]) for a, b in itertools.pairwise(g["split"])]
    combined = [reduce_lines(sorted(([w, 1] for w in part), key=order), **how) for part in mapped]
    flat = [line for part in combined for line in part]
    sums = reduce_lines(sorted(([k, n] for k, n in flat), key=order), **how)
    return {"mapped": np.array([len(m) for m in mapped]), "records": key_rows([w for part in mapped for w in part]),
            "left": np.array([len(c) for c in combined]), "combined": key_rows([k for k, _ in flat]), "combined_counts": padded([n for _, n in flat]),
            "keys": key_rows([k for k, _ in sums]), "counts": padded([n for _, n in sums])}


right("word_count", word_count)
mistake("word_count", "words-space-only", lambda g: word_count(g, lambda t: [w for w in t.split(b" ") if w]), only="mapped records")
mistake("word_count", "words-last-lost", lambda g: word_count(g, lambda t: t.split()[:-1] if not t[-1:].isspace() else t.split()))
mistake("word_count", "reduce-last-lost", lambda g: word_count(g, last=False))
mistake("word_count", "reduce-counts-lines", lambda g: word_count(g, count=lambda n: 1))


def bpe_pairs(g, weight=lambda n: n, step=1, end=0):
    pairs = {}
    for row, n in zip(g["words"], g["word_counts"]):
        word = [int(b) for b in row if b >= 0]
        for i in range(0, len(word) - 1 - end, step):
            pairs[word[i], word[i + 1]] = pairs.get((word[i], word[i + 1]), 0) + weight(int(n))
    order = sorted(pairs)
    return {"pairs": padded(order, 2), "pair_counts": padded([pairs[p] for p in order])}


right("bpe_pairs", bpe_pairs)
mistake("bpe_pairs", "pairs-weight-forgotten", lambda g: bpe_pairs(g, weight=lambda n: 1))
mistake("bpe_pairs", "pairs-without-overlap", lambda g: bpe_pairs(g, step=2))
mistake("bpe_pairs", "pairs-last-lost", lambda g: bpe_pairs(g, end=1))


def partition(g, begin=2166136261, signed=False, reducer=lambda h, R: h % R, first=False):
    hashes = []
    for row in g["keys"]:
        h = begin
        for b in (int(b) for b in row if b >= 0):
            b = (b - 256) % 2 ** 32 if signed and b > 127 else b
            h = (h * 16777619 % 2 ** 32) ^ b if first else (h ^ b) * 16777619 % 2 ** 32
        hashes.append(h)
    return {"hash": np.array(hashes, dtype=float), "reducer": np.array([reducer(h, g["R"]) for h in hashes])}


def as_signed(h):
    return h - 2 ** 32 if h >= 2 ** 31 else h


right("partition", partition)
mistake("partition", "partition-negative", lambda g: partition(g, reducer=lambda h, R: int(math.fmod(as_signed(h), R))))
mistake("partition", "partition-absolute", lambda g: partition(g, reducer=lambda h, R: abs(as_signed(h)) % R))
mistake("partition", "hash-signed-bytes", lambda g: partition(g, signed=True))
mistake("partition", "hash-fnv-1", lambda g: partition(g, first=True))
mistake("partition", "hash-from-zero", lambda g: partition(g, begin=0))


# ---- Rows ----

def lists(g, length, items):
    flat = iter(g[items].tolist())
    return [None if n < 0 else [next(flat) for _ in range(n)] for n in g[length]]


def columns(names, rows):
    return {name: padded(list(column)) for name, column in zip(names.split(), zip(*rows))}


def explode(g, outer=False, keep=lambda x: True):
    rows = []
    for k, a in enumerate(lists(g, "length", "items")):
        rows += [(k, x) for x in a or [] if keep(x)] or ([(k, -1)] if outer and not a else [])
    return columns("row item", rows)


right("explode_array", explode)
mistake("explode_array", "explode-null-item-dropped", lambda g: explode(g, keep=lambda x: x >= 0))
mistake("explode_array", "explode-always-outer", lambda g: explode(g, outer=True))


def posexplode(g, first=0, none=-1, stays=lambda a: not a):
    rows = []
    for k, a in enumerate(lists(g, "length", "items")):
        rows += [(k, first + i, x) for i, x in enumerate(a or [])] or ([(k, none, -1)] if stays(a) else [])
    return columns("row position item", rows)


right("posexplode_outer", posexplode)
mistake("posexplode_outer", "posexplode-from-one", lambda g: posexplode(g, first=1))
mistake("posexplode_outer", "outer-position-zero", lambda g: posexplode(g, none=0))
mistake("posexplode_outer", "outer-forgotten", lambda g: posexplode(g, stays=lambda a: False))
mistake("posexplode_outer", "outer-null-only", lambda g: posexplode(g, stays=lambda a: a is None))


def views(g, join=itertools.product):
    both = zip(lists(g, "length_a", "items_a"), lists(g, "length_b", "items_b"))
    return columns("row a b", [(k, x, y) for k, (a, b) in enumerate(both) for x, y in join(a or [], b or [])])


right("two_views", views)
mistake("two_views", "views-zipped", lambda g: views(g, zip))


# ---- Sums ----

def f4(g, name):
    return g[name].astype(np.float32)


def halves(x):
    """The upper and the lower 16 bits of float32."""
    b = x.view(np.uint32)
    return np.stack([b >> 16, b & 65535], axis=1).astype(np.int32)


def chain(g):
    partial = np.add.accumulate(f4(g, "x"), axis=0, dtype=np.float32)
    return {"partial": partial, "sum": partial[-1], "bits": halves(partial[-1])}


def tree(g, total=lambda x, fours: fours[0] + fours[1]):
    x = f4(g, "x")
    pairs = x[0::2] + x[1::2]
    fours = pairs[0::2] + pairs[1::2]
    s = total(x, fours)
    return {"pairs": pairs, "fours": fours, "sum": s, "bits": halves(s)}


right("tree_sum", tree)
right("chain_sum", chain)
mistake("tree_sum", "tree-left-fold", lambda g: tree(g, lambda x, fours: np.add.accumulate(x, axis=0, dtype=np.float32)[-1]))


def ring_of(x, first=0, second=1, add=True, copy=True):
    p, n = x.shape
    edge, now, after = [b * n // p for b in range(p + 1)], x.copy(), []
    for s in range(2 * p - 2):
        one = s < p - 1
        old = now.copy()
        for r in range(p):
            b = (r + (first if one else second) - (s if one else s - p + 1)) % p
            part, to = slice(edge[b], edge[b + 1]), (r + 1) % p
            adds = add if one else not copy
            now[to, part] = old[to, part] + old[r, part] if adds else old[r, part]
        after.append(now.copy())
    return np.array(after)


def ring(g, **how):
    return {"three": ring_of(f4(g, "x3"), **how), "four": ring_of(f4(g, "x4"), **how)}


right("ring", ring)
mistake("ring", "ring-block-one-ahead", lambda g: ring(g, first=1))
mistake("ring", "ring-second-round-one-behind", lambda g: ring(g, second=0))
mistake("ring", "ring-copies-in-round-one", lambda g: ring(g, add=False))
mistake("ring", "ring-adds-in-round-two", lambda g: ring(g, copy=False))


# ---- Training ----

def gradient(w, x, y, H):
    """The loss and gradient of a few examples, summed; o = W2 tanh(W1 x + b1) + b2."""
    I = x.shape[1]
    O = (len(w) - H * (I + 1)) // (H + 1)
    w1, b1, w2, b2 = np.split(w, np.cumsum([H * I, H, O * H]))
    w1, w2 = w1.reshape(H, I), w2.reshape(O, H)
    h = np.tanh(x @ w1.T + b1)
    o = h @ w2.T + b2
    p = np.exp(o - o.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).sum()
    do = p - np.eye(O)[y]
    da = (do @ w2) * (1 - h * h)
    return loss, np.concatenate([(da.T @ x).ravel(), da.sum(0), (do.T @ h).ravel(), do.sum(0)])


def adam(w, m, v, g, t, rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return w - rate * (m / (1 - 0.9 ** t)) / (np.sqrt(v / (1 - 0.999 ** t)) + 1e-8), m, v


def step(g, divide=lambda total, n: total / n, late=0):
    H = int(g["H"])
    parts = [gradient(g["w"], x, y, H) for x, y in zip(g["x"], g["y"])]
    losses, leaves = np.array([p[0] for p in parts]), np.array([p[1] for p in parts])
    n = g["y"].size
    w, m, v = adam(g["w"], g["m"], g["v"], divide(leaves.sum(0), n), int(g["steps"]) + 1 - late, g["rate"])
    return {"losses": losses, "leaves": leaves, "sum": leaves.sum(0), "loss": np.array(losses.sum() / n), "new_m": m, "new_v": v, "new_w": w}


right("data_parallel_step", step)
mistake("data_parallel_step", "step-divided-twice", lambda g: step(g, lambda total, n: total / n / 8))
mistake("data_parallel_step", "step-divided-by-leaves", lambda g: step(g, lambda total, n: total / 8))
mistake("data_parallel_step", "step-count-late", lambda g: step(g, late=1))


def resume(g, m=1, v=1, taken=None, done=None):
    w, m, v, out = g["w"], m * g["m"], v * g["v"], []
    steps = int(g["steps"])
    batches = g["drawn"].reshape(-1, 8)
    for k in range(3):
        batch = batches[(steps if taken is None else taken) + k]
        w, m, v = adam(w, m, v, gradient(w, g["x"][batch], g["y"][batch], int(g["H"]))[1] / 8, (steps if done is None else done) + k + 1, g["rate"])
        out.append(w)
    return {"weights": np.array(out)}


right("resume", resume)
mistake("resume", "resume-without-m", lambda g: resume(g, m=0))
mistake("resume", "resume-without-v", lambda g: resume(g, v=0))
mistake("resume", "resume-without-step", lambda g: resume(g, done=0))
mistake("resume", "resume-without-random", lambda g: resume(g, taken=0))


# ---- Laws ----

def hours(r, lam, mu, single):
    step = total = 0
    for i in range(r):
        step = (1 + (0 if i == 0 else mu if single else i * mu) * step) / ((r - i) * lam)
        total += step
    return total


def durability(g, block=lambda n, k: math.comb(k, 3) / math.comb(n, 3), both=(False, True), any_of=lambda p, B: -math.expm1(B * math.log1p(-p))):
    n, k, B = int(g["n"]), int(g["k"]), g["B"]
    b = block(n, k)
    fixed = sum((-1) ** (j + 1) * math.comb(n // 3, j) * math.comb(n - 3 * j, k - 3 * j) for j in range(1, k // 3 + 1)) / math.comb(n, k)
    return {"hours": np.array([hours(r, g["lambda"], g["mu"], both[0]) for r in range(1, 5)]),
            "hours_single": np.array([hours(r, g["lambda"], g["mu"], both[1]) for r in range(1, 5)]), "block": np.array(b),
            "random": np.array(any_of(b, B)), "fixed": np.array(fixed), "expected": np.array(B * b)}


right("durability", durability)
mistake("durability", "lost-k3-of-n2", lambda g: durability(g, lambda n, k: math.comb(k, 3) / math.comb(n, 2)))
mistake("durability", "lost-with-return", lambda g: durability(g, lambda n, k: (k / n) ** 3))
mistake("durability", "lost-any-added", lambda g: durability(g, any_of=lambda p, B: B * p))
mistake("durability", "chain-one-repairer", lambda g: durability(g, both=(True, True)))


def checkpoint(g, overhead=lambda t, C, M: M / t * np.expm1((t + C) / M), two=2):
    C, M = g["C"], g["M"]
    low, high = 0, M
    for _ in range(200):
        t = (low + high) / 2
        low, high = (t, high) if math.exp((t + C) / M) * (1 - t / M) > 1 else (low, t)
    return {"overhead": overhead(g["t"], C, M), "young": np.array(math.sqrt(two * C * M)), "best": np.array(t)}


right("checkpoint", checkpoint)
mistake("checkpoint", "overhead-first-order", lambda g: checkpoint(g, lambda t, C, M: 1 + C / t + t / (2 * M)))
mistake("checkpoint", "overhead-saving-is-safe", lambda g: checkpoint(g, lambda t, C, M: M / t * np.expm1(t / M) + C / t))
mistake("checkpoint", "young-without-two", lambda g: checkpoint(g, two=1))


if __name__ == "__main__":
    run("many_machines")
