"""Chapter speculative's known mistakes in NumPy, written from the formulas."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run  # noqa: E402


# ---- Rounds ----

def draw(p, u):
    return int(np.searchsorted(np.cumsum(p), u, side="right").clip(max=len(p) - 1))


def normal(x):
    return x / x.sum()


def least(p, q):
    return min(1, p / q)


def difference(p, q, x):
    return normal(np.maximum(p - q, 0))


def accept(g, ratio=least, correction=difference, bonus=lambda p, q: p, row=lambda i: i, second=lambda u, i: u[-1]):
    rows, k = g["draft"].shape
    out = {"chance": [], "a": [], "accepted": [], "rest": [], "emitted": []}
    for p, q, draft, u in zip(g["p"], g["q"], g["draft"], g["u"]):
        out["chance"].append([ratio(p[i, x], q[i, x]) for i, x in enumerate(draft)])
        out["a"].append(np.minimum(p[:k], q).sum(1))
        i = 0
        while i < k and u[i] < ratio(p[row(i), draft[i]], q[i, draft[i]]):
            i += 1
        rest = bonus(p[k], q[k - 1]) if i == k else correction(p[i], q[i], draft[i])
        out["accepted"].append(i)
        out["rest"].append(rest)
        last = draw(rest, u[k] if i == k else second(u, i))
        out["emitted"].append([*draft[:i], last] + [-1] * (k - i))
    return {name: np.array(value) for name, value in out.items()}


right("accept", accept)
mistake("accept", "accept-ratio-inverted", lambda g: accept(g, lambda p, q: min(1, q / p)))
mistake("accept", "accept-only-likelier", lambda g: accept(g, lambda p, q: float(p >= q)))
mistake("accept", "accept-with-p", lambda g: accept(g, lambda p, q: p))
mistake("accept", "correction-from-p", lambda g: accept(g, correction=lambda p, q, x: p))
mistake("accept", "correction-from-p-without-x",
        lambda g: accept(g, correction=lambda p, q, x: normal(np.where(np.arange(len(p)) == x, 0, p))))
mistake("accept", "correction-absolute", lambda g: accept(g, correction=lambda p, q, x: normal(np.abs(p - q))))
mistake("accept", "correction-of-q", lambda g: accept(g, correction=lambda p, q, x: normal(np.maximum(q - p, 0))))
mistake("accept", "bonus-from-q", lambda g: accept(g, bonus=lambda p, q: q))
mistake("accept", "correction-with-the-same-u", lambda g: accept(g, second=lambda u, i: u[i]))


# ---- Trees ----

def tree(g, sees=lambda a, b: b == a[:len(b)], position=lambda index, depth: depth, head=lambda depth: depth - 1):
    paths = [tuple(r for r in path if r >= 0) for path in g["paths"].tolist()]
    nodes = sorted({p[:n] for p in paths for n in range(len(p) + 1)}, key=lambda n: (len(n), n))
    depth = np.array([len(n) for n in nodes])
    mask = [[1] * g["length"] + [int(sees(a, b)) for b in nodes] for a in nodes]
    return {"parent": np.array([nodes.index(n[:-1]) if n else -1 for n in nodes]), "depth": depth,
            "rank": np.array([n[-1] if n else -1 for n in nodes]), "mask": np.array(mask),
            "symbols": np.array([g["guesses"][head(len(n)), n[-1]] if n else g["root"] for n in nodes]),
            "positions": g["length"] + np.array([position(i, d) for i, d in enumerate(depth)])}


right("tree", tree)
mistake("tree", "tree-node-without-itself", lambda g: tree(g, lambda a, b: b == a[:len(b)] and a != b))
mistake("tree", "tree-causal-mask", lambda g: tree(g, lambda a, b: (len(b), b) <= (len(a), a)))
mistake("tree", "tree-root-unseen", lambda g: tree(g, lambda a, b: b != () and b == a[:len(b)]))
mistake("tree", "tree-position-of-the-index", lambda g: tree(g, position=lambda index, depth: index))
mistake("tree", "tree-position-one-less", lambda g: tree(g, position=lambda index, depth: depth - 1))
mistake("tree", "tree-guesses-of-the-first-head", lambda g: tree(g, head=lambda depth: 0))


# ---- Heads ----

def silu(x):
    return x / (1 + np.exp(-x))


def head(g, act=silu, residual=1):
    a = g["h"] @ g["w"].T
    mixed = residual * g["h"] + act(a)
    logits = mixed @ g["u"].T
    return {"a": a, "silu": act(a), "mixed": mixed, "logits": logits, "loss": (logits * g["loss_weight"]).sum()}


right("medusa_head", head)
mistake("medusa_head", "head-without-residual", lambda g: head(g, residual=0))
mistake("medusa_head", "head-relu", lambda g: head(g, lambda x: np.maximum(x, 0)))
mistake("medusa_head", "head-sigmoid", lambda g: head(g, lambda x: 1 / (1 + np.exp(-x))))

run("speculative")
