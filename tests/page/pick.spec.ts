import type { Locator, Page } from '@playwright/test';
import { button, field, frame, frames, prepare, set, stripPixels } from './driving.ts';
import { expect, test } from './fixtures.ts';
import { recordMessages } from './worker-messages.ts';

function variant(page: Page, number: number) {
  return page.getByRole('group', { name: 'Variants' }).getByRole('button', { name: `Variant ${number}` });
}

/** Waits until all variants of a frame's round are on the page. */
async function roundIsThere(page: Page, number: number) {
  await expect(page.getByText(`Frame ${number}: take one`)).toBeVisible({ timeout: 240_000 });
}

async function begin(page: Page) {
  await prepare(page, { Steps: 3, Seed: 5 });
  await page.getByRole('tab', { name: 'Pick by hand' }).click();
  await field(page, 'Batch size').fill('2');
}

/** Picks five rounds, with one step back after the third and a re-roll of the fifth. Returns the strip's pixels. */
async function walk(page: Page) {
  await button(page, 'Generate').click();
  await roundIsThere(page, 1);
  await variant(page, 1).click();
  await roundIsThere(page, 2);
  await page.keyboard.press('2');
  await roundIsThere(page, 3);
  await page.keyboard.press('1');
  await roundIsThere(page, 4);
  const abandoned = (await stripPixels(page)).at(-1);
  await button(page, 'Back').click();
  await expect(frames(page)).toHaveCount(2);
  await roundIsThere(page, 3);
  await variant(page, 2).click();
  await roundIsThere(page, 4);
  await page.keyboard.press('1');
  await roundIsThere(page, 5);
  await button(page, 'Re-roll').click();
  await expect(page.getByText('Frame 5: take one')).toBeHidden();
  await roundIsThere(page, 5);
  await variant(page, 1).click();
  await expect(frame(page, 5)).toBeVisible();
  await expect(frames(page)).toHaveCount(5);
  return { abandoned, frames: await stripPixels(page) };
}

test(
  'five rounds picked by hand, with one step back and a second branch, with and without speculation',
  { tag: '@cpu' },
  async ({ page }) => {
    await begin(page);
    const speculative = page.getByRole('switch', { name: 'Speculative' });
    await expect(speculative).toBeChecked();
    const first = await walk(page);
    expect(first.abandoned && first.frames[2]?.equals(first.abandoned), 'another branch').toBe(false);
    // The next round of the first variant is made while the page is idle, and shown as soon as that variant is
    // picked.
    await roundIsThere(page, 6);
    await expect(variant(page, 1)).toHaveAttribute('title', /is ready/, { timeout: 240_000 });
    await page.keyboard.press('1');
    await roundIsThere(page, 7);
    await expect(page.getByText(/Speculation has saved you/)).toBeVisible();

    await speculative.click();
    await button(page, 'Start over').click();
    await expect(frames(page)).toHaveCount(0);
    const second = await walk(page);
    expect(second.frames.map((pixels, i) => first.frames[i]?.equals(pixels))).toEqual(Array(5).fill(true));
  },
);

test(
  'a pick cancels a speculative denoise within one step',
  { tag: ['@cpu', '@float16'] },
  async ({ page }) => {
    const worker = await recordMessages(page);
    await begin(page);
    await set(page, { Steps: 8 });
    // No variant is hovered, so speculation works on the first variant's round. The second one is picked.
    await worker.clickAt({ event: { stepsAhead: 2 } }, 'Variant 2');
    await button(page, 'Generate').click();
    await roundIsThere(page, 2);
    await expect(frames(page)).toHaveCount(1);

    const messages = await worker.messages();
    const requests = messages.flatMap(({ from, message }, index) =>
      from === 'page' && message.method === 'pickRound' ? [{ index, id: message.id }] : [],
    );
    expect(requests).toHaveLength(2);
    const [, pick] = requests;
    const result = messages.findIndex(
      ({ from, message }) => from === 'worker' && message.kind === 'result' && message.id === pick?.id,
    );
    expect(result).toBeGreaterThan(0);
    const ahead = messages.map(({ message }) => message.event?.stepsAhead ?? 0);
    expect(Math.max(...ahead.slice(0, pick?.index)), 'steps ahead before the pick').toBe(2);
    // On a busy machine, the worker may make some steps before it receives the pick. It then reports the steps ahead
    // once more: the only report that does not increase.
    const reports = ahead.slice(pick?.index, result).filter((steps) => steps > 0);
    const received = reports.find((steps, i) => steps === (i === 0 ? 2 : reports[i - 1]));
    expect(received, 'steps ahead when the worker receives the pick').toBeDefined();
    expect(
      Math.max(...ahead.slice(0, result)) - (received ?? 0),
      'steps ahead between the pick and its round',
    ).toBeLessThanOrEqual(1);
  },
);

test(
  'a round made in advance is on the page by the next animation frame',
  { tag: ['@cpu', '@float16'] },
  async ({ page }) => {
    await begin(page);
    await button(page, 'Generate').click();
    await roundIsThere(page, 1);
    await expect(variant(page, 2)).toHaveAttribute('title', /is ready/, { timeout: 240_000 });
    const shown = await variant(page, 2).evaluate(
      (picked) =>
        new Promise<{ words: string; pictures: string[] }>((resolve) => {
          if (picked instanceof HTMLElement) picked.click();
          requestAnimationFrame(() => {
            const round = picked.closest('section');
            const canvases = [...(round?.querySelectorAll('canvas') ?? [])];
            resolve({
              words: round?.textContent ?? '',
              pictures: canvases.map((canvas) => canvas.toDataURL()),
            });
          });
        }),
    );
    expect(shown.words).toContain('Frame 2: take one');
    expect(shown.pictures).toHaveLength(2);
    // The worker then confirms the round that was sent in advance, so its pictures do not change.
    await expect(variant(page, 1)).toHaveAttribute('title', /is ready/, { timeout: 240_000 });
    const settled = await page
      .getByRole('region', { name: 'Round' })
      .evaluate((round) => [...round.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()));
    expect(settled).toEqual(shown.pictures);
  },
);

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('the variants of the first round are scrolled into view', { tag: '@cpu' }, async ({ page }) => {
    await begin(page);
    await page.getByText('More settings').scrollIntoViewIfNeeded();
    await button(page, 'Generate').tap();
    await roundIsThere(page, 1);
    const boxOf = async (name: string, of: Locator) => {
      const box = await of.boundingBox();
      if (!box) throw new Error(`${name} is not on the page`);
      return box;
    };
    const stage = await boxOf('the picture', page.getByRole('img', { name: 'The picture on the stage' }));
    const generate = await boxOf('Generate', button(page, 'Generate'));
    for (const number of [1, 2]) {
      const { y, height } = await boxOf(`variant ${number}`, variant(page, number));
      expect(y, 'below the picture').toBeGreaterThanOrEqual(stage.y + stage.height);
      expect(y + height, 'above Generate').toBeLessThanOrEqual(generate.y);
    }
  });
});
