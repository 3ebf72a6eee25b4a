"""Chapter gau against its formulas in PyTorch, with masks in place of chunks, and autograd; the language's oracle by sums over
the topics."""
import torch
import torch.nn.functional as F

from check import run


def visible(given, T, both=False, length=None, chunk=None, previous=False):
    """(B or 1, T, T), true where query t sees key s."""
    t, s = torch.arange(T)[:, None], torch.arange(T)[None]
    mask = torch.ones(T, T, dtype=torch.bool) if both else s <= t
    if chunk:
        mask = mask & ((s // chunk == t // chunk) | (previous & (s // chunk == t // chunk - 1)))
    mask = mask[None]
    return mask if length is None else mask & (s[None] < length[:, None, None])


def windowed(a, chunk, previous=False):
    """(B, T, T) -> (B, T, W): the columns of each query's window, zeros beyond the last key."""
    T, width = a.shape[-1], chunk * (2 if previous else 1)
    a, rows = F.pad(a, (0, width)), []
    for t in range(T):
        first = t // chunk * chunk - (chunk if previous and t >= chunk else 0)
        rows.append(a[:, t, first:first + width])
    return torch.stack(rows, 1)


def rms(x, gain, eps):
    return gain * x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps)


def rotate(x, base):
    """Values 2 i and 2 i + 1 as a complex number, turned."""
    T, s = x.shape[1:]
    angle = torch.arange(T, dtype=torch.float64)[:, None] * base.double() ** (-torch.arange(0, s, 2, dtype=torch.float64) / s)
    c, d = torch.cos(angle).to(x.dtype), torch.sin(angle).to(x.dtype)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * c - b * d, a * d + b * c), -1).flatten(-2)


def differentiate(given, result, out, wanted):
    """The loss of out, and the gradients of what is wanted, d in front of their names."""
    loss = (out * given["loss_weight"]).sum()
    found = torch.autograd.grad(loss, list(wanted.values()))
    return result | {"loss": loss} | {"d" + n: g for n, g in zip(wanted, found)}


def unit(given):
    x, n = given["x"], given["n"]
    T = x.shape[1]
    both, chunk = given.says("both directions"), given["chunk"].item() if "chunk" in given else None
    length = given.get("length")
    step = {"input": rms(x, given["norm"], given["eps"])}
    for name in "uvz":
        step[name] = F.silu(step["input"] @ given["w_" + name].T)
    flash = "gain_q_far" in given
    for name in ["q", "k"] + (["q_far", "k_far"] if flash else []):
        step[name] = step["z"] * given["gain_" + name] + given["shift_" + name]
        if "base" in given:
            step["turned_" + name] = rotate(step[name], given["base"])
    use = {name: step.get("turned_" + name, step[name]) for name in ("q", "k")}
    full = use["q"] @ use["k"].transpose(1, 2) / n
    if "bias" in given:
        t = torch.arange(T)
        full = full + given["bias"][T - 1 + t[:, None] - t[None]]
    mask = visible(given, T, both, length, chunk)
    weights = F.relu(full) ** 2 * mask
    near = answer = weights @ step["v"]
    if flash:
        far_q, far_k = (step.get("turned_" + n_, step[n_]) for n_ in ("q_far", "k_far"))
        t = torch.arange(T)
        reach = visible(given, T, True, length) if both else (t[None] // chunk < t[:, None] // chunk)[None]
        far = (far_q @ far_k.transpose(1, 2) * reach) @ step["v"] / given["n_far"]
        answer = near + far
        step |= {"near": near, "far": far}
    step |= {"scores": full, "weights": weights, "answer": answer, "gated": step["u"] * answer}
    out = x + step["gated"] @ given["w_o"].T
    params = {k: a for k, a in given.items() if a.is_floating_point() and a.dim() and k != "loss_weight"}
    not_published = ("weights", "near", "far")
    wanted = {k: a for k, a in step.items() if k not in not_published} | params
    result = differentiate(given, step | {"out": out}, out, wanted)
    if chunk:
        for name in ("scores", "weights", "dscores"):
            result[name] = windowed(result[name], chunk)
    return result


def divisors(given):
    q, k, v = given["q"], given["k"], given["v"]
    T, n, result = q.shape[1], given["n"], {}
    s, mask = q @ k.transpose(1, 2), visible(given, q.shape[1])
    each = {"longest": F.relu(s / n) ** 2, "batch": F.relu(s / T) ** 2, "outside": F.relu(s) ** 2 / n,
            "visible": F.relu(s / torch.arange(1, T + 1)[:, None]) ** 2}
    for name, weights in each.items():
        result["weights_" + name] = weights * mask
        result["out_" + name] = weights * mask @ v
    return result


def window(given):
    q, k, v = given["q"], given["k"], given["v"]
    chunk = given["chunk"].item() if "chunk" in given else None
    previous = given.says("the one before")
    mask = visible(given, q.shape[1], chunk=chunk, previous=previous)
    scores = q @ k.transpose(1, 2)
    if "n" in given:
        scores = scores / given["n"]
        weights = F.relu(scores) ** 2 * mask
    else:
        scores = scores / q.shape[2] ** 0.5
        weights = torch.softmax(scores.masked_fill(~mask, -torch.inf), -1)
    out = weights @ v
    result = {"scores": scores, "weights": weights, "out": out}
    result = differentiate(given, result, out, {"scores": scores, "q": q, "k": k, "v": v})
    if chunk:
        for name in ("scores", "weights", "dscores"):
            result[name] = windowed(result[name], chunk, previous)
    return result


def norm_attention(given):
    q, k, v, eps = (given[n] for n in ("q", "k", "v", "eps"))
    phi_q, phi_k = F.elu(q) + 1, F.elu(k) + 1
    weights = phi_q @ phi_k.transpose(1, 2) * visible(given, q.shape[1])
    sums, total = weights @ v, weights.sum(-1, keepdim=True)
    out = rms(sums, given["gain"], eps)
    result = {"phi_q": phi_q, "phi_k": phi_k, "sums": sums, "total": total, "divided": sums / total,
              "divided_normed": rms(sums / total, given["gain"], eps), "out": out}
    return differentiate(given, result, out, {"gain": given["gain"], "sums": sums, "phi_q": phi_q, "phi_k": phi_k,
                                              "q": q, "k": k, "v": v})


def gradient_bound(given):
    maps = {"elu": lambda x: F.elu(x) + 1, "exp": torch.exp, "softplus": F.softplus, "relu": F.relu, "square": torch.square}
    q, k, result = given["q"], given["k"], {}
    for name, phi in maps.items():
        s = phi(k) @ phi(q)
        p = s / s.sum()
        rows = [torch.autograd.grad(p[j], (s, q, k), retain_graph=True) for j in range(len(p))]
        result |= {f"p_{name}": p, f"dp_ds_{name}": torch.stack([r[0][j] for j, r in enumerate(rows)]),
                   f"dp_dq_{name}": torch.stack([r[1] for r in rows]),
                   f"dp_dk_{name}": torch.stack([r[2][j] for j, r in enumerate(rows)])}
    return result


def probe(given):
    q, k, v, C = given["q"], given["k"][0], given["v"][0], given["chunk"].item()
    T = len(q)
    t = torch.arange(T)
    own, causal = t[:, None] // C - t[None] // C, t[None] <= t[:, None]
    reach = {"near": (own == 0) & causal, "overlap": (own <= 1) & causal, "far": own >= 1, "self": causal}
    result = {}
    for name, mask in reach.items():
        def answer(k, v):
            s = q @ k.T
            s = F.relu(s / C) ** 2 if name in ("near", "overlap") else s / T
            return torch.where(mask, s, torch.zeros_like(s)) @ v
        before = answer(k, v)
        rows = []
        for at in range(T):
            other_k, other_v = k.clone(), v.clone()
            other_k[at], other_v[at] = 1e9, 1e9
            rows.append((answer(other_k, other_v) != before).any(-1))
        result[name] = torch.stack(rows).int()
    return result


def topic_oracle(given):
    """P(text so far) is the sum over the topics; a prefix's probability by adding the words that begin with it."""
    words = [[s for s in w.tolist() if s >= 0] for w in given["words"]]
    text, p = given["text"].tolist(), given["p"]

    def likelihood(symbols):
        """(topics): P(symbols | topic)."""
        product, at = torch.ones(len(p), dtype=torch.float64), 0
        while at < len(symbols):
            end = symbols.index(0, at) + 1 if 0 in symbols[at:] else len(symbols)
            fits = torch.tensor([w[:end - at] == symbols[at:end] for w in words])
            product, at = product * (p * fits).sum(1), end
        return product

    result = {}
    for name, memory in (("nll", None), ("nll_0", 0), ("nll_1", 1)):
        nll = []
        for i in range(len(text)):
            starts = [0] + [j + 1 for j in range(i) if text[j] == 0]
            first = 0 if memory is None else starts[max(0, len(starts) - 1 - memory)]
            nll.append(torch.log(likelihood(text[first:i]).sum() / likelihood(text[first:i + 1]).sum()))
        result[name] = torch.stack(nll)
    each = torch.stack([likelihood(text[:i + 1]) for i in range(len(text))])
    return result | {"posterior": each / each.sum(1, keepdim=True)}


run("gau", "the formulas in PyTorch with masks; autograd",
    {"gau": unit, "flash": unit, "flash_causal": unit, "gau_divisors": divisors, "gau_softmax": window,
     "diagonal": window, "overlap": window, "norm_attention": norm_attention, "gradient_bound": gradient_bound,
     "probe": probe, "topic_oracle": topic_oracle})
