/** The rating of the visit: five grades, and reasons by code. It is offered once. */

import { make } from "/display/element.js";
import { nameOf, button } from "/pages/phone.js";
import { say } from "/pages/texts.js";
import { runAndReport } from "/pages/ticket/acts.js";
import { whileBusy } from "/pages/ui.js";

const GRADES = [5, 4, 3, 2, 1];

/** The choice that is not sent yet. */
const chosen = { grade: null, reasons: new Set() };

/** @returns {{main: (Node | null)[], dock: (Node | null)[]}} */
export function rating(page) {
  const { ticket, rules, live } = page;
  if (ticket.rating) return { main: [make("div.message", {}, make("p", {}, make("b", {}, say("rated-title"))), make("p", {}, say("rated-about")))], dock: [] };
  if (page.times.on(live.clock.now()) !== ticket.day) return { main: [], dock: [] };
  const send = button("primary.wide", say("rate-send"), (pressed) => rate(page, pressed), { id: "rate", "aria-disabled": chosen.grade === null ? "true" : null, "aria-describedby": chosen.grade === null ? "rate-first rate-hint" : "rate-hint" });
  const first = chosen.grade === null ? make("p.why", { id: "rate-first" }, say("rate-first")) : null;
  const grades = GRADES.map((grade) => {
    const input = make("input", { type: "radio", name: "grade", value: grade, id: `grade-${grade}`, checked: grade === chosen.grade });
    input.addEventListener("change", () => {
      chosen.grade = grade;
      send.removeAttribute("aria-disabled");
      first?.remove();
    });
    return make("label", { for: `grade-${grade}` }, input, make("span", {}, say(`grade-${grade}`)), make("span.quiet.small", { "aria-hidden": "true" }, String(grade)));
  });
  const reasons = rules.ratings.map((code) => {
    const input = make("input", { type: "checkbox", value: code, id: `why-${code}`, checked: chosen.reasons.has(code) });
    input.addEventListener("change", () => (input.checked ? chosen.reasons.add(code) : chosen.reasons.delete(code)));
    return make("label.check", { for: `why-${code}` }, input, make("span", {}, nameOf(rules.words[code]) || code));
  });
  return {
    main: [make("fieldset.grades", {}, make("legend", {}, say("rate-title")), grades), reasons.length ? make("details.more", {}, make("summary", {}, say("rate-why")), reasons) : null, make("p.small.quiet", { id: "rate-hint" }, say("rate-hint"))],
    dock: [first, send],
  };
}

async function rate(page, pressed) {
  await whileBusy(pressed, () => runAndReport(page, async () => page.setTicket((await page.call("POST", `tickets/${page.id}/rating`, { body: { grade: chosen.grade, reasons: [...chosen.reasons].slice(0, 8) } })).body)));
}
