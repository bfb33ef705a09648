/**
 * The counter's keys, by their place on the keyboard: an input method for Chinese changes what a key writes, not where it is.
 *
 * Ignored inside fields and dialogs; off altogether by a choice kept in this browser, as speech control types letters.
 */

const STORE = "paihao-counter-keys";

/** @returns {boolean} */
export function keysOn() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} on */
export function useKeys(on) {
  try {
    localStorage.setItem(STORE, on ? "on" : "off");
  } catch {
    // A browser that keeps nothing for us has them on.
  }
}

/**
 * Listen to the keyboard.
 * @param {object} does
 * @param {() => void} does.main Enter and Space where nothing else has the focus; F8 from anywhere
 * @param {() => void} does.rest Esc: back to the main button
 * @param {(letter: string) => boolean} does.act an upper-case letter, or one of `/` and `?`; whether it did anything
 * @param {(step: -1 | 1) => void} does.move up or down the queue
 */
export function listenToKeys({ main, rest, act, move }) {
  document.addEventListener("keydown", (event) => {
    // Held down, a key would call one person after another, or the same one many times; the arrows only walk.
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
    else if (!keysOn() || !act(letterOf(event))) return;
    event.preventDefault();
  });
}

function letterOf(event) {
  if (event.key === "?" || event.key === "？") return "?";
  if (event.code === "Slash") return event.shiftKey ? "?" : "/";
  if (/^Digit[1-9]$/.test(event.code)) return event.code.slice(5);
  return /^Key[A-Z]$/.test(event.code) && !event.shiftKey ? event.code.slice(3) : "";
}
