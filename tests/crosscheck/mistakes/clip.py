"""Chapter clip in NumPy, from the text's formulas, right and with one mistake at a time."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


def softmax(z, axis):
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# ---- Directions ----

def directions(x, wrong):
    norm = {"no norm": np.ones((len(x), 1)), "no root": (x ** 2).sum(1, keepdims=True), "batch": np.sqrt((x ** 2).sum(0, keepdims=True)),
            "one norm": np.full((len(x), 1), np.linalg.norm(x))}.get(wrong, np.linalg.norm(x, axis=1, keepdims=True))
    return x / norm, norm


def through_norm(u, norm, du, wrong):
    along = (u * du).sum(1, keepdims=True)
    if wrong == "kept along":
        return du / norm
    if wrong == "not over norm":
        return du - u * along
    return (du + u * along if wrong == "plus along" else du - u * along) / norm


def scale_of(t, wrong):
    return {"t": t, "inverse": np.exp(-t), "one": 1.0}.get(wrong, np.exp(t))


def from_scores(g, v, dz, wrong):
    """t, and both towers, from dz."""
    e = scale_of(g["t"], wrong)
    v["dz"] = dz
    v["dt"] = (dz * v["z"]).sum() / (e if wrong == "of e^t" else 1)
    scale = 1 if wrong == "no factor" else e
    v["du"], v["dv"] = scale * dz @ v["v"], scale * (dz if wrong == "not transposed" else dz.T) @ v["u"]
    if wrong == "detached":
        v["dv"] = 0 * v["dv"]
    v["dx"] = through_norm(v["u"], v.pop("norm_x"), v["du"], wrong)
    v["dy"] = through_norm(v["v"], v.pop("norm_y"), v["dv"], wrong)
    return v


def scored(g, wrong):
    v = {}
    v["u"], v["norm_x"] = directions(g["x"], wrong)
    v["v"], v["norm_y"] = directions(g["y"], wrong)
    v["z"] = scale_of(g["t"], wrong) * v["u"] @ v["v"].T
    return v


# ---- InfoNCE ----

def infonce(g, wrong="", both=True):
    v = scored(g, wrong)
    z, N = v["z"], len(v["z"])
    rows, columns = softmax(z, 1), softmax(z, 0)
    if wrong == "rows twice":
        columns = rows
    v["of_rows"] = rows
    if both:
        v["of_columns"] = columns
    share = {"rows": (1, 0), "columns": (0, 1), "sum": (1, 1)}.get(wrong, (0.5, 0.5) if both else (1, 0))
    own = np.arange(N)
    losses = share[0] * -np.log(rows[own, own]) + share[1] * -np.log(columns[own, own])
    v["loss"] = losses.sum() / (1 if wrong == "summed" else N)
    eye = np.eye(N) * (wrong != "no own")
    dz = (share[0] * (rows - eye) + share[1] * (columns - eye)) / (1 if wrong == "not over N" else N)
    return from_scores(g, v, dz, wrong)


right("infonce", infonce)
right("infonce_one_way", lambda g: infonce(g, both=False))
mistake("infonce_one_way", "one-way-of-columns", lambda g: infonce(g, "columns", both=False))
for wrong, name in {"no norm": "not-normalised", "no root": "norm-squared", "batch": "normalised-along-batch",
                    "one norm": "normalised-all-at-once", "kept along": "norm-backward-not-projected",
                    "not over norm": "norm-backward-not-divided", "plus along": "norm-backward-wrong-sign",
                    "rows": "one-direction-only", "columns": "only-columns", "sum": "not-halved", "rows twice": "rows-twice",
                    "summed": "loss-summed", "no own": "own-not-subtracted", "not over N": "gradient-not-divided",
                    "t": "t-not-exponentiated", "inverse": "divided-by-scale", "one": "scale-left-out",
                    "of e^t": "dt-of-scale", "no factor": "du-without-scale", "not transposed": "dv-not-transposed",
                    "detached": "captions-without-gradient"}.items():
    mistake("infonce", name, lambda g, wrong=wrong: infonce(g, wrong))


# ---- The sigmoid loss ----

def softplus(x):
    return np.logaddexp(0, x)


def sigmoid(g, wrong=""):
    v = scored(g, wrong)
    z, b, N = v["z"], g["b"], len(v["z"])
    bias = {"no bias": 0, "twice": 2 * b, "minus": -b, "times": np.exp(g["t"]) * b}.get(wrong, b)
    label = 2 * np.eye(N) - 1
    label = {"0 and 1": np.eye(N), "exchanged": -label}.get(wrong, label)
    x = v["logits"] = z + bias
    v["pair_losses"] = softplus(-label * x)
    by = {"pairs": N * N, "sum": 1}.get(wrong, N)
    v["loss"] = v["pair_losses"].sum() / by
    slope = 1 / (1 + np.exp(label * x if wrong != "of the right" else -label * x))
    dz = (1 if wrong == "no label" else -label) * slope / by
    v["db"] = np.trace(dz) if wrong == "diagonal" else dz.sum()
    return from_scores(g, v, dz, wrong)


right("sigmoid", sigmoid)
for wrong, name in {"pairs": "mean-over-pairs", "sum": "sum-over-pairs", "0 and 1": "labels-0-and-1",
                    "exchanged": "labels-exchanged", "no bias": "bias-left-out", "twice": "bias-added-twice",
                    "minus": "bias-subtracted", "times": "bias-times-scale", "no label": "slope-without-label",
                    "of the right": "slope-of-the-right", "t": "sigmoid-t-not-exponentiated",
                    "diagonal": "db-of-the-diagonal"}.items():
    mistake("sigmoid", name, lambda g, wrong=wrong: sigmoid(g, wrong))


# ---- The limit ----

def clamp(g, wrong=""):
    t, v = g["t_0"], {n: [] for n in ("before", "loss", "dt", "stepped", "t")}
    most = {"never": np.inf, "100": 100}.get(wrong, g["most"])
    for p, q in zip(g["u"], g["v"]):
        z = np.exp(t) * p @ q.T
        rows, columns, own = softmax(z, 1), softmax(z, 0), np.arange(len(z))
        dt = ((rows + columns - 2 * np.eye(len(z))) / (2 * len(z)) * z).sum()
        dt = 0 if wrong == "graph" and t >= g["most"] else dt
        v["before"].append(t)
        v["loss"].append(-(np.log(rows[own, own]) + np.log(columns[own, own])).mean() / 2)
        v["dt"].append(dt)
        v["stepped"].append(t - g["rate"] * dt)
        t = min(v["stepped"][-1], most)
        v["t"].append(t)
    return {n: np.array(a) for n, a in v.items()}


right("clamp", clamp)
mistake("clamp", "never-clamped clamped-at-100", lambda g: clamp(g, "never"))
mistake("clamp", "clamped-in-the-graph", lambda g: clamp(g, "graph"))


# ---- Devices ----

def chunked(g, wrong=""):
    D, u, w, t, b = g["D"], g["u"], g["v"], g["t"], g["b"]
    N = len(u)
    n, v = N // D, {k: [] for k in ("z", "block_loss", "block_dt", "block_db", "block_du", "block_dv")}
    for p in range(D):
        for q in range(D):
            mine, theirs = u[p * n:(p + 1) * n], w[q * n:(q + 1) * n]
            z = np.exp(t) * mine @ theirs.T
            label = 2 * np.eye(n) * (1 if p == q or wrong == "diagonal" else 0) - 1
            by = n if wrong == "own pairs" else N
            dz = -label / (1 + np.exp(label * (z + b))) / by
            v["z"].append(z)
            v["block_loss"].append(softplus(-label * (z + b)).sum() / by)
            v["block_dt"].append((dz * z).sum())
            v["block_db"].append(dz.sum())
            v["block_du"].append(np.exp(t) * dz @ theirs)
            v["block_dv"].append(np.exp(t) * dz.T @ mine)
    v = {k: np.array(a).reshape((D, D) + np.shape(a)[1:]) for k, a in v.items()}
    loss, dt, db = (v[k].sum() for k in ("block_loss", "block_dt", "block_db"))
    du, dv = v["block_du"].sum(1).reshape(N, -1), v["block_dv"].sum(0).reshape(N, -1)
    if wrong == "no foreign gradient":
        dv = np.concatenate([v["block_dv"][p, p] for p in range(D)])
    return v | {"loss": loss, "dt": dt, "db": db, "du": du, "dv": dv}


right("chunked", chunked)
for wrong, name in {"diagonal": "own-diagonal-in-foreign-blocks", "own pairs": "divided-by-own-pairs",
                    "no foreign gradient": "foreign-captions-without-gradient"}.items():
    mistake("chunked", name, lambda g, wrong=wrong: chunked(g, wrong))


def online(z, block, wrong=""):
    most, total, v = np.full(len(z), -np.inf), np.zeros(len(z)), []
    for first in range(0, z.shape[1], block):
        part = z[:, first:first + block]
        now = np.maximum(most, part.max(1))
        factor = {"not rescaled": 1, "other way": np.where(total > 0, np.exp(now - most), 0)}.get(wrong, np.exp(most - now))
        total = total * factor + np.exp(part - now[:, None]).sum(1)
        most = now
        v.append((most, total))
    return np.array([m for m, _ in v]), np.array([s for _, s in v])


def online_softmax(g, wrong=""):
    u, w, t, N = g["u"], g["v"], g["t"], len(g["u"])
    z = np.exp(t) * u @ w.T
    v = {}
    v["row_most"], v["row_sum"] = online(z, g["block"], wrong.removeprefix("rows "))
    v["column_most"], v["column_sum"] = online(z.T, g["block"], wrong.removeprefix("columns "))
    v["log_rows"] = np.log(v["row_sum"][-1]) + (0 if wrong == "no maximum" else v["row_most"][-1])
    v["log_columns"] = v["column_most"][-1] + np.log(v["column_sum"][-1])
    v["loss"] = ((v["log_rows"] + v["log_columns"]) / 2 - np.diag(z)).mean()
    of_columns = np.exp(z - v["log_columns"][None])
    dz = (np.exp(z - v["log_rows"][:, None]) + of_columns - 2 * np.eye(N)) / (2 * N)
    return v | {"dt": (dz * z).sum(), "du": np.exp(t) * dz @ w, "dv": np.exp(t) * dz.T @ u}


right("online_softmax", online_softmax)
for wrong, name in {"not rescaled": "sum-not-rescaled", "other way": "rescaled-the-other-way", "rows not rescaled": "rows-not-rescaled",
                    "columns not rescaled": "columns-not-rescaled", "no maximum": "logarithm-without-maximum"}.items():
    mistake("online_softmax", name, lambda g, wrong=wrong: online_softmax(g, wrong))


# ---- Matching ----

def zero_shot(g, wrong=""):
    mean = g["prompts"].mean(1)
    w = {"as it is": mean, "first": g["prompts"][:, 0]}.get(wrong, mean / np.linalg.norm(mean, axis=1, keepdims=True))
    scores = g["u"] @ w.T
    return {"mean": mean, "w": w, "scores": scores, "classes": scores.argmin(1) if wrong == "least" else scores.argmax(1)}


right("zero_shot", zero_shot)
mistake("zero_shot", "ensemble-not-normalised-again", lambda g: zero_shot(g, "as it is"))
mistake("zero_shot", "ensemble-first-prompt", lambda g: zero_shot(g, "first"))
mistake("zero_shot", "smallest-score", lambda g: zero_shot(g, "least"))


def retrieval(g, wrong=""):
    v = {"greater": [], "equal": [], "recall": []}
    for z in (g["scores"], g["scores"].T):
        own = np.diag(z)[:, None]
        greater, equal = (z > own).sum(1), (z == own).sum(1)
        v["greater"].append(greater)
        v["equal"].append(equal)
        found = {"favoured": lambda k: greater < k, "against": lambda k: greater + equal <= k}
        v["recall"].append([found.get(wrong, lambda k: np.clip((k - greater) / equal, 0, 1))(k).mean() for k in (1, 3, 5)])
    return {n: np.array(a) for n, a in v.items()}


right("retrieval", retrieval)
mistake("retrieval", "ties-favoured", lambda g: retrieval(g, "favoured"))
mistake("retrieval", "ties-against", lambda g: retrieval(g, "against"))


# ---- The exact optimum ----

def pmi_oracle(g, wrong=""):
    p = g["p"]
    x, y = p.sum(1), p.sum(0)
    pmi = {"given": np.log(p / x[:, None]), "bits": np.log2(p / np.outer(x, y))}.get(wrong, np.log(p / np.outer(x, y)))
    weight = np.outer(x, y) if wrong == "unweighted" else p
    return {"of_x": x, "of_y": y, "pmi": pmi, "information": (weight * pmi).sum()}


right("pmi_oracle", pmi_oracle)
mistake("pmi_oracle", "pmi-of-conditional", lambda g: pmi_oracle(g, "given"))
mistake("pmi_oracle", "pmi-base-2", lambda g: pmi_oracle(g, "bits"))
mistake("pmi_oracle", "information-unweighted", lambda g: pmi_oracle(g, "unweighted"))

run("clip")
