"""Chapter speculative against PyTorch's autograd, sampling rules and trees in plain Python, chains by linear algebra."""
import math

import numpy as np
import torch
import torch.nn.functional as F

from check import run


def arrays(given):
    return {k: v.detach().numpy() if v.ndim else v.item() for k, v in given.items()}


# ---- Rounds ----

def draw(p, u):
    """The first x with u < p(0) + ... + p(x)."""
    return int(np.searchsorted(np.cumsum(p), u, side="right"))


def residual(p, q):
    rest = np.maximum(p - q, 0)
    return rest / rest.sum()


def accept(given):
    g = arrays(given)
    rows, k = g["draft"].shape
    taken = np.take_along_axis
    chance = np.minimum(1, taken(g["p"][:, :k], g["draft"][..., None], 2) / taken(g["q"], g["draft"][..., None], 2))[..., 0]
    # The run of acceptances from the first place on.
    accepted = np.cumprod(g["u"][:, :k] < chance, axis=1).sum(1)
    emitted, rest = np.full((rows, k + 1), -1), []
    for i, n in enumerate(accepted):
        rest.append(g["p"][i, k] if n == k else residual(g["p"][i, n], g["q"][i, n]))
        emitted[i, :n + 1] = [*g["draft"][i, :n], draw(rest[-1], g["u"][i, k])]
    return {"chance": chance, "a": 1 - np.abs(g["p"][:, :k] - g["q"]).sum(2) / 2, "accepted": accepted,
            "rest": np.array(rest), "emitted": emitted}


def enumerate_round(given):
    """Over all drafts, with what becomes of each."""
    g = arrays(given)
    n = g["p"].shape[1]
    p, q = (g[name].reshape(n, n, n) for name in "pq")
    one, two, three = np.zeros(n), np.zeros((n, n)), np.zeros((n, n, n))
    for x in range(n):
        for y in range(n):
            drafted, first = q[0, 0, x] * q[0, x, y], min(1, p[0, 0, x] / q[0, 0, x])
            second = min(1, p[0, x, y] / q[0, x, y])
            one += drafted * (1 - first) * residual(p[0, 0], q[0, 0])
            two[x] += drafted * first * (1 - second) * residual(p[0, x], q[0, x])
            three[x, y] += drafted * first * second * p[x, y]
    return {"one": one, "two": two, "three": three, "pair": p[0, 0][:, None] * p[0]}


def candidates(given):
    g = arrays(given)
    again = given.says("q is the same")
    p_left, q_left, accepted, symbols = [], [], [], []
    for p, q, xs, u in zip(g["p"], g["q"], g["candidate"], g["u"]):
        n, symbol, ps, qs = None, None, [], []
        for c, x in enumerate(xs):
            if n is None and u[c] < min(1, p[x] / q[x]):
                n, symbol = c, x
            p = residual(p, q)
            if not again:
                q = np.where(np.arange(len(q)) == x, 0, q)
                q = q / q.sum()
            ps.append(p)
            qs.append(q)
        accepted.append(len(xs) if n is None else n)
        symbols.append(draw(p, u[-1]) if n is None else symbol)
        p_left.append(ps)
        q_left.append(qs)
    out = {"p_left": np.array(p_left), "accepted": np.array(accepted), "symbol": np.array(symbols)}
    return out if again else {**out, "q_left": np.array(q_left)}


# ---- Trees ----

def nodes(paths):
    """All beginnings of the paths as tuples of ranks, the empty one first, by length and then by rank."""
    paths = [tuple(r for r in path if r >= 0) for path in paths.tolist()]
    return sorted({path[:n] for path in paths for n in range(len(path) + 1)}, key=lambda path: (len(path), path))


def seen(all_nodes, length):
    """Which nodes are a node's own beginnings, with the prefix before."""
    own = [[b == a[:len(b)] for b in all_nodes] for a in all_nodes]
    return np.hstack([np.ones((len(own), length), int), np.array(own, int)])


def tree(given):
    g = arrays(given)
    all_nodes = nodes(g["paths"])
    depth = np.array([len(n) for n in all_nodes])
    return {"parent": np.array([all_nodes.index(n[:-1]) if n else -1 for n in all_nodes]), "depth": depth,
            "rank": np.array([n[-1] if n else -1 for n in all_nodes]),
            "symbols": np.array([g["guesses"][len(n) - 1, n[-1]] if n else g["root"] for n in all_nodes]),
            "positions": g["length"] + depth, "mask": seen(all_nodes, g["length"])}


def tree_attention(given):
    q, k, v = (given[n].transpose(1, 2) for n in "qkv")
    mask = torch.from_numpy(seen(nodes(given["paths"]), int(given["length"]))).bool()
    weights = F.softmax((q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf), -1)
    return {"weights": weights, "out": (weights @ v).transpose(1, 2)}


def walk(given):
    g = arrays(given)
    all_nodes = nodes(g["paths"])

    def go(p, symbols, choose):
        at = ()
        while True:
            x = choose(p[all_nodes.index(at)], len(at))
            on = [n for n in all_nodes if n and n[:-1] == at and symbols[all_nodes.index(n)] == x]
            if not on:
                return all_nodes.index(at), x
            at = on[0]
    drawn = [go(p, s, lambda row, d: draw(row, u[d])) for p, s, u in zip(g["p"], g["symbols"], g["u"])]
    best = [go(p, s, lambda row, d: int(row.argmax())) for p, s in zip(g["p"], g["symbols"])]
    (end, after), (greedy_end, greedy_after) = np.array(drawn).T, np.array(best).T
    return {"end": end, "next": after, "greedy_end": greedy_end, "greedy_next": greedy_after}


def typical(given):
    g = arrays(given)
    all_nodes = nodes(g["paths"])
    entropy = -(g["p"] * np.log(g["p"])).sum(2)
    threshold = np.minimum(g["eps"], g["delta"] * np.exp(-entropy))
    ends = []
    for p, symbols, bound in zip(g["p"], g["symbols"], threshold):
        good = [((0, 0.0), 0)]
        for i, n in enumerate(all_nodes[1:], 1):
            way = [all_nodes.index(n[:d]) for d in range(len(n) + 1)]
            each = np.array([p[a, symbols[b]] for a, b in zip(way, way[1:])])
            if (each > bound[way[:-1]]).all():
                good.append(((len(n), np.log(each).sum()), i))
        ends.append(max(good, key=lambda e: e[0])[1])
    return {"entropy": entropy, "threshold": threshold, "end": np.array(ends)}


def cache(given):
    length, rows = int(given["length"]), given["rows"]
    out = {"kept": np.array(length + len(rows))}
    for name in "kv":
        x = given[name].clone()
        x[:, length:length + len(rows)] = given[name][:, length + rows]
        out[name + "_kept"] = x
    return out


# ---- Heads and losses ----

def gradients(given, loss, *names):
    return {"d" + n: g for n, g in zip(names, torch.autograd.grad(loss, [given[n] for n in names]))}


def medusa_head(given):
    h, w, u = (given[n] for n in "hwu")
    a = F.linear(h, w)
    silu = F.silu(a)
    logits = F.linear(h + silu, u)
    loss = (logits * given["loss_weight"]).sum()
    return {"a": a, "silu": silu, "mixed": h + silu, "logits": logits, "loss": loss, **gradients(given, loss, *"hwu")}


def parallel(given):
    ids, lam = given["ids"], given["lambda"]
    targets, loss = [], 0
    for j, weight in enumerate(lam):
        target = torch.cat([ids[:, 1 + j:], torch.full((len(ids), 1 + j), -1)], 1)
        targets.append(target)
        loss = loss + weight * F.cross_entropy(given[f"logits_{j}"].flatten(0, 1), target.flatten(), ignore_index=-1)
    return {"targets": torch.stack(targets), "loss": loss, **gradients(given, loss, *(f"logits_{j}" for j in range(len(lam))))}


def rms(x, gain, eps):
    return gain * x * torch.rsqrt((x * x).mean(-1, keepdim=True) + eps)


def sequential(given):
    g, k, heads = given, int(given["k"]), int(given["heads"])
    ids = torch.cat([g["ids"][:, k:], torch.zeros(len(g["ids"]), k, dtype=torch.long)], 1)
    normed = rms(g["h"], g["gain_h"], g["eps"]), rms(g["embedding"][ids], g["gain_e"], g["eps"])
    x = mixed = F.linear(torch.cat(normed, -1), g["m"])
    size = x.shape[-1:]

    def split(y):
        return y.unflatten(-1, (heads, -1)).transpose(1, 2)
    y = F.layer_norm(x, size, g["norm_1_gain"], g["norm_1_bias"], 1e-5)
    q, key, v = split(F.linear(y, g["w_q"], g["b_q"])), split(F.linear(y, g["w_k"])), split(F.linear(y, g["w_v"], g["b_v"]))
    later = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
    weights = F.softmax((q @ key.transpose(2, 3) / math.sqrt(q.shape[-1])).masked_fill(later, -math.inf), -1)
    x = x + F.linear((weights @ v).transpose(1, 2).flatten(2), g["w_o"], g["b_o"])
    y = F.layer_norm(x, size, g["norm_3_gain"], g["norm_3_bias"], 1e-5)
    x = x + F.linear(F.gelu(F.linear(y, g["w_1"], g["b_1"])), g["w_2"], g["b_2"])
    loss = (x * g["loss_weight"]).sum()
    names = [n for n, v in g.items() if v.requires_grad and v.dim() and n != "loss_weight"]
    return {"normalised_h": normed[0], "normalised_e": normed[1], "mixed": mixed, "out": x, "loss": loss,
            **gradients(g, loss, *names)}


# ---- Passes ----

def long_run(t):
    """x with x t = x and sum 1."""
    n = len(t)
    return np.linalg.lstsq(np.vstack([t.T - np.eye(n), np.ones(n)]), np.append(np.zeros(n), 1), rcond=None)[0]


def steps_of(p, after):
    """The chain of states: (S, S)."""
    t = np.zeros((len(p), len(p)))
    for s, x in zip(*np.nonzero(p)):
        t[s, after[s, x]] += p[s, x]
    return t


def ahead(p, after, j):
    return np.linalg.matrix_power(steps_of(p, after), j) @ p


def one_pass(p, after, state, rows, k, edges):
    """Recursively over all accepted drafts: the mean symbols; adds to edges where the last symbol is drawn."""
    def go(s, i, mass):
        q = rows(s, i) if i < k else np.zeros(p.shape[1])
        kept = np.minimum(p[s], q)
        edges[s] += mass * (p[s] - kept)
        return mass * (p[s] - kept).sum() * (i + 1) + sum(go(after[s, x], i + 1, mass * kept[x]) for x in np.nonzero(kept)[0])
    return go(state, 0, 1.0)


def heads_tokens(p, after, heads, k):
    s, x = np.nonzero(p)
    t, symbols = np.zeros((len(s), len(s))), np.zeros(len(s))
    for e in range(len(s)):
        edges = np.zeros(p.shape)
        symbols[e] = one_pass(p, after, after[s[e], x[e]], lambda _, i: heads[i][s[e]], k, edges)
        t[e] = edges[s, x]
    begins, mine = np.zeros(p.shape), long_run(t)
    begins[s, x] = mine
    return mine @ symbols, begins


def tokens(given):
    g = arrays(given)
    p, q, after, k = g["p"], g["q"], g["next"], g["k"]
    n = len(p)
    all_tokens = np.array([[one_pass(p, after, s, lambda at, i: q[at], m, np.zeros(p.shape)) for s in range(n)] for m in range(k + 1)])
    t = np.zeros((n, n))
    for s in range(n):
        edges = np.zeros(p.shape)
        one_pass(p, after, s, lambda at, i: q[at], k, edges)
        np.add.at(t[s], after, edges)
    begins = long_run(t)
    heads = np.array([ahead(p, after, j) for j in range(1, k + 1)])
    mean_heads, begins_heads = heads_tokens(p, after, heads, k)
    return {"tokens": all_tokens, "begins": begins, "mean": begins @ all_tokens[k], "ahead": heads,
            "begins_heads": begins_heads, "mean_heads": mean_heads}


def zipf(given):
    g = arrays(given)
    words = [tuple(x for x in w if x >= 0) for w in g["words"].tolist()]
    states = {(): 0}
    for w in words:
        for n in range(1, len(w)):
            states.setdefault(w[:n], len(states))
    mass, edge = np.zeros(len(states)), {}
    for w, chance in zip(words, g["word_p"]):
        for n in range(len(w)):
            s = states[w[:n]]
            mass[s] += chance
            edge[s, w[n]] = edge.get((s, w[n]), 0) + chance
    after = {(states[w[:n]], w[n]): states[w[:n + 1]] if n + 1 < len(w) else 0 for w in words for n in range(len(w))}
    order = sorted(edge)
    p, to = np.zeros((len(states), 1 + g["words"].max())), np.zeros((len(states), 1 + g["words"].max()), int)
    for s, x in order:
        p[s, x], to[s, x] = edge[s, x] / mass[s], after[s, x]
    stationary = mass / mass.sum()
    heads = [ahead(p, to, j) for j in range(5)]
    best = [np.eye(p.shape[1])[h.argmax(1)] for h in heads]
    log = [np.where(h > 0, np.log(np.where(h > 0, h, 1)), 0) for h in heads]
    return {"edges": np.array([(s, x, after[s, x]) for s, x in order]), "p": np.array([p[e] for e in order]), "stationary": stationary,
            "accuracy": np.array([stationary @ h.max(1) for h in heads]),
            "loss": np.array([-stationary @ (h * l).sum(1) for h, l in zip(heads, log)]),
            "sampled": np.array([heads_tokens(p, to, heads[1:], k)[0] for k in range(1, 5)]),
            "guessed": np.array([heads_tokens(p, to, best[1:], k)[0] for k in range(1, 5)])}


run("speculative", "rules and chains in NumPy, PyTorch's autograd", {
    "accept": accept, "enumerate": enumerate_round, "candidates_again": candidates, "candidates_distinct": candidates,
    "tree": tree, "tree_attention": tree_attention, "tree_walk": walk, "typical": typical, "cache": cache,
    "medusa_head": medusa_head, "mtp_parallel": parallel, "mtp_sequential": sequential, "tokens": tokens, "zipf_states": zipf,
})
