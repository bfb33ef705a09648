/** Whether all counters of a board are closed: then nobody knows when one calls. @param {{counters: {state: string}[]}} board */
export function noneOpen(board) {
  return board.counters.length > 0 && board.counters.every(({ state }) => state === "closed");
}
