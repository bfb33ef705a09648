/** How long a place is still kept, said honestly. */

import { make } from "/display/element.js";
import { kept } from "/pages/keep.js";
import { say } from "/pages/texts.js";
import { left_ms, standbyOf } from "/pages/applicant/book.js";

const LOOK_MS = 1000;

/**
 * A line that counts down, and says so when it is over; by the hall's clock, which is asked again then, as the phone's may have been set.
 * @returns {{element: HTMLElement, stop: () => void}}
 */
export function keptFor(app) {
  const { hold } = app.booking.now;
  const standby = standbyOf(app);
  if (standby) return { element: make("p.kept-for", {}, make("b", {}, app.momentWords(hold.starts_at)), make("span.quiet", {}, say("kept-standby", { number: kept("tickets", standby)?.number ?? "" }))), stop: () => undefined };
  const left = make("span.quiet", { "aria-live": "off" });
  const element = make("p.kept-for", {}, make("b", {}, app.momentWords(hold.starts_at)), left);
  const look = async () => {
    if (left_ms(app) <= 0) {
      stop();
      left.textContent = say("kept-over");
      if (!app.booking.now.hold) return; // the service has said so, and the page why
      await app.fresh({ now: true }).catch(() => undefined); // without a network what we know has to do
      if (gone) return;
      if (left_ms(app) > 0) return begin();
      app.tell(() => ({ text: say("refused-hold-expired"), ways: [{ label: say("keep-again"), act: () => app.again() }, { label: say("book-a-time"), act: () => app.go({ step: "time", service: app.place.service }) }] }));
      return;
    }
    const seconds = Math.ceil(left_ms(app) / 1000);
    left.textContent = seconds > 60 ? say("kept-minutes", { minutes: Math.round(seconds / 60), until: app.times.time(hold.expires_at) }) : say("kept-seconds", { seconds });
  };
  let timer = 0;
  let gone = false;
  const stop = () => clearInterval(timer);
  const begin = () => {
    timer = setInterval(look, LOOK_MS);
    look();
  };
  queueMicrotask(() => gone || begin()); // when the page is drawn
  return {
    element,
    stop: () => {
      gone = true;
      stop();
    },
  };
}
