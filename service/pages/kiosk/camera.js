/** The kiosk's camera, where the browser reads codes itself: on, until one is found or the person leaves. */

import { make } from "/display/element.js";

const FORMATS = ["qr_code", "code_128"];
const LOOK_EVERY_MS = 200;

/** @returns {Promise<boolean>} whether there is a camera, and a browser that reads what is held before it */
export async function canFilm() {
  if (!("BarcodeDetector" in globalThis) || !navigator.mediaDevices) return false;
  const [formats, devices] = await Promise.all([BarcodeDetector.getSupportedFormats(), navigator.mediaDevices.enumerateDevices()]).catch(() => [[], []]);
  return formats.includes(FORMATS[0]) && devices.some(({ kind }) => kind === "videoinput");
}

/** The camera is not there, is somebody else's, or may not be used. */
export class NoCamera extends Error {}

/** One look through the camera. */
export class Camera {
  #video = make("video.camera", { autoplay: true, muted: true, playsinline: true });
  #onFound;
  #onGone;
  #closed = false;
  #timer = 0;

  /**
   * @param {object} options
   * @param {(text: string) => void} options.onFound what a code says; the camera is off by then
   * @param {() => void} options.onGone the cable was pulled
   */
  constructor({ onFound, onGone }) {
    this.#onFound = onFound;
    this.#onGone = onGone;
  }

  /** What it sees, to be put into the page; that has it anew each time it is drawn, and then it stands still. */
  get picture() {
    queueMicrotask(() => this.#video.play().catch(() => undefined));
    return this.#video;
  }

  /**
   * Begin to look.
   * @throws {NoCamera}
   */
  async open() {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).catch(() => {
      throw new NoCamera();
    });
    this.#video.srcObject = stream;
    if (this.#closed) {
      this.close(); // whoever asked has left meanwhile
      return;
    }
    for (const track of stream.getTracks()) track.addEventListener("ended", () => !this.#closed && this.#onGone());
    const supported = await BarcodeDetector.getSupportedFormats();
    this.#look(new BarcodeDetector({ formats: FORMATS.filter((format) => supported.includes(format)) }));
  }

  /** Switch it off. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#video.srcObject?.getTracks().forEach((track) => track.stop());
    this.#video.srcObject = null;
  }

  async #look(detector) {
    const [found] = await detector.detect(this.#video).catch(() => []); // no frame yet
    if (this.#closed) return;
    if (!found) {
      this.#timer = setTimeout(() => this.#look(detector), LOOK_EVERY_MS);
      return;
    }
    this.close();
    this.#onFound(found.rawValue);
  }
}
