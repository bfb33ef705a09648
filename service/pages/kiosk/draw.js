/** The kiosk's views: start, code, camera, checking, ticket, refusal, setup. Each function makes a whole view from its arguments. */

import { lines, make, makeSvg } from "/display/element.js";
import { grouped } from "/pages/codes.js";
import { drawQr } from "/pages/qr.js";
import { both, label, languages, ofHall, spans } from "./words.js";

const CODE_LENGTH = 8;
const KEYS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PEOPLE_SHOWN_MAX = 9;
// The style sheet has a font size for each length of a number up to this.
const NUMBER_LENGTH_MAX = 7;

/** @typedef {import("./words.js").Said} Said */

/**
 * A button with its text in both languages.
 * @param {string} name `button.button`, with classes
 * @param {Said[]} texts
 * @param {() => void} press
 * @param {Record<string, unknown>} [attributes]
 * @param {Node | null} [icon]
 */
export function button(name, texts, press, attributes = {}, icon = null) {
  const element = make(`button.button${name}`, { type: "button", ...attributes }, icon, make("span.said", {}, spans(texts)));
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
 * The start view: check in, or choose a service.
 * @param {object} facts
 * @param {object} facts.hall as the API answers it
 * @param {object | null} facts.board null: it is unknown how many people wait
 * @param {number} facts.count number of people
 * @param {string | null} facts.invitation code of an invitation for which the person must choose a service
 * @param {boolean} facts.cut whether the kiosk is offline
 * @param {boolean} facts.camera
 * @param {(service: object) => import("/pages/outlook.js").Outlook} facts.outlookOfService expected wait for a new ticket
 * @param {Said[][]} facts.closed why no numbers are given out now, and what to do instead; empty while they are given out
 * @param {{type: () => void, film: () => void, take: (service: object) => void, people: (count: number) => void}} act
 */
export function drawStart({ hall, board, count, invitation, cut, camera, closed, outlookOfService }, act) {
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
      closed.length > 0 ? make("div.message", { role: "status" }, closed.map((texts, place) => make(place === 0 ? "p.fact" : "p", {}, spans(texts)))) : null,
      make("div.choices", { class: ["choices", hall.services.length > 4 && "many", closed.length > 0 && "shut"].filter(Boolean).join(" ") }, hall.services.map((service) => drawService({ service, board, count, cut, closed: closed.length > 0, outlook: outlookOfService(service) }, act.take))),
      cut || closed.length > 0 ? null : make("p.promise", {}, ...lines(both("start-promise"), "span")),
    ),
  );
}

function drawPeople(count, most, choose) {
  const step = (by, id, texts) => {
    const to = count + by;
    const isOutside = to < 1 || to > Math.min(most, PEOPLE_SHOWN_MAX);
    const element = make("button.button.step", { type: "button", id, "aria-label": label(texts), disabled: isOutside }, by < 0 ? "−" : "+");
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
  const waiting = board?.waiting.find((entry) => entry.service === service.id);
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
  const isTooMany = count > service.count_max;
  const about = closed ? [] : isTooMany ? both("service-count", { most: service.count_max }) : cut || !waiting ? [] : both("service-waiting", { count: waiting.count });
  const element = make(
    "button.choice",
    { type: "button", id: `service-${service.id}`, "data-service": service.id, disabled: isTooMany || closed },
    letter,
    perforation,
    make("span.what", {}, name, make("span.about.quiet", {}, spans(about))),
    make("span.much", {}, ...(cut || isTooMany || closed ? [] : drawWait(outlook, waiting?.shown ?? service.wait?.shown ?? null))),
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

/** The view to type a code, with keys on the screen or with a keyboard. */
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

/** The view to hold a code in front of the camera. */
export function drawCamera(video, act) {
  return make("div.camera-view", {}, make("h2", { id: "title" }, spans(both("camera-title"))), video, make("div.row", {}, button("", both("leave"), act.leave, { id: "leave" })));
}

/** The view while an answer is awaited. */
export function drawChecking({ slow }) {
  return make("div.checking-view", { role: "status" }, make("h2", { id: "title", tabindex: -1 }, spans(both("checking-title"))), make("p", {}, spans(both(slow ? "checking-slow" : "checking-about"))));
}

/**
 * The view of a ticket.
 * @param {object} facts
 * @param {object} facts.ticket
 * @param {object} facts.service
 * @param {import("/pages/outlook.js").Outlook} facts.outlook the expected wait
 * @param {Record<"zh" | "en", string> | null} facts.stage name of the first stage by language, if people go there first
 * @param {string | null} facts.url of the ticket's page
 * @param {boolean} facts.offline whether the number is from the stock
 * @param {"none" | "printed" | "unprinted" | "told"} facts.paper the slip; `told`: staff know that it was not printed
 * @param {boolean} facts.resumed whether the ticket existed before
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
      make("div.who", {}, make("p.number", { "data-length": Math.min(ticket.number.length, NUMBER_LENGTH_MAX) }, ticket.number), ...lines(ofHall(service?.name)), ticket.count > 1 ? make("p.quiet", {}, spans(both("slip-people", { count: ticket.count }))) : null),
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
        ...(failed ? [make("p.message.heed", {}, spans(paperAdvice(paper)))] : lines(both("slip-code"))),
        paper === "printed" ? make("p.one-line", {}, spans(both("paper-here"))) : null,
      ),
    ),
    make("div.row", {}, button(".primary", both("done"), act.leave, { id: "leave" }), act.print ? button("", both("print-again"), act.print, { id: "print" }) : null, paper === "printed" ? button("", both("no-slip"), act.noSlip, { id: "no-slip" }) : null),
    make("p.quiet.back", { "aria-live": "off" }, make("span", { id: "countdown" })),
  );
}

/**
 * The ticket as screen readers announce it, in the leading language.
 * @returns {Said[]}
 */
export function spokenTicket({ ticket, service, outlook, offline }) {
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
 * What to do without a slip, as texts.
 * @param {"unprinted" | "told"} paper
 */
export function paperAdvice(paper) {
  return both(paper === "told" ? "paper-told" : "paper-photo");
}

/**
 * The view of a refusal: the reason, and what the person can do.
 * @param {import("./refusals.js").Refusal} facts
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

/** The view of a browser that is not set up as a kiosk. @param {{id: string}} facts suffix of the texts */
export function drawSetup({ id }) {
  return make("div.setup-view", {}, make("h2", { id: "title" }, spans(both(`setup-${id}`))), ...lines(both(`setup-about-${id}`)));
}

/** The four buttons at the foot. */
export function drawFoot({ larger, contrast, lower, help }, act) {
  const footButton = (name, pressed, press) => button("", both(`foot-${name}`), press, { id: name, "aria-pressed": pressed === null ? null : String(pressed) }, ICONS[name]());
  const isSent = help === "sent";
  const call = button("", both({ sent: "foot-helped", failed: "foot-unhelped" }[help] ?? "foot-help"), isSent ? () => undefined : act.call, { id: "help", "aria-disabled": isSent ? "true" : null, "aria-busy": help === "sending" ? "true" : null }, ICONS.help());
  return [footButton("larger", larger, act.larger), footButton("contrast", contrast, act.contrast), footButton("lower", lower, act.lower), call];
}

/** The language switch. Each language is named in itself. */
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

/** The settings dialog for staff: what slips are printed on, and the state of the stock and of the printer. */
export function drawSettings({ name, slip, network, needsPaper, left, unreported }, act) {
  const dialog = make("dialog.dialog.settings", { "aria-labelledby": "settings-title" });
  const choices = [["none", both("settings-none")], ["58", both("settings-58")], ["80", both("settings-80")], ...(network ? [["network", both("settings-network")]] : [])];
  const options = choices.map(([value, texts]) => {
    const input = make("input", { type: "radio", name: "slip", value, checked: value === slip });
    input.addEventListener("change", () => act.slip(value));
    return make("label.check", {}, input, make("span", {}, spans(texts)))
;
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
    make("p", {}, spans(both("settings-stock", { left, untold: unreported }))),
    make("div.row", {}, needsPaper ? paperIn : null, done),
  );
  dialog.addEventListener("close", () => dialog.remove());
  return dialog;
}
