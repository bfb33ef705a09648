/** Which tickets a counter calls. The rules are those of the service. Pure functions, without page and network. */

/**
 * The stage whose counters may call a ticket now. An optional stage without an open counter is skipped.
 * @param {{stages: string[]}} service of the ticket
 * @param {string} stage where the ticket waits
 * @param {Set<string>} optional ids of optional stages
 * @param {(stage: string) => boolean} isStaffed whether a counter of the stage is open for the service
 * @returns {string}
 */
export function stageNow(service, stage, optional, isStaffed) {
  const following = service.stages.slice(Math.max(0, service.stages.indexOf(stage)));
  return following.find((here, place) => place === following.length - 1 || !optional.has(here) || isStaffed(here)) ?? stage;
}

/**
 * The waiting tickets that a counter calls, in the order of calls.
 * @param {object[]} waiting as `GET …/queue` answers
 * @param {object} counter as `GET …/counters/{counter}` answers
 * @param {import("./words.js").HallWords} words
 * @param {Map<string, string>} states states of all counters, by id
 * @returns {object[]}
 */
export function lineOf(waiting, counter, words, states) {
  const optional = new Set(words.desk.stages.filter((stage) => stage.optional).map(({ id }) => id));
  const own = new Set(counter.services);
  const isStaffed = (service) => (stage) =>
    words.desk.counters.some((other) => other.stage === stage && other.services.includes(service) && (states.get(other.id) ?? other.state) === "open");
  return waiting.filter((ticket) => {
    const service = words.services.get(ticket.service);
    return own.has(ticket.service) && service !== undefined && stageNow(service, ticket.stage
, optional, isStaffed(ticket.service)) === counter.stage;
  });
}
