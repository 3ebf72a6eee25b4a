"""Chapter rope against complex multiplication, scipy.linalg.expm and explicit attention in PyTorch, with autograd."""
import math

import numpy as np
import scipy.linalg
import torch
import torch.nn.functional as F

from check import run


def angles(d, base):
    return float(base) ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)


def permuted(x):
    """Values i and i + d/2 as neighbours."""
    return x.reshape(*x.shape[:-1], 2, -1).transpose(-1, -2).flatten(-2)


def back(x):
    return x.reshape(*x.shape[:-1], -1, 2).transpose(-1, -2).flatten(-2)


def turn(given, x, first=0):
    """x (..., T, d) times e^{i position theta}, the values of a pair as one complex number."""
    if given.says("only the first n values"):
        n = given["n"].item()
        part = back(turn_neighbours(given, permuted(x[..., :n]), first))
        return torch.cat([part, x[..., n:]], -1)
    if given.says("i and i + d/2"):
        return back(turn_neighbours(given, permuted(x), first))
    assert given.says("2i and 2i + 1")
    return turn_neighbours(given, x, first)


def turn_neighbours(given, x, first):
    T, d = x.shape[-2:]
    angle = phases(given, T, d, first, x.dtype)
    z = torch.view_as_complex(x.reshape(*x.shape[:-1], d // 2, 2).contiguous())
    y = torch.view_as_real(z * torch.polar(torch.ones_like(angle), angle).to(z.dtype)).flatten(-2)
    if x.dtype == torch.float64:
        # expm halves its argument and squares back: it loses digits as the angle grows
        assert (y - by_expm(x, first, angles(d, given["base"]))).abs().max() < 1e-13 * (1 + first + T)
    return y


def phases(given, T, d, first, dtype):
    """In float32 as Hugging Face's and Llama's code make them."""
    return (first + torch.arange(T)).to(dtype)[:, None] * angles(d, given["base"]).to(dtype)


def by_expm(x, first, theta):
    """The same rotation as the exponential of position times a skew matrix of 2 x 2 blocks."""
    generator = scipy.linalg.block_diag(*[[[0, -a], [a, 0]] for a in theta.numpy()])
    turned = [scipy.linalg.expm((first + t) * generator) @ x[..., t, :].detach().double().numpy()[..., None]
              for t in range(x.shape[-2])]
    return torch.from_numpy(np.stack([y[..., 0] for y in turned], -2))


def rotate(given):
    x = given["x"]
    T, d = x.shape[-2:]
    d = given["n"].item() if "n" in given else d
    results = {"theta": angles(d, given["base"])}
    for first, end in zip(given["first"].tolist(), ("", "_far")):
        angle = phases(given, T, d, first, x.dtype)
        out = turn(given, x, first)
        results |= {"cosine" + end: angle.cos(), "sine" + end: angle.sin(), "out" + end: out,
                    "dx" + end: torch.autograd.grad((out * given["loss_weight"]).sum(), x)[0]}
    return results


def scores_shift(given):
    results = {}
    for first, end in zip(given["first"].tolist(), ("", "_shifted")):
        q, k = turn(given, given["q"], first), turn(given, given["k"], first)
        results |= {"q_turned" + end: q, "k_turned" + end: k, "scores" + end: q @ k.transpose(-1, -2)}
    return results


def stretched(given):
    d, length, factor = (given[n].item() for n in ("width", "length", "factor"))
    few, many, base = (given[n].item() for n in ("few", "many", "base"))
    theta = angles(d, base)
    ramp = ((length * theta / (2 * math.pi) - few) / (many - few)).clamp(0, 1)
    low, high = (d * math.log(length / (n * 2 * math.pi)) / (2 * math.log(base)) for n in (many, few))
    low, high = max(math.floor(low), 0), min(math.ceil(high), d - 1)
    slow = ((torch.arange(d // 2, dtype=torch.float64) - low) / (high - low)).clamp(0, 1)
    return {"theta": theta, "interpolated": theta / factor, "ntk": angles(d, base * factor ** (d / (d - 2))),
            "by_parts": theta * ramp + theta / factor * (1 - ramp),
            "yarn": theta / factor * slow + theta * (1 - slow), "yarn_scale": torch.tensor(0.1 * math.log(factor) + 1, dtype=torch.float64)}


def decay_bound(given):
    theta = angles(given["width"].item(), given["base"])
    phase = torch.arange(given["farthest"].item() + 1, dtype=torch.float64)[:, None] * theta
    return {"theta": theta, "bound": torch.polar(torch.ones_like(phase), phase).cumsum(-1).abs().mean(-1)}


def slopes(n):
    """As in ALiBi's own code: the first two powers of two, then alternate ones."""
    if math.log2(n).is_integer():
        start = 2 ** (-2 ** -(math.log2(n) - 3))
        return [start * start**i for i in range(n)]
    c = 2 ** math.floor(math.log2(n))
    return slopes(c) + slopes(2 * c)[0::2][: n - c]


def alibi_slopes(given):
    most = given["most"].item()
    return {"slopes": torch.tensor([slopes(n) + [0] * (most - n) for n in range(1, most + 1)], dtype=torch.float64)}


def bucket(given, distance):
    """By the first distance of each class: the least with a logarithm that reaches it."""
    half, farthest = given["classes"].item() // 2, given["farthest"].item()
    if given.says("in both directions"):
        return one_direction(half // 2, farthest, distance.abs()) + half * (distance < 0)
    return one_direction(half, farthest, distance)


def one_direction(half, farthest, distance):
    first = [next(n for n in range(half, farthest + 1) if n**half * half**i >= half**half * farthest**i)
             for i in range(half)]
    far = half - 1 + (distance[..., None] >= torch.tensor(first)).sum(-1)
    return torch.where(distance < half, distance.clamp(min=0), far)


def t5_buckets(given):
    return {"bucket": bucket(given, given["distance"])}


# ---- Attention ----

def masked(x):
    T, S = x.shape[-2:]
    return x.masked_fill(torch.ones(T, S, dtype=torch.bool).triu(S - T + 1), -math.inf)


def distances(T):
    return torch.arange(T)[:, None] - torch.arange(T)


def finish(given, out, steps, gradients={}):
    """The answers and the loss; the gradients of all inputs but loss_weight, and of `gradients`, by name."""
    loss = (out * given["loss_weight"]).sum()
    wanted = {n: x for n, x in given.items() if x.requires_grad and n not in ("loss_weight", "base")} | gradients
    values = torch.autograd.grad(loss, list(wanted.values()))
    return {**steps, "out": out, "loss": loss, **{"d" + n: g for n, g in zip(wanted, values)}}


def xl_terms(given):
    q, k, v, u, w = (given[n] for n in "qkvuw")
    T, d = q.shape[-2:]
    width = given["w_r"].shape[1]
    angle = torch.arange(T, dtype=torch.float64)[:, None] * angles(width, given["base"])
    sinusoid = torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)
    vectors = (sinusoid.to(q.dtype) @ given["w_r"].T).reshape(T, -1, d).transpose(0, 1)  # (h, T, d)
    r = vectors[:, distances(T).clamp(min=0)]  # (h, T, S, d)
    terms = {"content": q @ k.transpose(-1, -2), "position": torch.einsum("bhtd,htsd->bhts", q, r)}
    terms["content_bias"] = torch.einsum("hd,bhsd->bhs", u, k)[:, :, None].expand_as(terms["content"])
    terms["position_bias"] = torch.einsum("hd,htsd->hts", w, r)[None].expand_as(terms["content"])
    scores = sum(terms.values()) / math.sqrt(d)
    weights = F.softmax(masked(scores), -1)
    return finish(given, weights @ v, {"sinusoid": sinusoid, "r": vectors, **terms, "scores": scores, "weights": weights},
                  {"weights": weights, "scores": scores, "r": vectors})


def shaw(given):
    q, k, v, a_k, a_v = (given[n] for n in ("q", "k", "v", "a_k", "a_v"))
    T, d = q.shape[-2:]
    K = given["clip"].item()
    row = K + distances(T).clamp(-K, K)
    content, position = q @ k.transpose(-1, -2), torch.einsum("bhtd,tsd->bhts", q, a_k[row])
    scores = (content + position) / math.sqrt(d)
    weights = F.softmax(masked(scores), -1)
    values, vectors = weights @ v, torch.einsum("bhts,tsd->bhtd", weights, a_v[row])
    by_distance = torch.einsum("bhts,tsr->bhtr", weights, F.one_hot(row, 2 * K + 1).to(weights.dtype))
    return finish(given, values + vectors, {
        "content": content, "position": position, "scores": scores, "weights": weights, "from_values": values,
        "by_distance": by_distance, "from_vectors": vectors}, {"weights": weights, "scores": scores})


def biased(given, bias, scale, steps, gradients={}):
    scores = given["q"] @ given["k"].transpose(-1, -2) * scale + bias
    weights = F.softmax(scores if given.says("no mask") else masked(scores), -1)
    return finish(given, weights @ given["v"], {**steps, "bias": bias, "scores": scores, "weights": weights}, gradients)


def alibi(given):
    h, T, d = given["q"].shape[1:]
    slope = torch.tensor(slopes(h), dtype=torch.float64)
    return biased(given, -slope.to(given["q"].dtype)[:, None, None] * distances(T), 1 / math.sqrt(d), {"slopes": slope})


def t5(given):
    row = bucket(given, distances(given["q"].shape[-2]))
    bias = given["table"][row].permute(2, 0, 1)
    return biased(given, bias, 1, {"bucket": row}, {"bias": bias})


def rope_cached(given):
    q, k, v = turn(given, given["q"]), turn(given, given["k"]), given["v"]
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    weights = F.softmax(masked(scores), -1)
    rows = [F.softmax(scores[..., t, :t + 1], -1)[..., None, :] @ v[..., :t + 1, :] for t in range(v.shape[-2])]
    return finish(given, weights @ v, {"q_turned": q, "k_turned": k, "scores": scores, "weights": weights,
                                       "one_by_one": torch.cat(rows, -2).permute(2, 0, 1, 3)},
                  {"q_turned": q, "k_turned": k})


def rope_linear_attention(given):
    q, k, v = (given[n] for n in "qkv")
    phi_q, phi_k = F.elu(q) + 1, F.elu(k) + 1
    turned_q, turned_k = turn(given, phi_q), turn(given, phi_k)
    normaliser = (phi_q @ phi_k.T).tril().sum(-1)
    weights = (turned_q @ turned_k.T).tril() / normaliser[:, None]
    return {"phi_q": phi_q, "phi_k": phi_k, "q_turned": turned_q, "k_turned": turned_k, "normaliser": normaliser,
            "weights": weights, "out": weights @ v, "out_recurrent": weights @ v,
            "state": torch.einsum("ti,tj->tij", turned_k, v).cumsum(0), "total": phi_k.cumsum(0)}


run("rope", "complex products, scipy.linalg.expm, explicit attention; autograd", {
    "rotate": rotate,
    "rotate_half": rotate,
    "rotate_part": rotate,
    "scores_shift": scores_shift,
    "stretched": stretched,
    "decay_bound": decay_bound,
    "alibi_slopes": alibi_slopes,
    "t5_buckets": t5_buckets,
    "t5_buckets_both": t5_buckets,
    "xl_terms": xl_terms,
    "shaw": shaw,
    "alibi": alibi,
    "t5": t5,
    "t5_both": t5,
    "rope_cached": rope_cached,
    "rope_linear_attention": rope_linear_attention,
})
