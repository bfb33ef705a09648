/** Lists of people to invite: file types, and texts for wrong lines. Pure functions, without page and network. */

const TYPES = { xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", json: "application/json" };
const BAD_LINE = /^lines\[(\d+)\]\.?(.*)$/;

/** Media type of a file, by its name. Unknown files are sent as CSV. @param {string} name @returns {string} */
export function typeOf(name) {
  return TYPES[name.toLowerCase().split(".").at(-1)] ?? "text/csv";
}

/**
 * The lines that an import refused.
 * @param {{errors?: {path: string, why: string}[]}} problem of `body-invalid`
 * @returns {{line: number | null, path: string, why: string}[]} `line` null: the whole file
 */
export function badLines(problem) {
  return (problem.errors ?? []).map(({ path, why }) => {
    const found = BAD_LINE.exec(path);
    return found ? { line: Number(found[1]), path: found[2], why } : { line: null, path, why };
  });
}

const REASONS = [
  [/^is missing$/, "invite-why-missing"],
  [/no phone number/, "invite-why-phone"],
  [/no e-mail address/, "invite-why-email"],
  [/no such service/, "invite-why-service"],
  [/neither yes nor no/, "invite-why-prechecked"],
  [/same person as line (\d+)/, "invite-why-twice"],
  [/beyond the columns/, "invite-why-beyond"],
  [/has rounded the number/, "invite-why-rounded"],
  [/is no language/, "invite-why-locale"],
  [/is no name/, "invite-why-name"],
  [/column/, "invite-why-columns"],
];

/**
 * Text for a fault.
 * @param {string} why explanation of the service, in English
 * @returns {{text: string, args: {line: string}} | null} null: there is no text, show the explanation of the service
 */
export function reasonOf(why) {
  for (const [pattern, text] of REASONS) {
    const found = pattern.exec(why);
    if (found) return { text, args: { line: found[1] ?? "" } };
  }
  return null;
}
