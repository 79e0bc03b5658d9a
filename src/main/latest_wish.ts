/**
 * Work that is asked for from outside, as often as somebody likes. It is done once at a time, and once
 * for all who ask before it begins: what it reads then is newer than each of them.
 *
 * @param work has to deal with its own failures
 * @returns asks for it
 */
export function latestWish(work: () => Promise<void>): () => void {
  let turn = Promise.resolve();
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    turn = turn.then(() => {
      isWaiting = false;
      return work();
    });
  };
}
