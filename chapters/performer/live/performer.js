// Estimates of one similarity by random features.
live.turn('performer/lemma.svg', 'Try it: sixty estimates of one number', (c, ui) => {
  const DRAWS = 60, MAPS = ['positive', 'positive, both signs', 'trigonometric'];
  const map = ui.choice('Features', MAPS, 0), rows = ui.choice('Rows', ['independent', 'orthogonal'], 0);
  const m = ui.slider('m', 1, 7, 1, 4, (e) => String(2 ** e)), length = ui.slider('length of both', 0.1, 3, 0.05, 1);
  const angle = ui.slider('angle', 0, 180, 2, 60, (a) => `${a}°`);
  const dots = ui.plot({ x: [0, DRAWS + 1], y: [-1, 4], names: ['random matrix, sorted', 'estimate / exact'], half: true, height: 240, about: 'Sixty estimates, sorted, divided by the exact value' });
  const errors = ui.plot({ x: [0, 180], x_ticks: [0, 60, 120, 180], y: [1e-3, 100], log: 'y', names: ['angle', 'root of the error / exact'], half: true, height: 240, about: 'The exact root mean square error over the exact value against the angle, for three kinds of features' });
  const say = ui.text();
  ui.note('Left: every dot is the estimate of one random matrix of m rows, divided by exp(x·y). Right, by the formula: the root of the mean square error over exp(x·y), for positive features (blue), both signs (green), trigonometric ones (orange); the dot is where you are.');
  ui.update(() => {
    const M = 2 ** m.value, L = length.value, a = angle.value * Math.PI / 180;
    const estimates = c.f64(c.performer_live_estimates(map.value, rows.value, M, L, a), DRAWS).slice();
    const exact = c.f64(c.performer_live_exact(map.value, M, L, a), 3).slice();
    const sorted = [...estimates].map((e) => e / exact[0]).sort((p, q) => p - q), places = sorted.map((_, i) => i + 1);
    const high = Math.max(2, sorted[DRAWS - 1] * 1.05), low = Math.min(0, sorted[0] * 1.05);
    dots.range(null, [low, high]);
    dots.show([dots.line([0, DRAWS + 1], [1, 1], 0, 'dashed'), dots.points(places, sorted, map.value === 2 ? 2 : map.value ? 3 : 1)]);
    const angles = [...Array(46).keys()].map((i) => 4 * i);
    const root = (kind, t) => { const e = c.f64(c.performer_live_exact(kind, M, L, t * Math.PI / 180), 3); return Math.sqrt(Math.max(e[1 + rows.value], 1e-30)) / e[0]; };
    errors.show([[0, 1], [1, 3], [2, 2]].map(([kind, colour]) => errors.line(angles, angles.map((t) => root(kind, t)), colour))
      .concat(errors.points([angle.value], [Math.min(100, Math.max(1e-3, root(map.value, angle.value)))], 0, 5)));
    const measured = Math.sqrt(estimates.reduce((s, e) => s + (e - exact[0]) ** 2, 0) / DRAWS);
    say(`exp(x·y) = ${live.number(exact[0])}. The root of the mean square error is ${live.number(Math.sqrt(exact[1 + rows.value]))} by the formula, ${live.number(measured)} over these sixty.`);
  });
});
