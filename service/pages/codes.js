/** Codes, numbers and tokens, as people read them, type them and bring them. No page, no network. */

const NUMBER = /^[A-Za-z]{1,3}\d{1,4}$/;
// With the letters that people take for digits, as the service does.
const CODE = /^[0-9A-TV-Z]{8}$/;
const PHONE = /^\+?[\d\s()-]{5,}$/;

/** @param {string} code @returns {string} in two groups, as it is read out */
export function grouped(code) {
  return `${code.slice(0, 4)} ${code.slice(4)}`;
}

/** @param {string} brought what stands in a link for a token @returns {string | null} the token, whatever a messenger wrote behind it; null where it is none */
export function tokenIn(brought) {
  return brought.match(/^[\w-]{43}(?![\w-])/)?.[0] ?? null;
}

/** @param {string} typed @returns {string} a number as tickets have it: `A058` for `a58` */
export function wholeNumber(typed) {
  return typed
    .trim()
    .toUpperCase()
    .replace(/^([A-Z]+)0*(\d{1,2})$/, (_, prefix, digits) => prefix + digits.padStart(3, "0"));
}

/**
 * What somebody looks for, by its form: what is asked for first, and what instead when nothing has that.
 *
 * Eight letters may be a code or a name, eight digits a phone or a code.
 * @param {string} typed
 * @returns {({number: string} | {code: string} | {phone: string} | {name: string})[]}
 */
export function sought(typed) {
  const text = typed.trim();
  const code = text.replaceAll(/[\s-]/g, "").toUpperCase();
  if (NUMBER.test(text)) return [{ number: wholeNumber(text) }];
  if (CODE.test(code)) return /\d/.test(code) ? (/[A-Z]/.test(code) ? [{ code }] : [{ phone: text }, { code }]) : [{ code }, { name: text }];
  return [PHONE.test(text) ? { phone: text } : { name: text }];
}
