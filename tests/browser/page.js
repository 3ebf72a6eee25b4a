// The checks that run inside a page of the book. Each returns a list of findings: what, where, what would be right.
// browser.py evaluates this file in every page and then calls them.
var check = (() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const rounded = (x) => Math.round(x * 10) / 10;

  // An element as a finding names it: p > code "rope_rotate".
  function named(element) {
    const word = (e) => e.localName + (e.id ? '#' + e.id : e.className?.trim?.() ? '.' + e.className.trim().split(/\s+/).join('.') : '');
    const text = (element.getAttribute('alt') || element.textContent || '').trim().replace(/\s+/g, ' ').slice(0, 40);
    return (element.parentElement ? word(element.parentElement) + ' > ' : '') + word(element) + (text ? ` "${text}"` : '');
  }

  // The texts that a reader sees, with the element that holds each.
  function texts() {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
      const holder = node.parentElement;
      if (node.data.trim() && !holder.closest('annotation, script, style') && holder.checkVisibility({ opacityProperty: true })) {
        found.push({ text: node.data, holder });
      }
    }
    return found;
  }

  // ---- What does not depend on width or theme

  function structure() {
    const findings = [];
    const expect = (right, message) => right || findings.push(message);
    expect(document.documentElement.lang, 'html has no lang; expected lang="en"');
    expect(document.title.trim(), 'the page has no title');
    expect(document.compatMode === 'CSS1Compat', 'the page is in quirks mode; expected <!DOCTYPE html>');
    for (const script of document.scripts) {
      expect(/\/(page|search|live\/[\w.]+)\.js$/.test(script.src), `a script ${script.getAttribute('src') ?? 'in the page'}; expected page.js alone`);
    }

    const headings = all('h1, h2, h3, h4, h5, h6');
    const firsts = headings.filter((h) => h.localName === 'h1').length;
    expect(firsts === 1, `${firsts} headings h1; expected one`);
    headings.reduce((before, h) => {
      expect(h.textContent.trim(), `${named(h)}: a heading without text`);
      expect(h.localName[1] <= before + 1, `${named(h)}: follows h${before}; expected h${before + 1} at most`);
      return +h.localName[1];
    }, 0);

    const ids = new Set();
    for (const element of all('[id]')) {
      expect(!ids.has(element.id), `${named(element)}: the id stands twice on this page; expected once`);
      ids.add(element.id);
    }

    for (const image of all('img')) {
      expect(image.complete && image.naturalWidth > 0, `${named(image)}: ${image.getAttribute('src')} is not shown; expected an image there`);
      expect(image.alt.trim(), `${named(image)}: ${image.getAttribute('src')} has no alt text`);
    }
    for (const figure of all('figure')) {
      expect(figure.querySelector('figcaption')?.textContent.trim(), `${named(figure)}: the figure has no caption`);
    }

    for (const details of all('details')) {
      expect(details.firstElementChild?.localName === 'summary', `${named(details)}: expected a summary first`);
      details.open = true;
    }
    for (const math of all('math')) {
      const box = math.getBoundingClientRect();
      expect(box.width > 0 && box.height > 0, `${named(math)}: the formula has no size (${rounded(box.width)} x ${rounded(box.height)})`);
      expect(!math.querySelector('merror'), `${named(math)}: the formula has an error`);
    }
    for (const sign of all('math mo')) { // (a high one is wider)
      const box = sign.getBoundingClientRect(), size = parseFloat(getComputedStyle(sign).fontSize);
      expect(!/^[()[\]]$/.test(sign.textContent) || box.height > 1.3 * size || box.width < 0.6 * size,
        `${named(sign)}: a bracket with spaces, ${rounded(box.width)} px wide; expected stretchy="false"`);
      expect(!/^[a-z]{2,}$/.test(sign.textContent) || sign.hasAttribute('rspace'),
        `${named(sign)}: a function with the spaces of an operator; expected lspace and rspace`);
      expect(sign.textContent !== '−' || sign.getAttribute('form') === 'prefix' || sign.previousElementSibling?.textContent !== '=',
        `${named(sign)}: a sign with the spaces of a difference; expected form="prefix"`);
    }
    for (const left of all('span.math')) {
      findings.push(`${named(left)}: TeX that was not converted; expected MathML`);
    }
    for (const { text, holder } of texts()) {
      const tex = !holder.closest('code, pre') && text.match(/\$|\\[a-zA-Z]+/);
      expect(!tex, `${named(holder)}: "${tex?.[0]}" is left of a formula; expected MathML`);
    }
    return findings;
  }

  // All links as [address, text]; those of line numbers are hidden from readers who hear the page.
  function links() {
    const text = (a) => a.getAttribute('aria-hidden') ? '(hidden)' : a.textContent.trim() || a.getAttribute('aria-label') || all('img', a).map((i) => i.alt).join(' ');
    return all('a, link[rel]').map((a) => [a.getAttribute('href') ?? '', a.localName === 'a' ? text(a) : a.rel]);
  }

  // The characters of all formulas.
  function characters() {
    return [...new Set(all('math').flatMap((m) => [...m.querySelectorAll('mi, mo, mn, mtext')].filter((e) => e.checkVisibility()).flatMap((e) => [...e.textContent])))].join('');
  }

  const hrefs = (selector) => all(selector).map((a) => a.getAttribute('href'));

  function counts() {
    return { links: all('a[href]:not([aria-hidden])').length, images: all('img').length, formulas: all('math').length };
  }

  // ---- Width

  const scrolls = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX);
  const wider = (e) => e.scrollWidth > e.clientWidth + 1;

  function reachable(box) {
    const inside = all('a[href], button, summary, [tabindex]', box).some((e) => e.tabIndex >= 0 && e.checkVisibility());
    box.focus({ preventScroll: true });
    const reached = inside || document.activeElement === box;
    document.activeElement?.blur();
    return reached;
  }

  // Nothing is wider than the page but in a box that scrolls, which a keyboard reaches; nothing is cut.
  function width(page) {
    const findings = [];
    if (document.documentElement.scrollWidth > page) {
      const out = (e) => e.getBoundingClientRect().right + scrollX > page + 0.5;
      const contained = (e) => e && e !== document.body && (getComputedStyle(e).overflowX !== 'visible' || contained(e.parentElement));
      const wide = all('body *').filter((e) => out(e) && !contained(e.parentElement));
      const first = wide.find((e) => ![...e.children].some(out)) ?? document.body;
      findings.push(`${named(first)}: ends at ${rounded(first.getBoundingClientRect().right)} px; the page scrolls sideways to ` +
        `${document.documentElement.scrollWidth} px; expected a box of its own that scrolls`);
    }
    for (const box of all('body *')) {
      const style = getComputedStyle(box);
      if (style.overflowX === 'visible' || box.closest('math')) {
        continue;
      }
      if (wider(box)) {
        const text = `${named(box)}: ${box.scrollWidth} px in a box of ${box.clientWidth} px`;
        if (!scrolls(box)) {
          findings.push(`${text} is cut; expected overflow-x: auto`);
        } else if (!reachable(box)) {
          findings.push(`${text} cannot be scrolled by keyboard; expected tabindex="0"`);
        }
      }
      if (/hidden|clip/.test(style.overflowY) && box.scrollHeight > box.clientHeight + 2) {
        findings.push(`${named(box)}: ${box.scrollHeight} px high in a box of ${box.clientHeight} px is cut`);
      }
    }
    for (const word of all('math mtext')) { // in several lines only the first is painted
      const painted = () => {
        const range = document.createRange();
        range.selectNodeContents(word);
        return range.getBoundingClientRect().width;
      };
      const have = painted(), style = word.style.whiteSpace;
      word.style.whiteSpace = 'nowrap';
      const whole = painted();
      word.style.whiteSpace = style;
      if (whole > have + 1) {
        findings.push(`${named(word)}: words of a formula, ${rounded(have)} px of ${rounded(whole)} are painted; expected white-space: nowrap`);
      }
    }
    return findings;
  }

  // The smallest text and the smallest code of the page, where they are smaller than these.
  function size(text, code) {
    const smallest = {};
    for (const { holder } of texts()) {
      if (!holder.closest('math, sub, sup')) {
        const kind = holder.closest('code, pre') ? 'code' : 'text', px = parseFloat(getComputedStyle(holder).fontSize);
        if (px < (smallest[kind]?.px ?? { text, code }[kind])) {
          smallest[kind] = { px, holder };
        }
      }
    }
    return Object.entries(smallest).map(([kind, { px, holder }]) =>
      `${named(holder)}: ${kind} of ${rounded(px)} px; expected ${{ text, code }[kind]} at least`);
  }

  // The part of the page's height that unfolded code takes, with every fold as a reader finds it.
  function code_share() {
    const folds = all('main details'), open = folds.map((d) => d.open);
    folds.forEach((d) => { d.open = false; });
    const boxes = new Set(all('main pre').filter((p) => !p.closest('details')).map((p) => p.closest('.listing') ?? p));
    const height = [...boxes].reduce((sum, box) => sum + box.getBoundingClientRect().height, 0);
    const share = height / document.querySelector('main').getBoundingClientRect().height;
    folds.forEach((d, i) => { d.open = open[i]; });
    return share;
  }

  // Code fits its box on a desktop; of the pages that show a source whole, whose comments no tool breaks, where no line is longer.
  function code_fits(columns) {
    const longest_of = (p) => Math.max(...p.textContent.split('\n').map((line) => line.length));
    return all('pre').filter((p) => wider(p) && !(p.closest('.program') && longest_of(p) > columns)).map((p) => {
      const longest = longest_of(p);
      return `${named(p)}: code of ${longest} columns, ${p.scrollWidth} px in a box of ${p.clientWidth} px, scrolls sideways; expected that it fits`;
    });
  }

  // Names of code, with the fields that they lead to, that stand in two lines where a line of code is too long.
  function broken_names() {
    const findings = [];
    for (const line of all('pre code > span')) {
      const pieces = [], walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      for (let node, at = 0; (node = walker.nextNode()); at += node.data.length) {
        pieces.push({ node, at });
      }
      const place = (index) => {
        const piece = pieces.findLast((p) => p.at <= index);
        return [piece.node, index - piece.at];
      };
      const tops = (range) => new Set([...range.getClientRects()].map((r) => Math.round(r.bottom / 8)));
      const range = document.createRange();
      range.selectNodeContents(line);
      if (range.getBoundingClientRect().height < 1.9 * parseFloat(getComputedStyle(line).fontSize)) {
        continue;
      }
      for (const name of line.textContent.matchAll(/[A-Za-z_]\w*(?:(?:->|\.)[A-Za-z_]\w*)*/g)) {
        range.setStart(...place(name.index));
        range.setEnd(...place(name.index + name[0].length - 1));
        range.setEnd(range.endContainer, range.endOffset + 1);
        if (tops(range).size > 1) {
          findings.push(`"${name[0]}" of the code is broken over two lines; expected a break beside it`);
        }
      }
    }
    return findings.slice(0, 3);
  }

  // ---- Contrast, by WCAG 2.2: 4.5 to 1 for text, 3 to 1 for large text

  function colour(css) {
    const [r, g, b, alpha = 1] = css.match(/[\d.]+(e-?\d+)?/g).map(Number);
    return css.startsWith('color(') ? [r * 255, g * 255, b * 255, alpha] : [r, g, b, alpha];
  }
  const over = ([r, g, b, a], under) => [r, g, b].map((x, i) => x * a + under[i] * (1 - a));
  const hex = (rgb) => '#' + rgb.map((x) => Math.round(x).toString(16).padStart(2, '0')).join('');

  function luminance(rgb) {
    const [r, g, b] = rgb.map((x) => x / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function ratio(a, b) {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  }

  // `paper` is what shows where no element has a background: white in print, where browsers leave backgrounds out.
  function contrast(paper) {
    const grounds = new Map();
    const ground = (element) => {
      if (!element) {
        return paper ?? colour(matchMedia('(prefers-color-scheme: dark)').matches &&
          getComputedStyle(document.documentElement).colorScheme.includes('dark') ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)').slice(0, 3);
      }
      if (!grounds.has(element)) {
        const under = ground(element.parentElement);
        grounds.set(element, paper ? under : over(colour(getComputedStyle(element).backgroundColor), under));
      }
      return grounds.get(element);
    };
    const opacity = (element) => element ? +getComputedStyle(element).opacity * opacity(element.parentElement) : 1;
    const worst = { share: 1 };
    const judge = (holder, style) => {
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
      const need = large ? 3 : 4.5, under = ground(holder);
      const [r, g, b, alpha] = colour(style.color), ink = over([r, g, b, alpha * opacity(holder)], under);
      const have = ratio(ink, under);
      if (have / need < worst.share) {
        Object.assign(worst, { share: have / need, text: `${named(holder)}: contrast ${have.toFixed(2)} of ${hex(ink)} on ${hex(under)}; expected ${need} at least` });
      }
    };
    const seen = new Set();
    for (const { holder } of texts()) {
      if (!seen.has(holder)) {
        seen.add(holder);
        judge(holder, getComputedStyle(holder));
      }
    }
    for (const number of all('pre code > span > a:first-child')) { // the numbers of lines
      const style = getComputedStyle(number, '::before');
      if (style.content !== 'none') {
        judge(number, style);
      }
    }
    return worst.text ? [worst.text] : [];
  }

  // ---- Paper

  function paper(page) {
    const findings = [];
    for (const part of all('nav, footer, body > header')) {
      if (part.checkVisibility()) {
        findings.push(`${named(part)}: stands on paper; expected display: none`);
      }
    }
    for (const box of all('body *')) {
      if (wider(box) && (box.localName === 'pre' || getComputedStyle(box).overflowX !== 'visible')) {
        findings.push(`${named(box)}: ${box.scrollWidth} px wide in ${box.clientWidth} px is cut on paper; expected lines that wrap`);
      }
    }
    // (Spaces may hang over the end of a line of code.)
    const edge = all('main *').filter((e) => !e.closest('pre') && !e.parentElement.closest('math') && e.getBoundingClientRect().right > page + 1)
      .find((e) => ![...e.children].some((c) => c.getBoundingClientRect().right > page + 1));
    if (edge) {
      findings.push(`${named(edge)}: ends at ${rounded(edge.getBoundingClientRect().right)} px of ${page}; it is cut on paper`);
    }
    for (const details of all('main details')) {
      details.open = false;
      const inside = [...details.children].find((e) => e.localName !== 'summary');
      if (inside && !inside.checkVisibility({ contentVisibilityAuto: true }) || inside?.getBoundingClientRect().height === 0) {
        findings.push(`${named(details)}: is closed on paper; expected its content`);
      }
    }
    return findings.concat(broken_names(), contrast([255, 255, 255]));
  }

  // ---- A figure by itself, an SVG on white

  // Its words stay inside it, do not cover one another, and can be read.
  function figure() {
    const svg = document.documentElement, { width, height } = svg.viewBox.baseVal, inverse = svg.getScreenCTM().inverse();
    const findings = [], title = all('title').map((t) => t.textContent);
    if (title.length !== 1 || title[0].length < 4 || /gnuplot/i.test(title[0])) {
      findings.push(`the titles ${title.map((t) => `"${t}"`).join(', ')}; expected one that says what it shows`);
    }
    const words = all('text').filter((t) => t.textContent.trim()).map((t) => {
      const box = t.getBoundingClientRect(), style = getComputedStyle(t.querySelector('tspan') ?? t);
      const [from, to] = [new DOMPoint(box.left, box.top), new DOMPoint(box.right, box.bottom)].map((p) => p.matrixTransform(inverse));
      return { text: t.textContent.trim(), from, to, ink: colour(style.fill).slice(0, 3), size: parseFloat(style.fontSize) };
    });
    for (const [i, { text, from, to, ink, size }] of words.entries()) {
      if (from.x < -1 || from.y < -2 || to.x > width + 1 || to.y > height + 2) {
        findings.push(`"${text}" leaves the picture: ${[from.x, from.y, to.x, to.y].map(Math.round)} of ${width} x ${height}`);
      }
      if (ratio(ink, [255, 255, 255]) < 4.5) {
        findings.push(`"${text}": contrast ${ratio(ink, [255, 255, 255]).toFixed(2)} of ${hex(ink)} on white; expected 4.5 at least`);
      }
      if (size < 10) {
        findings.push(`"${text}": ${size} px; expected 10 at least`);
      }
      const covered = words.slice(0, i).find((w) => w.text !== text && // (gnuplot writes a word in a box twice)
        Math.min(to.x, w.to.x) - Math.max(from.x, w.from.x) > 1 && Math.min(to.y, w.to.y) - Math.max(from.y, w.from.y) > 5);
      if (covered) {
        findings.push(`"${text}" stands on "${covered.text}"`);
      }
    }
    return findings;
  }

  return { figure, structure, characters, links, hrefs, counts, width, size, contrast, paper, code_share, code_fits, broken_names, ids: () => all('[id]').map((e) => e.id) };
})();
