/** Learned values: what plans use, learned from the past days of the hall. */

import { make } from "/display/element.js";
import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";
import { round, weekdayName } from "../describe.js";
import { head, part, table } from "../parts.js";

/** @param {import("../parts.js").Ui} ui */
export function learned(ui) {
  const root = make("div.stack", { id: "learned" });
  read(ui, root).catch(ui.fail);
  return [head(say("learned-title"), say("learned-about")), root];
}

async function read(ui, root) {
  const { body } = await ui.call("GET", "learned");
  if (ui.signal.aborted) return;
  const since = body.learned_at ? say("learned-since", { days: body.days, when: ui.times.moment(body.learned_at) }) : say("learned-nothing-yet");
  root.replaceChildren(make("p", { id: "learned-since" }, since), durationsPart(ui, body), comingPart(body), ...leavingParts(body), walkInsPart(body));
}

function durationsPart(ui, { durations }) {
  const rows = durations
    .filter(({ service }) => !ui.hall.services.find(({ id }) => id === service)?.online_url)
    .flatMap((duration) => {
      const name = pick(ui.hall.services.find(({ id }) => id === duration.service)?.name, languageNow()).text || duration.service;
      const share = duration.share_of_walk_ins === null ? "–" : `${round(duration.share_of_walk_ins * 100)} %`;
      if (duration.stages.length === 0) return [{ attributes: { "data-service": duration.service }, cells: cellsOf(name, duration, share) }];
      return duration.stages.map((stage) => ({
        attributes: { "data-service": duration.service, "data-stage": stage.stage },
        cells: cellsOf(`${name} · ${pick(stage.name, languageNow()).text || stage.stage}`, stage, share),
      }));
    });
  return part(say("learned-durations"), table(say("learned-durations"), [say("queue-service"), say("learned-mean"), say("learned-prechecked"), say("learned-written"), say("learned-spread"), say("learned-share"), say("learned-source")], rows, { numbers: [1, 2, 3, 4, 5] }));
}

/** Cells for a service or one of its stages. If no duration is entered, plans use a share of the service's duration. */
function cellsOf(name, duration, share) {
  return [
    name,
    minutes(duration.mean_s),
    duration.prechecked_mean_s === null ? "–" : minutes(duration.prechecked_mean_s),
    duration.document_mean_s === null ? "–" : minutes(duration.document_mean_s),
    `${round(duration.cv * 100)} %`,
    share,
    say(duration.learned ? "learned-yes" : duration.document_mean_s === null ? "learned-guess" : "learned-no"),
  ];
}

function comingPart({ show_rate, punctuality_mean_s, punctuality_sd_s }) {
  const early = punctuality_mean_s < 0;
  return part(
    say("learned-coming"),
    make("p", { id: "show-rate" }, say("learned-show-rate", { percent: Math.round(show_rate * 100) })),
    make("p", {}, say(early ? "learned-early" : "learned-late", { minutes: round(Math.abs(punctuality_mean_s) / 60), spread: round(punctuality_sd_s / 60) })),
  );
}

/** Shows how many people leave within half an hour of waiting: easier to understand than a rate per hour. */
function leavingParts({ days, left_per_h, no_show_per_h, no_show_s }) {
  if (!days) return [];
  const percent = Math.round(100 * (1 - Math.exp(-(left_per_h + no_show_per_h) / 2)));
  const inVain = no_show_per_h > 0 ? [make("p", {}, say("learned-no-show", { minutes: minutes(no_show_s) }))] : [];
  return [part(say("learned-leaving"), make("p", { id: "leaving" }, say("learned-leaving-share", { percent })), ...inVain)];
}

/** Table of walk-ins per hour by weekday and hour. A dash means unknown, which is not zero. */
function walkInsPart({ walk_ins }) {
  const hours = [...new Set(walk_ins.flatMap((day) => day.hours.map(({ hour }) => hour)))].sort((first, second) => first - second);
  if (hours.length === 0) return part(say("learned-walk-ins"), make("p.quiet", { id: "walk-ins" }, say("learned-walk-ins-none")));
  const rows = walk_ins.map(({ weekday, hours: known }) => ({
    cells: [weekdayName(weekday), ...hours.map((hour) => known.find((entry) => entry.hour === hour)).map((entry) => (entry ? String(round(entry.per_h)) : "–"))],
  }));
  return part(say("learned-walk-ins"), make("div", { id: "walk-ins" }, table(say("learned-walk-ins"), [say("learned-weekday"), ...hours.map((hour) => `${hour}–${hour + 1}`)], rows, { numbers: hours.map((_, place) => place + 1) })));
}

function minutes(seconds) {
  return String(round(Math.round(seconds / 6) / 10));
}
