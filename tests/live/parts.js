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
const open = async (chapter) => live.instance(await WebAssembly.compile(fs.readFileSync(path.join(build, `wasm/${chapter}.wasm`))));
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

  console.log(`${asked} numbers of the interactives: ` + (wrong ? `${wrong} are wrong` : 'all are right'));
  process.exit(wrong || asked < 3000 ? 1 : 0);
})();
