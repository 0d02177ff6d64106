// Charts: the last sixty seconds of a few figures each, drawn on small canvases when new figures come.

export const SPAN_S = 60;
const KEPT = 512;
const RIGHT_PX = 46;
const TOP_PX = 8;
const BOTTOM_PX = 3;
const TIMES_PX = 16;

// A round number not below the value: 1, 2, 2.5, 5 times a power of ten.
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((digit) => digit * power).find((round) => round >= value * 0.999);
}

// Short figures: three digits that count, thousands set apart.
export function short(value) {
  if (value === null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  if (size >= 10) return value.toFixed(1);
  if (size === 0) return "0";
  return value.toFixed(2);
}

export class Chart {
  // spec: {title, help, unit, scale: "linear"|"log", low, high, times (write the times under it), series: [{key, label, color, fill?, dash?}]}
  constructor(spec, host, shared) {
    this.spec = spec;
    this.shared = shared;
    this.samples = [];
    const element = (name, className, text) => {
      const made = document.createElement(name);
      made.className = className;
      if (text) made.textContent = text;
      return made;
    };
    const section = element("section", "chart");
    const head = element("div", "chart-head");
    const title = element("button", "term", spec.title);
    title.type = "button";
    title.dataset.help = spec.help;
    const values = element("div", "chart-values");
    this.values = spec.series.map((series) => {
      const item = element("span", "chart-value");
      const swatch = element("i", series.dash ? "swatch dashed" : "swatch");
      swatch.style.setProperty("--swatch", `var(--${series.color})`);
      const figure = element("b", "", "–");
      if (series.label) item.append(swatch, element("span", "", series.label));
      else item.append(swatch);
      item.append(figure);
      values.append(item);
      return figure;
    });
    head.append(title, element("span", "unit", spec.unit), values);
    this.canvas = element("canvas", "chart-canvas");
    this.canvas.setAttribute("role", "img");
    section.append(head, this.canvas);
    host.append(section);
    this.canvas.addEventListener("pointermove", (event) => {
      const box = this.canvas.getBoundingClientRect();
      const part = (event.clientX - box.left) / (box.width - RIGHT_PX);
      shared.point(part >= 0 && part <= 1 ? (1 - part) * SPAN_S : null);
    });
    this.canvas.addEventListener("pointerleave", () => shared.point(null));
  }

  // One sample: the second it belongs to and a value for each series (null where it is not known).
  add(second, values, budget) {
    if (this.samples.length && second < this.samples.at(-1).second) this.samples = [];
    this.samples.push({ second, values });
    while (this.samples.length > KEPT || this.samples[0].second < second - SPAN_S - 2) this.samples.shift();
    this.budget = budget ?? null;
    this.draw();
  }

  // The sample shown in figures: the newest, or the one under the pointer.
  chosen() {
    const last = this.samples.at(-1);
    if (last === undefined || this.shared.agoS === null) return last;
    const wanted = last.second - this.shared.agoS;
    return this.samples.reduce((a, b) => (Math.abs(b.second - wanted) < Math.abs(a.second - wanted) ? b : a));
  }

  draw() {
    const chosen = this.chosen();
    if (chosen === undefined) return;
    chosen.values.forEach((value, i) => { this.values[i].textContent = short(value); });
    const said = this.spec.series.map((series, i) => `${series.label || this.spec.title} ${short(chosen.values[i])}`);
    this.canvas.setAttribute("aria-label", `${this.spec.title}, last minute. Now ${said.join(", ")} ${this.spec.unit}`);
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (width === 0) return;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.canvas);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    this.drawPlot(context, this.layout(width, height), color);
  }

  layout(width, height) {
    const { scale, low, high } = this.spec;
    const most = Math.max(...this.samples.flatMap((sample) => sample.values.map((value) => value ?? 0)), 0);
    const top = Math.max(roundUp(most * 1.12), high ?? 0, this.budget && scale === "log" ? this.budget * 1.6 : 0);
    const bottom = scale === "log" ? low : 0;
    const fit = scale === "log"
      ? (value) => Math.log(Math.max(value, bottom) / bottom) / Math.log(top / bottom)
      : (value) => value / top;
    const plot = height - TOP_PX - (this.spec.times ? TIMES_PX : BOTTOM_PX);
    const newest = this.samples.at(-1).second;
    return {
      width, height, top, bottom, base: TOP_PX + plot, right: width - RIGHT_PX,
      x: (second) => (1 - (newest - second) / SPAN_S) * (width - RIGHT_PX),
      y: (value) => TOP_PX + plot * (1 - Math.min(fit(value), 1)),
    };
  }

  drawPlot(context, at, color) {
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "left";
    this.drawAxis(context, at, color);
    context.save();
    context.beginPath();
    context.rect(0, 0, at.right + 1, at.height);
    context.clip();
    this.spec.series.forEach((series, index) => this.drawSeries(context, at, series, index, color));
    if (this.shared.agoS !== null) {
      const px = at.x(this.samples.at(-1).second - this.shared.agoS);
      context.strokeStyle = color("muted");
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(px, TOP_PX);
      context.lineTo(px, at.base);
      context.stroke();
    }
    context.restore();
  }

  drawAxis(context, at, color) {
    const marks = this.spec.scale === "log"
      ? [0.01, 0.1, 1, 10, 100, 1000].filter((mark) => mark >= at.bottom && mark <= at.top)
      : [0, at.top / 2, at.top];
    context.lineWidth = 1;
    for (const mark of marks) {
      const py = Math.round(at.y(mark)) + 0.5;
      if (this.budget !== null && this.budget <= at.top && Math.abs(at.y(this.budget) - py) < 11) continue;
      context.strokeStyle = color("line");
      context.beginPath();
      context.moveTo(0, py);
      context.lineTo(at.right, py);
      context.stroke();
      context.fillStyle = color("muted");
      context.fillText(mark >= 1000 ? `${mark / 1000}k` : String(Number(mark.toPrecision(3))), at.right + 6, py);
    }
    if (this.spec.times) {
      context.textBaseline = "bottom";
      context.fillStyle = color("muted");
      context.fillText("60 s ago", 0, at.height);
      context.textAlign = "right";
      context.fillText("now", at.right, at.height);
      context.textAlign = "left";
      context.textBaseline = "middle";
    }
    if (this.budget === null || this.budget > at.top) return;
    const py = Math.round(at.y(this.budget)) + 0.5;
    context.strokeStyle = color("budget");
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(0, py);
    context.lineTo(at.right, py);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = color("budget");
    context.fillText(short(this.budget), at.right + 6, py);
    context.fillText("budget", 0, py + 9);
  }

  drawSeries(context, at, series, index, color) {
    context.beginPath();
    let first = null;
    let last = null;
    for (const { second, values } of this.samples) {
      if (values[index] === null) continue;
      const [px, py] = [at.x(second), at.y(values[index])];
      if (first === null) {
        first = px;
        context.moveTo(px, py);
      } else context.lineTo(px, py);
      last = px;
    }
    if (first === null) return;
    context.strokeStyle = color(series.color);
    context.lineWidth = 1.6;
    context.lineJoin = "round";
    context.setLineDash(series.dash ?? []);
    context.stroke();
    context.setLineDash([]);
    if (!series.fill) return;
    context.lineTo(last, at.base);
    context.lineTo(first, at.base);
    context.globalAlpha = 0.16;
    context.fillStyle = color(series.color);
    context.fill();
    context.globalAlpha = 1;
  }
}
