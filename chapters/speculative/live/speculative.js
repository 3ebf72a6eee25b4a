// Passes with three symbols: what is accepted, what comes out, and how many guesses pay.
live.turn('speculative/formula.svg', 'Try it: play passes, and count', (c, ui) => {
  const V = 3, K = 8, NAMES = ['a', 'b', 'c'], RIGHT = 0, BONUS_FROM_Q = 8;
  const RULES = ['min(1, p/q): the right one', 'equal samples: exact, too', 'min(1, q/p)', 'only where p ≥ q', 'corrected from p', 'corrected from p without x', 'corrected from |p − q|', 'q of twice the temperature', 'bonus from q'];
  const weights = (name, least, values) => values.map((v, x) => ui.slider(`${name} of ${NAMES[x]}`, least, 1, 0.01, v, () => live.number(shares[name][x], 2)));
  const shares = { p: [0.5, 0.3, 0.2], q: [0.2, 0.3, 0.5] };
  const p = weights('p', 0.01, shares.p), q = weights('q', 0, shares.q);
  const rule = ui.choice('Rule', RULES, RIGHT), k = ui.slider('guesses k', 1, K, 1, 4, String);
  const draft = ui.slider('draft cost c', 0, 0.5, 0.01, 0.1), row = ui.slider('row cost', 0, 0.5, 0.01, 0);
  let asked = 0, was = '', came = [0, 0, 0], passes = 0, last = null;
  ui.button('One pass', () => { asked = 1; });
  ui.button('1000 passes', () => { asked = 1000; });
  ui.button('20 000 passes', () => { asked = 20000; });
  ui.button('Begin again', () => { was = ''; });
  const say = ui.text();
  const bars = ui.plot({ x: [0, V], x_ticks: [], y: [0, 1], names: ['', 'probability'], half: true, height: 200, about: 'p and q of the three symbols, and how often each came' });
  const gain = ui.plot({ x: [0, K], y: [0, 4], names: ['guesses k', ''], half: true, height: 200, about: 'Symbols a pass and the gain by the number of guesses' });
  const told = ui.text(), table = ui.table();
  ui.note(
    'Left: green is what p and q share, orange what the draft has too much of, blue what the target has more; the bar across is how often the symbol came. ' +
    'Right: symbols a pass (blue) and the gain (orange), (symbols a pass) / (k c + v), v = 1 + k times the cost of a row; the green dot is the best k. ' +
    'The table has the last pass: a guess is accepted if its u is below its chance. New p, q, k or another rule begin again with the same draws.');

  ui.update(() => {
    const of = (sliders) => {
      const all = sliders.map((s) => s.value), sum = all.reduce((a, v) => a + v, 0);
      return sum > 0 ? all : [1, 1, 1];
    };
    const [wp, wq] = [of(p), of(q)], key = [wp, wq, rule.value, k.value].join();
    const begun = c.f64(was === key ? c.speculative_live_look(rule.value) : c.speculative_live_begin(rule.value, ...wp, ...wq, 1), 2 + 2 * V + 4 * V).slice();
    if (was !== key) [was, came, passes, asked] = [key, [0, 0, 0], 0, Math.max(asked, 1)];
    shares.p = [...begun.subarray(0, V)];
    shares.q = [...begun.subarray(V, 2 * V)];
    for (const slider of [...p, ...q]) slider.value = slider.value; // their texts are the shares
    const overlap = begun[2 * V], accepted = begun[2 * V + 1], chance = (x) => begun[2 * V + 2 + 4 * x], rest = (x) => [...begun.subarray(2 * V + 3 + 4 * x, 2 * V + 6 + 4 * x)];
    if (asked) {
      const said = c.f64(c.speculative_live_passes(rule.value, k.value, asked), 3 + 3 * K + V).slice();
      last = { accepted: said[0], draft: said.subarray(1, 1 + K), u: said.subarray(1 + K, 2 + 2 * K), emitted: said.subarray(2 + 2 * K, 3 + 3 * K) };
      came = came.map((n, x) => n + said[3 + 3 * K + x]);
      passes += asked;
      asked = 0;
    }

    const written = came.reduce((a, n) => a + n, 0), high = 1.1 * Math.max(...shares.p, ...shares.q, ...came.map((n) => n / written));
    bars.range(null, [-0.1 * high, high]);
    bars.show(NAMES.flatMap((name, x) => {
      const [a, b] = [shares.p[x], shares.q[x]], both = Math.min(a, b), more = Math.max(a, b);
      return [bars.rect(x + 0.25, both, x + 0.75, 0, 3, 'filled thin'), bars.rect(x + 0.25, more, x + 0.75, both, a > b ? 1 : 2, 'filled thin'),
        bars.line([x + 0.15, x + 0.85], [came[x] / written, came[x] / written], 0, 'thick'), bars.text(x + 0.5, -0.05 * high, name)];
    }));

    const all = [...Array(K + 1).keys()], tokens = all.map((i) => c.speculative_live_tokens(accepted, i)), gains = all.map((i) => tokens[i] / (i * draft.value + 1 + i * row.value));
    const best = gains.indexOf(Math.max(...gains));
    gain.range(null, [0, 1.1 * Math.max(...tokens, ...gains)]);
    gain.show([gain.line([0, K], [1, 1], 6, 'dashed thin'), gain.line(all, tokens, 1), gain.line(all, gains, 2), gain.points([k.value], [tokens[k.value]], 1, 4), gain.points([k.value], [gains[k.value]], 2, 4),
      gain.points([best], [gains[best]], 3, 6)]);
    say(`${rule.value === RIGHT ? 'A guess is' : `p and q share ${live.number(overlap)}; by this rule a guess is`} accepted with a = ${live.number(accepted)}: ${live.number(tokens[k.value])} symbols a pass with ${k.value} ${k.value > 1 ? 'guesses' : 'guess'}, ` +
      `a gain of ${live.number(gains[k.value])}. ` + (best ? `The best k up to ${K} is ${best}, with ${live.number(gains[best])}.` : 'No guess pays at this price.'));

    const apart = came.reduce((a, n, x) => a + Math.abs(n / written - shares.p[x]) / 2, 0);
    const chance_alone = shares.p.reduce((a, v) => a + Math.sqrt(2 / Math.PI * v * (1 - v) / written) / 2, 0);
    told(`${passes} ${passes > 1 ? 'passes have' : 'pass has'} written ${written} symbols, ${live.number(written / passes)} a pass. They are ${live.number(apart, 2)} (total variation) from p; ` +
      `symbols drawn from p itself would be about ${live.number(chance_alone, 2)} from it.`);
    const places = Math.min(last.accepted, k.value - 1) + 1;
    const lines = Array.from({ length: places }, (_, i) => {
      const x = last.draft[i], ok = i < last.accepted;
      return [String(i + 1), NAMES[x], live.number(chance(x)), live.number(last.u[i]), ok ? 'accepted' : `no: from (${rest(x).map((v) => live.number(v, 2)).join(', ')})`, NAMES[last.emitted[i]]];
    });
    const after = rule.value === BONUS_FROM_Q ? shares.q : shares.p;
    if (last.accepted === k.value) lines.push([String(k.value + 1), '', '', '', `bonus: from (${after.map((v) => live.number(v, 2)).join(', ')})`, NAMES[last.emitted[k.value]]]);
    else if (places < k.value) lines.push([`${places + 1} to ${k.value}`, [...last.draft.subarray(places, k.value)].map((x) => NAMES[x]).join(' '), '', '', 'not looked at', '']);
    table(['place', 'guess', 'chance', 'u', '', 'comes out'], lines);
  });
});
