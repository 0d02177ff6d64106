// How characters are doing, as small marks beside their markers: a shield held up, a stun, a slowed or held body, an ability
// that is being prepared. Drawn only where there is room for them. Marks differ in form, not only in colour.

import { BODY_BLOCKING, BODY_CASTING, BODY_SLOWED, BODY_STUNNED, FLAG_ALIVE } from "./frames.js";

const FROM_PX = 4.2;
const TURN = Math.PI * 2;

export function drawStatus(context, camera, motion, radius, sizes, colors, theme) {
  if (radius < FROM_PX) return;
  const { slot, flags, team, body, kind } = motion.frame.characters;
  for (let i = 0; i < slot.length; i += 1) {
    if (body[i] === 0 || !(flags[i] & FLAG_ALIVE)) continue;
    const [px, py] = [camera.toScreenX(motion.x[i]), camera.toScreenY(motion.z[i])];
    if (px < -40 || py < -40 || px > camera.width + 40 || py > camera.height + 40) continue;
    const reach = radius * (sizes[kind[i]] ?? 1);
    if (body[i] & BODY_SLOWED) drawSlowed(context, px, py, reach, theme);
    if (body[i] & BODY_CASTING) drawCasting(context, px, py, reach, colors[team[i]]);
    if (body[i] & BODY_BLOCKING) drawShield(context, px, py, reach, motion.yaw[i], theme);
    if (body[i] & BODY_STUNNED) drawStun(context, px, py, reach, theme);
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
  context.lineCap = "butt";
}

// An arc before the body.
function drawShield(context, px, py, radius, yaw, theme) {
  const ahead = -Math.PI / 2 - yaw;
  context.lineCap = "round";
  for (const [color, width] of [[theme.outline, 5], [theme.shield, 2.8]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.arc(px, py, radius * 1.9, ahead - 0.8, ahead + 0.8);
    context.stroke();
  }
}

// Three dots over the head.
function drawStun(context, px, py, radius, theme) {
  const size = Math.max(radius * 0.28, 1.8);
  context.fillStyle = theme.stun;
  context.strokeStyle = theme.outline;
  context.lineWidth = 1;
  for (const [dx, dy] of [[-1, 0], [0, -0.5], [1, 0]]) {
    context.beginPath();
    context.arc(px + dx * size * 2.6, py - radius * 2.2 + dy * size * 2, size, 0, TURN);
    context.fill();
    context.stroke();
  }
}

// A broken ring at the feet.
function drawSlowed(context, px, py, radius, theme) {
  context.strokeStyle = theme.slow;
  context.lineWidth = 1.8;
  context.setLineDash([3, 3]);
  context.beginPath();
  context.arc(px, py, radius * 1.5, 0, TURN);
  context.stroke();
  context.setLineDash([]);
}

// A thin double ring.
function drawCasting(context, px, py, radius, color) {
  context.strokeStyle = color;
  context.lineWidth = 1.2;
  for (const factor of [1.7, 2.15]) {
    context.beginPath();
    context.arc(px, py, radius * factor, 0, TURN);
    context.stroke();
  }
}
