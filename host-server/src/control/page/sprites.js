// Markers: one character seen from above, drawn once for each (team, heading, health, state) and then copied.
// A marker points where its character looks. Teams differ in shape as well as in colour. A wounded character's marker
// empties from the middle. Not here: where the markers go (field.js).

const HEADINGS = 64;
const HEALTH_LEVELS = 6;
const TURN = Math.PI * 2;
const COPY_UP_TO_PX = 13; // larger markers are few on the screen: drawing them is cheaper than keeping them all
export const STRUCK = HEALTH_LEVELS; // the level that is drawn white for an instant

// Outlines in units of the radius; the nose points up, as yaw 0 looks north.
const SHAPES = [
  (path) => { // a drop
    path.moveTo(0, -1.75);
    path.quadraticCurveTo(1.02, -0.72, 1, 0.05);
    path.arc(0, 0.05, 1, 0, Math.PI);
    path.quadraticCurveTo(-1.02, -0.72, 0, -1.75);
  },
  (path) => { // an arrowhead with a notch
    path.moveTo(0, -1.7);
    path.quadraticCurveTo(0.75, -0.5, 1.22, 1.02);
    path.quadraticCurveTo(0.4, 0.72, 0, 0.42);
    path.quadraticCurveTo(-0.4, 0.72, -1.22, 1.02);
    path.quadraticCurveTo(-0.75, -0.5, 0, -1.7);
  },
  (path) => { // a kite
    path.moveTo(0, -1.75);
    path.lineTo(1, 0);
    path.lineTo(0, 1.15);
    path.lineTo(-1, 0);
    path.closePath();
  },
].map((outline) => {
  const path = new Path2D();
  outline(path);
  return path;
});

function drawMarker(context, px, py, angle, radius, look, level) {
  const path = SHAPES[look.shape % SHAPES.length];
  context.save();
  context.translate(px, py);
  context.rotate(angle);
  context.scale(radius, radius);
  context.lineJoin = "round";
  context.lineWidth = 1.9 / radius;
  context.strokeStyle = look.outline;
  context.stroke(path);
  context.fillStyle = level === STRUCK ? look.flash : look.color;
  context.fill(path);
  if (level !== STRUCK && level < HEALTH_LEVELS - 1) {
    const lost = 1 - level / (HEALTH_LEVELS - 1);
    context.save();
    context.clip(path);
    context.fillStyle = look.hollow;
    context.beginPath();
    context.arc(0, 0.05, 0.3 + 0.5 * lost, 0, TURN);
    context.fill();
    context.restore();
  }
  context.restore();
}

export class Sprites {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
    this.radius = 0;
    this.looks = [];
    this.drawn = new Uint8Array(0);
  }

  setLooks(looks) {
    this.looks = looks;
    this.radius = 0;
  }

  // Makes ready for markers of this radius in device pixels; what was drawn stays while the size hardly changes.
  prepare(radius) {
    if (this.radius > 0 && Math.abs(radius / this.radius - 1) < 0.07) return;
    this.radius = radius;
    if (radius > COPY_UP_TO_PX) return;
    this.cell = Math.ceil(radius * 3.55 + 3);
    this.canvas.width = this.cell * HEADINGS;
    this.canvas.height = this.cell * this.looks.length * (HEALTH_LEVELS + 1);
    this.drawn = new Uint8Array(HEADINGS * this.looks.length * (HEALTH_LEVELS + 1));
  }

  // 255 is full health.
  level(health) {
    return Math.min(Math.ceil((health / 255) * (HEALTH_LEVELS - 1)), HEALTH_LEVELS - 1);
  }

  // Draws one marker, centred, at a size of `grow` times the prepared radius; large ones are not copied, or they would blur.
  draw(context, px, py, yaw, team, level, grow, large) {
    if (large || this.radius > COPY_UP_TO_PX) {
      drawMarker(context, px, py, -yaw, this.radius * grow, this.looks[team], level);
      return;
    }
    const heading = Math.round(((TURN - yaw) / TURN) * HEADINGS) & (HEADINGS - 1);
    const row = team * (HEALTH_LEVELS + 1) + level;
    const { cell } = this;
    if (this.drawn[row * HEADINGS + heading] === 0) {
      this.drawn[row * HEADINGS + heading] = 1;
      const angle = (heading / HEADINGS) * TURN;
      const [cx, cy] = [(heading + 0.5) * cell, (row + 0.5) * cell];
      drawMarker(this.context, cx, cy, angle, this.radius, this.looks[team], level);
    }
    const size = cell * grow;
    context.drawImage(this.canvas, heading * cell, row * cell, cell, cell, px - size / 2, py - size / 2, size, size);
  }
}
