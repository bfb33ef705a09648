/** Lists of people to invite: what kind of file, what is wrong with its lines, what became of those invited. No page, no network. */

const TYPES = { xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", json: "application/json" };
const BAD_LINE = /^lines\[(\d+)\]\.?(.*)$/;

/** @param {string} name of a file @returns {string} the type it is sent as; what is not known is read as CSV */
export function typeOf(name) {
  return TYPES[name.toLowerCase().split(".").at(-1)] ?? "text/csv";
}

/**
 * The lines that an import refused.
 * @param {{errors?: {path: string, why: string}[]}} problem of `body-invalid`
 * @returns {{line: number | null, path: string, why: string}[]} line null: the whole file
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
 * What is wrong, as words of the page.
 * @param {string} why as the service says it
 * @returns {{text: string, args: {line: string}} | null} null: only the service's own words say it
 */
export function reasonOf(why) {
  for (const [pattern, text] of REASONS) {
    const found = pattern.exec(why);
    if (found) return { text, args: { line: found[1] ?? "" } };
  }
  return null;
}
