/** The voice of the screen: a chime, then the call in each language, one call after another. */

import { isNumbered } from "./words.js";

const CLIPS = "/display/voice/";
// At a peak a screen receives several calls in a second. If so many calls wait to be spoken, each is spoken once instead of twice:
// a call has four sentences, so people hear theirs within about half a minute.
const WAITING_TO_REPEAT_MAX = 2;
const TIMES = 2;
const SENTENCE_GAP_S = 0.3;
const HYPHEN_S = 0.15;
const FETCH_MS = 4000;
const UTTERANCE_MS = 15_000;

// The spoken parts, in order: clips by name, or the characters of the number or the counter. For a counter with a name of its
// own only that is spoken, "please go to P1": there is no recording of the hall's word for it.
const SENTENCES = {
  zh: { numbered: ["please", { spell: "number" }, "go-to", { spell: "counter" }, "counter"], named: ["please", { spell: "number" }, "go-to", { spell: "counter" }] },
  en: { numbered: ["number", { spell: "number" }, "go-to-counter", { spell: "counter" }], named: ["number", { spell: "number" }, "go-to", { spell: "counter" }] },
};
const TEXTS = {
  zh: { numbered: (number, counter) => `请 ${number}，到 ${counter} 号窗口`, named: (number, counter) => `请 ${number}，到 ${counter}` },
  en: { numbered: (number, counter) => `Number ${number}, please go to counter ${counter}`, named: (number, counter) => `Number ${number}, please go to ${counter}` },
};

/**
 * The clips of one sentence, in spoken order.
 * @param {"zh" | "en"} language
 * @param {{number: string, counter: string}} call
 * @returns {string[]} addresses; an empty one is a short pause
 */
export function clipsOf(language, call) {
  return SENTENCES[language][kindOf(call)].flatMap((part) =>
    typeof part === "string"
      ? [`${CLIPS}${language}/${part}.mp3`]
      : [...call[part.spell].toLowerCase()].flatMap((character) => {
          if (/[a-z0-9]/.test(character)) return [`${CLIPS}${language}/${character}.mp3`];
          return character === "-" ? [""] : [];
        }),
  );
}

/** @returns {"numbered" | "named"} */
function kindOf({ counter }) {
  return isNumbered(counter) ? "numbered" : "named";
}

/** Speaks calls one after another; silent until a person has allowed sound, as browsers require. */
export class Speaker {
  #languages;
  #clipsOnly;
  #onState;
  #context = null;
  /** @type {Map<string, Promise<AudioBuffer | null>>} */
  #buffers = new Map();
  /** @type {{number: string, counter: string}[]} */
  #queue = [];
  #speaking = false;

  /**
   * @param {object} options
   * @param {("zh" | "en")[]} options.languages spoken in this order
   * @param {boolean} [options.clipsOnly] never use the device's own voices
   * @param {(on: boolean) => void} options.onState called when sound is allowed or no longer allowed
   */
  constructor({ languages, clipsOnly = false, onState }) {
    this.#languages = languages;
    this.#clipsOnly = clipsOnly;
    this.#onState = onState;
    globalThis.speechSynthesis?.getVoices(); // browsers load the list at the first call and return it at the next
  }

  /** @returns {boolean} */
  get on() {
    return this.#context?.state === "running";
  }

  /** Allow sound. Works only inside a tap or key press, or if the browser was started to allow sound. */
  async unlock() {
    if (this.#context === null) {
      this.#context = new AudioContext();
      this.#context.addEventListener("statechange", () => this.#onState(this.on));
    }
    await this.#context.resume();
    this.#onState(this.on);
  }

  /**
   * Speak a call after the earlier ones. While sound is off it is dropped, because old calls are not useful.
   * @param {{number: string, counter: string}} call
   */
  say({ number, counter }) {
    if (!this.on) return;
    this.#queue.push({ number, counter });
    if (!this.#speaking) this.#speakAll();
  }

  /** Drop all calls that were not spoken yet: the hall is suspended. */
  hush() {
    this.#queue = [];
  }

  async #speakAll() {
    this.#speaking = true;
    while (this.#queue.length > 0) {
      await this.#speakCall(this.#queue.shift());
    }
    this.#speaking = false;
  }

  async #speakCall(call) {
    let lead = [`${CLIPS}chime.mp3`];
    for (const language of this.#languages) {
      for (let time = 1; time <= TIMES; time += 1) {
        if (time > 1 && this.#queue.length > WAITING_TO_REPEAT_MAX) continue;
        await this.#speakSentence(call, language, lead);
        lead = [];
      }
    }
  }

  async #speakSentence(call, language, lead) {
    const voice = this.#clipsOnly ? null : localVoice(language);
    const clips = voice ? lead : [...lead, ...clipsOf(language, call)];
    const detail = { ...call, lang: language, clips: clips.filter((clip) => clip !== "") };
    document.dispatchEvent(new CustomEvent("paihao:spoken", { detail }));
    await this.#play(clips);
    if (voice) await utter(TEXTS[language][kindOf(call)](spaced(call.number), spaced(call.counter)), voice);
  }

  /** Play clips without a break, each as soon as it is loaded. */
  async #play(clips) {
    const context = this.#context;
    // All are requested at once and in spoken order, so that the first plays while the last is still loading.
    const buffers = clips.map((clip) => (clip === "" ? null : this.#buffer(clip)));
    let end_s = context.currentTime;
    for (const loading of buffers) {
      if (loading === null) {
        end_s += HYPHEN_S;
        continue;
      }
      const buffer = await loading;
      if (buffer === null) continue;
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      end_s = Math.max(end_s, context.currentTime + 0.02);
      source.start(end_s);
      end_s += buffer.duration;
    }
    // A timer, and not the end of the last clip: that event never comes if the device takes the sound away.
    await pause((end_s - context.currentTime + SENTENCE_GAP_S) * 1000);
  }

  /** Load a clip once. A clip that cannot be loaded is skipped, and requested again when it is next needed. */
  #buffer(clip) {
    const known = this.#buffers.get(clip);
    if (known) return known;
    const loading = fetch(clip, { signal: AbortSignal.timeout(FETCH_MS) })
      .then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error(String(response.status)))))
      .then((bytes) => this.#context.decodeAudioData(bytes))
      .catch(() => {
        this.#buffers.delete(clip);
        return null;
      });
    this.#buffers.set(clip, loading);
    return loading;
  }
}

/** A voice on the device itself: a voice over the network fails together with the network. */
function localVoice(language) {
  const voices = globalThis.speechSynthesis?.getVoices() ?? [];
  const tags = language === "zh" ? ["zh-cn", "zh-hans", "cmn", "zh"] : ["en"];
  const local = voices.filter((voice) => voice.localService);
  for (const tag of tags) {
    const found = local.find((voice) => voice.lang.toLowerCase().replaceAll("_", "-").startsWith(tag));
    if (found) return found;
  }
  return null;
}

function spaced(text) {
  return [...text.toUpperCase()].join(" ");
}

/** Speak a text; it ends after a time limit, because some devices never report the end. */
function utter(text, voice) {
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  utterance.rate = 0.9;
  const ended = new Promise((resolve) => {
    utterance.addEventListener("end", resolve);
    utterance.addEventListener("error", resolve);
  });
  speechSynthesis.speak(utterance);
  return Promise.race([ended, pause(UTTERANCE_MS)]);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
