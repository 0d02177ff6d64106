// Terrain: heights in, a shaded picture out: a tint by height, light from the north-west, contour lines.
// The picture is painted once a theme, in slices of a few milliseconds, so that the battle never stutters for it.

const PIXELS_PER_METRE = 8;
const SIDE_MAX = 2048;
const CONTOURS_ABOUT = 16;
const LIGHT = normalise([-0.55, 0.66, -0.55]); // x east, y up, z south

function normalise([x, y, z]) {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// A table of 256 colours through evenly spaced stops.
function ramp(stops) {
  const colors = stops.map(rgb);
  const table = new Float32Array(256 * 3);
  for (let i = 0; i < 256; i += 1) {
    const at = (i / 255) * (colors.length - 1);
    const low = Math.min(Math.floor(at), colors.length - 2);
    for (let c = 0; c < 3; c += 1) table[i * 3 + c] = colors[low][c] + (colors[low + 1][c] - colors[low][c]) * (at - low);
  }
  return table;
}

// A round step (1, 2 or 5 times a power of ten) that gives about CONTOURS_ABOUT lines.
function contourStep(relief) {
  const rough = Math.max(relief, 0.01) / CONTOURS_ABOUT;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= rough);
}

// Catmull-Rom weights and sources for each of `size` samples over `count` grid points.
function taps(size, count) {
  const sources = new Int32Array(size * 4);
  const weights = new Float32Array(size * 4);
  for (let i = 0; i < size; i += 1) {
    const at = ((i + 0.5) / size) * (count - 1);
    const base = Math.min(Math.floor(at), count - 2);
    const t = at - base;
    const w = [
      ((2 - t) * t - 1) * t, (3 * t - 5) * t * t + 2, ((4 - 3 * t) * t + 1) * t, (t - 1) * t * t,
    ];
    for (let k = 0; k < 4; k += 1) {
      sources[i * 4 + k] = Math.min(Math.max(base - 1 + k, 0), count - 1);
      weights[i * 4 + k] = w[k] / 2;
    }
  }
  return { sources, weights };
}

// Smooth heights for one row of pixels.
function sampleRow(terrain, across, down, row, width, line, out) {
  const { columns, heights } = terrain;
  line.fill(0);
  for (let k = 0; k < 4; k += 1) {
    const source = down.sources[row * 4 + k] * columns;
    const weight = down.weights[row * 4 + k];
    for (let c = 0; c < columns; c += 1) line[c] += heights[source + c] * weight;
  }
  const { sources, weights } = across;
  for (let i = 0, at = 0; i < width; i += 1, at += 4) {
    out[i] = line[sources[at]] * weights[at] + line[sources[at + 1]] * weights[at + 1]
      + line[sources[at + 2]] * weights[at + 2] + line[sources[at + 3]] * weights[at + 3];
  }
}

function measure(terrain) {
  const { heights, columns, spacing } = terrain;
  let low = Infinity;
  let high = -Infinity;
  let slopes = 0;
  for (let i = 0; i < heights.length; i += 1) {
    low = Math.min(low, heights[i]);
    high = Math.max(high, heights[i]);
    if (i % columns) slopes += Math.abs(heights[i] - heights[i - 1]) / spacing;
  }
  const relief = Math.max(high - low, 0.01);
  const steepness = Math.max(slopes / heights.length, 1e-4);
  return { low, relief, exaggerate: Math.min(Math.max(0.26 / steepness, 1), 8), step: contourStep(relief) };
}

// Grain that keeps flat ground from looking like plastic: a fixed hash of the pixel.
function grain(x, y) {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 13)) & 255) / 255 - 0.5;
}

function paintRow(pixels, y, width, rows, metresPerPixel, facts, look) {
  const { above, here, below } = rows;
  const lift = facts.exaggerate / (2 * metresPerPixel);
  for (let x = 0, at = y * width * 4; x < width; x += 1, at += 4) {
    const east = here[Math.min(x + 1, width - 1)];
    const west = here[Math.max(x - 1, 0)];
    const nx = (west - east) * lift;
    const nz = (above[x] - below[x]) * lift;
    const lit = (nx * LIGHT[0] + LIGHT[1] + nz * LIGHT[2]) / Math.sqrt(nx * nx + 1 + nz * nz) / LIGHT[1] - 1;
    const shade = 1 + (lit > 0 ? lit * look.bright : lit * look.dark) + grain(x, y) * look.grain;
    const level = here[x] / facts.step;
    const rise = Math.hypot(east - west, below[x] - above[x]) / (2 * facts.step);
    const away = Math.abs(level - Math.round(level));
    const line = rise > 1e-6 ? Math.max(0, 1 - away / (rise * 0.8)) : 0;
    const major = Math.round(level) % 5 === 0 ? look.major : look.minor;
    const color = Math.min(Math.max(Math.round(((here[x] - facts.low) / facts.relief) * 255), 0), 255) * 3;
    for (let c = 0; c < 3; c += 1) {
      const base = look.table[color + c] * shade;
      pixels[at + c] = base + (look.line[c] - base) * line * major;
    }
    pixels[at + 3] = 255;
  }
}

// Paints in slices: each next() does some rows; the last value is the finished canvas.
export function* paintTerrain(terrain, palette, sharpness) {
  const spanX = (terrain.columns - 1) * terrain.spacing;
  const spanZ = (terrain.rows - 1) * terrain.spacing;
  const perMetre = Math.min(PIXELS_PER_METRE * sharpness, SIDE_MAX / Math.max(spanX, spanZ));
  const width = Math.max(Math.round(spanX * perMetre), 2);
  const height = Math.max(Math.round(spanZ * perMetre), 2);
  const across = taps(width, terrain.columns);
  const down = taps(height, terrain.rows);
  const facts = measure(terrain);
  const look = { ...palette, table: ramp(palette.stops), line: rgb(palette.contour) };
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const band = 16;
  const line = new Float32Array(terrain.columns);
  const sampled = Array.from({ length: band + 2 }, () => new Float32Array(width));
  for (let top = 0; top < height; top += band) {
    const rows = Math.min(band, height - top);
    const image = context.createImageData(width, rows);
    for (let r = -1; r <= rows; r += 1) {
      const row = Math.min(Math.max(top + r, 0), height - 1);
      sampleRow(terrain, across, down, row, width, line, sampled[r + 1]);
    }
    for (let r = 0; r < rows; r += 1) {
      const near = { above: sampled[r], here: sampled[r + 1], below: sampled[r + 2] };
      paintRow(image.data, r, width, near, 1 / perMetre, facts, look);
    }
    context.putImageData(image, 0, top);
    yield null;
  }
  yield canvas;
}
