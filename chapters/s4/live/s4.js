// A signal that the reader draws, remembered while it runs.
live.turn('s4/measures.svg', 'Try it: draw a signal and watch it being remembered', (c, ui) => {
  const T = 600, NAMES = ['LegS', 'LegT', 'LagT'];
  const N = ui.slider('N', 4, 64, 4, 16, String), now = ui.slider('now', 1, T, 1, T, String);
  let running = false;
  const run = ui.button('Run', () => {
    running = !running;
    if (running && now.value >= T) now.value = 1;
  });
  const signal = c.f64(c.s4_live_signal(), T).slice();
  ui.button('A step', () => { for (let i = 0; i < T; i++) signal[i] = i < T / 3 ? -0.5 : 0.7; dirty = true; });
  ui.button('A burst', () => { for (let i = 0; i < T; i++) signal[i] = Math.abs(i - 150) < 60 ? Math.sin(i / 5) : 0.1; dirty = true; });
  const on = NAMES.map((name, i) => ui.check(name, true));
  const plot = ui.plot({ x: [0, T], y: [-1.6, 1.6], names: ['sample', ''], height: 280, about: 'The signal and what three memories give back of it' });
  const say = ui.text();
  ui.note('Drag over the plot to draw the signal (grey); or take one of the buttons. What N numbers give back now: LegS (blue) of all the past, LegT (orange) of the last 200 samples, LagT (green) of a past that fades. With the keyboard: the sliders and buttons.');
  let dirty = true, shown = 0, from = null;
  plot.drag((x, y, phase) => {
    const i = Math.min(T - 1, Math.max(0, Math.round(x))), v = Math.min(1.6, Math.max(-1.6, y));
    if (phase === 'press' || !from) from = [i, v];
    const [j, u] = from, steps = Math.max(1, Math.abs(i - j));
    for (let k = 0; k <= steps; k++) signal[Math.round(j + (i - j) * k / steps)] = u + (v - u) * k / steps;
    from = phase === 'end' ? null : [i, v];
    dirty = true;
    ui.again();
  });
  const places = [...Array(T).keys()];
  ui.update(() => {
    if (dirty || shown !== N.value) {
      c.f64(c.s4_live_signal(), T).set(signal);
      c.s4_live_remember(shown = N.value);
    }
    dirty = false;
    const t = now.value, said = [], items = [plot.line(places, signal, 6, 'thin'), plot.line([t, t], [-9, 9], 0, 'dashed thin')];
    for (let k = 0; k < 3; k++) {
      if (!on[k].value) continue;
      const back = c.f64(c.s4_live_recall(k, t), t).slice();
      items.push(plot.line(places.slice(0, t), back, k + 1));
      let square = 0, n = 0;
      for (let i = Math.max(0, t - 100); i < t; i++) if (Number.isFinite(back[i])) [square, n] = [square + (back[i] - signal[i]) ** 2, n + 1];
      said.push(`${NAMES[k]} ${live.number(Math.sqrt(square / n), 2)}`);
    }
    plot.show(items);
    say(`After ${t} samples ${N.value} numbers of each remain. Root mean square error over the last ${Math.min(100, t)} samples: ${said.join(', ') || 'none is shown'}.`);
    run.textContent = running ? 'Stop' : 'Run';
    if (running) {
      if (now.value >= T) running = false;
      else now.value = Math.min(T, now.value + 3);
      ui.again();
    }
  });
});
