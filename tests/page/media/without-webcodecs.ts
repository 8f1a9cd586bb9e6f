/** Makes this worker's browser one that has never heard of WebCodecs, as far as feature detection can tell. */
Reflect.deleteProperty(globalThis, 'VideoEncoder');
