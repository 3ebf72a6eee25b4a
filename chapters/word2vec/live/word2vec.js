// An analogy in a world whose relation is known: what five rules answer, and why.
live.turn('word2vec/analogies.svg', 'Try it: ask an analogy where the truth is known', (c, ui) => {
  const V = 100, STEMS = 30, RULES = 5, SHOWN = 8;
  const size = ui.slider('offset r', 0.1, 2, 0.1, 0.4), rho = ui.slider('shared part ρ', 0, 1, 0.05, 0);
  const seed = ui.slider('world', 0, 20, 1, 0, String);
  const first = ui.slider('a is stem', 1, STEMS, 1, 3, String);
  const other = (v) => v !== first.value ? v : v % STEMS + 1;
  const second = ui.slider('b is stem', 1, STEMS, 1, 8, (v) => String(other(v)));
  const learnt = ui.check('learnt vectors, not the true ones');
  let rounds = 0, loss = NaN, done = false, world = '', last = '', scores = null;
  const plane = ui.plot({ x: [-1, 1], y: [-1, 1], names: ['along a* − a', 'across, towards b'], half: true, height: 300, about: 'All words in the plane through a, a* and b' });
  const near = ui.plot({ x: [0, 1], y: [0, SHOWN], y_ticks: [], names: ['cosine with the target', ''], half: true, height: 300, about: 'The eight words nearest to the target' });
  const say = ui.text(), table = ui.table();
  ui.note(
    'A stem has two forms, 5 and 5*; words of other kinds are x1 to x40. a : a* = b : ? Left the plane through a, a* and b ' +
    '(orange), in which the target a* − a + b closes the parallelogram; the right answer b* is green, all other words grey, where ' +
    'they fall. Right the words nearest to the target in all dimensions: those of the question, which the usual rule leaves out, ' +
    'orange. The table asks all 870 questions of this world. With ρ = 0 there is no relation to be found.');
  const name = (w) => w < 2 * STEMS ? `${(w >> 1) + 1}${w % 2 ? '*' : ''}` : `x${w - 2 * STEMS + 1}`;

  ui.update(() => {
    const key = `${size.value} ${rho.value} ${seed.value}`, which = key + learnt.value;
    if (world !== key) {
      c.word2vec_live_world(size.value, rho.value, seed.value);
      [rounds, loss, done, world] = [0, NaN, false, key];
    } else if (learnt.value && !done) { // a round of Newton's method a frame
      const before = loss;
      loss = c.word2vec_live_learn(1);
      done = ++rounds === 500 || before - loss < 1e-10;
    }
    c.word2vec_live_ask(learnt.value ? 1 : 0);
    if (last !== which && (done || !learnt.value)) {
      scores = c.f64(c.word2vec_live_scores(learnt.value ? 1 : 0), RULES + 1).slice();
      last = which;
    } else if (last !== which) scores = null;
    const i = first.value - 1, j = other(second.value) - 1, a = 2 * i, b = 2 * j, asked = [a, a + 1, b], right = b + 1;
    second.value = second.value; // its text follows a
    const said = c.f64(c.word2vec_live_question(i, j), RULES + 2 * SHOWN + 2 * (V + 1)).slice();
    const answer = said.subarray(0, RULES), nearest = said.subarray(RULES, RULES + 2 * SHOWN), place = said.subarray(RULES + 2 * SHOWN);
    const x = (w) => place[2 * w], y = (w) => place[2 * w + 1], words = [...Array(V).keys()];

    // The same unit along both axes, or the parallelogram would be bent.
    const xs = words.map(x).concat(x(V)), ys = words.map(y).concat(y(V));
    const middle = (v) => (Math.min(...v) + Math.max(...v)) / 2, half = 0.58 * Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
    const wide = Math.max(240, plane.box.clientWidth) - 72;
    plane.range([middle(xs) - half * Math.max(1, wide / 300), middle(xs) + half * Math.max(1, wide / 300)], [middle(ys) - half * Math.max(1, 300 / wide), middle(ys) + half * Math.max(1, 300 / wide)]);
    const rest = words.filter((w) => !asked.includes(w) && w !== right), up = half * 0.09;
    plane.show([
      plane.points(rest.map(x), rest.map(y), 6, 2),
      plane.line([x(a), x(a + 1), x(V), x(b), x(a)], [y(a), y(a + 1), y(V), y(b), y(a)], 2, 'thin'),
      plane.points(asked.map(x), asked.map(y), 2, 5), plane.points([x(right)], [y(right)], 3, 5),
      plane.line([x(V) - up / 2, x(V) + up / 2, NaN, x(V) - up / 2, x(V) + up / 2], [y(V) - up / 2, y(V) + up / 2, NaN, y(V) + up / 2, y(V) - up / 2], 0),
      plane.text(x(a), y(a) - up, 'a'), plane.text(x(a + 1), y(a + 1) - up, 'a*'), plane.text(x(b) - up, y(b), 'b'), plane.text(x(right) + 1.4 * up, y(right) - up / 2, 'b*')]);
    const cosines = Array.from({ length: SHOWN }, (_, k) => nearest[2 * k + 1]), low = Math.min(...cosines, 0.5) - 0.15;
    near.range([low, 1], null);
    near.show(cosines.flatMap((v, k) => {
      const w = nearest[2 * k];
      return [near.rect(low, SHOWN - k - 0.15, v, SHOWN - k - 0.85, w === right ? 3 : asked.includes(w) ? 2 : 6, 'filled thin'),
        near.text(low + 0.08 * (1 - low), SHOWN - k - 0.5, name(w) + (asked.includes(w) ? ' ' + ['a', 'a*', 'b'][asked.indexOf(w)] : w === right ? ' b*' : ''))];
    }));

    const percent = (k) => scores ? `${live.number(100 * scores[k])} %` : '…', mark = (w) => `${name(w)} ${w === right ? '✓' : '✗'}`;
    const rules = ['a* − a + b, without a, a*, b: the usual score', 'a* − a + b, nothing left out', 'b alone', 'a* + b', 'a − a* + b: turned round'];
    table(['nearest to', 'answer here', 'right of 870'], rules.map((text, k) => [text, mark(answer[k]), percent(k)]));
    say(`${name(a)} : ${name(a + 1)} = ${name(b)} : ? The truth is ${name(right)}. With nothing left out the answer is b itself in ${percent(RULES)} of all questions. ` +
      (learnt.value ? `The vectors are learnt in ${rounds} rounds of Newton’s method, by the exact loss${rounds ? ', now ' + live.number(loss, 7) : ''}.` : 'The vectors are the true ones.'));
    if (learnt.value && !done) ui.again();
  });
});
