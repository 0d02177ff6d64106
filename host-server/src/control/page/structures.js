// Structures from above: stone and wood, with more cracks the less health is left, and rubble where one has fallen.
// They are part of the ground's picture, which is drawn anew only when a section has changed by a step of health.

const STEPS = 8;
const WOOD = new Set(["gate", "palisade", "barricade", "siege tower", "catapult", "banner post"]);
const TURN = Math.PI * 2;

// A small generator of fixed numbers, so that a section cracks the same way every time.
function seeded(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    state ^= state >>> 13;
    return (state >>> 0) / 4294967296;
  };
}

// The path of an outline in metres, and the box around it.
function shapeOf(outline) {
  const path = new Path2D();
  if (outline.circle !== undefined) {
    const [x, z, radius] = outline.circle;
    path.arc(x, z, radius, 0, TURN);
    return { path, left: x - radius, top: z - radius, right: x + radius, bottom: z + radius, round: true };
  }
  outline.polygon.forEach(([x, z], i) => (i === 0 ? path.moveTo(x, z) : path.lineTo(x, z)));
  path.closePath();
  const [xs, zs] = [outline.polygon.map(([x]) => x), outline.polygon.map(([, z]) => z)];
  return { path, left: Math.min(...xs), top: Math.min(...zs), right: Math.max(...xs), bottom: Math.max(...zs), round: false };
}

export class Structures {
  constructor() {
    this.setHello({ sections: [], solids: [] });
  }

  setHello(hello) {
    this.sections = hello.sections.map(({ kind, outline }) => ({ kind, wood: WOOD.has(kind), ...shapeOf(outline) }));
    this.solids = hello.solids.map(shapeOf);
    this.steps = new Uint8Array(this.sections.length).fill(STEPS);
    this.version = 0;
  }

  // Takes over the health of all sections; the picture changes only when one has passed a step.
  enter(health) {
    for (let i = 0; i < this.steps.length; i += 1) {
      const step = Math.ceil((health[i] / 255) * STEPS);
      if (step === this.steps[i]) continue;
      this.steps[i] = step;
      this.version += 1;
    }
  }

  standing() {
    return this.steps.reduce((sum, step) => sum + (step > 0 ? 1 : 0), 0);
  }

  // The section under a place, with what is left of it 0..1; null where none is.
  at(x, z) {
    const i = this.sections.findIndex((one) => x >= one.left && x <= one.right && z >= one.top && z <= one.bottom);
    return i < 0 ? null : { kind: this.sections[i].kind, left: this.steps[i] / STEPS };
  }

  // `context` is in pixels of the page; what lies outside of the view is left out.
  draw(context, camera, theme) {
    const [left, right] = [camera.toWorldX(0), camera.toWorldX(camera.width)];
    const [top, bottom] = [camera.toWorldZ(0), camera.toWorldZ(camera.height)];
    const seen = (one) => one.right > left && one.left < right && one.bottom > top && one.top < bottom;
    context.save();
    context.translate(camera.toScreenX(0), camera.toScreenY(0));
    context.scale(camera.scale, camera.scale);
    const pixel = 1 / camera.scale;
    for (const solid of this.solids) if (seen(solid)) this.drawBody(context, solid, theme.stone, theme.stoneEdge, pixel, 0.9);
    this.sections.forEach((section, i) => {
      if (!seen(section)) return;
      if (this.steps[i] === 0) this.drawRubble(context, section, i, theme, pixel);
      else this.drawSection(context, section, i, theme, pixel);
    });
    context.restore();
  }

  drawBody(context, shape, fill, edge, pixel, alpha) {
    context.globalAlpha = alpha;
    context.save();
    context.shadowColor = "rgb(0 0 0 / 45%)";
    context.shadowBlur = 0.7 / pixel;
    context.shadowOffsetX = context.shadowOffsetY = 0.3 / pixel;
    context.fillStyle = fill;
    context.fill(shape.path);
    context.restore();
    context.strokeStyle = edge;
    context.lineWidth = 1.3 * pixel;
    context.lineJoin = "miter";
    context.stroke(shape.path);
    context.globalAlpha = 1;
  }

  drawSection(context, section, i, theme, pixel) {
    const part = this.steps[i] / STEPS;
    const [fill, edge] = section.wood ? [theme.wood, theme.woodEdge] : [theme.stone, theme.stoneEdge];
    this.drawBody(context, section, fill, edge, pixel, 0.55 + 0.45 * part);
    context.save();
    context.clip(section.path);
    this.drawGrain(context, section, edge, pixel);
    if (part < 1) this.drawCracks(context, section, i, 1 - part, theme, pixel);
    context.restore();
    if (section.round) this.drawCrown(context, section, edge, pixel);
  }

  // Planks of wood, courses of stone: short lines across the longer side.
  drawGrain(context, { left, top, right, bottom, wood, round }, edge, pixel) {
    if (round || pixel > 0.25) return;
    const along = right - left > bottom - top;
    const gap = wood ? 0.5 : 1.4;
    context.strokeStyle = edge;
    context.globalAlpha = 0.5;
    context.lineWidth = pixel;
    context.beginPath();
    for (let at = (along ? left : top) + gap; at < (along ? right : bottom); at += gap) {
      context.moveTo(along ? at : left, along ? top : at);
      context.lineTo(along ? at : right, along ? bottom : at);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  drawCrown(context, { left, top, right, bottom }, edge, pixel) {
    context.strokeStyle = edge;
    context.lineWidth = 1.3 * pixel;
    context.beginPath();
    context.arc((left + right) / 2, (top + bottom) / 2, (right - left) * 0.33, 0, TURN);
    context.stroke();
  }

  drawCracks(context, { left, top, right, bottom }, i, lost, theme, pixel) {
    const random = seeded(i);
    const reach = Math.min(right - left, bottom - top);
    context.strokeStyle = theme.crack;
    context.lineWidth = Math.max(1.5 * pixel, 0.05 + 0.12 * lost);
    context.beginPath();
    for (let crack = 0; crack < Math.ceil(lost * 9); crack += 1) {
      let [x, z] = [left + random() * (right - left), top + random() * (bottom - top)];
      context.moveTo(x, z);
      for (let bend = 0; bend < 3; bend += 1) {
        x += (random() - 0.5) * reach * 1.2;
        z += (random() - 0.5) * reach * 1.2;
        context.lineTo(x, z);
      }
    }
    context.stroke();
  }

  drawRubble(context, { path, left, top, right, bottom, wood }, i, theme, pixel) {
    const random = seeded(i);
    context.globalAlpha = 0.3;
    context.fillStyle = theme.rubble;
    context.fill(path);
    context.globalAlpha = 0.85;
    context.fillStyle = wood ? theme.wood : theme.stone;
    context.strokeStyle = theme.crack;
    context.lineWidth = pixel;
    context.beginPath();
    const stones = Math.min(Math.max(Math.round((right - left) * (bottom - top) * 1.6), 5), 40);
    for (let stone = 0; stone < stones; stone += 1) {
      const [x, z] = [left + random() * (right - left), top + random() * (bottom - top)];
      const size = 0.12 + random() * 0.24;
      context.moveTo(x + size, z);
      context.lineTo(x, z + size * (0.6 + random() * 0.5));
      context.lineTo(x - size, z + random() * size * 0.4);
      context.lineTo(x - size * 0.2, z - size);
      context.closePath();
    }
    context.fill();
    context.globalAlpha = 0.4;
    context.stroke();
    context.globalAlpha = 1;
  }
}
