/** Texts of the bookings section: names of services, channels and refusals. */

import { pick } from "/pages/language.js";
import { serviceOf } from "/pages/outlook.js";
import { hasText, languageNow, say } from "/pages/texts.js";
import { wordsOf } from "/pages/ui.js";

/** Text ids of the channels through which appointments are booked. */
export const CHANNEL_TEXTS = { web: "bookings-channel-web", qr: "bookings-channel-qr", kiosk: "bookings-channel-kiosk", staff: "bookings-channel-staff", hotline: "bookings-channel-hotline" };

/** Name of a service in the page's language. @param {import("/pages/manage/parts.js").Ui} ui @param {string} id */
export function serviceName(ui, id) {
  return pick(serviceOf(ui.hall, id)?.name, languageNow()).text || id;
}

/** Text of a refusal: that of this section if there is one, otherwise the general one. */
export function refusalWords(reason, args) {
  const id = `bookings-refused-${reason.code}`;
  return hasText(id) ? say(id, args) : wordsOf(reason);
}
