"""Chapter transformer against torch.nn's layers, torch.nn.functional, torch.optim and autograd."""
import math

import torch
import torch.nn.functional as F
try:
    from torch.func import functional_call
except ImportError: # before PyTorch 2
    from torch.nn.utils.stateless import functional_call

from check import run


def gradients(given, loss, steps=()):
    """The gradient of every float input with an axis, and of those steps that are asked for, by name."""
    wanted = {n: x for n, x in given.items() if x.requires_grad and x.dim() and n != "loss_weight"}
    wanted.update(steps)
    found = torch.autograd.grad(loss, list(wanted.values()), allow_unused=True)
    return {"d" + n: torch.zeros_like(wanted[n]) if g is None else g for n, g in zip(wanted, found)}


def finish(given, out, steps, differentiated=()):
    loss = (out * given["loss_weight"]).sum()
    return {**steps, "out": out, "loss": loss, **gradients(given, loss, {n: steps[n] for n in differentiated})}


def weigh(q, k, v, mask):
    """Explicit attention; a query that may look nowhere gets zeros."""
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    nowhere = ~mask.any(-1, keepdim=True)
    weights = F.softmax(scores.masked_fill(~mask, -math.inf).masked_fill(nowhere, 0), -1) * ~nowhere
    return scores, weights, weights @ v


def attention(given):
    q, k, v = (given[n] for n in "qkv")
    mask = given.get("mask", torch.ones(q.shape[0], q.shape[2], k.shape[2])).bool()[:, None]
    scores, weights, out = weigh(q, k, v, mask)
    return finish(given, out, {"scores": scores, "weights": weights}, ["scores"])


def split(x, h):
    return x.reshape(*x.shape[:2], h, -1).transpose(1, 2)


def join(x):
    return x.transpose(1, 2).flatten(2)


def attend(given, x, y, mask, prefix=""):
    """The steps of multi-head attention of x to y."""
    w = {n: given[prefix + n] for n in ("w_q", "w_k", "w_v", "w_o", "b_q", "b_v", "b_o")}
    h = given["h"].item()
    q, k, v = F.linear(x, w["w_q"], w["b_q"]), F.linear(y, w["w_k"]), F.linear(y, w["w_v"], w["b_v"])
    q, k, v = (split(a, h) for a in (q, k, v))
    scores, weights, heads = weigh(q, k, v, mask)
    heads = join(heads)
    steps = {"q": q, "k": k, "v": v, "scores": scores, "weights": weights, "heads": heads}
    return F.linear(heads, w["w_o"], w["b_o"]), steps


def projections(given, prefix=""):
    """in_proj_weight and in_proj_bias of torch.nn.MultiheadAttention; the keys' bias is zero."""
    w_q, w_k, w_v, b_q, b_v = (given[prefix + n] for n in ("w_q", "w_k", "w_v", "b_q", "b_v"))
    return torch.cat([w_q, w_k, w_v]), torch.cat([b_q, torch.zeros_like(b_q), b_v])


def multi_head(given):
    x, y, h = given["x"], given["y"], given["h"].item()
    mask = torch.ones(1, 1, x.shape[1], y.shape[1], dtype=torch.bool)
    out, steps = attend(given, x, y, mask)
    result = finish(given, out, steps, ["heads", "q", "k", "v", "scores"])
    weight, bias = projections(given)
    x, y = x.transpose(0, 1), y.transpose(0, 1)
    theirs, _ = F.multi_head_attention_forward(
        x, y, y, x.shape[-1], h, weight, bias, None, None, False, 0, given["w_o"], given["b_o"])
    return {**result, **finish(given, theirs.transpose(0, 1), {})}


def drop(mask, h):
    """torch.nn's mask, true where a query may not look, once for each head."""
    return ~mask.bool().repeat_interleave(h, 0)


def torch_layer(given, pre):
    """The layer by torch.nn: its answer and the gradients of all inputs."""
    decoder, h = "memory" in given, given["h"].item()
    D, hidden = given["w_1"].shape[::-1]
    kind = torch.nn.TransformerDecoderLayer if decoder else torch.nn.TransformerEncoderLayer
    module = kind(D, h, hidden, 0.0, "gelu" if given.says("GELU") else "relu", layer_norm_eps=given["eps"].item(),
                  batch_first=True, norm_first=pre).to(given["x"].dtype)
    weights = {"linear1.weight": "w_1", "linear1.bias": "b_1", "linear2.weight": "w_2", "linear2.bias": "b_2",
               "self_attn.out_proj.weight": "w_o", "self_attn.out_proj.bias": "b_o"}
    norms = {1: 1, 2: 2, 3: 3} if decoder else {1: 1, 2: 3}
    for theirs, ours in norms.items():
        weights.update({f"norm{theirs}.weight": f"norm_{ours}_gain", f"norm{theirs}.bias": f"norm_{ours}_bias"})
    weights = {name: given[n] for name, n in weights.items()}
    weights["self_attn.in_proj_weight"], weights["self_attn.in_proj_bias"] = projections(given)
    arguments, masks = (given["x"],), {"src_mask": drop(given["mask"], h)}
    if decoder:
        weights["multihead_attn.in_proj_weight"], weights["multihead_attn.in_proj_bias"] = projections(given, "cross_")
        weights["multihead_attn.out_proj.weight"] = given["cross_w_o"]
        weights["multihead_attn.out_proj.bias"] = given["cross_b_o"]
        arguments = (given["x"], given["memory"])
        masks = {"tgt_mask": drop(given["mask"], h), "memory_mask": drop(given["memory_mask"], h)}
    return finish(given, functional_call(module, weights, arguments, masks), {})


def norm(given, name, x):
    return F.layer_norm(x, x.shape[-1:], given[name + "_gain"], given[name + "_bias"], given["eps"].item())


def layer(given):
    pre, decoder = given.says("pre-norm"), "memory" in given
    activation = F.gelu if given.says("GELU") else F.relu
    s = {}

    def sublayer(x, number, name, f):
        """x + f(norm(x)) or norm(x + f(x)), every step kept."""
        if pre:
            s[f"norm_{number}"] = y = norm(given, f"norm_{number}", x)
        else:
            y = x
        s[name] = f(y)
        s["after_" + name] = x + s[name]
        if pre:
            return s["after_" + name]
        s[f"norm_{number}"] = norm(given, f"norm_{number}", s["after_" + name])
        return s[f"norm_{number}"]

    def self_attention(y):
        out, steps = attend(given, y, y, given["mask"].bool()[:, None])
        s.update(steps)
        return out

    def cross_attention(y):
        out, steps = attend(given, y, given["memory"], given["memory_mask"].bool()[:, None], "cross_")
        s.update(cross_q=steps["q"], cross_heads=steps["heads"])
        return out

    def feed_forward(y):
        s["hidden_sums"] = F.linear(y, given["w_1"], given["b_1"])
        s["hidden"] = activation(s["hidden_sums"])
        return F.linear(s["hidden"], given["w_2"], given["b_2"])

    x = sublayer(given["x"], 1, "self_attention", self_attention)
    if decoder:
        x = sublayer(x, 2, "cross_attention", cross_attention)
    out = sublayer(x, 3, "feed_forward", feed_forward)
    del s["after_feed_forward" if pre else "norm_3"]
    result = finish(given, out, s, [n for n in s if n not in ("weights", "self_attention", "cross_attention", "feed_forward")])
    return {**result, **torch_layer(given, pre)}


def layer_norm(given):
    x, eps = given["x"], given["eps"].item()
    width = x.shape[-1:]
    return finish(given, F.layer_norm(x, width, given["gain"], given["bias"], eps), {
        "inverse_deviation": 1 / torch.sqrt(x.var(-1, unbiased=False) + eps), "normalised": F.layer_norm(x, width, eps=eps)})


def gelu(given):
    return finish(given, F.gelu(given["x"]), {})


def sinusoids(count, width, base):
    p, i = torch.arange(count, dtype=torch.float64)[:, None], torch.arange(0, width, 2)
    angle = p / base ** (i / width)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


def positions(given):
    return {"positions": sinusoids(given["count"].item(), given["width"].item(), given["base"].item())}


def label_smoothing(given):
    logits, targets, e = given["logits"], given["targets"], given["e"].item()
    V, counts = logits.shape[-1], targets >= 0
    over_all = F.cross_entropy(logits, targets, ignore_index=-1, label_smoothing=e)
    losses = F.cross_entropy(logits, targets, ignore_index=-1, label_smoothing=e, reduction="none")
    q = torch.full_like(logits, e / (V - 2)).scatter(1, targets.clamp(min=0)[:, None], 1 - e)
    q[:, 0] = 0
    losses_over_others = -(q * F.log_softmax(logits, -1)).sum(-1)
    over_others = losses_over_others[counts].mean()
    return {"probabilities": F.softmax(logits, -1), "losses_over_all": losses, "losses_over_others": losses_over_others,
            "over_all": over_all, "dlogits_over_all": torch.autograd.grad(over_all, logits, retain_graph=True)[0],
            "over_others": over_others, "dlogits_over_others": torch.autograd.grad(over_others, logits)[0]}


def noam(given):
    step, D, warm_up = given["steps"].double(), given["D"].item(), given["warm_up"].item()
    return {"rate": D**-0.5 * torch.minimum(step**-0.5, step * warm_up**-1.5)}


def decoder(w, ids, h, eps):
    """A decoder-only model, pre-norm with GELU: logits, what the first layer reads, keys and values of every layer."""
    D, T = w["embedding"].shape[1], ids.shape[1]
    x = embedded = w["embedding"][ids] * math.sqrt(D) + sinusoids(T, D, 10000).to(w["w_q"].dtype)
    mask, cached = torch.ones(T, T, dtype=torch.bool).tril(), {}
    for end in ("", "_2"):
        if "w_q" + end not in w:
            break
        a = {n: w[n + end] for n in ("w_q", "w_k", "w_v", "w_o", "b_q", "b_v", "b_o", "w_1", "b_1", "w_2", "b_2",
                                     "norm_1_gain", "norm_1_bias", "norm_3_gain", "norm_3_bias")}
        y = F.layer_norm(x, (D,), a["norm_1_gain"], a["norm_1_bias"], eps)
        out, steps = attend({**a, "h": h}, y, y, mask)
        cached.update({"k" + end: steps["k"], "v" + end: steps["v"]})
        x = x + out
        y = F.layer_norm(x, (D,), a["norm_3_gain"], a["norm_3_bias"], eps)
        x = x + F.linear(F.gelu(F.linear(y, a["w_1"], a["b_1"])), a["w_2"], a["b_2"])
    x = F.layer_norm(x, (D,), w["decoder_end_gain"], w["decoder_end_bias"], eps)
    return x @ w["embedding"].T, {"embedded": embedded, **cached}


def training(given):
    names = [n for n, x in given.items() if x.requires_grad and x.dim()]
    w = {n: given[n].detach().clone().requires_grad_() for n in names}
    rate, beta1, beta2, eps, decay = (given[n].item() for n in ("rate", "beta1", "beta2", "adam_eps", "decay"))
    adam = torch.optim.AdamW(w.values(), lr=rate, betas=(beta1, beta2), eps=eps, weight_decay=decay)
    kept = {}

    def keep(name, value):
        kept.setdefault(name, []).append(value.detach().clone())

    for x, y in zip(given["x"], given["y"]):
        logits, steps = decoder(w, x, given["h"], given["norm_eps"].item())
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-1)
        adam.zero_grad()
        loss.backward()
        adam.step()
        for name, value in (("embedded", steps["embedded"]), ("logits", logits), ("losses", loss)):
            keep(name, value)
        for n in names:
            keep("d" + n, w[n].grad)
            keep(n + "_after", w[n])
        keep("m_embedding", adam.state[w["embedding"]]["exp_avg"])
        keep("v_embedding", adam.state[w["embedding"]]["exp_avg_sq"])
    return {n: torch.stack(x) for n, x in kept.items()}


def kv_cache(given):
    logits, steps = decoder(given, given["ids"], given["h"], given["norm_eps"].item())
    return {**steps, "embedded": steps["embedded"].transpose(0, 1), "logits": logits.transpose(0, 1)}


run("transformer", "torch.nn's attention, layers and losses, torch.optim; autograd", {
    "attention": attention,
    "attention_causal": attention,
    "attention_padding": attention,
    "multi_head": multi_head,
    "layer_norm_4": layer_norm,
    "layer_norm_7": layer_norm,
    "encoder_layer_post": layer,
    "encoder_layer_pre": layer,
    "decoder_layer_post": layer,
    "decoder_layer_pre": layer,
    "gelu": gelu,
    "positions": positions,
    "label_smoothing": label_smoothing,
    "noam": noam,
    "noam_first_steps": noam,
    "training": training,
    "kv_cache": kv_cache,
})
