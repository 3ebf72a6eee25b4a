// The checker of the pages says what build/compare says, word for word, with the same exit status: of every case the
// list, the right values, well-known mistakes, and wrong files of many kinds.
//
//     node tests/live/checker.js BUILD [MISTAKES]      at the top of the checkout; at most so many mistakes a case (4)
const fs = require('fs'), os = require('os'), path = require('path'), { spawnSync } = require('child_process');
require('../../common/press/live/wasi.js');

const top = process.cwd(), build = path.resolve(process.argv[2]), most = Number(process.argv[3] || 4);
const at = fs.mkdtempSync(path.join(os.tmpdir(), 'line-by-line-live-'));
process.on('exit', () => fs.rmSync(at, { recursive: true, force: true }));
fs.symlinkSync(path.join(top, 'chapters'), path.join(at, 'chapters'));

// ---- Files of a reader ----

const rows = (file) => {
  const [head, ...body] = fs.readFileSync(file, 'utf8').replace(/\n$/, '').split('\n').map((line) => line.split('\t'));
  return body.map((cells) => Object.fromEntries(cells.map((cell, i) => [head[i], cell])));
};

// An .npy of float64.
function npy(shape, values, fortran = false) {
  let head = `{'descr': '<f8', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`;
  head = head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11) + '\n';
  const bytes = Buffer.alloc(10 + head.length + 8 * values.length);
  bytes.write('\x93NUMPY\x01\x00', 'latin1');
  bytes.writeUInt16LE(head.length, 8);
  bytes.write(head, 10);
  values.forEach((v, i) => bytes.writeDoubleLE(v, 10 + head.length + 8 * i));
  return bytes;
}

function read(file) {
  const bytes = fs.readFileSync(file), length = bytes.readUInt16LE(8), head = bytes.toString('latin1', 10, 10 + length);
  const data = bytes.subarray(10 + length), type = head.match(/'descr': '<(..)'/)[1], width = Number(type[1]);
  return Array.from({ length: data.length / width }, (_, i) =>
    type === 'f4' ? data.readFloatLE(4 * i) : type === 'f8' ? data.readDoubleLE(8 * i) : data.readInt32LE(4 * i));
}

// ---- Both checkers ----

let asked = 0, different = 0, statuses = [0, 0, 0];
function both(module, files, name, what, mine, files_of_mine) {
  const folder = `chapters/${name.replace('/', '/reference/')}`;
  fs.rmSync(path.join(at, 'mine'), { recursive: true, force: true });
  const all = new Map(files);
  if (mine) {
    fs.mkdirSync(path.join(at, 'mine'));
    all.set('mine/', null);
    for (const [file, bytes] of files_of_mine) {
      fs.writeFileSync(path.join(at, 'mine', file), bytes);
      all.set('mine/' + file, new Uint8Array(bytes));
    }
  }
  const args = [folder, ...(mine ? ['mine'] : [])];
  const out = fs.openSync(path.join(at, 'said'), 'w');
  const { status } = spawnSync(path.join(build, 'compare'), args, { cwd: at, stdio: ['ignore', out, out] });
  fs.closeSync(out);
  const native = fs.readFileSync(path.join(at, 'said'), 'utf8'), live_ = live.run(module, ['compare', ...args], all);
  asked++;
  statuses[status]++;
  if (native === live_.text && status === live_.status) return;
  different++;
  if (different < 6) console.error(`${name}, ${what}: status ${status} and ${live_.status}\n--- build/compare\n${native}--- the page's\n${live_.text}`);
}

(async () => {
  const module = await WebAssembly.compile(fs.readFileSync(path.join(build, 'wasm/compare.wasm')));
  const cases = fs.readdirSync('chapters').flatMap((chapter) => fs.existsSync(`chapters/${chapter}/reference`) ?
    fs.readdirSync(`chapters/${chapter}/reference`).filter((c) => fs.existsSync(`chapters/${chapter}/reference/${c}/case.tsv`)).map((c) => `${chapter}/${c}`) : []);
  let mistakes = 0;
  for (const name of cases) {
    const folder = `chapters/${name.replace('/', '/reference/')}`, files = new Map();
    for (const file of fs.readdirSync(folder, { recursive: true }))
      if (fs.statSync(path.join(folder, file)).isFile()) files.set(folder + '/' + file, new Uint8Array(fs.readFileSync(path.join(folder, file))));
    const manifest = rows(folder + '/manifest.tsv'), computed = manifest.filter((r) => r.role !== 'input');
    const right = new Map(manifest.map((r) => [r.file, fs.readFileSync(path.join(folder, r.file))]));
    const ask = (what, mine) => both(module, files, name, what, mine !== undefined, mine);
    const but = (file, bytes) => new Map([...right, [file, bytes]]);
    ask('list');
    ask('nothing', new Map());
    ask('all right', right);
    // Well-known mistakes: all their tensors, and the first alone.
    const known = fs.existsSync(folder + '/mistakes.tsv') ? rows(folder + '/mistakes.tsv') : [];
    const step = Math.max(1, Math.floor(known.length / most));
    for (let i = 0; i < known.length && i / step < most; i += step) {
      const values = read(`${folder}/mistakes/${known[i].id}.npy`), wrong = new Map(right);
      let place = 0, first;
      for (const tensor of known[i].tensors.split(' ')) {
        const row = manifest.find((r) => r.name === tensor), n = read(path.join(folder, row.file)).length;
        wrong.set(row.file, npy(row.shape.replace(/^\((\d+)\)$/, '($1,)'), values.slice(place, place += n)));
        first = first || [row.file, wrong.get(row.file)];
      }
      ask(known[i].id, wrong);
      ask(known[i].id + ', alone', new Map([first]));
      mistakes++;
    }
    // What readers do to one tensor, another one in every case.
    const row = computed[asked % computed.length], values = read(path.join(folder, row.file)), shape = row.shape.replace(/^\((\d+)\)$/, '($1,)');
    const give = (what, changed, of = shape) => ask(`${row.name}: ${what}`, but(row.file, npy(of, changed)));
    give('twice', values.map((v) => 2 * v));
    give('negative', values.map((v) => -v));
    give('shifted', values.map((v, i) => values[(i + 1) % values.length]));
    give('reversed', [...values].reverse());
    give('zeros', values.map(() => 0));
    give('one off', values.map((v, i) => i === values.length >> 1 ? v + 1 : v));
    give('not a number', values.map((v, i) => i % 3 ? v : NaN));
    give('infinite', values.map((v, i) => i ? v : Infinity));
    give('flat', values, `(${values.length},)`);
    give('another shape', values.concat(0), `(${values.length + 1},)`);
    give('shape of too many values', values, '(1073741824, 1073741824)');
    give('rounded to float32', values.map(Math.fround));
    ask(`${row.name}: Fortran`, but(row.file, npy(shape, values, true)));
    const text = new Map([...right]);
    text.delete(row.file);
    const written = (s) => new Map([...text, [row.name + '.txt', Buffer.from(s)]]);
    ask(`${row.name}: text`, written(values.map((v) => v.toPrecision(9)).join('\n')));
    ask(`${row.name}: text, few digits`, written(values.map((v) => v.toPrecision(3)).join(', ')));
    ask(`${row.name}: a word`, written('1 2 three'));
    ask(`${row.name}: bytes`, written('\x1b[31m\x00'));
    ask(`${row.name}: two files`, new Map([...right, [row.name + '.csv', Buffer.from('1')]]));
    ask(`${row.name}: half a file`, but(row.file, right.get(row.file).subarray(0, 40)));
    ask(`${row.name} alone`, new Map([[row.file, right.get(row.file)]]));
  }
  console.log(`${asked} reports on ${cases.length} cases (${mistakes} well-known mistakes; status 0: ${statuses[0]}, 1: ${statuses[1]}, 2: ${statuses[2]}): ` +
    (different ? `${different} differ` : 'the page says what build/compare says'));
  process.exit(different || asked < 1000 ? 1 : 0);
})();
