import 'fake-indexeddb/auto';
import { faultError } from './faults.ts';
import type { FaultInjector } from './faults.ts';

const injectors = new Map<string, FaultInjector>();

/** Lets an injector decide which connections, transactions and requests of a database (fake-indexeddb) fail. */
export function injectIntoDatabase(name: string, injector: FaultInjector): void {
  injectors.set(name, injector);
}

/** Replaces a method by `check`, which gets the arguments and `call`, the original method applied to them. */
function intercept<T extends object>(
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

intercept(IDBFactory.prototype, 'open', (_, [name], call) => {
  injectors.get(String(name))?.check('connect', String(name));
  return call();
});

intercept(IDBDatabase.prototype, 'transaction', (database, [stores], call) => {
  const fault = injectors.get(database.name)?.count('transaction', String(stores));
  if (fault) {
    // The browser has closed the connection; later calls fail the same way.
    database.close();
    throw new DOMException('The database connection is closing.', 'InvalidStateError');
  }
  return call();
});

for (const method of ['get', 'getAll', 'getAllKeys', 'count', 'put', 'delete'] as const) {
  intercept(IDBObjectStore.prototype, method, (store, _, call) => {
    const request = call();
    const writes = method === 'put' || method === 'delete';
    const kind = writes ? 'request' : 'query';
    const fault = injectors.get(store.transaction.db.name)?.count(kind, `${method} ${store.name}`);
    if (!fault) return request;
    // Abort the whole transaction with the fault as its error; the request's error is AbortError.
    const abort: unknown = Reflect.get(store.transaction, '_abort');
    if (typeof abort !== 'function') throw new TypeError('fake-indexeddb has changed');
    // Deferred, so that other requests of the same task are accepted and fail with it.
    queueMicrotask(() => {
      Reflect.apply(abort, store.transaction, [faultError(fault, kind).name]);
    });
    return request;
  });
}
