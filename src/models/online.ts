/** Online state of this device. */
export interface DeviceNetwork {
  /** True if the device has no network; false does not imply that the internet is reachable. */
  isOffline(): boolean;
  /** Calls `call` when the device is online again; returns a function that cancels this. */
  onBack(call: () => void): () => void;
}

/** This device according to the browser; Node never reports being offline. */
export const browserNetwork: DeviceNetwork = {
  isOffline: () => 'navigator' in globalThis && 'onLine' in navigator && !navigator.onLine,
  onBack(call) {
    const forget = new AbortController();
    globalThis.addEventListener('online', call, { signal: forget.signal });
    return () => {
      forget.abort();
    };
  },
};
