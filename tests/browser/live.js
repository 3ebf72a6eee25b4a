// What live.py asks a page.
var live_check = (() => {
  const frames = (n) => new Promise((yes) => {
    const next = () => n-- > 0 ? requestAnimationFrame(next) : yes();
    next();
  });
  const turns = () => [...document.querySelectorAll('section.live:not([aria-label="The checker"])')];
  let which = 0; // of the interactives
  const turn = () => turns()[which];
  const panel = () => document.querySelector('section.live[aria-label="The checker"]');
  const shown = () => turn().innerHTML.replace(/live-over/g, '') + [...turn().querySelectorAll('input, select')].map((i) => i.value + i.checked).join();
  // A picture's bytes in base64 may have any letters, those of NaN too.
  const wrong = () => /NaN|undefined|not a number/.test(drawn().replace(/data:[^"]*/g, ''));
  const drawn = () => [...turn().querySelectorAll('svg, .live-text, tbody')].map((e) => e.innerHTML).join();
  // Luminance and contrast of two colours, as WCAG defines them.
  const light = (c) => c.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  return {
    count: () => turns().length,
    // The interactive that is asked about from now on.
    take(k) {
      which = k;
      turn().scrollIntoView();
    },
    ready: () => 'ready' in turn().dataset,
    failed: () => turn().textContent.includes('does not run') ? turn().textContent : '',
    // Every control changes what is drawn.
    async turn() {
      const found = [];
      for (const button of turn().querySelectorAll('button')) {
        button.click();
        await frames(3);
      }
      if (wrong()) found.push('NaN or undefined is drawn');
      for (const input of turn().querySelectorAll('input[type=range]')) {
        if (input.disabled) continue;
        const name = turn().querySelector(`label[for=${input.id}]`).textContent, before = drawn(), value = input.value;
        let same = true;
        for (const to of [input.min, input.max, (Number(input.min) + Number(input.max)) / 2]) {
          input.value = to;
          input.dispatchEvent(new Event('input', { bubbles: true }));
          await frames(3);
          same = same && drawn() === before;
          if (wrong()) found.push(`${name} at ${input.value}: NaN or undefined is drawn`);
        }
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
        await frames(3);
        if (same && !('idle' in input.dataset)) found.push(`the slider ${name} changes nothing`);
      }
      for (const input of turn().querySelectorAll('input[type=text]')) {
        const before = drawn(), value = input.value;
        let same = true;
        for (const text of ['', 'a', 'é 你好 👍 \t  don’t', 'a'.repeat(input.maxLength), value + 'x']) {
          input.value = text;
          input.dispatchEvent(new Event('input', { bubbles: true }));
          await frames(3);
          same = same && drawn() === before;
          if (wrong()) found.push(`text "${text}": NaN or undefined is drawn`);
        }
        if (same) found.push('a text changes nothing');
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
        await frames(3);
      }
      for (const box of turn().querySelectorAll('input[type=checkbox]')) {
        const before = drawn();
        box.click();
        await frames(3);
        if (drawn() === before) found.push(`the box ${turn().querySelector(`label[for=${box.id}]`).textContent} changes nothing`);
        box.click();
        await frames(3);
      }
      for (const select of turn().querySelectorAll('select')) {
        const before = shown(), value = select.value;
        let same = true;
        for (const option of select.options) {
          select.value = option.value;
          select.dispatchEvent(new Event('change', { bubbles: true }));
          await frames(3);
          same = same && shown() === before;
        }
        select.value = value;
        select.dispatchEvent(new Event('change', { bubbles: true }));
        await frames(3);
        if (same) found.push('a choice changes nothing');
      }
      return found;
    },
    // The first control that the keyboard moves.
    slider: () => turn().querySelector('input[type=range], select').value,
    focus_slider() {
      turn().querySelector('input[type=range], select').focus();
      return this.slider();
    },
    // The report on the case's own files (mine) or its list, as the panel shows it.
    async checker(name, mine, chapter) {
      const select = panel().querySelector('select'), report = panel().querySelector('pre');
      select.value = name;
      report.textContent = '';
      if (!mine) [...panel().querySelectorAll('button')].find((b) => /List/.test(b.textContent)).click();
      else {
        const transfer = new DataTransfer(), at = `chapters/${chapter}/reference/${name}/`;
        for (const [path, bytes] of await live.cases())
          if (path.startsWith(at) && !path.slice(at.length).includes('/')) transfer.items.add(new File([bytes], path.slice(at.length)));
        const input = panel().querySelector('input[multiple]');
        input.files = transfer.files;
        input.dispatchEvent(new Event('change'));
      }
      for (let i = 0; i < 400 && !report.textContent.startsWith('$'); i++) await new Promise((yes) => setTimeout(yes, 25));
      return report.textContent;
    },
    // The case on whose row of the table a folder is to be dropped, another than the one that is chosen; and the place.
    dropped_on() {
      const cells = [...document.querySelectorAll('main table td:first-child code')].filter((c) => live.names.includes(c.textContent));
      this.target = cells[0];
      if (!this.target) return '';
      const select = panel().querySelector('select');
      select.value = live.names.find((name) => name !== this.target.textContent) || this.target.textContent;
      return this.target.textContent;
    },
    drop_place(place) {
      const target = place === 'row' ? this.target : panel();
      panel().querySelector('pre').textContent = '';
      target.scrollIntoView({ block: 'center' });
      const box = target.getBoundingClientRect();
      return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    },
    report: () => panel().querySelector('pre').textContent,
    // Wider than the page; words that cannot be read.
    looks() {
      const found = [], paper = getComputedStyle(document.body).backgroundColor;
      if (document.documentElement.scrollWidth > innerWidth + 1) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
      for (const e of document.querySelectorAll('.live p, .live label, .live output, .live button, .live select, .live input:not([hidden]), .live-tokens span, .live th, .live td, .live text')) {
        const style = getComputedStyle(e), colour = e.localName === 'text' ? style.fill : style.color;
        if (e.closest('.inside')) continue; // on a coloured ground, looked at by eye
        const words = e.localName !== 'input' || e.type === 'text';
        if (words && contrast(colour, paper) < 4.5) found.push(`${e.localName} "${e.textContent.slice(0, 30)}": contrast ${contrast(colour, paper).toFixed(1)}`);
        const box = e.getBoundingClientRect();
        if (box.width && !e.closest('.table') && (box.right > innerWidth + 1 || box.left < -1)) found.push(`${e.localName} "${e.textContent.slice(0, 30)}" is cut`);
      }
      return [...new Set(found)].slice(0, 5);
    },
    box(part) {
      if (part !== 'checker') this.take(part);
      const e = part === 'checker' ? panel() : turn();
      const box = e.getBoundingClientRect();
      return { x: box.left + scrollX, y: box.top + scrollY, width: box.width, height: box.height };
    },
  };
})();
