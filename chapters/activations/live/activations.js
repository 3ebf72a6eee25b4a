// A stack of layers: what becomes of the size of a signal, and of a gradient on its way back.
live.turn('activations/variance-map.svg', 'Try it: a stack of layers', (c, ui) => {
  const GRID = 61, CURVE = 161, LAYERS = 60, NETS = 10, SEED = 31;
  const NAMES = ['identity', 'threshold', 'sigmoid', 'tanh', 'ReLU', 'leaky ReLU', 'ELU', 'SELU', 'softplus', 'SiLU', 'GELU', 'GELU by tanh', 'GELU by sigmoid', 'Mish'], GELU = 10;
  const kind = ui.choice('Activation', NAMES, GELU);
  let weight = c.activations_live_gain_square(GELU), set = null;
  const size = ui.slider('weights, σ²', -1.5, 1.5, 0.01, Math.log10(weight), () => live.number(weight, 4));
  const bias = ui.slider('biases, σ²', 0, 1, 0.01, 0);
  const start = ui.slider('q at first', -2, 2, 0.02, 0.08, (e) => live.number(10 ** e));
  const depth = ui.slider('layers', 1, LAYERS, 1, 30, String), width = ui.slider('nets’ width', 4, 64, 1, 50, String);
  const look = ui.slider('look at layer', 0, LAYERS - 1, 1, 0, (v) => String(Math.min(v, depth.value - 1)));
  ui.button('The gain: V(1) = 1', () => { set = c.activations_live_gain_square(kind.value); });
  ui.button('He: 2', () => { set = 2; });
  ui.button('LeCun: 1', () => { set = 1; });
  ui.button('PyTorch’s default: 1/3', () => { set = 1 / 3; });
  const say = ui.text();
  const layers = ui.plot({ x: [0, 30], y: [0.1, 10], log: 'y', names: ['layer', ''], height: 230, about: 'The mean square of the signal and of the gradient by layer' });
  const map = ui.plot({ x: [-3, 3], y: [0.1, 10], log: 'y', names: ['log₁₀ q', 'V(q) / q'], half: true, height: 190, about: 'The factor of a layer against q, and the way of this signal' });
  const shape = ui.plot({ x: [-4, 4], y: [-1, 4], names: ['pre-activation', ''], half: true, height: 190, about: 'The function, its slope, and how likely the pre-activations of the layer are' });
  ui.note(
    'Above: q, the mean square of the pre-activations, by the map (blue), and of a gradient that is 1 behind the last layer and comes back (orange); thin: random nets of ' +
    'this width. Left: the factor that a layer gives to q; the dots are this signal’s, layer by layer. Where the line falls through 1, q comes back; where it rises, it runs away. Right: the ' +
    'function (blue), its slope (orange), and the density of the pre-activations of the layer that is looked at (grey).');
  let was = '', nets = [], shown = null;
  const at = (list, j, k) => Array.from({ length: list.length / k }, (_, l) => list[k * l + j]);
  // Two orders of a size more than what is there, and never more than 24 orders in all.
  const orders = (values) => {
    const all = values.filter((v) => v > 0 && Number.isFinite(v)).map(Math.log10), low = Math.max(-12, Math.floor(Math.min(-1, ...all))), high = Math.min(12, Math.ceil(Math.max(1, ...all)));
    return [10 ** low, 10 ** high];
  };

  ui.update(() => {
    if (set !== null) weight = set;
    else if (size.value !== shown && shown !== null) weight = 10 ** size.value;
    set = null;
    size.value = Math.log10(weight); // its text has the weight itself
    shown = size.value;
    look.input.max = depth.value - 1;
    look.value = look.value;
    const L = depth.value, q = 10 ** start.value, key = [kind.value, weight, bias.value, q, L, width.value].join();
    if (key !== was) [nets, was] = [[], key];
    else if (nets.length < NETS) // one a frame
      nets.push(c.f64(c.activations_live_net(kind.value, weight, bias.value, q, L, width.value, SEED, nets.length), 2 * (L + 1)).slice());
    const stack = c.f64(c.activations_live_stack(kind.value, weight, bias.value, q, L), 3 * (L + 1)).slice();
    const signal = at(stack, 0, 3), back = at(stack, 1, 3), chi = at(stack, 2, 3), all = [...Array(L + 1).keys()];
    layers.range([0, L], orders([...signal, ...back, ...nets.flatMap((net) => [...net])]));
    layers.show([...nets.flatMap((net) => [layers.line(all, at(net, 0, 2), 1, 'thin'), layers.line(all, at(net, 1, 2), 2, 'thin')]),
      layers.line(all, signal, 1, 'thick'), layers.line(all, back, 2, 'thick')]);

    const ratio = c.f64(c.activations_live_map(kind.value, weight, bias.value), GRID).slice(), factor = all.slice(0, L).map((l) => signal[l + 1] / signal[l]);
    const [low, high] = [Math.min(0.5, ...ratio), Math.max(2, ...ratio)];
    map.range(null, [Math.max(1e-3, 0.8 * low), Math.min(1e3, 1.25 * high)]);
    const inside = all.slice(0, L).filter((l) => signal[l] > 1e-3 && signal[l] < 1e3);
    map.show([map.line([-3, 3], [1, 1], 6, 'dashed thin'), map.line(Array.from(ratio, (_, i) => (i - 30) / 10), ratio, 1),
      map.points(inside.map((l) => Math.log10(signal[l])), inside.map((l) => factor[l]), 2, 3)]);

    const l = look.value, std = Math.sqrt(signal[l]), reach = Math.min(12, Math.max(3, 3 * std));
    const f = c.f64(c.activations_live_function(kind.value, reach), 2 * CURVE).slice(), xs = Array.from({ length: CURVE }, (_, i) => reach * (i / ((CURVE - 1) / 2) - 1));
    const top = Math.max(1.2, ...f), bottom = Math.min(0, ...f);
    shape.range([-reach, reach], [bottom - 0.05 * top, 1.05 * top]);
    shape.show([shape.line(xs, xs.map((x) => top * Math.exp(-x * x / (2 * signal[l]))), 6, 'thin'), shape.line(xs, at(f, 0, 2), 1), shape.line(xs, at(f, 1, 2), 2)]);

    const less = nets.length ? nets.map((net) => net[2 * L]).sort((a, b) => a - b) : [], middle = less.length ? less[less.length >> 1] : NaN;
    say(`By the map q goes from ${live.number(q)} to ${live.number(signal[L])} in ${L} layers, and a squared gradient comes back ${live.number(back[0])} times as large. ` +
      `At layer ${l}, where q is ${live.number(signal[l])}, one layer multiplies it by ${live.number(factor[l])} and a squared gradient by χ = ${live.number(chi[l])}.` +
      (nets.length ? ` The middle one of ${nets.length} random nets ends at ${live.number(middle)}.` : ''));
    if (nets.length < NETS) ui.again();
  });
});
