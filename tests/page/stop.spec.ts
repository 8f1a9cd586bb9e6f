import { button, finished, frame, frames, generate, prepare, set, stripPixels } from './driving.ts';
import { expect, test } from './fixtures.ts';
import { recordMessages } from './worker-messages.ts';

test(
  'Stop ends the work within one step, keeps finished frames, and continuing gives the frames of an uninterrupted run',
  { tag: '@cpu' },
  async ({ page }) => {
    const worker = await recordMessages(page);
    await prepare(page, { Frames: 3, Steps: 5, Seed: 11 });
    await generate(page);
    await finished(page, 3);
    const uninterrupted = await stripPixels(page);

    await button(page, 'Start over').click();
    await expect(frames(page)).toHaveCount(0);
    await worker.clickAt({ event: { progress: { frame: 1, stage: 'denoise', step: 2 } } }, 'Stop');
    await generate(page);
    await expect(button(page, 'Generate')).toBeEnabled();
    await expect(page.getByText(/^Stopped\. Made 1 frame in/)).toBeVisible();
    await expect(frames(page)).toHaveCount(1);

    // Immediately, while the worker may still finish its last step.
    await set(page, { Frames: 2 });
    await generate(page);
    await finished(page, 3);
    await expect(page.getByText(/^Made 2 frames in/)).toBeVisible();
    const continued = await stripPixels(page);
    expect(continued.map((pixels, i) => uninterrupted[i]?.equals(pixels))).toEqual([true, true, true]);

    const messages = await worker.messages();
    const stop = messages.findIndex(({ from, message }) => from === 'page' && message.kind === 'abort');
    const stopped = messages[stop]?.message.id;
    const after = messages
      .slice(stop + 1)
      .filter(({ from, message }) => from === 'worker' && message.id === stopped)
      .map(({ message }) => message);
    const steps = after.filter(({ event }) => event?.progress?.stage === 'denoise');
    expect(steps.length, 'steps after the stop').toBeLessThanOrEqual(1);
    expect(after.filter(({ event }) => event?.kind === 'frame')).toEqual([]);
    expect(after.at(-1)).toMatchObject({ kind: 'error', error: { code: 'aborted' } });
  },
);

test('the same seed gives the same frames, in one run or in two', { tag: '@cpu' }, async ({ page }) => {
  await prepare(page, { Frames: 4, Steps: 3, Seed: 5 });
  await generate(page);
  await finished(page, 4);
  const inOne = await stripPixels(page);

  await button(page, 'Start over').click();
  await set(page, { Frames: 2 });
  await generate(page);
  await finished(page, 2);
  await generate(page);
  await finished(page, 4);
  const inTwo = await stripPixels(page);
  expect(inTwo.map((pixels, i) => inOne[i]?.equals(pixels))).toEqual([true, true, true, true]);

  await button(page, 'Start over').click();
  await set(page, { Frames: 1, Seed: 6 });
  await generate(page);
  await finished(page, 1);
  const [other] = await stripPixels(page);
  expect(other && inOne[0]?.equals(other), 'another seed makes another frame').toBe(false);
});

test(
  'Stop before the first frame keeps the start picture and makes no frame',
  { tag: '@cpu' },
  async ({ page }) => {
    await prepare(page, { Frames: 2, Steps: 50 });
    await generate(page);
    await page.getByText(/^Frame 1 of 2 · step [1-9]/).waitFor();
    await button(page, 'Stop').click();
    await expect(page.getByText('Stopped.', { exact: true }).first()).toBeVisible();
    await expect(frames(page)).toHaveCount(0);
    await expect(page.getByRole('img', { name: 'Start', exact: true })).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);

    await set(page, { Frames: 1, Steps: 2 });
    await generate(page);
    await expect(frame(page, 1)).toBeVisible();
  },
);
