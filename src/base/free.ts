/**
 * Releases the memory of an array now instead of at garbage collection, in engines that have
 * `ArrayBuffer.prototype.transfer`: engines let hundreds of megabytes of buffers accumulate before they collect. The
 * array is empty afterwards; freeing it twice is harmless. A view on part of a larger buffer is left alone.
 */
export function freeNow({ buffer, byteLength }: ArrayBufferView<ArrayBuffer>): void {
  if (byteLength === 0 || byteLength < buffer.byteLength) return;
  const transfer: unknown = Reflect.get(buffer, 'transfer');
  if (typeof transfer === 'function') Reflect.apply(transfer, buffer, [0]);
}
