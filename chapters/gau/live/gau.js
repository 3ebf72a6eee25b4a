// Pairs and sums: what each position weighs, what a divisor does to it, and who sees what it should not.
live.turn('gau/drawing-reach.svg', 'Try it: who sees whom, and by what it is divided', (c, ui) => {
  const MOST = 24, BY_HAND = 0, SOFTMAX = 1, FLASH = 2, LINEAR = 3;
  const KINDS = ['quadratic: pairs, max(q k / n, 0)²', 'quadratic: pairs, softmax', 'FLASH: pairs in the chunk, sums before', 'linear: sums', 'local: pairs in the chunk', 'pairs in the own and previous chunk'];
  const DIVISORS = ['the longest n', 'the batch’s T', 'the keys the row sees', 'n, outside of the square'];
  const kind = ui.choice('Kind', KINDS, FLASH), numbers = ui.choice('Numbers', ['the three worked by hand', 'drawn'], 1);
  const divisor = ui.choice('Squares divide by', DIVISORS, 0);
  const mask = ui.choice('Mask', ['right', 'pairs look ahead in their window', 'sums over all chunks'], 0);
  const length = ui.slider('positions T', 1, MOST, 1, 12, String), padding = ui.slider('padding', 0, MOST, 1, 0, String);
  const positions = () => numbers.value === BY_HAND ? 3 : length.value;
  const chunk = ui.slider('chunk C', 1, MOST, 1, 4, String), n = ui.slider('n', 1, 2 * MOST, 1, 12, String), size = ui.slider('size of q k', 0.5, 30, 0.5, 12);
  const row = ui.slider('position', 1, MOST, 1, 11, (v) => String(Math.min(v, positions()))), changed = ui.slider('10⁹ at position', 1, MOST, 1, 7, (v) => String(Math.min(v, positions())));
  const say = ui.text();
  const grid = ui.plot({ x: [0, 12], y: [12, 0], names: ['key', 'query'], half: true, height: 250, about: 'The weight of every pair of positions' });
  const bars = ui.plot({ x: [0, 12], y: [0, 1], names: ['key', 'weight of the row'], half: true, height: 250, about: 'The weights of one position' });
  const totals = ui.plot({ x: [1, 12], y: [0.01, 10], log: 'y', names: ['position', 'size of the row’s weights'], height: 170, about: 'The root of the sum of squared weights by position, for the four divisors' });
  ui.note(
    'Above left: by what each value is multiplied, in pairs and in sums together (orange positive, blue negative). The dots behind the rows are the answers that change if the key and the value of ' +
    'one position, the dashed column, become 10⁹: green behind it, where they should, orange before it, where something leaks. Right: the row that is looked at. Below: the root of the sum of squares of ' +
    'each row’s weights: blue by the longest n, orange by the batch’s T, green by the row’s keys, violet with n outside; thick the chosen one. Padding is seen by nobody.');
  let was = 1;

  ui.update(() => {
    if (numbers.value !== was) n.value = numbers.value === BY_HAND ? 3 : 12;
    was = numbers.value;
    const hand = numbers.value === BY_HAND, T = positions(), P = T + padding.value, squares = kind.value !== SOFTMAX && kind.value !== LINEAR, chunks = kind.value > SOFTMAX;
    length.input.disabled = size.input.disabled = hand;
    chunk.input.disabled = kind.value <= LINEAR && kind.value !== FLASH;
    row.value = row.value;
    changed.value = changed.value;
    const r = Math.min(row.value, T) - 1, s = Math.min(changed.value, T) - 1, C = Math.min(chunk.value, T);
    const look = (by, batch) => {
      const said = c.f64(c.gau_live_look(hand ? 0 : 1, size.value, kind.value, mask.value, by, T, batch, C, n.value, s), MOST * (MOST + 2));
      return { answer: said.slice(0, T), after: said.slice(MOST, MOST + T), weight: said.slice(2 * MOST, 2 * MOST + T * T) };
    };
    const now = look(divisor.value, P), alone = look(divisor.value, T), weight = (t, k) => now.weight[t * T + k];
    const largest = now.weight.reduce((a, v) => Math.max(a, Math.abs(v)), 1e-30), all = [...Array(T).keys()];
    const touched = all.filter((t) => !Object.is(now.answer[t], now.after[t])), leaks = touched.filter((t) => t < s);
    grid.range([0, T + 1], [T, 0]);
    const marks = (list, colour) => grid.points(list.map(() => T + 0.5), list.map((t) => t + 0.5), colour, 4);
    const edges = chunks && kind.value !== LINEAR ? all.filter((t) => t && t % C === 0) : [];
    grid.show([grid.heat(T, T, (j, k) => live.signed(Math.sign(weight(T - 1 - j, k)) * Math.sqrt(Math.abs(weight(T - 1 - j, k)) / largest)), [0, T, T, 0]),
      ...edges.flatMap((t) => [grid.line([t, t], [0, T], 6, 'thin'), grid.line([0, T], [t, t], 6, 'thin')]), grid.rect(0, 0, T, T, 6, 'thin'),
      grid.line([s, s, s + 1, s + 1], [T, 0, 0, T], 2, 'dashed thin'), grid.rect(0, r, T, r + 1, 0), marks(leaks, 2), marks(touched.filter((t) => t >= s), 3)]);

    const mine = all.map((k) => weight(r, k)), low = Math.min(0, ...mine), high = Math.max(0, ...mine), room = 0.08 * (high - low || 1);
    bars.range([0, T], [low && low - room, high + room]);
    bars.show(mine.map((v, k) => bars.rect(k + 0.15, Math.max(v, 0), k + 0.85, Math.min(v, 0), v < 0 ? 1 : 2, 'filled thin')));

    const norm = (w) => all.map((t) => Math.sqrt(all.reduce((sum, k) => sum + w[t * T + k] ** 2, 0))).map((v) => v > 0 ? v : NaN);
    const lines = squares ? DIVISORS.map((_, by) => norm(look(by, P).weight)) : [norm(now.weight)], chosen = squares ? divisor.value : 0;
    const some = lines.flat().filter(Number.isFinite).map(Math.log10);
    totals.range([1, Math.max(2, T)], [10 ** Math.floor(Math.min(-0.5, ...some)), 10 ** Math.ceil(Math.max(0.5, ...some))]);
    totals.show([...lines.map((line, by) => totals.line(all.map((t) => t + 1), line, by + 1, by === chosen ? 'thick' : 'thin')),
      totals.points(all.map((t) => t + 1), lines[chosen].map((v) => Number.isFinite(v) ? v : 0), chosen + 1, 3)]);

    const list = (rows) => rows.map((t) => t + 1).join(', ');
    say(`Position ${r + 1} answers ${live.number(now.answer[r])}` + (P === T ? '.' : `, in a batch of ${P} positions; alone ${live.number(alone.answer[r])}.`) +
      ` Of ${T} keys ${mine.filter((v) => v !== 0).length} have a weight in its row. With 10⁹ in position ${s + 1}, ` +
      (touched.length ? `the answers of ${list(touched)} change` : 'no answer changes') +
      (leaks.length ? `: ${list(leaks)} should not. Something looks ahead.` : touched.length ? ': none before it.' : '.'));
  });
});
