/** Makes this worker's VideoEncoder fail at its third frame. */
const Original = VideoEncoder;
let encoded = 0;
globalThis.VideoEncoder = class extends Original {
  override encode(...args: Parameters<VideoEncoder['encode']>): void {
    if (++encoded === 3) throw new DOMException('The hardware is gone.', 'EncodingError');
    super.encode(...args);
  }
};

export {};
