/** The acts of a person with their ticket. */

import { make } from "/display/element.js";
import { Refused, inHall } from "/pages/api.js";
import { grouped } from "/pages/codes.js";
import { BookingDraft, storeOwn, storeTicket } from "/pages/phone-store.js";
import { largeNumber, qr, ticketAddress } from "/pages/phone.js";
import { languageNow, say } from "/pages/texts.js";
import { ask, choose, whileBusy, wordsOf } from "/pages/ui.js";

const LATER_MIN = [10, 20, 30, 45, 60];

/** Ask to be called later. The place in the queue is kept. */
export async function moreTime(page) {
  const now_ms = page.live.clock.now();
  page.asking = ["waiting", "next"];
  const chosen = await choose({
    title: say("more-title"),
    body: [make("p", {}, say("more-about"))],
    choices: LATER_MIN.map((minutes) => ({ id: String(minutes), label: say("more-choice", { minutes, time: page.times.time(now_ms + minutes * 60_000) }) })),
  });
  if (chosen) await setNotBefore(page, new Date(now_ms + Number(chosen) * 60_000).toISOString());
}

/** Allow a call at any time again. */
export function mayBeCalled(page, pressed) {
  return whileBusy(pressed, () => setNotBefore(page, null));
}

async function setNotBefore(page, not_before_at) {
  await runAndReport(page, async () => page.setTicket((await page.call("PATCH", `tickets/${page.id}`, { body: { not_before_at } })).body));
}

/** Book a time instead of standby. The number is given up only when the time is booked. If it leaves standby before that, it is not given up. */
export function bookInstead(page) {
  new BookingDraft(page.hall.id).set({ standby: { ticket: page.id, service: page.ticket.service } });
  location.assign(`/halls/${page.hall.id}?service=${page.ticket.service}&step=time&lang=${languageNow()}`);
}

/** Leave the queue, after a question. */
export async function leave(page) {
  page.asking = ["waiting", "next", "standby", "put-off", "parked", "halted"];
  await runAndReport(page, async () => {
    const left = await ask({
      title: say("leave-title"),
      body: [make("p", {}, say("leave-about", { number: page.ticket.number }))],
      confirm: say("leave"),
      leaving: say("stay"),
      kind: "stop",
      act: async () => (await page.call("DELETE", `tickets/${page.id}`)).body,
    });
    if (left) page.setTicket(left);
  });
}

/** Come back after being parked or passed over. This is a check-in with the ticket's code, which works on later days too. */
export async function resume(page, pressed) {
  const booking = new BookingDraft(page.hall.id);
  const { entrance } = booking.now;
  await whileBusy(pressed, () =>
    runAndReport(page, async () => {
      const { body } = await inHall(page.hall.id)("POST", "check-ins", { body: { code: page.ticket.code, ...(entrance ? { entrance } : {}) } });
      if (body.id === page.id) return page.setTicket(body);
      storeOwn("tickets", page.id, { hall: page.hall.id, token: page.token, return_by_on: null });
      storeTicket(body.id, { hall: page.hall.id, token: body.token }, body);
      location.assign(ticketAddress(body.id, body.token));
    }),
  );
}

/** Show the code, large enough to be scanned from the phone. */
export function showCode(page, pressed) {
  return whileBusy(pressed, () =>
    runAndReport(page, async () => {
      const { view } = document.body.dataset;
      const { body } = await page.call("GET", `tickets/${page.id}/qr`);
      // The ticket may have been called in the meantime, or the button pressed twice.
      if (document.body.dataset.view !== view || document.querySelector("dialog[open]")) return;
      page.asking = [view];
      await choose({ title: say("code-title"), body: [largeNumber(page.ticket.number), qr(body.modules, say("code-label", { code: body.code })), make("p.code", {}, grouped(body.code)), make("p.small.quiet", {}, say("code-about"))], choices: [], leaving: say("close") });
    }),
  );
}

/** Run an act, and show in the dock why it was refused. */
export async function runAndReport(page, work) {
  page.message = null;
  try {
    await work();
  } catch (reason) {
    const text = words(reason);
    page.message = () => ({ text: text() });
    page.show();
    page.readNow();
  }
}

function words(reason) {
  if (reason instanceof Refused && reason.code === "entrance-required") return () => say("refused-entrance");
  if (reason instanceof Refused && reason.code === "code-used") return () => say("problem-wrong-state");
  return () => wordsOf(reason);
}
