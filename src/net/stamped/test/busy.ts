// Owns keeping an event loop busy, as in a process with other things to do.
// Never for longer than its holder lives.

/** Burns 15 of every 20 ms. */
export function keepBusy(): Disposable {
  const timer = setInterval(() => {
    const untilMs = performance.now() + 15;
    while (performance.now() < untilMs);
  }, 20);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
