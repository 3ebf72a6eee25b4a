"""Chapter flash_attention against softmax attention by torch, its logsumexp and autograd: without tiles, but for the statistics
after each tile, which are torch's maxima and sums over the keys so far. Where PyTorch has it, its own fused attention, too."""
import math

import torch
import torch.nn.functional as F

from check import run


def scores_of(given):
    q, k = given["q"], given["k"]
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return scores + given["bias"] if "bias" in given else scores


def mask_of(given):
    """(B, 1, T, S), true where a query may look."""
    T, S = given["q"].shape[2], given["k"].shape[2]
    if "mask" in given:
        return given["mask"].bool()[:, None]
    if given.says("bottom right"):
        return torch.ones(T, S, dtype=torch.bool).tril(S - T)[None, None]
    return torch.ones(1, 1, T, S, dtype=torch.bool)


def reference(given, top, before):
    """m after a tile, from the largest score so far and m before."""
    if given.says("2^-m"):
        return torch.where(top.isinf(), top, (top * math.log2(math.e)).round())
    if "tau" in given:
        return torch.where(before.isinf() | (top > before + given["tau"].item()), top, before)
    return top


def statistics(given, scores):
    """m, l, o after every tile of keys: sums over all keys so far with the reference after that tile."""
    width, S = given["tile_columns"].item(), scores.shape[-1]
    log = math.log(2) if given.says("2^-m") else 1
    before = torch.full(scores.shape[:-1], -math.inf, dtype=scores.dtype)
    m, l, o, p = [], [], [], torch.zeros_like(scores)
    for end in range(width, S + width, width):
        part = scores[..., :end]
        now = reference(given, part.amax(-1), before)
        at = torch.where(now.isinf(), torch.zeros_like(now), now) * log
        weights = torch.exp(part - at[..., None])
        p[..., end - width:end] = weights[..., end - width:]
        m.append(now), l.append(weights.sum(-1)), o.append(weights @ given["v"][:, :, :end])
        before = now
    return {"m": torch.stack(m), "l": torch.stack(l), "o": torch.stack(o), "powers": p}


def attention(given):
    mask, free = mask_of(given), scores_of(given)  # free: before the mask
    scores = free.masked_fill(~mask, -math.inf)
    nowhere = ~mask.any(-1, keepdim=True)
    with torch.no_grad():
        steps = {"scores": free, **statistics(given, scores), "L": torch.logsumexp(scores, -1)}
    P = F.softmax(scores.masked_fill(nowhere, 0), -1) * ~nowhere
    out = P @ given["v"]
    result = {**steps, "out": out}
    if "loss_weight" in given:
        loss = (out * given["loss_weight"]).sum()
        wanted = {"dweights": P, "dscores": free, "dq": given["q"], "dk": given["k"], "dv": given["v"]}
        if "bias" in given:
            wanted["dbias"] = given["bias"]
        found = torch.autograd.grad(loss, list(wanted.values()), retain_graph=True)
        result |= {"loss": loss, "weights": P, "D": (P * (given["loss_weight"] @ given["v"].transpose(-1, -2))).sum(-1)}
        result |= dict(zip(wanted, found))
        if not mask.all():
            del result["dweights"]  # of pairs that may not look nobody asks it
    if hasattr(F, "scaled_dot_product_attention") and not nowhere.any():
        extra = torch.zeros_like(scores).masked_fill(~mask, -math.inf)
        extra = extra + given["bias"] if "bias" in given else extra
        theirs = F.scaled_dot_product_attention(given["q"], given["k"], given["v"], attn_mask=extra)
        assert torch.allclose(theirs, out, rtol=1e-5, atol=1e-6)
    return result


def merge(given):
    m, l, o = (given["part_" + n] for n in "mlo")

    def both(first, second):
        """Two parts as the sums that they are: e^m l and e^m o."""
        top = torch.maximum(first[0], second[0])
        scale = [torch.where(x[0].isinf(), torch.zeros_like(top), torch.exp(x[0] - top)) for x in (first, second)]
        return top, sum(s * x[1] for s, x in zip(scale, (first, second))), sum(s[:, None] * x[2] for s, x in zip(scale, (first, second)))

    parts = [(m[i], l[i], o[i]) for i in given["orders"].T]
    two = both(parts[0], parts[1])
    top, total, values = both(two, parts[2])
    logs = torch.log(l) + m
    return {"two_m": two[0], "two_l": two[1], "two_o": two[2], "m": top, "l": total, "o": values,
            "L": torch.logsumexp(logs[given["orders"]], -1), "out": values / total[:, None]}


def split(given):
    scores, v, width = scores_of(given), given["v"], given["part"].item()
    pieces = list(zip(scores.split(width, -1), v.split(width, 2)))
    L = torch.stack([torch.logsumexp(s, -1) for s, _ in pieces])
    out = torch.stack([F.softmax(s, -1) @ values for s, values in pieces])
    return {"part_L": L, "part_out": out, "L": torch.logsumexp(scores, -1), "out": F.softmax(scores, -1) @ v}


def io(given):
    """Counted once more: words of every transfer of the three programs, loop by loop."""
    N, d, sizes = given["N"].item(), given["d"].item(), given["sizes"].tolist()

    def parts(size):
        return [min(size, N - at) for at in range(0, N, size)]

    def unfused(rows, columns):
        moved = sum(n * d + sum(m * d + n * m for m in parts(columns)) for n in parts(rows))   # Q, K, scores out
        moved += 2 * N * N                                                                    # scores in, weights out
        moved += sum(sum(m * d + n * m for m in parts(columns)) + n * d for n in parts(rows))  # V, weights, out
        return moved, max(rows * d + columns * d + rows * columns, N + 2)

    def keys_outside(rows, columns):
        moved = 0
        for first, m in enumerate(parts(columns)):
            moved += 2 * m * d
            for n in parts(rows):
                moved += n * d + (n * d + 2 * n) * (first > 0) + n * d + 2 * n
        return moved, 2 * columns * d + rows * columns + rows * d + 2 * rows

    def queries_outside(rows, columns):
        moved = sum(n * d + sum(2 * m * d for m in parts(columns)) + n * d + n for n in parts(rows))
        return moved, 2 * rows * d + 2 * rows + rows * columns + columns * d

    result = {}
    for program in (unfused, keys_outside, queries_outside):
        both = torch.tensor([[program(rows, columns) for columns in sizes] for rows in sizes])
        result |= {"moved_" + program.__name__: both[..., 0], "held_" + program.__name__: both[..., 1]}
    return result


run("flash_attention", "torch's softmax and logsumexp; autograd", {
    "merge": merge,
    "forward": attention,
    "backward": attention,
    "causal": attention,
    "causal_long": attention,
    "masked": attention,
    "bias": attention,
    "split": split,
    "lazy": attention,
    "power_of_two": attention,
    "decode": attention,
    "io": io,
})
