/**
 * Scanners, which type like a keyboard, only faster: what comes in quickly and ends in Enter was scanned, wherever the focus is.
 *
 * Read by physical key where an input method swallows the character, so that a Chinese one does not matter.
 */

import { tokenIn } from "/pages/codes.js";

// No person types this fast, and the slowest scanner does.
const GAP_MS = 60;
// Shorter than any code of ours is somebody's typing.
const LENGTH_MIN = 6;
// What an address has besides letters and digits, on the keyboard of the United States, which scanners are: plain, and with Shift.
const SIGNS = { Minus: "-_", Equal: "=+", Period: ".>", Slash: "/?", Semicolon: ";:" };
const SHIFTED_DIGITS = ")!@#$%^&*(";

/**
 * Listen on the whole page.
 * @param {(scanned: string) => void} onScan
 */
export function listenToScanner(onScan) {
  let heard = "";
  let last_ms = -Infinity;
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      const isQuick = event.timeStamp - last_ms <= GAP_MS;
      if (event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter") {
        const scanned = isQuick && heard.length >= LENGTH_MIN ? heard : null;
        heard = "";
        if (scanned === null) return;
        // It ends the scan, and presses nothing.
        event.preventDefault();
        event.stopImmediatePropagation();
        onScan(scanned);
        return;
      }
      const character = characterOf(event);
      if (character === null) return;
      heard = isQuick ? heard + character : character;
      last_ms = event.timeStamp;
    },
    { capture: true },
  );
}

/** The character of a key; null for a key that writes none. */
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
 * What was scanned: a code, or the address of a ticket or an appointment with its token.
 * @param {string} scanned
 * @returns {{code: string} | {kind: "tickets" | "appointments", id: string, token: string} | null} null: nothing of ours
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
  const short = address.pathname.match(/^\/t\/([0-9a-f-]{36})$/i);
  const said = new URLSearchParams(address.hash.slice(1));
  const token = tokenIn(short ? address.hash.slice(1) : (said.get("token") ?? ""));
  if (token === null) return null;
  if (short) return { kind: "tickets", id: short[1], token };
  if (said.has("ticket")) return { kind: "tickets", id: said.get("ticket"), token };
  return said.has("appointment") ? { kind: "appointments", id: said.get("appointment"), token } : null;
}
