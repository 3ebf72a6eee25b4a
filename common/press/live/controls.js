// What the interactives share: elements, sliders, plots. A chapter's own script says
//
//     live.turn('rnn/error-wall.svg', 'The wall, to be turned', (c, ui) => {
//       const b = ui.slider('b', -3.2, -1.7, 0.01, -2.5);
//       const plot = ui.plot({ x: [4.2, 6.3], y: [-3.2, -1.7], names: ['w', 'b'] });
//       ui.update(() => plot.show([plot.line(xs, ys, 1)]));     // again after every change of a control
//     });
//
// and gets a box behind that figure, with the functions c of its module, once a reader comes near it.
(() => {
  if (typeof document === 'undefined') return;
  const me = document.currentScript;
  live.root = me.src.replace(/[^/]*$/, '');
  live.chapter = me.dataset.chapter;
  live.names = me.dataset.cases.split('/ ').map((name) => name.replace('/', ''));
  live.took = []; // milliseconds of the updates

  const SVG = 'http://www.w3.org/2000/svg';

  live.make = (name, attributes, inside) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
    element.append(...[].concat(inside === undefined ? [] : inside));
    return element;
  };

  // A script of this folder, once.
  const loaded = new Map();
  live.load = (name) => {
    if (!loaded.has(name))
      loaded.set(name, new Promise((yes, no) => {
        document.head.append(Object.assign(document.createElement('script'),
          { src: live.root + name, onload: yes, onerror: () => no(new Error(name + ' is not there')) }));
      }));
    return loaded.get(name);
  };
  document.head.append(live.make('link', { rel: 'stylesheet', href: live.root + 'live.css' }));

  // ---- Numbers and texts ----

  // x with three digits, a real minus.
  live.number = (x, digits = 3) => {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? 'not a number' : x > 0 ? '∞' : '−∞';
    const size = Math.abs(x);
    const text = x !== 0 && (size >= 1e5 || size < 1e-3) ? x.toExponential(digits - 1).replace('e+', 'e') : String(Number(x.toPrecision(digits)));
    return text.replace(/-/g, '−');
  };

  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[c]));

  // ---- Plots ----

  // Round places for the ticks of an axis.
  function ticks([low, high], most) {
    const rough = (high - low) / most, ten = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * ten).find((s) => s >= rough * 0.999);
    const all = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) all.push(i * step);
    return all;
  }

  // A value's colour in a map: 0 to 1 from the paper to ink; -1 to 1 over blue and red.
  live.shade = (t) => {
    t = Math.min(1, Math.max(0, t));
    return [253 + t * (0 - 253), 252 + t * (60 - 252), 250 + t * (125 - 250)];
  };
  live.signed = (t) => {
    t = Math.min(1, Math.max(-1, t));
    const end = t < 0 ? [0, 92, 160] : [190, 70, 0], a = Math.abs(t);
    return [0, 1, 2].map((i) => 250 + a * (end[i] - 250));
  };

  // options: x, y the ranges; names of both axes; height in px for a wide page or ratio (height over width); log: 'y'.
  function plot(options) {
    const box = live.make('div', { class: 'live-plot' + (options.half ? ' live-half' : '') });
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', options.about || '');
    box.append(svg);
    const log = (v) => options.log ? Math.log10(v) : v;
    let items = [], width = 0, height = 0, x, y;
    const margin = options.bare ? { left: 1, right: 1, top: 1, bottom: 1 } : { left: 56, right: 16, top: 8, bottom: 38 };

    function draw() {
      width = Math.max(240, box.clientWidth);
      const inner = width - margin.left - margin.right;
      const tall = options.ratio ? inner * options.ratio : options.height || 280;
      height = tall + margin.top + margin.bottom;
      const [x0, x1] = options.x, [y0, y1] = options.y.map(log);
      x = (v) => margin.left + (v - x0) / (x1 - x0) * inner;
      y = (v) => margin.top + tall - (log(v) - y0) / (y1 - y0) * tall;
      svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
      svg.setAttribute('height', height);
      const out = [];
      if (!options.bare) {
        for (const t of options.x_ticks || ticks([x0, x1], Math.max(2, inner / 80)))
          out.push(`<line class="grid" x1="${x(t)}" x2="${x(t)}" y1="${margin.top}" y2="${margin.top + tall}"/><text x="${x(t)}" y="${margin.top + tall + 15}" text-anchor="middle">${live.number(t)}</text>`);
        const marks = options.y_ticks || (options.log ? ticks([y0, y1], 5).filter(Number.isInteger).map((e) => 10 ** e) : ticks([y0, y1], Math.max(2, tall / 45)));
        for (const t of marks)
          out.push(`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y(t)}" y2="${y(t)}"/><text x="${margin.left - 6}" y="${y(t) + 4}" text-anchor="end">${live.number(t, options.log ? 1 : 3)}</text>`);
        const [name_x, name_y] = options.names || ['', ''];
        out.push(`<text class="name" x="${margin.left + inner / 2}" y="${height - 6}" text-anchor="middle">${escape(name_x)}</text>`);
        if (name_y) out.push(`<text class="name" x="11" y="${margin.top + tall / 2}" text-anchor="middle" transform="rotate(-90 11 ${margin.top + tall / 2})">${escape(name_y)}</text>`);
      }
      out.push(`<svg x="${margin.left}" y="${margin.top}" width="${inner}" height="${tall}" viewBox="${margin.left} ${margin.top} ${inner} ${tall}" class="inside">`);
      for (const item of items) out.push(item());
      out.push('</svg>');
      svg.innerHTML = out.join('');
    }
    new ResizeObserver(() => { if (box.clientWidth !== width) draw(); }).observe(box);

    const of = (v) => Number.isFinite(v) ? v.toFixed(1) : '-9';
    const self = {
      box,
      show(list) {
        items = list;
        draw();
      },
      range(of_x, of_y) {
        if (of_x) options.x = of_x;
        if (of_y) options.y = of_y;
      },
      // Lines and points in colour 1 to 6; `style` is a class more: dashed, thin, thick.
      line: (xs, ys, colour, style = '') => () => {
        let d = '', pen = 'M';
        for (let i = 0; i < xs.length; i++) {
          if (!Number.isFinite(ys[i]) || !Number.isFinite(xs[i])) {
            pen = 'M';
            continue;
          }
          d += `${pen}${of(x(xs[i]))} ${of(Math.max(-1e4, Math.min(1e4, y(ys[i]))))}`;
          pen = 'L';
        }
        return `<path class="c${colour} ${style}" d="${d}"/>`;
      },
      points: (xs, ys, colour, size = 3) => () => Array.from(xs, (v, i) =>
        `<circle class="c${colour}" cx="${of(x(v))}" cy="${of(y(ys[i]))}" r="${size}"/>`).join(''),
      // A box from corner to corner; with a text beside its upper left.
      rect: (left, top, right, bottom, colour, style = '', text = '') => () => {
        const [a, b] = [x(left), x(right)].sort((p, q) => p - q), [c, d] = [y(top), y(bottom)].sort((p, q) => p - q);
        return `<rect class="c${colour} ${style}" x="${of(a)}" y="${of(c)}" width="${of(b - a)}" height="${of(d - c)}"/>` +
          (text ? `<text class="c${colour}" x="${of(a + 3)}" y="${of(c + 13)}">${escape(text)}</text>` : '');
      },
      // A text, in plots that are at least so many px wide.
      text: (at_x, at_y, text, least = 0) => () => width < least ? '' :
        `<text class="c0" x="${of(x(at_x))}" y="${of(y(at_y) + 4)}" text-anchor="middle">${escape(text)}</text>`,
      // Values (rows, columns) from the lower left over the ranges of the plot, or over [x0, x1, y0, y1].
      heat: (rows, columns, shade, over) => {
        const canvas = document.createElement('canvas');
        canvas.width = columns;
        canvas.height = rows;
        const context = canvas.getContext('2d'), image = context.createImageData(columns, rows);
        for (let j = 0; j < rows; j++)
          for (let i = 0; i < columns; i++)
            image.data.set([...shade(j, i), 255], 4 * ((rows - 1 - j) * columns + i));
        context.putImageData(image, 0, 0);
        const url = canvas.toDataURL();
        return () => {
          const [a, b, c, d] = over || [...options.x, ...options.y];
          return `<image href="${url}" x="${x(a)}" y="${y(d)}" width="${x(b) - x(a)}" height="${y(c) - y(d)}" preserveAspectRatio="none" style="image-rendering:pixelated"/>`;
        };
      },
      // Calls f(x, y, phase) with the place of a press, its moves and its end, in the plot's own units.
      drag(f) {
        const place = (e, phase) => {
          const at = svg.getBoundingClientRect(), k = width / at.width;
          const inner = width - margin.left - margin.right, tall = height - margin.top - margin.bottom;
          const u = ((e.clientX - at.left) * k - margin.left) / inner, v = 1 - ((e.clientY - at.top) * k - margin.top) / tall;
          const [y0, y1] = options.y.map(log), value = y0 + v * (y1 - y0);
          f(options.x[0] + u * (options.x[1] - options.x[0]), options.log ? 10 ** value : value, phase);
        };
        svg.classList.add('live-drag');
        svg.addEventListener('pointerdown', (e) => {
          svg.setPointerCapture(e.pointerId);
          place(e, 'press');
        });
        svg.addEventListener('pointermove', (e) => { if (svg.hasPointerCapture(e.pointerId)) place(e, 'move'); });
        svg.addEventListener('pointerup', (e) => place(e, 'end'));
      },
    };
    return self;
  }

  // ---- An interactive ----

  let count = 0;
  function controls(box) {
    let row, update = () => {}, waiting = false;
    const rows = () => {
      if (!row || row !== box.lastElementChild) box.append(row = live.make('div', { class: 'live-row' }));
      return row;
    };
    function again() {
      const begin = performance.now();
      update();
      live.took.push(performance.now() - begin);
    }
    // One update a frame, whatever many events a drag makes.
    const soon = () => {
      if (!waiting) requestAnimationFrame(() => {
        waiting = false;
        again();
      });
      waiting = true;
    };
    const ui = {
      box,
      again: soon,
      update(f) {
        update = f;
        again();
      },
      slider(label, low, high, step, value, show = live.number) {
        const id = 'live-' + ++count;
        const input = live.make('input', { type: 'range', id, min: low, max: high, step, value });
        const out = live.make('output', { for: id });
        const self = {
          get value() { return Number(input.value); },
          set value(v) {
            input.value = v;
            tell();
          },
          input,
        };
        const tell = () => {
          out.textContent = show(self.value);
          input.setAttribute('aria-valuetext', out.textContent);
        };
        tell();
        input.addEventListener('input', () => {
          tell();
          soon();
        });
        rows().append(live.make('span', { class: 'live-slider' }, [live.make('label', { for: id }, label), input, out]));
        return self;
      },
      choice(label, names, value = 0) {
        const id = 'live-' + ++count;
        const select = live.make('select', { id }, names.map((name, i) => live.make('option', { value: i }, name)));
        select.value = value;
        select.addEventListener('change', soon);
        rows().append(live.make('span', { class: 'live-slider' }, [live.make('label', { for: id }, label), select]));
        return { get value() { return Number(select.value); }, set value(v) { select.value = v; } };
      },
      check(label, value = false) {
        const id = 'live-' + ++count, input = live.make('input', { type: 'checkbox', id });
        input.checked = value;
        input.addEventListener('change', soon);
        rows().append(live.make('span', { class: 'live-check' }, [input, live.make('label', { for: id }, label)]));
        return { get value() { return input.checked; }, input };
      },
      entry(label, value, most) {
        const id = 'live-' + ++count, input = live.make('input', { type: 'text', id, maxlength: most, value, autocomplete: 'off', spellcheck: 'false' });
        input.addEventListener('input', soon);
        rows().append(live.make('span', { class: 'live-entry' }, [live.make('label', { for: id }, label), input]));
        return { get value() { return input.value; }, input };
      },
      button(label, f) {
        const button = live.make('button', { type: 'button' }, label);
        button.addEventListener('click', () => {
          f();
          soon();
        });
        rows().append(button);
        return button;
      },
      plot(options) {
        const p = plot(options);
        let wide = box.lastElementChild;
        if (!options.half) box.append(p.box);
        else {
          if (!wide || !wide.classList.contains('live-plots')) box.append(wide = live.make('div', { class: 'live-plots' }));
          wide.append(p.box);
        }
        return p;
      },
      // A line of text that the update fills: say(html-free text).
      text() {
        const p = live.make('p', { class: 'live-text', 'aria-live': 'polite' });
        box.append(p);
        return (text) => { p.textContent = text; };
      },
      // Tokens that the update fills: [text, number below it, whether there is a gap before it].
      tokens() {
        const p = live.make('p', { class: 'live-text live-tokens', tabindex: '0' });
        box.append(p);
        return (list) => p.replaceChildren(...list.map(([text, number, gap]) =>
          live.make('span', gap ? { class: 'live-gap' } : {}, [live.make('b', {}, text), live.make('small', {}, number)])));
      },
      note(text) {
        box.append(live.make('p', { class: 'live-note' }, text));
      },
      // A table that the update fills: rows of texts; the first row is the head.
      table() {
        const table = live.make('table', {}), around = live.make('div', { class: 'table' }, table);
        box.append(around);
        return (head, body) => {
          table.replaceChildren(
            live.make('thead', {}, live.make('tr', {}, head.map((t) => live.make('th', {}, t)))),
            live.make('tbody', {}, body.map((r) => live.make('tr', {}, r.map((t) => live.make('td', {}, t))))));
        };
      },
    };
    return ui;
  }

  // A box behind the figure whose file is `figure`; it comes to life when the reader is near.
  live.turn = (figure, title, begin) => {
    const image = [...document.querySelectorAll('main img')].find((i) => i.getAttribute('src').endsWith(figure));
    if (!image) return;
    const box = live.make('section', { class: 'live', 'aria-label': title }, live.make('p', { class: 'live-title' }, title));
    (image.closest('figure') || image).after(box);
    const near = new IntersectionObserver(async (entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      near.disconnect();
      try {
        await live.load(live.chapter + '.wasm.js');
        const files = new Map(Object.entries(live.reads).map(([path, bytes]) => [path, live.bytes(bytes)]));
        begin(live.instance(await live.module(live.chapter), files), controls(box));
      } catch (e) {
        box.append(live.make('p', { class: 'live-text' }, 'This part does not run in this browser: ' + e.message));
      }
      box.dataset.ready = '';
    }, { rootMargin: '600px' });
    near.observe(box);
  };

  if ('turn' in me.dataset) live.load(live.chapter + '.js');
})();
