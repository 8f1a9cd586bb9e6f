/** Whether this device is on a network. */
export interface DeviceNetwork {
  /** Whether it is known to be on none; it may be on one that leads nowhere. */
  isOffline(): boolean;
  /** Calls back when it is on one again, until what is returned is called. */
  onBack(call: () => void): () => void;
}

/** This device, as far as the browser tells; Node never says that it is offline. */
export const thisDevice: DeviceNetwork = {
  isOffline: () => 'navigator' in globalThis && 'onLine' in navigator && !navigator.onLine,
  onBack(call) {
    const forget = new AbortController();
    globalThis.addEventListener('online', call, { signal: forget.signal });
    return () => {
      forget.abort();
    };
  },
};
