import type { NoiseKey } from '../types.ts';
import { at } from './arrays.ts';

type PhiloxBlock = readonly [number, number, number, number];

/** Upper 32 bits of a 32×32-bit product; `Math.imul` gives the lower ones. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  // Below 2^32 by construction, but computed in doubles: only the last sum may reach bit 31, hence `>>> 0`.
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011):
 * random access to any block of the sequence.
 *
 * @param counter Four 32-bit words.
 * @param key Two 32-bit words.
 * @returns four random unsigned 32-bit words
 */
export function philox4x32(counter: PhiloxBlock, key: readonly [number, number]): PhiloxBlock {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * Two standard normal numbers from two random words (Box & Muller 1958). Uses the upper 24 bits of each, which float32
 * represents exactly, so that CPU and GPU start from identical uniform numbers.
 */
function boxMuller(radiusWord: number, angleWord: number): [number, number] {
  const uniform = ((radiusWord >>> 8) + 1) / 2 ** 24; // never 0, whose logarithm is infinite
  const radius = Math.sqrt(-2 * Math.log(uniform));
  const angle = (2 * Math.PI * (angleWord >>> 8)) / 2 ** 24;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/**
 * Writes standard normal noise to `out[offset … offset + length)`.
 *
 * @param length A multiple of 4.
 */
export function gaussianNoise(key: NoiseKey, out: Float32Array, offset: number, length: number): void {
  for (let block = 0; block < length / 4; block++) {
    const words = philox4x32([block, key.frame, key.variant, 0], [key.seed, 0]);
    const start = offset + 4 * block;
    out.set(boxMuller(at(words, 0), at(words, 1)), start);
    out.set(boxMuller(at(words, 2), at(words, 3)), start + 2);
  }
}
