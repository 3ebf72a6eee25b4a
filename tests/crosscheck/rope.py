"""Chapter rope against complex multiplication, scipy.linalg.expm and explicit attention in PyTorch, with autograd."""
import math

import numpy as np
import scipy.linalg
import torch
import torch.nn.functional as F

from check import run


def angles(d):
    return 10000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)


def turn(x, first=0):
    """x (..., T, d) times e^{i position theta}, values 2i and 2i + 1 as one complex number."""
    T, d = x.shape[-2:]
    angle = (first + torch.arange(T, dtype=torch.float64))[:, None] * angles(d)
    z = torch.view_as_complex(x.reshape(*x.shape[:-1], d // 2, 2).contiguous())
    e = torch.polar(torch.ones_like(angle), angle).to(z.dtype)
    return torch.view_as_real(z * e).flatten(-2)


def permuted(x):
    """Values i and i + d/2 as neighbours."""
    return x.reshape(*x.shape[:-1], 2, -1).transpose(-1, -2).flatten(-2)


def back(x):
    return x.reshape(*x.shape[:-1], -1, 2).transpose(-1, -2).flatten(-2)


def by_expm(x, first):
    """The same rotation as the exponential of position times a skew matrix of 2 x 2 blocks."""
    d = x.shape[-1]
    generator = scipy.linalg.block_diag(*[[[0, -a], [a, 0]] for a in angles(d).numpy()])
    turned = [scipy.linalg.expm((first + t) * generator) @ x[..., t, :].detach().double().numpy()[..., None]
              for t in range(x.shape[-2])]
    return torch.from_numpy(np.stack([y[..., 0] for y in turned], -2))


def rotate(given, halves):
    x, results = given["x"], {"theta": angles(given["x"].shape[-1])}
    for first, name in zip(given["first"].tolist(), ("out", "out_far")):
        out = back(turn(permuted(x), first)) if halves else turn(x, first)
        if x.dtype == torch.float64 and not halves:
            assert (out - by_expm(x, first)).abs().max() < 1e-11
        results[name] = out
        results[name.replace("out", "dx")] = torch.autograd.grad((out * given["loss_weight"]).sum(), x)[0]
    return results


def scores_shift(given):
    scores = [turn(given["q"], first) @ turn(given["k"], first).transpose(-1, -2) for first in (0, 70)]
    return {"scores": scores[0], "scores_shifted": scores[1]}


def stretched(given):
    d, length, factor = given["sizes"].tolist()
    theta = angles(d)
    ramp = ((length * theta / (2 * math.pi) - 1) / 31).clamp(0, 1)
    ntk = (10000 * factor ** (d / (d - 2))) ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    return {"interpolated": theta / factor, "ntk": ntk, "by_parts": theta * ramp + theta / factor * (1 - ramp)}


def decay_bound(given):
    d, farthest = given["sizes"].tolist()
    phase = torch.arange(farthest + 1, dtype=torch.float64)[:, None] * angles(d)
    return {"bound": torch.polar(torch.ones_like(phase), phase).cumsum(-1).abs().mean(-1)}


def alibi_slopes(given):
    """As in ALiBi's own code: the first two powers of two, then alternate ones."""
    def slopes(n):
        if math.log2(n).is_integer():
            start = 2 ** (-2 ** -(math.log2(n) - 3))
            return [start * start**i for i in range(n)]
        c = 2 ** math.floor(math.log2(n))
        return slopes(c) + slopes(2 * c)[0::2][: n - c]

    most = given["most"].item()
    return {"slopes": torch.tensor([slopes(n) + [0] * (most - n) for n in range(1, most + 1)], dtype=torch.float64)}


def bucket(distance):
    """From the list of the first distances of buckets 16 to 31."""
    first = torch.tensor([16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113])
    far = 15 + (distance[..., None] >= first).sum(-1)
    return torch.where(distance < 16, distance.clamp(min=0), far)


def t5_buckets(given):
    return {"bucket": bucket(given["distance"])}


def causal(scores):
    T, S = scores.shape[-2:]
    return scores.masked_fill(torch.ones(T, S, dtype=torch.bool).triu(S - T + 1), -math.inf)


def finish(given, out, steps):
    loss = (out * given["loss_weight"]).sum()
    names = [n for n, x in given.items() if x.requires_grad and n != "loss_weight"]
    return {**steps, "out": out, "loss": loss,
            **{"d" + n: g for n, g in zip(names, torch.autograd.grad(loss, [given[n] for n in names]))}}


def distances(T):
    return torch.arange(T)[:, None] - torch.arange(T)


def xl_terms(given):
    q, k, v, u, w = (given[n] for n in "qkvuw")
    T, d = q.shape[-2:]
    width = given["w_r"].shape[1]
    angle = torch.arange(T, dtype=torch.float64)[:, None] * angles(width)
    sinusoid = torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)
    r = (sinusoid.to(q.dtype) @ given["w_r"].T).reshape(T, -1, d)[distances(T).clamp(min=0)]  # (T, S, h, d)
    content = q @ k.transpose(-1, -2)
    position = torch.einsum("bhtd,tshd->bhts", q, r)
    content_bias = torch.einsum("hd,bhsd->bhs", u, k)[:, :, None].expand_as(content)
    position_bias = torch.einsum("hd,tshd->hts", w, r)[None].expand_as(content)
    scores = (content + position + content_bias + position_bias) / math.sqrt(d)
    return finish(given, F.softmax(causal(scores), -1) @ v, {
        "sinusoid": sinusoid, "content": content, "position": position,
        "content_bias": content_bias, "position_bias": position_bias})


def shaw(given):
    q, k, v, a_k, a_v = (given[n] for n in ("q", "k", "v", "a_k", "a_v"))
    T, d = q.shape[-2:]
    K = a_k.shape[0] // 2
    row = K + distances(T).clamp(-K, K)
    scores = (q @ k.transpose(-1, -2) + torch.einsum("bhtd,tsd->bhts", q, a_k[row])) / math.sqrt(d)
    weights = F.softmax(causal(scores), -1)
    return finish(given, weights @ v + torch.einsum("bhts,tsd->bhtd", weights, a_v[row]), {"weights": weights})


def biased(given, bias, scale):
    scores = given["q"] @ given["k"].transpose(-1, -2) * scale + bias
    return finish(given, F.softmax(causal(scores), -1) @ given["v"], {})


def alibi(given):
    h, T, d = given["q"].shape[1:]
    slopes = alibi_slopes({"most": torch.tensor(h)})["slopes"][-1].to(given["q"].dtype)
    return biased(given, -slopes[:, None, None] * distances(T), 1 / math.sqrt(d))


def t5(given):
    return biased(given, given["bias"][bucket(distances(given["q"].shape[-2]))].permute(2, 0, 1), 1)


def rope_cached(given):
    q, k = turn(given["q"]), turn(given["k"])
    out = F.softmax(causal(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])), -1) @ given["v"]
    return finish(given, out, {"q_turned": q, "k_turned": k, "one_by_one": out.permute(2, 0, 1, 3)})


def rope_linear_attention(given):
    q, k, v = (given[n] for n in "qkv")
    q, k = F.elu(q) + 1, F.elu(k) + 1
    weights = ((turn(q) @ turn(k).T).tril()) / (q @ k.T).tril().sum(-1, keepdim=True)
    return {"weights": weights, "out": weights @ v, "out_recurrent": weights @ v}


run("rope", "complex products, scipy.linalg.expm, explicit attention; autograd", {
    "rotate": lambda given: rotate(given, False),
    "rotate_half": lambda given: rotate(given, True),
    "scores_shift": scores_shift,
    "stretched": stretched,
    "decay_bound": decay_bound,
    "alibi_slopes": alibi_slopes,
    "t5_buckets": t5_buckets,
    "xl_terms": xl_terms,
    "shaw": shaw,
    "alibi": alibi,
    "t5": t5,
    "rope_cached": rope_cached,
    "rope_linear_attention": rope_linear_attention,
})
