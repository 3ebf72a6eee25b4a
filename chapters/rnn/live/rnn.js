// The error wall: where a descent goes from a start of the reader's own, clipped and not.
live.turn('rnn/error-wall.svg', 'Try it: the wall from a start of your own', (c, ui) => {
  const W = 61, B = 46, STEPS = 60;
  const w = ui.slider('w', 4.2, 6.3, 0.005, 5.2), b = ui.slider('b', -3.2, -1.7, 0.005, -2.5);
  const clip = ui.slider('clip the norm at', -1, 1.1, 0.05, 0, (e) => e > 1.05 ? 'nothing' : live.number(10 ** e, 2));
  const rate = ui.slider('rate', -2, 0.3, 0.05, -0.3, (e) => live.number(10 ** e, 2));
  const steps = ui.slider('steps', 0, STEPS, 1, STEPS);
  const plane = ui.plot({ x: [4.2, 6.3], y: [-3.2, -1.7], names: ['w', 'b'], half: true, height: 280, about: 'The error over w and b, bluer where it is larger, and two descents on it' });
  const errors = ui.plot({ x: [0, STEPS], y: [1e-8, 1], log: 'y', names: ['step', 'error'], half: true, height: 280, about: 'The error of both descents by step' });
  const say = ui.text();
  ui.note('Orange: clipped. Blue: not clipped. Drag the start over the map, or move w and b. The map is the error, bluer where it is larger.');

  const values = c.f64(c.rnn_live_map(), W * B).slice();
  const heat = plane.heat(B, W, (j, i) => live.shade(values[j * W + i] / 0.6));
  plane.drag((x, y) => {
    w.value = x;
    b.value = y;
    ui.again();
  });
  const path = (theta) => c.f64(c.rnn_live_path(w.value, b.value, theta, 10 ** rate.value), 4 * (STEPS + 1)).slice();
  ui.update(() => {
    const theta = clip.value > 1.05 ? Infinity : 10 ** clip.value, n = steps.value + 1;
    const column = (p, k) => Array.from({ length: n }, (_, i) => p[4 * i + k]), numbers = [...Array(n).keys()];
    const free = path(Infinity), clipped = path(theta);
    plane.show([heat,
      plane.line(column(free, 0), column(free, 1), 1), plane.points(column(free, 0), column(free, 1), 1, 2.5),
      plane.line(column(clipped, 0), column(clipped, 1), 2), plane.points(column(clipped, 0), column(clipped, 1), 2, 2.5),
      plane.points([w.value], [b.value], 0, 5)]);
    errors.show([errors.line(numbers, column(free, 2), 1), errors.line(numbers, column(clipped, 2), 2)]);
    const longest = Math.max(...column(free, 3).slice(0, -1), 0) * 10 ** rate.value;
    const at = c.f64(c.rnn_live_ridge(b.value), 2);
    say(`The largest gradient on the way is ${live.number(Math.max(...column(free, 3)))}, the longest unclipped step ${live.number(longest)}. ` +
      `After ${steps.value} steps the error is ${live.number(clipped[4 * n - 2])} clipped and ${live.number(free[4 * n - 2])} not. ` +
      `At b = ${live.number(b.value)} the wall is steepest at w = ${live.number(at[1], 6)}: |dE/dw| = ${live.number(at[0])}.`);
  });
});
