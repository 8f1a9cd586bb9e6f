import { expect, it } from 'vitest';
import type { Picture } from '../../../src/base/index.ts';
import { followFrameBefore } from '../../../src/ui/stage/frameBefore.ts';
import { Rig, plain, valueOf } from '../store/rig.ts';

/** Follows the frame before, and records what is read and shown; reads fail on demand. */
async function followed() {
  const rig = new Rig();
  await rig.ready();
  const { stores } = rig;
  await stores.generation.generate();
  const reads: number[] = [];
  const shown: (number | null)[] = [];
  let fails = false;
  const animation = {
    ...stores.animation,
    pictureAt: (position: number) => {
      reads.push(position);
      if (fails) return Promise.reject(new Error('cannot be read'));
      return Promise.resolve(plain(2, 2, position));
    },
  };
  // Nothing is in memory.
  const pictures = { ...stores.pictures, peek: () => null };
  const stop = followFrameBefore({ ...stores, animation, pictures }, (picture: Picture | null) => {
    shown.push(picture && (valueOf(picture) ?? null));
  });
  /** Lets everything that is due happen. */
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  /** An event that does not concern what is shown. */
  const poke = () => {
    stores.animation.markSaved();
    stores.player.setState({});
  };
  return { stores, reads, shown, settle, poke, stop, fail: (now: boolean) => (fails = now) };
}

it('the frame before is read and shown once, whatever else happens', async () => {
  const { stores, reads, shown, settle, poke, stop } = await followed();
  stores.player.show(3);
  await settle();
  const before = { reads: [...reads], shown: [...shown] };
  expect(reads.at(-1)).toBe(2);
  expect(shown.at(-1)).not.toBeNull();
  poke();
  await settle();
  expect({ reads, shown }).toEqual(before);
  stores.player.show(2);
  await settle();
  expect(reads.at(-1)).toBe(1);
  stop();
});

it('a frame that cannot be read is not read again until another one was wanted', async () => {
  const { stores, reads, shown, settle, poke, stop, fail } = await followed();
  await settle();
  fail(true);
  stores.player.show(2);
  await settle();
  const { length } = reads;
  poke();
  await settle();
  expect(reads).toHaveLength(length);
  expect(shown.at(-1)).toBeNull();
  fail(false);
  stores.player.show(3);
  await settle();
  stores.player.show(2);
  await settle();
  expect(reads.slice(length)).toEqual([2, 1]);
  expect(shown.at(-1)).not.toBeNull();
  stop();
});
