// The functions behind the interactives: their numbers are those of the chapters' tables, bit for bit as printed, or
// hold an identity.
//
//     node tests/live/parts.js BUILD      at the top of the checkout
const fs = require('fs'), path = require('path');
require('../../common/press/live/wasi.js');

const build = process.argv[2];
let asked = 0, wrong = 0;
function holds(what, good) {
  asked++;
  if (good) return;
  wrong++;
  console.error(what);
}
const rows = (file) => {
  const [head, ...body] = fs.readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));
  return body.map((cells) => Object.fromEntries(cells.map((cell, i) => [head[i], cell])));
};
// The numbers of an .npy of float64 or int32.
const array = (file) => {
  const bytes = fs.readFileSync(file), begin = 10 + bytes.readUInt16LE(8), of = { f8: Float64Array, i4: Int32Array }[/'<(..)'/.exec(bytes.toString('latin1', 10, begin))[1]];
  return new of(Uint8Array.from(bytes.subarray(begin)).buffer);
};
const open = async (chapter, ...reads) => live.instance(await WebAssembly.compile(fs.readFileSync(path.join(build, `wasm/${chapter}.wasm`))),
  new Map(reads.map((file) => [file, new Uint8Array(fs.readFileSync(file))])));
const sum = (list) => list.reduce((a, b) => a + b, 0);

(async () => {
  let c = await open('rnn');
  for (const [name, theta] of [['clipped', 1], ['unclipped', Infinity]]) {
    const p = c.f64(c.rnn_live_path(5.2, -2.5, theta, 0.5), 4 * 61).slice();
    for (const row of rows('chapters/rnn/reference/error-wall-paths.tsv').filter((r) => r.path === name))
      ['w', 'b', 'error', 'gradient_norm'].forEach((column, k) => holds(`rnn, ${name}, step ${row.step}: ${column}`, p[4 * row.step + k] === Number(row[column])));
  }
  for (const row of rows('chapters/rnn/reference/error-wall-ridge.tsv')) {
    const at = c.f64(c.rnn_live_ridge(Number(row.b)), 2);
    holds(`rnn, the ridge at ${row.b}`, at[0] === Number(row.largest_dE_dw) && at[1] === Number(row.w));
  }

  c = await open('rope');
  for (const [way, mixed] of [['rope', 0], ['mixed_pairings', 1]]) {
    const s = c.f64(c.rope_live_scores(64, 10000, 0, 1, 32, mixed), 64 * 64).slice();
    for (const row of rows('chapters/rope/reference/shift.tsv').filter((r) => r.way === way))
      holds(`rope, ${way}, ${row.m}, ${row.n}`, Number(s[64 * row.m + Number(row.n)].toPrecision(9)) === Number(row.score));
  }
  for (const stretching of [1, 2, 3, 4]) { // a stretching by 1 changes nothing
    const plain = c.f64(c.rope_live_scores(32, 500, 0, 1, 16, 0), 1024).slice(), same = c.f64(c.rope_live_scores(32, 500, stretching, 1, 16, 0), 1024);
    holds(`rope, stretching ${stretching} by 1`, plain.every((v, i) => Math.abs(v - same[i]) < 1e-9));
  }

  c = await open('td');
  c.td_live_begin(1);
  for (const [panel, epsilon] of [['optimal', 0], ['soft', 0.1]]) {
    const exact = c.f64(c.td_live_exact(epsilon), 96).slice();
    for (const row of rows('chapters/td/reference/cliff-paths.tsv').filter((r) => r.panel === panel && r.value !== 'nan')) {
      const s = 12 * row.row + Number(row.column);
      holds(`td, ${panel}, state ${s}`, exact[s] === Number(row.value) && exact[48 + s] === Number(row.actions));
    }
  }
  for (const rule of [0, 1, 2]) { // step by step is what episodes at once are
    c.td_live_begin(7);
    const rewards = c.f64(c.td_live_episodes(rule, 0.5, 0.1, 30), 30).slice(), at_once = c.f64(c.td_live_values(), 192).slice();
    c.td_live_begin(7);
    for (let k = 0; k < 30; k++) {
      let all = 0, step;
      do all += (step = c.f64(c.td_live_step(rule, 0.5, 0.1), 7))[2]; while (!step[4]);
      holds(`td, rule ${rule}, episode ${k}`, all === rewards[k]);
    }
    holds(`td, rule ${rule}: the values`, c.f64(c.td_live_values(), 192).every((v, i) => v === at_once[i]));
  }

  c = await open('map');
  const score = (boxes, threshold) => {
    c.f64(c.map_live_boxes(), 37).set(boxes.flat());
    return c.f64(c.map_live_score(threshold), 65).slice();
  };
  const objects = [[0, 0, 10, 10], [20, 0, 10, 10], [40, 0, 10, 10]];
  let all = score([...objects, ...objects.map((b, i) => [...b, 0.9 - i / 10]), [90, 90, 5, 5, 0.2], [70, 70, 5, 5, 0.1]], 0.5);
  holds('map: the right boxes first score 1', [60, 61, 62, 63].every((k) => Math.abs(all[k] - 1) < 1e-12) && all[64] === 3);
  all = score([...objects, ...objects.map((b) => [...b, 0.5]), [0, 1, 10, 10, 0.95], [90, 90, 5, 5, 0.99]], 0.5);
  holds('map: what is surer takes the object, the better box comes too late', all[6 * 3 + 4] === 1 && all[6 * 0 + 4] === 0 && all[6 * 3 + 5] === 0);
  holds('map: IoU of a box moved by 1 of 10', Math.abs(all[30 + 2 * (3 * 3 + 0) + 1] - 90 / 110) < 1e-15);

  c = await open('transformer');
  for (let d = 1; d <= 512; d *= 2) {
    const w = c.f64(c.transformer_live_weights(d, 1 / Math.sqrt(d), 3), 130).slice(), weights = w.subarray(0, 64);
    holds(`transformer, d ${d}`, Math.abs(sum(weights) - 1) < 1e-12 && Math.abs(1 - sum(weights.map((v) => v * v)) - w[65]) < 1e-12 && Math.max(...weights) === w[64]);
  }

  c = await open('transformer', 'chapters/transformer/reference/reverse-weights.bf16');
  const looks = Array(400).fill(0);
  for (let k = 0; k < 500; k++) { // what the figure says of its 500 test sequences
    const source = c.i32(c.transformer_live_test(k), 10).slice();
    c.i32(c.transformer_live_source(), 10).set(source);
    const answer = c.i32(c.transformer_live_reverse(10), 10).slice();
    holds(`transformer, test ${k}: reversed`, answer.join() === source.reverse().join());
    c.f32(c.transformer_live_weights_of(5), 400).forEach((v, i) => { looks[i] += v / 500; });
    if (k % 50) continue;
    for (const layer of [0, 1, 2, 3, 4, 5]) {
      const w = c.f32(c.transformer_live_weights_of(layer), 400).slice();
      for (let row = 0; row < 40; row++)
        holds(`transformer, test ${k}, attention ${layer}, row ${row}`, Math.abs(sum([...w.subarray(10 * row, 10 * row + 10)]) - 1) < 1e-5 &&
          (layer !== 2 && layer !== 4 || w.subarray(10 * row + row % 10 + 1, 10 * row + 10).every((v) => v === 0)));
    }
  }
  for (const row of rows('chapters/transformer/reference/reverse-attention.tsv')) {
    const v = looks[100 * (row.head - 1) + 10 * (row.position - 1) + Number(row.source) - 1];
    holds(`transformer, head ${row.head}, ${row.position} to ${row.source}: ${v}, unrounded ${row.weight}`, Math.abs(v - Number(row.weight)) < 0.01);
  }

  c = await open('linear_attention');
  const errors = (rule, n, orthogonal, beta) => {
    const x = c.f32(c.linear_attention_live_recall(rule, n, orthogonal, beta), 128 + 512).slice();
    return Array.from({ length: n }, (_, i) => sum([...Array(8).keys()].map((k) => (x[384 + 8 * i + k] - x[128 + 8 * i + k]) ** 2)) / 8);
  };
  holds('linear_attention: orthogonal keys are recalled', errors(0, 16, 1, 1).every((e) => e < 1e-10));
  holds('linear_attention: more than 16 are not', sum(errors(0, 32, 1, 1)) / 32 > 0.1);
  holds('linear_attention: the delta rule has the newest right', errors(2, 32, 0, 1)[31] < 1e-10);
  holds('linear_attention: a sum has it wrong', errors(0, 32, 0, 1)[31] > 0.01);
  holds('linear_attention: one pair through the normaliser', errors(1, 1, 0, 1)[0] < 1e-10);

  c = await open('performer');
  for (const map of [0, 1, 2])
    for (const rows_ of [0, 1])
      for (const m of [8, 64]) {
        const x = c.f64(c.performer_live_estimates(map, rows_, m, 0.8, 1.2), 60).slice(), exact = c.f64(c.performer_live_exact(map, m, 0.8, 1.2), 3).slice();
        holds(`performer, map ${map}, rows ${rows_}, m ${m}`, Math.abs(sum(x) / 60 - exact[0]) < 4 * Math.sqrt(exact[1 + rows_] / 60));
      }

  c = await open('s4');
  const T = 600, signal = Float64Array.from({ length: T }, (_, i) => Math.sin(i / 40));
  c.f64(c.s4_live_signal(), T).set(signal);
  for (const N of [32]) {
    c.s4_live_remember(N);
    for (const measure of [0, 1, 2]) {
      const back = c.f64(c.s4_live_recall(measure, T), T).slice();
      const off = Math.max(...[...Array(100).keys()].map((i) => Math.abs(back[T - 1 - i] - signal[T - 1 - i])));
      holds(`s4, measure ${measure}, N ${N}: off by ${off}`, off < 0.1);
      holds(`s4, measure ${measure}: beyond the window`, Number.isNaN(back[T - 201]) === (measure === 1));
    }
  }

  c = await open('bpe', 'chapters/bpe/texts/GPL-3');
  const ROOM = 512;
  const encode = (from, text, most) => {
    const bytes = new TextEncoder().encode(text);
    c.u8(c.bpe_live_typed(), ROOM).set(bytes);
    if (from === 2) c.bpe_live_learn(2, bytes.length);
    const said = c.i32(c.bpe_live_encode(from, bytes.length, most), 2 + 7 * ROOM).slice();
    const part = (k, n) => [...said.subarray(2 + k * ROOM, 2 + k * ROOM + n)];
    const merges = Array.from({ length: said[1] }, (_, k) => [...said.subarray(2 + 3 * ROOM + 4 * k, 6 + 3 * ROOM + 4 * k)]);
    let at = 0;
    return { parts: part(1, said[0]).map((end) => new TextDecoder().decode(bytes.slice(at, at = end))), ids: part(0, said[0]), pieces: part(2, said[0]), merges };
  };
  for (const row of rows('chapters/bpe/reference/worked-example.tsv')) {
    c.bpe_live_learn(1, 0);
    for (const word of ['low', 'lower', 'newest', 'widest'])
      holds(`bpe, merge ${row.merge}: ${word}`, encode(1, word, Number(row.merge) + 1).parts.join(' ') === row[word]);
    holds(`bpe, merge ${row.merge}: n_ab`, c.i32(c.bpe_live_merge(1, Number(row.merge)), 3)[2] === Number(row.n_ab));
  }
  for (const row of rows('chapters/bpe/reference/worked-example-encoding.tsv'))
    holds(`bpe, lowest, rank ${row.rank}`, encode(1, 'lowest', Number(row.rank) + 1).parts.join(' ') === row.symbols);
  const gpl = Object.fromEntries(rows('chapters/bpe/reference/compression-numbers.tsv').map((row) => [row.what, row.value]));
  const known = c.bpe_live_learn(0, 0), english = 'You may convey, é 你好\n  and  don\'t';
  holds('bpe: the merges of the GPL', known === Number(gpl.merges) && c.i32(c.bpe_live_merge(0, known - 1), 3)[2] === Number(gpl.last_count));
  holds('bpe: a word of the GPL is one token', encode(0, ' permission', known).parts.length === 1);
  const whole = encode(0, english, known);
  for (const most of [0, 1, 100, known]) {
    const some = encode(0, english, most);
    holds(`bpe, ${most} merges: the tokens are the text's`, some.ids.length === new TextEncoder().encode(english).length - some.merges.filter((m) => m[0] < most).length);
    holds(`bpe, ${most} merges: all known`, some.ids.every((id) => id < 256 + most) && some.merges.join() === whole.merges.join());
  }
  holds('bpe: a merge joins neighbours within a piece', whole.merges.every(([, from, middle, to]) => from < middle && middle < to));
  holds('bpe: 512 bytes, all learnt, are as many tokens as pieces', ((e) => e.parts.length === new Set(e.pieces).size)(encode(2, 'low lower lowest '.repeat(30), 1e6)));

  c = await open('word2vec');
  const RULES = ['excluded', 'open', 'only_b', 'ignore_a', 'opposite', 'answer_is_b'];
  for (const row of rows('chapters/word2vec/reference/analogies.tsv').filter((r) => r.r === '0.40000000000000002' || r.r === '1.6000000000000001')) {
    c.word2vec_live_world(Number(row.r), Number(row.rho), Number(row.seed));
    if (row.vectors === 'learnt') c.word2vec_live_learn(500);
    const scores = c.f64(c.word2vec_live_scores(row.vectors === 'learnt' ? 1 : 0), 6).slice();
    RULES.forEach((rule, k) => holds(`word2vec, r ${row.r}, rho ${row.rho}, seed ${row.seed}, ${row.vectors}: ${rule}`, scores[k] === Number(row[rule])));
  }
  c.word2vec_live_world(0.4, 0, 0);
  c.word2vec_live_ask(0);
  let right = 0;
  for (let i = 0; i < 30; i++)
    for (let j = 0; j < 30; j++) {
      if (i === j) continue;
      const said = c.f64(c.word2vec_live_question(i, j), 5 + 16 + 202).slice(), p = (w, k) => said[21 + 2 * w + k];
      right += said[0] === 2 * j + 1;
      holds(`word2vec, question ${i} ${j}: the nearest is the open rule's answer`, said[5] === said[1]);
      holds(`word2vec, question ${i} ${j}: a parallelogram`, [0, 1].every((k) => Math.abs(p(100, k) - p(2 * j, k) - p(2 * i + 1, k) + p(2 * i, k)) < 1e-6));
    }
  holds('word2vec: questions one by one', Math.abs(right / 870 - c.f64(c.word2vec_live_scores(0), 6)[0]) < 1e-12);

  c = await open('flash_attention');
  for (const [T, S, rows_, columns, causal] of [[12, 12, 4, 3, 1], [24, 24, 5, 7, 1], [5, 24, 2, 24, 1], [7, 7, 1, 1, 2], [9, 20, 24, 4, 0], [1, 1, 24, 24, 0]])
    for (const lazy of [0, 3])
      for (let row = 0; row < T; row++) {
        const said = c.f64(c.flash_attention_live_walk(T, S, rows_, columns, causal, 3, lazy, row), 5 + 576 * 16).slice();
        const scores = [...said.subarray(5 + S * row, 5 + S * row + S)], n = said[0];
        let computed = 0;
        for (let k = 0; k < n; k++) {
          const [t, r, s, w, skipped, m, l, ...o] = said.subarray(5 + 576 + 15 * k, 5 + 576 + 15 * (k + 1));
          const sees = scores.filter((x, key) => Number.isFinite(x) && (row < t || (row < t + r && key < s + w)));
          if (t <= row && row < t + r && !skipped) computed++;
          if (!sees.length) continue;
          const what = `flash_attention, ${T} x ${S} in ${rows_} x ${columns}, row ${row}, tile ${k}`;
          holds(`${what}: l`, Math.abs(sum(sees.map((x) => Math.exp(x - m))) / l - 1) < 1e-5);
          holds(`${what}: m`, Math.max(...sees) - m > -1e-5 && Math.max(...sees) - m < lazy + 1e-5);
          holds(`${what}: o / l`, [0, 1, 2, 3].every((i) => Math.abs(o[i] / l - o[4 + i]) < 1e-5));
        }
        const last = said.subarray(5 + 576 + 15 * (n - 1) + 7, 5 + 576 + 15 * n), full = said.subarray(1, 5);
        holds(`flash_attention, row ${row}: the end is plain softmax`, [0, 1, 2, 3].every((i) => last[4 + i] === full[i]));
        holds(`flash_attention, row ${row}: tiles`, n === Math.ceil(T / rows_) * Math.ceil(S / columns) && computed > 0);
      }

  c = await open('adamw');
  const steps = (kind, size, before, n, beta1 = 0.9, beta2 = 0.999, theta = Infinity, uncorrected = 0) =>
    c.f64(c.adamw_live_steps(kind, size, before, n, beta1, beta2, theta, uncorrected), 3 * (20 + n)).slice();
  for (const [column, beta2] of [['b999', 0.999], ['b99', 0.99], ['b95', 0.95]]) {
    const said = steps(0, 1.11, 20000, 60, 0.9, beta2);
    for (const row of rows('chapters/adamw/reference/step-bound-diverging.tsv'))
      holds(`adamw, beta2 ${beta2}, growing for ${row.step} steps`, said[3 * (19 + Number(row.step)) + 1] === Number(row[column]));
  }
  for (const [column, size, theta] of [['s30', 30, Infinity], ['s100', 100, Infinity], ['s1000', 1000, Infinity], ['clipped', 1000, 10]]) {
    const said = steps(2, size, 20000, 300, 0.9, 0.999, theta);
    for (const row of rows('chapters/adamw/reference/spike.tsv').filter((r) => Number(r.step) < 300))
      // The figure begins with means of exactly 1, and has an eps of 1e-8.
      holds(`adamw, spike ${column}, step ${row.step}`, Math.abs(said[3 * (20 + Number(row.step)) + 1] / Number(row[column]) - 1) < 1e-6);
  }
  const longest = (growth) => Math.max(...steps(0, growth, 20000, 60).filter((_, i) => i % 3 === 1));
  holds('adamw: growing by 40 % makes shorter steps than by 11 %', longest(1.4) < longest(1.11) && longest(1.4) > 3.163);
  const worst = steps(1, 0, 0, 300);
  for (const row of rows('chapters/adamw/reference/step-bound-longest.tsv').filter((r) => Number(r.t) <= 300)) {
    const at = 3 * (19 + Number(row.t));
    holds(`adamw, the worst gradients, step ${row.t}`, Math.abs(worst[at + 1] / Number(row.step) - 1) < 1e-9 && worst[at + 2] === Number(row.bound));
  }
  for (let kind = 0; kind < 7; kind++)
    for (const [beta1, beta2] of [[0.5, 0.93], [0.9, 0.999], [0.95, 0.92]])
      for (const [before, uncorrected] of [[0, 0], [30, 0], [30, 1]]) {
        c.f64(c.adamw_live_drawn(), 300).set(Array.from({ length: 300 }, (_, i) => Math.sin(i * i)));
        const said = steps(kind, 7, before, 100, beta1, beta2, 1e6, uncorrected);
        for (let i = 0; i < 120; i++)
          if (!Number.isNaN(said[3 * i + 1])) holds(`adamw, kind ${kind}, betas ${beta1} ${beta2}, ${before} before: the bound`, Math.abs(said[3 * i + 1]) <= said[3 * i + 2] * (1 + 1e-9));
      }

  c = await open('activations');
  const KINDS = ['identity', 'threshold', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'elu', 'selu', 'softplus', 'silu', 'gelu', 'gelu_tanh', 'gelu_sigmoid', 'mish'];
  const map = rows('chapters/activations/reference/variance-map.tsv');
  for (const row of rows('chapters/activations/reference/variance-map-gains.tsv')) {
    const kind = KINDS.indexOf(row.function), square = c.activations_live_gain_square(kind);
    holds(`activations, gain of ${row.function}`, Math.sqrt(square) === Number(row.gain));
    holds(`activations, chi of ${row.function}`, c.f64(c.activations_live_stack(kind, square, 0, 1, 1), 6)[2] === Number(row.chi));
    const ratio = c.f64(c.activations_live_map(kind, square, 0), 61).slice();
    map.forEach((at, i) => holds(`activations, ${row.function}: V(q) / q at ${at.q}`, ratio[i] === Number(at[row.function])));
  }
  for (const row of rows('chapters/activations/reference/functions.tsv')) {
    const x = Number(row.x) / 50, f = c.f64(c.activations_live_function(10, Math.abs(x)), 322).slice();
    holds(`activations, GELU at ${x}`, Math.abs(f[x < 0 ? 0 : 320] - Number(row.gelu)) < 1e-6);
  }
  const gained = (kind) => [kind, c.activations_live_gain_square(kind)];
  const nets = [['tanh', ...gained(3), 4], ['selu', ...gained(7), 4], ['relu', ...gained(4), 1], ['gelu_up', ...gained(10), 1.2], ['gelu_down', ...gained(10), 0.8], ['gelu_he', 10, 2, 1], ['relu_default', 4, 1 / 3, 1]];
  const short = (x) => Number(Math.fround(x).toPrecision(9));
  nets.forEach(([name, kind, weight, q], k) => {
    const by_map = c.f64(c.activations_live_stack(kind, weight, 0, q, 30), 93).slice();
    const all = Array.from({ length: 20 }, (_, n) => c.f64(c.activations_live_net(kind, weight, 0, q, 30, 100, 31, 20 * k + n), 62).slice());
    for (const row of rows('chapters/activations/reference/variance-map-depth.tsv')) {
      const l = Number(row.layer), sorted = all.map((net) => net[2 * l]).sort((a, b) => a - b);
      holds(`activations, ${name}, layer ${l}: the map`, short(by_map[3 * l]) === Number(row[name]));
      holds(`activations, ${name}, layer ${l}: the middle net`, short(sorted[10]) === Number(row[name + '_nets']));
    }
    if (kind === 4) for (let l = 0; l <= 30; l++) // half of the squared slopes are 1
      holds(`activations, ${name}, layer ${l}: the gradient`, Math.abs(by_map[3 * l + 1] / (weight / 2) ** (30 - l) - 1) < 1e-12);
  });

  c = await open('gau');
  const look = (drawn, kind, mask, divisor, T, P, C, n, changed, size = 12) => {
    const said = c.f64(c.gau_live_look(drawn, size, kind, mask, divisor, T, P, C, n, changed), 24 * 26).slice();
    return { answer: [...said.subarray(0, T)], after: [...said.subarray(24, 24 + T)], weight: [...said.subarray(48, 48 + T * T)] };
  };
  for (const row of rows('chapters/gau/reference/worked-example.tsv')) {
    const t = Number(row.t) - 1, said = look(0, 0, 0, 0, 3, 3, 3, 3, 2);
    holds(`gau, by hand, position ${row.t}: the answer`, said.answer[t] === Number(row.o));
    for (const s of [0, 1, 2]) holds(`gau, by hand, weight of ${row.t} and ${s + 1}`, said.weight[3 * t + s] === Number(row[`A_${s + 1}`]));
    holds(`gau, by hand, position ${row.t} with padding`, look(0, 0, 0, 1, 3, 6, 3, 3, 2).answer[t] === Number(row.o) / 4 && look(0, 0, 0, 0, 3, 6, 3, 3, 2).answer[t] === Number(row.o));
  }
  const found = [0, 0, 0];
  for (const [T, P, C] of [[12, 12, 4], [24, 40, 5], [7, 9, 7], [10, 10, 1]])
    for (let kind = 0; kind < 6; kind++)
      for (const mask of [0, 1, 2])
        for (let s = 0; s < T; s++) {
          const said = look(1, kind, mask, s % 4, T, P, C, 12, s);
          const early = said.answer.filter((v, t) => t < s && !Object.is(v, said.after[t])).length;
          if (early) found[mask]++;
          if (mask) continue;
          holds(`gau, kind ${kind}, C ${C}, position ${s + 1} disturbed: nothing before it`, early === 0);
          const seen = (t, k) => k <= t && (kind < 4 || Math.floor(k / C) >= Math.floor(t / C) - (kind === 5 ? 1 : 0));
          holds(`gau, kind ${kind}, C ${C}: who is seen`, said.weight.every((w, i) => w === 0 || seen(Math.floor(i / T), i % T)));
          if (kind === 1) for (let t = 0; t < T; t++) holds('gau: a softmax sums to 1', Math.abs(sum(said.weight.slice(T * t, T * t + T)) - 1) < 1e-6);
        }
  holds(`gau: the probe finds masks that leak: ${found}`, found[0] === 0 && found[1] > 20 && found[2] > 20);
  const before = (s) => { // what the text says of FLASH with pairs that look ahead: position 5, then 6
    const said = look(1, 2, 1, 0, 12, 12, 4, 12, s);
    return said.answer.some((v, t) => t < s && !Object.is(v, said.after[t]));
  };
  holds('gau: a leak shows at position 6, and not at 5', !before(4) && before(5));
  const flash = look(1, 2, 0, 0, 12, 12, 12, 12, 0), quadratic = look(1, 0, 0, 0, 12, 12, 1, 12, 0);
  holds('gau: FLASH with one chunk is the quadratic unit', flash.weight.join() === quadratic.weight.join() && flash.answer.join() === quadratic.answer.join());

  c = await open('speculative');
  const begin = (rule, p, q, seed) => c.f64(c.speculative_live_begin(rule, ...p, ...q, seed), 20).slice();
  const passes = (rule, k, n) => c.f64(c.speculative_live_passes(rule, k, n), 30).slice();
  const told = begin(0, [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], 1);
  rows('chapters/speculative/reference/worked-example.tsv').forEach((row, x) => {
    holds(`speculative, ${row.symbol}`, told[x] === Number(row.p) && told[3 + x] === Number(row.q) && told[8 + 4 * x] === Number(row.chance));
    holds(`speculative, ${row.symbol}, the rest`, [0, 1, 2].every((y) => told[9 + 4 * y + x] === Number(row.rest)));
  });
  holds('speculative: what is shared', told[6] === Number(rows('chapters/speculative/reference/worked-example-numbers.tsv')[0].value) && Math.abs(told[7] - told[6]) < 1e-15);
  for (const row of rows('chapters/speculative/reference/formula.tsv'))
    holds(`speculative, formula ${row.draft}`, c.speculative_live_tokens(Number(row.accepted), Number(row.k)) === Number(row.formula));
  const P3 = [0.5, 0.3, 0.2], came = [0, 0, 0];
  for (let i = 0; i < 500; i++) { // one pass, as the text has it
    const [accepted, ...rest] = passes(0, 4, 1), draft = rest.slice(0, 8), u = rest.slice(8, 17), out = rest.slice(17, 26);
    const ok = draft.map((x, j) => u[j] < told[8 + 4 * x]), first = ok.slice(0, 4).indexOf(false);
    holds(`speculative, pass ${i}: how many`, accepted === (first < 0 ? 4 : first));
    holds(`speculative, pass ${i}: what comes out`, draft.slice(0, accepted).every((x, j) => x === out[j]) && (accepted === 4 || out[accepted] === 0)); // here only a is owed
    for (const x of out.slice(0, accepted + 1)) came[x]++;
  }
  begin(0, [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], 1);
  holds('speculative: 500 passes at once are 500 passes', passes(0, 4, 500).slice(27).join() === came.join());
  for (let rule = 0; rule < 9; rule++)
    for (const q of [[0.2, 0.3, 0.5], [0.1, 0.7, 0.2], [0.6, 0.4, 0]]) {
      const of_rule = begin(rule, P3, q, 5), n = passes(rule, 3, 20000).slice(27), all = sum([...n]);
      const z = Math.max(...P3.map((p, x) => Math.abs(n[x] - all * p) / Math.sqrt(all * p * (1 - p))));
      holds(`speculative, rule ${rule}, q ${q}: |z| ${z} of the worst count`, rule < 2 ? z < 4.5 : z > 5);
      holds(`speculative, rule ${rule}, q ${q}: symbols a pass`, Math.abs(all / 20000 - c.speculative_live_tokens(of_rule[7], 3)) < 0.05);
    }
  c = await open('many_machines');
  for (const row of rows('chapters/many_machines/reference/restart-formula.tsv'))
    holds(`many_machines, an interval of ${row.interval}`, c.many_machines_live_overhead(Number(row.interval), 60, 86400) - 1 === Number(row.overhead));
  for (const row of rows('chapters/many_machines/reference/restart-best.tsv').slice(0, 2))
    holds(`many_machines, ${row.which}`, (row.which === 'best' ? c.many_machines_live_best(60, 86400) : c.many_machines_live_young(60, 86400)) === Number(row.seconds));
  for (const row of rows('chapters/many_machines/reference/shuffle-formula.tsv'))
    holds(`many_machines, ${row.tasks} tasks`, c.many_machines_live_combined(20000, 600000, Number(row.tasks)) === Number(row.share));
  holds('many_machines, the first word', c.many_machines_live_first(20000) * 64 === Number(rows('chapters/many_machines/reference/skew.tsv').find((r) => r.reducers === '64').bound));

  c = await open('mixed_precision');
  const FORMATS = ['float32', 'fp16', 'bf16', 'E4M3', 'E5M2'], PREFIX = { fp16: 'half', bf16: 'bfloat', E4M3: 'e4m3', E5M2: 'e5m2' };
  const bits_of = (f) => c.f64(c.mixed_precision_live_format(f), 4).slice();
  const in_format = (f, x, k = 0) => {
    const [pattern, value, half, scaled, back] = c.f64(c.mixed_precision_live_number(x, k), 25).subarray(5 * f, 5 * f + 5);
    return { pattern, value, half, scaled, back };
  };
  const as_float = (bits) => new Float32Array(Int32Array.of(bits).buffer)[0];
  for (const row of rows('chapters/mixed_precision/reference/worked-example-formats.tsv')) {
    const f = FORMATS.indexOf(row.format), said = in_format(f, 0.1), [, fraction] = bits_of(f);
    holds(`mixed_precision, 0.1 in ${row.format}`, said.pattern === Number(row.E) * 2 ** fraction + Number(row.F) && said.value === Number(row.value) &&
      said.value - 0.1 === Number(row.error) && 2 * said.half === Number(row.spacing));
  }
  for (const row of rows('chapters/mixed_precision/reference/ruler-numbers.tsv')) {
    const [exponent, fraction, lowest, largest] = bits_of(FORMATS.indexOf(row.format));
    holds(`mixed_precision, ${row.format}`, exponent === Number(row.exponent) && fraction === Number(row.fraction) && lowest === Number(row.log2_normal) && largest === Number(row.largest) &&
      lowest - fraction === Number(row.log2_smallest));
  }
  for (const f of [1, 2, 3, 4]) {
    const at = `chapters/mixed_precision/reference/${PREFIX[FORMATS[f]]}`, values = array(`${at}_decode/${f === 2 ? 'float_bits' : 'value'}.npy`);
    values.forEach((v, p) => {
      const value = c.mixed_precision_live_value(f, p);
      holds(`mixed_precision, ${FORMATS[f]}, pattern ${p}`, f === 2 ? v === -1 ? Number.isNaN(value) : Object.is(value, as_float(v)) : Object.is(value, v));
    });
    const given = array(`${at}_round${f === 3 ? '_nan' : ''}/x_bits.npy`), patterns = array(`${at}_round${f === 3 ? '_nan' : ''}/pattern.npy`);
    given.forEach((bits, i) => {
      const x = as_float(bits), said = in_format(f, x);
      holds(`mixed_precision, ${FORMATS[f]}, ${x} rounded`, patterns[i] === -1 ? Number.isNaN(said.value) : said.pattern === patterns[i]);
      const single = in_format(0, x + x * 2 ** -30);
      holds(`mixed_precision, ${x} to float32`, Number.isNaN(x) ? Number.isNaN(single.value) : Object.is(single.value, Math.fround(x + x * 2 ** -30)) && as_float(single.pattern | 0) === single.value);
      if (!Number.isFinite(said.value)) return;
      const [below, value, above] = c.f64(c.mixed_precision_live_around(f, said.pattern | 0), 9).slice(3, 6);
      const middle = in_format(f, (value + above) / 2);
      holds(`mixed_precision, ${FORMATS[f]}, ${x}: beside its neighbours`, value === said.value && !(below >= value) && !(above <= value) && Math.abs(value - x) <= said.half);
      holds(`mixed_precision, ${FORMATS[f]}, ${x}: a tie goes to even`, !Number.isFinite(above) || (middle.pattern % 2 === 0 && [value, above].includes(middle.value)));
    });
  }
  const doubles = array('chapters/mixed_precision/reference/double_rounding/x.npy'), halves = array('chapters/mixed_precision/reference/double_rounding/half.npy');
  doubles.forEach((x, i) => holds(`mixed_precision, ${x} rounded once`, in_format(1, x).value === halves[i]));
  const [small, saved] = ['small', 'saved'].map((name) => rows('chapters/mixed_precision/reference/worked-example.tsv').find((row) => row.case === name));
  const tiny = Number(saved.e) * 2 ** -20; // what the text has S multiply
  holds('mixed_precision, the step by hand, S = 1', in_format(1, tiny).value === Number(small.Se));
  holds('mixed_precision, the step by hand, S = 1024', in_format(1, tiny, 10).scaled === Number(saved.Se) && in_format(1, tiny, 10).back === Number(saved.Se) / 1024);
  for (let k = -24; k <= 24; k++) { // what the text says of 10^-8
    const half = in_format(1, 1e-8, k), off = Math.abs(half.back / 1e-8 - 1);
    holds(`mixed_precision, 1e-8, scale 2^${k}`, (half.back === 0) === (k <= 1) && (half.scaled >= 2 ** -14) === (k >= 13) && (k < 13 || half.back === in_format(1, 1e-8, 13).back) && (k < 13 || off <= 2 ** -11));
    holds(`mixed_precision, 1e-8 in bf16, scale 2^${k}`, in_format(2, 1e-8, k).back === in_format(2, 1e-8).value);
  }
  holds('mixed_precision: 65519 and 65520', in_format(1, 65519).value === 65504 && in_format(1, 65520).value === Infinity);

  c = await open('checkpointing');
  const KIND = { plain: 0, segments: 1, root: 2, best: 3, revolve: 4, plan: 5 }, STEPS = 64;
  const schedule = (kind, n, size, a = 4, budget = 0) => {
    const said = c.f64(c.checkpointing_live_go(KIND[kind], n, size, a, budget), 6 + STEPS + 1 + 9 * STEPS).slice(), [peak, evaluations, different, parts, fits, count] = said;
    return { peak, evaluations, different, parts, fits, kept: [...said.subarray(6, 7 + STEPS)], rows: Array.from({ length: count }, (_, i) => [...said.subarray(7 + STEPS + 3 * i, 10 + STEPS + 3 * i)]) };
  };
  for (const [n, s, file] of [[10, 3, 'revolve-actions'], [4, 2, 'worked-example-actions']]) {
    const said = schedule('revolve', n, s), actions = rows(`chapters/checkpointing/reference/${file}.tsv`);
    holds(`checkpointing, revolve, ${n} steps, ${s} slots: how many actions`, said.rows.length === actions.length);
    actions.forEach((row, i) => holds(`checkpointing, revolve, ${n} steps, ${s} slots, action ${i + 1}`, said.rows[i].join() === [['store', 'advance', 'reverse'].indexOf(row.kind), row.from, row.to].join()));
  }
  for (const row of rows('chapters/checkpointing/reference/revolve.tsv').filter((r) => Number(r.steps) <= STEPS && Number(r.slots) <= Number(r.steps))) {
    const said = schedule('revolve', Number(row.steps), Number(row.slots)), advanced = said.rows.filter(([kind]) => kind === 1), times = Array(STEPS).fill(0);
    for (const [, from, to] of advanced) for (let i = from; i < to; i++) times[i]++;
    holds(`checkpointing, revolve, ${row.steps} steps, ${row.slots} slots: evaluations`, said.evaluations === Number(row.evaluations) && sum(times) + Number(row.steps) === said.evaluations);
    holds(`checkpointing, revolve, ${row.steps} steps, ${row.slots} slots: repetitions`, Math.max(...times) === Number(row.repetitions) && c.checkpointing_live_repetitions(Number(row.steps), Number(row.slots)) === Number(row.repetitions));
    holds(`checkpointing, revolve, ${row.steps} steps, ${row.slots} slots: bits`, said.different === 0);
  }
  for (const row of rows('chapters/checkpointing/reference/plane.tsv').filter((r) => r.schedule in KIND)) { // measured on the tape
    const said = schedule(row.schedule, 64, Number(row.size));
    holds(`checkpointing, ${row.schedule} ${row.size}`, said.evaluations === Number(row.evaluations) && Math.abs(said.peak - Number(row.all)) < 0.5);
  }
  const [best, bests, by_K] = ['best', 'a', 'peak'].map((name) => array(`chapters/checkpointing/reference/best_segments/${name}.npy`)), ends = array('chapters/checkpointing/reference/best_segments/b.npy');
  bests.forEach((a, i) => {
    if (ends[i] !== 2) return;
    holds(`checkpointing, the best of 30 steps, a ${a}`, schedule('best', 30, 0, a).parts === best[i]);
    for (let K = 1; K <= 30; K++) holds(`checkpointing, ${K} segments of 30, a ${a}`, schedule('segments', 30, K, a).peak === by_K[30 * i + K - 1]);
  });
  const kept = array('chapters/checkpointing/reference/segments/kept.npy'), order = array('chapters/checkpointing/reference/segments/order.npy'), two = schedule('segments', 5, 2);
  holds('checkpointing, two segments of five: what is kept', kept.every((state) => two.kept[state] === 1) && sum(two.kept) === kept.length + 1);
  holds('checkpointing, two segments of five: the order', two.rows.filter(([kind]) => kind === 1).flatMap(([, from, to]) => Array.from({ length: to - from }, (_, i) => from + i)).join() === [...order].join());
  for (const n of [2, 9, 30, 64])
    for (const a of [2, 4, 57]) {
      const all = Object.fromEntries(Object.keys(KIND).map((kind) => [kind, schedule(kind, n, Math.min(n, 3), a, 0.6 * a * n)])), what = `checkpointing, ${n} steps, a ${a}`;
      holds(`${what}: bits`, Object.values(all).every((s) => s.different === 0));
      holds(`${what}: each step is reversed once, from the last to the first`, Object.values(all).every((s) =>
        s.rows.filter(([kind]) => kind === 2).flatMap(([, from, to]) => Array.from({ length: to - from }, (_, i) => to - 1 - i)).join() === Array.from({ length: n }, (_, i) => n - 1 - i).join()));
      holds(`${what}: the plan fits where it says so, and the root is no better than the best`, all.best.peak <= all.root.peak && (all.plan.fits === 1) === (all.plan.peak <= 0.6 * a * n) && all.root.parts === Math.round(Math.sqrt(n)));
      const ends = [...Array(all.plan.parts + 1).keys()].filter((i) => all.plan.kept[i]), lengths = ends.slice(1).map((end, i) => end - ends[i]);
      holds(`${what}: the plan's peak is that of what it keeps`, ends[ends.length - 1] === all.plan.parts && all.plan.kept.slice(all.plan.parts, n + 1).every((k) => k === 1) &&
        all.plan.peak === 2 * lengths.length + a * Math.max(0, ...lengths) + a * (n - all.plan.parts));
      const generous = schedule('plan', n, 0, a, a * n); // everything fits
      holds(`${what}: with room for all nothing is computed again`, generous.evaluations === n && generous.peak === a * n && generous.rows.length === 2 && all.plan.evaluations === n + all.plan.parts);
    }
  holds('checkpointing: what the text says of 64 layers', schedule('root', 64, 0).peak === 48 && schedule('best', 64, 0).peak === 46 && schedule('best', 64, 0).parts === 11 && schedule('best', 16, 0, 57).parts === 16);
  holds('checkpointing: and of ten', [[1, 55], [2, 30], [9, 19]].every(([s, n]) => schedule('revolve', 10, s).evaluations === n));

  c = await open('vit', 'chapters/vit/reference/trained-weights.npy');
  const VIT_MAPS = 12, vit_look = (k, right = 0, down = 0, missing = -1) => {
    const digit = c.vit_live_take(k, right, down), pixels = c.f32(c.vit_live_picture(), 256).slice(), said = c.f32(c.vit_live_look(digit, missing), 36 + 19 * VIT_MAPS).slice();
    return { digit, pixels, p: said.subarray(0, 10), without: said.subarray(10, 20), effect: said.subarray(20, 36),
      map: (m) => said.subarray(36 + 16 * m, 52 + 16 * m), like: (m) => said.subarray(36 + 16 * VIT_MAPS + 3 * m, 39 + 16 * VIT_MAPS + 3 * m) };
  };
  const first = vit_look(0);
  for (const row of rows('chapters/vit/reference/attention-effect-maps.tsv')) {
    const y = Number(row.row), x = Number(row.column), n = 4 * (y >> 2) + (x >> 2);
    holds(`vit, pixel ${y}, ${x}`, first.pixels[16 * y + x] === Math.fround(row.ink) && first.map(0)[n] === Math.fround(row.rollout) && first.effect[n] === Math.fround(row.loss));
  }
  const ranked = Array.from({ length: VIT_MAPS }, () => [0, 0, 0]); // means over the figure's pictures
  for (let k = 0; k < 200; k++) {
    const out = k % 16, said = vit_look(k, 0, 0, out);
    holds(`vit, picture ${k}: probabilities`, Math.abs(sum([...said.p]) - 1) < 1e-5 && Math.abs(sum([...said.without]) - 1) < 1e-5);
    holds(`vit, picture ${k}: the effect of patch ${out}`, Math.abs(Math.log(said.p[said.digit] / said.without[said.digit]) - said.effect[out]) < 1e-3);
    for (let block = 0; block < 2; block++)
      holds(`vit, picture ${k}, block ${block + 1}: heads`, said.map(1 + block).every((v, i) => Math.abs(v - sum([0, 1, 2, 3].map((head) => said.map(3 + 4 * block + head)[i])) / 4) < 1e-6) && sum([...said.map(1 + block)]) < 1);
    holds(`vit, picture ${k}: ink`, said.map(VIT_MAPS - 1).every((v, n) => Math.abs(v - sum([...said.pixels].filter((_, i) => 4 * (i >> 6) + (i % 16 >> 2) === n))) < 1e-4));
    ranked.forEach((mean, m) => mean.forEach((_, i) => { mean[i] += said.like(m)[i] / 200; }));
  }
  for (const [name, m] of [['rollout', 0], ['first', 1], ['last', 2], ['ink', VIT_MAPS - 1]]) {
    const row = rows('chapters/vit/reference/attention-effect.tsv').find((r) => r.map === name && r.seed === '0');
    holds(`vit, ${name}: rank correlations`, Math.abs(ranked[m][0] - Number(row.with_size)) < 1e-6 && Math.abs(ranked[m][1] - Number(row.with_loss)) < 1e-6);
  }
  const rolled = vit_look(3, 5, -2), still = vit_look(3); // where every pixel is
  holds('vit: rolled', still.pixels.every((v, i) => v === rolled.pixels[16 * (((i >> 4) + 14) % 16) + (i + 5) % 16]) && vit_look(3, 16, -16).p.join() === still.p.join());
  const answer_of = (p) => p.indexOf(Math.max(...p)), by_pixel = [1, 4].map((s) =>
    sum([...Array(50).keys()].map((k) => answer_of(vit_look(k, s, 0).p) === answer_of(vit_look(k).p) ? 1 : 0)) / 50);
  const sure = vit_look(18, 0, 0, 5), four = vit_look(1); // what the text says of two pictures
  holds('vit, picture 19', sure.digit === 2 && answer_of(sure.p) === 2 && sure.p[2] > 0.99 && answer_of(sure.without) === 8);
  holds('vit, picture 2', four.digit === 4 && [...four.effect.keys()].filter((n) => four.effect[n] > 0.1).join() === '5,9' && [5, 9].every((n) => answer_of(vit_look(1, 0, 0, n).without) === 4) && [0, 1, 2, 3].every((s) => answer_of(vit_look(1, s).p) === 4) && answer_of(vit_look(1, 4).p) === 1);
  holds(`vit: rolled by one pixel most answers stay, by a patch few: ${by_pixel}`, by_pixel[0] > 0.8 && by_pixel[1] < 0.5);
  c = await open('clip');
  const learn = (objective, n, told, draw, steps) => {
    const said = c.f64(c.clip_live_learn(objective, n, told, draw, steps), 79).slice();
    return { pmi: [...said.subarray(0, 20)], z: [...said.subarray(20, 40)], slope: [...said.subarray(40, 60)], loss: [...said.subarray(60, 61 + steps)], least: said[77], information: said[78] };
  };
  const OBJECTIVES = ['rows', 'columns', 'both', 'sigmoid'];
  OBJECTIVES.forEach((name, o) => { // the figure's own numbers
    const said = learn(o, 4, 0.7, 1, 16);
    rows('chapters/clip/reference/optimum.tsv').forEach((row, i) => holds(`clip, ${name}, pair ${i}`, said.z[i] === Number(row[name]) && said.pmi[i] === Number(row.pmi)));
    for (const row of rows('chapters/clip/reference/optimum-steps.tsv')) holds(`clip, ${name}, step ${row.step}`, said.loss[row.step] - said.loss[16] === Number(row[name]));
    if (o < 3) for (const row of rows('chapters/clip/reference/optimum-bound.tsv').filter((r) => Number(r.N) <= 8))
      holds(`clip, ${name}, N ${row.N}: log N - L`, Math.abs(Math.log(row.N) - learn(o, Number(row.N), 0.7, 1, 0).least - Number(row[name])) < 1e-14);
    for (const [n, told, draw] of [[2, 0.05, 3], [8, 1.2, 9], [5, 0.7, 50]]) {
      const far = learn(o, n, told, draw, 16), left = far.z.map((v, i) => v - far.pmi[i]), what = `clip, ${name}, N ${n}, told ${told}`;
      const same = (of) => left.every((v, i) => left.every((w, k) => of(i) !== of(k) || Math.abs(v - w) < 1e-5));
      holds(`${what}: the optimum is PMI and what the loss leaves free`, same([(i) => Math.floor(i / 4), (i) => i % 4, () => 0, () => 0][o]) && (o < 3 || Math.abs(left[0] + Math.log(n - 1)) < 1e-5));
      holds(`${what}: there the loss is least, and flat`, Math.abs(far.loss[16] - far.least) < 1e-10 && far.slope.every((v) => Math.abs(v) < 1e-6) && far.loss.every((v, i) => i === 0 || v <= far.loss[i - 1] + 1e-12));
      const begun = learn(o, n, told, draw, 0);
      holds(`${what}: not before`, begun.loss[0] > begun.least + 1e-3 && begun.slope.some((v) => Math.abs(v) > 1e-3));
    }
  });
  const PLACES = 20, MOST = 64;
  const towers = (n, noise, a, scale, b, follows) => {
    const p = c.clip_live_apart(n, noise, a, scale, b, follows), [softmax, softmax_dt, sigmoid, sigmoid_dt, db, mean, gap, now, ...at] = c.f64(p, 8 + 2 * PLACES).slice();
    const dz = [0, 1].map((k) => [...c.f32(p + 8 * (8 + 2 * PLACES) + 4 * k * MOST * MOST, n * n)]);
    return { softmax, softmax_dt, sigmoid, sigmoid_dt, db, mean, gap, now, at, dz };
  };
  for (const row of rows('chapters/clip/reference/invariance.tsv')) {
    const said = towers(64, 1.2, Number(row.a), 10, Number(row.b), 1), fixed = towers(64, 1.2, Number(row.a), 10, Number(row.b), 0);
    holds(`clip, towers apart by ${row.a}`, said.gap === Number(row.gap) && Math.abs(said.now / row.scale - 1) < 1e-6 && Math.abs(said.softmax - row.softmax) < 1e-6 && Math.abs(said.sigmoid - row.sigmoid) < 1e-5 && Math.abs(fixed.softmax - row.same_t) < 1e-6);
  }
  for (const n of [2, 8, 64])
    for (const [noise, a, scale, b, follows] of [[0.6, 0, 10, 0, 1], [0, 0.94, 54, -15, 1], [3, 0.5, 1, 2, 0]]) {
      const said = towers(n, noise, a, scale, b, follows), what = `clip, ${n} pairs, a ${a}, b ${b}`, by = 0.01;
      const after = towers(n, noise, a, scale, b + by, follows), before = towers(n, noise, a, scale, b - by, follows), near = (x, y) => Math.abs(x - y) < 2e-3 * Math.max(1, Math.abs(y));
      holds(`${what}: db by differences`, near((after.sigmoid - before.sigmoid) / (2 * by), said.db));
      const up = towers(n, noise, a, scale * Math.exp(by), b, follows), down = towers(n, noise, a, scale / Math.exp(by), b, follows);
      holds(`${what}: dt by differences`, near((up.sigmoid - down.sigmoid) / (2 * by), said.sigmoid_dt) && near((up.softmax - down.softmax) / (2 * by), said.softmax_dt));
      holds(`${what}: what pulls the scores`, Math.abs(sum(said.dz[0])) < 1e-5 && Math.abs(sum(said.dz[1]) - said.db) < 1e-4 * Math.max(1, Math.abs(said.db)) &&
        said.dz[1].every((v, i) => i % (n + 1) ? v >= 0 : v <= 0));
      if (a === 0) holds(`${what}: the curve begins here`, said.at[0] === said.softmax && said.at[1] === said.sigmoid);
      const flat = said.at.filter((_, i) => i % 2 === 0);
      if (follows) holds(`${what}: InfoNCE does not see a`, flat.every((v) => Math.abs(v - flat[0]) < 1e-4));
    }
  const best_a = (n, b) => { const { at } = towers(n, 0.6, 0, 10, b, 1), list = at.filter((_, i) => i % 2); return 0.95 * list.indexOf(Math.min(...list)) / PLACES; };
  const loss_at = (n, b) => towers(n, 0.6, 0, 10, b, 1).sigmoid;
  for (const n of [32, 64]) holds(`clip: what the text says of b, ${n} pairs`, Math.abs(best_a(n, 0) - 0.67) < 0.05 && best_a(n, -7) > 0 && [-8, -10].every((b) => best_a(n, b) === 0) && loss_at(n, -10) > loss_at(n, -8));

  console.log(`${asked} numbers of the interactives: ` + (wrong ? `${wrong} are wrong` : 'all are right'));
  process.exit(wrong || asked < 3000 ? 1 : 0);
})();
