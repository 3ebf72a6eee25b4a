// The tiles of one head, walked one by one: what is in memory, and one row's m, l and o.
live.turn('flash_attention/drawing-causal.svg', 'Try it: walk the tiles', (c, ui) => {
  const MOST = 24, D = 4, TILE = 7 + 2 * D;
  const queries = ui.slider('queries', 1, MOST, 1, 12, String), keys = ui.slider('keys', 1, MOST, 1, 12, String);
  const rows = ui.slider('rows of a tile', 1, MOST, 1, 4, String), columns = ui.slider('columns', 1, MOST, 1, 3, String);
  const causal = ui.choice('A query sees', ['all keys', 'the past, last query at last key', 'the past, first query at first key'], 1);
  const size = ui.slider('queries times', 0, 6, 0.1, 2), lazy = ui.slider('m moves if exceeded by', 0, 8, 0.5, 0);
  const row = ui.slider('row', 1, MOST, 1, 11, (v) => String(Math.min(v, queries.value)));
  let at = 0, count = 1, next_of_row = 0, wanted = 10, shown = 10;
  const step = ui.slider('tile', 1, MOST, 1, wanted, () => `${at + 1} of ${count}`);
  ui.button('First tile', () => { wanted = 1; });
  ui.button('Next tile', () => { wanted = at + 2; });
  ui.button('Next of this row', () => { wanted = next_of_row + 1; });
  ui.button('Last', () => { wanted = MOST * MOST; });
  const say = ui.text();
  const grid = ui.plot({ x: [0, 12], y: [12, 0], names: ['key', 'query'], half: true, height: 260, about: 'The scores by query and key, in tiles: the one that is in memory, those that are gone, those that are skipped' });
  const line = ui.plot({ x: [0, 12], y: [-5, 5], names: ['key', 'score of the row'], half: true, height: 260, about: 'The row’s scores by key, and its reference m as the tiles come' });
  const bars = ui.plot({ x: [0, D], x_ticks: [], y: [-2, 2], names: ['the four numbers of the answer', ''], height: 150, about: 'The answer o over l so far, and that of the plain softmax over all keys' });
  const table = ui.table();
  ui.note(
    'Above left: the tile that is in memory in colour (blue negative, orange positive), those that were there and are gone in ' +
    'grey; what causality skips is crossed out, what is empty not yet computed. The row is framed. Right: the scores of the row’s ' +
    'keys that have come (blue) and of those that have not (grey), and the reference m (orange). Below: o / l so far (blue) and ' +
    'the plain softmax over all keys of the row (grey).');

  ui.update(() => {
    if (step.value !== shown) wanted = step.value; // else it was a button, or another tiling
    const T = queries.value, S = keys.value, r = Math.min(row.value, T) - 1;
    const said = c.f64(c.flash_attention_live_walk(T, S, rows.value, columns.value, causal.value, size.value, lazy.value, r), 1 + D + MOST * MOST * (1 + TILE));
    count = said[0];
    step.input.max = count;
    at = Math.min(wanted, count) - 1;
    step.value = shown = at + 1;
    const all = said.subarray(1, 1 + D), score = said.subarray(1 + D, 1 + D + T * S);
    const tiles = Array.from({ length: count }, (_, k) => {
      const f = said.subarray(1 + D + MOST * MOST + k * TILE);
      return { t: f[0], rows: f[1], s: f[2], columns: f[3], skipped: f[4] !== 0, m: f[5], l: f[6], o: f.slice(7, 7 + D), exact: f.slice(7 + D, 7 + 2 * D) };
    });
    const of_row = (k) => k < count && tiles[k].t <= r && r < tiles[k].t + tiles[k].rows;
    next_of_row = at + 1;
    while (next_of_row < count && !(of_row(next_of_row) && !tiles[next_of_row].skipped)) next_of_row++;
    if (next_of_row >= count) next_of_row = at;
    const now = tiles[at], before = at > 0 ? tiles[at - 1] : { m: -Infinity, l: 0, o: [0, 0, 0, 0] };

    const largest = score.reduce((a, v) => Number.isFinite(v) ? Math.max(a, Math.abs(v)) : a, 1e-9);
    const index = (t, s) => Math.floor(t / rows.value) * Math.ceil(S / columns.value) + Math.floor(s / columns.value);
    grid.range([0, S], [T, 0]);
    grid.show([grid.heat(T, S, (j, s) => {
      const t = T - 1 - j, k = index(t, s), v = score[t * S + s];
      if (k > at || tiles[k].skipped) return [253, 252, 250];
      return k < at ? [222, 219, 213] : Number.isFinite(v) ? live.signed(v / largest) : [160, 156, 150];
    }, [0, S, T, 0]),
    ...tiles.map((f) => grid.rect(f.s, f.t, f.s + f.columns, f.t + f.rows, 6, 'thin')),
    ...tiles.filter((f) => f.skipped).map((f) => grid.line([f.s, f.s + f.columns, NaN, f.s, f.s + f.columns], [f.t, f.t + f.rows, NaN, f.t + f.rows, f.t], 6, 'thin')),
    grid.rect(now.s, now.t, now.s + now.columns, now.t + now.rows, 2, 'thick'),
    grid.rect(0, r, S, r + 1, 0)]);

    const places = [...Array(S).keys()], mine = places.map((s) => score[r * S + s]), come = (s) => index(r, s) <= at;
    const own = tiles.filter((f, k) => of_row(k) && k <= at && !f.skipped), some = mine.filter(Number.isFinite);
    const low = Math.min(...some, -1), high = Math.max(...some, 1), margin = 0.1 * (high - low);
    line.range([0, S], [low - margin, high + margin]);
    line.show([
      line.points(places.filter((s) => !come(s) && Number.isFinite(mine[s])).map((s) => s + 0.5), mine.filter((v, s) => !come(s) && Number.isFinite(v)), 6, 4),
      line.points(places.filter((s) => come(s) && Number.isFinite(mine[s])).map((s) => s + 0.5), mine.filter((v, s) => come(s) && Number.isFinite(v)), 1, 4),
      line.line(own.flatMap((f) => [f.s, f.s + f.columns]), own.flatMap((f) => [f.m, f.m]), 2)]);

    const answer = (f) => Array.from(f.o, (v) => f.l > 0 ? v / f.l : 0), ours = answer(now);
    const most = Math.max(0.5, ...ours.map(Math.abs), ...Array.from(all, Math.abs)) * 1.1;
    bars.range(null, [-most, most]);
    bars.show(ours.flatMap((v, i) => [
      bars.rect(i + 0.15, Math.max(all[i], 0), i + 0.5, Math.min(all[i], 0), 6, 'filled thin'),
      bars.rect(i + 0.5, Math.max(v, 0), i + 0.85, Math.min(v, 0), 1, 'filled thin')]));

    const cells = (name, f, o) => [name, f ? live.number(f.m) : '', f ? live.number(f.l) : '', ...Array.from(o, (v) => live.number(v))];
    const touched = of_row(at) && !now.skipped;
    table(['row ' + (r + 1), 'm', 'l', 'o₁', 'o₂', 'o₃', 'o₄'], [
      cells('before this tile', before, before.o), cells('after it', now, now.o), cells('o / l', null, ours),
      cells('plain softmax, the same keys', null, now.exact), cells('plain softmax, all keys', null, all)]);
    const moved = now.m > before.m, where = `Tile ${at + 1}: queries ${now.t + 1} to ${now.t + now.rows}, keys ${now.s + 1} to ${now.s + now.columns}`;
    const worst = Math.max(...ours.map((v, i) => Math.abs(v - now.exact[i])));
    say(now.skipped ? `${where}. Causality hides every pair of it: nothing is computed.` :
      !touched ? `${where}. Row ${r + 1} is not among them: its m, l and o stay.` :
        `${where}. ` + (!moved ? 'The reference m stays, and nothing is multiplied.' : Number.isFinite(before.m) ?
          `m rises from ${live.number(before.m)} to ${live.number(now.m)}: l and o are multiplied by e^(${live.number(before.m - now.m)}) = ${live.number(Math.exp(before.m - now.m))} before the tile is added.` :
          `The first tile of the row: m is ${live.number(now.m)}.`) +
        ` o / l is off by ${live.number(worst, 1)} from the plain softmax over the same keys.`);
  });
});
