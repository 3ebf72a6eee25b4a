"""Chapter td's known mistakes in NumPy, written from the text's formulas."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run  # noqa: E402


# ---- Means ----

def mean(g, step=lambda k, alpha: 1 / k, move=lambda w, x, step: w + step * (x - w)):
    w, c, all_w, all_c = 0, g["first"], [], []
    for k, x in enumerate(g["x"], 1):
        w = move(w, x, step(k, g["alpha"]))
        c += g["alpha"] * (x - c)
        all_w.append(w)
        all_c.append(c)
    return {"w": np.array(all_w), "w_alpha": np.array(all_c)}


right("mean", mean)
mistake("mean", "mean-k-plus-1", lambda g: mean(g, lambda k, alpha: 1 / (k + 1)))
mistake("mean", "mean-k-minus-1", lambda g: mean(g, lambda k, alpha: 1 / max(k - 1, 1)))
mistake("mean", "mean-constant-step", lambda g: mean(g, lambda k, alpha: alpha))
mistake("mean", "mean-root-of-k", lambda g: mean(g, lambda k, alpha: k ** -0.5))
mistake("mean", "mean-sum", lambda g: mean(g, move=lambda w, x, step: w + x))
mistake("mean", "mean-old-not-taken-off", lambda g: mean(g, move=lambda w, x, step: w + step * x))


def root(g, move=lambda w, step, g: w - step * g):
    w, all_w, all_g = g["w1"], [], []
    for step in g["step"]:
        all_g.append(np.tanh(w - 1))
        w = move(w, step, all_g[-1])
        all_w.append(w)
    return {"g": np.array(all_g), "w": np.array(all_w)}


right("robbins_monro", root)
mistake("robbins_monro", "robbins-monro-wrong-sign", lambda g: root(g, lambda w, step, g: w + step * g))
mistake("robbins_monro", "robbins-monro-no-step", lambda g: root(g, lambda w, step, g: w - g))
mistake("robbins_monro", "robbins-monro-g-as-target", lambda g: root(g, lambda w, step, g: w + step * (g - w)))


# ---- One step ----

def learn(g, start, key, value, target=lambda r, gamma, next: r + gamma * next, alpha=lambda a: a, updated="s", copy=True,
          bootstrap_end=False, skip_end=False, reward=lambda g, t: g["r"][t], error=lambda target, old: target - old,
          name="q"):
    """A table learns along the stream: value(table, next state, t) is what the next state is worth."""
    table, kept = g[start].copy(), []
    for t, end in enumerate(g["end"]):
        at = key(g, t, g["next" if updated == "next" else "s"][t])
        worth = 0 if end and not bootstrap_end else value(table, g["next"][t], t)
        if not (end and skip_end):
            table[at] += alpha(g["alpha"]) * error(target(reward(g, t), g["gamma"], worth), table[at])
        kept.append(table.copy() if copy else table)
    return {name: np.array(kept)}


def after(g, t):
    return g["a"][t + 1] if t + 1 < len(g["a"]) else 0


def td0(g, value=lambda v, n, t: v[n], **how):
    return learn(g, "v0", lambda g, t, s: s, value, name="v", **how)


def with_actions(value):
    def case(g, other=None, **how):
        def worth(q, n, t):
            return (other or value)(g, q, n, t)
        return learn(g, "q0", lambda g, t, s: (s, g["a"][t]), worth, **how)
    return case


def soft_mean(p):
    def value(g, q, n, t):
        return p(g, q, n, t) @ q[n]
    return value


def soft(g, q, n, t):
    p = np.full(q.shape[1], g["epsilon"] / q.shape[1])
    p[q[n].argmax()] += 1 - g["epsilon"]
    return p


sarsa = with_actions(lambda g, q, n, t: q[n, after(g, t)])
q_learning = with_actions(lambda g, q, n, t: q[n].max())
expected = with_actions(soft_mean(soft))

for case, prefix, function in (("td0", "td0", td0), ("sarsa", "sarsa", sarsa), ("q_learning", "q-learning", q_learning),
                               ("expected_sarsa", "expected-sarsa", expected)):
    def wrong(what, function=function, case=case, prefix=prefix, **how):
        mistake(case, f"{prefix}-{what}", lambda g: function(g, **how))
    right(case, function)
    wrong("end-bootstrapped", bootstrap_end=True)
    wrong("no-discount", target=lambda r, gamma, next: r + next)
    wrong("reward-discounted", target=lambda r, gamma, next: gamma * (r + next))
    wrong("no-bootstrap", target=lambda r, gamma, next: r)
    wrong("reward-left-out", target=lambda r, gamma, next: gamma * next)
    wrong("alpha-exchanged", alpha=lambda a: 1 - a)
    wrong("overwritten", alpha=lambda a: 1)
    wrong("wrong-sign", alpha=lambda a: -a)
    wrong("old-not-taken-off", error=lambda target, old: target)
    wrong("next-updated", updated="next")
    wrong("end-not-learnt", skip_end=True)
    wrong("no-copy", copy=False)

mistake("td0", "td0-reward-of-next-step",
        lambda g: td0(g, reward=lambda g, t: g["r"][t + 1] if t + 1 < len(g["r"]) else 0))
mistake("sarsa", "sarsa-max", lambda g: sarsa(g, lambda g, q, n, t: q[n].max()))
mistake("sarsa", "sarsa-same-action", lambda g: sarsa(g, lambda g, q, n, t: q[n, g["a"][t]]))
mistake("sarsa", "sarsa-value-of-s", lambda g: sarsa(g, lambda g, q, n, t: q[g["s"][t], after(g, t)]))
mistake("sarsa", "sarsa-mean", lambda g: sarsa(g, lambda g, q, n, t: q[n].mean()))
mistake("q_learning", "q-learning-action-taken", lambda g: q_learning(g, lambda g, q, n, t: q[n, after(g, t)]))
mistake("q_learning", "q-learning-max-of-s", lambda g: q_learning(g, lambda g, q, n, t: q[g["s"][t]].max()))
mistake("q_learning", "q-learning-greedy-of-s", lambda g: q_learning(g, lambda g, q, n, t: q[n, q[g["s"][t]].argmax()]))
mistake("q_learning", "q-learning-argmax-as-value", lambda g: q_learning(g, lambda g, q, n, t: q[n].argmax()))
mistake("q_learning", "q-learning-max-of-table", lambda g: q_learning(g, lambda g, q, n, t: q.max()))
mistake("q_learning", "q-learning-min", lambda g: q_learning(g, lambda g, q, n, t: q[n].min()))


def expecting(what, p):
    mistake("expected_sarsa", f"expected-sarsa-{what}", lambda g: expected(g, soft_mean(p)))


def shares(greedy, other):
    def p(g, q, n, t):
        share = np.full(q.shape[1], other(g["epsilon"], q.shape[1]))
        share[q[n].argmax()] = greedy(g["epsilon"], q.shape[1])
        return share
    return p


expecting("greedy-has-1-epsilon", shares(lambda e, n: 1 - e, lambda e, n: e / n))
expecting("epsilon-over-others", shares(lambda e, n: 1 - e, lambda e, n: e / (n - 1)))
expecting("no-exploring", shares(lambda e, n: 1, lambda e, n: 0))
expecting("epsilon-exchanged", shares(lambda e, n: e + (1 - e) / n, lambda e, n: (1 - e) / n))
expecting("epsilon-not-divided", shares(lambda e, n: 1 - e + e, lambda e, n: e))
expecting("uniform", shares(lambda e, n: 1 / n, lambda e, n: 1 / n))
expecting("policy-of-s", lambda g, q, n, t: soft(g, q, g["s"][t], t))
expecting("action-taken", lambda g, q, n, t: np.eye(q.shape[1])[after(g, t)])


# ---- n steps, as in Sutton and Barto's box ----

def episodes(g):
    ends = np.flatnonzero(g["end"]) + 1
    return zip(np.append(0, ends[:-1]), ends)


def n_step(g, n=lambda n: n, power=lambda n: n, value=lambda q, s, a, last: q[s[last], a[last]], tail=True, row="box",
           over_end=False, bootstrap=True, alpha=lambda a: a):
    q, kept = g["q0"].copy(), []
    s, a, r, gamma = g["s"], g["a"], g["r"], g["gamma"]
    N = n(g["n"])

    def update(tau, end):
        last = tau + N if over_end else min(tau + N, end)
        ret = sum(gamma ** (k - tau) * r[k] for k in range(tau, min(last, len(r))))
        ended = g["end"][last - 1] if over_end and last <= len(r) else last == end
        if last < len(s) and not ended and bootstrap:
            ret += gamma ** power(N) * value(q, s, a, last)
        if tail or tau + N <= end:
            q[s[tau], a[tau]] += alpha(g["alpha"]) * (ret - q[s[tau], a[tau]])
    for begin, end in episodes(g):
        for t in range(begin, end):
            if row == "own":
                update(t, end)
            elif t == end - 1:
                for tau in range(max(begin, t - N + 1) if row == "box" else begin, end):
                    update(tau, end)
            elif row == "box" and t - N + 1 >= begin:
                update(t - N + 1, end)
            kept.append(q.copy())
    return {"q": np.array(kept)}


right("n_step_sarsa", n_step)
mistake("n_step_sarsa", "n-step-at-its-own-row", lambda g: n_step(g, row="own"))
mistake("n_step_sarsa", "n-step-updates-at-the-end", lambda g: n_step(g, row="end"))
mistake("n_step_sarsa", "n-step-gamma-n-minus-1", lambda g: n_step(g, power=lambda n: n - 1))
mistake("n_step_sarsa", "n-step-gamma-n-plus-1", lambda g: n_step(g, power=lambda n: n + 1))
mistake("n_step_sarsa", "n-step-discounted-once", lambda g: n_step(g, power=lambda n: 1))
mistake("n_step_sarsa", "n-step-value-not-discounted", lambda g: n_step(g, power=lambda n: 0))
mistake("n_step_sarsa", "n-step-max", lambda g: n_step(g, value=lambda q, s, a, last: q[s[last]].max()))
mistake("n_step_sarsa", "n-step-last-pair", lambda g: n_step(g, value=lambda q, s, a, last: q[s[last - 1], a[last - 1]]))
mistake("n_step_sarsa", "n-step-tail-dropped", lambda g: n_step(g, tail=False))
mistake("n_step_sarsa", "n-step-over-the-end", lambda g: n_step(g, over_end=True))
mistake("n_step_sarsa", "n-step-no-bootstrap", lambda g: n_step(g, bootstrap=False))
mistake("n_step_sarsa", "n-step-alpha-exchanged", lambda g: n_step(g, alpha=lambda a: 1 - a))


# ---- Monte Carlo ----

def returns(g, gamma=lambda x: x, over_end=False, from_start=False, own=True):
    ret, later = np.zeros(len(g["r"])), 0.0
    starts = {t: begin for begin, end in episodes(g) for t in range(begin, end)}
    for t in reversed(range(len(ret))):
        if g["end"][t] and not over_end:
            later = 0.0
        weight = gamma(g["gamma"])
        before = later
        later = weight ** (t - starts[t]) * g["r"][t] + later if from_start else g["r"][t] + weight * later
        ret[t] = later if own else 0 if g["end"][t] else before
    return ret


def monte_carlo(g, counts, step=lambda n, t: 1 / n, **how):
    ret, q = returns(g, **how), np.zeros((g["s"].max() + 1, g["a"].max() + 1))
    visits, kept = np.zeros(q.shape, int), []
    starts = {t: begin for begin, end in episodes(g) for t in range(begin, end)}
    for t, at in enumerate(zip(g["s"], g["a"])):
        if counts(g, starts[t], t):
            visits[at] += 1
            q[at] += step(visits[at], t) * (ret[t] - q[at])
        kept.append(q.copy())
    return {"g": ret, "visits": visits, "q": np.array(kept)}


def every(g, begin, t):
    return True


def first(g, begin, t):
    return (g["s"][t], g["a"][t]) not in zip(g["s"][begin:t], g["a"][begin:t])


for case, prefix, visit in (("mc_first_visit", "mc-first", first), ("mc_every_visit", "mc-every", every)):
    def wrong(what, case=case, prefix=prefix, visit=visit, **how):
        mistake(case, f"{prefix}-{what}", lambda g: monte_carlo(g, visit, **how))
    right(case, lambda g, visit=visit: monte_carlo(g, visit))
    wrong("no-discount", gamma=lambda x: 1)
    wrong("gamma-squared", gamma=lambda x: x * x)
    wrong("over-the-end", over_end=True)
    wrong("discounted-from-start", from_start=True)
    wrong("without-own-reward", own=False)
    wrong("all-returns", step=lambda n, t: 1 / (t + 1))
    wrong("count-after", step=lambda n, t: 1 / (n + 1))
    wrong("last-return", step=lambda n, t: 1)
mistake("mc_first_visit", "mc-first-every-visit", lambda g: monte_carlo(g, every))
mistake("mc_every_visit", "mc-every-first-visit", lambda g: monte_carlo(g, first))
mistake("mc_first_visit", "mc-first-never-reset", lambda g: monte_carlo(g, lambda g, begin, t: first(g, 0, t)))
mistake("mc_first_visit", "mc-first-visits-of-state",
        lambda g: monte_carlo(g, lambda g, begin, t: g["s"][t] not in g["s"][begin:t]))


# ---- Two tables, traces, ratios ----

def double_q(g, value=lambda own, other, n: other[n, own[n].argmax()], which=lambda coin: coin, both=False, bootstrap=False,
             gamma=lambda x: x):
    tables, kept = [g["q2_first"].copy(), g["q1_first"].copy()], ([], [])
    for t, at in enumerate(zip(g["s"], g["a"])):
        coin = which(g["coin"][t])
        targets = []
        for own, other in ((tables[coin], tables[1 - coin]), (tables[1 - coin], tables[coin]))[:2 if both else 1]:
            worth = 0 if g["end"][t] and not bootstrap else value(own, other, g["next"][t])
            targets.append((own, g["r"][t] + gamma(g["gamma"]) * worth))
        for own, target in targets:
            own[at] += g["alpha"] * (target - own[at])
        for k in range(2):
            kept[k].append(tables[k].copy())
    return {"q1": np.array(kept[1]), "q2": np.array(kept[0])}


right("double_q", double_q)
for what, value in {
        "own-maximum": lambda own, other, n: own[n].max(),
        "maximum-of-other": lambda own, other, n: other[n].max(),
        "roles-exchanged": lambda own, other, n: own[n, other[n].argmax()],
        "argmax-of-sum": lambda own, other, n: other[n, (own + other)[n].argmax()],
        "maximum-of-mean": lambda own, other, n: (own + other)[n].max() / 2,
        "minimum-of-both": lambda own, other, n: min(own[n].max(), other[n, own[n].argmax()]),
        "smaller-maximum": lambda own, other, n: min(own[n].max(), other[n].max())}.items():
    mistake("double_q", f"double-q-{what}", lambda g, value=value: double_q(g, value))
mistake("double_q", "double-q-both-learn", lambda g: double_q(g, both=True))
mistake("double_q", "double-q-coin-inverted", lambda g: double_q(g, which=lambda coin: 1 - coin))
mistake("double_q", "double-q-one-table", lambda g: double_q(g, which=lambda coin: 1))
mistake("double_q", "double-q-end-bootstrapped", lambda g: double_q(g, bootstrap=True))
mistake("double_q", "double-q-no-discount", lambda g: double_q(g, gamma=lambda x: 1))


def td_lambda(g, bump=lambda e: e + 1, decay=lambda gamma, decay: gamma * decay, reset=True, late=False, early_decay=False,
              only_s=False, gamma=lambda x: x, bootstrap=False):
    v, trace, all_v, all_traces = g["v0"].copy(), np.zeros(len(g["v0"])), [], []
    fade = decay(g["gamma"], g["lambda"])
    for s, r, n, end in zip(g["s"], g["r"], g["next"], g["end"]):
        error = r + (0 if end and not bootstrap else gamma(g["gamma"]) * v[n]) - v[s]
        used = trace.copy()
        trace[s] = bump(trace[s])
        used = used if late else fade * trace if early_decay else trace
        v += g["alpha"] * error * used * (np.arange(len(v)) == s if only_s else 1)
        trace *= 0 if end and reset else fade
        all_v.append(v.copy())
        all_traces.append(trace.copy())
    return {"trace": np.array(all_traces), "v": np.array(all_v)}


right("td_lambda", td_lambda)
mistake("td_lambda", "lambda-replacing", lambda g: td_lambda(g, bump=lambda e: 1))
mistake("td_lambda", "lambda-dutch", lambda g: td_lambda(g, bump=lambda e: e + 1 - g["alpha"] * e))
mistake("td_lambda", "lambda-decay-lambda", lambda g: td_lambda(g, decay=lambda gamma, decay: decay))
mistake("td_lambda", "lambda-decay-gamma", lambda g: td_lambda(g, decay=lambda gamma, decay: gamma))
mistake("td_lambda", "lambda-decay-1-minus-lambda", lambda g: td_lambda(g, decay=lambda gamma, decay: gamma * (1 - decay)))
mistake("td_lambda", "lambda-traces-live-on", lambda g: td_lambda(g, reset=False))
mistake("td_lambda", "lambda-trace-after-update", lambda g: td_lambda(g, late=True))
mistake("td_lambda", "lambda-decayed-before-update", lambda g: td_lambda(g, early_decay=True))
mistake("td_lambda", "lambda-only-s", lambda g: td_lambda(g, only_s=True))
mistake("td_lambda", "lambda-no-discount", lambda g: td_lambda(g, gamma=lambda x: 1))
mistake("td_lambda", "lambda-end-bootstrapped", lambda g: td_lambda(g, bootstrap=True))


def off_policy(g, ratio_of=lambda each, begin, t, end: np.prod(each[t + 1:end]),
               each=lambda target, behaviour: target / behaviour, ordinary=lambda ratio, n, total: 1 / n,
               target=lambda ratio, ret: ratio * ret, weighted=lambda ratio, n, total: ratio / total, gamma=lambda x: x):
    ret = returns(g, gamma=gamma)
    one = each(g["target"], g["behaviour"])[g["s"], g["a"]]
    span = {t: (begin, end) for begin, end in episodes(g) for t in range(begin, end)}
    ratio = np.array([ratio_of(one, span[t][0], t, span[t][1]) for t in range(len(ret))])
    o, w = np.zeros(g["target"].shape), np.zeros(g["target"].shape)
    n, total, all_o, all_w = np.zeros(o.shape), np.zeros(o.shape), [], []
    for t, at in enumerate(zip(g["s"], g["a"])):
        n[at] += 1
        total[at] += ratio[t]
        o[at] += ordinary(ratio[t], n[at], total[at]) * (target(ratio[t], ret[t]) - o[at])
        if ratio[t] > 0:
            w[at] += weighted(ratio[t], n[at], total[at]) * (ret[t] - w[at])
        all_o.append(o.copy())
        all_w.append(w.copy())
    return {"g": ret, "ratio": ratio, "ordinary": np.array(all_o), "weighted": np.array(all_w)}


right("off_policy_mc", off_policy)
for what, ratio_of in {
        "no-ratio": lambda each, begin, t, end: 1,
        "first-action-too": lambda each, begin, t, end: np.prod(each[t:end]),
        "ratio-before": lambda each, begin, t, end: np.prod(each[begin:t]),
        "over-the-end": lambda each, begin, t, end: np.prod(each[t + 1:]),
        "next-step-only": lambda each, begin, t, end: np.prod(each[t + 1:min(t + 2, end)]),
        "own-step-only": lambda each, begin, t, end: each[t]}.items():
    mistake("off_policy_mc", f"off-policy-{what}", lambda g, ratio_of=ratio_of: off_policy(g, ratio_of))
mistake("off_policy_mc", "off-policy-inverse",
        lambda g: off_policy(g, each=lambda pi, b: np.where(pi > 0, b / np.where(pi > 0, pi, 1), 0)))
mistake("off_policy_mc", "off-policy-target-alone", lambda g: off_policy(g, each=lambda pi, b: pi))
mistake("off_policy_mc", "off-policy-clipped", lambda g: off_policy(g, each=lambda pi, b: np.minimum(pi / b, 1)))
mistake("off_policy_mc", "off-policy-no-discount", lambda g: off_policy(g, gamma=lambda x: 1))
mistake("off_policy_mc", "off-policy-ordinary-without-ratio", lambda g: off_policy(g, target=lambda ratio, ret: ret))
mistake("off_policy_mc", "off-policy-weighted-over-count",
        lambda g: off_policy(g, weighted=lambda ratio, n, total: ratio / n))


# ---- Exact worlds ----

def solve(next, end, r, gamma, epsilon, others=lambda e, n: e / n, greedy=None):
    """Policy iteration, (S, A, K) with K outcomes of equal probability; rows of NaN are states without action."""
    S, A, K = next.shape
    alive = ~np.isnan(next[:, 0, 0])
    p, reward = np.zeros((S, A, S)), np.where(alive[:, None], r.mean(2), 0)
    for s, a, k in np.ndindex(S, A, K):
        if alive[s] and not end[s, a, k]:
            p[s, a, int(next[s, a, k])] += 1 / K

    def value(policy):
        return np.linalg.solve(np.eye(S) - gamma * np.einsum("sa,san->sn", policy, p), (policy * reward).sum(1))
    policy = np.full((S, A), 1 / A)
    while True:
        v = value(policy)
        q = reward + gamma * p @ v
        ties = q > q.max(1, keepdims=True) - 1e-9
        best = np.full((S, A), others(epsilon, A))
        best[np.arange(S), ties.argmax(1)] = greedy(epsilon) if greedy else 1 - (A - 1) * others(epsilon, A)
        if np.array_equal(best, policy):
            return v, q, np.where(alive, (ties * 2 ** np.arange(A)).sum(1), 0), value, ties.argmax(1)
        policy = best


def world(g, to, others=lambda e, n: e / n):
    """to(cell, action): what can come, (cell, end, reward); None where there is no action."""
    cells = [(i, j) for i in range(g["rows"]) for j in range(g["columns"])]
    A = g["actions"]
    told = [[to(cell, a) for a in range(A)] for cell in cells]
    K = max(len(o) for row in told for o in row if o)
    tables = np.full((3, len(cells), A, K), np.nan)
    for s, a in np.ndindex(len(cells), A):
        for k, (cell, end, r) in enumerate(told[s][a] or []):
            tables[:, s, a, k] = cell[0] * g["columns"] + cell[1], end, r
    next, end, r = tables
    values = {n: x[..., 0] if K == 1 else x for n, x in (("next", next), ("end", end), ("r", r))}
    v, q, best, value, lowest = solve(next, end, r, g["gamma"], 0)
    consistent = np.full((len(cells), A), others(g["epsilon"], A))
    consistent[np.arange(len(cells)), lowest] = 1 - (A - 1) * others(g["epsilon"], A)
    values.update(v_optimal=v, q_optimal=q, best_optimal=best, v_consistent=value(consistent))
    v, q, best, *_ = solve(next, end, r, g["gamma"], g["epsilon"], others)
    return {**values, "v_soft": v, "q_soft": q, "best_soft": best}


def over_others(e, n):
    return e / (n - 1)


def grid(g, reward_of="next", edge="edge", closed=False, ends=False, swap=False, **how):
    g = dict(g, actions=5)
    goal, forbidden = divmod(g["goal"], g["columns"]), g["forbidden"].T if swap else g["forbidden"]

    def to(cell, a):
        move = g["moves"][a] if a < 4 else (0, 0)
        next = (cell[0] + move[0], cell[1] + move[1])
        out = not (0 <= next[0] < g["rows"] and 0 <= next[1] < g["columns"])
        if out or (closed and forbidden[next]):
            return [(cell, False, g[edge])]
        at = next if reward_of == "next" else cell
        r = g["in_goal"] if at == goal else g["in_forbidden"] if forbidden[at] else g["elsewhere"]
        return [(next, ends and next == goal, r)]
    return world(g, to, **how)


right("grid", grid)
right("grid_mild", grid)
mistake("grid", "grid-reward-of-cell-left", lambda g: grid(g, reward_of="cell"))
mistake("grid", "grid-edge-free", lambda g: grid(g, edge="elsewhere"))
mistake("grid", "grid-target-ends", lambda g: grid(g, ends=True))
mistake("grid", "grid-x-first", lambda g: grid(g, swap=True))
mistake("grid_mild", "grid-forbidden-closed", lambda g: grid(g, closed=True))


def cliff(g, fall_ends=False, back=True, fall=None, goal_pays=None, **how):
    g = dict(g, actions=4)
    start, goal = divmod(g["start"], g["columns"]), divmod(g["goal"], g["columns"])

    def to(cell, a):
        if cell[0] == start[0] and cell[1] > start[1]:
            return None
        i, j = (int(np.clip(x + d, 0, n - 1)) for x, d, n in zip(cell, g["moves"][a], (g["rows"], g["columns"])))
        if i == start[0] and start[1] < j < goal[1]:
            return [(start if back else cell, fall_ends, g["fall"] if fall is None else fall)]
        end = (i, j) == goal
        return [((i, j), end, goal_pays if end and goal_pays is not None else g["step_pays"])]
    return world(g, to, **how)


right("cliff", cliff)
mistake("cliff", "cliff-fall-ends", lambda g: cliff(g, fall_ends=True))
mistake("cliff", "cliff-fall-stays", lambda g: cliff(g, back=False))
mistake("cliff", "cliff-fall-pays-1", lambda g: cliff(g, fall=-1))
mistake("cliff", "cliff-fall-pays-both", lambda g: cliff(g, fall=-101))
mistake("cliff", "cliff-goal-pays-0", lambda g: cliff(g, goal_pays=0))
mistake("cliff", "cliff-actions-up-down-left-right",
        lambda g: cliff(dict(g, moves=np.array([(-1, 0), (1, 0), (0, -1), (0, 1)]))))


def windy(g, chance=False, arrival=False, sign=-1, cut_first=False, everywhere=False, goal_pays=None, **how):
    g = dict(g, actions=len(g["moves"]))
    goal = divmod(g["goal"], g["columns"])

    def to(cell, a):
        if cell == goal:
            return None
        j = int(np.clip(cell[1] + g["moves"][a][1], 0, g["columns"] - 1))
        wind = g["wind"][j if arrival else cell[1]]
        outcomes = []
        for change in ([0] if not chance else [-1, 0, 1] if g["wind"][cell[1]] or everywhere else [0, 0, 0]):
            i = cell[0] + g["moves"][a][0]
            i = np.clip(i, 0, g["rows"] - 1) if cut_first else i
            i = int(np.clip(i + sign * (wind + change), 0, g["rows"] - 1))
            end = (i, j) == goal
            outcomes.append(((i, j), end, goal_pays if end and goal_pays is not None else g["step_pays"]))
        return outcomes
    return world(g, to, **how)


for case, prefix, chance in (("windy", "windy", False), ("windy_king_chance", "king", True)):
    def wrong(what, case=case, prefix=prefix, chance=chance, **how):
        mistake(case, f"{prefix}-{what}", lambda g: windy(g, chance, **how))
    right(case, lambda g, chance=chance: windy(g, chance))
    wrong("wind-of-arrival", arrival=True)
    wrong("wind-down", sign=1)
    wrong("move-cut-first", cut_first=True)
    wrong("goal-pays-0", goal_pays=0)
mistake("windy_king_chance", "king-chance-everywhere", lambda g: windy(g, True, everywhere=True))

run("td")
