/**
 * Barcode scanners that act as keyboards: keys that follow each other fast and end with Enter are a scan, whatever has the focus.
 *
 * When an input method takes the character (a Chinese one, for example), the physical key is read instead.
 */

import { tokenIn } from "/pages/codes.js";

// Longest time between two keys of a scan. People type slower.
const GAP_MS = 60;
// Our codes are longer. Shorter inputs were typed.
const LENGTH_MIN = 6;
// Other characters of addresses by physical key, plain and with Shift. Scanners send the keys of a US keyboard.
const SIGNS = { Minus: "-_", Equal: "=+", Period: ".>", Slash: "/?", Semicolon: ";:" };
const SHIFTED_DIGITS = ")!@#$%^&*(";

/**
 * Listen for scans on the whole page.
 * @param {(scanned: string) => void} onScan
 */
export function listenToScanner(onScan) {
  let received = "";
  let last_ms = -Infinity;
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      const isQuick = event.timeStamp - last_ms <= GAP_MS;
      if (event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter") {
        const scanned = isQuick && received.length >= LENGTH_MIN ? received : null;
        received = "";
        if (scanned === null) return;
        // This Enter ends the scan and must not press a button.
        event.preventDefault();
        event.stopImmediatePropagation();
        onScan(scanned);
        return;
      }
      const character = characterOf(event);
      if (character === null) return;
      received = isQuick ? received + character : character;
      last_ms = event.timeStamp;
    },
    { capture: true },
  );
}

/** The character of a key; null for a key without a character. */
function characterOf(event) {
  const { key, code, shiftKey } = event;
  if (key.length === 1 && key <= "~") return key;
  if (key.length !== 1 && key !== "Process" && key !== "Unidentified") return null;
  const [, letter, digit, pad] = code.match(/^(?:Key([A-Z])|Digit([0-9])|Numpad([0-9]))$/) ?? [];
  if (letter) return shiftKey ? letter : letter.toLowerCase();
  if (digit) return shiftKey ? SHIFTED_DIGITS[digit] : digit;
  return pad ?? SIGNS[code]?.[shiftKey ? 1 : 0] ?? null;
}

/**
 * Read a scan: a code, or the address of a ticket or an appointment with its token.
 * @param {string} scanned
 * @returns {{code: string} | {kind: "tickets" | "appointments", id: string, token: string} | null} null: neither of these
 */
export function readScan(scanned) {
  const text = scanned.trim();
  if (/^[0-9A-Za-z\s-]{6,16}$/.test(text)) return { code: text };
  let address;
  try {
    address = new URL(text);
  } catch {
    return null;
  }
  const shortPath = address.pathname.match(/^\/t\/([0-9a-f-]{36})$/i);
  const fields = new URLSearchParams(address.hash.slice(1));
  const token = tokenIn(shortPath ? address.hash.slice(1) : (fields.get("token") ?? ""));
  if (token === null) return null;
  if (shortPath) return { kind: "tickets", id: shortPath[1], token };
  if (fields.has("ticket")) return { kind: "tickets", id: fields.get("ticket"), token };
  return fields.has("appointment") ? { kind: "appointments", id: fields.get("appointment"), token } : null;
}
