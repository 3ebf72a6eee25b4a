"""Chapter word2vec's known mistakes in NumPy, written from the text's formulas."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run  # noqa: E402


def sigma(x):
    return 1 / (1 + np.exp(-x))


def asked(g):
    return [int(g["positive"]), *(int(n) for n in g["negatives"])], [1] + [0] * len(g["negatives"])


# ---- The gradient of one pair ----

def gradient(g, dx=lambda s, y, n: s - y, loss=lambda x: -np.log(sigma(x)), add=True, all_labels=lambda y: y):
    h, (rows, labels) = g["input"][g["word"]], asked(g)
    labels = all_labels(labels)
    x = np.array([h @ g["output"][r] for r in rows])
    s, dh, d_output = sigma(x), np.zeros_like(h), np.zeros_like(g["output"])
    total = sum(loss(v if y else -v) for v, y in zip(x, labels))
    for r, y, v in zip(rows, labels, s):
        d = dx(v, y, len(rows))
        dh += d * g["output"][r]
        d_output[r] = d * h + (d_output[r] if add else 0)
    return {"x": x, "sigma": s, "loss": np.array(total), "dh": dh, "d_output": d_output}


right("sgns_gradient", gradient)
mistake("sgns_gradient", "gradient-ascends", lambda g: gradient(g, lambda s, y, n: y - s))
mistake("sgns_gradient", "gradient-squared-error", lambda g: gradient(g, lambda s, y, n: (s - y) * s * (1 - s)))
mistake("sgns_gradient", "gradient-mean-over-all", lambda g: gradient(g, lambda s, y, n: (s - y) / n))
mistake("sgns_gradient", "gradient-no-negatives", lambda g: gradient(g, lambda s, y, n: (s - 1) * y))
mistake("sgns_gradient", "gradient-output-overwritten", lambda g: gradient(g, add=False))
mistake("sgns_gradient", "loss-in-bits", lambda g: gradient(g, loss=lambda x: -np.log2(sigma(x))))


# ---- Steps ----

def table(x):
    i = int((x + 6) * 83)
    return 1.0 if x > 6 else 0.0 if x < -6 else sigma((i / 1000 * 2 - 1) * 6)


def step(g, sigma=sigma, drop=False, order="input", at_once=False, rate_of_input=1, ascend=1, moves=1):
    h0, (rows, labels) = g["input"][g["word"]].copy(), asked(g)
    inputs, output, h, total = g["input"].copy(), g["output"].copy(), h0.copy(), np.zeros(len(h0))
    xs, ss = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for i, (r, y) in enumerate(zip(rows, labels)):
        if drop and i and r == rows[0]:
            continue
        xs[i] = h @ output[r]
        ss[i] = sigma(xs[i])
        d = ascend * g["rate"] * (y - ss[i])
        old = output[r].copy()
        output[r] += d * h
        part = d * rate_of_input * (old if order == "input" else output[r])
        total += part
        if at_once:
            h = h + part
    inputs[g["word"]] += moves * total
    return {"x": xs, "sigma": ss, "step": moves * total, "input_after": inputs, "output_after": output}


right("sgns_step", step)
mistake("sgns_step", "step-output-first", lambda g: step(g, order="output"))
mistake("sgns_step", "step-input-at-once", lambda g: step(g, at_once=True))
mistake("sgns_step", "step-ascends", lambda g: step(g, ascend=-1))
mistake("sgns_step", "step-rate-twice", lambda g: step(g, rate_of_input=g["rate"]))
mistake("sgns_step", "step-input-not-moved", lambda g: step(g, moves=0))
mistake("sgns_step", "step-table-83", lambda g: step(g, sigma=table))
right("sgns_step_word2vec", lambda g: step(g, table, drop=True))
mistake("sgns_step_word2vec", "word2vec-exact-sigmoid", lambda g: step(g, sigma, drop=True))
mistake("sgns_step_word2vec", "word2vec-index-83-33", lambda g: step(
    g, lambda x: 1.0 if x > 6 else 0.0 if x < -6 else sigma((int((x + 6) * 1000 / 12) / 1000 * 2 - 1) * 6), drop=True))
mistake("sgns_step_word2vec", "word2vec-clamped", lambda g: step(g, lambda x: table(min(max(x, -6), 6)) if abs(x) < 6 else sigma(6.0), drop=True))


# ---- Noise, CBOW ----

def noise(g, power=lambda n, p: n ** p, divide=np.sum):
    q = power(g["count"], g["power"])
    return {"noise": q / divide(q)}


right("noise", noise)
mistake("noise", "noise-no-power", lambda g: noise(g, lambda n, p: n))
mistake("noise", "noise-not-normalised", lambda g: {"noise": g["count"] ** g["power"] / g["count"].sum()})
mistake("noise", "noise-uniform", lambda g: noise(g, lambda n, p: 0 * n + 1))


def cbow(g, mean, part=None, combine=None, once=False):
    contexts, (rows, labels) = g["contexts"].astype(int), asked(g)
    inputs, output, n = g["input"].copy(), g["output"].copy(), len(g["contexts"])
    h = (combine or (np.mean if mean else np.sum))(inputs[contexts], axis=0)
    total, xs = np.zeros(len(h)), []
    for r, y in zip(rows, labels):
        xs.append(h @ output[r])
        d = g["rate"] * (y - sigma(xs[-1]))
        total += d * output[r]
        output[r] += d * h
    move = total * (part or (lambda n: 1 / n if mean else 1))(n)
    if once:
        inputs[contexts] += move
    else:
        np.add.at(inputs, contexts, move)
    return {"h": h, "x": np.array(xs), "sigma": sigma(np.array(xs)), "input_after": inputs, "output_after": output}


right("cbow_mean", lambda g: cbow(g, True))
right("cbow_sum", lambda g: cbow(g, False))
mistake("cbow_mean", "cbow-mean-undivided", lambda g: cbow(g, True, part=lambda n: 1))
mistake("cbow_mean", "cbow-duplicates-once", lambda g: cbow(g, True, once=True))
mistake("cbow_sum", "cbow-sum-divided", lambda g: cbow(g, False, part=lambda n: 1 / n))


# ---- The tree ----

def huffman(g, key=lambda count, n, V: (count[n], n < V, n if n >= V else -n), flip=0):
    count, V = list(g["count"]), len(g["count"])
    left, merges, parent = list(range(V)), [], {}
    for made in range(V, 2 * V - 1):
        pair = sorted(left, key=lambda n: key(count, n, V))[:2]
        count.append(sum(count[n] for n in pair))
        for bit, n in enumerate(pair):
            parent[n] = made, bit ^ flip
        left = [n for n in left if n not in pair] + [made]
        merges.append(pair[::-1] if flip else pair)
    code, point = np.full((V, 6), -1), np.full((V, 6), -1)
    length = []
    for w in range(V):
        way, at = [], w
        while at in parent:
            at, bit = parent[at]
            way.append((bit, at - V))
        for i, (bit, p) in enumerate(way[::-1]):
            code[w, i], point[w, i] = bit, p
        length.append(len(way))
    return {"merges": np.array(merges), "length": np.array(length), "code": code, "point": point}


right("huffman", huffman)
mistake("huffman", "huffman-ties-word-first", lambda g: huffman(g, lambda count, n, V: (count[n], n >= V, n if n >= V else -n)))
mistake("huffman", "huffman-codes-swapped", lambda g: huffman(g, flip=1))


# ---- The optimum, subsampling, analogies ----

def optimum(g, drop=lambda joint, word, q: 1 - joint / word[:, None], k=lambda k: k):
    joint = g["joint"]
    word, context = joint.sum(1), joint.sum(0)
    q = context ** g["power"] / (context ** g["power"]).sum()
    x = np.log(joint / (k(g["k"]) * np.outer(word, q)))
    return {"pmi": np.log(joint / np.outer(word, context)), "noise": q, "x": x, "x_dropped": x - np.log(drop(joint, word, q))}


right("optimum", optimum)
mistake("optimum", "optimum-drop-by-noise", lambda g: optimum(g, lambda joint, word, q: 1 - q[None, :]))
mistake("optimum", "optimum-drop-by-joint", lambda g: optimum(g, lambda joint, word, q: 1 - joint))
mistake("optimum", "optimum-no-k", lambda g: optimum(g, k=lambda k: 1))


def subsample(g, paper=lambda f, t: np.sqrt(t / f), program=lambda f, t: np.sqrt(t / f) + t / f):
    f = g["count"] / g["count"].sum()
    return {"f": f, "keep_paper": np.minimum(1, paper(f, g["t"])), "keep_program": np.minimum(1, program(f, g["t"]))}


right("subsample", subsample)
mistake("subsample", "keep-program-by-paper", lambda g: subsample(g, program=lambda f, t: np.sqrt(t / f)))
mistake("subsample", "keep-no-root", lambda g: subsample(g, lambda f, t: t / f, lambda f, t: t / f + t / f))


def windows(g, weight=lambda d, L: max(0, L - d + 1) / L):
    text, reach, L = [int(w) for w in g["text"]], g["reach"], int(g["L"])
    pairs = [[(w, text[j]) for j in range(len(text)) if 0 < abs(i - j) <= reach[i]] for i, w in enumerate(text)]
    return {"number": np.array([len(p) for p in pairs]), "pairs": np.array(sum(pairs, [])),
            "weight": np.array([weight(d, L) for d in range(1, L + 2)])}


right("window_pairs", windows)
mistake("window_pairs", "window-harmonic", lambda g: windows(g, lambda d, L: 1 / d if d <= L else 0))


def analogy(g, excluded=lambda rule, asked: [] if rule == 1 else asked, unit=lambda x: x / np.linalg.norm(x, axis=1)[:, None]):
    y, asked = unit(g["vectors"]), [int(g[n]) for n in ("a", "a_star", "b")]
    a, s, b = (y[i] for i in asked)

    def best(target, out):
        scores = y @ target
        scores[out] = -np.inf
        return scores.argmax()
    targets = [s - a + b, s - a + b, b, s + b, a - s + b]
    return {"unit": y, "target": targets[0], "scores": y @ targets[0],
            "answers": np.array([best(t, excluded(i, asked)) for i, t in enumerate(targets)]),
            "nearest": np.array([best(y[w], [w]) for w in range(len(y))])}


right("analogy", analogy)
mistake("analogy", "analogy-not-excluded", lambda g: analogy(g, lambda rule, asked: []))
mistake("analogy", "analogy-no-norms", lambda g: analogy(g, unit=lambda x: x))

run("word2vec")
