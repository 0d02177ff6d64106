// Controls: mouse, touch and keyboard move the camera and choose whom to follow.
// Not here: the camera's own laws (camera.js), what following shows (page.js, panel.js).

import { FLAG_ALIVE } from "./frames.js";

const PICK_MIN_PX = 16;
const CLICK_SLACK_PX = 6;
const PAN_KEY_PX = 90;
const ZOOM_KEY = 1.35;

// The slot of the standing character nearest to a point of the canvas, within reach of a finger; -1 if none.
export function pick(camera, motion, px, py) {
  if (motion.frame === null || camera.scale === 0) return -1;
  const { slot, flags } = motion.frame.characters;
  const reach = Math.max(camera.scale * 1.1, PICK_MIN_PX);
  let best = reach * reach;
  let found = -1;
  for (let i = 0; i < slot.length; i += 1) {
    if (!(flags[i] & FLAG_ALIVE)) continue;
    const dx = camera.toScreenX(motion.x[i]) - px;
    const dy = camera.toScreenY(motion.z[i]) - py;
    if (dx * dx + dy * dy < best) {
      best = dx * dx + dy * dy;
      found = slot[i];
    }
  }
  return found;
}

// The next standing character after `slot`, in either direction; -1 if nobody stands.
export function neighbour(motion, slot, step) {
  if (motion.frame === null) return -1;
  const { slot: slots, flags } = motion.frame.characters;
  const standing = [...slots].filter((_, i) => flags[i] & FLAG_ALIVE).sort((a, b) => a - b);
  if (standing.length === 0) return -1;
  if (step > 0) return standing.find((other) => other > slot) ?? standing[0];
  return standing.findLast((other) => other < slot) ?? standing.at(-1);
}

function pointers(canvas, camera, motion, on) {
  const held = new Map();
  let travelled = 0;
  let spread = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const gap = () => {
    const [a, b] = [...held.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, place(event));
    if (held.size === 1) travelled = 0;
    if (held.size === 2) spread = gap();
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = held.get(event.pointerId);
    if (before === undefined) {
      on.hover(event.pointerType === "mouse" ? now : null);
      return;
    }
    held.set(event.pointerId, now);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    travelled += Math.hypot(dx, dy);
    if (travelled < CLICK_SLACK_PX) return;
    on.hover(null);
    if (held.size === 1) {
      on.letGo();
      camera.dragBy(dx, dy);
    } else if (held.size === 2) {
      const [a, b] = [...held.values()];
      const apart = gap();
      camera.zoomAt(apart / Math.max(spread, 1), (a.x + b.x) / 2, (a.y + b.y) / 2);
      spread = apart;
    }
  });
  const lift = (event) => {
    const last = held.get(event.pointerId);
    held.delete(event.pointerId);
    if (event.type !== "pointerup" || last === undefined || held.size > 0 || travelled >= CLICK_SLACK_PX) return;
    on.choose(pick(camera, motion, last.x, last.y));
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => on.hover(null));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const now = place(event);
    const lines = event.deltaMode === 1 ? event.deltaY * 30 : event.deltaY;
    camera.zoomAt(Math.exp(-Math.min(Math.max(lines, -240), 240) * 0.0022), now.x, now.y);
  }, { passive: false });
}

function keys(camera, on) {
  const actions = {
    ArrowLeft: () => { on.letGo(); camera.panBy(PAN_KEY_PX, 0); },
    ArrowRight: () => { on.letGo(); camera.panBy(-PAN_KEY_PX, 0); },
    ArrowUp: () => { on.letGo(); camera.panBy(0, PAN_KEY_PX); },
    ArrowDown: () => { on.letGo(); camera.panBy(0, -PAN_KEY_PX); },
    "+": () => camera.zoomAt(ZOOM_KEY, camera.width / 2, camera.height / 2),
    "-": () => camera.zoomAt(1 / ZOOM_KEY, camera.width / 2, camera.height / 2),
    b: on.battle,
    f: on.field,
    n: () => on.next(1),
    p: () => on.next(-1),
    Escape: on.escape,
  };
  actions["="] = actions["+"];
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action === undefined) return;
    // Arrows scroll the figures while those have the focus.
    if (event.key.startsWith("Arrow") && event.target instanceof Element && event.target.closest("aside, dialog")) return;
    event.preventDefault();
    action();
  });
}

// `on` holds hover(point|null), choose(slot|-1), letGo(), battle(), field(), next(step), escape().
export function listen(canvas, camera, motion, on) {
  pointers(canvas, camera, motion, on);
  keys(camera, on);
}
