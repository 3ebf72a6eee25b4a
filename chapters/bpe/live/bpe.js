// A typed text under the first merges of a vocabulary: its tokens, and the tree of its merges.
live.turn('bpe/drawing-tree.svg', 'Try it: type, and make the merges one by one', (c, ui) => {
  const ROOM = 512, SHOWN = 8, STEPS = 60, FROM = ['the GPL, 35149 bytes', 'the four words above', 'what you type'];
  const typed = ui.entry('Text', 'the lowest newest permissions, 你好', 80);
  const from = ui.choice('Merges learnt from', FROM, 0);
  let most = 0, known = 0, was = [-1, ''], ranks = [];
  const slider = ui.slider('known merges', 0, STEPS, 1, 40, () => String(most));
  ui.button('All', () => { most = known; });
  ui.button('None', () => { most = 0; });
  ui.button('One back', () => { most = ranks.filter((k) => k < most).pop() || 0; });
  ui.button('Next in this text', () => {
    const next = ranks.find((k) => k >= most);
    most = next === undefined ? known : next + 1;
  });
  const shown = ui.tokens(), say = ui.text();
  const tree = ui.plot({ x: [0, 1], y: [0.2, 1e4], log: 'y', names: ['byte of the text', 'number of the merge'], height: 260, about: 'The merges of the text as trees over its bytes; a dashed line above the merges that are known' });
  const table = ui.table();
  ui.note(
    'Above each token its bytes, below its number. In the tree every bracket is a merge, as high as its number; those below the ' +
    'dashed line are known, and what hangs together below it is one token. Between two pieces nothing is ever merged. The table ' +
    'has the last merges that were made in this text, and how often their two parts came side by side when they were learnt.');

  // Bytes as text: ␣ for a blank, what is no whole character as hexadecimal numbers.
  function spell(bytes) {
    const text = new TextDecoder().decode(bytes);
    if (/[\u0000-\u001f\u007f-\u009f\ufffd]/.test(text)) return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ');
    return text.replace(/ /g, '␣');
  }
  // The bytes of a symbol, by the merges that made it.
  const bytes_of = (symbol) => {
    if (symbol < 256) return [c.bpe_live_byte(symbol)];
    const [left, right] = c.i32(c.bpe_live_merge(from.value, symbol - 256), 2).slice();
    return [...bytes_of(left), ...bytes_of(right)];
  };
  const name_of = (symbol) => spell(Uint8Array.from(bytes_of(symbol)));

  ui.update(() => {
    const text = new TextEncoder().encode(typed.value), n = text.length, key = from.value + (from.value === 2 ? typed.value : '');
    c.u8(c.bpe_live_typed(), ROOM).set(text);
    const all = most === known;
    if (was[1] !== key) known = c.bpe_live_learn(from.value, n);
    // Fine where the first merges are.
    if (slider.value !== was[0]) most = Math.round((known + 1) ** (slider.value / STEPS) - 1);
    else {
      if (was[1] !== key && (all || most > known)) most = known;
      slider.value = Math.round(STEPS * Math.log(most + 1) / Math.log(known + 1)) || 0;
    }
    slider.value = slider.value; // its text has the number of merges
    was = [slider.value, key];

    const said = c.i32(c.bpe_live_encode(from.value, n, most), 2 + 3 * ROOM + 4 * ROOM);
    const [tokens, merges] = said, part = (k) => said.slice(2 + k * ROOM, 2 + k * ROOM + tokens);
    const ids = part(0), ends = part(1), pieces = part(2);
    const made = Array.from({ length: merges }, (_, k) => {
      const [rank, begin, middle, end] = said.slice(2 + 3 * ROOM + 4 * k, 6 + 3 * ROOM + 4 * k);
      return { rank, begin, middle, end };
    });
    ranks = [...new Set(made.map((m) => m.rank))].sort((a, b) => a - b);

    shown(Array.from(ids, (id, i) => [spell(text.subarray(i ? ends[i - 1] : 0, ends[i])), String(id), i > 0 && pieces[i] !== pieces[i - 1]]));
    tree.range([0, Math.max(n, 1)], [0.22, 2 * (known + 1)]);
    const items = [], top = new Map(), place = (b, e) => `${b} ${e}`;
    for (let i = 0; i < n; i++) {
      top.set(place(i, i + 1), [i + 0.5, 0.5]);
      const own = text.subarray(i, i + 1);
      items.push(tree.text(i + 0.5, 0.33, text[i] < 128 ? spell(own) : '·', 58 + 9 * n));
    }
    for (const { rank, begin, middle, end } of made) {
      const [x0, y0] = top.get(place(begin, middle)), [x1, y1] = top.get(place(middle, end)), y = rank + 1;
      items.push(tree.line([x0, x0, x1, x1], [y0, y, y, y1], rank < most ? 1 : 6, rank < most ? '' : 'thin dashed'));
      top.set(place(begin, end), [(x0 + x1) / 2, y]);
    }
    items.push(tree.line([0, n], [most + 0.6, most + 0.6], 2, 'dashed thin'));
    tree.show(items);

    const done = ranks.filter((k) => k < most).slice(-SHOWN);
    table(['merge', 'left', 'right', 'makes', 'came'], done.map((k) => {
      const [left, right, times] = c.i32(c.bpe_live_merge(from.value, k), 3).slice();
      return [k, name_of(left), name_of(right), name_of(256 + k), times].map(String);
    }));
    const next = ranks.find((k) => k >= most);
    say(`${n} bytes, ${new Set(pieces).size} pieces, ${tokens} tokens with ${most} of ${known} merges known: ${live.number(tokens ? n / tokens : 0)} bytes a token. ` +
      (next === undefined ? 'No other merge fits.' : `The next that fits is number ${next}: ${name_of(256 + next)}.`));
  });
});
