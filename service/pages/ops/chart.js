/**
 * Two charts of a hall's day on one time axis: arrivals and capacity, and the number of waiting people with the forecast until closing.
 *
 * Coordinates are attributes and colours are classes, because the page's security policy forbids inline styles. The chart is drawn for the
 * available width, so that its text has the same size on all screens. The key is above the chart, because labels inside would overlap.
 */

import { makeSvg } from "/display/element.js";
import { say } from "/pages/texts.js";
import { number } from "/pages/times.js";
import { marks } from "./model.js";

const LEFT = 40;
const RIGHT = 8;
const TOP = 14;
const BARS = 164;
const LINE_TOP = 230;
const LINES = 164;
const HEIGHT = 422;
const GAP = 0.2;
/** Width of a time label, with its distance to the next one. */
const LABEL_WIDTH = 56;
const HOUR_MS = 3_600_000;

/**
 * Draw the charts.
 * @param {object} facts
 * @param {object} facts.day of `GET …/ops`
 * @param {object | null} facts.ahead of `GET …/forecast`; null: no forecast is drawn
 * @param {import("/pages/times.js").HallTimes} facts.times
 * @param {number} width in CSS pixels
 * @returns {SVGElement}
 */
export function dayChart({ day, ahead, times }, width) {
  const halves = day.halves.map((half) => ({ ...half, from_ms: Date.parse(half.from_at), to_ms: Date.parse(half.to_at) }));
  const from_ms = halves[0].from_ms;
  const to_ms = halves.at(-1).to_ms;
  const now_ms = Math.min(Math.max(Date.parse(day.at), from_ms), to_ms);
  const x = (at_ms) => LEFT + ((at_ms - from_ms) / (to_ms - from_ms)) * (width - LEFT - RIGHT);
  const label = say("chart-described", { from: times.time(from_ms), to: times.time(to_ms) });
  const svg = makeSvg("svg", { class: "chart", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label });
  svg.append(
    ...arrivals(halves, now_ms, x, width),
    ...nowLine(now_ms, times, x, width, Date.parse(day.at) <= to_ms),
    ...waiting({ day, ahead, from_ms, to_ms, now_ms, x, width }),
    ...hours({ from_ms, to_ms, times, x, width }),
  );
  return svg;
}

function arrivals(halves, now_ms, x, width) {
  const most = Math.max(1, ...halves.flatMap((half) => [half.capacity, half.planned, half.booked + half.walk_ins + half.booked_to_come + half.walk_ins_to_come]));
  const axis = marks(most * 1.08, 3);
  const y = (value) => TOP + BARS - (value / axis.at(-1)) * BARS;
  const bars = halves.flatMap((half) => {
    const wide = x(half.to_ms) - x(half.from_ms);
    let under = 0;
    return [["booked", half.booked], ["booked to-come", half.booked_to_come], ["walk", half.walk_ins], ["walk to-come", half.walk_ins_to_come]]
      .filter(([, people]) => people > 0)
      .map(([kind, people]) => {
        const bar = makeSvg("rect", { class: kind, x: round(x(half.from_ms) + (wide * GAP) / 2), y: round(y(under + people)), width: round(wide * (1 - GAP)), height: round(Math.max(0, y(under) - y(under + people) - (under > 0 ? 1 : 0))) });
        under += people;
        return bar;
      });
  });
  const steps = (values) => values.flatMap(({ from_ms, to_ms, value }) => [`${round(x(from_ms))},${round(y(value))}`, `${round(x(to_ms))},${round(y(value))}`]).join(" ");
  const differs = halves.filter(({ from_ms, capacity, planned }) => from_ms <= now_ms && Math.abs(capacity - planned) > 0.05);
  const plan = differs.map(({ from_ms, to_ms, planned }) => makeSvg("line", { class: "cap-plan", x1: round(x(from_ms)), x2: round(x(to_ms)), y1: round(y(planned)), y2: round(y(planned)) }));
  const capacity = makeSvg("polyline", { class: "cap", points: steps(halves.map(({ from_ms, to_ms, capacity: value }) => ({ from_ms, to_ms, value }))) });
  return [...grid(axis, y, width), ...bars, ...plan, capacity];
}

function waiting({ day, ahead, from_ms, to_ms, now_ms, x, width }) {
  const inside = (at_ms) => at_ms >= from_ms && at_ms <= to_ms;
  const was = day.line.map(({ at, waiting: people }) => ({ at_ms: Date.parse(at), people })).filter(({ at_ms }) => inside(at_ms));
  const now = { at_ms: now_ms, people: day.line.at(-1)?.waiting ?? 0 };
  const quarters = (ahead?.quarters ?? []).map((quarter) => ({ ...quarter, at_ms: Date.parse(quarter.at) })).filter(({ at_ms }) => at_ms > now_ms && inside(at_ms));
  const axis = marks(Math.max(4, ...was.map(({ people }) => people), ...quarters.map(({ waiting_p90 }) => waiting_p90)) * 1.1, 2);
  const y = (people) => LINE_TOP + LINES - (people / axis.at(-1)) * LINES;
  const point = (at_ms, people) => `${round(x(at_ms))},${round(y(people))}`;
  const from = point(now.at_ms, now.people);
  const high = quarters.map((quarter) => point(quarter.at_ms, quarter.waiting_p90));
  const low = quarters.map((quarter) => point(quarter.at_ms, quarter.waiting_p10)).reverse();
  const fan = [
    makeSvg("polygon", { class: "fan", points: [from, ...high, ...low].join(" ") }),
    makeSvg("polyline", { class: "mid", points: [from, ...quarters.map((one) => point(one.at_ms, one.waiting_p50))].join(" ") }),
    makeSvg("text", { x: width - RIGHT, y: LINE_TOP - 14, "text-anchor": "end" }, say("chart-fan")),
  ];
  return [
    makeSvg("text", { class: "strong", x: LEFT, y: LINE_TOP - 14 }, say("chart-waiting")),
    ...grid(axis, y, width),
    ...(quarters.length > 0 ? fan : []),
    makeSvg("polyline", { class: "was", points: was.map(({ at_ms, people }) => point(at_ms, people)).join(" ") }),
  ];
}

function grid(axis, y, width) {
  return axis.flatMap((value) => [
    makeSvg("line", { class: value === 0 ? "base" : "grid", x1: LEFT, x2: width - RIGHT, y1: round(y(value)), y2: round(y(value)) }),
    makeSvg("text", { x: LEFT - 8, y: round(y(value) + 4), "text-anchor": "end" }, number(value)),
  ]);
}

/** Labels of full hours, as many as fit. */
function hours({ from_ms, to_ms, times, x, width }) {
  const many = (to_ms - from_ms) / HOUR_MS;
  const every = [1, 2, 3, 4, 6, 12].find((step) => (many / step) * LABEL_WIDTH <= width - LEFT) ?? 24;
  const found = [];
  for (let at_ms = from_ms; at_ms <= to_ms; at_ms += HOUR_MS / 2) {
    const [hour, minute] = times.time(at_ms).split(":").map(Number);
    if (minute !== 0 || hour % every !== 0) continue;
    const anchor = x(at_ms) > width - LABEL_WIDTH / 2 ? "end" : "middle";
    found.push(makeSvg("text", { x: round(x(at_ms)), y: HEIGHT - 8, "text-anchor": anchor }, times.time(at_ms)));
  }
  return found;
}

/** The line of the current time through both charts, but not through the text between them. */
function nowLine(now_ms, times, x, width, isNow) {
  if (!isNow) return [];
  const left = x(now_ms);
  const turned = left > width - 96;
  return [
    ...[[4, TOP + BARS], [LINE_TOP, LINE_TOP + LINES]].map(([y1, y2]) => makeSvg("line", { class: "nowline", x1: round(left), x2: round(left), y1, y2 })),
    makeSvg("text", { class: "nowtext", x: round(left + (turned ? -6 : 6)), y: 14, "text-anchor": turned ? "end" : "start" }, say("chart-now", { time: times.time(now_ms) })),
  ];
}

function round(value) {
  return Math.round(value * 10) / 10;
}
