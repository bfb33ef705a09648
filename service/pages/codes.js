/** Codes, ticket numbers and tokens: formatting and parsing. Pure functions, without page and network. */

const NUMBER = /^[A-Za-z]{1,3}\d{1,4}$/;
// Includes letters that people confuse with digits, as the service does.
const CODE = /^[0-9A-TV-Z]{8}$/;
const PHONE = /^\+?[\d\s()-]{5,}$/;

/** Format a code in two groups, as it is read out. @param {string} code @returns {string} */
export function grouped(code) {
  return `${code.slice(0, 4)} ${code.slice(4)}`;
}

/** Find the token in a part of a link, even if a messenger has added characters. @param {string} text @returns {string | null} null if there is none */
export function tokenIn(text) {
  return text.match(/^[\w-]{43}(?![\w-])/)?.[0] ?? null;
}

/** Complete a typed ticket number: `A058` for `a58`. @param {string} typed @returns {string} */
export function wholeNumber(typed) {
  return typed
    .trim()
    .toUpperCase()
    .replace(/^([A-Z]+)0*(\d{1,2})$/, (_, prefix, digits) => prefix + digits.padStart(3, "0"));
}

/**
 * Bodies of search requests for a typed text, by its form, in the order in which they are tried until one finds something.
 *
 * Eight letters may be a code or a name, eight digits may be a phone number or a code.
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
