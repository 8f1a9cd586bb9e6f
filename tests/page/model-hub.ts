/** Fixtures of the specs that install models: a fake hub per test, and access to installed files. */
import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import { install, stableDiffusionVariations } from '../../src/models/install/index.ts';
import { defaultChunkLength } from '../../src/models/install/chunks.ts';
import type { InstallOptions, ModelSource } from '../../src/models/install/index.ts';
import type { ByteSource } from '../../src/models/types.ts';
import { assemble } from '../../tools/full-model/assemble.ts';
import { clipRepository, imageVariations } from '../../tools/full-model/model.ts';
import { startHub } from '../support/hub/index.ts';
import type { Hub } from '../support/hub/index.ts';
import { published } from '../support/hub/published.ts';
import { MemoryFiles } from '../support/install/memory-files.ts';
import { button, modelsButton, pageWithoutModel } from './driving.ts';
import { test as base, expect } from './fixtures.ts';

export { expect };

/** Name and id of the full model. */
export const fullName = 'Stable Diffusion image variations';
export const fullId = 'sd-image-variations';

/** Path of CLIP's image tower in its repository. */
export const tower = 'onnx/vision_model_fp16.onnx';
/** Length in bytes of a comment in the image tower's file, which makes it long enough for a second chunk. */
const comment = 13_000_000;
/**
 * Length of its first chunk, an offset in its second one, and an upper bound of the second one's length, in bytes.
 */
export const firstChunk = defaultChunkLength;
export const inSecondChunk = 12_800_000;
export const secondChunk = 600_000;

/** Files of the full model by `owner/name/path`: small networks with random values, and a long image tower. */
export async function fullModel(): Promise<Map<string, ByteSource>> {
  const files = imageVariations('small');
  const path = `${clipRepository}/${tower}`;
  const small = files.get(path);
  if (!small) throw new Error(`There is no ${path}.`);
  const head = new Uint8Array([...varint(8 * docString + 2), ...varint(comment)]);
  const pattern = {
    length: comment,
    fill: (target: Uint8Array, offset: number) => {
      for (let i = 0; i < target.length; i++) target[i] = 0x20 + ((offset + i) % 89);
    },
  };
  return files.set(path, assemble(path, [await small.read(0, small.size), head, pattern]));
}

/** Field number of ModelProto.doc_string in onnx.proto. */
const docString = 6;

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** Factor by which timers in the models worker are shortened, so that retries do not delay tests. */
const speedUp = 50;
/** Timer that is not shortened, in milliseconds: it detects stalled connections, and a busy machine stalls too. */
const unscaledWait = 10_000;

declare global {
  interface Window {
    /** All lines that the download's card has shown. */
    cardLines: Set<string>;
  }
}

interface HubFixtures {
  readonly hub: Hub;
}
interface HubFiles {
  /** Files on the hub. */
  readonly files: ReadonlyMap<string, ByteSource>;
  /** SHA-256 of each file of the full model after an installation without faults. */
  readonly flawless: Readonly<Record<string, string>>;
}

export const test = base.extend<HubFixtures, HubFiles>({
  files: [
    async ({}, use) => {
      await use(await fullModel());
    },
    { scope: 'worker' },
  ],
  flawless: [
    async ({ files }, use) => {
      const hub = await startHub(published(files));
      const sums = await cleanFiles(stableDiffusionVariations, { base: hub.url });
      await hub.close();
      await use(sums);
    },
    { scope: 'worker' },
  ],
  hub: async ({ files }, use) => {
    const hub = await startHub(published(files));
    await use(hub);
    await hub.close();
  },
});

/** URL of a page, by default one without a model, with this hub. */
export function pageWithHub(hub: Hub, address = pageWithoutModel()): string {
  return `${address}&hub=${encodeURIComponent(hub.url)}`;
}

/** Opens the page with this hub, and the Models dialog. */
export async function openModels(page: Page, hub: Hub): Promise<void> {
  await page.goto(pageWithHub(hub));
  await showModels(page);
}

/** Opens the Models dialog. */
export async function showModels(page: Page): Promise<void> {
  await modelsButton(page).click();
  await expect(page.getByRole('dialog', { name: 'Models' })).toBeVisible();
}

/** Shortens the timers of the models worker; to be called before the page is opened. */
export async function shortenTimers(page: Page): Promise<void> {
  await page.addInitScript(
    ([times, silence]) => {
      const script = (text: string) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      const hurried = script(
        `const wait = setTimeout; self.setTimeout = (work, ms) => wait(work, ms === ${silence} ? ms : ms / ${times});`,
      );
      window.Worker = class extends Worker {
        constructor(url: string | URL, options?: WorkerOptions) {
          // Imports run in order, and both before the worker receives its first message.
          const both = [hurried, new URL(url, document.baseURI).href].map((each) => `import '${each}';`);
          super(options?.name === 'models' ? script(both.join('')) : url, options);
        }
      };
    },
    [speedUp, unscaledWait] as const,
  );
}

/** Records every line that the download's card shows; to be called before the page is opened. */
export async function recordCardLines(page: Page): Promise<() => Promise<string>> {
  await page.addInitScript(() => {
    window.cardLines = new Set();
    new MutationObserver(() => {
      for (const line of document.querySelectorAll('[aria-label^="Download of"] p')) {
        window.cardLines.add(line.textContent);
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => [...window.cardLines].join('\n'));
}

/** SHA-256 of each file of a model in the origin private file system, without the install journal. */
export async function storedFiles(page: Page, id: string): Promise<Record<string, string>> {
  return page.evaluate(async (model) => {
    const sums: Record<string, string> = {};
    const visit = async (folder: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
      for await (const [name, handle] of folder) {
        const path = prefix + name;
        if (handle instanceof FileSystemDirectoryHandle) {
          await visit(handle, `${path}/`);
        } else if (!path.startsWith('install')) {
          const bytes = await (await handle.getFile()).arrayBuffer();
          const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
          sums[path] = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
        }
      }
    };
    const models = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    await visit(await models.getDirectoryHandle(model), '');
    return sums;
  }, id);
}

/** The same checksums for a model that is installed in Node. */
export async function cleanFiles(
  source: ModelSource,
  options: InstallOptions,
): Promise<Record<string, string>> {
  const files = new MemoryFiles();
  await install(source, files, options);
  return Object.fromEntries(
    [...files.contents(source.id)].map(([name, text]) => [
      name,
      createHash('sha256').update(Buffer.from(text, 'base64')).digest('hex'),
    ]),
  );
}

/** Length of a stored file in bytes; null if it does not exist. */
export async function storedSize(page: Page, id: string, path: string): Promise<number | null> {
  return page.evaluate(
    async ([id, path]) => {
      try {
        let folder = await navigator.storage.getDirectory();
        const steps = ['models', id, ...path.split('/')];
        const name = steps.pop() ?? '';
        for (const step of steps) folder = await folder.getDirectoryHandle(step);
        return (await (await folder.getFileHandle(name)).getFile()).size;
      } catch (error) {
        if (error instanceof DOMException && error.name === 'NotFoundError') return null;
        throw error;
      }
    },
    [id, path] as const,
  );
}

/** Damages a stored file by changing one byte. */
export async function damage(page: Page, id: string, path: string, at: number): Promise<void> {
  await page.evaluate(
    async ({ id, path, at }) => {
      let folder = await navigator.storage.getDirectory();
      const steps = ['models', id, ...path.split('/')];
      const name = steps.pop() ?? '';
      for (const step of steps) folder = await folder.getDirectoryHandle(step);
      const handle = await folder.getFileHandle(name);
      const [byte = 0] = new Uint8Array(await (await handle.getFile()).slice(at, at + 1).arrayBuffer());
      const writable = await handle.createWritable({ keepExistingData: true });
      await writable.write({ type: 'write', position: at, data: Uint8Array.of(byte ^ 1) });
      await writable.close();
    },
    { id, path, at },
  );
}

/** Waits until a model is installed. */
export async function isInstalled(page: Page, name = fullName): Promise<void> {
  await expect(button(page, `Use ${name}`)).toBeVisible();
}

/** Asks for the costs of the full model, which reads headers only. */
export async function lookAtFull(page: Page): Promise<void> {
  await button(page, 'Get the full model').click();
  await expect(button(page, 'Download')).toBeEnabled();
}
