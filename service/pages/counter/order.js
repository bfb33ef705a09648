/** Who is in a counter's line, by the hall's rules as the service keeps them. No page, no network. */

/**
 * The stage whose counters may call a ticket now: an optional one without an open counter is skipped.
 * @param {{stages: string[]}} work the ticket's service
 * @param {string} stage where the ticket waits
 * @param {Set<string>} optional stages
 * @param {(stage: string) => boolean} isStaffed whether a counter of the stage is open for the service
 * @returns {string}
 */
export function stageNow(work, stage, optional, isStaffed) {
  const following = work.stages.slice(Math.max(0, work.stages.indexOf(stage)));
  return following.find((here, place) => place === following.length - 1 || !optional.has(here) || isStaffed(here)) ?? stage;
}

/**
 * The waiting tickets that a counter calls, in the order of calls.
 * @param {object[]} waiting as `GET …/queue` answers
 * @param {object} counter as `GET …/counters/{counter}` answers
 * @param {import("./words.js").HallWords} words
 * @param {Map<string, string>} states of all counters, by id
 * @returns {object[]}
 */
export function lineOf(waiting, counter, words, states) {
  const optional = new Set(words.desk.stages.filter((stage) => stage.optional).map(({ id }) => id));
  const own = new Set(counter.services);
  const isStaffed = (service) => (stage) =>
    words.desk.counters.some((one) => one.stage === stage && one.services.includes(service) && (states.get(one.id) ?? one.state) === "open");
  return waiting.filter((ticket) => {
    const work = words.services.get(ticket.service);
    return own.has(ticket.service) && work !== undefined && stageNow(work, ticket.stage, optional, isStaffed(ticket.service)) === counter.stage;
  });
}
