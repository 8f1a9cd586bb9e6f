/** Kinds of storage calls that can fail. */
export type StorageCall =
  | 'list'
  /** Finding a folder. */
  | 'enter'
  /** Finding a file. */
  | 'find'
  | 'create'
  | 'read'
  | 'open'
  | 'write'
  | 'truncate'
  | 'flush'
  | 'close'
  | 'move'
  | 'remove'
  | 'connect'
  | 'transaction'
  /** A request that reads from the database. */
  | 'query'
  /** A request that writes to it. */
  | 'request';

/** Disk full, file removed by something else, or connection (or device) broken. */
export type StorageFault = 'full' | 'vanished' | 'broken';

/** Calls that each fault can affect. */
const reach: Readonly<Record<StorageFault, ReadonlySet<StorageCall>>> = {
  full: new Set(['create', 'write', 'truncate', 'flush', 'request']),
  vanished: new Set(['find', 'read', 'open', 'move', 'remove']),
  broken: new Set([
    'list',
    'enter',
    'find',
    'create',
    'read',
    'open',
    'write',
    'truncate',
    'flush',
    'close',
    'move',
    'remove',
    'connect',
    'transaction',
    'query',
    'request',
  ]),
};

const databaseCalls: ReadonlySet<StorageCall> = new Set(['connect', 'transaction', 'query', 'request']);

/** The error that Chromium throws for a fault. */
export function faultError(fault: StorageFault, call: StorageCall): DOMException {
  switch (fault) {
    case 'full':
      return new DOMException(
        'The operation failed because it would exceed the quota.',
        'QuotaExceededError',
      );
    case 'vanished':
      return new DOMException('A requested file or directory could not be found.', 'NotFoundError');
    case 'broken':
      return databaseCalls.has(call)
        ? new DOMException('Internal error in the database backend.', 'UnknownError')
        : new DOMException('The state has changed since it was read from disk.', 'InvalidStateError');
  }
}

/**
 * Makes the n-th storage call fail, counted from `arm` among calls that the fault can affect, as SQLite is tested
 * (sqlite.org/testing.html, 3.1 to 3.3).
 */
export class FaultInjector {
  #fault: StorageFault | null = null;
  #remaining = 0;
  #lasts = false;
  #failed: string | null = null;
  #calls: string[] = [];

  /**
   * @param nth 1 for the next call.
   * @param lasts True if all later calls fail too until `disarm`, like a disk that stays full.
   */
  arm(fault: StorageFault, nth: number, lasts = false): void {
    [this.#fault, this.#remaining, this.#lasts, this.#failed] = [fault, nth, lasts, null];
    this.#calls = [];
  }

  disarm(): void {
    this.#fault = null;
  }

  /** First call that failed since `arm`, with its subject; null if there were fewer calls. */
  get failed(): string | null {
    return this.#failed;
  }

  /** Calls since `arm` that the fault can affect, with their subjects. */
  get calls(): readonly string[] {
    return this.#calls;
  }

  /** Counts a call, and returns the fault if it is to fail. */
  count(call: StorageCall, about: string): StorageFault | null {
    const fault = this.#fault;
    if (fault === null || !reach[fault].has(call)) return null;
    this.#calls.push(`${call} ${about}`);
    if (this.#remaining > 0) this.#remaining--;
    if (this.#remaining > 0 || (this.#failed !== null && !this.#lasts)) return null;
    this.#failed ??= `${call} ${about}`;
    return fault;
  }

  /** Counts a call, and throws if it is to fail. */
  check(call: StorageCall, about: string): void {
    const fault = this.count(call, about);
    if (fault) throw faultError(fault, call);
  }
}

/** An operation under test, which arms the injector of the storage that it uses. */
type Attempt = (arm: (injector: FaultInjector) => void) => Promise<void>;

/** Runs an attempt with its n-th call failing. Returns the armed injectors. */
async function attemptWith(
  attempt: Attempt,
  fault: StorageFault,
  nth: number,
  lasts: boolean,
): Promise<FaultInjector[]> {
  const armed: FaultInjector[] = [];
  try {
    await attempt((injector) => {
      injector.arm(fault, nth, lasts);
      armed.push(injector);
    });
  } catch (error) {
    const calls = armed.map(({ failed }) => failed ?? 'none');
    throw new Error(`with call ${nth} (${calls.join(', ')}) ${fault}: ${String(error)}`, { cause: error });
  }
  if (armed.length === 0) throw new Error('nothing was armed');
  return armed;
}

/**
 * Runs an attempt with its first, second, third … storage call failing, until it makes fewer calls.
 *
 * @throws what `attempt` throws, with the failing call in the message
 */
export async function failEachCall(
  fault: StorageFault,
  attempt: Attempt,
  { lasts = false, most = 2000 } = {},
): Promise<number> {
  for (let nth = 1; nth <= most; nth++) {
    const armed = await attemptWith(attempt, fault, nth, lasts);
    if (armed.every(({ failed }) => failed === null)) return nth - 1;
  }
  throw new Error(`made more than ${most} calls`);
}

/**
 * Like `failEachCall`, but for each kind of call on each file fails only the first and the last: for files written in
 * many chunks.
 *
 * @throws what `attempt` throws, with the failing call in the message
 */
export async function failEachKindOfCall(
  fault: StorageFault,
  attempt: Attempt,
  { lasts = false } = {},
): Promise<number> {
  const [clean] = await attemptWith(attempt, fault, Number.POSITIVE_INFINITY, lasts);
  const calls = clean?.calls ?? [];
  const chosen = calls.flatMap((call, index) =>
    calls.indexOf(call) === index || calls.lastIndexOf(call) === index ? [index + 1] : [],
  );
  for (const nth of chosen) await attemptWith(attempt, fault, nth, lasts);
  return chosen.length;
}
