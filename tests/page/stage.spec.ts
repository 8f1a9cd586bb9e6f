import type { Locator, Page } from '@playwright/test';
import { readPng } from '../../tools/png.ts';
import {
  button,
  chooseStart,
  downloaded,
  field,
  finished,
  frame,
  generate,
  open,
  pageWithoutModel,
  prepare,
  stripPixels,
} from './driving.ts';
import { importFrames } from './export-dialog.ts';
import { expect, test } from './fixtures.ts';
import { makeFrame } from './media/frames.ts';

const side = 64;

/** RGB values of a PNG file. */
function pixelsOf(png: Uint8Array): Buffer {
  return Buffer.from(readPng(png).data.filter((_, index) => index % 4 !== 3));
}

/** Pixels of a canvas as a data URL. */
function drawnOn(canvas: Locator): Promise<string> {
  return canvas.evaluate((element) => (element instanceof HTMLCanvasElement ? element.toDataURL() : ''));
}

/** Pixels of the stage as a data URL. */
function onStage(page: Page): Promise<string> {
  return drawnOn(page.getByRole('img', { name: 'The picture on the stage' }));
}

/** Makes two frames, of which the second is on the stage. Returns the pixels of the start picture and of the first. */
async function makeTwoFrames(page: Page): Promise<{ start: string; first: string }> {
  await prepare(page, { Frames: 2, Steps: 1 });
  const start = await onStage(page);
  await generate(page);
  await finished(page, 2);
  await frame(page, 1).click();
  await expect.poll(() => onStage(page)).not.toBe(start);
  const first = await onStage(page);
  await frame(page, 2).click();
  await expect.poll(() => onStage(page)).not.toBe(first);
  return { start, first };
}

test(
  'the stage compares with other pictures while a button is held, and fills the screen',
  { tag: '@cpu' },
  async ({ page }) => {
    const { start, first } = await makeTwoFrames(page);
    const second = await onStage(page);

    const withStart = button(page, 'Compare with the start');
    await withStart.hover();
    await page.mouse.down();
    await expect.poll(() => onStage(page)).toBe(start);
    await expect(withStart).toHaveAttribute('aria-pressed', 'true');
    await page.mouse.up();
    await expect.poll(() => onStage(page)).toBe(second);

    await button(page, 'Compare with the frame before').focus();
    await page.keyboard.down('Space');
    await expect.poll(() => onStage(page)).toBe(first);
    await expect(page.getByText('Frame 1', { exact: true })).toBeVisible();
    await page.keyboard.up('Space');
    await expect.poll(() => onStage(page)).toBe(second);

    await button(page, 'Full screen').click();
    await expect.poll(() => page.evaluate(() => document.fullscreenElement?.ariaLabel)).toBe('Stage');
    await button(page, 'Full screen').click();
    await expect.poll(() => page.evaluate(() => document.fullscreenElement)).toBeNull();
  },
);

test('the picture on the stage can be copied and saved', { tag: '@cpu' }, async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await prepare(page, { Frames: 1, Steps: 1 });
  await generate(page);
  await finished(page, 1);
  await frame(page, 1).click();
  const [pixels] = await stripPixels(page);

  await button(page, 'Copy the picture').click();
  await expect(page.getByText('Frame 1 is copied.')).toBeVisible();
  const copied = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const png = await item?.getType('image/png');
    return png ? [...new Uint8Array(await png.arrayBuffer())] : [];
  });
  // The browser re-encodes pictures on the clipboard, so pixels are compared.
  expect(pixelsOf(Buffer.from(copied))).toEqual(pixels);

  expect(pixelsOf(await downloaded(page, 'Save the picture'))).toEqual(pixels);
});

/** A project of pictures, without a model. */
async function openPictures(page: Page, count: number): Promise<void> {
  await open(page, pageWithoutModel());
  await importFrames(
    page,
    Array.from({ length: count }, (_, i) => makeFrame(i, side, side)),
  );
}

/** Width of the picture on the stage, and the position of its left edge, in CSS pixels. */
async function shownBox(page: Page): Promise<{ width: number; left: number }> {
  const box = await page.getByRole('img', { name: 'The picture on the stage' }).boundingBox();
  return { width: box?.width ?? 0, left: box?.x ?? 0 };
}

const zoomTools = (page: Page) => page.getByRole('group', { name: 'Zoom' });

test(
  'the picture is zoomed by keys, buttons, wheel and double click, and moved by drag and arrow keys',
  { tag: '@cpu' },
  async ({ page }) => {
    await openPictures(page, 2);
    const whole = await shownBox(page);
    const stage = page.getByRole('region', { name: 'Stage' });

    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await expect(zoomTools(page)).toContainText('200 %');
    expect((await shownBox(page)).width).toBeCloseTo(2 * whole.width);
    // A key in a field is text.
    await field(page, 'Seed').focus();
    await page.keyboard.press('0');
    await expect(zoomTools(page)).toContainText('200 %');

    // The stage is wider than the picture, so it is enlarged until it is cut off on the left and right, too.
    await button(page, 'Zoom in').click();
    await button(page, 'Zoom in').click();
    await expect(zoomTools(page)).toContainText('400 %');
    const zoomed = await shownBox(page);
    const centre = await stage.boundingBox();
    const [x, y] = [
      (centre?.x ?? 0) + (centre?.width ?? 0) / 2,
      (centre?.y ?? 0) + (centre?.height ?? 0) / 2,
    ];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 30, y, { steps: 3 });
    await page.mouse.up();
    expect((await shownBox(page)).left).toBeCloseTo(zoomed.left + 30, 0);
    await button(page, 'Zoom in').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(async () => (await shownBox(page)).left).toBeCloseTo(zoomed.left - 18, 0);
    // The arrow key moved the picture, not the position.
    await expect(page.getByText('2 / 2', { exact: true })).toBeVisible();

    // Another frame is shown with the same zoom.
    await frame(page, 1).click();
    await expect(zoomTools(page)).toContainText('400 %');
    await page.mouse.dblclick(x, y);
    await expect(zoomTools(page)).toContainText('100 %');
    expect(await shownBox(page)).toEqual(whole);

    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -100);
    await page.keyboard.up('Control');
    await expect.poll(async () => (await shownBox(page)).width).toBeGreaterThan(whole.width);
    await page.keyboard.press('0');
    await expect.poll(() => shownBox(page)).toEqual(whole);
  },
);

test('the start picture is zoomed before there are frames', { tag: '@cpu' }, async ({ page }) => {
  await open(page, pageWithoutModel());
  await chooseStart(page);
  const whole = await shownBox(page);
  const stage = page.getByRole('region', { name: 'Stage' });
  await button(page, 'Zoom in').click();
  await expect(zoomTools(page)).toContainText('150 %');
  await page.keyboard.press('+');
  await expect(zoomTools(page)).toContainText('200 %');
  expect((await shownBox(page)).width).toBeCloseTo(2 * whole.width);
  await stage.dblclick();
  await expect.poll(() => shownBox(page)).toEqual(whole);
  await stage.hover();
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -100);
  await page.keyboard.up('Control');
  await expect.poll(async () => (await shownBox(page)).width).toBeGreaterThan(whole.width);

  // Another start picture is shown whole.
  await chooseStart(page);
  await expect(zoomTools(page)).toContainText('100 %');

  // There is nothing to compare it with yet, but it can be saved.
  await expect(button(page, 'Compare with the start')).toHaveAttribute('aria-disabled', 'true');
  expect(pixelsOf(await downloaded(page, 'Save the picture')).length).toBeGreaterThan(0);
});

test(
  'a mouse that moves without its button does not move the picture, and a drag selects no text',
  { tag: '@cpu' },
  async ({ page }) => {
    await openPictures(page, 1);
    const stage = page.getByRole('region', { name: 'Stage' });
    const box = await stage.boundingBox();
    const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
    await page.mouse.dblclick(x, y);
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await expect(zoomTools(page)).toContainText('400 %');
    const zoomed = await shownBox(page);
    await stage.evaluate((element) => {
      // The button is let go where the page gets no event.
      const move = (type: string, buttons: number, clientX: number) =>
        element.dispatchEvent(
          new PointerEvent(type, { pointerId: 77, button: 0, buttons, clientX, clientY: 300, bubbles: true }),
        );
      element.setPointerCapture = () => undefined;
      move('pointerdown', 1, 500);
      move('pointermove', 0, 540);
      move('pointermove', 0, 580);
    });
    expect(await shownBox(page)).toEqual(zoomed);
    expect(await page.evaluate(() => getSelection()?.toString())).toBe('');
    await expect(stage).toHaveCSS('user-select', 'none');
  },
);

test('the frame before shows through as an onion skin', { tag: '@cpu' }, async ({ page }) => {
  const { start, first } = await makeTwoFrames(page);

  const skin = page.getByRole('region', { name: 'Stage' }).locator('canvas[aria-hidden]');
  const shown = () => drawnOn(skin);
  await expect(skin).toHaveCount(0);
  await page.keyboard.press('o');
  await expect(button(page, 'Onion skin')).toHaveAttribute('aria-pressed', 'true');
  await expect(skin).toBeVisible();
  await expect.poll(shown).toBe(first);
  await frame(page, 1).click();
  await expect.poll(shown).toBe(start);

  // The picture alone is compared and played.
  await button(page, 'Compare with the start').focus();
  await page.keyboard.down('Space');
  await expect(skin).toBeHidden();
  await page.keyboard.up('Space');
  await expect(skin).toBeVisible();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(skin).toBeHidden();
  await frame(page, 2).click();
  await expect(skin).toBeVisible();
  await button(page, 'Play').click();
  await expect(skin).toBeHidden();
  await button(page, 'Pause').click();
  await button(page, 'Onion skin').click();
  await expect(skin).toHaveCount(0);
});

test.describe('on a touch screen', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('two fingers zoom the picture, and one moves it', { tag: '@cpu' }, async ({ page, context }) => {
    await openPictures(page, 1);
    await page.evaluate(() => {
      scrollTo(0, 0);
    });
    const whole = await shownBox(page);
    await expect(button(page, 'Zoom in')).toBeVisible();
    await expect(button(page, 'Zoom out')).toBeHidden();
    const devtools = await context.newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...xs: number[]) =>
      devtools.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: xs.map((x, id) => ({ x, y: 200, id })),
      });
    await touch('touchStart', 180);
    await touch('touchStart', 180, 210);
    await touch('touchMove', 150, 240);
    await touch('touchMove', 135, 255);
    await touch('touchEnd');
    await expect(zoomTools(page)).toContainText('400 %');
    // The page itself is not zoomed.
    expect(await page.evaluate(() => visualViewport?.scale)).toBe(1);
    const { width, left } = await shownBox(page);
    expect(width).toBeCloseTo(4 * whole.width, 0);

    await touch('touchStart', 200);
    await touch('touchMove', 220);
    await touch('touchMove', 240);
    await touch('touchEnd');
    await expect.poll(async () => (await shownBox(page)).left).toBeCloseTo(left + 40, 0);
    // The browser takes a tap soon after a quick drag as the end of a fling, as it does where pages scroll.
    await expect(async () => {
      await page.getByRole('button', { name: /show the whole picture/ }).tap({ timeout: 2_000 });
      await expect.poll(() => shownBox(page), { timeout: 2_000 }).toEqual(whole);
    }).toPass();
  });

  test(
    'a pinch may begin with one finger, and moves one alone',
    { tag: '@cpu' },
    async ({ page, context }) => {
      await openPictures(page, 1);
      await page.evaluate(() => {
        scrollTo(0, 0);
      });
      const devtools = await context.newCDPSession(page);
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: [x: number, y: number][]) =>
        devtools.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: points.map(([x, y], id) => ({ x, y, id })),
        });
      await touch('touchStart', [180, 150]);
      await touch('touchStart', [180, 150], [180, 190]);
      for (const y of [200, 210, 230, 250]) await touch('touchMove', [180, 150], [180, y]);
      await expect(zoomTools(page)).toContainText('250 %');
      // While a third finger lies on the picture, nothing moves; once it lifts, the others go on from where they are.
      await touch('touchStart', [180, 150], [180, 250], [300, 300]);
      await touch('touchMove', [180, 170], [180, 270], [300, 300]);
      const before = await shownBox(page);
      await touch('touchEnd', [180, 170], [180, 270]);
      await touch('touchMove', [180, 170], [180, 271]);
      await touch('touchEnd');
      expect(Math.abs((await shownBox(page)).width - before.width)).toBeLessThan(0.05 * before.width);
      expect(await page.evaluate(() => [visualViewport?.scale, scrollY])).toEqual([1, 0]);
    },
  );
});
