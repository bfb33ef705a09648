/** The kiosk's camera, in browsers that can detect codes. It is on until a code is found or the person leaves the view. */

import { make } from "/display/element.js";

const FORMATS = ["qr_code", "code_128"];
const LOOK_EVERY_MS = 200;

/** @returns {Promise<boolean>} whether there is a camera, and a browser that can detect codes in its picture */
export async function canReadCodes() {
  if (!("BarcodeDetector" in globalThis) || !navigator.mediaDevices) return false;
  const [formats, devices] = await Promise.all([BarcodeDetector.getSupportedFormats(), navigator.mediaDevices.enumerateDevices()]).catch(() => [[], []]);
  return formats.includes(FORMATS[0]) && devices.some(({ kind }) => kind === "videoinput");
}

/** There is no camera, another program uses it, or the browser has no permission. */
export class NoCamera extends Error {}

/** One use of the camera. */
export class Camera {
  #video = make("video.camera", { autoplay: true, muted: true, playsinline: true });
  #onFound;
  #onLost;
  #closed = false;
  #timer = 0;

  /**
   * @param {object} options
   * @param {(text: string) => void} options.onFound with the text of the code; the camera is already off
   * @param {() => void} options.onLost the camera was disconnected
   */
  constructor({ onFound, onLost }) {
    this.#onFound = onFound;
    this.#onLost = onLost;
  }

  /** The video element for the page. It is inserted again at each drawing, which stops it, so it must be started again. */
  get picture() {
    queueMicrotask(() => this.#video.play().catch(() => undefined));
    return this.#video;
  }

  /**
   * Switch the camera on and look for codes.
   * @throws {NoCamera}
   */
  async open() {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).catch(() => {
      throw new NoCamera();
    });
    this.#video.srcObject = stream;
    if (this.#closed) {
      this.close(); // the person left the view in the meantime
      return;
    }
    for (const track of stream.getTracks()) track.addEventListener("ended", () => !this.#closed && this.#onLost());
    const supported = await BarcodeDetector.getSupportedFormats();
    this.#look(new BarcodeDetector({ formats: FORMATS.filter((format) => supported.includes(format)) }));
  }

  /** Switch the camera off. */
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
