"""Chapter transformer against torch.nn's layers, torch.nn.functional, torch.optim and autograd."""
import math

import torch
import torch.nn.functional as F
from torch.nn.utils.stateless import functional_call

from check import run

HEADS = 3


def finish(given, out, steps):
    """The loss and the gradient of every input that has one."""
    loss = (out * given["loss_weight"]).sum()
    names = [n for n, x in given.items() if x.requires_grad and n != "loss_weight"]
    gradients = torch.autograd.grad(loss, [given[n] for n in names])
    return {**steps, "out": out, "loss": loss, **{"d" + n: g for n, g in zip(names, gradients)}}


def weigh(q, k, v, keep):
    """Explicit attention; a query that may look nowhere gets zeros."""
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    nowhere = ~keep.any(-1, keepdim=True)
    weights = F.softmax(scores.masked_fill(~keep, -math.inf).masked_fill(nowhere, 0), -1) * ~nowhere
    return scores, weights, weights @ v


def attention(given):
    q, k, v = (given[n] for n in "qkv")
    keep = given.get("keep", torch.ones(q.shape[0], q.shape[2], k.shape[2])).bool()[:, None]
    scores, weights, out = weigh(q, k, v, keep)
    return finish(given, out, {"scores": scores, "weights": weights})


def projections(given, prefix=""):
    """in_proj_weight and in_proj_bias of torch.nn.MultiheadAttention; the keys' bias is zero."""
    w_q, w_k, w_v, b_q, b_v = (given[prefix + n] for n in ("w_q", "w_k", "w_v", "b_q", "b_v"))
    return torch.cat([w_q, w_k, w_v]), torch.cat([b_q, torch.zeros_like(b_q), b_v])


def multi_head(given):
    x, y = given["x"].transpose(0, 1), given["y"].transpose(0, 1)
    weight, bias = projections(given)
    out, _ = F.multi_head_attention_forward(
        x, y, y, x.shape[-1], HEADS, weight, bias, None, None, False, 0, given["w_o"], given["b_o"])

    def split(a):
        return a.reshape(*a.shape[:2], HEADS, -1).transpose(1, 2)

    q = split(F.linear(given["x"], given["w_q"], given["b_q"]))
    k = split(F.linear(given["y"], given["w_k"]))
    v = split(F.linear(given["y"], given["w_v"], given["b_v"]))
    keep = torch.ones(1, 1, q.shape[2], k.shape[2], dtype=torch.bool)
    _, weights, heads = weigh(q, k, v, keep)
    heads = heads.transpose(1, 2).flatten(2)
    return finish(given, out.transpose(0, 1), {"q": q, "k": k, "v": v, "weights": weights, "heads": heads})


def drop(keep):
    """torch.nn's mask, true where a query may not look, once for each head."""
    return ~keep.bool().repeat_interleave(HEADS, 0)


def layer(given, pre):
    decoder = "memory" in given
    D, hidden = given["w_1"].shape[::-1]
    kind = torch.nn.TransformerDecoderLayer if decoder else torch.nn.TransformerEncoderLayer
    module = kind(D, HEADS, hidden, 0.0, "gelu" if pre else "relu", batch_first=True, norm_first=pre)
    module = module.to(given["x"].dtype)
    weights = {"linear1.weight": "w_1", "linear1.bias": "b_1", "linear2.weight": "w_2", "linear2.bias": "b_2",
               "self_attn.out_proj.weight": "w_o", "self_attn.out_proj.bias": "b_o"}
    norms = {1: 1, 2: 2, 3: 3} if decoder else {1: 1, 2: 3}
    for theirs, ours in norms.items():
        weights.update({f"norm{theirs}.weight": f"norm_{ours}_gain", f"norm{theirs}.bias": f"norm_{ours}_bias"})
    weights = {name: given[n] for name, n in weights.items()}
    weights["self_attn.in_proj_weight"], weights["self_attn.in_proj_bias"] = projections(given)
    if decoder:
        weights["multihead_attn.in_proj_weight"], weights["multihead_attn.in_proj_bias"] = projections(given, "cross_")
        weights["multihead_attn.out_proj.weight"] = given["cross_w_o"]
        weights["multihead_attn.out_proj.bias"] = given["cross_b_o"]
    steps = {}
    module.self_attn.register_forward_hook(lambda m, i, out: steps.update(attended=out[0]))
    module.linear2.register_forward_hook(lambda m, i, out: steps.update(fed=out))
    arguments, masks = (given["x"],), {"src_mask": drop(given["keep"])}
    if decoder:
        module.multihead_attn.register_forward_hook(lambda m, i, out: steps.update(asked=out[0]))
        arguments = (given["x"], given["memory"])
        masks = {"tgt_mask": drop(given["keep"]), "memory_mask": drop(given["memory_keep"])}
    out = functional_call(module, weights, arguments, masks)
    return finish(given, out, steps)


def layer_norm(given):
    x = given["x"]
    d = x.shape[-1:]
    return finish(given, F.layer_norm(x, d, given["gain"], given["bias"]), {"normalised": F.layer_norm(x, d)})


def gelu(given):
    return finish(given, F.gelu(given["x"]), {})


def positions(given):
    n, D = given["sizes"].tolist()
    p, i = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(0, D, 2)
    angle = p / 10000 ** (i / D)
    return {"positions": torch.stack([angle.sin(), angle.cos()], -1).flatten(1)}


def label_smoothing(given):
    logits, targets, e = given["logits"], given["targets"], given["e"].item()
    over_all = F.cross_entropy(logits, targets, ignore_index=-1, label_smoothing=e)
    V, counts = logits.shape[-1], targets >= 0
    q = torch.full_like(logits, e / (V - 2)).scatter(1, targets.clamp(min=0)[:, None], 1 - e)
    q[:, 0] = 0
    over_others = -(q * F.log_softmax(logits, -1)).sum(-1)[counts].mean()
    return {"over_all": over_all, "dlogits_over_all": torch.autograd.grad(over_all, logits, retain_graph=True)[0],
            "over_others": over_others, "dlogits_over_others": torch.autograd.grad(over_others, logits)[0]}


def noam(given):
    step = given["steps"].double()
    D, warmup = given["sizes"].tolist()
    return {"rate": D**-0.5 * torch.minimum(step**-0.5, step * warmup**-1.5)}


def decoder(w, ids, h):
    """A decoder-only model, pre-norm with GELU: logits, and the keys and values of every layer."""
    D, T = w["embedding"].shape[1], ids.shape[1]
    x = w["embedding"][ids] * math.sqrt(D) + positions({"sizes": torch.tensor([T, D])})["positions"].to(w["w_q"].dtype)
    keep, cached = torch.ones(T, T, dtype=torch.bool).tril(), {}
    for end in ("", "_2"):
        if "w_q" + end not in w:
            break
        a = {n: w[n + end] for n in ("w_q", "w_k", "w_v", "w_o", "b_q", "b_v", "b_o", "w_1", "b_1", "w_2", "b_2",
                                     "norm_1_gain", "norm_1_bias", "norm_3_gain", "norm_3_bias")}
        y = F.layer_norm(x, (D,), a["norm_1_gain"], a["norm_1_bias"])
        q, k, v = (t.reshape(*t.shape[:2], h, -1).transpose(1, 2) for t in (
            F.linear(y, a["w_q"], a["b_q"]), F.linear(y, a["w_k"]), F.linear(y, a["w_v"], a["b_v"])))
        cached.update({"k" + end: k, "v" + end: v})
        x = x + F.linear(weigh(q, k, v, keep)[2].transpose(1, 2).flatten(2), a["w_o"], a["b_o"])
        y = F.layer_norm(x, (D,), a["norm_3_gain"], a["norm_3_bias"])
        x = x + F.linear(F.gelu(F.linear(y, a["w_1"], a["b_1"])), a["w_2"], a["b_2"])
    return F.layer_norm(x, (D,), w["decoder_end_gain"], w["decoder_end_bias"]) @ w["embedding"].T, cached


def training(given):
    names = [n for n in given if n not in ("x", "y", "adam")]
    w = {n: given[n].detach().clone().requires_grad_() for n in names}
    rate, beta1, beta2, eps = given["adam"].tolist()
    adam, losses, first = torch.optim.Adam(w.values(), lr=rate, betas=(beta1, beta2), eps=eps), [], None
    for x, y in zip(given["x"], given["y"]):
        logits = decoder(w, x, 2)[0]
        first = logits if first is None else first
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-1)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.detach())
    return {"logits": first, "losses": torch.stack(losses), **{n + "_after": w[n] for n in names}}


def kv_cache(given):
    logits, cached = decoder(given, given["ids"], 2)
    return {**cached, "logits": logits.transpose(0, 1)}


run("transformer", "torch.nn's attention, layers and losses, torch.optim; autograd", {
    "attention": attention,
    "attention_causal": attention,
    "attention_padding": attention,
    "multi_head": multi_head,
    "layer_norm_4": layer_norm,
    "layer_norm_7": layer_norm,
    "encoder_layer_post": lambda given: layer(given, False),
    "encoder_layer_pre": lambda given: layer(given, True),
    "decoder_layer_post": lambda given: layer(given, False),
    "decoder_layer_pre": lambda given: layer(given, True),
    "gelu": gelu,
    "positions": positions,
    "label_smoothing": label_smoothing,
    "noam": noam,
    "training": training,
    "kv_cache": kv_cache,
})
