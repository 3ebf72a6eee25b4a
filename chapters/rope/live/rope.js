// The score of one query and one key over both positions.
live.turn('rope/shift.svg', 'Try it: one score over both positions', (c, ui) => {
  const base = ui.slider('base', 0, 6, 0.05, 4, (e) => live.number(10 ** e, 2));
  const positions = ui.slider('positions', 16, 128, 8, 64, String);
  const stretching = ui.choice('Stretching', ['none', 'position interpolation', 'NTK-aware', 'NTK by parts', 'YaRN'], 0);
  const factor = ui.slider('by', 1, 8, 0.5, 4), length = ui.slider('length of training', 8, 64, 8, 32, String);
  const mixed = ui.check('mix the pairings: the query’s pairs are neighbours, the key’s are halves');
  const map = ui.plot({ x: [0, 64], y: [0, 64], names: ['key at n', 'query at m'], half: true, ratio: 0.9, about: 'The score over the positions of key and query' });
  const lines = ui.plot({ x: [0, 64], y: [-3, 3], names: ['distance m − n', 'score'], half: true, ratio: 0.9, about: 'The score against the distance, from three positions of the key' });
  const say = ui.text();
  ui.note('Left: blue is negative, orange positive. Right: the score against the distance for a key at 0 (blue), at a quarter (orange) and at half (green) of the positions. Only where the three lines are one does a score know nothing but the distance.');
  ui.update(() => {
    const P = positions.value;
    factor.input.disabled = stretching.value === 0;
    length.input.disabled = stretching.value < 3;
    const s = c.f64(c.rope_live_scores(P, 10 ** base.value, stretching.value, factor.value, length.value, mixed.value ? 1 : 0), P * P);
    const largest = s.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    map.range([0, P], [0, P]);
    lines.range([0, P], [-largest, largest]);
    map.show([map.heat(P, P, (m, n) => live.signed(s[m * P + n] / largest))]);
    const from = (n) => Array.from({ length: P - n }, (_, d) => s[(n + d) * P + n]), to = [...Array(P).keys()];
    lines.show([0, P >> 2, P >> 1].map((n, i) => lines.line(to.slice(0, P - n), from(n), i + 1, i ? 'thin' : '')));
    let spread = 0;
    for (let m = 0; m < P; m++)
      for (let n = 0; n < P; n++) {
        const first = Math.min(m, n);
        spread = Math.max(spread, Math.abs(s[m * P + n] - s[(m - first) * P + n - first]));
      }
    say(`When both positions move by the same, a score changes by at most ${live.number(spread)}; the largest score is ${live.number(largest)}.`);
  });
});
