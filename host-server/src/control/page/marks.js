// Passing marks on the ground: sparks of hits, crosses where somebody fell, rings where somebody came back, the puff
// of a shot. Bounded: the oldest mark makes room. Times are milliseconds of the battle. Not here: blasts (blasts.js).

import { MARK_RESPAWN, MARK_SHOT, NOBODY } from "./frames.js";

const KEPT = 900;
const HIT = 1;
const DEATH = 2;
const LIFE_MS = { [HIT]: 320, [DEATH]: 9000, [MARK_RESPAWN]: 900, [MARK_SHOT]: 200 };
const TURN = Math.PI * 2;

export class Marks {
  constructor() {
    this.list = [];
    this.at = 0;
  }

  clear() {
    this.list = [];
    this.at = 0;
  }

  keep(kind, team, x, z, born) {
    if (LIFE_MS[kind] === undefined || team === NOBODY) return;
    this.list[this.at] = { kind, team, x, z, born };
    this.at = (this.at + 1) % KEPT;
  }

  // Takes over the events of a frame that the playhead has just passed.
  enter({ marks, hits, deaths, timeMs }) {
    for (let i = 0; i < marks.kind.length; i += 1) this.keep(marks.kind[i], marks.team[i], marks.x[i], marks.z[i], timeMs);
    for (let i = 0; i < hits.team.length; i += 1) this.keep(HIT, hits.team[i], hits.x[i], hits.z[i], timeMs);
    for (let i = 0; i < deaths.team.length; i += 1) this.keep(DEATH, deaths.team[i], deaths.x[i], deaths.z[i], timeMs);
  }

  // Calls draw(px, py, age 0..1, mark) for what is alive, on the canvas, and of one of the kinds.
  each(kinds, camera, timeMs, draw) {
    for (const mark of this.list) {
      if (!kinds.includes(mark.kind)) continue;
      const age = (timeMs - mark.born) / LIFE_MS[mark.kind];
      if (age < 0 || age >= 1) continue;
      const px = camera.toScreenX(mark.x);
      const py = camera.toScreenY(mark.z);
      if (px < -30 || py < -30 || px > camera.width + 30 || py > camera.height + 30) continue;
      draw(px, py, age, mark);
    }
  }

  // Under the characters: crosses that fade slowly.
  drawGround(context, camera, timeMs, colors, theme) {
    const size = Math.min(Math.max(camera.scale * 0.42, 2.4), 9);
    this.each([DEATH], camera, timeMs, (px, py, age, mark) => {
      const fade = Math.min(1, (1 - age) * 1.6);
      for (const [width, color, alpha] of [[3.4, theme.markUnder, 0.5], [1.6, colors[mark.team], 0.85]]) {
        context.globalAlpha = fade * alpha;
        context.strokeStyle = color;
        context.lineWidth = width;
        context.beginPath();
        context.moveTo(px - size, py - size);
        context.lineTo(px + size, py + size);
        context.moveTo(px + size, py - size);
        context.lineTo(px - size, py + size);
        context.stroke();
      }
    });
    context.globalAlpha = 1;
  }

  // Over the characters: what flares up and is gone.
  drawFlares(context, camera, timeMs, colors, theme, reduced) {
    if (reduced) return;
    const unit = Math.min(Math.max(camera.scale * 0.5, 4), 16);
    context.lineCap = "round";
    this.each([HIT], camera, timeMs, (px, py, age, mark) => {
      const turn = (mark.born * 0.37 + mark.x * 5) % TURN;
      const inner = unit * (0.35 + age * 1.0);
      const outer = unit * (0.75 + age * 1.5);
      context.globalAlpha = (1 - age) * 0.9;
      context.strokeStyle = theme.spark;
      context.lineWidth = 1.5;
      context.beginPath();
      for (let ray = 0; ray < 5; ray += 1) {
        const [c, s] = [Math.cos(turn + (ray * TURN) / 5), Math.sin(turn + (ray * TURN) / 5)];
        context.moveTo(px + c * inner, py + s * inner);
        context.lineTo(px + c * outer, py + s * outer);
      }
      context.stroke();
    });
    this.each([DEATH, MARK_RESPAWN, MARK_SHOT], camera, timeMs, (px, py, age, mark) => {
      // A fall shows its cross for long, but its ring for a moment only.
      const part = mark.kind === DEATH ? age * (LIFE_MS[DEATH] / 600) : age;
      if (part >= 1) return;
      const reach = { [DEATH]: 0.6 + part * 2.2, [MARK_RESPAWN]: 2.6 - part * 1.7, [MARK_SHOT]: 0.3 + part * 0.7 };
      context.globalAlpha = mark.kind === MARK_RESPAWN ? Math.sin(part * Math.PI) * 0.8 : (1 - part) * 0.8;
      context.strokeStyle = mark.kind === MARK_SHOT ? theme.spark : colors[mark.team];
      context.lineWidth = mark.kind === DEATH ? 2.2 * (1 - part) + 0.4 : 1.4;
      context.beginPath();
      context.arc(px, py, unit * reach[mark.kind], 0, TURN);
      context.stroke();
    });
    context.globalAlpha = 1;
    context.lineCap = "butt";
  }
}
