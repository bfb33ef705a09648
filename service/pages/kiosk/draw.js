/** The kiosk's views, each made whole from its facts: start, code, camera, checking, ticket, refusal, setup. */

import { lines, make, makeSvg } from "/display/element.js";
import { grouped } from "/pages/codes.js";
import { drawQr } from "/pages/qr.js";
import { both, label, languages, ofHall, spans } from "./words.js";

const CODE_LENGTH = 8;
const KEYS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PEOPLE_SHOWN_MAX = 9;
// The style sheet has a size for each length up to this.
const NUMBER_MAX = 7;

/** @typedef {import("./words.js").Said} Said */

/**
 * A button with its words in both languages.
 * @param {string} name `button.button`, with classes
 * @param {Said[]} said
 * @param {() => void} press
 * @param {Record<string, unknown>} [attributes]
 * @param {Node | null} [icon]
 */
export function button(name, said, press, attributes = {}, icon = null) {
  const element = make(`button.button${name}`, { type: "button", ...attributes }, icon, make("span.said", {}, spans(said)));
  element.addEventListener("click", press);
  return element;
}

function icon(...parts) {
  return makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, ...parts.map((d) => makeSvg("path", { class: "stroke", d })));
}

export const ICONS = {
  larger: () => icon("M3 19 8.5 5 14 19M5 14h7M15 19l3-8 3 8M16 16.5h4"),
  contrast: () => makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("circle", { class: "stroke", cx: 12, cy: 12, r: 9 }), makeSvg("path", { class: "solid", d: "M12 3a9 9 0 0 1 0 18z" })),
  lower: () => icon("M4 4h16M4 20h16M12 8v8M8 13l4 4 4-4"),
  help: () => icon("M4 17a8 8 0 0 1 16 0zM3 20h18M12 9V6M10 5h4"),
};

function scanPicture() {
  return makeSvg(
    "svg",
    { class: "scan", viewBox: "0 0 116 100", "aria-hidden": "true" },
    makeSvg("rect", { class: "stroke", x: 37, y: 2, width: 42, height: 56, rx: 6 }),
    makeSvg("path", { class: "stroke", d: "M46 13h10v10H46zM60 13h10v10H60zM46 29h10v10H46zM62 31h6v6h-6z" }),
    makeSvg("path", { class: "stroke", d: "M14 98V88a6 6 0 0 1 6-6h76a6 6 0 0 1 6 6v10M58 64v11M52 70l6 6 6-6" }),
  );
}

/**
 * The start: check in, or choose a service.
 * @param {object} facts
 * @param {object} facts.hall as the service answers it
 * @param {object | null} facts.board null: nobody knows how many wait
 * @param {number} facts.count people
 * @param {string | null} facts.invitation a code that wants a service
 * @param {boolean} facts.cut whether the kiosk is cut off
 * @param {boolean} facts.camera
 * @param {(service: object) => import("/pages/outlook.js").Outlook} facts.outlookFor what is told to who might take a number now
 * @param {Said[][]} facts.closed why no numbers are given out now, and the way forward; empty while they are
 * @param {{type: () => void, film: () => void, take: (service: object) => void, people: (count: number) => void}} act
 */
export function drawStart({ hall, board, count, invitation, cut, camera, closed, outlookFor }, act) {
  const most = Math.max(1, ...hall.services.filter(({ online_url }) => !online_url).map(({ count_max }) => count_max));
  return make(
    "div.start",
    {},
    make(
      "section.booked-box",
      {},
      scanPicture(),
      make(
        "div",
        {},
        make("h2.h3", {}, spans(both("start-booked"))),
        cut ? null : make("p.quiet", {}, spans(both("start-also"))),
        cut
          ? make("p.message", {}, spans(both("start-no-check-in")))
          : make("div.row", {}, button("", both("start-type"), act.type, { id: "type" }), camera ? button("", both("start-film"), act.film, { id: "film" }) : null),
      ),
    ),
    make(
      "section.walk-in",
      {},
      make(
        "div.asks",
        {},
        make("h2", {}, spans(invitation ? both("start-invited") : both("start-walk-in"))),
        most > 1 && !invitation && closed.length === 0 ? drawPeople(count, most, act.people) : null,
      ),
      closed.length > 0 ? make("div.message", { role: "status" }, closed.map((said, place) => make(place === 0 ? "p.fact" : "p", {}, spans(said)))) : null,
      make("div.choices", { class: ["choices", hall.services.length > 4 && "many", closed.length > 0 && "shut"].filter(Boolean).join(" ") }, hall.services.map((service) => drawService({ service, board, count, cut, closed: closed.length > 0, outlook: outlookFor(service) }, act.take))),
      cut || closed.length > 0 ? null : make("p.promise", {}, ...lines(both("start-promise"), "span")),
    ),
  );
}

function drawPeople(count, most, choose) {
  const step = (by, id, said) => {
    const to = count + by;
    const off = to < 1 || to > Math.min(most, PEOPLE_SHOWN_MAX);
    const element = make("button.button.step", { type: "button", id, "aria-label": label(said), disabled: off }, by < 0 ? "−" : "+");
    element.addEventListener("click", () => choose(to));
    return element;
  };
  return make(
    "div.people",
    { role: "group", "aria-label": label(both("people")) },
    make("span.people-label", {}, spans(both("people"))),
    step(-1, "fewer", both("people-fewer")),
    make("b.people-count", { id: "people", "aria-live": "polite" }, String(count)),
    step(1, "more", both("people-more")),
  );
}

function drawService({ service, board, count, cut, closed, outlook }, take) {
  const waiting = board?.waiting.find((one) => one.service === service.id);
  const name = lines(ofHall(service.name), "span");
  const letter = make("span.letter", { "aria-hidden": "true" }, service.prefix);
  const perforation = make("i.perf", { "aria-hidden": "true" });
  if (service.online_url) {
    return make(
      "div.choice.online",
      { "data-service": service.id },
      letter,
      perforation,
      make("span.what", {}, name, ...lines(both("service-online"), "span")),
      make("span.much", {}, drawQr(service.online_url, label(both("service-online-qr")))),
    );
  }
  const over = count > service.count_max;
  const about = closed ? [] : over ? both("service-count", { most: service.count_max }) : cut || !waiting ? [] : both("service-waiting", { count: waiting.count });
  const element = make(
    "button.choice",
    { type: "button", id: `service-${service.id}`, "data-service": service.id, disabled: over || closed },
    letter,
    perforation,
    make("span.what", {}, name, make("span.about.quiet", {}, spans(about))),
    make("span.much", {}, ...(cut || over || closed ? [] : drawWait(outlook, waiting?.shown ?? service.wait?.shown ?? null))),
  );
  element.addEventListener("click", () => take(service));
  return element;
}

function drawWait(outlook, shown) {
  if (outlook !== "range") return [make("span", { "data-outlook": outlook }, ...lines(both(`wait-${outlook}`), "span"))];
  return [make("span", {}, spans(both("wait"))), make("b", {}, rangeOf(shown)), make("span", {}, spans(both("minutes")))];
}

/** @param {{from_min: number, to_min: number}} shown */
export function rangeOf({ from_min, to_min }) {
  return `${from_min}–${to_min}`;
}

/** Type a code, with keys on the screen or with a keyboard. */
export function drawCode({ typed }, act) {
  const full = typed.length === CODE_LENGTH;
  const field = make("input.code-field", { id: "code", type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", inputmode: "none", maxlength: 12, "aria-label": label(both("code-label")), value: typed });
  field.addEventListener("input", () => act.type(field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    act.send();
  });
  return make(
    "div.code-view",
    {},
    make("h2", { id: "title" }, spans(both("code-title"))),
    make("p.quiet", {}, spans(both("code-about"))),
    field,
    make(
      "div.keys",
      { role: "group", "aria-label": label(both("code-label")) },
      [...KEYS].map((key) => {
        const element = make("button.button.key", { type: "button", id: `key-${key}` }, key);
        element.addEventListener("click", () => act.type(typed + key));
        return element;
      }),
    ),
    make(
      "div.row",
      {},
      button(".primary", both("code-send"), act.send, { id: "send", "aria-disabled": full ? null : "true" }),
      button("", both("code-back"), () => act.type(typed.slice(0, -1)), { id: "erase" }),
      button("", both("leave"), act.leave, { id: "leave" }),
    ),
  );
}

/** Hold a code before the camera. */
export function drawCamera(video, act) {
  return make("div.camera-view", {}, make("h2", { id: "title" }, spans(both("camera-title"))), video, make("div.row", {}, button("", both("leave"), act.leave, { id: "leave" })));
}

/** The answer is not there yet. */
export function drawChecking({ slow }) {
  return make("div.checking-view", { role: "status" }, make("h2", { id: "title", tabindex: -1 }, spans(both("checking-title"))), make("p", {}, spans(both(slow ? "checking-slow" : "checking-about"))));
}

/**
 * A number.
 * @param {object} facts
 * @param {object} facts.ticket
 * @param {object} facts.service
 * @param {import("/pages/outlook.js").Outlook} facts.outlook what is told of the wait
 * @param {string | null} facts.stage the first stage in words, where people go first
 * @param {string | null} facts.url
 * @param {boolean} facts.offline taken from the stock
 * @param {"none" | "printed" | "unprinted" | "told"} facts.paper told: staff know that it was not printed
 */
export function drawTicket({ ticket, service, stage, outlook, url, offline, paper, resumed }, act) {
  const standby = ticket.admission === "standby";
  const wait = outlook === "range" ? ticket.wait.shown : null;
  const failed = paper === "unprinted" || paper === "told";
  return make(
    "div.ticket-view",
    { "data-number": ticket.number, "data-code": ticket.code },
    make("h2", { id: "title", tabindex: -1 }, spans(both(resumed ? "ticket-resumed" : "ticket-title"))),
    make(
      "section.stub",
      {},
      make("div.who", {}, make("p.number", { "data-length": Math.min(ticket.number.length, NUMBER_MAX) }, ticket.number), ...lines(ofHall(service?.name)), ticket.count > 1 ? make("p.quiet", {}, spans(both("slip-people", { count: ticket.count }))) : null),
      make("i.perf", { "aria-hidden": "true" }),
      make(
        "div.where",
        {},
        ...(offline
          ? lines(both("ticket-offline"))
          : standby
            ? lines(both("ticket-standby"))
            : [
                make("p", {}, spans(both("wait"))),
                wait ? make("p.range-words", {}, make("b", {}, rangeOf(wait)), make("span", {}, spans(both("minutes")))) : make("p", {}, spans(both(outlook === "late" ? "wait-late" : "wait-unknown"))),
                make("p.quiet", {}, spans(both("ticket-ahead", { count: ticket.ahead ?? 0 }))),
              ]),
      ),
    ),
    make("div.go", {}, ...(stage ? lines(both("ticket-stage", (key) => ({ stage: stage[key] }))) : []), ...lines(both("ticket-go"))),
    make(
      "div.take-along",
      {},
      url ? make("div.qr-box", {}, drawQr(url, label(both("ticket-qr")))) : null,
      make(
        "div",
        {},
        ...(url && !failed ? lines(both("ticket-qr")) : []),
        make("p.code-line", {}, grouped(ticket.code)),
        ...(failed ? [make("p.message.heed", {}, spans(wordsOfPaper(paper)))] : lines(both("slip-code"))),
        paper === "printed" ? make("p.one-line", {}, spans(both("paper-here"))) : null,
      ),
    ),
    make("div.row", {}, button(".primary", both("done"), act.leave, { id: "leave" }), act.print ? button("", both("print-again"), act.print, { id: "print" }) : null, paper === "printed" ? button("", both("no-slip"), act.noSlip, { id: "no-slip" }) : null),
    make("p.quiet.back", { "aria-live": "off" }, make("span", { id: "countdown" })),
  );
}

/**
 * A number as it is heard: in the language that leads.
 * @returns {Said[]}
 */
export function heardOf({ ticket, service, outlook, offline }) {
  const wait = outlook === "range" ? ticket.wait.shown : null;
  const [id, facts] = offline
    ? ["ticket-offline", {}]
    : ticket.admission === "standby"
      ? ["ticket-standby", {}]
      : wait
        ? ["heard-wait", { count: ticket.ahead ?? 0, from: wait.from_min, to: wait.to_min }]
        : ["ticket-ahead", { count: ticket.ahead ?? 0 }];
  const [[name], [about]] = [ofHall(service?.name), both(id, facts)];
  return both("heard-number", { number: ticket.number, service: name?.text ?? "", about: about.text }).slice(0, 1);
}

/**
 * What to do without a slip.
 * @param {"unprinted" | "told"} paper
 */
export function wordsOfPaper(paper) {
  return both(paper === "told" ? "paper-told" : "paper-photo");
}

/**
 * What the hall says no to, and the way forward.
 * @param {{title: Said[], about: Said[], url: string | null}} facts
 */
export function drawRefusal({ title, about, url, retry }, act) {
  return make(
    "div.refusal-view",
    {},
    make("section.message", {}, make("h2", { id: "title", tabindex: -1 }, spans(title)), about.length > 0 ? make("p", {}, spans(about)) : null),
    url ? make("div.qr-box", {}, drawQr(url, label(both("service-online-qr")))) : null,
    make("div.row", {}, retry ? button(".primary", both("start-type"), act.type, { id: "type" }) : null, button(retry ? "" : ".primary", both("back-to-start"), act.leave, { id: "leave" })),
    make("p.quiet.back", { "aria-live": "off" }, make("span", { id: "countdown" })),
  );
}

/** A browser that no hall has made its kiosk yet. */
export function drawSetup({ id }) {
  return make("div.setup-view", {}, make("h2", { id: "title" }, spans(both(`setup-${id}`))), ...lines(both(`setup-about-${id}`)));
}

/** The four buttons at the foot. */
export function drawFoot({ larger, contrast, lower, help }, act) {
  const one = (name, pressed, press) => button("", both(`foot-${name}`), press, { id: name, "aria-pressed": pressed === null ? null : String(pressed) }, ICONS[name]());
  const told = help === "told";
  const call = button("", both({ told: "foot-helped", untold: "foot-unhelped" }[help] ?? "foot-help"), told ? () => undefined : act.call, { id: "help", "aria-disabled": told ? "true" : null, "aria-busy": help === "asking" ? "true" : null }, ICONS.help());
  return [one("larger", larger, act.larger), one("contrast", contrast, act.contrast), one("lower", lower, act.lower), call];
}

/** The language switch: each language in itself. */
export function drawLanguages(choose) {
  return [["zh", "zh-CN", "中文"], ["en", "en", "English"]].map(([key, lang, name]) => {
    const link = make("a", { href: `?lang=${key}`, lang, "data-lang": key, "aria-current": languages()[0] === key ? "true" : null }, name);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(key);
    });
    return link;
  });
}

/** For staff: what is printed on, and how the kiosk stands. */
export function drawSettings({ name, slip, network, ails, left, untold }, act) {
  const dialog = make("dialog.dialog.settings", { "aria-labelledby": "settings-title" });
  const choices = [["none", both("settings-none")], ["58", both("settings-58")], ["80", both("settings-80")], ...(network ? [["network", both("settings-network")]] : [])];
  const options = choices.map(([value, said]) => {
    const input = make("input", { type: "radio", name: "slip", value, checked: value === slip });
    input.addEventListener("change", () => act.slip(value));
    return make("label.check", {}, input, make("span", {}, spans(said)));
  });
  const done = button(".primary", both("done"), () => dialog.close(), { id: "settings-done" });
  const paperIn = button("", both("settings-paper-in"), () => {
    act.paperIn();
    dialog.close();
  }, { id: "paper-in" });
  dialog.append(
    make("h2", { id: "settings-title" }, spans(both("settings-title"))),
    make("p.quiet", {}, name),
    make("fieldset", {}, make("legend", {}, spans(both("settings-slip"))), options),
    make("p", {}, spans(both("settings-stock", { left, untold }))),
    make("div.row", {}, ails ? paperIn : null, done),
  );
  dialog.addEventListener("close", () => dialog.remove());
  return dialog;
}
