/** What a person does with their ticket. */

import { make } from "/display/element.js";
import { Refused, inHall } from "/pages/api.js";
import { grouped } from "/pages/codes.js";
import { BookingDraft, storeOwn, storeTicket } from "/pages/phone-store.js";
import { largeNumber, qr, ticketAddress } from "/pages/phone.js";
import { languageNow, say } from "/pages/texts.js";
import { ask, choose, whileBusy, wordsOf } from "/pages/ui.js";

const LATER_MIN = [10, 20, 30, 45, 60];

/** Be called later and keep the place. */
export async function moreTime(page) {
  const now_ms = page.live.clock.now();
  page.asking = ["waiting", "next"];
  const chosen = await choose({
    title: say("more-title"),
    body: [make("p", {}, say("more-about"))],
    choices: LATER_MIN.map((minutes) => ({ id: String(minutes), label: say("more-choice", { minutes, time: page.times.time(now_ms + minutes * 60_000) }) })),
  });
  if (chosen) await change(page, new Date(now_ms + Number(chosen) * 60_000).toISOString());
}

/** May be called at any time again. */
export function mayBeCalled(page, pressed) {
  return whileBusy(pressed, () => change(page, null));
}

async function change(page, not_before_at) {
  await tried(page, async () => page.take((await page.call("PATCH", `tickets/${page.id}`, { body: { not_before_at } })).body));
}

/** Book a time in place of standing by: the number is given up when the time is booked, and not before. It is forgotten when the number stands by no longer. */
export function bookInstead(page) {
  new BookingDraft(page.hall.id).set({ standby: { ticket: page.id, service: page.ticket.service } });
  location.assign(`/halls/${page.hall.id}?service=${page.ticket.service}&step=time&lang=${languageNow()}`);
}

/** Give the place up, after being asked. */
export async function leave(page) {
  page.asking = ["waiting", "next", "standby", "put-off", "parked", "halted"];
  await tried(page, async () => {
    const given = await ask({
      title: say("leave-title"),
      body: [make("p", {}, say("leave-about", { number: page.ticket.number }))],
      confirm: say("leave"),
      leaving: say("stay"),
      kind: "stop",
      act: async () => (await page.call("DELETE", `tickets/${page.id}`)).body,
    });
    if (given) page.take(given);
  });
}

/** Come back from a park, or after having been passed over: what scanning the slip does, by the code alone, whatever day the ticket is of. */
export async function resume(page, pressed) {
  const booking = new BookingDraft(page.hall.id);
  const { entrance } = booking.now;
  await whileBusy(pressed, () =>
    tried(page, async () => {
      const { body } = await inHall(page.hall.id)("POST", "check-ins", { body: { code: page.ticket.code, ...(entrance ? { entrance } : {}) } });
      if (body.id === page.id) return page.take(body);
      storeOwn("tickets", page.id, { hall: page.hall.id, token: page.token, return_by_on: null });
      storeTicket(body.id, { hall: page.hall.id, token: body.token }, body);
      location.assign(ticketAddress(body.id, body.token));
    }),
  );
}

/** The code, large enough to be scanned from the phone. */
export function showCode(page, pressed) {
  return whileBusy(pressed, () =>
    tried(page, async () => {
      const { view } = document.body.dataset;
      const { body } = await page.call("GET", `tickets/${page.id}/qr`);
      // Called meanwhile, say; or pressed once more at a button that was drawn anew.
      if (document.body.dataset.view !== view || document.querySelector("dialog[open]")) return;
      page.asking = [view];
      await choose({ title: say("code-title"), body: [largeNumber(page.ticket.number), qr(body.modules, say("code-label", { code: body.code })), make("p.code", {}, grouped(body.code)), make("p.small.quiet", {}, say("code-about"))], choices: [], leaving: say("close") });
    }),
  );
}

/** Do something; what is refused is said in the dock. */
export async function tried(page, work) {
  page.message = null;
  try {
    await work();
  } catch (reason) {
    const text = words(reason);
    page.message = () => ({ text: text() });
    page.show();
    page.again();
  }
}

function words(reason) {
  if (reason instanceof Refused && reason.code === "entrance-required") return () => say("refused-entrance");
  if (reason instanceof Refused && reason.code === "code-used") return () => say("problem-wrong-state");
  return () => wordsOf(reason);
}
