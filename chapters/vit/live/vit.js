// What a trained ViT reads, where it looks, and which patches decide.
live.turn('vit/attention-effect.svg', 'Try it: where it looks, and what decides', (c, ui) => {
  const SIDE = 16, N = 16, DIGITS = 10, MAPS = 12, INK = 11;
  const names = ['rollout', 'block 1, mean of the heads', 'block 2, mean of the heads',
    ...[1, 2].flatMap((block) => [1, 2, 3, 4].map((head) => `block ${block}, head ${head}`))];
  const pixels = (s) => `${live.number(s)} px`, hundredths = (v) => (Math.round(100 * v) / 100 || 0).toFixed(2).replace('-', '−');
  const which = ui.slider('picture', 1, 200, 1, 1, String), missing = ui.slider('leave out patch', 0, N, 1, 0, (n) => n ? String(n) : 'none');
  const right = ui.slider('rolled right', -8, 8, 1, 0, pixels), down = ui.slider('rolled down', -8, 8, 1, 0, pixels);
  const attention = ui.choice('Attention of the class token', names);
  const say = ui.text();
  const grid = (title, about) => ui.plot({ x: [0, 4], x_ticks: [], y: [0, 4], y_ticks: [], names: [title, ''], half: true, ratio: 1, about });
  const seen = grid('the picture and its patches', 'The picture, cut into sixteen patches'), looks = grid('attention', 'How much attention each patch gets');
  const effect = grid('what ln p loses without it', 'What the logarithm of the right digit’s probability loses without each patch');
  const bars = ui.plot({ x: [-0.6, 9.6], x_ticks: [...Array(DIGITS).keys()], y: [0, 1], names: ['digit', 'probability'], half: true, height: 200, about: 'The probability of each digit, with all patches and without one' });
  ui.note('The first ViT of the figure, its own weights, on the figure’s 200 pictures. Blue bars: with all patches; orange: without the one that is left out. Blue patches speak for the right digit, brown ones ' +
    'against it. Roll by 4, and every patch stands where its neighbour stood.');
  const place = (n) => [n % 4, 4 - Math.floor(n / 4)]; // its upper left corner
  const lines = (plot) => Array.from({ length: 3 }, (_, i) => [plot.line([i + 1, i + 1], [0, 4], 6, 'thin'), plot.line([0, 4], [i + 1, i + 1], 6, 'thin')]).flat();
  const frame = (plot, n) => n < 0 ? [] : [plot.rect(place(n)[0] + 0.03, place(n)[1] - 0.03, place(n)[0] + 0.97, place(n)[1] - 0.97, 2, 'thick')];
  const cells = (plot, shade, text) => [plot.heat(4, 4, (j, i) => shade(4 * (3 - j) + i)), ...lines(plot),
    ...Array.from({ length: N }, (_, n) => plot.text(place(n)[0] + 0.5, place(n)[1] - 0.5, text(n), 150))];
  ui.update(() => {
    const digit = c.vit_live_take(which.value - 1, right.value, down.value), out = missing.value - 1;
    const ink = c.f32(c.vit_live_picture(), SIDE * SIDE).slice();
    const said = c.f32(c.vit_live_look(digit, out), 2 * DIGITS + N + MAPS * (N + 3)).slice(), [p, without] = [0, DIGITS].map((at) => said.subarray(at, at + DIGITS));
    const lost = said.subarray(20, 36), map = said.subarray(36 + N * attention.value, 52 + N * attention.value), like = said.subarray(36 + N * MAPS + 3 * attention.value);
    const most = Math.max(...map), largest = Math.max(...lost.map(Math.abs), 1e-6);
    seen.show([seen.heat(SIDE, SIDE, (j, i) => live.shade(ink[SIDE * (SIDE - 1 - j) + i])), ...lines(seen), ...frame(seen, out)]);
    looks.show([...cells(looks, (n) => live.shade(0.6 * map[n] / most), (n) => hundredths(map[n])), ...frame(looks, out)]);
    effect.show([...cells(effect, (n) => live.signed(-0.6 * lost[n] / largest), (n) => hundredths(lost[n])), ...frame(effect, out)]);
    bars.show(Array.from({ length: DIGITS }, (_, d) => [bars.rect(d - 0.4, p[d], d, 0, 1, 'filled thin'), ...(out < 0 ? [] : [bars.rect(d, without[d], d + 0.4, 0, 2, 'filled thin')])]).flat());
    const answer = (q) => `${q.indexOf(Math.max(...q))} with probability ${live.number(Math.max(...q))}`;
    say(`A drawn ${digit}. It says ${answer(p)}` + (out < 0 ? '' : `; without patch ${out + 1}, ${answer(without)}`) +
      `. Rank correlation of ${names[attention.value]} with the ink ${live.number(like[2], 2)}, with what ln p loses ${live.number(like[1], 2)}, with the size of that ${live.number(like[0], 2)}.`);
  });
});
