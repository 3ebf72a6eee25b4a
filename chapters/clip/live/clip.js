// The small world: what each loss makes of 20 free scores, step by step.
live.turn('clip/optimum.svg', 'Try it: what a loss makes of 20 free scores', (c, ui) => {
  const X = 5, Y = 4, CELLS = X * Y, STEPS = 16, SIGMOID = 3;
  const kind = ui.choice('Loss', ['rows: which caption is mine?', 'columns: which picture is mine?', 'both', 'sigmoid: do you belong together?'], SIGMOID);
  const size = ui.slider('batch N', 2, 8, 1, 4, String), steps = ui.slider('Newton’s steps', 0, STEPS, 1, 2, String);
  const told = ui.slider('how much a picture tells', 0.05, 1.2, 0.05, 0.7);
  let draw = 1;
  ui.button('Other first scores', () => { draw = draw % 50 + 1; });
  ui.button('One step more', () => { steps.value = Math.min(STEPS, steps.value + 1); });
  ui.button('From the beginning', () => { steps.value = 0; });
  const names = ['pair: four captions of each of five pictures', ''], x_ticks = [];
  const apart = ui.plot({ x: [-0.7, CELLS - 0.3], x_ticks, y: [-3, 3], names: [names[0], 'score less PMI (nats)'], half: true, height: 230, about: 'The learnt scores less PMI for each of 20 pairs' });
  const pulls = ui.plot({ x: [-0.7, CELLS - 0.3], x_ticks, y: [-0.2, 0.2], names: [names[0], 'loss by the score'], half: true, height: 230, about: 'The gradient of the loss by each of the 20 scores' });
  const say = ui.text(), tell = ui.text();
  ui.note('Left: what is left when PMI is taken from the scores (of the sigmoid loss z with b in it); one colour a picture. Dashed: −log(N − 1). Right: the gradient by each score, which is 0 where the loss is least. The loss is the expected one, exactly: no pair is drawn.');
  ui.update(() => {
    const N = size.value, o = kind.value, said = c.f64(c.clip_live_learn(o, N, told.value, draw, steps.value), 3 * CELLS + STEPS + 3).slice();
    const pmi = said.subarray(0, CELLS), z = said.subarray(CELLS, 2 * CELLS), slope = said.subarray(2 * CELLS, 3 * CELLS);
    const loss = said[3 * CELLS + steps.value], least = said[3 * CELLS + STEPS + 1], information = said[3 * CELLS + STEPS + 2];
    const left = [...z].map((v, i) => v - pmi[i]), mean = left.reduce((a, v) => a + v, 0) / CELLS, constant = -Math.log(N - 1);
    const range = (list) => Math.max(...list) - Math.min(...list), parts = (n, f) => Math.max(...[...Array(n).keys()].map((k) => range(left.filter((_, i) => f(i) === k))));
    const in_rows = parts(X, (i) => Math.floor(i / Y)), in_columns = parts(Y, (i) => i % Y), all = range(left);

    const low = Math.min(-1, ...left, o === SIGMOID ? constant : 0) - 0.2, high = Math.max(1, ...left) + 0.2, most = 1.1 * Math.max(1e-3, ...[...slope].map(Math.abs));
    const between = (plot, from, to) => [3.5, 7.5, 11.5, 15.5].map((x) => plot.line([x, x], [from, to], 6, 'thin'));
    const dots = (plot, values) => [...Array(X).keys()].map((k) => plot.points([0, 1, 2, 3].map((i) => Y * k + i), values.slice(Y * k, Y * k + Y), k % 5 + 1, 4));
    apart.range(null, [low, high]);
    apart.show([...between(apart, low, high), ...(o === SIGMOID ? [apart.line([-1, CELLS], [constant, constant], 0, 'dashed')] : []), ...dots(apart, left)]);
    pulls.range(null, [-most, most]);
    pulls.show([...between(pulls, -most, most), pulls.line([-1, CELLS], [0, 0], 0, 'dashed'), ...dots(pulls, [...slope])]);

    // Differences of doubles' last digits are told as what they are.
    const nats = (v) => Math.abs(v) < 1e-9 ? 'nothing' : live.number(v), above = loss - least;
    say(`After ${steps.value} ${steps.value === 1 ? 'step' : 'steps'} the loss is ${live.number(loss, 5)}; the least is ${live.number(least, 5)}` + (Math.abs(above) < 1e-12 ? ', and it is there.' : `, ${live.number(above)} below.`) +
      ` z − PMI differs within a picture’s row by up to ${nats(in_rows)}, within a caption’s column by ${nats(in_columns)}, over all pairs by ${nats(all)}.`);
    tell(o === SIGMOID ? `The constant should be −log(N − 1) = ${live.number(constant)}; the mean of z − PMI is ${live.number(mean)}. To use this model with N′ = 1000, add log(${N - 1}/999) = ${live.number(Math.log((N - 1) / 999))}.` :
      `log N − L of the best scores is ${live.number(Math.log(N) - least)} nats, of the ${live.number(information)} of mutual information that there are, and of log N = ${live.number(Math.log(N))}. ` +
      (above > 1e-9 ? '' : ['What stays between rows is what the first scores had there.', 'What stays between columns is what the first scores had there.', `One constant stays, ${live.number(mean)}: no softmax sees it.`][o]));
  });
});

// Pairs whose towers stand apart by a: the losses, and what pulls at every score.
live.turn('clip/invariance.svg', 'Try it: batch, scale, bias, and towers apart', (c, ui) => {
  const PLACES = 20, LOSSES = 8, MOST = 64;
  const n = ui.slider('batch N', 1, 6, 1, 5, (e) => String(2 ** e)), b = ui.slider('b', -15, 2, 0.1, 0), a = ui.slider('a', 0, 0.94, 0.01, 0);
  const scale = ui.slider('scale e^t', 0, 4, 0.05, 2.3, (t) => live.number(Math.exp(t))), noise = ui.slider('noise of captions', 0, 3, 0.05, 0.6);
  let best = 0;
  const follows = ui.check('the scale grows with a: times 1/(1 − a²)', true);
  ui.button('b = −log(N − 1)', () => { b.value = -Math.log(2 ** n.value - 1); });
  ui.button('b = −10', () => { b.value = -10; });
  ui.button('a where the sigmoid loss is least', () => { a.value = best; });
  const losses = ui.plot({ x: [0, 0.95], y: [0, 5], names: ['a', 'loss'], height: 190, about: 'Both losses against the distance of the towers' });
  const map = (about) => ui.plot({ x: [0, 1], x_ticks: [], y: [0, 1], y_ticks: [], names: [about, ''], half: true, height: 200, about });
  const softmax = map('softmax: the gradient by each score'), sigmoid = map('sigmoid: the gradient by each score');
  const say = ui.text(), tell = ui.text();
  ui.note('Above: the softmax loss (blue) and the sigmoid loss (orange) against a; the dots are where you are. Below: a row is a picture, a column a caption, its own on the diagonal from the lower left; blue: the score should rise, orange: it should fall. The strongest colour is the largest of each map.');
  ui.update(() => {
    const N = 2 ** n.value, at = Math.exp(scale.value), p = c.clip_live_apart(N, noise.value, a.value, at, b.value, follows.value ? 1 : 0);
    const [of_softmax, dt_softmax, of_sigmoid, dt_sigmoid, db, mean, gap, now, ...curve] = c.f64(p, LOSSES + 2 * PLACES).slice();
    const dz = [0, 1].map((k) => c.f32(p + 8 * (LOSSES + 2 * PLACES) + 4 * k * MOST * MOST, N * N).slice());
    const xs = Array.from({ length: PLACES }, (_, k) => 0.95 * k / PLACES), of = (k) => xs.map((_, i) => curve[2 * i + k]);
    const least = Math.min(...of(1));
    best = xs[of(1).indexOf(least)];
    const top = 1.15 * Math.max(of_softmax, of_sigmoid, ...of(0), Math.min(4 * least, ...of(1).slice(0, 1)));
    losses.range(null, [0, top]);
    losses.show([losses.line([best, best], [0, top], 6, 'dashed thin'), losses.line(xs, of(0), 1), losses.line(xs, of(1), 2), losses.points([a.value], [of_softmax], 1, 5), losses.points([a.value], [of_sigmoid], 2, 5)]);
    [softmax, sigmoid].forEach((plot, k) => {
      const most = Math.max(1e-12, ...dz[k].map(Math.abs));
      plot.show([plot.heat(N, N, (i, j) => live.signed(dz[k][N * i + j] / most))]);
    });
    const pull = (v, name) => Math.abs(v) < 1e-6 ? `${name} stays` : `${name} wants to ${v > 0 ? 'fall' : 'rise'} (${live.number(v)})`;
    say(`Softmax: ${live.number(of_softmax, 4)}, ${pull(dt_softmax, 't')}. Sigmoid: ${live.number(of_sigmoid, 4)}, ${pull(dt_sigmoid, 't')}, ${pull(db, 'b')}; least at a = ${live.number(best, 2)} with ${live.number(least, 4)}.`);
    const square = 4 * (b.value - mean) / now;
    tell(`The scale is ${live.number(now)}, the mean of z + b ${live.number(mean)}, the gap ${live.number(gap)}; ` + (square > 0 ? `the root of 4 (b − mean)/e^t is ${live.number(Math.sqrt(square))}.` : '4 (b − mean)/e^t is below 0: no gap is needed.') + ` −log(N − 1) is ${live.number(-Math.log(N - 1))}.`);
  });
});
