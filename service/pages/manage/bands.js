/** Charts of a day: the number of staffed counters, and the waits. */

import { make, makeSvg } from "/display/element.js";
import { say } from "/pages/texts.js";
import { localOf } from "./model/times.js";

const HEIGHT = 104;
const [TOP, FLOOR, BASELINE] = [21, 76, 95];
const EDGE = 2;
const LABEL_PX = 42;
const GAP_PX = 4;
const FALLBACK_PX = 664;

/**
 * Make the chart of the staffed counters. It is drawn again when its width changes, because texts must not be scaled.
 * @param {AbortSignal} signal ends the drawing
 */
export function bandsDrawing(signal) {
  const element = make("div.bands-of");
  let shown = null;
  const draw = () => shown && element.replaceChildren(bands(...shown, element.clientWidth || FALLBACK_PX));
  watchWidth(element, draw, signal);
  return {
    element,
    /** @param {import("./model/staffing.js").Segment[]} segments @param {string} starts @param {string} label */
    show(segments, starts, label) {
      shown = [segments, starts, label];
      draw();
    },
  };
}

function bands(segments, starts, label, width) {
  const svg = makeSvg("svg", { class: "bands", width, height: segments.length > 0 ? HEIGHT : 0, role: "img", "aria-label": label });
  if (segments.length === 0) return svg;
  const [from, to] = [segments[0].from, segments.at(-1).to];
  const most = Math.max(1, ...segments.map(({ plan, counters }) => Math.max(plan, counters)));
  const x = (place) => EDGE + ((place - from) / (to - from)) * (width - 2 * EDGE);
  const y = (count) => FLOOR - (count / most) * (FLOOR - TOP);
  for (const segment of segments) {
    const kind = segment.counters === segment.plan ? "plan" : segment.counters < segment.plan ? "less" : "more";
    svg.append(makeSvg("rect", { class: kind, x: x(segment.from), y: y(segment.counters), width: x(segment.to) - x(segment.from), height: FLOOR - y(segment.counters) }));
  }
  for (const segment of segments.filter(({ plan, counters }) => plan !== counters)) {
    svg.append(makeSvg("rect", { class: "was", x: x(segment.from), y: y(segment.plan), width: x(segment.to) - x(segment.from), height: FLOOR - y(segment.plan) }));
  }
  for (const segment of segments) {
    const middle = y(Math.max(segment.counters, 0)) + (FLOOR - y(segment.counters)) / 2 + 6;
    svg.append(makeSvg("text", { class: "big", x: (x(segment.from) + x(segment.to)) / 2, y: Math.min(middle, FLOOR - 2), "text-anchor": "middle" }, String(segment.counters)));
  }
  svg.append(...edgeLabels(segments, x, starts, width));
  return svg;
}

/** Times below the edges. Of two edges that are close, one label is moved to the left and one to the right; without room it is left out. */
function edgeLabels(segments, x, starts, width) {
  const edges = [...new Set(segments.flatMap(({ from, to }) => [from, to]))].sort((first, second) => first - second);
  const placed = edges.map((edge, place) => {
    const left = place === 0 ? x(edge) : place === edges.length - 1 ? x(edge) - LABEL_PX : x(edge) - LABEL_PX / 2;
    return { edge, left: Math.max(0, Math.min(left, width - LABEL_PX)) };
  });
  const shown = [];
  for (const [place, label] of placed.entries()) {
    const before = shown.at(-1);
    const isLast = place === placed.length - 1;
    if (before && label.left < before.left + LABEL_PX + GAP_PX) {
      const pushed = { ...before, left: x(before.edge) - LABEL_PX + GAP_PX };
      const room = shown.length < 2 || pushed.left >= shown.at(-2).left + LABEL_PX + GAP_PX;
      const moved = { ...label, left: isLast ? label.left : x(label.edge) - GAP_PX };
      if (shown.length > 1 && room && moved.left >= pushed.left + LABEL_PX + GAP_PX) shown.splice(-1, 1, pushed, moved);
      else if (isLast && shown.length > 1) shown.splice(-1, 1, label);
      continue;
    }
    shown.push(label);
  }
  return shown.map(({ edge, left }) => makeSvg("text", { x: left + LABEL_PX / 2, y: BASELINE, "text-anchor": "middle" }, localOf(edge, starts)));
}

const CHART_HEIGHT = 150;
const PLOT = { left: 30, right: 10, top: 18, bottom: 22 };
const MINUTES_STEPS = [5, 10, 15, 20, 30, 60, 120, 240];

/**
 * Make the chart of the waits by time of arrival, now and after saving.
 * @param {AbortSignal} signal ends the drawing
 */
export function waitsDrawing(signal) {
  const element = make("div.chart-of");
  let shown = null;
  const draw = () => shown && element.replaceChildren(waits(...shown, element.clientWidth || 324));
  watchWidth(element, draw, signal);
  return {
    element,
    /** @param {{at_ms: number, before: number | null, after: number | null}[]} profile minutes @param {(at: number) => string} hourOf @param {string} label */
    show(profile, hourOf, label) {
      shown = [profile, hourOf, label];
      draw();
    },
  };
}

function waits(profile, hourOf, label, width) {
  const svg = makeSvg("svg", { class: "chart", width, height: CHART_HEIGHT, role: "img", "aria-label": label });
  const values = profile.flatMap(({ before, after }) => [before, after]).filter((value) => value !== null);
  if (profile.length < 2 || values.length === 0) return svg;
  const peak = Math.max(10, ...values);
  const step = MINUTES_STEPS.find((minutes) => peak / minutes <= 3) ?? Math.ceil(peak / 180) * 60;
  const most = Math.ceil(peak / step) * step;
  const [first, last] = [profile[0].at_ms, profile.at(-1).at_ms];
  const x = (at) => PLOT.left + ((at - first) / (last - first)) * (width - PLOT.left - PLOT.right);
  const y = (minutes) => CHART_HEIGHT - PLOT.bottom - (minutes / most) * (CHART_HEIGHT - PLOT.top - PLOT.bottom);
  for (let minutes = 0; minutes <= most; minutes += step) {
    svg.append(makeSvg("line", { class: "grid", x1: PLOT.left, x2: width - PLOT.right, y1: y(minutes), y2: y(minutes) }), makeSvg("text", { x: PLOT.left - 6, y: y(minutes) + 4, "text-anchor": "end" }, String(minutes)));
  }
  const points = (name) => profile.filter((point) => point[name] !== null).map((point) => `${x(point.at_ms).toFixed(1)},${y(point[name]).toFixed(1)}`).join(" ");
  const isSame = profile.every(({ before, after }) => before === after);
  if (!isSame) svg.append(makeSvg("polyline", { class: "cap-plan", points: points("before") }));
  svg.append(makeSvg("polyline", { class: "cap", points: points("after") }));
  svg.append(...hourTicks(profile, x, hourOf, width));
  const before = peakOf(profile, "before");
  const after = peakOf(profile, "after");
  if (after) svg.append(peakLabel(after.at_ms, after.after, say(isSame ? "effect-now-peak" : "effect-after-peak", { minutes: Math.round(after.after) }), "strong", -8, x, y, width));
  if (before && !isSame) {
    // The label is above its line, or below it when the other line is close above.
    const other = profile.find(({ at_ms }) => at_ms === before.at_ms).after ?? 0;
    const isClose = other >= before.before && y(before.before) - y(other) < 28;
    svg.append(peakLabel(before.at_ms, before.before, say("effect-now-peak", { minutes: Math.round(before.before) }), "", isClose ? 18 : -8, x, y, width));
  }
  return svg;
}

function peakOf(profile, name) {
  return profile.filter((point) => point[name] !== null).reduce((peak, point) => (peak && peak[name] >= point[name] ? peak : point), null);
}

function peakLabel(at, minutes, words, name, by, x, y, width) {
  const place = x(at);
  const anchor = place > width - 70 ? "end" : place < PLOT.left + 40 ? "start" : "middle";
  return makeSvg("text", { class: name, x: place, y: Math.max(12, Math.min(y(minutes) + by, CHART_HEIGHT - PLOT.bottom - 4)), "text-anchor": anchor }, words);
}

function hourTicks(profile, x, hourOf, width) {
  const whole = profile.map(({ at_ms }) => [at_ms, hourOf(at_ms)]).filter(([, words]) => words.endsWith(":00"));
  const every = Math.max(1, Math.ceil((whole.length * 34) / (width - PLOT.left)));
  return whole.filter((_, place) => place % every === 0).map(([at, words]) => makeSvg("text", { x: x(at), y: CHART_HEIGHT - 4, "text-anchor": "middle" }, String(Number(words.slice(0, 2)))));
}

function watchWidth(element, draw, signal) {
  const observer = new ResizeObserver(draw);
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect());
}
