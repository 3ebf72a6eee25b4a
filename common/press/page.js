// What a page does more where scripts run; it is whole without them. The contents follow the reader, what is wider
// than its box takes the keyboard, and "/" searches titles, sections and names of the code.
(() => {
  const nav = document.getElementById('contents');
  const root = document.currentScript.src.replace(/page\.js$/, '');

  // ---- The contents follow the reader.
  const entries = [...nav.querySelectorAll('a[href^="#"]')];
  const headings = entries.map((a) => document.getElementById(decodeURIComponent(a.hash.slice(1))));
  function follow() {
    let at = -1;
    headings.forEach((h, i) => { if (h && h.getBoundingClientRect().top < 120) at = i; });
    entries.forEach((a, i) => a.classList.toggle('here', i === at));
    const here = entries[at];
    if (here && nav.scrollHeight > nav.clientHeight && getComputedStyle(nav).position === 'sticky') {
      const a = here.getBoundingClientRect(), box = nav.getBoundingClientRect();
      if (a.top < box.top + 40 || a.bottom > box.bottom - 40) nav.scrollTop += a.top - box.top - box.height / 3;
    }
  }
  let waiting = false;
  addEventListener('scroll', () => {
    if (!waiting) requestAnimationFrame(() => { waiting = false; follow(); });
    waiting = true;
  }, { passive: true });
  follow();

  // ---- What scrolls takes the keyboard.
  function reach() {
    for (const box of document.querySelectorAll('pre, .table, figure, .formula, main p, main li')) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute('tabindex');
    }
  }
  reach();
  addEventListener('resize', reach);

  // ---- Search.
  const form = document.createElement('form'), field = document.createElement('input'), list = document.createElement('ol');
  field.type = 'search';
  field.placeholder = 'Search: press /';
  field.setAttribute('aria-label', 'Search titles, sections and names of the code');
  list.className = 'found';
  list.setAttribute('aria-live', 'polite');
  form.append(field, list);
  nav.prepend(form);
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    list.querySelector('a')?.click();
  });

  function find() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.replaceChildren();
    if (!words.length || typeof searched === 'undefined') return;
    const begins = (t) => t.toLowerCase().startsWith(words[0]) ? 0 : 1;
    const hits = searched.filter(([title, , kind]) => words.every((w) => (title + ' ' + kind).toLowerCase().includes(w)));
    hits.sort((a, b) => begins(a[0]) - begins(b[0]));
    for (const [title, url, kind] of hits.slice(0, 12)) {
      const item = document.createElement('li'), a = document.createElement('a'), from = document.createElement('small');
      a.href = root + url;
      a.textContent = title;
      from.textContent = kind;
      item.append(a, ' ', from);
      list.append(item);
    }
    if (!hits.length) list.append(Object.assign(document.createElement('li'), { textContent: 'nothing has these words' }));
  }
  field.addEventListener('input', find);
  field.addEventListener('focus', () => {
    if (document.getElementById('index')) return;
    const script = Object.assign(document.createElement('script'), { id: 'index', src: root + 'search.js', onload: find });
    document.head.append(script);
  });
  addEventListener('keydown', (e) => {
    if (e.key === '/' && !/input|textarea/i.test(e.target.localName)) {
      e.preventDefault();
      field.focus();
    } else if (e.key === 'Escape') {
      field.value = '';
      find();
      field.blur();
    }
  });
})();
