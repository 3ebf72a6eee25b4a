"""Chapter rnn in NumPy, from the text's formulas, right and with one mistake at a time."""
import itertools
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def slope_of_sigmoid(y):
    return y * (1 - y)


def slope_of_tanh(y):
    return 1 - y * y


def transposed_blocks(w):
    H = w.shape[1]
    return w.reshape(-1, H, H).swapaxes(1, 2).reshape(w.shape)


class Kept(dict):
    """Lists of what every step computes, by name; stacked at the end."""

    def keep(self, **values):
        for name, value in values.items():
            self.setdefault(name, []).append(value)

    def stacked(self, backward=()):
        return {n: np.stack(v[::-1] if n in backward else v) for n, v in self.items()}


def weight_gradients(g, dax, dah, before, times):
    """dw and db from the gradients of W_ih x + b_ih and W_hh h + b_hh; `times` says of which steps dw_hh is the sum."""
    return {"dw_ih": np.einsum("tbk,tbi->ki", dax, g["x"]), "db_ih": dax.sum((0, 1)), "db_hh": dah.sum((0, 1)),
            "dw_hh": np.einsum("tbk,tbj->kj", dah[times], before[times])}


def states_before(h, h0):
    return np.concatenate([h0[None], h[:-1]])


FIRST, ALL = slice(0, 1), slice(None)


# ---- The tanh layer ----

def tanh_layer(g, wrong="", squash=np.tanh, slope=slope_of_tanh):
    w = transposed_blocks(g["w_hh"]) if wrong == "transposed" else g["w_hh"]
    h0 = np.zeros_like(g["h0"]) if wrong == "h0 zero" else g["h0"]
    h, k = h0, Kept()
    for x in g["x"][::-1] if wrong == "reversed" else g["x"]:
        past = h0 if wrong == "h0 every step" else h
        a = x @ g["w_ih"].T + past @ w.T + (wrong != "no b_ih") * g["b_ih"] + (wrong != "no b_hh") * g["b_hh"]
        h = squash(a)
        k.keep(a=a, h=h)
    later = 0
    for h, weight in zip(k["h"][::-1], g["loss_weight"][::-1]):
        dh = weight + later
        da = dh * slope(h)
        later = da @ (w.T if wrong == "w for w transposed" else w) if wrong != "no later" else 0
        k.keep(dh=dh, da=da, dx=da @ g["w_ih"])
    v = k.stacked(("dh", "da", "dx"))
    before = states_before(v["h"], h0)
    v |= weight_gradients(g, v["da"], v["da"], before, FIRST if wrong == "one step" else ALL)
    if wrong == "transposed":
        v["dw_hh"] = transposed_blocks(v["dw_hh"])
    return v | {"dh0": da @ w if wrong == "no later" else later, "loss": (v["h"] * g["loss_weight"]).sum()}


right("rnn_tanh", tanh_layer)
for name, ids, only in (("no b_hh", "tanh-without-b-hh", "a h loss dh da dx dh0 dw_ih dw_hh db_ih"),
                        ("no b_ih", "tanh-without-b-ih", "a h loss dh da dx dh0 dw_ih dw_hh db_hh"),
                        ("transposed", "tanh-w-hh-transposed", None), ("h0 zero", "tanh-h0-zero", None),
                        ("h0 every step", "tanh-h0-every-step", "a h loss"), ("reversed", "tanh-time-reversed", "a h loss"),
                        ("no later", "tanh-backward-no-dh-later", "a h loss dh da dx dw_ih dw_hh db_ih db_hh"),
                        ("w for w transposed", "tanh-backward-w-for-w-transposed", None),
                        ("one step", "tanh-backward-dw-hh-first-step", None)):
    mistake("rnn_tanh", ids, lambda g, wrong=name: tanh_layer(g, wrong), only)
mistake("rnn_tanh", "tanh-relu", lambda g: tanh_layer(g, "", lambda a: np.maximum(a, 0), lambda h: h > 0))
mistake("rnn_tanh", "tanh-sigmoid", lambda g: tanh_layer(g, "", sigmoid, slope_of_sigmoid))
mistake("rnn_tanh", "tanh-backward-without-slope", lambda g: tanh_layer(g, slope=np.ones_like))
mistake("rnn_tanh", "tanh-backward-slope-twice", lambda g: tanh_layer(g, slope=lambda h: 1 - np.tanh(h) ** 2))
mistake("rnn_tanh", "tanh-backward-slope-of-sigmoid", lambda g: tanh_layer(g, slope=slope_of_sigmoid))


# ---- The LSTM ----

def lstm(g, wrong="", order="ifgo"):
    w = transposed_blocks(g["w_hh"]) if wrong == "transposed" else g["w_hh"]
    h0, c0 = (g["c0"], g["h0"]) if wrong == "exchanged" else (g["h0"], g["c0"])
    h0, c0 = h0 * (wrong != "h0 zero"), c0 * (wrong != "c0 zero")
    h, c, k = h0, c0, Kept()
    for x in g["x"]:
        a = (x @ g["w_ih"].T + h @ w.T + g["b_ih"] * (wrong != "no b_ih")
             + g["b_hh"] * {"no b_hh": 0, "b_hh twice": 2}.get(wrong, 1))
        part = dict(zip(order, np.split(a, 4, -1)))
        i, f = sigmoid(part["i"]), sigmoid(part["f"] + (wrong == "forget bias"))
        cand = sigmoid(part["g"]) if wrong == "candidate" else np.tanh(part["g"])
        o = np.tanh(part["o"]) if wrong == "output tanh" else sigmoid(part["o"])
        if wrong in ("no forget gate", "coupled"):
            f = 1 - i * (wrong == "coupled")
        c = f * c + (cand if wrong == "no i" else i * cand)
        h = o * (c if wrong == "no tanh" else np.tanh(c))
        k.keep(a=a, i=i, f=f, g=cand, o=o, c=c, h=h)
    dh_later = dc_later = 0
    for t in reversed(range(len(g["x"]))):
        i, f, cand, o, c, h = (k[n][t] for n in "ifgoch")
        c_before = k["c"][t - 1] if t else c0
        dh = g["loss_weight"][t] + dh_later
        slope = {"no slope": 1, "slope of c": 1 - c * c, "slope of h": 1 - h * h,
                 "slope twice": 1 - np.tanh(np.tanh(c)) ** 2}.get(wrong, 1 - np.tanh(c) ** 2)
        dc = (dh * slope if wrong == "dc without o" else dh * o * slope) + (wrong != "no dc later") * dc_later
        d = {"o": (dc if wrong == "o from dc" else dh) * (c if wrong == "o without tanh" else np.tanh(c))
             * (1 if wrong == "o slope" else slope_of_sigmoid(o)),
             "i": (dh if wrong == "i from dh" else dc) * (1 if wrong == "i without g" else cand)
             * (1 if wrong == "i slope" else slope_of_sigmoid(i)),
             "f": dc * {"f new c": c, "f without c": 1}.get(wrong, c_before) * (1 if wrong == "f slope" else slope_of_sigmoid(f)),
             "g": dc * (1 if wrong == "g without i" else i)
             * {"g slope": 1, "g sigmoid": slope_of_sigmoid(cand)}.get(wrong, slope_of_tanh(cand))}
        da = np.concatenate([d[n] for n in order], -1)
        k.keep(dh=dh, dc=dc, da=da, dx=da @ g["w_ih"])
        dh_later = da @ w * (wrong != "no dh later")
        dc_later = {"dc without f": dc, "dc with i": dc * i, "cell only": dc_later * f}.get(wrong, dc * f)
    v = k.stacked(("dh", "dc", "da", "dx"))
    before = v["h"] if wrong == "own step" else states_before(v["h"], h0)
    v |= weight_gradients(g, v["da"], v["da"], before, FIRST if wrong == "one step" else ALL)
    if wrong == "transposed":
        v["dw_hh"] = transposed_blocks(v["dw_hh"])
    dh0, dc0 = (dc_later, dh_later) if wrong == "exchanged" else (dh_later, dc_later)
    return v | {"dh0": dh0, "dc0": dc0, "loss": (v["h"] * g["loss_weight"]).sum()}


right("lstm", lstm)
for order in itertools.permutations("ifgo"):
    if order != tuple("ifgo"):
        mistake("lstm", "lstm-gates-" + "-".join(order), lambda g, order="".join(order): lstm(g, order=order))
LSTM = "a i f g o c h loss dh dc da dx dh0 dc0 dw_ih dw_hh db_ih db_hh"
for name, ids, only in (
        ("no b_hh", "lstm-without-b-hh", LSTM.replace(" db_hh", "")), ("no b_ih", "lstm-without-b-ih", LSTM.replace(" db_ih", "")),
        ("b_hh twice", "lstm-b-hh-twice", "a i f g o c h"),
        ("transposed", "lstm-w-hh-transposed", None), ("h0 zero", "lstm-h0-zero", None), ("c0 zero", "lstm-c0-zero", None),
        ("exchanged", "lstm-h0-c0-exchanged", None), ("forget bias", "lstm-forget-bias-1", None),
        ("no forget gate", "lstm-no-forget-gate", None), ("coupled", "lstm-forget-is-1-minus-i", None),
        ("no i", "lstm-cell-without-i", None), ("candidate", "lstm-candidate-sigmoid", None),
        ("output tanh", "lstm-output-tanh", None), ("no tanh", "lstm-tanh-left-out", None),
        ("no dc later", "lstm-backward-no-dc-later", None), ("dc without o", "lstm-backward-dc-without-o", None),
        ("no slope", "lstm-backward-dc-without-slope", None), ("slope of c", "lstm-backward-dc-slope-of-c", None),
        ("slope of h", "lstm-backward-dc-slope-of-h", None), ("slope twice", "lstm-backward-dc-slope-twice", None),
        ("o slope", "lstm-backward-da-o-without-slope", None), ("o without tanh", "lstm-backward-da-o-without-tanh", None),
        ("o from dc", "lstm-backward-da-o-from-dc", None), ("i slope", "lstm-backward-da-i-without-slope", None),
        ("i without g", "lstm-backward-da-i-without-g", None), ("i from dh", "lstm-backward-da-i-from-dh", None),
        ("f slope", "lstm-backward-da-f-without-slope", None), ("f without c", "lstm-backward-da-f-without-c", None),
        ("f new c", "lstm-backward-da-f-new-c", None), ("g slope", "lstm-backward-da-g-without-slope", None),
        ("g sigmoid", "lstm-backward-da-g-slope-of-sigmoid", None), ("g without i", "lstm-backward-da-g-without-i", None),
        ("dc without f", "lstm-backward-dc-without-f", None), ("dc with i", "lstm-backward-dc-with-i", None),
        ("cell only", "lstm-backward-dc-along-cell-only", None), ("no dh later", "lstm-backward-no-dh-later", LSTM.replace(" dh0", "")),
        ("own step", "lstm-backward-dw-hh-own-step", None), ("one step", "lstm-backward-dw-hh-first-step", None)):
    mistake("lstm", ids, lambda g, wrong=name: lstm(g, wrong), only)


# ---- The GRU ----

def gru(g, wrong="", reset="after", old="z", order="rzn"):
    """old: what of the old state is kept, z or 1 - z."""
    h0 = g["h0"] * (wrong != "h0 zero")
    b_ih, b_hh = (g["b_hh"], g["b_ih"]) if wrong == "exchanged" else (g["b_ih"], g["b_hh"])
    b_ih, b_hh = b_ih * (wrong != "no b_ih"), b_hh * (wrong != "no b_hh")
    whole = transposed_blocks(g["w_hh"]) if wrong == "transposed" else g["w_hh"]
    w, b, k, h = dict(zip(order, np.split(whole, 3))), dict(zip(order, np.split(b_hh, 3))), Kept(), h0
    for x in g["x"]:
        ax = x @ g["w_ih"].T + b_ih
        p = dict(zip(order, np.split(ax, 3, -1)))
        past = {n: h @ w[n].T + b[n] for n in order}
        r, z = sigmoid(p["r"] + past["r"]), sigmoid(p["z"] + past["z"])
        if reset == "before":
            q = (r * h) @ w["n"].T + b["n"]
            k.keep(q=q, ah=np.concatenate([past[n] for n in order if n != "n"], -1))
        else:
            q = past["n"] if wrong == "no reset" else r * past["n"]
            if wrong == "bias outside":
                q = r * (h @ w["n"].T) + b["n"]
            k.keep(ah=np.concatenate([past[n] for n in order], -1))
        n = sigmoid(p["n"] + q) if wrong == "candidate" else np.tanh(p["n"] + q)
        k.keep(ax=ax, r=r, z=z, n=n, before=h, past=past["n"])
        keep = z if old == "z" else 1 - z
        h = (1 - keep) * n + keep * h
        k.keep(h=h)
    later = 0
    for t in reversed(range(len(g["x"]))):
        r, z, n, before, h, past = (k[name][t] for name in ("r", "z", "n", "before", "h", "past"))
        keep = z if old == "z" else 1 - z
        dh = g["loss_weight"][t] + later
        dkeep = dh * {"z sign": n - before, "z without h": -n, "z without n": before, "z new h": h - n}.get(wrong, before - n)
        d = {"z": (dkeep if old == "z" else -dkeep) * (1 if wrong in ("z slope", "gates slope") else slope_of_sigmoid(z)),
             "n": dh * {"n without z": 1, "n swapped": keep}.get(wrong, 1 - keep)
             * {"n slope": 1, "n sigmoid": slope_of_sigmoid(n)}.get(wrong, slope_of_tanh(n))}
        slope = 1 if wrong in ("r slope", "gates slope") else slope_of_sigmoid(r)
        straight = dh * {"no z dh": 0, "z dh swapped": 1 - keep}.get(wrong, keep)
        if reset == "before":
            drh = d["n"] @ w["n"]
            d["r"] = drh * before * slope
            later = straight + (wrong != "no r drh") * r * drh + d["r"] @ w["r"] + d["z"] @ w["z"]
            dah = {**d, "n": d["n"]}
            k.keep(drh=drh)
        else:
            if wrong == "bias outside":
                past = past - b["n"]
            product = {"r without product": 1, "r without b": past - b["n"]}.get(wrong, past)
            d["r"] = (dh * (1 - keep) if wrong == "r from dn" else d["n"]) * product * slope
            dah = {**d, "n": d["n"] if wrong == "q without r" else d["n"] * r}
            if wrong == "no r to h":
                dah["r"] = 0 * d["r"]
            if wrong == "no z to h":
                dah["z"] = 0 * d["z"]
            later = straight + (wrong != "only z dh") * sum(dah[name] @ w[name] for name in order)
            k.keep(dah=np.concatenate([dah[name] for name in order], -1))
        dax = np.concatenate([d[name] for name in order], -1)
        k.keep(dh=dh, dax=dax, dx=dax @ g["w_ih"], d_past=np.concatenate([dah[name] for name in order], -1))
    v = k.stacked(("dh", "dax", "dah", "drh", "dx", "d_past"))
    states = v["h"] if wrong == "own step" else v["before"]
    v |= weight_gradients(g, v["dax"], v["d_past"], states, FIRST if wrong == "one step" else ALL)
    if reset == "before":
        at = order.index("n")
        H = g["h0"].shape[1]
        v["dw_hh"][at * H:(at + 1) * H] = np.einsum("tbk,tbj->kj", v["dax"][:, :, at * H:(at + 1) * H], v["r"] * v["before"])
    if wrong == "transposed":
        v["dw_hh"] = transposed_blocks(v["dw_hh"])
    if wrong == "exchanged":
        v["db_ih"], v["db_hh"] = v["db_hh"], v["db_ih"]
    for name in ("before", "past", "d_past"):
        del v[name]
    return v | {"dh0": later, "loss": (v["h"] * g["loss_weight"]).sum()}


right("gru_reset_after", gru)
right("gru_reset_before", lambda g: gru(g, reset="before"))
right("gru_swapped", lambda g: gru(g, old="1 - z"))
for order in itertools.permutations("rzn"):
    if order != tuple("rzn"):
        mistake("gru_reset_after", "gru-gates-" + "-".join(order), lambda g, order="".join(order): gru(g, order=order))
mistake("gru_reset_before", "gru-before-gates-z-r-n", lambda g: gru(g, reset="before", order="zrn"))
mistake("gru_swapped", "gru-swapped-gates-z-r-n", lambda g: gru(g, old="1 - z", order="zrn"))


def shared(values):
    """Without what only one of the two resets has."""
    return {n: v for n, v in values.items() if n not in ("ah", "dah", "q", "drh")}


mistake("gru_reset_after", "gru-reset-before", lambda g: shared(gru(g, reset="before")))
mistake("gru_reset_before", "gru-before-reset-after", lambda g: shared(gru(g)))
mistake("gru_reset_after", "gru-z-swapped", lambda g: gru(g, old="1 - z"))
mistake("gru_reset_before", "gru-before-z-swapped", lambda g: gru(g, reset="before", old="1 - z"))
mistake("gru_swapped", "gru-swapped-z-not-swapped", gru)
for name, ids, only in (
        ("bias outside", "gru-b-hn-outside", "r z n h loss dh dax dx dh0 dw_ih dw_hh db_ih"), ("exchanged", "gru-biases-exchanged", None),
        ("no b_hh", "gru-without-b-hh", "ax ah r z n h loss dh dax dah dx dh0 dw_ih dw_hh db_ih"),
        ("no b_ih", "gru-without-b-ih", "ax ah r z n h loss dh dax dah dx dh0 dw_ih dw_hh db_hh"),
        ("h0 zero", "gru-h0-zero", None), ("transposed", "gru-w-hh-transposed", None), ("no reset", "gru-without-reset", None),
        ("candidate", "gru-candidate-sigmoid", None), ("z sign", "gru-backward-da-z-sign", None),
        ("z without h", "gru-backward-da-z-without-h", None), ("z without n", "gru-backward-da-z-without-n", None),
        ("z slope", "gru-backward-da-z-without-slope", None), ("z new h", "gru-backward-da-z-new-h", None),
        ("n without z", "gru-backward-da-n-without-z", None), ("n swapped", "gru-backward-da-n-z-swapped", None),
        ("n slope", "gru-backward-da-n-without-slope", None), ("n sigmoid", "gru-backward-da-n-slope-of-sigmoid", None),
        ("r slope", "gru-backward-da-r-without-slope", None), ("r without product", "gru-backward-da-r-without-product", None),
        ("r without b", "gru-backward-da-r-without-b-hn", None), ("r from dn", "gru-backward-da-r-from-dh", None),
        ("q without r", "gru-backward-dq-without-r", None), ("no r to h", "gru-backward-no-r-to-h", None),
        ("no z to h", "gru-backward-no-z-to-h", None), ("no z dh", "gru-backward-no-z-dh", None),
        ("z dh swapped", "gru-backward-dh-z-swapped", None), ("only z dh", "gru-backward-no-dh-through-gates", None),
        ("own step", "gru-backward-dw-hh-own-step", None), ("one step", "gru-backward-dw-hh-first-step", None)):
    mistake("gru_reset_after", ids, lambda g, wrong=name: gru(g, wrong), only)
for name, ids in (("h0 zero", "h0-zero"), ("transposed", "w-hh-transposed"), ("no r drh", "backward-no-h-in-r-h"),
                  ("gates slope", "backward-gates-without-slope"), ("n slope", "backward-candidate-without-slope")):
    mistake("gru_reset_before", "gru-before-" + ids, lambda g, wrong=name: gru(g, wrong, reset="before"))
for name, ids in (("transposed", "w-hh-transposed"), ("gates slope", "backward-gates-without-slope"),
                  ("n slope", "backward-candidate-without-slope")):
    mistake("gru_swapped", "gru-swapped-" + ids, lambda g, wrong=name: gru(g, wrong, old="1 - z"))


# ---- The language model ----

def language_model(g, wrong=""):
    u, w, v, b, c, x, y = (g[n] for n in "uwvbcxy")
    h, k, T = [g["h0"]], Kept(), len(x)
    for t in range(T):
        column = u[:, y[t] if wrong == "reads target" else x[t]]
        h.append(np.tanh(column + (w.T if wrong == "transposed" else w) @ h[t] + b * (wrong != "no b")))
        p = softmax(v @ h[t if wrong == "output before" else t + 1] + c * (wrong != "no c"))
        k.keep(h=h[t + 1], p=p, losses=-np.log(p[x[t] if wrong == "loss of input" else y[t]]))
    du, dw, dv, db, dc, later = (np.zeros_like(a) for a in (u, w, v, b, c, b))

    def add(to, term, name):
        to[...] = term if wrong == name else to + term
    for t in reversed(range(T)):
        do = k["p"][t].copy()
        if wrong != "no target":
            do[x[t] if wrong == "input as target" else y[t]] -= 1
        if wrong == "do sign":
            do = -do
        delta = v.T @ do + later * (wrong != "no later")
        slope = {"slope twice": 1 - np.tanh(h[t + 1]) ** 2, "no slope": np.ones_like(b), "slope before": 1 - h[t] ** 2}
        da = slope.get(wrong, 1 - h[t + 1] ** 2) * delta
        add(dv, np.outer(do, h[t if wrong == "dv before" else t + 1]), "dv one step")
        add(dc, do, "dc one step")
        add(db, delta if wrong == "db from delta" else da, "db one step")
        add(dw, np.outer(da, h[t + 1 if wrong == "dw own step" else t]), "dw one step")
        column = y[t] if wrong == "du of target" else x[t]
        du[:, column] = da if wrong == "du one step" else du[:, column] + da
        later = (w if wrong == "w for w transposed" else w.T) @ (delta if wrong == "later without slope" else da)
        k.keep(delta=delta)
    return k.stacked(("delta",)) | {"dh0": later, "du": du, "dw": dw, "dv": dv, "db": db, "dc": dc}


right("rnn_language_model", language_model)
for name, ids in (("no later", "no-delta-later"), ("slope twice", "slope-twice"), ("dw one step", "dw-one-step"),
                  ("dw own step", "dw-own-step"), ("no slope", "without-slope"), ("slope before", "slope-of-step-before"),
                  ("w for w transposed", "later-w-for-w-transposed"), ("later without slope", "later-without-slope"),
                  ("no target", "do-without-target"), ("input as target", "do-input-as-target"), ("do sign", "do-sign"),
                  ("dv before", "dv-step-before"), ("dv one step", "dv-one-step"), ("dc one step", "dc-one-step"),
                  ("du one step", "du-one-step"), ("du of target", "du-of-target"), ("db one step", "db-one-step"),
                  ("db from delta", "db-from-delta"), ("transposed", "w-transposed"), ("no b", "without-b"),
                  ("reads target", "reads-target"), ("no c", "without-c"), ("output before", "output-from-step-before"),
                  ("loss of input", "loss-of-input")):
    mistake("rnn_language_model", "lm-" + ids, lambda g, wrong=name: language_model(g, wrong))


# ---- Clipping ----

def clipping(g, norm_of=lambda all_: np.sqrt((all_ ** 2).sum()), factor=lambda theta, norm: theta / norm, always=False,
             element=lambda v, theta: np.clip(v, -theta, theta), alone=False, summed=False):
    gradients = [g[f"g{i}"] for i in (1, 2, 3)]
    joint = sum(norm_of(a) for a in gradients) if summed else norm_of(np.concatenate([a.ravel() for a in gradients]))
    values = {"norm": joint}
    for i, a in enumerate(gradients, 1):
        norm = norm_of(a.ravel()) if alone else joint
        for name, theta in (("joint", g["theta"]), ("within", g["theta_large"])):
            values[f"{name}{i}"] = a * factor(theta, norm) if joint > theta or always else a
        values[f"element{i}"] = element(a, g["theta"])
    return values


right("clip_global_norm", clipping)
for ids, how in (("each-alone", {"alone": True}), ("sum-of-norms", {"summed": True}), ("norm-without-root", {"norm_of": lambda a: (a ** 2).sum()}),
                 ("root-mean-square", {"norm_of": lambda a: np.sqrt((a ** 2).mean())}),
                 ("largest-value", {"norm_of": lambda a: np.abs(a).max()}),
                 ("absolute-values", {"norm_of": lambda a: np.abs(a).sum()}),
                 ("to-norm-1", {"factor": lambda theta, norm: 1 / norm}), ("always", {"always": True}),
                 ("without-norm", {"factor": lambda theta, norm: theta}),
                 ("above-only", {"element": lambda v, theta: np.minimum(v, theta)}),
                 ("sign-lost", {"element": lambda v, theta: np.where(abs(v) > theta, theta, v)}),
                 ("dropped", {"element": lambda v, theta: np.where(abs(v) > theta, 0, v)})):
    mistake("clip_global_norm", "clip-" + ids, lambda g, how=how: clipping(g, **how))


# ---- Truncation ----

def truncated(g, wrong=""):
    window = {"full": g["x"].shape[1], "windows of one": 1}.get(wrong, g["window"])
    w = g["w_hh"].T if wrong == "transposed" else g["w_hh"]
    N, T, B, _ = g["x"].shape
    h, all_h = np.zeros((B, len(w))), []
    total = {n: np.zeros_like(g[n]) for n in ("w_ih", "w_hh", "b_ih", "b_hh")}
    for x, weight in zip(g["x"], g["loss_weight"]):
        if wrong != "not reset":
            h = np.zeros_like(h)
        for first in range(0, T, window):
            last = min(first + window, T)
            if wrong == "dropped":
                h = np.zeros_like(h)
            states = [h]
            for t in range(first, last):
                states.append(np.tanh(x[t] @ g["w_ih"].T + states[-1] @ w.T + g["b_ih"] + g["b_hh"] * (wrong != "no b_hh")))
            if wrong == "last only":
                total = {n: np.zeros_like(a) for n, a in total.items()}
            later = 0
            for t in reversed(range(first, last) if wrong != "no rest" or last - first == window else range(0)):
                dh = weight[t] * (wrong != "last step" or t == last - 1) + later
                da = dh * (1 - states[t - first + 1] ** 2)
                later = da @ w
                total["w_ih"] += da.T @ x[t]
                total["w_hh"] += states[t - first].T @ da if wrong == "transposed" else da.T @ states[t - first]
                total["b_ih"] += da.sum(0)
                total["b_hh"] += da.sum(0)
            h = states[-1]
            all_h += states[1:]
    return {"h": np.stack(all_h).reshape(N, T, B, -1), **{"d" + n: a for n, a in total.items()}}


right("bptt_truncated", truncated)
for name, ids in (("not reset", "state-not-reset"), ("full", "full"), ("dropped", "state-dropped"), ("no rest", "rest-dropped"),
                  ("last step", "loss-of-last-step"), ("last only", "last-window-only"), ("windows of one", "windows-of-one"),
                  ("transposed", "w-hh-transposed")):
    mistake("bptt_truncated", "truncated-" + ids, lambda g, wrong=name: truncated(g, wrong))
mistake("bptt_truncated", "truncated-without-b-hh", lambda g: truncated(g, "no b_hh"), "h dw_ih dw_hh db_ih")


run("rnn")
