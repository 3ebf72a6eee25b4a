// A number in five formats: its bits, to be flipped; its value and error; its neighbours; a loss scale.
live.turn('mixed_precision/ruler.svg', 'Try it: a number’s bits', (c, ui) => {
  const NAMES = ['float32', 'fp16', 'bf16', 'E4M3', 'E5M2'], HALF = 1, AROUND = 4, LOW = -150, HIGH = 129;
  const formats = NAMES.map((name, i) => {
    const [exponent, fraction, lowest, largest] = c.f64(c.mixed_precision_live_format(i), 4).slice();
    return { name, exponent, fraction, lowest, largest, bits: 1 + exponent + fraction };
  });
  let x = 0.1, held = null, text = '0.1', shown = null, dragged = null;
  // A pattern that a reader has made stays as it is, also where its value alone would give another: -0, or no number.
  const put = (value, pattern = null) => {
    x = value;
    held = pattern;
    number.input.value = text = Number.isNaN(x) ? '' : String(x);
  };
  const entire = (v) => Number.isNaN(v) ? 'no number' : Object.is(v, -0) ? '−0' : live.number(v, 9), short = (v) => Number.isNaN(v) ? 'no number' : live.number(v, 4);
  const raised = (k) => '2' + String(k).replace(/./g, (d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[d] || '⁻');

  const number = ui.entry('Number', text, 40);
  const size = ui.slider('log₂ of its size', LOW, HIGH, 0.01, Math.log2(x), () => Number.isNaN(x) || x === 0 ? 'none' : live.number(Math.log2(Math.abs(x)), 4));
  const scale = ui.slider('loss scale', -24, 24, 1, 0, raised);
  const near = ui.choice('Neighbours in', NAMES, HALF);
  const around = () => c.f64(c.mixed_precision_live_around(near.value, pattern_of(near.value) | 0), 2 * AROUND + 1).slice();
  const step = (by) => {
    const to = around()[AROUND + by];
    if (!Number.isNaN(to)) put(to);
  };
  ui.button('The next below', () => step(-1));
  ui.button('The next above', () => step(1));
  ui.button('The middle to it', () => {
    const [at, above] = around().slice(AROUND);
    if (Number.isFinite(at) && Number.isFinite(above)) put(at / 2 + above / 2);
  });
  ui.button('Its largest', () => put(formats[near.value].largest));
  ui.button('Its smallest normal', () => put(2 ** formats[near.value].lowest));
  ui.button('0.1', () => put(0.1));

  // The bits: a group for each format, one of whose bits the Tab key reaches; arrows go to the others.
  let said = [];
  const pattern_of = (i) => held && held[0] === i ? held[1] : said[5 * i];
  const rows = formats.map((f, i) => {
    const bits = Array.from({ length: f.bits }, (_, j) => {
      const at = f.bits - 1 - j, part = j === 0 ? 'sign' : j <= f.exponent ? 'exponent' : 'fraction';
      const bit = live.make('button', { type: 'button', class: `live-bit live-${part}`, tabindex: j ? -1 : 0 });
      bit.addEventListener('click', () => {
        const pattern = (pattern_of(i) ^ (1 << at)) >>> 0;
        put(c.mixed_precision_live_value(i, pattern | 0), [i, pattern]);
        ui.again();
      });
      return { bit, at, about: `${f.name}, ${part}, bit ${at}: ` };
    });
    const group = live.make('div', { class: 'live-bits', role: 'group', 'aria-label': `Bits of ${f.name}` },
      [live.make('b', {}, f.name), ...[[0, 1], [1, 1 + f.exponent], [1 + f.exponent, f.bits]].map(([from, to]) => live.make('span', {}, bits.slice(from, to).map((b) => b.bit)))]);
    group.addEventListener('keydown', (e) => {
      const from = bits.findIndex((b) => b.bit === e.target), to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: f.bits - 1 }[e.key];
      if (from < 0 || !bits[to]) return;
      e.preventDefault();
      bits[from].bit.tabIndex = -1;
      bits[to].bit.tabIndex = 0;
      bits[to].bit.focus();
    });
    ui.box.append(group);
    return bits;
  });
  const table = ui.table(), say = ui.text();
  const line = ui.plot({ x: [0, 1], x_ticks: [], y: [0, 1], y_ticks: [], bare: true, height: 100, about: 'The numbers of the format around this one, and the range that is rounded to it' });
  const tell = ui.text();
  const ranges = ui.plot({ x: [LOW - 2, HIGH + 2], y: [0, 5], y_ticks: [], names: ['log₂ |x|', ''], height: 170, about: 'The range of each format, and where the number stands' });
  ui.note(
    'Click a bit to flip it: orange the sign, blue the exponent E, green the fraction F. In the upper picture the dots are the format’s numbers, the box is what is rounded to the filled one, ' +
    'orange is your number; drag it. Below, what each format reaches: thick with all its bits, thin where it loses them; orange your number, dashed with the loss scale; drag it, too. ' +
    '“Scaled, back” is the number times the scale, rounded, divided again. “No number” is NaN.');
  line.drag((to, _, phase) => {
    dragged = phase === 'end' ? null : dragged || line.at;
    if (phase !== 'end' || dragged) put(to);
    ui.again();
  });
  ranges.drag((to, _, phase) => {
    if (phase !== 'end') put((x < 0 ? -1 : 1) * 2 ** Math.min(HIGH, Math.max(LOW, to)));
    ui.again();
  });

  ui.update(() => {
    if (size.value !== shown && shown !== null) put((x < 0 ? -1 : 1) * 2 ** size.value);
    let wrong = '';
    if (number.value !== text) {
      const typed = number.value.trim().replace(/−/g, '-').replace(/^([+-]?)(?:inf|∞)$/i, '$1Infinity').replace(/,/, '.'), value = Number(typed);
      if (typed === '' || Number.isNaN(value)) wrong = `“${number.value}” is no number that can be read here; 0.1, −3e-8 or inf are. `;
      else {
        x = value;
        held = null;
      }
      text = number.value;
    }
    if (x !== 0 && Number.isFinite(x)) size.value = Math.log2(Math.abs(x));
    else size.value = size.value;
    shown = size.value;
    const k = scale.value;
    said = c.f64(c.mixed_precision_live_number(x, k), 25).slice();
    formats.forEach((f, i) => rows[i].forEach(({ bit, at, about }) => {
      const one = pattern_of(i) >>> at & 1;
      bit.textContent = one;
      bit.setAttribute('aria-label', about + one);
      bit.setAttribute('aria-pressed', one === 1);
    }));
    table(['', 'value', 'error', 'half a spacing', 'E', 'F', '', 'scaled, back', 'error then'], formats.map((f, i) => {
      const pattern = pattern_of(i), E = Math.floor(pattern / 2 ** f.fraction) % 2 ** f.exponent, F = pattern % 2 ** f.fraction;
      const [, y, half, , back] = said.subarray(5 * i, 5 * i + 5);
      const kind = Number.isNaN(y) ? '' : !Number.isFinite(y) ? 'infinite' : y === 0 ? 'zero' : E === 0 ? 'subnormal' : 'normal';
      const error = (v) => Number.isFinite(x) && Number.isFinite(v) ? short(v - x) : '–';
      return [f.name, entire(y), error(y), Number.isFinite(x) ? short(half) : '–', String(E), String(F), kind, entire(back), error(back)];
    }));

    const i = near.value, f = formats[i], [, y, half, , back] = said.subarray(5 * i, 5 * i + 5), list = around();
    const without = !Number.isFinite(y) ? `In ${f.name} it is ${entire(y)}.` : `In ${f.name} it is ${entire(y)}, between ${entire(list[AROUND - 1])} and ${entire(list[AROUND + 1])}; ` +
      `the error is ${short(Math.abs(y - x) / (2 * half))} spacings.`;
    const lost = !Number.isFinite(back) ? 'is too large' : back === 0 && x !== 0 ? 'is lost' : back === x ? 'comes back as it was' : `comes back with an error of ${live.number(100 * Math.abs(back / x - 1), 3)} %`;
    say(wrong + without + (Number.isFinite(x) ? ` With the scale ${raised(k)} it ${lost}.` : ` The scale is ${raised(k)}.`));

    // Around the number that it is rounded to, or the largest where that is none; a drag does not move the picture.
    const centre = Number.isFinite(y) ? y : Math.sign(x || 1) * f.largest;
    if (!dragged) {
      const values = Number.isFinite(y) ? list : c.f64(c.mixed_precision_live_around(i, c.f64(c.mixed_precision_live_number(centre, 0), 25)[5 * i] | 0), 2 * AROUND + 1).slice();
      const finite = [...values].filter(Number.isFinite), gap = Math.max(...finite.slice(1).map((v, j) => v - finite[j]));
      line.at = { values, finite, gap };
    }
    const { values, finite, gap } = dragged || line.at;
    line.range([finite[0] - 0.7 * gap, finite[finite.length - 1] + 0.7 * gap]);
    const to = finite.indexOf(y), beyond = (by) => to + by in finite ? (finite[to] + finite[to + by]) / 2 : y + by * gap / 2;
    line.show([line.line([finite[0] - gap, finite[finite.length - 1] + gap], [0.5, 0.5], 6, 'thin'), line.points(finite, finite.map(() => 0.5), 1, 4),
      ...(to >= 0 ? [line.rect(beyond(-1), 0.72, beyond(1), 0.28, 1, 'filled thin'), line.points([y], [0.5], 1, 7)] : []),
      ...(x > finite[0] - gap && x < finite[finite.length - 1] + gap ? [line.line([x, x], [0.2, 0.8], 2, 'thick')] : []), ...[-2, 0, 2].filter((j) => AROUND + j in values && Number.isFinite(values[AROUND + j])).map((j) => line.text(values[AROUND + j], j ? 0.1 : 0.9, entire(values[AROUND + j])))]);
    tell(`${f.name} has ${f.exponent} bits of exponent and ${f.fraction} of fraction; its largest number is ${entire(f.largest)}, its smallest normal one ${raised(f.lowest)}, its smallest ${raised(f.lowest - f.fraction)}.`);

    const at = Number.isFinite(x) && x !== 0 ? Math.log2(Math.abs(x)) : null;
    ranges.show([...formats.flatMap((g, j) => {
      const height = 4.5 - j;
      return [ranges.line([g.lowest - g.fraction, g.lowest], [height, height], 1, 'thin'), ranges.line([g.lowest, Math.log2(g.largest)], [height, height], j === i ? 3 : 1, 'thick'),
        ranges.text(LOW + 45, height - (j < 3 ? 0.4 : 0), g.name)];
    }), ...(at === null ? [] : [ranges.line([at, at], [0, 5], 2), ranges.line([at + k, at + k], [0, 5], 2, 'dashed')])]);
  });
});
