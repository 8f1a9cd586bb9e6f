import { DriftError, ModelError } from '../../base/index.ts';
import { isShardIndex } from '../checkpoint/index.ts';
import { httpSource, asRemoteFile } from '../http.ts';
import type { RemoteFile } from '../http.ts';
import { parseJson } from '../json.ts';
import { browserNetwork } from '../online.ts';
import { waitByTimer } from '../retry.ts';
import { joinRemoteShards, openShards } from '../shards.ts';
import { hubBase } from './source.ts';
import type { LocalFolder, NetworkOptions } from './types.ts';

/** Consecutive failures allowed; fewer for a server that has never answered. */
const attempts = { opening: 4, reading: 9 };
const nowOffline = 'This device is offline. The download goes on as soon as it is back.';
/** Maximum size of a configuration or tokenizer. CLIP's tokenizer has 2.2 MB. */
const longestJson = 32 * 2 ** 20;

/** Opens the files of a source, with fallback addresses. */
export interface Network {
  /**
   * Opens a file at the first of its addresses that works.
   *
   * @param use Reads what is necessary to decide; if it fails, the next address is tried.
   * @throws the most informative error of all addresses
   */
  first<T>(
    addresses: readonly string[],
    signal: AbortSignal | undefined,
    use: (file: RemoteFile) => Promise<T>,
  ): Promise<T>;
}

/** Creates a `Network` with these options. */
export function openNetwork(options: NetworkOptions): Network {
  const { base = hubBase, folder, wait = waitByTimer, random = Math.random, onNotice } = options;
  const { timer, largestWhole, device = browserNetwork } = options;

  /** Opens a file, or the joined files of a sharded checkpoint if the address is that of its index. */
  async function openAddress(address: string, signal: AbortSignal | undefined): Promise<RemoteFile> {
    const file = await openFile(address, signal);
    if (!isShardIndex(address)) return file;
    const beside = address.slice(0, address.lastIndexOf('/') + 1);
    const open = (name: string, stop: AbortSignal) => openFile(beside + name, stop);
    const shards = await openShards(file.name, await readJson(file, signal), open, signal);
    return joinRemoteShards(file.name, shards, signal);
  }

  async function openFile(address: string, signal: AbortSignal | undefined): Promise<RemoteFile> {
    if (folder) return fileInFolder(folder, address);
    const url = absolute(address, base);
    const policy = (most: number) => ({
      attempts: most,
      wait,
      random,
      onRetry: ({ message }: ModelError, seconds: number, offline: boolean) => {
        const again = `${message} Trying again in ${Math.ceil(seconds)} s.`;
        onNotice?.({ kind: 'retry', url, message: offline ? nowOffline : again, seconds });
      },
    });
    const opening = policy(attempts.opening);
    const reading = { ...policy(attempts.reading), device };
    return httpSource(url, {
      signal,
      retry: { opening, reading },
      timer,
      largestWhole,
      ...(options.fetch ? { fetch: options.fetch } : {}),
    });
  }

  return {
    async first(addresses, signal, use) {
      const errors: DriftError[] = [];
      for (const [index, address] of addresses.entries()) {
        try {
          return await use(await openAddress(address, signal));
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof DriftError)) throw error;
          errors.push(error);
          const next = addresses[index + 1];
          if (next === undefined) continue;
          onNotice?.({
            kind: 'fallback',
            url: address,
            message: `${error.message} Taking ${next} instead.`,
          });
        }
      }
      // A missing file is less informative than any other error.
      throw errors.find(({ code }) => code !== 'not-found') ?? errors[0] ?? new RangeError('no addresses');
    },
  };
}

/** @throws ModelError `too-large` or `not-json` */
export async function readJson(file: RemoteFile, signal: AbortSignal | undefined): Promise<unknown> {
  if (file.size > longestJson) {
    throw new ModelError('too-large', `${file.name} is much larger than such a file can be.`, {
      remedy: 'Check the address: it may be that of another file.',
      details: { url: file.name, size: file.size, limit: longestJson },
    });
  }
  return parseJson(file.name, await file.read(0, file.size, signal));
}

function absolute(address: string, base: string): string {
  try {
    return new URL(address, base).href;
  } catch (cause) {
    throw new ModelError('source-invalid', `"${address}" is not a valid address.`, {
      remedy: 'Choose another model, or get the description of this one again.',
      details: { address, base },
      cause,
    });
  }
}

async function fileInFolder(folder: LocalFolder, path: string): Promise<RemoteFile> {
  const source = await folder.open(path);
  if (!source) {
    throw new ModelError('not-found', `There is no file ${path} in ${folder.name}.`, {
      remedy: 'Choose the folder of a model: it has a model.json, or folders called unet and vae.',
      details: { folder: folder.name, path },
    });
  }
  return asRemoteFile(source, null);
}
