/**
 * Weight files: validates headers and reads tensors one by one, by byte range. Files are untrusted: everything is
 * validated, and nothing in them is executed.
 */
import type { ByteSource, Checkpoint } from '../types.ts';
import { damageError } from './damage.ts';
import { openSafetensors } from './safetensors.ts';
import { openTorch } from './torch-zip.ts';

export { elementsToFloat32 } from './elements.ts';
export { openSafetensors, openTorch };
export { isShardIndex, joinShards, parseShardIndex } from './shards.ts';
export type { JoinedShards } from './shards.ts';

/** First bytes of a pickle of 0x1950a86a20f9469cfc6c, PyTorch's magic number before version 1.6. */
const legacyMagic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/** Bytes read to detect the format. */
const headLength = 64;

/**
 * Opens a weight file, safetensors or PyTorch, detected by its contents and not by its name.
 *
 * @throws CheckpointError like `openSafetensors` and `openTorch`, and `empty`, `legacy-torch` (a format that cannot be
 *   read without executing it), `lfs-pointer` (a Git LFS pointer), `web-page` (an error page saved as a file),
 *   `unknown-format`
 */
export async function openCheckpoint(source: ByteSource, signal?: AbortSignal): Promise<Checkpoint> {
  const file = source.name;
  if (source.size === 0) throw damageError('empty', `${file} is empty.`, { file });
  const head = await source.read(0, Math.min(source.size, headLength), signal);
  // safetensors: eight bytes of length, then JSON.
  if (head[8] === 0x7b) return openSafetensors(source, signal);
  if (head[0] === 0x50 && head[1] === 0x4b) return openTorch(source, signal);

  if (head[0] === 0x80 && legacyMagic.every((byte, i) => head[i + 2] === byte)) {
    throw damageError(
      'legacy-torch',
      `${file} is in PyTorch’s old format, from before version 1.6.`,
      { file },
      { remedy: 'Save it again with a newer PyTorch, or use the .safetensors version of the model.' },
    );
  }
  const text = new TextDecoder().decode(head).trimStart().toLowerCase();
  if (text.startsWith('version https://git-lfs')) {
    throw damageError(
      'lfs-pointer',
      `${file} is a Git LFS pointer: the weights themselves were not downloaded.`,
      { file },
      { remedy: 'Run “git lfs pull” in the model’s folder, or download the file from its web page.' },
    );
  }
  if (text.startsWith('<!doctype') || text.startsWith('<html')) {
    throw damageError(
      'web-page',
      `${file} is a web page, not weights.`,
      { file },
      { remedy: 'Download the file again from the model’s page; you may have to log in there first.' },
    );
  }
  throw damageError(
    'unknown-format',
    `${file} is neither a safetensors file nor a PyTorch checkpoint.`,
    { file },
    { remedy: 'Choose a .safetensors file, or a .bin, .pt or .ckpt file that PyTorch saved.' },
  );
}
