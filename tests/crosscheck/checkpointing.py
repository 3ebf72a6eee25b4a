"""Chapter checkpointing against torch's autograd and torch.utils.checkpoint; schedules by dynamic programming and by a search
over all schedules, plans by trying every cut, peaks by going through forward and backward with a counter of states."""
import collections
import functools
import itertools
import math

import torch
from torch.utils.checkpoint import checkpoint

from check import run


def gradients(loss, wanted):
    return dict(zip(wanted, torch.autograd.grad(loss, list(wanted.values()), retain_graph=True)))


def step(given, i, x):
    return torch.tanh(torch.nn.functional.linear(x, given["w"][i], given["b"][i]))


def chain(given):
    n, x = given["n"].item(), given["x"]
    states = []
    for i in range(n):
        x = step(given, i, x)
        states.append(x)
    loss = (x * given["loss_weight"]).sum()
    found = gradients(loss, {"dx": given["x"], "dw": given["w"], "db": given["b"]} | {str(i): s for i, s in enumerate(states)})
    return {"h": torch.stack(states), "loss": loss, "dh": torch.stack([found.pop(str(i)) for i in range(n)])} | found


def parts(n, K):
    """The segments as ranges, by numpy's rule: the first n mod K have one more."""
    return [r.tolist() for r in torch.arange(n).tensor_split(K)]


def peak_of(n, K):
    """Goes through the run and counts states: a step has a sum and a value, each with a gradient; a segment's end both."""
    if K == 0:
        return 4 * n
    most, ends = 0, K
    for segment in parts(n, K):
        most = max(most, ends + 2 * len(segment))
    for segment in reversed(parts(n, K)):
        ends += 1  # the gradient of its end
        most = max(most, ends + 4 * len(segment) + (0 if segment[0] == 0 else 1))  # and of the end before
    return most


def segments(given):
    n, K, order = given["n"].item(), given["K"].item(), []

    def part(x, *steps):
        for i in steps:
            order.append(i)
            x = step(given, i, x)
        return x

    x, ends = given["x"], []
    for segment in parts(n, K):
        x = checkpoint(part, x, *segment, use_reentrant=False)
        ends.append(x)
    loss = (x * given["loss_weight"]).sum()
    for end in ends:
        end.retain_grad()
    names = {"dx": "x", "dw": "w", "db": "b"}
    loss.backward()
    result = {"kept": torch.tensor([s[-1] + 1 for s in parts(n, K)]), "h_kept": torch.stack(ends), "loss": loss,
              "order": torch.tensor(order), "dh_kept": torch.stack([e.grad for e in ends]),
              "peaks": torch.tensor([peak_of(n, k) for k in range(n + 1)])}
    return result | {d: given[name].grad for d, name in names.items()}


def best_segments(given):
    n = given["n"].item()
    peak = torch.stack([given["b"] * K + given["a"] * max(map(len, parts(n, K))) for K in range(1, n + 1)], 1)
    return {"peak": peak, "best": peak.argmin(1) + 1}


@functools.lru_cache(None)
def t(l, s):
    if l == 1:
        return 0
    if s == 1:
        return l * (l - 1) // 2
    return min(k + t(l - k, s - 1) + t(k, s) for k in range(1, l))


def split(l, s):
    if l == 1:
        return 0
    if s == 1:
        return l - 1
    return next(k for k in range(1, l) if k + t(l - k, s - 1) + t(k, s) == t(l, s))


def revolve_table(given):
    L, S = given["steps"].item(), given["slots"].item()
    table = {"r": [], "t": [], "split": []}
    for l in range(1, L + 1):
        table["t"].append([t(l, s) for s in range(1, S + 1)])
        table["split"].append([split(l, s) for s in range(1, S + 1)])
        table["r"].append([next(r for r in itertools.count() if l <= math.comb(s + r, s)) for s in range(1, S + 1)])
    return {n: torch.tensor(x) for n, x in table.items()}


def searched(l, s):
    """The least advances over all schedules: a search through (stored states, present state, steps left)."""
    start = (frozenset([0]), 0, l)
    cost, queue = {start: 0}, collections.deque([start])
    while queue:
        node = stored, at, left = queue.popleft()
        if left == 0:
            return cost[node]
        free = [(stored, k, left) for k in stored] + [(stored - {k}, at, left) for k in stored]
        if len(stored) < s:
            free.append((stored | {at}, at, left))
        if at == left - 1:
            free.append((stored, at, left - 1))
        paid = [(stored, at + 1, left)] if at + 1 < l else []
        for price, nodes in ((0, free), (1, paid)):
            for to in nodes:
                if cost.get(to, math.inf) > cost[node] + price:
                    cost[to] = cost[node] + price
                    (queue.append if price else queue.appendleft)(to)


def revolve_schedule(given):
    l, s = given["steps"].item(), given["slots"].item()
    rows = [(0, 0, 0)]

    def back(first, end, slots):
        if end - first == 1:
            rows.append((2, first, end))
            return
        middle = first + split(end - first, slots)
        rows.append((1, first, middle))
        if end - middle > 1:
            rows.append((0, middle, middle))
        back(middle, end, slots - 1)
        back(first, middle, slots)

    back(0, l, s)
    visits = [sum(a <= i < b for kind, a, b in rows if kind == 1) for i in range(l)]
    assert sum(visits) == searched(l, s)
    rows += [(-1, -1, -1)] * (3 * l - len(rows))
    return {"actions": torch.tensor(rows), "visits": torch.tensor(visits), "advances": torch.tensor(sum(visits))}


def dropout(given):
    rate = given["rate"].item()
    mask = (given["draws"][0] >= given["rate"]).to(given["x"].dtype) / (1 - rate)
    y = mask.detach() * torch.tanh(torch.nn.functional.linear(given["x"], given["w"], given["b"]))
    loss = (y * given["loss_weight"]).sum()
    return {"mask_first": mask, "mask_second": mask, "y": y, "loss": loss} | gradients(
        loss, {"dx": given["x"], "dw": given["w"], "db": given["b"]})


def shared_input(given):
    weight = given["loss_weight"]
    after, q, p = (weight * given[n] for n in ("after", "q", "p"))
    result = {"dx_after": after, "dx_q": q, "dx_p": p, "dx": (after + q) + p}
    if weight.dtype == torch.float64:  # where every order gives the same, by autograd
        x = given["x"]
        y = checkpoint(lambda v: v * given["p"] + v * given["q"], x, use_reentrant=False) + x * given["after"]
        (y * weight).sum().backward()
        torch.testing.assert_close(x.grad, p, rtol=0, atol=1e-5)
    return result


def selective(given):
    q, k, v = (given[n].transpose(1, 2) for n in "qkv")
    T = q.shape[2]
    scores = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).masked_fill(~torch.ones(T, T).tril().bool(), -math.inf)
    weights = torch.softmax(scores, -1)
    out = (weights @ v).transpose(1, 2)
    loss = (out * given["loss_weight"]).sum()
    return {"weights": weights, "out": out, "loss": loss} | gradients(loss, {"dq": given["q"], "dk": given["k"], "dv": given["v"]})


def layer_bytes(given):
    """Counted on torch's own modules: the size of what each makes."""
    B, T, D, h, F = (given[n].item() for n in "BTDhF")
    x, hidden, scores = torch.zeros(B, T, D), torch.zeros(B, T, F), torch.zeros(B, h, T, T)
    out = [x] * 8 + [hidden, hidden, x, x]
    kept = [[] for _ in out]
    kept[0] = kept[7] = [x, x[..., 0]]
    kept[4] = [scores, scores]
    out, kept = [a.numel() for a in out], [sum(a.numel() for a in all_) for all_ in kept]
    return {"out": torch.tensor(out), "kept": torch.tensor(kept), "values": torch.tensor(sum(out)),
            "besides": torch.tensor(sum(kept)), "bytes": torch.tensor(4 * (2 * sum(out) + sum(kept)))}


def plan(given):
    tape, out, time = (given[n].tolist() for n in ("tape", "out", "time"))
    n, least, best = len(tape), [], []
    for j in range(n + 1):
        found = []
        for cuts in itertools.product((0, 1), repeat=max(j - 1, 0)):
            ends = [i + 1 for i, cut in enumerate(cuts) if cut] + ([j] if j else [])
            begins = [0] + ends[:-1]
            peak = sum(2 * out[e - 1] for e in ends) + max((sum(tape[b:e]) for b, e in zip(begins, ends)), default=0) + sum(tape[j:])
            found.append((peak, ends))
        least.append(min(found)[0])
        best.append([ends for peak, ends in found if peak == least[-1]])
    seconds = [sum(time[:j]) for j in range(n + 1)]
    again = min((j for j in range(n + 1) if least[j] <= given["memory"].item()), key=lambda j: (seconds[j], least[j]))
    assert len(best[again]) == 1, "several plans with the least peak"
    cut = [int(i + 1 in best[again][0]) for i in range(n)]
    return {"least": torch.tensor(least, dtype=torch.float64), "seconds": torch.tensor(seconds, dtype=torch.float64),
            "again": torch.tensor(again), "cut": torch.tensor(cut)}


run("checkpointing", "PyTorch's autograd and checkpoint, dynamic programming, search", {f.__name__: f for f in (
    chain, segments, best_segments, revolve_table, revolve_schedule, dropout, shared_input, selective, layer_bytes, plan)})
