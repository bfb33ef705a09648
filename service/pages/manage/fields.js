/** Fields that are bound to the draft. Each shows the edited value, the value before, and its faults. */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { languageName, labelOf, round, spanText, valueOf } from "./describe.js";
import { readTime } from "./model/times.js";
import { same } from "./model/values.js";

/**
 * @typedef {object} Bound
 * @property {import("./model/draft.js").Draft} draft
 * @property {AbortSignal} signal aborted when the section is drawn again
 */

/** Element id of a path's field. Faults and changes link to it. */
export function idOf(path) {
  return `f-${path.join("-")}`;
}

/**
 * A field for one line of text.
 * @param {Bound} ui
 * @param {import("./model/values.js").Path} path
 */
export function textField(ui, path, options = {}) {
  const read = options.read ?? ((typed) => ({ value: typed.trim() === "" && options.optional ? null : typed.trim() }));
  const write = options.write ?? ((value) => value ?? "");
  const input = make("input.input", {
    type: "text",
    id: idOf(path),
    autocomplete: "off",
    spellcheck: "false",
    maxlength: options.max ?? 200,
    inputmode: options.inputmode,
    lang: options.lang,
    disabled: options.disabled,
    readonly: options.readonly,
    "aria-label": options.bare ? options.label ?? labelOf(path, ui.draft.form) : null,
  });
  if (options.short) input.classList.add("short");
  if (options.tiny) input.classList.add("tiny");
  input.value = write(ui.draft.at(path));
  input.addEventListener(
    "input",
    () => {
      const { value, fault } = read(input.value);
      if (fault) ui.draft.refuse(path, fault);
      else ui.draft.set(path, value);
    },
    { signal: ui.signal },
  );
  return bound(ui, path, input, options, () => {
    if (document.activeElement !== input) {
      const value = ui.draft.at(path);
      const { fault, value: typed } = read(input.value);
      if (!fault && !same(typed ?? null, value ?? (options.optional ? null : value) ?? null)) input.value = write(value);
      else if (fault && ui.draft.faultsAt(path).length === 0) input.value = write(value);
    }
  });
}

/**
 * A field for a number. `scale`: size of the shown unit in units of the document (60 for minutes when the document has seconds).
 * `inside`: the number is this field of an object at the path; an empty input removes the object.
 */
export function numberField(ui, path, { scale = 1, min = 0, max = Infinity, whole = false, optional = false, inside = null, ...options } = {}) {
  return textField(ui, path, {
    short: true,
    inputmode: whole ? "numeric" : "decimal",
    max: 12,
    ...options,
    optional,
    write: (value) => {
      const number = inside === null ? value : value?.[inside];
      return number === null || number === undefined ? "" : String(round(number / scale));
    },
    read: (typed) => {
      const text = typed.trim().replace("，", ".").replace(",", ".");
      if (text === "" && optional) return { value: inside === null ? null : undefined };
      const number = Number(text);
      if (text === "" || Number.isNaN(number) || (whole && !Number.isInteger(number))) return { fault: whole ? "fault-whole" : "fault-number" };
      if (number < min) return { fault: "fault-small" };
      if (number > max) return { fault: "fault-large" };
      const value = scale === 1 ? number : Math.round(number * scale * 1e6) / 1e6;
      return { value: inside === null ? value : { ...ui.draft.at(path), [inside]: value } };
    },
  });
}

/** A field in minutes, for a duration that the document has in seconds. */
export function minutesField(ui, path, options = {}) {
  return numberField(ui, path, { scale: 60, max: 1440, unit: say("unit-minutes"), ...options });
}

/** A field for a date. */
export function dateField(ui, path, options = {}) {
  const input = make("input.input.date", { type: "date", id: idOf(path), min: "2000-01-01", max: "2999-12-31" });
  input.value = ui.draft.at(path) ?? "";
  input.addEventListener("change", () => (input.value ? ui.draft.set(path, input.value) : ui.draft.refuse(path, "fault-date")), { signal: ui.signal });
  return bound(ui, path, input, options, () => {
    if (document.activeElement !== input && ui.draft.at(path)) input.value = ui.draft.at(path);
  });
}

/** A field in hours, for a duration that the document has in seconds. */
export function hoursField(ui, path, options = {}) {
  return numberField(ui, path, { scale: 3600, max: 8784, unit: say("unit-hours"), ...options });
}

/** A field for a local time. */
export function timeField(ui, path, options = {}) {
  return textField(ui, path, {
    short: true,
    inputmode: "text",
    max: 5,
    ...options,
    read: (typed) => {
      const value = readTime(typed);
      return value === null ? { fault: "fault-time" } : { value };
    },
  });
}

/** Fields for a text in each language of the hall. */
export function nameFields(ui, path, { label, ...options } = {}) {
  const languages = ui.draft.form.languages;
  return make(
    "div.texts",
    {},
    languages.map((language) =>
      textField(ui, [...path, language], {
        label: languages.length > 1 ? say("field-in-language", { field: label, language: languageName(language) }) : label,
        lang: language,
        ...options,
        read: (typed) => ({ value: typed.trim() === "" ? undefined : typed.trim() }),
      }),
    ),
  );
}

/** A check box. */
export function checkField(ui, path, options = {}) {
  const input = make("input", { type: "checkbox", id: idOf(path), disabled: options.disabled });
  input.checked = Boolean(ui.draft.at(path));
  input.addEventListener("change", () => ui.draft.set(path, input.checked), { signal: ui.signal });
  const label = make("label.check", {}, input, make("span", {}, options.label));
  return bound(ui, path, input, { ...options, label: null, control: label }, () => {
    input.checked = Boolean(ui.draft.at(path));
  });
}

/** A select field. `choices`: pairs of value and text. */
export function choiceField(ui, path, choices, options = {}) {
  const select = make(
    "select.input",
    { id: idOf(path), "aria-label": options.bare ? options.label : null },
    choices.map(([value, words]) => make("option", { value }, words)),
  );
  select.value = ui.draft.at(path);
  select.addEventListener("change", () => ui.draft.set(path, select.value), { signal: ui.signal });
  return bound(ui, path, select, options, () => {
    select.value = ui.draft.at(path);
  });
}

/** Check boxes for a list of values, which is kept in the order of `choices`. */
export function severalField(ui, path, choices, options = {}) {
  const boxes = choices.map(([value, words]) => {
    const input = make("input", { type: "checkbox", value });
    input.checked = (ui.draft.at(path) ?? []).includes(value);
    input.addEventListener(
      "change",
      () => {
        const chosen = ui.draft.at(path) ?? [];
        // A value that is not offered any more stays in the list, with its fault, until the manager removes it.
        const selected = input.checked ? [...chosen, value] : chosen.filter((other) => other !== value);
        const offered = choices.map(([choice]) => choice);
        ui.draft.set(path, [...offered.filter((choice) => selected.includes(choice)), ...selected.filter((choice) => !offered.includes(choice))]);
      },
      { signal: ui.signal },
    );
    return [input, make("label.check", {}, input, make("span", {}, words)), value];
  });
  const group = make("fieldset.several", { id: idOf(path), tabindex: "-1" }, make("legend", {}, options.label), boxes.map(([, label]) => label));
  return bound(ui, path, group, { ...options, label: null }, () => {
    const chosen = ui.draft.at(path) ?? [];
    for (const [input, , value] of boxes) input.checked = chosen.includes(value);
  });
}

/**
 * A field for the time spans of a day, one line each: from, to, and with `counters` the number of staffed counters.
 * @param {Bound} ui
 * @param {import("./model/values.js").Path} path
 * @param {{label: string, counters?: boolean, at?: (value: any) => any[], make?: (spans: any[]) => any, empty: string}} options
 */
export function spansField(ui, path, options) {
  const get = () => (options.at ?? ((value) => value ?? []))(ui.draft.at(path));
  const put = (spans) => ui.draft.set(path, (options.make ?? ((value) => value))(spans));
  const list = make("div.spans");
  const typed = () =>
    [...list.querySelectorAll(".span")].map((line) => {
      const [from, to, counters] = [...line.querySelectorAll("input")].map((input) => input.value);
      return { from: readTime(from), to: readTime(to), ...(options.counters ? { counters: /^\d{1,3}$/.test(counters.trim()) ? Number(counters) : null } : {}) };
    });
  const read = () => {
    const spans = typed();
    if (spans.some(({ from, to }) => from === null || to === null)) ui.draft.refuse(path, "fault-time");
    else if (spans.some(({ counters }) => counters === null)) ui.draft.refuse(path, "fault-whole");
    else put(spans);
  };
  const input = (words, value, more = {}) => {
    const element = make("input.input.short", { type: "text", autocomplete: "off", maxlength: 5, "aria-label": `${options.label} ${words}`, ...more });
    element.value = value;
    element.addEventListener("input", read, { signal: ui.signal });
    return element;
  };
  const draw = (spans) => {
    const lines = spans.map((span, place) => {
      const remove = make("button.button.plain", { type: "button", "aria-label": say("span-remove", { label: options.label, span: spanText(span) }) }, say("remove"));
      remove.addEventListener("click", () => change(get().filter((_, i) => i !== place), place - 1));
      return make(
        "div.line.span",
        {},
        input(say("span-from"), span.from),
        make("span", {}, say("span-to-word")),
        input(say("span-to"), span.to),
        options.counters ? input(say("span-counters"), String(span.counters), { inputmode: "numeric" }) : null,
        options.counters ? make("span", {}, say("unit-counters")) : null,
        remove,
      );
    });
    const add = make("button.button.plain.add", { type: "button", "aria-label": say("span-add-to", { label: options.label }) }, options.counters ? say("band-add") : say("span-add"));
    add.addEventListener("click", () => {
      const spans = get();
      const from = spans.at(-1)?.to ?? "09:00";
      change([...spans, { from, to: from < "17:00" ? "17:00" : "24:00", ...(options.counters ? { counters: spans.at(-1)?.counters ?? 1 } : {}) }], spans.length);
    });
    list.replaceChildren(...(lines.length > 0 ? lines : [make("span.quiet", {}, options.empty)]), add);
  };
  const change = (spans, focus) => {
    put(spans);
    draw(spans);
    const line = list.querySelectorAll(".span")[Math.max(0, focus)];
    (line?.querySelector("input") ?? list.querySelector(".add")).focus();
  };
  draw(get());
  const group = make("div.spans-of", { id: idOf(path), role: "group", tabindex: "-1", "aria-label": options.label }, options.head ? make("span.label", {}, options.head) : null, list);
  return bound(ui, path, group, { ...options, label: null }, () => {
    const shown = JSON.stringify(typed());
    if (!list.contains(document.activeElement) && shown !== JSON.stringify(get().map(({ from, to, counters }) => (options.counters ? { from, to, counters } : { from, to })))) draw(get());
  });
}

/**
 * Bind a control to a path: label above it, hint, old value and fault below it, and a mark while it is edited.
 * @param {Bound} ui
 * @param {import("./model/values.js").Path} path
 * @param {HTMLElement} control the element that gets the focus
 * @param {object} options `label`, `hint`, `unit`, `control` (the shown element, if it contains more than the focused one), `bare`
 * @param {() => void} refresh shows the draft's value in the control
 */
export function bound(ui, path, control, options, refresh) {
  const id = idOf(path);
  const was = make("p.was.small.quiet", { hidden: true });
  const fault = make("p.wrong", { id: `${id}-fault`, hidden: true });
  const hint = options.hint ? make("p.hint.quiet.small", { id: `${id}-hint` }, options.hint) : null;
  const shown = options.control ?? control;
  const field = make(
    "div.field",
    {},
    options.label && !options.bare ? make("label", { for: id }, options.label) : null,
    options.unit ? make("div.line", {}, shown, make("span", {}, options.unit)) : shown,
    hint,
    was,
    fault,
  );
  if (options.bare) field.classList.add("bare");
  if (options.wide) field.classList.add("wide");
  const update = () => {
    const edited = ui.draft.isEdited(path);
    control.classList.toggle("edited", edited);
    field.classList.toggle("is-edited", edited);
    const before = ui.draft.was(path);
    was.hidden = !edited || options.hideWas === true;
    was.textContent = was.hidden ? "" : before === undefined || before === null || before === "" ? say("was-none") : say("was", { value: valueOf(path, before, ui.draft.base.form) });
    const [found] = ui.draft.faultsAt(path, { below: options.below ?? false });
    fault.hidden = !found;
    fault.replaceChildren(...(found ? faultWords(found) : []));
    if (found) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    const described = [hint?.id, found ? fault.id : null].filter(Boolean).join(" ");
    if (described) control.setAttribute("aria-describedby", described);
    else control.removeAttribute("aria-describedby");
  };
  ui.draft.addEventListener("change", () => (refresh(), update()), { signal: ui.signal });
  ui.draft.addEventListener("effect", update, { signal: ui.signal });
  update();
  return field;
}

/** Text of a fault, followed by the explanation of the service in English, if there is one. */
export function faultWords({ text, args, why }) {
  return [say(text, args), ...(why ? [" ", make("span", { lang: "en" }, why)] : [])];
}
