/** Whether all counters of a board are closed: then the time of the next call is unknown. @param {{counters: {state: string}[]}} board */
export function noneOpen(board) {
  return board.counters.length > 0 && board.counters.every(({ state }) => state === "closed");
}
