/**
 * The counter's keys, read by their physical position: an input method for Chinese changes the character of a key, not its position.
 *
 * They are ignored inside fields and dialogs. Letter keys can be switched off in this browser, because speech control types letters.
 */

const STORE = "paihao-counter-keys";

/** @returns {boolean} whether letter keys work in this browser */
export function areKeysOn() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

/** Switch the letter keys on or off in this browser. @param {boolean} on */
export function setKeysOn(on) {
  try {
    localStorage.setItem(STORE, on ? "on" : "off");
  } catch {
    // Without storage the keys stay on.
  }
}

/**
 * Listen to the keyboard.
 * @param {object} handlers
 * @param {() => void} handlers.main Enter and Space when no button or link has the focus; F8 always
 * @param {() => void} handlers.rest Esc: back to the main button
 * @param {(letter: string) => boolean} handlers.act an upper-case letter, a digit, `/` or `?`; returns whether the key is in use
 * @param {(step: -1 | 1) => void} handlers.move up or down the queue
 */
export function listenToKeys({ main, rest, act, move }) {
  document.addEventListener("keydown", (event) => {
    // A key that is held down must not call one person after the other. Only arrow keys may repeat.
    if (event.repeat && !["ArrowDown", "ArrowUp"].includes(event.code)) {
      if (["Enter", "Space", "F8", "NumpadEnter"].includes(event.code)) event.preventDefault();
      return;
    }
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.code === "F8") {
      event.preventDefault();
      main();
      return;
    }
    if (target.closest("sign-in") || target.matches("input, select, textarea, [contenteditable]")) return;
    if (event.code === "Escape") rest();
    else if (["Enter", "NumpadEnter", "Space"].includes(event.code) && !target.closest("a, button, summary")) main();
    else if (event.code === "ArrowDown" || event.code === "ArrowUp") move(event.code === "ArrowDown" ? 1 : -1);
    else if (!areKeysOn() || !act(letterOf(event))) return;
    event.preventDefault();
  });
}

function letterOf(event) {
  if (event.key === "?" || event.key === "？") return "?";
  if (event.code === "Slash") return event.shiftKey ? "?" : "/";
  if (/^Digit[1-9]$/.test(event.code)) return event.code.slice(5);
  return /^Key[A-Z]$/.test(event.code) && !event.shiftKey ? event.code.slice(3) : "";
}
