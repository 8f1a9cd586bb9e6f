import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import {
  button,
  chooseStart,
  field,
  finished,
  frame,
  frames,
  generate,
  modelIsReady,
  open,
  pageWithoutModel,
  prepare,
  set,
  stripPixels,
} from './driving.ts';
import { expect, test } from './fixtures.ts';

const settings = { Steps: 3, Seed: 21 };

/** Waits until all changes are stored. */
async function kept(page: Page): Promise<void> {
  await expect(page.getByText('Kept on this device', { exact: true })).toBeVisible();
}

async function openProjects(page: Page): Promise<void> {
  await button(page, 'Projects').click();
  await expect(page.getByRole('dialog', { name: 'Projects' })).toBeVisible();
}

function projectList(page: Page) {
  return page.getByRole('list', { name: 'Projects' }).getByRole('listitem');
}

async function exported(page: Page, name: string): Promise<{ path: string; bytes: Buffer; file: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, `Export ${name}`).click(),
  ]);
  const path = await download.path();
  return { path, bytes: await readFile(path), file: download.suggestedFilename() };
}

function same(a: readonly Buffer[], b: readonly Buffer[]): boolean[] {
  expect(a.length).toBe(b.length);
  return a.map((pixels, i) => b[i]?.equals(pixels) ?? false);
}

test.describe('projects', { tag: '@cpu' }, () => {
  test('are restored after a reload, and a closed page loses only the frame in progress', async ({
    context,
    page,
  }) => {
    await prepare(page, { Frames: 5, ...settings });
    await generate(page);
    await finished(page, 5);
    const uninterrupted = await stripPixels(page);
    await button(page, 'Start over').click();
    await set(page, { Frames: 3 });
    await generate(page);
    await finished(page, 3);
    await kept(page);

    await page.reload();
    await expect(frames(page)).toHaveCount(3);
    await modelIsReady(page);
    expect(same(await stripPixels(page), uninterrupted.slice(0, 3))).toEqual([true, true, true]);
    await expect(field(page, 'Seed')).toHaveValue('21');
    await expect(page.getByText('Goes on from frame 3.')).toBeVisible();

    // Killed in the middle of the fifth frame, which is slow enough for that.
    await set(page, { Frames: 1 });
    await generate(page);
    await finished(page, 4);
    await kept(page);
    await set(page, { Steps: 200 });
    await generate(page);
    await page.getByText(/^Frame 1 of 1 · step [1-9]/).waitFor();
    await page.close({ runBeforeUnload: false });

    const next = await context.newPage();
    await open(next);
    await expect(frames(next)).toHaveCount(4);
    await modelIsReady(next);
    expect(same(await stripPixels(next), uninterrupted.slice(0, 4))).toEqual([true, true, true, true]);
    await set(next, { Steps: settings.Steps });
    await generate(next);
    await finished(next, 5);
    expect(same(await stripPixels(next), uninterrupted)).toEqual([true, true, true, true, true]);
  });

  test('continue in smooth mode after a reload with the frames of an uninterrupted run', async ({ page }) => {
    await prepare(page, {});
    await page.getByRole('tab', { name: 'Smooth', exact: true }).click();
    await set(page, { Frames: 2, 'Intermediate frames': 3, ...settings });
    await generate(page);
    await finished(page, 7);
    const uninterrupted = await stripPixels(page);
    await button(page, 'Start over').click();
    await set(page, { Frames: 1 });
    await generate(page);
    await finished(page, 4);
    await kept(page);

    await page.reload();
    await expect(frames(page)).toHaveCount(4);
    await modelIsReady(page);
    await expect(page.getByRole('tab', { name: 'Smooth', exact: true })).toHaveAttribute(
      'aria-selected',
      'true',
    );
    await generate(page);
    await finished(page, 7);
    expect(same(await stripPixels(page), uninterrupted)).toEqual(Array(7).fill(true));
  });

  test('a full disk is reported, nothing is lost while the tab is open, and the project can be exported', async ({
    page,
  }) => {
    await prepare(page, { Frames: 1, ...settings });
    await generate(page);
    await finished(page, 1);
    await kept(page);
    const browser = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    const { usage } = await browser.send('Storage.getUsageAndQuota', { origin });
    await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 1 });
    await set(page, { Frames: 2 });
    await generate(page);
    await finished(page, 3);
    const alert = page.getByRole('alert').filter({ hasText: 'There is no room left on this device' });
    await expect(alert).toContainText('What you have made is still here, as long as this tab is open.');
    const made = await stripPixels(page);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      alert.getByRole('button', { name: 'Export project' }).click(),
    ]);
    const path = await download.path();
    await browser.send('Storage.overrideQuotaForOrigin', { origin });
    await alert.getByRole('button', { name: 'Try again' }).click();
    await expect(alert).toBeHidden();
    await kept(page);
    await page.reload();
    await expect(frames(page)).toHaveCount(3);
    expect(same(await stripPixels(page), made), 'stored once there was room').toEqual([true, true, true]);

    await button(page, 'Start over').click();
    await expect(frames(page)).toHaveCount(0);
    await openProjects(page);
    await page.getByLabel('Import a project').setInputFiles(path);
    await expect(frames(page)).toHaveCount(3);
    expect(same(await stripPixels(page), made), 'exported while the disk was full').toEqual([
      true,
      true,
      true,
    ]);
  });

  test('export, delete, import: the same project bit for bit; a damaged file changes nothing', async ({
    page,
  }) => {
    await prepare(page, { Frames: 2, ...settings });
    await generate(page);
    await finished(page, 2);
    await kept(page);
    const before = await stripPixels(page);
    await openProjects(page);
    await expect(projectList(page)).toHaveCount(1);
    const project = await exported(page, 'start');
    expect(project.file).toBe('start.drift');

    await button(page, 'Delete start').click();
    await expect(projectList(page)).toHaveCount(0);
    const dialog = page.getByRole('dialog', { name: 'Projects' });
    await expect(dialog.getByText('“start” was deleted.')).toBeVisible();
    await dialog.getByRole('button', { name: 'Dismiss' }).click();
    expect(await usedFiles(page)).toEqual([]);

    const cut = project.bytes.subarray(0, project.bytes.length - 40);
    await page
      .getByLabel('Import a project')
      .setInputFiles({ name: 'cut.drift', mimeType: 'application/zip', buffer: cut });
    await expect(dialog.getByRole('alert')).toContainText('cut.drift has no end');
    await expect(dialog.getByRole('alert')).toContainText('Nothing that was there has changed.');
    await expect(projectList(page)).toHaveCount(0);
    expect(await usedFiles(page)).toEqual([]);

    await page.getByLabel('Import a project').setInputFiles(project.path);
    await expect(dialog).toBeHidden();
    await expect(frames(page)).toHaveCount(2);
    expect(same(await stripPixels(page), before)).toEqual([true, true]);
    await openProjects(page);
    const again = await exported(page, 'start');
    expect(again.bytes.equals(project.bytes), 'the same file, byte for byte').toBe(true);
  });

  test('are listed without earlier messages of the page', async ({ page }) => {
    await open(page, pageWithoutModel());
    const alert = page.getByRole('alert');
    await page
      .getByLabel('Start image', { exact: true })
      .setInputFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await expect(alert).toBeVisible();
    await openProjects(page);
    const dialog = page.getByRole('dialog', { name: 'Projects' });
    await expect(dialog.getByText('Nothing here yet.')).toBeVisible();
    await expect(dialog.getByRole('alert')).toHaveCount(0);
    await page.keyboard.press('Escape');
    await expect(alert).toBeVisible();
  });

  test('in a second tab are reported as open elsewhere and read-only, until the first tab is closed', async ({
    context,
    page,
  }) => {
    await prepare(page, { Frames: 1, ...settings });
    await generate(page);
    await finished(page, 1);
    await kept(page);

    const second = await context.newPage();
    await open(second);
    await expect(frames(second)).toHaveCount(1);
    await expect(second.getByText(/“start” is open in another tab/)).toBeVisible();
    await expect(button(second, 'Generate')).toBeDisabled();

    await generate(page);
    await finished(page, 2);
    await kept(page);
    await page.close();
    await button(second, 'Open here').click();
    await expect(frames(second)).toHaveCount(2);
    await modelIsReady(second);
    await expect(button(second, 'Generate')).toBeEnabled();
    await generate(second);
    await finished(second, 3);
  });

  test('can be made from pictures, in natural order and bit for bit, and continue from the last', async ({
    page,
  }) => {
    await prepare(page, { Frames: 2, ...settings });
    await generate(page);
    await finished(page, 2);
    await kept(page);
    const before = await stripPixels(page);
    const pictures = await page
      .getByRole('list', { name: 'Frames' })
      .getByRole('img')
      .evaluateAll((images) =>
        Promise.all(
          images.map(async (image) => {
            const address = image.getAttribute('src') ?? '';
            const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
            return btoa(String.fromCharCode(...bytes));
          }),
        ),
      );
    await openProjects(page);
    await page.getByLabel('Make a project of pictures').setInputFiles(
      pictures.toReversed().map((text, i) => ({
        name: `frame ${[10, 9][i] ?? 0}.png`,
        mimeType: 'image/png',
        buffer: Buffer.from(text, 'base64'),
      })),
    );
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(page.getByText('2 pictures became a project.')).toBeVisible();
    await expect(frames(page)).toHaveCount(2);
    expect(same(await stripPixels(page), before)).toEqual([true, true]);
    await set(page, { Frames: 1 });
    await generate(page);
    await finished(page, 3);
  });

  test('can be renamed, copied, opened and created, by keyboard too', async ({ page }) => {
    await open(page);
    await openProjects(page);
    await expect(page.getByText(/Nothing here yet/)).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(button(page, 'Projects')).toBeFocused();

    await modelIsReady(page);
    await chooseStart(page);
    await set(page, { Frames: 2, ...settings });
    await generate(page);
    await finished(page, 2);
    await kept(page);
    await openProjects(page);
    await button(page, 'Rename start').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('Reef');
    await page.keyboard.press('Enter');
    await expect(button(page, 'Open Reef')).toBeVisible();
    await button(page, 'Duplicate Reef').click();
    await expect(projectList(page)).toHaveCount(2);

    await button(page, 'New project').click();
    await expect(page.getByRole('heading', { name: 'Drop a picture here' })).toBeVisible();
    await set(page, { Seed: 99 });
    await openProjects(page);
    await button(page, 'Open Reef (copy)').focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(frames(page)).toHaveCount(2);
    await expect(field(page, 'Seed')).toHaveValue('21');

    // A second branch from the first frame; the first branch can be selected again.
    await page.getByRole('img', { name: 'Frame 1', exact: true }).click();
    await button(page, 'Go on from frame 1').click();
    await expect(frames(page)).toHaveCount(1);
    const [first] = await stripPixels(page);
    await set(page, { Frames: 1, Seed: 5 });
    await generate(page);
    await finished(page, 2);
    const there = await stripPixels(page);
    await page.getByRole('button', { name: /^Another branch/ }).click();
    await expect(frame(page, 2)).toBeVisible();
    await expect.poll(async () => (await stripPixels(page))[1]?.equals(there[1] ?? Buffer.of())).toBe(false);
    expect((await stripPixels(page))[0]?.equals(first ?? Buffer.of())).toBe(true);
  });
});

/** Files of projects in the origin private file system. */
function usedFiles(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const names: string[] = [];
    const walk = async (folder: FileSystemDirectoryHandle, path: string) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle instanceof FileSystemDirectoryHandle) await walk(handle, `${path}${name}/`);
        else names.push(path + name);
      }
    };
    await walk(root, '');
    return names.filter((name) => name.startsWith('projects/'));
  });
}
