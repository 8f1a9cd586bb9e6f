/**
 * Gives the memory of an array back now, where the engine can (it has `ArrayBuffer.prototype.transfer`), instead of when
 * its garbage is collected: engines let hundreds of megabytes of buffers gather before they look. The array is empty
 * from then on, and may be freed again. One that is a part of a larger buffer is left alone.
 */
export function freeNow({ buffer, byteLength }: ArrayBufferView<ArrayBuffer>): void {
  if (byteLength === 0 || byteLength < buffer.byteLength) return;
  const transfer: unknown = Reflect.get(buffer, 'transfer');
  if (typeof transfer === 'function') Reflect.apply(transfer, buffer, [0]);
}
