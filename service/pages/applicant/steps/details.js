/** Name, phone number and mail address of the person. The place is held meanwhile. */

import { make } from "/display/element.js";
import { steps } from "/pages/phone.js";
import { say } from "/pages/texts.js";
import { field } from "/pages/ui.js";
import { standbyOf } from "/pages/applicant/book.js";
import { holdCountdown } from "/pages/applicant/hold-countdown.js";

const FIELDS = [
  ["name", { autocomplete: "name", maxlength: 200 }],
  ["phone", { type: "tel", autocomplete: "tel", inputmode: "tel", maxlength: 32 }],
  ["email", { type: "email", autocomplete: "email", inputmode: "email", autocapitalize: "none", spellcheck: "false", maxlength: 254 }],
];

export function details(app) {
  const { hold, applicant = {}, wrong = {}, invitation } = app.booking.now;
  if (!(hold?.id || standbyOf(app)) || hold?.service !== app.place.service) {
    app.go({ step: "time", service: app.place.service }, { replace: true });
    return null;
  }
  const held = holdCountdown(app);
  const inputs = FIELDS.map(([name, attributes]) => make("input.input", { id: name, name, value: applicant[name] ?? null, "aria-invalid": wrong[name] ? "true" : null, "aria-describedby": wrong[name] ? `${name}-wrong` : null, ...attributes }));
  for (const input of inputs) input.addEventListener("input", () => app.booking.set({ applicant: { ...app.booking.now.applicant, [input.name]: input.value } }));
  const fields = inputs.map((input) => {
    const made = field(say(`details-${input.name}`), input, input.name === "phone" ? say("details-phone-hint") : undefined);
    const why = wrong[input.name];
    if (why) {
      made.append(make("p.wrong", { id: `${input.name}-wrong` }, say(`details-wrong-${why}`)));
      input.setAttribute("aria-describedby", `${input.name}-wrong`);
    }
    return made;
  });
  const form = make("form", { id: "details", novalidate: true }, ...fields, make("p.small.quiet", {}, say("details-privacy")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const found = faultsOf(Object.fromEntries(inputs.map(({ name, value }) => [name, value.trim()])), invitation);
    app.booking.set({ wrong: found });
    if (Object.keys(found).length === 0) return app.go({ step: "review", service: app.place.service });
    app.show();
    document.getElementById(Object.keys(found)[0])?.focus();
  });
  return {
    title: say("details-title"),
    end: steps(3, 4),
    leave: held.stop,
    main: [held.element, invitation ? make("div.message", {}, say("details-invited")) : null, form],
    dock: [make("button.button.primary.wide", { type: "submit", form: "details", id: "next" }, say("next-review"))],
  };
}

/** Faults by field. With an invitation all fields may be empty, because the hall may know the person already. */
function faultsOf({ name, phone, email }, invitation) {
  const wrong = {};
  const silent = invitation && !name && !phone && !email;
  if (silent) return wrong;
  if (!name) wrong.name = "name";
  if (!phone && !email) wrong.phone = "reach";
  if (phone && phone.replaceAll(/[^0-9]/g, "").length < 5) wrong.phone = "phone";
  if (email && !/^[^@ ]+@[^@ ]+$/.test(email)) wrong.email = "email";
  return wrong;
}
