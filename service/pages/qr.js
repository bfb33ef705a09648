/**
 * QR codes, made in the page, because pages also show codes without network.
 *
 * Byte mode, error correction M (15 %), versions 1 to 13: up to 331 bytes, three times the length of our addresses.
 *
 * Source: ISO/IEC 18004:2015.
 */

import { makeSvg } from "/display/element.js";

// By version from 1: error correction codewords per block, then pairs of number of blocks and data codewords per block (ISO 18004, table 9).
const BLOCKS = [
  [10, [1, 16]], [16, [1, 28]], [26, [1, 44]], [18, [2, 32]], [24, [2, 43]], [16, [4, 27]], [18, [4, 31]],
  [22, [2, 38], [2, 39]], [22, [3, 36], [2, 37]], [26, [4, 43], [1, 44]], [30, [1, 50], [4, 51]], [22, [6, 36], [2, 37]], [22, [8, 37], [1, 38]],
];
// Centres of the alignment patterns, by version from 1 (annex E).
const ALIGNMENT = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50], [6, 30, 54], [6, 32, 58], [6, 34, 62]];
const MASKS = [
  (y, x) => (y + x) % 2 === 0,
  (y) => y % 2 === 0,
  (_, x) => x % 3 === 0,
  (y, x) => (y + x) % 3 === 0,
  (y, x) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (y, x) => ((y * x) % 2) + ((y * x) % 3) === 0,
  (y, x) => (((y * x) % 2) + ((y * x) % 3)) % 2 === 0,
  (y, x) => (((y + x) % 2) + ((y * x) % 3)) % 2 === 0,
];
const QUIET = 4;

/** Powers and logarithms in GF(256), with the polynomial x^8 + x^4 + x^3 + x^2 + 1. */
const POWERS = new Uint8Array(512);
const LOGS = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent += 1) {
  POWERS[exponent] = POWERS[exponent + 255] = value;
  LOGS[value] = exponent;
  value = (value << 1) ^ (value & 0x80 ? 0x11d : 0);
}

/**
 * Make a code.
 * @param {string} text
 * @returns {{version: number, mask: number, rows: boolean[][]}} without the quiet zone; true is dark
 */
export function qrOf(text) {
  const bytes = new TextEncoder().encode(text);
  const version = 1 + BLOCKS.findIndex(([, ...groups], index) => bytes.length + (index < 9 ? 2 : 3) <= dataOf(groups));
  if (version === 0) throw new RangeError("too long for a QR code of ours");
  const [base, fixed] = patternsOf(version);
  fill(base, fixed, interleaved(version, dataFrom(bytes, version)));
  const candidates = MASKS.map((_, mask) => masked(base, fixed, mask));
  const penalties = candidates.map(penaltyOf);
  const mask = penalties.indexOf(Math.min(...penalties));
  return { version, mask, rows: candidates[mask].map((row) => [...row].map(Boolean)) };
}

/**
 * Draw a code, with its quiet zone.
 * @param {string} text
 * @param {string} label description for screen readers
 * @returns {SVGElement}
 */
export function drawQr(text, label) {
  const { rows } = qrOf(text);
  const size = rows.length + 2 * QUIET;
  const path = rows.flatMap((row, y) => runsOf(row).map(([x, length]) => `M${x + QUIET} ${y + QUIET}h${length}v1h-${length}z`)).join("");
  return makeSvg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" }, makeSvg("path", { d: path }));
}

/** The runs of dark modules in a row: start and length of each. */
function runsOf(row) {
  const runs = [];
  row.forEach((dark, x) => {
    if (!dark) return;
    if (x > 0 && row[x - 1]) runs.at(-1)[1] += 1;
    else runs.push([x, 1]);
  });
  return runs;
}

function dataOf(groups) {
  return groups.reduce((sum, [blocks, length]) => sum + blocks * length, 0);
}

/** The data codewords: mode, length, bytes, and padding. */
function dataFrom(bytes, version) {
  const [, ...groups] = BLOCKS[version - 1];
  const bits = [];
  const put = (value, length) => {
    for (let bit = length - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  put(0b0100, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const room = dataOf(groups) * 8;
  put(0, Math.min(4, room - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Uint8Array.from({ length: room / 8 }, (_, index) => bits.slice(index * 8, index * 8 + 8).reduce((value, bit) => value * 2 + bit, 0));
}

/** The codewords of all blocks, data and error correction, interleaved. */
function interleaved(version, data) {
  const [correction, ...groups] = BLOCKS[version - 1];
  const blocks = [];
  let begin = 0;
  for (const [count, length] of groups) {
    for (let block = 0; block < count; block += 1, begin += length) blocks.push(data.slice(begin, begin + length));
  }
  const corrections = blocks.map((block) => remainderOf(block, correction));
  const turns = (parts) => Array.from({ length: Math.max(...parts.map(({ length }) => length)) }, (_, turn) => parts.filter(({ length }) => turn < length).map((part) => part[turn])).flat();
  return [...turns(blocks), ...turns(corrections)];
}

/** The Reed-Solomon error correction codewords of a block. */
function remainderOf(block, length) {
  let generator = [1];
  for (let root = 0; root < length; root += 1) {
    const next = new Array(generator.length + 1).fill(0);
    generator.forEach((factor, index) => {
      next[index] ^= factor;
      next[index + 1] ^= factor ? POWERS[LOGS[factor] + root] : 0;
    });
    generator = next;
  }
  const rest = [...block, ...new Array(length).fill(0)];
  for (let index = 0; index < block.length; index += 1) {
    const lead = rest[index];
    if (lead) generator.forEach((factor, offset) => (rest[index + offset] ^= factor ? POWERS[LOGS[factor] + LOGS[lead]] : 0));
  }
  return rest.slice(block.length);
}

/** The function patterns, and which modules they occupy. The format modules are reserved, and filled in with the mask. */
function patternsOf(version) {
  const size = version * 4 + 17;
  const grid = Array.from({ length: size }, () => new Uint8Array(size));
  const fixed = Array.from({ length: size }, () => new Uint8Array(size));
  const set = (y, x, dark) => {
    if (y < 0 || x < 0 || y >= size || x >= size) return;
    grid[y][x] = dark ? 1 : 0;
    fixed[y][x] = 1;
  };
  const square = (cy, cx, radius, isDark) => {
    for (let y = -radius; y <= radius; y += 1) for (let x = -radius; x <= radius; x += 1) set(cy + y, cx + x, isDark(Math.max(Math.abs(y), Math.abs(x))));
  };
  for (let at = 0; at < size; at += 1) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  for (const [y, x] of [[3, 3], [3, size - 4], [size - 4, 3]]) square(y, x, 4, (ring) => ring !== 2 && ring !== 4);
  const centres = ALIGNMENT[version - 1];
  for (const y of centres) {
    for (const x of centres) {
      const atFinder = (y === 6 && x === 6) || (y === 6 && x === size - 7) || (y === size - 7 && x === 6);
      if (!atFinder) square(y, x, 2, (ring) => ring !== 1);
    }
  }
  for (let at = 0; at < 9; at += 1) {
    for (const [y, x] of [[8, at], [at, 8], [8, size - 1 - at], [size - 1 - at, 8]]) {
      if (at < 8 || (y < 9 && x < 9)) if (!(y === 6 || x === 6)) set(y, x, 0);
    }
  }
  set(size - 8, 8, 1);
  if (version >= 7) {
    let rest = version;
    for (let bit = 0; bit < 12; bit += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const code = (version << 12) | rest;
    for (let bit = 0; bit < 18; bit += 1) {
      const [far, near] = [size - 11 + (bit % 3), Math.floor(bit / 3)];
      set(far, near, (code >> bit) & 1);
      set(near, far, (code >> bit) & 1);
    }
  }
  return [grid, fixed];
}

/** Place the codewords in the free modules: two columns at a time, from the right, upwards and downwards in turn. */
function fill(grid, fixed, codewords) {
  const size = grid.length;
  let bit = 0;
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = up ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (fixed[y][x]) continue;
        grid[y][x] = bit < codewords.length * 8 ? (codewords[bit >> 3] >> (7 - (bit & 7))) & 1 : 0;
        bit += 1;
      }
    }
  }
}

function masked(base, fixed, mask) {
  const grid = base.map((row, y) => row.map((dark, x) => (fixed[y][x] ? dark : dark ^ (MASKS[mask](y, x) ? 1 : 0))));
  const size = grid.length;
  let rest = mask; // level M is 00
  for (let bit = 0; bit < 10; bit += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const code = ((mask << 10) | rest) ^ 0x5412;
  const dark = (bit) => (code >> bit) & 1;
  for (let bit = 0; bit < 6; bit += 1) grid[bit][8] = dark(bit);
  grid[7][8] = dark(6);
  grid[8][8] = dark(7);
  grid[8][7] = dark(8);
  for (let bit = 9; bit < 15; bit += 1) grid[8][14 - bit] = dark(bit);
  for (let bit = 0; bit < 8; bit += 1) grid[8][size - 1 - bit] = dark(bit);
  for (let bit = 8; bit < 15; bit += 1) grid[size - 15 + bit][8] = dark(bit);
  return grid;
}

/** Penalty score of a code (7.8.3): how hard it is to read. */
function penaltyOf(grid) {
  const size = grid.length;
  const columns = grid.map((_, x) => grid.map((row) => row[x]));
  let penalty = 0;
  for (const line of [...grid, ...columns]) {
    let run = 1;
    for (let at = 1; at <= size; at += 1) {
      if (at < size && line[at] === line[at - 1]) run += 1;
      else {
        if (run >= 5) penalty += run - 2;
        run = 1;
      }
    }
    const text = line.join("");
    for (const pattern of ["10111010000", "00001011101"]) {
      for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) penalty += 40;
    }
  }
  for (let y = 1; y < size; y += 1) {
    for (let x = 1; x < size; x += 1) if (grid[y][x] === grid[y - 1][x] && grid[y][x] === grid[y][x - 1] && grid[y][x] === grid[y - 1][x - 1]) penalty += 3;
  }
  const dark = grid.reduce((sum, row) => sum + row.reduce((count, isDark) => count + isDark, 0), 0);
  return penalty + Math.floor(Math.abs((dark * 100) / (size * size) - 50) / 5) * 10;
}
