import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openModel } from '../../../src/models/index.ts';
import { filesIn, modelFilesIn } from '../../../tools/model-files.ts';
import { main as packModel } from '../../../tools/pack-model.ts';
import { failure } from '../../support/failure.ts';
import { serveFiles } from '../../support/served-files.ts';
import { tinyModelFiles } from '../../support/tiny-model.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drift-models-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

describe('model files in a folder', () => {
  it('are written at any offset, keep other bytes, and are read synchronously and asynchronously', async () => {
    const files = modelFilesIn(join(root, 'models'));
    expect(await files.list()).toEqual([]);
    expect(await files.files('one')).toEqual([]);
    expect(await files.open('one', 'unet/config.json')).toBeNull();

    const writer = await files.writer('one', 'unet/config.json');
    await writer.write(4, Uint8Array.of(5, 6));
    writer.flush();
    writer.close();
    const again = await files.writer('one', 'unet/config.json');
    expect(again.size()).toBe(6);
    await again.write(0, Uint8Array.of(1, 2));
    again.truncate(5);
    again.close();

    expect(await files.list()).toEqual(['one']);
    expect(await files.files('one')).toEqual([{ name: 'unet/config.json', size: 5 }]);
    const source = await files.open('one', 'unet/config.json');
    expect(await source?.read(0, 5)).toEqual(Uint8Array.of(1, 2, 0, 0, 5));
    expect(source?.readSync?.(3, 2)).toEqual(Uint8Array.of(0, 5));
    expect(await files.freeSpace()).toBeGreaterThan(0);
    await files.remove('one');
    await files.remove('one');
    expect(await files.list()).toEqual([]);
  });

  it('that are truncated after opening reject', async () => {
    const files = modelFilesIn(root);
    await mkdir(join(root, 'one'));
    await writeFile(join(root, 'one', 'a'), new Uint8Array(100));
    const source = await files.open('one', 'a');
    await writeFile(join(root, 'one', 'a'), new Uint8Array(50));
    expect(source && (await failure(source.read(0, 100)))).toMatchObject({
      code: 'truncated',
      details: { missing: 50 },
    });
  });
});

describe('npm run pack-model', () => {
  async function writeModel(folder: string): Promise<void> {
    for (const [path, bytes] of tinyModelFiles()) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
  }

  async function contents(folder: string): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
    const names = await filesIn(folder);
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, new Uint8Array(await readFile(join(folder, name)))] as const),
      ),
    );
  }

  it('packs a model from a folder or a URL for a static host, in float16', async () => {
    vi.spyOn(console, 'log').mockReturnValue();
    await writeModel(join(root, 'tiny'));
    expect(await packModel(['--from', join(root, 'tiny'), '--out', join(root, 'packed')])).toBe(0);
    const packed = await contents(join(root, 'packed'));
    expect([...packed.keys()].filter((name) => name.startsWith('install'))).toEqual([]);

    const served = await serveFiles(packed);
    try {
      const { manifest, parts } = await openModel(`${served.url}model.json`);
      expect(manifest.name).toBe('Tiny');
      expect([...parts.unet.checkpoint.tensors.values()].every(({ type }) => type === 'float16')).toBe(true);
      const before = tinyModelFiles().get('unet/weights.safetensors')?.length ?? 0;
      const after = packed.get('unet/diffusion_pytorch_model.safetensors')?.length ?? Infinity;
      expect(after).toBeLessThan(before * 0.75);

      // Packing is idempotent.
      const from = `${served.url}model.json`;
      expect(await packModel(['--from', from, '--out', join(root, 'again')])).toBe(0);
      expect(await contents(join(root, 'again'))).toEqual(packed);
    } finally {
      await served.close();
    }
  });

  it('accepts a folder of symbolic links, such as the cache of the hub’s client', async () => {
    vi.spyOn(console, 'log').mockReturnValue();
    await writeModel(join(root, 'blobs'));
    const snapshot = join(root, 'snapshots', 'main');
    for (const path of tinyModelFiles().keys()) {
      await mkdir(dirname(join(snapshot, path)), { recursive: true });
      await symlink(join(root, 'blobs', path), join(snapshot, path));
    }
    // Cyclic and dangling links.
    await symlink(snapshot, join(snapshot, 'again'));
    await symlink(join(root, 'gone'), join(snapshot, 'gone'));
    await symlink('itself', join(snapshot, 'itself'));
    expect(await filesIn(snapshot)).toEqual([...tinyModelFiles().keys()].sort());
    for (const [from, out] of [
      ['blobs', 'packed'],
      ['snapshots/main', 'from-links'],
    ] as const) {
      expect(await packModel(['--from', join(root, from), '--out', join(root, out)])).toBe(0);
    }
    expect(await contents(join(root, 'from-links'))).toEqual(await contents(join(root, 'packed')));
  });

  it('rejects an output folder that contains other files', async () => {
    const say = vi.spyOn(console, 'error').mockReturnValue();
    await writeModel(join(root, 'tiny'));
    await mkdir(join(root, 'letters'));
    await writeFile(join(root, 'letters', 'mine.txt'), 'dear');
    expect(await packModel(['--from', join(root, 'tiny'), '--out', join(root, 'letters')])).toBe(2);
    expect(say.mock.calls.flat().join(' ')).toContain('is not empty');
    expect(await filesIn(join(root, 'letters'))).toEqual(['mine.txt']);
  });

  it('lists everything that is missing', async () => {
    const say = vi.spyOn(console, 'error').mockReturnValue();
    await writeModel(join(root, 'tiny'));
    await rm(join(root, 'tiny', 'clip/image.onnx'));
    await rm(join(root, 'tiny', 'scheduler.json'));
    expect(await packModel(['--from', join(root, 'tiny'), '--out', join(root, 'packed')])).toBe(1);
    const words = say.mock.calls.flat().join('\n');
    expect(words).toContain('clip/image.onnx');
    expect(words).toContain('scheduler.json');
  });

  it('prints its usage for invalid arguments', async () => {
    const say = vi.spyOn(console, 'error').mockReturnValue();
    expect(await packModel(['--from'])).toBe(2);
    expect(await packModel(['--colour', 'red'])).toBe(2);
    expect(say.mock.calls.flat().join(' ')).toContain('Usage');
  });
});
