// The checker in a chapter's page: files that are dropped on a case are held against it by compare, the C of
// common/checker/, in this page. Nothing leaves the reader's machine.
(() => {
  const TAKEN = /\.(npy|txt|tsv|csv)$/i;
  const chapter = live.chapter;

  // The cases of the chapter as compare is to find them: 'chapters/rnn/reference/lstm/h.npy'. A Map.
  let cases;
  live.cases = async () => {
    if (!cases) {
      await live.load(chapter + '.cases.js');
      cases = new Map();
      for (const [path, bytes] of await live.unzip(live.bytes(live.code[chapter + '_cases'])))
        cases.set(path.replace(/^[^/]*\//, `chapters/${chapter}/reference/`), bytes);
    }
    return cases;
  };

  // What `compare chapters/X/reference/NAME FOLDER` says; without files it lists the case.
  live.compare = async (name, folder, files) => {
    const at = `chapters/${chapter}/reference/${name}`, all = new Map();
    for (const [path, bytes] of await live.cases()) if (path.startsWith(at + '/')) all.set(path, bytes);
    if (files) all.set(folder + '/', null);
    for (const [file, bytes] of files || []) all.set(folder + '/' + file, bytes);
    await live.load('compare.wasm.js');
    const args = ['compare', at].concat(files ? [folder] : []);
    return { command: args.join(' '), ...live.run(await live.module('compare'), args, all) };
  };

  // The files of a drop, and what their folder is called. Of a page that is a file on the disk Chromium hands out no
  // files by the older way, webkitGetAsEntry; the other browsers have no newer one.
  async function dropped(transfer) {
    const items = [...transfer.items].filter((i) => i.kind === 'file'), list = [...transfer.files];
    const handle = items.length === 1 && items[0].getAsFileSystemHandle && items[0].getAsFileSystemHandle().catch(() => null);
    const entry = items.length === 1 && items[0].webkitGetAsEntry && items[0].webkitGetAsEntry();
    if (!entry || !entry.isDirectory) return ['mine', list];
    const folder = handle && await handle, inside = [];
    if (folder) {
      for await (const e of folder.values()) if (e.kind === 'file') inside.push(await e.getFile());
      return [folder.name, inside];
    }
    const reader = entry.createReader();
    for (let some; (some = await new Promise((yes, no) => reader.readEntries(yes, no))).length;)
      for (const e of some) if (e.isFile) inside.push(await new Promise((yes, no) => e.file(yes, no)));
    return [entry.name, inside];
  }

  function panel(table, names) {
    const { make } = live;
    const choice = make('select', { id: 'live-case' }, names.map((name) => make('option', {}, name)));
    const some = make('input', { type: 'file', multiple: '', accept: '.npy,.txt,.tsv,.csv', hidden: '' });
    const folder = make('input', { type: 'file', webkitdirectory: '', hidden: '' });
    function opener(text, input) {
      const button = make('button', { type: 'button' }, text);
      button.addEventListener('click', () => input.click());
      return button;
    }
    const list = make('button', { type: 'button' }, 'List the case');
    const report = make('pre', { class: 'live-report', tabindex: '0', hidden: '', 'aria-live': 'polite' });
    const box = make('section', { class: 'live', 'aria-label': 'The checker' }, [
      make('p', { class: 'live-title' }, 'Check yours here'),
      make('p', {}, [
        'Drop your folder, or files ', make('code', {}, '.npy'), ' or text, on a case of the table or on this box. The checker is the book’s C, in this page: nothing leaves your machine. Without a compiler you can also have ',
        make('a', { href: live.root + chapter + '.zip', download: chapter + '-reference.zip' }, 'all cases as a zip'), ', which says how they are written.']),
      make('div', { class: 'live-row' }, [
        make('label', { for: 'live-case' }, 'Case'), choice, list,
        opener('Files …', some), some, opener('Folder …', folder), folder]),
      report]);

    const say = (text) => {
      report.hidden = false;
      report.textContent = text;
    };
    async function show(name, at, files) {
      choice.value = name;
      say('…');
      let taken;
      if (files) {
        taken = new Map();
        for (const f of files) if (TAKEN.test(f.name)) taken.set(f.name, new Uint8Array(await f.arrayBuffer()));
      }
      try {
        const said = await live.compare(name, at, taken);
        report.textContent = `$ ${said.command}\n${said.text}`;
        report.dataset.status = said.status;
      } catch (e) {
        report.textContent = 'The checker cannot run in this browser: ' + e.message;
      }
    }
    const again = (input, at) => {
      const files = [...input.files];
      if (files.length) show(choice.value, at(files), files);
      input.value = ''; // so that the same files can be chosen again when they are better
    };
    some.addEventListener('change', () => again(some, () => 'mine'));
    folder.addEventListener('change', () => again(folder, (files) => files[0].webkitRelativePath.split('/')[0]));
    list.addEventListener('click', () => show(choice.value));

    function target(element, name) {
      element.addEventListener('dragover', (e) => {
        e.preventDefault();
        element.classList.add('live-over');
      });
      element.addEventListener('dragleave', () => element.classList.remove('live-over'));
      element.addEventListener('drop', async (e) => {
        e.preventDefault();
        element.classList.remove('live-over');
        const under = e.target.closest && e.target.closest('code');
        const chosen = under && names.includes(under.textContent) ? under.textContent : name();
        try {
          show(chosen, ...await dropped(e.dataTransfer));
        } catch (error) {
          say('This browser does not hand out the folder’s files: drop the files themselves, or take “Folder …”.');
        }
      });
    }
    target(box, () => choice.value);
    for (const row of table.querySelectorAll('tbody tr')) {
      const first = [...row.cells[0].querySelectorAll('code')].map((c) => c.textContent).find((name) => names.includes(name));
      if (first) target(row, () => first);
    }
    (table.closest('.table') || table).after(box);
  }

  // The table of the cases is the one whose first column names most of them.
  function begin(names) {
    let best = 0, table;
    for (const t of document.querySelectorAll('main table')) {
      const n = [...t.querySelectorAll('td:first-child code')].filter((c) => names.includes(c.textContent)).length;
      if (n > best) [best, table] = [n, t];
    }
    if (table) panel(table, names);
  }
  if (typeof document !== 'undefined' && live.names) begin(live.names);
})();
