/** Minimum interval between reports, in milliseconds. */
const reportEvery = 100;

/** Throttles reports of progress: each costs the page a message and a repaint. One with all done is always delivered. */
export function throttled(
  report: (done: number, of: number) => void,
  now: () => number = () => performance.now(),
): (done: number, of: number) => void {
  let reportedAt = -Infinity;
  return (done, of) => {
    const time = now();
    if (done !== of && time - reportedAt < reportEvery) return;
    reportedAt = time;
    report(done, of);
  };
}
