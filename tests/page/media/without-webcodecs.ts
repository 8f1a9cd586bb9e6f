/** Removes WebCodecs' video encoder from the worker, as in browsers without it. */
Reflect.deleteProperty(globalThis, 'VideoEncoder');
