// The weights of one query over 64 keys, with the root and without.
live.turn('transformer/scaling.svg', 'Turn it: what the root is for', (c, ui) => {
  const KEYS = 64;
  const d = ui.slider('width d', 0, 9, 1, 6, (e) => String(2 ** e)), draw = ui.slider('draw', 0, 50, 1, 0, String);
  const factor = ui.slider('scores times', -2, 2, 0.05, 0, (e) => live.number(10 ** e, 2));
  const scaled = ui.check('divide by √d', true);
  const bars = ui.plot({ x: [0, KEYS], y: [0, 1], names: ['key', 'weight'], height: 200, about: 'The weights of one query over 64 keys' });
  const trace = ui.plot({ x: [0, 9], x_ticks: [0, 3, 6, 9], y: [0, 1], names: ['log₂ of the width', 'trace of the Jacobian'], height: 160, about: 'The trace of the softmax’s Jacobian against the width, with the root and without' });
  const say = ui.text();
  ui.note('Query and keys are drawn anew for every draw, all their numbers from N(0, 1). Below: what the gradient must go through, for this draw at every width; blue with the root, orange without. At 0 nothing is learnt through this query.');
  const of = (width, root) => c.f64(c.transformer_live_weights(width, 10 ** factor.value / (root ? Math.sqrt(width) : 1), draw.value), 2 * KEYS + 2).slice();
  ui.update(() => {
    const w = of(2 ** d.value, scaled.value), top = Math.max(...w.subarray(0, KEYS)), high = Math.min(1, Math.max(0.1, 1.1 * top));
    bars.range(null, [0, high]);
    bars.show(Array.from({ length: KEYS }, (_, i) => bars.rect(i + 0.1, w[i], i + 0.9, 0, scaled.value ? 1 : 2, 'filled thin')));
    const widths = [...Array(10).keys()], line = (root) => widths.map((e) => of(2 ** e, root)[KEYS + 1]);
    trace.show([trace.line(widths, line(true), 1), trace.line(widths, line(false), 2), trace.points([d.value], [w[KEYS + 1]], scaled.value ? 1 : 2, 5)]);
    say(`The largest of 64 weights is ${live.number(w[KEYS])}; the trace of the softmax’s Jacobian, 1 − Σ w², is ${live.number(w[KEYS + 1])}.`);
  });
});
