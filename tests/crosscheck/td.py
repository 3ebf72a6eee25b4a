"""Chapter td against plain NumPy: every update from the recorded streams, the exact tables by linear algebra and by
policy iteration over worlds built from what their cases say."""
import itertools

import numpy as np

from check import run


def numbers(given):
    """The inputs as NumPy arrays and Python numbers."""
    arrays = {k: v.detach().numpy() for k, v in given.items()}
    return {k: v.item() if v.ndim == 0 else v for k, v in arrays.items()}


# ---- Updates along a stream ----

def along(*tables):
    """A function that keeps a copy of the tables, and what it has kept."""
    kept = [[] for _ in tables]

    def keep():
        for k, table in zip(kept, tables):
            k.append(table.copy())
    return keep, kept


def steps(x):
    return zip(x["s"], x["a"], x["r"], x["next"], x["end"].astype(bool))


def following(x):
    return np.append(x["a"][1:], 0)


def sizes(x):
    """How many states and actions: all of them come in the stream."""
    return max(x["s"].max(), x["next"].max()) + 1, x["a"].max() + 1


def episodes(x):
    """The slices of the stream that are whole episodes."""
    ends = np.flatnonzero(x["end"]) + 1
    return [range(a, b) for a, b in zip(np.append(0, ends[:-1]), ends)]


def returns(x):
    g = np.zeros(len(x["r"]))
    for e in episodes(x):
        for t in e:
            g[t] = sum(x["gamma"] ** (k - t) * x["r"][k] for k in range(t, e.stop))
    return g


def mean(given):
    x = numbers(given)
    alpha, n = x["alpha"], len(x["x"])
    w = [x["x"][:k + 1].mean() for k in range(n)]
    # unrolled: (1 - alpha)^k first + sum of alpha (1 - alpha)^(k - i) x_i
    forgetful = [x["first"] * (1 - alpha) ** k + sum(alpha * (1 - alpha) ** (k - 1 - i) * x["x"][i] for i in range(k))
                 for k in range(1, n + 1)]
    return {"w": w, "w_alpha": forgetful}


def robbins_monro(given):
    x = numbers(given)
    w, all_w, g = x["w1"], [], []
    for a in x["step"]:
        g.append(np.tanh(w - 1))
        w -= a * g[-1]
        all_w.append(w)
    return {"g": g, "w": all_w}


def td0(given):
    x = numbers(given)
    v = x["v0"].copy()
    keep, (kept,) = along(v)
    for s, _, r, n, end in steps(x):
        target = r if end else r + x["gamma"] * v[n]
        v[s] = (1 - x["alpha"]) * v[s] + x["alpha"] * target
        keep()
    return {"v": kept}


def monte_carlo(given):
    x, every = numbers(given), given.says("every visit")
    S, A = sizes(x)
    g, q = returns(x), np.zeros((S, A))
    lists, kept = {}, []
    start = {t: e.start for e in episodes(x) for t in e}
    for t, (s, a) in enumerate(zip(x["s"], x["a"])):
        before = list(zip(x["s"], x["a"]))[start[t]:t]
        if every or (s, a) not in before:
            lists.setdefault((s, a), []).append(g[t])
            q[s, a] = np.mean(lists[s, a])
        kept.append(q.copy())
    visits = np.array([[len(lists.get((s, a), [])) for a in range(A)] for s in range(S)])
    return {"g": g, "visits": visits, "q": kept}


def action_values(given, value):
    x = numbers(given)
    q = x["q0"].copy()
    keep, (kept,) = along(q)
    for (s, a, r, n, end), b in zip(steps(x), following(x)):
        target = r if end else r + x["gamma"] * value(x, q, n, b)
        q[s, a] += x["alpha"] * (target - q[s, a])
        keep()
    return {"q": kept}


def soft(q, epsilon):
    """The probabilities of the epsilon-greedy policy on one row."""
    p = np.full(len(q), epsilon / len(q))
    p[np.argmax(q)] += 1 - epsilon
    return p


def n_step(given):
    """As Sutton and Barto's box has it: at time t the update of tau = t - n + 1, and at the end those that are left."""
    x = numbers(given)
    q, gamma, n = x["q0"].copy(), x["gamma"], x["n"]
    keep, (kept,) = along(q)

    def update(tau, e):
        last = min(tau + n, e.stop)
        g = sum(gamma ** (k - tau) * x["r"][k] for k in range(tau, last))
        if last < e.stop:
            g += gamma ** n * q[x["s"][last], x["a"][last]]
        q[x["s"][tau], x["a"][tau]] += x["alpha"] * (g - q[x["s"][tau], x["a"][tau]])
    for e in episodes(x):
        for t in e:
            for tau in range(max(t - n + 1, e.start), t + 1 if t + 1 == e.stop else t - n + 2):
                update(tau, e)
            keep()
    return {"q": kept}


def double_q(given):
    x = numbers(given)
    q = [x["q2_first"].copy(), x["q1_first"].copy()]
    keep, (kept2, kept1) = along(*q)
    for (s, a, r, n, end), coin in zip(steps(x), x["coin"]):
        own, other = q[coin], q[1 - coin]
        target = r if end else r + x["gamma"] * other[n, own[n].argmax()]
        own[s, a] += x["alpha"] * (target - own[s, a])
        keep()
    return {"q1": kept1, "q2": kept2}


def td_lambda(given):
    x = numbers(given)
    v, trace = x["v0"].copy(), np.zeros(len(x["v0"]))
    keep, (all_v, all_traces) = along(v, trace)
    for s, _, r, n, end in steps(x):
        error = r + (0 if end else x["gamma"] * v[n]) - v[s]
        trace += np.eye(len(v))[s]
        v += x["alpha"] * error * trace
        trace *= 0 if end else x["gamma"] * x["lambda"]
        keep()
    return {"v": all_v, "trace": all_traces}


def off_policy(given):
    x = numbers(given)
    S, A = x["target"].shape
    g, each = returns(x), (x["target"] / x["behaviour"])[x["s"], x["a"]]
    ratio = np.zeros(len(g))
    for e in episodes(x):
        for t in e:
            ratio[t] = np.prod(each[t + 1:e.stop])
    ordinary, weighted = [], []
    for t in range(1, len(g) + 1):
        o, w = np.zeros((S, A)), np.zeros((S, A))
        for s, a in itertools.product(range(S), range(A)):
            here = np.flatnonzero((x["s"][:t] == s) & (x["a"][:t] == a))
            o[s, a] = (ratio * g)[here].mean() if len(here) else 0
            w[s, a] = (ratio * g)[here].sum() / ratio[here].sum() if ratio[here].sum() > 0 else 0
        ordinary.append(o)
        weighted.append(w)
    return {"g": g, "ratio": ratio, "ordinary": ordinary, "weighted": weighted}


def batch(given):
    """TD's limit as the value of the model that fits the stream best (certainty equivalence)."""
    x = numbers(given)
    g, td, S = returns(x), x["v0"].copy(), len(x["v0"])
    seen = np.unique(x["s"])
    p, r = np.zeros((S, S)), np.zeros(S)
    for s in seen:
        here = x["s"] == s
        r[s] = x["r"][here].mean()
        for n in range(S):
            p[s, n] = np.mean((x["next"][here] == n) & (x["end"][here] == 0))
    td[seen] = np.linalg.solve(np.eye(len(seen)) - x["gamma"] * p[np.ix_(seen, seen)], r[seen])
    return {"g": g, "td": td, "mc": [g[x["s"] == s].mean() if s in seen else 0 for s in range(S)]}


# ---- Exact tables ----

class World:
    """p (S, A, S): the probabilities of going on in a state; r (S, A): the expected reward. alive (S): a state in
    which one acts."""

    def __init__(self, S, A, gamma):
        self.p, self.r = np.zeros((S, A, S)), np.zeros((S, A))
        self.gamma, self.alive = gamma, np.ones(S, bool)

    def add(self, s, a, p, r, n=None):
        self.r[s, a] += p * r
        if n is not None:
            self.p[s, a, n] += p

    def value(self, policy):
        p = np.einsum("sa,san->sn", policy, self.p)
        return np.linalg.solve(np.eye(len(p)) - self.gamma * p, (policy * self.r).sum(1))

    def q(self, v):
        return self.r + self.gamma * self.p @ v

    def best(self, epsilon):
        """Policy iteration among the policies that take each action with epsilon / A or more."""
        S, A = self.r.shape
        greedy = np.full((S, A), 1 / A)
        while True:
            v = self.value(greedy)
            q = self.q(v)
            first = (q > q.max(1, keepdims=True) - 1e-9).argmax(1)
            policy = np.full((S, A), epsilon / A)
            policy[np.arange(S), first] += 1 - epsilon
            if np.array_equal(policy, greedy):
                masks = ((q > q.max(1, keepdims=True) - 1e-9) * 2 ** np.arange(A)).sum(1)
                return v, q, np.where(self.alive, masks, 0), policy
            greedy = policy


def best(world, epsilon, suffix):
    v, q, masks, _ = world.best(epsilon)
    return {"v" + suffix: v, "q" + suffix: q, "best" + suffix: masks}


def grid_tables(x, outcomes):
    """outcomes(cell, move): for each of them the next cell, whether it ends, what it pays; None: no action there."""
    rows, columns = x["rows"], x["columns"]
    cells = list(itertools.product(range(rows), range(columns)))
    told = [[outcomes(cell, a) for a in range(x["actions"])] for cell in cells]
    K = max(len(o) for row in told for o in row if o)
    world = World(len(cells), x["actions"], x["gamma"])
    tables = np.full((3, len(cells), x["actions"], K), np.nan)
    for s, a in itertools.product(range(len(cells)), range(x["actions"])):
        if told[s][a] is None:
            world.alive[s] = False
            continue
        for k, (to, end, pays) in enumerate(told[s][a]):
            n = to[0] * columns + to[1]
            tables[:, s, a, k] = n, end, pays
            world.add(s, a, 1 / K, pays, None if end else n)
    policy, epsilon = world.best(0)[3], x["epsilon"]
    return {**{n: t[..., 0] if K == 1 else t for n, t in zip(("next", "end", "r"), tables)},
            **best(world, 0, "_optimal"), **best(world, epsilon, "_soft"),
            "v_consistent": world.value((1 - epsilon) * policy + epsilon / policy.shape[1])}


def grid(given):
    x = numbers(given)
    x["actions"] = len(x["moves"]) + 1
    goal = divmod(x["goal"], x["columns"])

    def outcomes(cell, a):
        i, j = cell + (x["moves"][a] if a < len(x["moves"]) else 0 * x["moves"][0])
        if not (0 <= i < x["rows"] and 0 <= j < x["columns"]):
            return [(cell, False, x["edge"])]
        pays = x["in_goal"] if (i, j) == goal else x["in_forbidden"] if x["forbidden"][i, j] else x["elsewhere"]
        return [((i, j), False, pays)]
    return grid_tables(x, outcomes)


def cliff(given):
    x = numbers(given)
    x["actions"] = len(x["moves"])
    start, goal = divmod(x["start"], x["columns"]), divmod(x["goal"], x["columns"])
    fatal = {(x["rows"] - 1, j) for j in range(start[1] + 1, goal[1])}

    def outcomes(cell, a):
        if cell in fatal or cell == goal:
            return None
        to = tuple(np.clip(cell + x["moves"][a], 0, (x["rows"] - 1, x["columns"] - 1)))
        return [(start, False, x["fall"]) if to in fatal else (to, to == goal, x["step_pays"])]
    return grid_tables(x, outcomes)


def windy(given):
    x, chance = numbers(given), given.says("a third each")
    x["actions"] = len(x["moves"])
    goal = divmod(x["goal"], x["columns"])

    def outcomes(cell, a):
        if cell == goal:
            return None
        wind = x["wind"][cell[1]]
        winds = [wind] if not chance else [wind - 1, wind, wind + 1] if wind else [0, 0, 0]
        all_to = [tuple(np.clip(cell + x["moves"][a] - (w, 0), 0, (x["rows"] - 1, x["columns"] - 1))) for w in winds]
        return [(to, to == goal, x["step_pays"]) for to in all_to]
    return grid_tables(x, outcomes)


def fixed_points(given):
    x = numbers(given)
    world = World(*x["policy"].shape, x["gamma"])
    for s, a, k in np.ndindex(*x["p"].shape):
        world.add(s, a, x["p"][s, a, k], x["r"][s, a, k], None if x["end"][s, a, k] else x["next"][s, a, k])
    v = world.value(x["policy"])
    return {"v_policy": v, "q_policy": world.q(v), **best(world, 0, "_optimal"), **best(world, x["epsilon"], "_soft")}


def random_walk(given):
    """By going through all states of the walk with their moments as one linear map a step, and its geometric series."""
    x = numbers(given)
    S, start, left, episodes = x["states"], x["start"], x["left"], x["episodes"] + 1
    p = (np.eye(S, k=1) + np.eye(S, k=-1)) / 2
    visits = np.linalg.inv(np.eye(S) - p)
    pays = np.zeros(S)
    pays[0] += left / 2
    pays[-1] += 1 / 2
    truth = visits @ pays
    n = S + 1

    def move(s, r, to, alpha):
        m = np.eye(n)
        m[s, s] -= alpha
        m[s, S] += alpha * r
        if to is not None:
            m[s, to] += alpha
        return np.kron(m, m)  # acts on E[w w^T] as a vector
    inside, out = np.zeros((S * n * n, S * n * n)), np.zeros((n * n, S * n * n))
    for s in range(S):
        for r, to in ((0, s - 1) if s else (left, None), (0, s + 1) if s < S - 1 else (1, None)):
            m = move(s, r, to, x["alpha_td"]) / 2
            here = slice(s * n * n, (s + 1) * n * n)
            if to is None:
                out[:, here] += m
            else:
                inside[to * n * n:(to + 1) * n * n, here] += m
    episode = (out @ np.linalg.inv(np.eye(len(inside)) - inside))[:, start * n * n:(start + 1) * n * n]
    w = np.append(np.full(S, x["first"]), 1)
    moments, td = np.kron(w, w), []
    for _ in range(episodes):
        m = moments.reshape(n, n)
        td.append(np.mean(np.diag(m)[:S] - 2 * truth * m[:S, S] + truth ** 2))
        moments = episode @ moments
    # Monte Carlo: the joint law of the number of visits and the exit, summed to where nothing is left
    mc, batch_mc = np.zeros(episodes), 0
    for s in range(S):
        law = visit_law(S, start, s)
        count, g = np.arange(law.shape[0])[:, None], np.array([left, 1])[None, :]
        d = (1 - x["alpha_mc"]) ** count
        mean_v, square = x["first"], x["first"] ** 2
        for k in range(episodes):
            mc[k] += (square - 2 * truth[s] * mean_v + truth[s] ** 2) / S
            square = (law * (d * d * square + 2 * d * (1 - d) * g * mean_v + (1 - d) ** 2 * g * g)).sum()
            mean_v = (law * (d * mean_v + (1 - d) * g)).sum()
        batch_mc += (law * (count * (g - truth[s])) ** 2).sum() / (law * count).sum() ** 2 / S
    ways = np.concatenate([[left], truth, [1]])  # what a step from s can come to: ways[s] and ways[s + 2]
    noise = ((ways[:-2] - truth) ** 2 + (ways[2:] - truth) ** 2) / 2 / visits[start]
    return {"v": truth, "mse_td": td, "mse_mc": mc, "batch": [np.mean(visits ** 2 @ noise), batch_mc]}


def visit_law(S, start, s):
    """(N, 2): the probability of so many visits to s and of the exit on the left, on the right."""
    most = 400
    alive, law = np.zeros((S, most)), np.zeros((most, 2))
    alive[start, int(start == s)] = 1
    while alive.sum() > 1e-18:
        law[:, 0] += alive[0] / 2
        law[:, 1] += alive[S - 1] / 2
        after = np.zeros_like(alive)
        after[1:] += alive[:-1] / 2
        after[:-1] += alive[1:] / 2
        after[s] = np.append(0, after[s, :-1])
        alive = after
    return law


# ---- Blackjack, by hands of cards ----

def total(hard, aces):
    """The best sum of a hand with aces counted 1 in hard, and whether one counts 11."""
    return (hard + 10, True) if aces and hard + 10 <= 21 else (hard, False)


def dealer_law(card, hard, aces, law, p=1.0):
    t, _ = total(hard, aces)
    if t >= 17:
        law[min(t, 22) - 17] += p
        return law
    for c, pc in enumerate(card, 1):
        dealer_law(card, hard + c, aces + (c == 1), law, p * pc)
    return law


def blackjack(given):
    x = numbers(given)
    card, n = x["card"], len(x["sum"])
    state = {hand: s for s, hand in enumerate(zip(x["sum"], x["dealer"], x["usable"]))}
    world, bust = World(n, 2, 1), np.zeros(n)
    ends = [[] for _ in range(2 * n)]  # (p, r) of the outcomes that end
    dealer = np.array([dealer_law(card, d, d == 1, np.zeros(6)) for d in range(1, 11)])

    def finish(s, a, p, r):
        world.add(s, a, p, r)
        ends[2 * s + a].append((p, r))
    for (player, shown, usable), s in state.items():
        for k, p in enumerate(dealer[shown - 1]):
            finish(s, 0, p, 1 if k == 5 else np.sign(player - 17 - k))
        for c, p in enumerate(card, 1):
            t, ace = total(player - 10 * usable + c, usable or c == 1)
            if t > 21:
                finish(s, 1, p, -1)
                bust[s] += p
            else:
                world.add(s, 1, p, 0, state[t, shown, int(ace)])
    target, behaviour = x["target"], x["behaviour"]
    v = world.value(target)
    weight = target ** 2 / behaviour
    chain = np.einsum("sa,san->sn", weight, world.p)

    def square(c):
        end = [sum(weight[s, a] * p * (r - c) ** 2 for a in range(2) for p, r in ends[2 * s + a]) for s in range(n)]
        return np.linalg.solve(np.eye(n) - chain, end)
    return {"dealer_ends": dealer, "stick": world.r[:, 0], "bust": bust, **best(world, 0, "_optimal"),
            "v_stick_on_20": v, "variance_ordinary": square(0) - v ** 2,
            "variance_weighted": np.array([square(v[s])[s] for s in range(n)])}


run("td", "plain NumPy; linear algebra and policy iteration", {
    "mean": mean,
    "robbins_monro": robbins_monro,
    "td0": td0,
    "mc_first_visit": monte_carlo,
    "mc_every_visit": monte_carlo,
    "sarsa": lambda given: action_values(given, lambda x, q, n, b: q[n, b]),
    "expected_sarsa": lambda given: action_values(given, lambda x, q, n, b: soft(q[n], x["epsilon"]) @ q[n]),
    "q_learning": lambda given: action_values(given, lambda x, q, n, b: q[n].max()),
    "n_step_sarsa": n_step,
    "double_q": double_q,
    "td_lambda": td_lambda,
    "off_policy_mc": off_policy,
    "batch": batch,
    "fixed_points": fixed_points,
    "grid": grid,
    "grid_mild": grid,
    "cliff": cliff,
    "windy": windy,
    "windy_king_chance": windy,
    "random_walk": random_walk,
    "blackjack": blackjack,
})
