import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stageCommandOf } from '../../../src/ui/stage/stageKeys.ts';
import { createStageView, resetWithProject } from '../../../src/ui/stage/stageView.ts';
import { largestZoom, nextZoom, panned, wholePicture, zoomedTo } from '../../../src/ui/stage/zoom.ts';
import type { ZoomFrame } from '../../../src/ui/stage/zoom.ts';
import { Rig } from '../store/rig.ts';

const square: ZoomFrame = { stage: { width: 400, height: 400 }, picture: { width: 64, height: 64 } };
const wide: ZoomFrame = { stage: { width: 800, height: 400 }, picture: { width: 64, height: 64 } };

/** Where a point of the fitted picture, as its distance from the centre, is on the stage. */
const shownAt = (view: typeof wholePicture, x: number) => view.factor * x + view.x;

describe('the zoom of the stage', () => {
  it('keeps what is under the pointer where it is', () => {
    const view = zoomedTo(wholePicture, 2, { x: 100, y: -50 }, square);
    expect(shownAt(view, 100)).toBe(100);
    const closer = zoomedTo(view, 3, { x: -20, y: 10 }, square);
    const pointed = (-20 - view.x) / view.factor;
    expect(shownAt(closer, pointed)).toBeCloseTo(-20);
  });

  it('leaves no empty space beside a picture that is cut off, and centres one that is not', () => {
    const size = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(
        fc.record({ width: size, height: size }),
        fc.record({ width: size, height: size }),
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        fc.integer({ min: -5000, max: 5000 }),
        fc.integer({ min: -5000, max: 5000 }),
        (stage, picture, factor, x, y) => {
          const frame = { stage, picture };
          const view = panned(zoomedTo(wholePicture, factor, { x: y, y: x }, frame), { x, y }, frame);
          expect(view.factor).toBeGreaterThanOrEqual(1);
          expect(view.factor).toBeLessThanOrEqual(largestZoom);
          const scale = view.factor * Math.min(stage.width / picture.width, stage.height / picture.height);
          for (const [offset, available, shown] of [
            [view.x, stage.width, picture.width * scale],
            [view.y, stage.height, picture.height * scale],
          ] as const) {
            expect(Math.abs(offset)).toBeLessThanOrEqual(Math.max(0, (shown - available) / 2) + 1e-6);
          }
        },
      ),
    );
  });

  it('moves across the side that is cut off alone', () => {
    const view = panned(zoomedTo(wholePicture, 1.5, { x: 0, y: 0 }, wide), { x: 500, y: 500 }, wide);
    expect(view).toEqual({ factor: 1.5, x: 0, y: 100 });
  });

  it('goes through steps, and ends at the whole picture and the largest factor', () => {
    expect(nextZoom(1, 1)).toBe(1.5);
    expect(nextZoom(2.4, 1)).toBe(3);
    expect(nextZoom(2.4, -1)).toBe(2);
    expect(nextZoom(1, -1)).toBe(1);
    expect(nextZoom(largestZoom, 1)).toBe(largestZoom);
  });
});

describe('the view of the stage', () => {
  it('is moved back into the limits when a picture of another shape is shown', () => {
    let frame: ZoomFrame = square;
    const view = createStageView(() => frame);
    view.zoomTo(2, { x: 0, y: 0 });
    view.pan({ x: 200, y: 200 });
    expect(view.getState().zoom).toEqual({ factor: 2, x: 200, y: 200 });
    // Twice as wide as high: 800 by 400 in a stage of 400 by 400.
    frame = { ...square, picture: { width: 64, height: 32 } };
    view.fit();
    expect(view.getState().zoom).toEqual({ factor: 2, x: 200, y: 0 });
  });

  it('is of the whole picture in another project, and stays when frames are edited', async () => {
    const rig = new Rig();
    await rig.ready();
    const { animation, generation } = rig.stores;
    await generation.generate();
    const view = createStageView(() => square);
    const stop = resetWithProject(animation, view);
    view.step(1);
    animation.goBackTo(1);
    expect(view.getState().zoom.factor).toBe(1.5);
    animation.startOver();
    expect(view.getState().zoom).toEqual(wholePicture);
    stop();
    view.step(1);
    animation.clear();
    expect(view.getState().zoom.factor).toBe(1.5);
  });
});

describe('keys of the stage', () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false, repeat: false };

  it.each([
    ['+', 'in'],
    ['=', 'in'],
    ['-', 'out'],
    ['0', 'whole'],
    ['o', 'onion'],
    ['1', null],
  ])('%j: %s', (key, command) => {
    expect(stageCommandOf({ ...plain, key }, { isText: false })).toBe(command);
  });

  it('turn the onion skin on and off once for each press, and zoom for as long as they are held', () => {
    expect(stageCommandOf({ ...plain, key: 'o', repeat: true }, { isText: false })).toBeNull();
    expect(stageCommandOf({ ...plain, key: '+', repeat: true }, { isText: false })).toBe('in');
  });

  it('are left to text fields and to the zoom of the browser', () => {
    expect(stageCommandOf({ ...plain, key: '0' }, { isText: true })).toBeNull();
    expect(stageCommandOf({ ...plain, key: '+', ctrlKey: true }, { isText: false })).toBeNull();
    expect(stageCommandOf({ ...plain, key: '0', metaKey: true }, { isText: false })).toBeNull();
  });
});
