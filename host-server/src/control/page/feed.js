// The feed: one WebSocket to /live, opened again whenever it closes.
// Everything that arrives is checked before anybody sees it (hello.js, frames.js). What fails a check is dropped and
// counted. Not here: what the page does with it (motion.js, panel.js).

import { decodeFrame } from "./frames.js";
import { decodeHello, decodeStats } from "./hello.js";

const TEXT_MAX = 4_000_000;
const SILENCE_MS = 2500;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 5000;

// Keeps one connection. `on` holds hello(hello), frame(frame, nowMs), stats(stats) and state(name), where name is
// "connecting", "live", "silent" (open, but nothing comes) or "away" (closed; tried again by itself).
export class Feed {
  constructor(on) {
    this.on = on;
    this.refused = 0;
    this.bytes = 0;
    this.hello = null;
    this.follow = null;
    this.retryMs = RETRY_FIRST_MS;
    this.heardAt = 0;
    this.state = "";
    setInterval(() => this.watch(), 500);
    this.open();
  }

  setState(name) {
    if (name === this.state) return;
    this.state = name;
    this.on.state(name);
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.hello = null;
    this.setState(this.state === "away" ? "away" : "connecting");
    socket.onopen = () => { this.heardAt = performance.now(); };
    socket.onmessage = (message) => this.receive(message.data);
    socket.onclose = () => {
      this.setState("away");
      setTimeout(() => this.open(), this.retryMs);
      this.retryMs = Math.min(this.retryMs * 1.7, RETRY_MAX_MS);
    };
  }

  watch() {
    if (this.state === "live" && performance.now() - this.heardAt > SILENCE_MS) this.setState("silent");
  }

  receive(data) {
    const now = performance.now();
    const accepted = typeof data === "string" ? this.receiveText(data) : this.receiveBinary(data, now);
    if (!accepted) this.refused += 1;
  }

  receiveText(text) {
    this.bytes += text.length;
    if (text.length > TEXT_MAX) return false;
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return false;
    }
    if (message === null || typeof message !== "object") return false;
    if (message.type === "hello") {
      const hello = decodeHello(message);
      if (hello === null) return false;
      this.hello = hello;
      this.retryMs = RETRY_FIRST_MS;
      this.on.hello(hello);
      if (this.follow !== null) this.sendFollow();
      return true;
    }
    if (message.type !== "stats" || this.hello === null) return false;
    this.on.stats(decodeStats(message, this.hello));
    return true;
  }

  receiveBinary(buffer, now) {
    this.bytes += buffer.byteLength;
    if (this.hello === null) return false;
    const frame = decodeFrame(buffer, this.hello);
    if (frame === null) return false;
    this.heardAt = now;
    this.setState("live");
    this.on.frame(frame, now);
    return true;
  }

  // Asks for the figures of one character; null ends it. Kept across reconnections.
  setFollow(slot) {
    this.follow = slot;
    this.sendFollow();
  }

  sendFollow() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ follow: this.follow }));
  }
}
