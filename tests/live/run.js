// Runs a program of the book that was compiled to WebAssembly, with the files of this machine, as if it were native.
//
//     node --no-warnings tests/live/run.js build/wasm/rnn-program.wasm --cases --out FOLDER
const fs = require('fs'), path = require('path'), { WASI } = require('wasi');

const [file, ...args] = process.argv.slice(2), out = args[args.indexOf('--out') + 1];
fs.mkdirSync(out, { recursive: true });
const wasi = new WASI({
  version: 'preview1', args: [path.basename(file).replace(/-program\.wasm$/, ''), ...args], preopens: { '.': '.', [out]: out }, returnOnExit: true,
});
globalThis.kept = wasi; // Node 20 frees it while the program runs, if nothing else holds it
process.exitCode = wasi.start(new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(file)), { wasi_snapshot_preview1: wasi.wasiImport }));
