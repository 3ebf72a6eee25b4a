// The cliff: learning step by step or 500 episodes at once, beside the exact values.
live.turn('td/cliff.svg', 'Try it: learn on the cliff', (c, ui) => {
  const ROWS = 4, COLUMNS = 12, S = 48, A = 4, START = 36, GOAL = 47, ARROWS = ['↑', '→', '↓', '←'];
  const RULES = ['Sarsa', 'expected Sarsa', 'Q-learning'];
  const rule = ui.choice('Rule', RULES, 2), alpha = ui.slider('α', 0.05, 1, 0.05, 0.5), epsilon = ui.slider('ε', 0, 0.5, 0.01, 0.1);
  const seed = ui.slider('seed', 1, 20, 1, 1, String);
  for (const later of [alpha, seed]) later.input.dataset.idle = ''; // they say what the next button does
  let rewards = [], last = null, begun = 0;
  const begin = () => {
    c.td_live_begin(begun = seed.value);
    rewards = [];
    last = null;
  };
  const play = (n) => () => {
    rewards.push(...c.f64(c.td_live_episodes(rule.value, alpha.value, epsilon.value, n), n));
    last = null;
  };
  const step = () => {
    last = c.f64(c.td_live_step(rule.value, alpha.value, epsilon.value), 7).slice();
    if (last[4]) last.sum = true;
  };
  ui.button('One step', step);
  ui.button('One episode', play(1));
  ui.button('10 episodes', play(10));
  ui.button('500 episodes', play(500));
  ui.button('Begin again', begin);
  const say = ui.text();
  const grid = (about) => ui.plot({ x: [0, COLUMNS], y: [-ROWS, 0], ratio: ROWS / COLUMNS, bare: true, half: true, about });
  const learnt = grid('What is learnt: the largest value of each cell and its action'), exact = grid('The exact values and best actions');
  const curve = ui.plot({ x: [0, 500], y: [-150, 0], names: ['episode', 'sum of rewards'], height: 180, about: 'The sum of rewards by episode' });
  ui.note('Left: the largest learnt value of a cell and its action, bluer the worse. Right: the exact values of the best policy with this ε. Below: every episode, and the exact return of that policy, dashed.');

  const cells = (plot, value, sign) => {
    const items = [plot.heat(ROWS, COLUMNS, (j, i) => {
      const s = (ROWS - 1 - j) * COLUMNS + i;
      return s > START && s < GOAL ? [120, 110, 100] : s === GOAL ? [190, 230, 200] : live.shade(-value(s) / 60);
    })];
    for (let s = 0; s < S; s++) {
      const x = s % COLUMNS + 0.5, y = -Math.floor(s / COLUMNS);
      if (s <= START) items.push(plot.text(x, y - 0.32, sign(s)), plot.text(x, y - 0.72, live.number(value(s), 2), 400));
      else if (s === GOAL) items.push(plot.text(x, y - 0.5, 'goal', 400));
    }
    return items;
  };
  ui.update(() => {
    if (begun !== seed.value) begin();
    const q = c.f64(c.td_live_values(), S * A).slice(), best = c.f64(c.td_live_exact(epsilon.value), 2 * S).slice();
    const top = (s) => Math.max(...q.subarray(s * A, s * A + A));
    const first = (s) => [0, 1, 2, 3].find((a) => q[s * A + a] === top(s));
    const path = [];
    for (let s = START, n = 0; s !== GOAL && n < 30 && q.some((v) => v !== 0); n++) { // the greedy way
      path.push(s);
      const a = first(s), row = Math.min(3, Math.max(0, Math.floor(s / COLUMNS) + [-1, 0, 1, 0][a])), column = Math.min(11, Math.max(0, s % COLUMNS + [0, 1, 0, -1][a]));
      s = row * COLUMNS + column;
      if (s > START && s < GOAL) break;
    }
    const at = (s) => [s % COLUMNS + 0.5, -Math.floor(s / COLUMNS) - 0.5];
    const items = cells(learnt, top, (s) => ARROWS[first(s)]);
    items.push(learnt.line(path.map((s) => at(s)[0]), path.map((s) => at(s)[1]), 2, 'thick'));
    if (last) {
      const s = last[4] ? GOAL : last[3];
      items.push(learnt.rect(s % COLUMNS + 0.08, -Math.floor(s / COLUMNS) - 0.08, s % COLUMNS + 0.92, -Math.floor(s / COLUMNS) - 0.92, 4, 'thick'));
    }
    learnt.show(items);
    exact.show(cells(exact, (s) => best[s], (s) => ARROWS.filter((_, a) => best[S + s] >> a & 1).join('')));
    curve.range([0, Math.max(20, rewards.length)], [Math.max(-400, Math.min(-60, ...rewards.slice(-300))), 0]);
    curve.show([curve.line(rewards.map((_, i) => i + 1), rewards, 1, 'thin'), curve.line([0, 1e4], [best[START], best[START]], 2, 'dashed')]);
    const late = rewards.slice(-100), mean = late.reduce((a, r) => a + r, 0) / late.length;
    say(last ? `Cell ${last[0]}, ${ARROWS[last[1]]}: reward ${live.number(last[2])}, then cell ${last[3]}. Its value was ${live.number(last[5])} and is ${live.number(last[6])}.` :
      rewards.length ? `${rewards.length} episodes; the mean of the last ${late.length} is ${live.number(mean)}. The best policy with ε = ${live.number(epsilon.value)} has ${live.number(best[START], 4)}.` :
        `The best policy with ε = ${live.number(epsilon.value)} has the return ${live.number(best[START], 4)}. Nothing is learnt yet.`);
  });
});
