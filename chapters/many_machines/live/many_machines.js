// What saving costs, against the interval.
live.turn('many_machines/restart.svg', 'Try it: your own machines', (c, ui) => {
  const clock = (s) => (s < 100 ? `${live.number(s)} s` : s < 6000 ? `${live.number(s / 60)} min` : s < 172800 ? `${live.number(s / 3600)} h` : `${live.number(s / 86400)} days`);
  const save = ui.slider('saving takes', 0, 3.5, 0.05, 1.8, (e) => clock(10 ** e));
  const machines = ui.slider('machines', 0, 4, 0.1, 2.3, (e) => live.number(Math.round(10 ** e), 4));
  const each = ui.slider('each fails once in', 10, 1000, 10, 200, (d) => `${d} days`);
  const plot = ui.plot({ x: [2, 5], y: [0, 50], names: ['log₁₀ of the seconds between two savings', 'overhead (percent)'], about: 'The overhead against the interval' });
  const say = ui.text();
  ui.note('Dashed: Young’s interval. The formula holds while an interval is short against the time between failures.');
  ui.update(() => {
    const C = 10 ** save.value, F = each.value * 86400 / Math.round(10 ** machines.value);
    const xs = Array.from({ length: 121 }, (_, k) => 1 + k / 24), y = (t) => 100 * (c.many_machines_live_overhead(t, C, F) - 1);
    const best = c.many_machines_live_best(C, F), young = c.many_machines_live_young(C, F), least = y(best);
    const top = Math.max(4 * least, 5), shown = xs.filter((x) => y(10 ** x) < 2 * top);
    plot.range([1, 6], [0, top]);
    plot.show([plot.line(shown, shown.map((x) => y(10 ** x)), 1), plot.line([Math.log10(young), Math.log10(young)], [0, top], 0, 'dashed thin')]);
    say(`Together the machines fail once in ${clock(F)}. Best is to save every ${clock(best)}, which costs ${live.number(least)} percent; Young says ${clock(young)}: ${live.number(y(young))} percent. Every ${clock(2 * best)}: ${live.number(y(2 * best))} percent.`);
  });
});

// What combiners leave of a text by Zipf's law, and how many times as fast reducers can be.
live.turn('many_machines/shuffle.svg', 'Try it: a text of your size', (c, ui) => {
  const words = ui.slider('words', 4, 9, 0.1, 5.8, (e) => live.number(10 ** e, 2));
  const different = ui.slider('different words', 2, 4.3, 0.05, 4.3, (e) => live.number(Math.floor(10 ** e), 3));
  const plot = ui.plot({ x: [0, 14], y: [0, 100], names: ['log₂ of the map tasks', 'records left (percent)'], about: 'The share of records left against the number of map tasks' });
  const say = ui.text();
  ui.update(() => {
    const V = Math.floor(10 ** different.value), n = 10 ** words.value, xs = Array.from({ length: 15 }, (_, k) => k);
    const left = xs.map((x) => 100 * c.many_machines_live_combined(V, n, 2 ** x)), p = c.many_machines_live_first(V);
    plot.show([plot.line(xs, left, 1)]);
    say(`With one task the combiner makes ${live.number(100 / left[0])} records into one, with 256 tasks ${live.number(100 / left[8])}. The most frequent word is ${live.number(100 * p)} percent of all: without combiners no number of reducers is more than ${live.number(1 / p)} times as fast as one.`);
  });
});
