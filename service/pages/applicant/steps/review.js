/** The summary of the booking, before it is confirmed. */

import { make } from "/display/element.js";
import { Refused } from "/pages/api.js";
import { button, nameOf, papersList, steps } from "/pages/phone.js";
import { say } from "/pages/texts.js";
import { confirm, standbyOf } from "/pages/applicant/book.js";
import { holdCountdown } from "/pages/applicant/hold-countdown.js";

export function review(app) {
  const { hold, applicant = {}, invitation } = app.booking.now;
  const serviceInfo = app.service(app.place.service);
  if (!(hold?.id || standbyOf(app)) || hold?.service !== serviceInfo.id) {
    app.go({ step: "time", service: serviceInfo.id }, { replace: true });
    return null;
  }
  if (!invitation && !(applicant.name && (applicant.phone || applicant.email))) {
    app.go({ step: "details", service: serviceInfo.id }, { replace: true });
    return null;
  }
  const held = holdCountdown(app);
  const facts = [
    [say("fact-what"), nameOf(serviceInfo.name)],
    [say("fact-when"), app.momentWords(hold.starts_at)],
    serviceInfo.count_max > 1 ? [say("fact-people"), say("people", { count: hold.count })] : null,
    applicant.name ? [say("details-name"), applicant.name] : [say("details-name"), say("fact-invited")],
    applicant.phone ? [say("details-phone"), applicant.phone] : null,
    applicant.email ? [say("details-email"), applicant.email] : null,
  ].filter((fact) => fact);
  return {
    title: say("review-title"),
    end: steps(4, 4),
    leave: held.stop,
    main: [
      held.element,
      make("dl.facts", {}, facts.flatMap(([term, what]) => [make("dt", {}, term), make("dd", {}, what)])),
      ...(serviceInfo.papers.length ? [make("h2", {}, say("please-bring")), papersList(serviceInfo.papers)] : []),
    ],
    dock: [make("p.small.quiet", {}, say("free-to-change")), button("primary.wide", say("book-now"), (pressed) => app.act(pressed, () => booked(app)), { id: "next" })],
  };
}

async function booked(app) {
  if (!app.booking.now.hold) return app.show(); // the hold was dropped: a time must be chosen first
  let id;
  try {
    id = await confirm(app);
  } catch (reason) {
    const found = reason instanceof Refused && reason.code === "body-invalid" ? fieldsOf(reason.problem.errors) : {};
    if (Object.keys(found).length === 0) throw reason;
    app.booking.set({ wrong: found });
    app.go({ step: "details", service: app.place.service });
    document.getElementById(Object.keys(found)[0])?.focus();
    return;
  }
  // Replace the entry, so that Back leads to the services, and not to the form of a finished booking.
  app.go({ step: "appointment", appointment: id }, { replace: true });
}

/** Names of the fields that the service refused. */
function fieldsOf(errors) {
  const wrong = {};
  for (const { path } of errors ?? []) {
    const name = path.replace(/^applicant\.?/, "");
    if (name === "") wrong.phone = "reach";
    else if (["name", "phone", "email"].includes(name)) wrong[name] = name;
  }
  return wrong;
}
