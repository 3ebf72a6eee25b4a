// The chapters' programs as WebAssembly: every array of every reference case has the bits of the reference, the tables
// of the cases too.
//
//     node tests/live/bits.js BUILD      at the top of the checkout
const fs = require('fs'), os = require('os'), path = require('path'), { spawnSync } = require('child_process');

const build = process.argv[2], out = fs.mkdtempSync(path.join(os.tmpdir(), 'line-by-line-live-'));
process.on('exit', () => fs.rmSync(out, { recursive: true, force: true }));
const programs = fs.readdirSync(path.join(build, 'wasm')).filter((f) => f.endsWith('-program.wasm')).map((f) => f.replace('-program.wasm', ''));
let arrays = 0, tables = 0, wrong = 0, chapters = 0;
for (const chapter of programs) {
  const at = path.join(out, chapter), begin = process.hrtime.bigint();
  const { status, stderr } = spawnSync('node', ['--no-warnings', path.join(__dirname, 'run.js'), path.join(build, `wasm/${chapter}-program.wasm`), '--cases', '--out', at], { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`${chapter}: status ${status}: ${stderr}`);
    wrong++;
    continue;
  }
  chapters++;
  let n = 0;
  for (const file of fs.readdirSync(at, { recursive: true })) {
    if (!fs.statSync(path.join(at, file)).isFile() || !file.includes(path.sep)) continue;
    const ours = path.join('chapters', chapter, 'reference', file), same = fs.existsSync(ours) && fs.readFileSync(ours).equals(fs.readFileSync(path.join(at, file)));
    if (file.endsWith('.npy')) arrays++, n++;
    else tables++;
    if (!same) {
      wrong++;
      console.error(`${chapter}/${file} differs from the reference`);
    }
  }
  console.log(`${chapter}: ${n} arrays, ${Number((process.hrtime.bigint() - begin) / 1000000n) / 1000} s`);
}
console.log(`${arrays} arrays and ${tables} tables of ${chapters} chapters: ` + (wrong ? `${wrong} differ` : 'all equal byte for byte'));
process.exit(wrong || !arrays ? 1 : 0);
