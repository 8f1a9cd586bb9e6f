/** Makes the first worker that this worker starts one whose script is not there. */
const Original = Worker;
let started = 0;
globalThis.Worker = class extends Original {
  constructor(script: string | URL, options?: WorkerOptions) {
    super(++started === 1 ? new URL('missing.js', location.href) : script, options);
  }
};

export {};
