/** How long a file may take to open, in milliseconds, before it is asked for once more; and how often. */
const openingPatience = 2000;
const openingAttempts = 5;

/**
 * Opens a file for writing. Chromium (156) may never answer when a file is opened that was closed a moment ago, about
 * once in a few dozen times while much is written; asked again, it answers.
 *
 * @throws the browser's error, or DOMException `TimeoutError`
 */
export async function openToWrite<Handle extends { close(): void }>(file: {
  createSyncAccessHandle(): Promise<Handle>;
}): Promise<Handle> {
  const attempts: Promise<Handle>[] = [];
  let taken: Handle | null = null;
  while (taken === null && attempts.length < openingAttempts) {
    const attempt = file.createSyncAccessHandle();
    attempts.push(attempt);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<null>((resolve) => {
      timer = setTimeout(() => {
        resolve(null);
      }, openingPatience);
    });
    try {
      taken = await Promise.race([Promise.any(attempts), timeout]);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      clearTimeout(timer);
    }
  }
  // One that comes too late would keep the file from everybody else.
  for (const attempt of attempts) {
    attempt.then(
      (handle) => {
        if (handle !== taken) handle.close();
      },
      () => undefined,
    );
  }
  if (taken === null) throw new DOMException('The browser does not open the file.', 'TimeoutError');
  return taken;
}
