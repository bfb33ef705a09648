/** The countdown of a hold. */

import { make } from "/display/element.js";
import { storedOwn } from "/pages/phone-store.js";
import { say } from "/pages/texts.js";
import { left_ms, standbyOf } from "/pages/applicant/book.js";

const TICK_MS = 1000;

/**
 * A line that counts down to the end of the hold, and says when it is over. The time comes from the hall's clock, which is read again at
 * the end, because the clock of the phone may have been set.
 * @returns {{element: HTMLElement, stop: () => void}}
 */
export function holdCountdown(app) {
  const { hold } = app.booking.now;
  const standby = standbyOf(app);
  if (standby) return { element: make("p.kept-for", {}, make("b", {}, app.momentWords(hold.starts_at)), make("span.quiet", {}, say("kept-standby", { number: storedOwn("tickets", standby)?.number ?? "" }))), stop: () => undefined };
  const left = make("span.quiet", { "aria-live": "off" });
  const element = make("p.kept-for", {}, make("b", {}, app.momentWords(hold.starts_at)), left);
  const draw = async () => {
    if (left_ms(app) <= 0) {
      stop();
      left.textContent = say("kept-over");
      if (!app.booking.now.hold) return; // the service has ended it, and the page shows why
      await app.readHall({ now: true }).catch(() => undefined); // without network the known time is used
      if (isLeft) return;
      if (left_ms(app) > 0) return begin();
      app.tell(() => ({ text: say("refused-hold-expired"), ways: [{ label: say("keep-again"), act: () => app.holdAgain() }, { label: say("book-a-time"), act: () => app.go({ step: "time", service: app.place.service }) }] }));
      return;
    }
    const seconds = Math.ceil(left_ms(app) / 1000);
    left.textContent = seconds > 60 ? say("kept-minutes", { minutes: Math.round(seconds / 60), until: app.times.time(hold.expires_at) }) : say("kept-seconds", { seconds });
  };
  let timer = 0;
  let isLeft = false;
  const stop = () => clearInterval(timer);
  const begin = () => {
    timer = setInterval(draw, TICK_MS);
    draw();
  };
  queueMicrotask(() => isLeft || begin()); // after the page is drawn
  return {
    element,
    stop: () => {
      isLeft = true;
      stop();
    },
  };
}
