"""Chapter many_machines against other people's software: words by Python's and coreutils' counts, rows by
plain comprehensions, sums in NumPy's float32, gradients by PyTorch, laws by exact fractions and SciPy."""
import collections
import fractions
import itertools
import math
import subprocess

import numpy as np
import scipy.optimize
import torch

from check import run

F = fractions.Fraction
ROWS, PAD = 24, -9


def whole(given, name):
    return given[name].numpy()


def number(given, name):
    return given[name].item()


def padded(rows):
    """An array of rows, with -9 behind the last."""
    a = np.array(rows, dtype=np.int32)
    out = np.full((ROWS, *a.shape[1:]), PAD, dtype=np.int32)
    out[:len(a)] = a
    return out


def as_row(key, width):
    return list(key) + [-1] * (width - len(key))


def as_bytes(row):
    return bytes(int(b) for b in row if b >= 0)


# ---- Words ----

def counted(lines):
    """(key, count) of sorted lines, by coreutils: sort and uniq -c."""
    done = subprocess.run("LC_ALL=C sort | LC_ALL=C uniq -c", shell=True, input=b"".join(k + b"\n" for k in lines), capture_output=True, check=True)
    parts = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    return [(key, int(n)) for n, key in parts]


def word_count(given):
    text, split = bytes(whole(given, "text").tolist()), whole(given, "split")
    mapped = [text[a:b].split() for a, b in itertools.pairwise(split)]
    combined = [counted(words) for words in mapped]
    sums = collections.Counter()
    for part in combined:
        sums.update(dict(part))
    assert sums == collections.Counter(text.split())
    keys = sorted(sums)
    flat = [c for part in combined for c in part]
    return {"mapped": [len(w) for w in mapped], "records": padded([as_row(w, 8) for part in mapped for w in part]),
            "left": [len(c) for c in combined], "combined": padded([as_row(k, 8) for k, _ in flat]),
            "combined_counts": padded([n for _, n in flat]), "keys": padded([as_row(k, 8) for k in keys]),
            "counts": padded([sums[k] for k in keys])}


def bpe_pairs(given):
    pairs = collections.Counter()
    for row, n in zip(whole(given, "words"), whole(given, "word_counts")):
        for pair in itertools.pairwise(as_bytes(row)):
            pairs[pair] += int(n)
    order = sorted(pairs)
    return {"pairs": padded(order), "pair_counts": padded([pairs[p] for p in order])}


def partition(given):
    def fnv1a(key):
        h = 2166136261
        for b in key:
            h = (h ^ b) * 16777619 % 2 ** 32
        return h
    assert fnv1a(b"foobar") == 0xbf9cf968  # of the authors' list
    h = [fnv1a(as_bytes(row)) for row in whole(given, "keys")]
    return {"hash": np.array(h, dtype=np.float64), "reducer": [x % number(given, "R") for x in h]}


# ---- Rows ----

def collections_of(given, length, *items):
    """Row by row None, or a list of the items; the second of two makes tuples."""
    flat = iter(list(zip(*(whole(given, name) for name in items))))
    return [None if n < 0 else [next(flat) for _ in range(n)] for n in whole(given, length)]


def columns(names, rows):
    return {name: padded(column) for name, column in zip(names, zip(*rows))}


def explode_array(given):
    rows = [(k, x) for k, a in enumerate(collections_of(given, "length", "items")) for x, in a or []]
    return columns(["row", "item"], rows)


def explode_map(given):
    rows = [(k, *entry) for k, a in enumerate(collections_of(given, "length", "keys", "values")) for entry in a or []]
    return columns(["row", "key", "value"], rows)


def posexplode_outer(given):
    rows = [(k, i, x) for k, a in enumerate(collections_of(given, "length", "items"))
            for i, x in ([(i, x) for i, (x,) in enumerate(a)] if a else [(-1, -1)])]
    return columns(["row", "position", "item"], rows)


def two_views(given):
    both = zip(collections_of(given, "length_a", "items_a"), collections_of(given, "length_b", "items_b"))
    rows = [(k, a, b) for k, (x, y) in enumerate(both) for (a,), (b,) in itertools.product(x or [], y or [])]
    return columns(["row", "a", "b"], rows)


# ---- Sums: in float32 whatever the run, since the roundings are what is asked for ----

def single(given, name):
    return given[name].detach().numpy().astype(np.float32)


def halves(x):
    """The upper and the lower 16 bits of float32."""
    b = x.view(np.uint32)
    return np.stack([b >> 16, b & 65535], axis=1).astype(np.int32)


def tree_sum(given):
    x = single(given, "x")
    pairs = x[0::2] + x[1::2]
    fours = pairs[0::2] + pairs[1::2]
    total = fours[0] + fours[1]
    return {"pairs": pairs, "fours": fours, "sum": total, "bits": halves(total)}


def chain_sum(given):
    partial = np.add.accumulate(single(given, "x"), axis=0, dtype=np.float32)
    return {"partial": partial, "sum": partial[-1], "bits": halves(partial[-1])}


def ring_of(x):
    p, n = x.shape
    edge = [b * n // p for b in range(p + 1)]
    now, after = x.copy(), []
    for s in range(2 * (p - 1)):
        old = now.copy()
        for r in range(p):
            b = (r - s) % p if s < p - 1 else (r + 1 - (s - p + 1)) % p
            part, to = slice(edge[b], edge[b + 1]), (r + 1) % p
            now[to, part] = old[to, part] + old[r, part] if s < p - 1 else old[r, part]
        after.append(now.copy())
    return np.array(after)


def ring(given):
    return {"three": ring_of(single(given, "x3")), "four": ring_of(single(given, "x4"))}


def doubling(given):
    x, (a, b, c, d) = single(given, "x3"), single(given, "x4")
    folded = x[0] + x[2]
    whole_sum = folded + x[1]
    three = np.array([[folded, x[1], x[2]], [whole_sum, whole_sum, x[2]], [whole_sum] * 3])
    total = (a + b) + (c + d)
    return {"three": three, "four": np.array([[a + b, a + b, c + d, c + d], [total] * 4])}


# ---- Training ----

def net_loss(w, x, y, H):
    """The losses of a batch, by PyTorch."""
    I, O = x.shape[-1], (len(w) - H * (x.shape[-1] + 1)) // (H + 1)
    w1, b1, w2, b2 = torch.split(w, [H * I, H, O * H, O])
    o = torch.nn.functional.linear(torch.tanh(torch.nn.functional.linear(x, w1.view(H, I), b1)), w2.view(O, H), b2)
    return torch.nn.functional.cross_entropy(o, y, reduction="sum")


def adam_from(given):
    """PyTorch's Adam over the weights, with the state that the case gives."""
    w = given["w"].detach().clone().requires_grad_()
    adam = torch.optim.Adam([w], lr=number(given, "rate"), betas=(0.9, 0.999), eps=1e-8)
    adam.state[w] = {"step": torch.tensor(float(number(given, "steps"))), "exp_avg": given["m"].detach().clone(),
                     "exp_avg_sq": given["v"].detach().clone()}
    return w, adam


def data_parallel_step(given):
    w, adam = adam_from(given)
    H, x, y = number(given, "H"), given["x"].detach(), given["y"]
    losses = [net_loss(w, a, b, H) for a, b in zip(x, y)]
    leaves = [torch.autograd.grad(loss, w)[0] for loss in losses]
    total, examples = torch.stack(leaves).sum(0), y.numel()
    w.grad = total / examples
    adam.step()
    state = adam.state[w]
    return {"losses": torch.stack(losses), "leaves": torch.stack(leaves), "sum": total, "loss": torch.stack(losses).sum() / examples,
            "new_m": state["exp_avg"], "new_v": state["exp_avg_sq"], "new_w": w}


def resume(given):
    w, adam = adam_from(given)
    H, x, y, taken, after = number(given, "H"), given["x"].detach(), given["y"], 8 * number(given, "steps"), []
    for batch in given["drawn"][taken:].view(-1, 8):
        w.grad = torch.autograd.grad(net_loss(w, x[batch], y[batch], H) / 8, w)[0]
        adam.step()
        after.append(w.detach().clone())
    return {"weights": torch.stack(after)}


# ---- Laws, in exact fractions ----

def time_to_loss(r, lam, mu, single_repair):
    """The mean time to absorption of the chain, by Gauss's elimination."""
    a = [[F(0)] * (r + 1) for _ in range(r)]
    for i in range(r):
        up, down = (r - i) * lam, (mu if single_repair else i * mu) if i else F(0)
        a[i][i], a[i][r] = up + down, F(1)
        if i + 1 < r:
            a[i][i + 1] = -up
        if i:
            a[i][i - 1] = -down
    for i in range(r):
        for k in range(r):
            if k != i:
                f = a[k][i] / a[i][i]
                a[k] = [u - f * v for u, v in zip(a[k], a[i])]
    return float(a[0][r] / a[0][0])


def durability(given):
    lam, mu, B = (F(number(given, name)) for name in ("lambda", "mu", "B"))
    n, k = number(given, "n"), number(given, "k")
    block = F(math.comb(k, 3), math.comb(n, 3))
    fixed = sum((-1) ** (j + 1) * math.comb(n // 3, j) * F(math.comb(n - 3 * j, k - 3 * j), math.comb(n, k)) for j in range(1, k // 3 + 1))
    return {"hours": [time_to_loss(r, lam, mu, False) for r in range(1, 5)],
            "hours_single": [time_to_loss(r, lam, mu, True) for r in range(1, 5)],
            "block": float(block), "random": float(1 - (1 - block) ** int(B)) if B < 1000 else -math.expm1(float(B) * math.log1p(-float(block))),
            "fixed": float(fixed), "expected": float(B * block)}


def checkpoint(given):
    C, M, t = number(given, "C"), number(given, "M"), given["t"].detach().numpy()

    def overhead(t):
        return M / t * np.expm1((t + C) / M)
    best = scipy.optimize.brentq(lambda t: math.exp((t + C) / M) * (1 - t / M) - 1, 1, M, xtol=1e-9, rtol=1e-14)
    assert overhead(best) < min(overhead(best * 0.99), overhead(best * 1.01))
    return {"overhead": overhead(t), "young": math.sqrt(2 * C * M), "best": best}


if __name__ == "__main__":
    run("many_machines", "coreutils, Python, NumPy and PyTorch", {f.__name__: f for f in (
        word_count, bpe_pairs, partition, explode_array, explode_map, posexplode_outer, two_views, tree_sum, chain_sum, ring,
        doubling, data_parallel_step, resume, durability, checkpoint)})
