/** A gate at which a fake worker waits until the test opens it. */
export class Gate {
  #waiting: (() => void)[] = [];
  #open = true;

  shut(): void {
    this.#open = false;
  }

  /** Opens it for those waiting and all later ones. */
  open(): void {
    this.#open = true;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  /** Resolves when the gate is open; throws the signal's reason if aborted first. */
  async pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#open) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => {
        reject(new DOMException('Stopped.', 'AbortError'));
      });
    });
  }
}
