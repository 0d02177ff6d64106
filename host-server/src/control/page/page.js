// The live page: wires the feed, the battlefield and the panel together, and runs the frame loop.

import { Camera } from "./camera.js";
import { Combat } from "./combat.js";
import { listen, neighbour, pick } from "./controls.js";
import { Feed } from "./feed.js";
import { FLAG_ALIVE } from "./frames.js";
import { Field } from "./field.js";
import { Motion } from "./motion.js";
import { Panel } from "./panel.js";

const STANDING_EVERY_MS = 250;

const at = (id) => document.getElementById(id);
const canvas = at("field");
const camera = new Camera();
const motion = new Motion();
const field = new Field(canvas, camera, motion);
const panel = new Panel();
const combat = new Combat(document.getElementById("combat"));
const names = new Map(); // slot → name, of those who were followed
let hoverPoint = null;
let standingAt = 0;
let paintedAt = performance.now();
let painted = 0;
let feed = null;

function characterName(slot) {
  return names.get(slot) ?? `Character ${slot}`;
}

let shownMode = "";
function showMode() {
  if (camera.mode === shownMode) return;
  shownMode = camera.mode;
  at("button-battle").setAttribute("aria-pressed", String(camera.mode === "battle"));
  at("button-field").setAttribute("aria-pressed", String(camera.mode === "field"));
}

function follow(slot) {
  if (slot < 0) return;
  const row = motion.rowOfSlot[slot];
  field.following = slot;
  field.setVisible([]);
  camera.showFollowed(field.hello?.tiers[0]);
  panel.openCard(slot, row >= 0 ? motion.frame.characters.team[row] : 0);
  feed.setFollow(slot);
}

function endFollow(andShowBattle) {
  if (field.following < 0) return;
  field.following = -1;
  panel.openCard(null);
  feed.setFollow(null);
  if (andShowBattle) camera.showBattle();
}

const actions = {
  hover: (point) => { hoverPoint = point; },
  choose: (slot) => (slot < 0 ? endFollow(true) : follow(slot)),
  letGo: () => endFollow(false),
  battle: () => { endFollow(false); camera.showBattle(); },
  field: () => { endFollow(false); camera.showField(); },
  next: (step) => follow(neighbour(motion, field.following < 0 && step > 0 ? -1 : field.following, step)),
  escape: () => {
    if (at("keys").open) at("keys").close();
    else if (field.following >= 0) endFollow(true);
    hideHelp();
  },
};

// What is under the mouse: a small label that goes with the character.
function showHover() {
  const tip = at("hover");
  const slot = hoverPoint === null ? -1 : pick(camera, motion, hoverPoint.x, hoverPoint.y);
  const row = slot < 0 ? -1 : motion.rowOfSlot[slot];
  field.hovered = slot;
  canvas.classList.toggle("pointing", slot >= 0);
  tip.hidden = row < 0;
  if (row < 0) return;
  const { team, health } = motion.frame.characters;
  at("hover-name").textContent = characterName(slot);
  const kind = field.hello.classes[motion.frame.characters.kind[row]]?.name ?? "";
  at("hover-team").textContent = `${panel.teams[team[row]]?.name ?? ""} ${kind}`;
  at("hover-health").textContent = `health ${Math.max(Math.round((health[row] / 255) * 100), 1)} %`;
  tip.style.setProperty("--team", field.colors[team[row]]);
  const px = Math.min(Math.max(camera.toScreenX(motion.x[row]), 90), camera.width - 90);
  const py = camera.toScreenY(motion.z[row]);
  tip.classList.toggle("below", py < 80);
  tip.style.transform = `translate(${Math.round(px)}px, ${Math.round(py)}px)`;
}

function showFollowedHealth() {
  const row = field.following < 0 ? -1 : motion.rowOfSlot[field.following];
  if (field.following >= 0 && row < 0) panel.setHealth(null);
  if (row < 0) return;
  const { flags, health } = motion.frame.characters;
  panel.setHealth(flags[row] & FLAG_ALIVE ? Math.max(health[row], 1) / 255 : 0);
}

// A frame that the playhead has just passed.
function enter(frame) {
  field.enter(frame);
  combat.enter(frame);
}

function paint(nowMs) {
  const elapsed = Math.min(nowMs - paintedAt, 250);
  paintedAt = nowMs;
  motion.advance(nowMs, enter);
  camera.update(nowMs, elapsed, motion, field.following < 0 ? -1 : motion.rowOfSlot[field.following]);
  field.draw(motion.playheadMs);
  if (motion.frame !== null && nowMs - standingAt > STANDING_EVERY_MS) {
    standingAt = nowMs;
    panel.setStanding(motion.frame.characters);
    showFollowedHealth();
  }
  if (motion.frame !== null) {
    showHover();
    combat.draw(nowMs, panel.teams, field.hello.arms, (slot) => names.get(slot) ?? null);
  }
  showMode();
  painted += 1;
  requestAnimationFrame(paint);
}

// Explanations: one bubble for all words that have one, on hover and on focus.
let helpFor = null;
function hideHelp() {
  at("help").hidden = true;
  helpFor?.removeAttribute("aria-describedby");
  helpFor = null;
}

function showHelp(event) {
  const term = event.target instanceof Element ? event.target.closest("[data-help]") : null;
  if (term === null) {
    if (event.type === "pointerover") hideHelp();
    return;
  }
  const bubble = at("help");
  helpFor?.removeAttribute("aria-describedby");
  helpFor = term;
  bubble.textContent = term.dataset.help;
  bubble.hidden = false;
  term.setAttribute("aria-describedby", "help");
  const box = term.getBoundingClientRect();
  const size = bubble.getBoundingClientRect();
  const left = Math.min(Math.max(box.left, 8), window.innerWidth - size.width - 8);
  const below = box.bottom + 8 + size.height < window.innerHeight;
  bubble.style.transform = `translate(${left}px, ${below ? box.bottom + 8 : Math.max(box.top - 8 - size.height, 8)}px)`;
}

function watchPreferences() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => { field.readTheme(); panel.redraw(); });
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const obey = () => { field.reduced = still.matches; camera.reduced = still.matches; };
  still.addEventListener("change", obey);
  obey();
}

// What the page shows right now, in plain values: for checks that drive a browser.
window.shieldwallPage = Object.freeze({
  report: () => ({
    state: feed.state, framesReceived: motion.received, framesPainted: painted, refused: feed.refused,
    following: field.following, drawMs: field.drawMs, delayMs: motion.delayMs, scale: camera.scale,
    visible: field.visible.reduce((sum, one) => sum + one, 0),
    sections: field.structures.sections.length, standing: field.structures.standing(),
    points: field.objectives.points.length, kills: combat.kills.length,
  }),
  characters: () => {
    if (motion.frame === null) return [];
    const { slot, flags } = motion.frame.characters;
    return [...slot].map((number, i) => ({
      slot: number, alive: (flags[i] & FLAG_ALIVE) !== 0, x: camera.toScreenX(motion.x[i]), y: camera.toScreenY(motion.z[i]),
    }));
  },
});

feed = new Feed({
  hello: (hello) => {
    const moved = camera.halfExtent !== hello.halfExtent;
    camera.halfExtent = hello.halfExtent;
    if (moved) camera.scale = 0;
    motion.reset();
    combat.clear();
    panel.setHello(hello);
    field.begin(hello);
  },
  frame: (frame, nowMs) => motion.push(frame, nowMs),
  stats: (stats) => {
    panel.setStats(stats);
    if (stats.follow === null || stats.follow.slot !== field.following) return;
    names.set(stats.follow.slot, stats.follow.name);
    field.setVisible(stats.follow.visible);
  },
  state: (name) => panel.setState(name),
});

listen(canvas, camera, motion, actions);
at("button-battle").addEventListener("click", actions.battle);
at("button-field").addEventListener("click", actions.field);
at("button-keys").addEventListener("click", (event) => {
  event.stopPropagation();
  hideHelp();
  at("keys").showModal();
});
at("keys-close").addEventListener("click", () => at("keys").close());
at("card-close").addEventListener("click", () => endFollow(true));
for (const kind of ["pointerover", "focusin", "click"]) document.addEventListener(kind, showHelp);
document.addEventListener("focusout", hideHelp);
new ResizeObserver(() => { field.resize(); panel.redraw(); }).observe(canvas);
watchPreferences();
field.resize();
requestAnimationFrame(paint);
