// The book's C in WebAssembly: a module is made, given files that are in memory only, and run. Works in a page and in Node.
//
//     const module = await live.module('compare');             // what live.code.compare holds, as base64
//     const {status, text} = live.run(module, ['compare', 'case'], files);
//     const c = live.instance(module, files);                   // a module of functions: c.rnn_live_path(...)
//
// `files` is a Map from paths like 'mine/h.npy' to Uint8Array; a path that ends in / is a folder. What a C program writes to stdout and stderr is `text`.
// The system calls are those of WASI that files, memory and the end of a program need; a file cannot be written, and no
// call leaves the page.
var live = globalThis.live || {};
globalThis.live = live;

(() => {
  const SUCCESS = 0, BADF = 8, INVAL = 28, ISDIR = 31, NOENT = 44, NOTDIR = 54, ROFS = 69;
  const FOLDER = 3, FILE = 4, CHARACTERS = 2; // kinds of files
  const TOP = 3; // the descriptor of the folder that holds all paths

  class Exit extends Error {
    constructor(status) {
      super('status ' + status);
      this.status = status;
    }
  }

  live.code = live.code || {};
  live.reads = live.reads || {}; // files that a chapter's functions read: path to base64

  live.bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

  const modules = new Map();
  live.module = (name) => {
    if (!modules.has(name)) modules.set(name, WebAssembly.compile(live.bytes(live.code[name])));
    return modules.get(name);
  };

  // The calls of one program, and what it has said.
  function system(args, files) {
    const encoder = new TextEncoder(), said = [], opened = new Map(), folders = new Set(['']);
    let memory, next = TOP + 1;
    for (const path of files.keys())
      for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at));
    const view = () => new DataView(memory.buffer), raw = () => new Uint8Array(memory.buffer);

    // The path of a call, without . and .. and doubled slashes.
    function path_at(at, length) {
      const parts = [];
      for (const part of new TextDecoder().decode(raw().slice(at, at + length)).split('/'))
        if (part === '..') parts.pop();
        else if (part && part !== '.') parts.push(part);
      return parts.join('/');
    }
    const size_of = (kind, file) => kind === FILE ? file.length : 0;
    function describe(at, kind, size) {
      raw().fill(0, at, at + 64);
      view().setUint8(at + 16, kind);
      view().setBigUint64(at + 24, 1n, true);
      view().setBigUint64(at + 32, BigInt(size), true);
      return SUCCESS;
    }
    // Each (address, length) of a list of buffers.
    function* buffers(at, n) {
      for (let i = 0; i < n; i++) yield [view().getUint32(at + 8 * i, true), view().getUint32(at + 8 * i + 4, true)];
    }
    const list = () => args.map((a) => encoder.encode(a + '\0'));
    const calls = {
      args_sizes_get(count, size) {
        view().setUint32(count, args.length, true);
        view().setUint32(size, list().reduce((n, a) => n + a.length, 0), true);
        return SUCCESS;
      },
      args_get(addresses, to) {
        list().forEach((a, i) => {
          view().setUint32(addresses + 4 * i, to, true);
          raw().set(a, to);
          to += a.length;
        });
        return SUCCESS;
      },
      environ_sizes_get(count, size) {
        view().setUint32(count, 0, true);
        view().setUint32(size, 0, true);
        return SUCCESS;
      },
      environ_get: () => SUCCESS,
      clock_time_get(id, precision, at) { // no program's result depends on a clock
        view().setBigUint64(at, 0n, true);
        return SUCCESS;
      },
      proc_exit(status) {
        throw new Exit(status);
      },
      fd_prestat_get(fd, at) {
        if (fd !== TOP) return BADF;
        view().setUint32(at, 0, true);
        view().setUint32(at + 4, 1, true);
        return SUCCESS;
      },
      fd_prestat_dir_name(fd, at) {
        raw()[at] = '.'.charCodeAt(0);
        return SUCCESS;
      },
      fd_fdstat_get(fd, at) {
        if (fd > TOP && !opened.has(fd)) return BADF;
        raw().fill(0, at, at + 24);
        view().setUint8(at, fd < TOP ? CHARACTERS : fd === TOP ? FOLDER : opened.get(fd).kind);
        view().setBigUint64(at + 8, ~0n & 0xffffffffffffffffn, true); // every right
        view().setBigUint64(at + 16, 0xffffffffffffffffn, true);
        return SUCCESS;
      },
      fd_fdstat_set_flags: () => SUCCESS,
      fd_filestat_get(fd, at) {
        const file = opened.get(fd);
        return !file ? BADF : describe(at, file.kind, size_of(file.kind, file.bytes));
      },
      path_filestat_get(fd, flags, at, length, to) {
        const path = path_at(at, length), kind = folders.has(path) ? FOLDER : files.has(path) ? FILE : 0;
        return kind ? describe(to, kind, size_of(kind, files.get(path))) : NOENT;
      },
      path_open(fd, look, at, length, how, rights, inherited, flags, to) {
        const path = path_at(at, length), kind = folders.has(path) ? FOLDER : files.has(path) ? FILE : 0;
        if (how & 1 || how & 8) return ROFS; // create, truncate
        if (!kind) return NOENT;
        if (how & 2 && kind !== FOLDER) return NOTDIR;
        opened.set(next, { kind, bytes: files.get(path), place: 0 });
        view().setUint32(to, next++, true);
        return SUCCESS;
      },
      path_create_directory: () => ROFS,
      path_rename: () => ROFS,
      path_unlink_file: () => ROFS,
      fd_read(fd, at, n, count) {
        const file = opened.get(fd);
        if (!file) return BADF;
        if (file.kind !== FILE) return ISDIR;
        let all = 0;
        for (const [to, length] of buffers(at, n)) {
          const part = file.bytes.subarray(file.place, file.place + length);
          raw().set(part, to);
          file.place += part.length;
          all += part.length;
        }
        view().setUint32(count, all, true);
        return SUCCESS;
      },
      // Folders list nothing: only a case that is not there is looked for among its neighbours.
      fd_readdir(fd, at, length, from, count) {
        view().setUint32(count, 0, true);
        return SUCCESS;
      },
      fd_seek(fd, offset, whence, to) {
        const file = opened.get(fd);
        if (!file) return BADF;
        const place = Number(offset) + [0, file.place, size_of(file.kind, file.bytes)][whence];
        if (!(place >= 0)) return INVAL;
        file.place = place;
        view().setBigUint64(to, BigInt(place), true);
        return SUCCESS;
      },
      fd_write(fd, at, n, count) {
        if (fd !== 1 && fd !== 2) return BADF;
        let all = 0;
        for (const [from, length] of buffers(at, n)) {
          said.push(raw().slice(from, from + length));
          all += length;
        }
        view().setUint32(count, all, true);
        return SUCCESS;
      },
      fd_close: (fd) => opened.delete(fd) ? SUCCESS : BADF,
    };
    return {
      calls,
      attach: (instance) => { memory = instance.exports.memory; },
      text() {
        const all = new Uint8Array(said.reduce((n, part) => n + part.length, 0));
        let at = 0;
        for (const part of said) {
          all.set(part, at);
          at += part.length;
        }
        return new TextDecoder().decode(all);
      },
    };
  }

  function start(module, args, files) {
    const inside = system(args, files);
    const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: inside.calls });
    inside.attach(instance);
    return [instance, inside];
  }

  // Runs a program to its end.
  live.run = (module, args, files) => {
    const [instance, inside] = start(module, args, files);
    let status = 0;
    try {
      instance.exports._start();
    } catch (e) {
      if (!(e instanceof Exit)) throw e;
      status = e.status;
    }
    return { status, text: inside.text() };
  };

  // The functions of a module, and views of its memory: f64(address, n), f32, i32, u8. A function that fails throws what
  // the C said.
  live.instance = (module, files = new Map()) => {
    const [instance, inside] = start(module, ['live'], files);
    const c = {
      f64: (at, n) => new Float64Array(instance.exports.memory.buffer, at, n),
      f32: (at, n) => new Float32Array(instance.exports.memory.buffer, at, n),
      i32: (at, n) => new Int32Array(instance.exports.memory.buffer, at, n),
      u8: (at, n) => new Uint8Array(instance.exports.memory.buffer, at, n),
    };
    for (const [name, f] of Object.entries(instance.exports))
      if (typeof f === 'function')
        c[name] = (...values) => {
          try {
            return f(...values);
          } catch (e) {
            throw e instanceof Exit ? new Error(inside.text().trim()) : e;
          }
        };
    c._initialize();
    return c;
  };

  // The files of a zip, by name: as a Map.
  live.unzip = async (zip) => {
    const view = new DataView(zip.buffer, zip.byteOffset, zip.length), files = new Map();
    let end = zip.length - 22;
    while (view.getUint32(end, true) !== 0x06054b50) end--;
    let at = view.getUint32(end + 16, true);
    for (let i = view.getUint16(end + 10, true); i > 0; i--) {
      const method = view.getUint16(at + 10, true), size = view.getUint32(at + 20, true);
      const length = view.getUint16(at + 28, true), header = view.getUint32(at + 42, true);
      const name = new TextDecoder().decode(zip.subarray(at + 46, at + 46 + length));
      const from = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
      const packed = zip.subarray(from, from + size);
      const stream = () => new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
      files.set(name, method === 0 ? packed : new Uint8Array(await new Response(stream()).arrayBuffer()));
      at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
    return files;
  };
})();
