/** The hall's names of services, stages, codes, papers and counters. */

import { make } from "/display/element.js";
import { isNumbered } from "/display/words.js";
import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";

/** Names by id, in the page's language or in one that the hall has. */
export class HallWords {
  /** @param {object} desk as `GET …/desk` answers @param {HallWords | null} [before] the words that these replace */
  constructor(desk, before = null) {
    this.desk = desk;
    const { stages, services, reasons, missing } = desk;
    this.content = JSON.stringify([stages, services, reasons, missing]);
    /** Number of the version of these words. It changes with their content, so that the page is drawn again. */
    this.edition = before === null ? 1 : before.edition + Number(before.content !== this.content);
    this.services = new Map(desk.services.map((service) => [service.id, service]));
    this.stages = new Map(desk.stages.map((stage) => [stage.id, stage]));
    this.texts = new Map([...desk.reasons, ...desk.missing].map(({ code, text }) => [code, text]));
    for (const service of desk.services) for (const paper of service.papers) if (!this.texts.has(paper.id)) this.texts.set(paper.id, paper.name);
  }

  /** @param {string} id @returns {string} */
  service(id) {
    return pick(this.services.get(id)?.name, languageNow()).text || id;
  }

  /** @param {string} id @returns {string} */
  stage(id) {
    return pick(this.stages.get(id)?.name, languageNow()).text || say("counter-stage");
  }

  /** @param {string} code of a reason or a missing paper @returns {string} */
  code(code) {
    return pick(this.texts.get(code), languageNow()).text || code;
  }

  /** @param {string[]} codes @returns {string} names in a list, joined as usual in the language */
  codes(codes) {
    return list(codes.map((code) => this.code(code)));
  }

  /** @param {string[]} ids @returns {string} names in a list, without online services, which have no tickets */
  serviceList(ids) {
    return list(ids.filter((id) => !this.services.get(id)?.online_url).map((id) => this.service(id)));
  }

  /** @param {{id: string, stage: string}} counter @returns {string} `3 号窗口`, `Pre-check P1` */
  counter({ id, stage }) {
    const { text, lang } = pick(this.stages.get(stage)?.name, languageNow());
    // A name in another language does not fit the form for numbers of this language: `Desk 1`, not `1 号Desk`.
    return say(isNumbered(id) && (!text || lang === null) ? "counter-numbered" : "counter-named", { counter: id, stage: text || say("counter-stage") });
  }

  /** @param {string} id @returns {string} */
  counterById(id) {
    const known = this.desk.counters.find((counter) => counter.id === id);
    return this.counter({ id, stage: known?.stage ?? "" });
  }

  /** @returns {object[]} the services done in the hall for which a person can take a number now */
  get offered() {
    return this.desk.services.filter(({ offered, online_url: url }) => offered && !url);
  }

  /** @param {string} service @returns {{id: string, name: string}[]} the papers that people must bring for it */
  papers(service) {
    return (this.services.get(service)?.papers ?? []).map((paper) => ({ id: paper.id, name: pick(paper.name, languageNow()).text || this.code(paper.id) }));
  }

  /** @param {object} ticket @returns {number} usual duration of the visit at the ticket's stage, in seconds */
  usual_s(ticket) {
    const service = this.services.get(ticket.service);
    if (!service) return 0;
    const here = service.at_stages[ticket.stage] ?? service;
    return ticket.count * ((ticket.prechecked && here.prechecked_mean_s) || here.mean_s);
  }

  /** @param {object} ticket @returns {boolean} whether the visit ends with the ticket's stage */
  isLast(ticket) {
    const stages = this.services.get(ticket.service)?.stages ?? [];
    return stages.indexOf(ticket.stage) === stages.length - 1 && ticket.then.length === 0;
  }

  /** @param {object} ticket @returns {boolean} whether the ticket is at a stage before the last one, where papers are checked */
  isPrecheck(ticket) {
    const stages = this.services.get(ticket.service)?.stages ?? [];
    const place = stages.indexOf(ticket.stage);
    return place >= 0 && place < stages.length - 1 && this.papers(ticket.service).length > 0;
  }
}

/** @param {object} ticket @returns {HTMLElement} its class, as a word in a frame */
export function classTag(ticket) {
  const kind = { green: "tag.green", appointment: "tag.booked", returning: "tag", walk_in: "tag" }[ticket.class] ?? "tag";
  return make(`span.${kind}`, {}, say("ticket-class", { class: ticket.class }));
}

/** Join names as usual in the language. @param {string[]} names @returns {string} */
export function list(names) {
  return names.join(say("list-join"));
}
