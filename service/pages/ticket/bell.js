/**
 * Sound, vibration and a notification when the ticket is next or called.
 *
 * Browsers allow sound and notifications only after a tap. The tap also keeps the screen on, if the browser supports that. Each event rings
 * only once, also after a reload.
 */

const RUNG = "paihao-rung";
const TONES = { next: [[660, 0.25]], called: [[660, 0.25], [880, 0.5]] };
const PATTERNS = { next: [200], called: [300, 150, 300, 150, 600] };

/** The bell of one page. */
export class Bell {
  /** @type {AudioContext | null} */
  #context = null;
  #lock = null;
  /** The event for which it rang last. */
  #lastRung;

  constructor() {
    try {
      this.#lastRung = sessionStorage.getItem(RUNG);
    } catch {
      this.#lastRung = null;
    }
    document.addEventListener("visibilitychange", () => this.on && this.#stayAwake());
  }

  /** @returns {boolean} whether sound is allowed */
  get on() {
    return this.#context?.state === "running";
  }

  /** Whether this browser can play sounds. */
  get possible() {
    return typeof AudioContext === "function";
  }

  /** Ask for sound, wake lock and notifications. Must be called while a tap is handled. */
  async turnOn() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    this.#play("next");
    this.#stayAwake();
    if (globalThis.Notification?.permission === "default") await Notification.requestPermission().catch(() => undefined);
  }

  /**
   * Ring once for an announcement.
   * @param {string | null | undefined} words the announced text; without it nothing rings
   * @param {{state: string, stage: string, calls: number, counter: string | null, id: string}} ticket
   */
  ring(words, { id, state, stage, calls, counter }) {
    if (!words) return;
    const event = `${id} ${state} ${stage} ${calls} ${counter ?? ""}`;
    if (event === this.#lastRung) return;
    this.#lastRung = event;
    try {
      sessionStorage.setItem(RUNG, event);
    } catch {
      // without storage it rings again after a reload
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

  /** Show a notification, by the service worker if there is one: phones allow it only to workers, and a click then focuses the page. */
  async #notify(words, id) {
    if (globalThis.Notification?.permission !== "granted" || document.visibilityState === "visible") return;
    const options = { tag: id, renotify: true, icon: "/display/icon.svg", lang: document.documentElement.lang };
    try {
      const worker = await navigator.serviceWorker?.getRegistration();
      if (worker?.active) await worker.showNotification(words, options);
      else new Notification(words, options).addEventListener("click", () => focus());
    } catch {
      // this phone allows no notifications; sound and vibration remain
    }
  }

  async #stayAwake() {
    if (!navigator.wakeLock || document.visibilityState !== "visible") return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      this.#lock = null; // refused, for example because the battery is low: the call rings when the phone is unlocked
    }
  }
}
