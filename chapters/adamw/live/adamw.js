// How long Adam's steps are on gradients of a chosen kind, or drawn, beside what they can be at most.
live.turn('adamw/step-bound.svg', 'Try it: make a step as long as you can', (c, ui) => {
  const SHOWN = 20, MOST = 300, NEVER = 4, PAST = [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 20000];
  const GROWING = 0, WORST = 1, SPIKE = 2, ALONE = 3, DRAWN = 6;
  const KINDS = ['1, then growing', 'growing from the first step, the worst', '1, and once a spike', '0, and once a value', 'noise, N(0, 1)', '1 and −1 in turn', 'drawn by you'];
  const kind = ui.choice('Gradients', KINDS, GROWING);
  const growth = ui.slider('growth', 0, 50, 1, 11, (v) => `${v} %`);
  const spike = ui.slider('spike', 0, 4, 0.1, 3, (e) => live.number(10 ** e, 2));
  const past = ui.slider('steps before', 0, PAST.length - 1, 1, PAST.length - 1, (i) => String(PAST[i]));
  const after = ui.slider('steps after', 20, MOST, 1, 60, String);
  const beta1 = ui.slider('β₁', 0.5, 0.95, 0.01, 0.9), beta2 = ui.slider('β₂', 1.1, 4, 0.01, 3, (e) => live.number(1 - 10 ** -e, 4));
  const clip = ui.slider('clipped to', -1, NEVER, 0.1, NEVER, (e) => e === NEVER ? 'never' : live.number(10 ** e, 2));
  const uncorrected = ui.check('without the correction');
  const say = ui.text();
  const gradients = ui.plot({ x: [-19, 60], y: [0, 1], names: ['step', 'gradient'], height: 130, about: 'The gradients' });
  const steps = ui.plot({ x: [-19, 60], y: [0, 8], names: ['step', 'step of w over the rate'], height: 220, about: 'The steps over the rate, and their bound' });
  ui.note(
    'Step 1 is the first after the change; of the steps before it the last 20 are shown. Draw in the upper plot to make gradients of your own. Below: ' +
    'the steps (blue), the bound of Cauchy and Schwarz (orange), which no gradients exceed, and the one of section 2.1 of the paper (dashed).');
  const drawn = () => c.f64(c.adamw_live_drawn(), MOST);
  let now = [], high = [0, 1], last = null;
  drawn().fill(1);

  gradients.drag((x, y, phase) => {
    const k = Math.min(after.value, Math.max(1, Math.round(x)));
    if (phase === 'press') {
      if (kind.value !== DRAWN) drawn().set(now);
      kind.value = DRAWN;
      last = k;
    }
    if (phase === 'end') return;
    const way = Math.sign(k - last) || 1;
    for (let i = last; i !== k + way; i += way) drawn()[i - 1] = Math.min(high[1], Math.max(high[0], y));
    last = k;
    ui.again();
  });

  ui.update(() => {
    const n = after.value, b1 = beta1.value, b2 = 1 - 10 ** -beta2.value, theta = clip.value === NEVER ? Infinity : 10 ** clip.value;
    growth.input.disabled = kind.value !== GROWING;
    spike.input.disabled = kind.value !== SPIKE && kind.value !== ALONE;
    past.input.disabled = kind.value === WORST;
    const size = kind.value === GROWING ? 1 + growth.value / 100 : 10 ** spike.value, before = kind.value === WORST ? 0 : PAST[past.value];
    const said = c.f64(c.adamw_live_steps(kind.value, size, before, n, b1, b2, theta, uncorrected.value ? 1 : 0), 3 * (SHOWN + n)).slice();
    const at = Array.from({ length: SHOWN + n }, (_, i) => i - SHOWN + 1), column = (j) => at.map((_, i) => said[3 * i + j]);
    const g = column(0), step = column(1), bound = column(2), finite = (list) => list.filter(Number.isFinite);
    now = g.slice(SHOWN);
    const first = before ? 1 - Math.min(before, SHOWN) : 1, paper = Math.max(1, (1 - b1) / Math.sqrt(1 - b2));
    if (kind.value !== DRAWN) {
      const [least, most] = [Math.min(0, ...finite(g)), Math.max(...finite(g), 1e-9)];
      high = [least < 0 ? 1.1 * Math.min(least, -most) : 0, 1.1 * Math.max(most, -least)];
      if (high[1] < 3) high = [high[0] < 0 ? -3 : 0, 3];
    }
    gradients.range([first - 0.5, n], high);
    gradients.show([gradients.line(at, g, 1), ...(n <= 80 ? [gradients.points(at.filter((_, i) => Number.isFinite(g[i])), finite(g), 1, 2)] : [])]);

    const top = Math.max(paper, ...finite(bound)), low = Math.min(...finite(step));
    steps.range([first - 0.5, n], [low < -0.01 ? -1.08 * top : 0, 1.08 * top]);
    const lines = (sign) => [steps.line(at, bound.map((v) => sign * v), 2), steps.line([first, n], [sign * paper, sign * paper], 6, 'dashed thin')];
    steps.show([steps.line(at, step, 1, 'thick'), ...lines(1), ...(low < -0.01 ? lines(-1) : [])]);

    const lengths = step.map((v) => Number.isFinite(v) ? Math.abs(v) : 0), longest = Math.max(...lengths), where = lengths.indexOf(longest);
    const lost = step.slice(SHOWN).reduce((sum, v) => sum + 1 - v, 0);
    say(`The longest step shown is ${live.number(longest, 4)} rates, at step ${live.number(at[where])}; at most it can be ${live.number(bound[where], 4)} there, whatever the gradients. ` +
      `Section 2.1 of the paper says at most ${live.number(paper, 4)}.` + (longest > paper * 1.0001 ? ' It is longer.' : '') +
      (kind.value === SPIKE ? ` Of a way of ${n} rates ${live.number(Math.max(0, lost))} are lost from step 1 on.` : ''));
  });
});
