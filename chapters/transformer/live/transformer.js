// The weights of one query over 64 keys, with the root and without.
live.turn('transformer/scaling.svg', 'Try it: what the root is for', (c, ui) => {
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

// The trained model of figure reverse on a sequence of the reader's own.
live.turn('transformer/reverse-attention.svg', 'Try it: where the heads look', (c, ui) => {
  const T = 10, HEADS = 4, TESTS = 500, LETTERS = 'abcdefghij';
  const LAYERS = ['encoder, layer 1', 'encoder, layer 2', 'decoder, layer 1, to itself', 'decoder, layer 1, to the source', 'decoder, layer 2, to itself', 'decoder, layer 2, to the source'];
  const typed = ui.entry('Letters a to j', 'abcdefghij', T);
  const layer = ui.choice('Attention of', LAYERS, 5);
  let test = -1;
  const another = (step) => () => {
    test = (test + step + TESTS) % TESTS;
    typed.input.value = Array.from(c.i32(c.transformer_live_test(test), T), (symbol) => LETTERS[symbol - 1]).join('');
  };
  ui.button('Next of the test sequences', another(1));
  ui.button('The one before', another(-1));
  const say = ui.text();
  const maps = Array.from({ length: HEADS }, (_, h) => ui.plot({ x: [0, T], x_ticks: [], y: [0, T], y_ticks: [], names: [`head ${h + 1}`, ''], half: true, ratio: 0.8, about: `The weights of head ${h + 1}` }));
  ui.note(
    'Each row is a position that asks, from above, each column one that is looked at; the bluer, the nearer its weight is to 1. The rows of the decoder are named by what ' +
    'it has read there (· is the beginning) and what it says; it says one letter after the other, each time the likeliest. The model is post-norm, seed 0, ' +
    'of the figure, its weights rounded to 16 bits. It has learnt with ten letters; with fewer you ask it for what it has never seen.');
  ui.update(() => {
    const source = [...typed.value.toLowerCase()].filter((letter) => LETTERS.includes(letter)).slice(0, T), n = source.length;
    if (!n) {
      for (const map of maps) map.show([]);
      say('Type letters from a to j.');
      return;
    }
    c.i32(c.transformer_live_source(), T).set(source.map((letter) => LETTERS.indexOf(letter) + 1));
    const said = Array.from(c.i32(c.transformer_live_reverse(n), n), (symbol) => symbol ? LETTERS[symbol - 1] : '·');
    const read = ['·', ...said.slice(0, -1)], w = c.f32(c.transformer_live_weights_of(layer.value), HEADS * n * n).slice();
    const rows = layer.value < 2 ? source : said.map((letter, t) => `${read[t]}→${letter}`), columns = [2, 4].includes(layer.value) ? read : source;
    maps.forEach((map, h) => {
      map.range([-1.4, n], [-1, n]);
      map.show([map.heat(n, n, (j, s) => live.shade(w[(h * n + n - 1 - j) * n + s]), [0, n, 0, n]), map.rect(0, n, n, 0, 6, 'thin'),
        ...columns.map((letter, s) => map.text(s + 0.5, -0.5, letter)), ...rows.map((name, t) => map.text(-0.7, n - t - 0.5, name))]);
    });
    const right = source.slice().reverse(), wrong = said.filter((letter, t) => letter !== right[t]).length;
    say(`It says ${said.join(' ')}: ` + (wrong ? `${wrong} of ${n} letters ${wrong > 1 ? 'are' : 'is'} wrong, it should be ${right.join(' ')}.` : 'all right.'));
  });
});
