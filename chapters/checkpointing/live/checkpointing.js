// A chain of layers gone through by each schedule: what is kept, what is done in order, what it costs.
live.turn('checkpointing/drawing-revolve.svg', 'Try it: what to keep', (c, ui) => {
  const STEPS = 64, HEAD = 6, SEGMENTS = 1, REVOLVE = 4, PLAN = 5, STORE = 0, ADVANCE = 1;
  const KINDS = ['the plain tape', 'K segments', '√n segments', 'the best number of segments', 'Revolve with s slots', 'the best plan for a budget'];
  const kind = ui.choice('Schedule', KINDS, REVOLVE);
  const length = ui.slider('layers n', 2, STEPS, 1, 10, String);
  const size = ui.slider('segments K, slots s', 1, STEPS, 1, 3, (v) => String(Math.min(v, length.value)));
  const tape = ui.slider('states that a layer leaves, a', 2, 60, 1, 4, String);
  const budget = ui.slider('budget, of the plain tape', 5, 100, 1, 60, (v) => `${v} %`);
  const say = ui.text();
  const view = { x: [-0.5, 10.5], y: [1, 0], y_ticks: [], names: ['state', ''], height: 300, about: 'What is done, from top to bottom: steps forward, stores, steps back' }, drawing = ui.plot(view);
  const bars = ui.plot({ x: [0, 40], y: [6, 0], y_ticks: [], names: ['states at the most', ''], height: 150, about: 'The peak of each schedule' });
  const table = ui.table();
  ui.note(
    'Time goes down. The dots on top are the states that the forward keeps. Blue: steps forward; green dots: stores; orange: steps back (of Revolve each with its own evaluation). ' +
    'The chain is really gone through, and its gradients are compared with the plain tape’s, bit by bit. Memory in states: a layer that is reversed has a of them on the tape; a segment’s end has 2, the value and its gradient; ' +
    'Revolve has s slots, the present state and its gradient, and one layer, a + 2. The plan computes the first layers again, in segments, and keeps the others. The bars are in the order of the table.');
  c.checkpointing_live_go(PLAN, STEPS, 1, 4, 100); // the largest once, so that no turn waits for the compiler

  ui.update(() => {
    const n = length.value, a = tape.value;
    size.input.max = n;
    size.value = size.value;
    size.input.disabled = kind.value !== SEGMENTS && kind.value !== REVOLVE;
    budget.input.disabled = kind.value !== PLAN;
    const all = KINDS.map((_, k) => {
      const said = c.f64(c.checkpointing_live_go(k, n, size.value, a, a * n * budget.value / 100), HEAD + STEPS + 1 + 9 * STEPS).slice();
      const [peak, evaluations, different, parts, fits, rows] = said, at = HEAD + STEPS + 1;
      return {
        peak, evaluations, different, parts, fits,
        kept: Array.from({ length: n + 1 }, (_, i) => i).filter((i) => said[HEAD + i]),
        rows: Array.from({ length: rows }, (_, i) => [...said.subarray(at + 3 * i, at + 3 * i + 3)]),
      };
    });
    const now = all[kind.value], plain = all[0], named = (k) => KINDS[k].replace(/\b[Ks]\b/, size.value).replace(/\b1 (segment|slot)s/, '1 $1');

    const begin = 1.6, bottom = begin + now.rows.length, head = Math.min(0.5, 0.02 * n + 0.1);
    drawing.range([-0.5, n + 0.5], [bottom, 0]);
    view.x_ticks = n <= 12 ? Array.from({ length: n + 1 }, (_, i) => i) : undefined;
    drawing.show([
      drawing.points(now.kept, now.kept.map(() => 0.7), 3, n <= 32 ? 5 : 3),
      ...now.rows.flatMap(([what, from, to], i) => {
        const y = begin + i;
        if (what === STORE) return [drawing.points([from], [y], 3, now.rows.length > 60 ? 2 : 4)];
        const [tail, tip] = what === ADVANCE ? [from, to] : [to, from], way = Math.sign(tip - tail), style = now.rows.length > 60 ? '' : 'thick', colour = what === ADVANCE ? 1 : 2;
        return [drawing.line([tail, tip], [y, y], colour, style), drawing.line([tip - way * head, tip, tip - way * head], [y - 0.3, y, y + 0.3], colour)];
      }),
    ]);

    const most = Math.max(...all.map((s) => s.peak));
    bars.range([0, 1.02 * most], null);
    bars.show([...all.flatMap((s, k) => [bars.rect(0, k + 0.2, s.peak, k + 0.8, k === kind.value ? 2 : 1, 'filled thin'), bars.text(0.16 * most, k + 0.5, named(k), 600)]),
      bars.line([plain.peak, plain.peak], [0, 6], 6, 'dashed thin'),
      ...(kind.value === PLAN ? [bars.line([a * n * budget.value / 100, a * n * budget.value / 100], [0, 6], 2, 'dashed')] : [])]);

    const slots = kind.value === REVOLVE ? c.checkpointing_live_repetitions(n, size.value) : 0;
    const ends = `${now.parts} ${now.parts > 1 ? 'segments' : 'segment'}`;
    const cut = `the ends of ${ends} are kept`;
    const how = ['everything is kept', cut, cut, cut,
      `${now.parts > 1 ? `${now.parts} states are` : '1 state is'} stored at once, and no step is advanced over more than ${slots === 1 ? 'once' : `${slots} times`}`,
      (now.fits ? '' : 'none fits; in the smallest ') + (now.parts > 1 ? `the first ${now.parts} layers are computed again` : now.parts ? 'the first layer is computed again' : 'nothing is computed again')][kind.value];
    say(`${named(kind.value)[0].toUpperCase()}${named(kind.value).slice(1)}: ${how}. ${now.evaluations} evaluations in place of ${n}, ` +
      `${live.number(now.peak, 4)} states in place of ${plain.peak}${now.peak > plain.peak ? ', which is more' : ''}. Of ${n + 1} gradients ${now.different} ${now.different === 1 ? 'differs' : 'differ'} from the plain tape’s in a bit.`);
    table(['', 'kept', 'evaluations', 'a layer', 'states', 'of plain'], all.map((s, k) =>
      [(k === kind.value ? '▸ ' : '') + named(k), ['all', s.parts, s.parts, s.parts, s.parts, s.parts ? `all but ${s.parts} layers` : 'all'][k],
        s.evaluations, live.number(s.evaluations / n), live.number(s.peak, 4), `${live.number(100 * s.peak / plain.peak)} %`].map(String)));
  });
});
