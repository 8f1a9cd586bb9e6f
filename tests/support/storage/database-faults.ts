import 'fake-indexeddb/auto';
import { faultError } from './faults.ts';
import type { FaultInjector } from './faults.ts';

const injectors = new Map<string, FaultInjector>();

/** Lets an injector fail the connections, transactions and requests of the database of a name. */
export function injectIntoDatabase(name: string, injector: FaultInjector): void {
  injectors.set(name, injector);
}

/** Puts a check in front of a method of all objects of a class. */
function before<T extends object>(
  prototype: T,
  method: keyof T & string,
  check: (target: T, args: readonly unknown[], call: () => unknown) => unknown,
): void {
  const original: unknown = Reflect.get(prototype, method);
  if (typeof original !== 'function') throw new TypeError(`there is no ${method}`);
  Object.defineProperty(prototype, method, {
    configurable: true,
    writable: true,
    value: function (this: T, ...args: readonly unknown[]): unknown {
      return check(this, args, () => Reflect.apply(original, this, args));
    },
  });
}

before(IDBFactory.prototype, 'open', (_, [name], call) => {
  injectors.get(String(name))?.check('connect', String(name));
  return call();
});

before(IDBDatabase.prototype, 'transaction', (database, [stores], call) => {
  const fault = injectors.get(database.name)?.count('transaction', String(stores));
  if (fault) {
    // As after the browser ended the connection: it says so from now on.
    database.close();
    throw new DOMException('The database connection is closing.', 'InvalidStateError');
  }
  return call();
});

for (const method of ['get', 'getAll', 'getAllKeys', 'count', 'put', 'delete'] as const) {
  before(IDBObjectStore.prototype, method, (store, _, call) => {
    const request = call();
    const writes = method === 'put' || method === 'delete';
    const kind = writes ? 'request' : 'query';
    const fault = injectors.get(store.transaction.db.name)?.count(kind, `${method} ${store.name}`);
    if (!fault) return request;
    // The whole transaction is taken back; its error is the fault's, and the request's is AbortError.
    const abort: unknown = Reflect.get(store.transaction, '_abort');
    if (typeof abort !== 'function') throw new TypeError('fake-indexeddb has changed');
    // Not at once: other requests of the same moment are accepted, and fail with it.
    queueMicrotask(() => {
      Reflect.apply(abort, store.transaction, [faultError(fault, kind).name]);
    });
    return request;
  });
}
