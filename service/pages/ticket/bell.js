/**
 * Sound, vibration and a notification, when somebody is next or called.
 *
 * Browsers allow sound and notifications after a tap only; the tap also keeps the screen awake where that is possible. Nothing is
 * rung twice for the same thing: a reload rings nothing that was rung before.
 */

const RUNG = "paihao-rung";
const TONES = { next: [[660, 0.25]], called: [[660, 0.25], [880, 0.5]] };
const PATTERNS = { next: [200], called: [300, 150, 300, 150, 600] };

export class Bell {
  /** @type {AudioContext | null} */
  #context = null;
  #lock = null;
  #heard;

  constructor() {
    try {
      this.#heard = sessionStorage.getItem(RUNG);
    } catch {
      this.#heard = null;
    }
    document.addEventListener("visibilitychange", () => this.on && this.#stayAwake());
  }

  /** @returns {boolean} */
  get on() {
    return this.#context?.state === "running";
  }

  /** Whether this browser can make a sound at all. */
  get possible() {
    return typeof AudioContext === "function";
  }

  /** Allow all of it: inside a tap only. */
  async turnOn() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    this.#play("next");
    this.#stayAwake();
    if (globalThis.Notification?.permission === "default") await Notification.requestPermission().catch(() => undefined);
  }

  /**
   * Ring for what is said, once.
   * @param {string | null | undefined} words what is said aloud; nothing rings nothing
   * @param {{state: string, stage: string, calls: number, counter: string | null, id: string}} ticket
   */
  hear(words, { id, state, stage, calls, counter }) {
    if (!words) return;
    const what = `${id} ${state} ${stage} ${calls} ${counter ?? ""}`;
    if (what === this.#heard) return;
    this.#heard = what;
    try {
      sessionStorage.setItem(RUNG, what);
    } catch {
      // rung again after a reload, then
    }
    const kind = state === "called" ? "called" : "next";
    document.dispatchEvent(new CustomEvent("paihao:rung", { detail: { kind, words } }));
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(PATTERNS[kind]);
    if (this.on) this.#play(kind);
    this.#notify(words, id);
  }

  #play(kind) {
    let at_s = this.#context.currentTime;
    for (const [hertz, lasts_s] of TONES[kind]) {
      const tone = this.#context.createOscillator();
      const loud = this.#context.createGain();
      tone.frequency.value = hertz;
      loud.gain.setValueAtTime(0.4, at_s);
      loud.gain.exponentialRampToValueAtTime(0.001, at_s + lasts_s);
      tone.connect(loud).connect(this.#context.destination);
      tone.start(at_s);
      tone.stop(at_s + lasts_s);
      at_s += lasts_s;
    }
  }

  /** By the page's worker where there is one: phones allow it to workers only, and a press on it finds the page again. */
  async #notify(words, id) {
    if (globalThis.Notification?.permission !== "granted" || document.visibilityState === "visible") return;
    const how = { tag: id, renotify: true, icon: "/display/icon.svg", lang: document.documentElement.lang };
    try {
      const worker = await navigator.serviceWorker?.getRegistration();
      if (worker?.active) await worker.showNotification(words, how);
      else new Notification(words, how).addEventListener("click", () => focus());
    } catch {
      // not to be had on this phone; sound and vibration remain
    }
  }

  async #stayAwake() {
    if (!navigator.wakeLock || document.visibilityState !== "visible") return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      this.#lock = null; // the battery is low: the call still rings when the phone is woken
    }
  }
}
