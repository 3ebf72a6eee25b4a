// Pairs that are stored one by one in a state of 16 x 8 numbers, and asked back.
live.turn('linear_attention/capacity.svg', 'Try it: store pairs and ask for them', (c, ui) => {
  const D = 16, M = 8, PAIRS = 32;
  const rule = ui.choice('The state is', ['a sum of k vᵀ, no normaliser', 'the same of elu + 1, with the normaliser', 'corrected by the delta rule'], 0);
  const stored = ui.slider('pairs stored', 1, PAIRS, 1, 6, String), asked = ui.slider('ask for pair', 1, PAIRS, 1, 1, (i) => String(Math.min(i, stored.value)));
  const beta = ui.slider('β of the delta rule', 0, 1, 0.05, 1), orthogonal = ui.check('the first 16 keys are orthogonal');
  ui.button('Store one more', () => { stored.value = Math.min(PAIRS, stored.value + 1); });
  const state = ui.plot({ x: [0, M], y: [D, 0], names: ['number of the value', 'number of the key'], half: true, height: 220, about: 'The state, blue negative, orange positive' });
  const answer = ui.plot({ x: [0, M], y: [-3, 3], names: ['number of the value', ''], half: true, height: 220, about: 'The stored value and the answer' });
  const errors = ui.plot({ x: [0, PAIRS + 1], y: [0, 2], names: ['pair', 'squared error'], height: 150, about: 'The squared error of every stored pair' });
  const say = ui.text();
  ui.note('Left: the state, blue negative, orange positive. Right: the value that was stored (grey) and what the state answers (blue). Below: how wrong the answer is for every pair, the one that is asked for in orange. The state never grows: 16 × 8 numbers.');
  ui.update(() => {
    const n = stored.value, i = Math.min(asked.value, n) - 1;
    beta.input.disabled = rule.value !== 2;
    const all = c.f32(c.linear_attention_live_recall(rule.value, n, orthogonal.value ? 1 : 0, beta.value), D * M + 2 * PAIRS * M);
    const s = all.subarray(0, D * M), value = all.subarray(D * M, D * M + PAIRS * M), out = all.subarray(D * M + PAIRS * M);
    const largest = s.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    state.show([state.heat(D, M, (j, k) => live.signed(s[(D - 1 - j) * M + k] / largest), [0, M, D, 0])]);
    const bars = [];
    for (let k = 0; k < M; k++) {
      const v = value[i * M + k], a = out[i * M + k];
      bars.push(answer.rect(k + 0.12, Math.max(v, 0), k + 0.5, Math.min(v, 0), 6, 'filled thin'), answer.rect(k + 0.5, Math.max(a, 0), k + 0.88, Math.min(a, 0), 1, 'filled thin'));
    }
    answer.show(bars);
    const error = (p) => { let e = 0; for (let k = 0; k < M; k++) e += (out[p * M + k] - value[p * M + k]) ** 2 / M; return e; };
    const every = Array.from({ length: n }, (_, p) => error(p)), mean = every.reduce((a, e) => a + e, 0) / n;
    errors.range(null, [0, Math.max(0.5, ...every) * 1.1]);
    errors.show([...every.map((e, p) => errors.rect(p + 0.7, e, p + 1.3, 0, p === i ? 2 : 1, 'filled thin')), errors.line([0, PAIRS + 1], [mean, mean], 0, 'dashed')]);
    say(`Pair ${i + 1} comes back with a squared error of ${live.number(every[i])}; the mean over ${n} stored pair${n > 1 ? 's' : ''} is ${live.number(mean)} (a state that answers 0 would have about 1).`);
  });
});
