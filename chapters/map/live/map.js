// One image: boxes and scores that the reader drags, every rule's number, and the reason of each verdict.
live.turn('map/drawing-matching.svg', 'Try it: drag the boxes', (c, ui) => {
  const G = 3, D = 5, WIDE = 320, HIGH = 190;
  const begin = [[30, 40, 80, 100], [95, 60, 80, 100], [215, 40, 70, 110],
    [36, 46, 80, 100, 0.9], [48, 42, 76, 96, 0.75], [100, 74, 78, 90, 0.6], [222, 66, 70, 100, 0.55], [150, 10, 50, 40, 0.3]];
  const boxes = begin.map((b) => [...b]), name = (i) => i < G ? 'ABC'[i] : String(i - G + 1);
  const threshold = ui.slider('IoU threshold', 0.05, 0.95, 0.05, 0.5);
  const chosen = ui.choice('Box', boxes.map((_, i) => i < G ? `object ${name(i)}` : `detection ${name(i)}`), G);
  const edges = [['x', 0, WIDE], ['y', 0, HIGH], ['width', 4, 200], ['height', 4, 180]].map(([label, low, high], k) => ui.slider(label, low, high, 1, boxes[G][k], (v) => live.number(v, 4)));
  const score = ui.slider('score', 0.01, 0.99, 0.01, boxes[G][4]);
  ui.button('As it was', () => {
    begin.forEach((b, i) => { boxes[i] = [...b]; });
    show();
  });
  const scene = ui.plot({ x: [0, WIDE], y: [HIGH, 0], ratio: HIGH / WIDE, bare: true, about: 'Three objects and five detections' });
  const verdicts = ui.table(), say = ui.text();
  ui.note('Thick grey: the objects A, B, C. Green: a detection that COCO counts as found; orange: one that it counts as false. Drag a box, or its lower right corner; or choose it and move its numbers. VOC’s pixels belong to both edges, so its IoU is a little larger; and VOC lets a detection ask only its best object, while COCO lets it take the best of those that are left.');

  let shown = -1;
  function show() { // the chosen box's numbers
    shown = chosen.value;
    edges.forEach((e, k) => { e.value = boxes[shown][k]; });
    score.input.disabled = shown < G;
    if (shown >= G) score.value = boxes[shown][4];
  }
  let held = null;
  scene.drag((x, y, phase) => {
    if (phase === 'press') {
      held = null;
      for (let i = boxes.length - 1; i >= 0 && !held; i--) {
        const [a, b, w, h] = boxes[i], corner = Math.hypot(x - a - w, y - b - h) < 10;
        if (corner || (x >= a && x <= a + w && y >= b && y <= b + h)) held = { i, corner, dx: x - a, dy: y - b };
      }
      if (held) {
        chosen.value = held.i;
        show();
      }
    } else if (held && phase === 'move') {
      const box = boxes[held.i], whole = (v, low, high) => Math.round(Math.min(high, Math.max(low, v)));
      if (held.corner) [box[2], box[3]] = [whole(x - box[0], 4, 200), whole(y - box[1], 4, 180)];
      else [box[0], box[1]] = [whole(x - held.dx, 0, WIDE), whole(y - held.dy, 0, HIGH)];
      show();
    }
    ui.again();
  });
  const cut = (v) => live.number(Math.floor(v * 1000) / 1000);
  ui.update(() => {
    if (shown !== chosen.value) show();
    edges.forEach((e, k) => { boxes[shown][k] = e.value; });
    if (shown >= G) boxes[shown][4] = score.value;
    c.f64(c.map_live_boxes(), 4 * G + 5 * D).set(boxes.flatMap((b, i) => i < G ? b.slice(0, 4) : b));
    const t = threshold.value, all = c.f64(c.map_live_score(t), 6 * D + 2 * D * G + 5).slice();
    const fate = (d, k) => all[6 * d + k], iou = (d, g, coco) => all[6 * D + 2 * (d * G + g) + coco], number = (k) => all[6 * D + 2 * D * G + k];
    const reason = (d, coco) => {
      const at = coco ? 3 : 0, overlaps = [0, 1, 2].map((g) => iou(d, g, coco)), best = overlaps.indexOf(Math.max(...overlaps));
      if (fate(d, at + 1)) return `found: ${name(fate(d, at + 2))}, IoU ${cut(overlaps[fate(d, at + 2)])}`;
      if (overlaps[best] < t) return overlaps[best] > 0 ? `false: at most IoU ${cut(overlaps[best])}, with ${name(best)}` : 'false: nothing is there';
      const by = [...Array(D).keys()].find((e) => fate(e, at + 1) && fate(e, at + 2) === best);
      return `false: ${name(best)} is taken` + (by === undefined ? '' : ` by ${name(G + by)}, which is surer`);
    };
    const order = [...Array(D).keys()].sort((a, b) => fate(a, 3) - fate(b, 3));
    verdicts(['detection', 'score', 'VOC', 'COCO'], order.map((d) => [name(G + d), live.number(boxes[G + d][4]), reason(d, 0), reason(d, 1)]));
    scene.show([
      ...boxes.slice(0, G).map(([x, y, w, h], g) => scene.rect(x, y, x + w, y + h, 6, 'thick', name(g))),
      ...boxes.slice(G).map(([x, y, w, h, s], d) => scene.rect(x, y, x + w, y + h, fate(d, 4) ? 3 : 2, shown === G + d ? 'filled' : '', `${name(G + d)}: ${live.number(s)}`))]);
    const percent = (k) => live.number(100 * number(k), 4);
    say(`At IoU ${live.number(t)}: AP of VOC 2007 (11 points) ${percent(0)}, of VOC 2010 (all points) ${percent(1)}, of COCO’s 101 points ${percent(2)}; COCO’s AP, the mean over ten thresholds, ${percent(3)} (all in percent).`);
  });
});
