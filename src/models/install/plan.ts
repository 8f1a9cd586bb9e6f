import { DriftError } from '../../base/index.ts';
import { openCheckpoint } from '../checkpoint/index.ts';
import { checkLatents, parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from '../config/index.ts';
import type { UnetConfig, VaeConfig } from '../config/index.ts';
import { checkOnnx, compileContext, compileUnet, compileVaeDecoder, cpuKernels } from '../onnx/index.ts';
import type { CompiledGraph } from '../onnx/index.ts';
import type { NetworkHeaders } from '../networks.ts';
import type { ByteSource, Checkpoint } from '../types.ts';
import { halfFile } from './half-file.ts';
import { layout, manifestOf } from './layout.ts';
import { openNetwork, readJson } from './network.ts';
import { defaultChunkLength } from './chunks.ts';
import type { PlannedFile } from './chunks.ts';
import { plainFile, textFile } from './plain-file.ts';
import type { ModelSource } from './source.ts';
import type { InstallPlan, PlannedPart, PlanOptions } from './types.ts';
import { PrefetchedFile } from './prefetched-file.ts';

/** An executable install plan, with its files open. */
export class PreparedPlan implements InstallPlan {
  readonly source: ModelSource;
  /** Headers from which the networks will be compiled. */
  readonly headers: NetworkHeaders;
  readonly files: readonly PlannedFile[];

  constructor(source: ModelSource, headers: NetworkHeaders, files: readonly PlannedFile[]) {
    this.source = source;
    this.headers = headers;
    this.files = files;
  }

  get parts(): PlannedPart[] {
    return this.files.map(({ name, part, from, size, chunks }) => ({
      name,
      part,
      url: from?.name ?? null,
      downloadBytes: chunks.reduce((sum, chunk) => sum + chunk.download, 0),
      storedBytes: size,
    }));
  }

  get downloadBytes(): number {
    return this.parts.reduce((sum, { downloadBytes }) => sum + downloadBytes, 0);
  }

  get storedBytes(): number {
    return this.files.reduce((sum, { size }) => sum + size, 0);
  }
}

/**
 * Plans an install: finds a working address of each file, and reads headers and configurations, but no weights.
 *
 * @throws ModelError or CheckpointError for the first file that is missing or not supported, in the order of the source
 *   (`problemsOf` returns all of them); or the signal's reason
 */
export async function planInstall(source: ModelSource, options: PlanOptions = {}): Promise<PreparedPlan> {
  const { signal, chunkLength = defaultChunkLength } = options;
  const network = openNetwork(options);
  const { unet, vae, imageEncoder, textEncoder, fixedPrompts } = source;

  /**
   * Plans a file that is stored unchanged, from the first address where it passes `check`. A file on a server without
   * ranges is not checked before it is downloaded.
   */
  const plain = (
    name: string,
    part: string,
    addresses: readonly string[],
    check: (file: ByteSource, signal: AbortSignal | undefined) => Promise<unknown>,
  ) =>
    network.first(addresses, signal, async (file) => {
      if (!file.inOrder) await check(file, signal);
      return plainFile(name, part, file, chunkLength);
    });
  /** Plans a configuration file, and parses it. */
  const config = <T>(name: string, addresses: readonly string[], parse: (url: string, json: unknown) => T) =>
    network.first(addresses, signal, async (file) => ({
      value: parse(file.name, await readJson(file, signal)),
      file: await plainFile(name, 'settings', file, chunkLength),
    }));
  /** Plans the float16 file made from a checkpoint, at the first address where its header can be read. */
  const weights = (
    name: string,
    part: string,
    addresses: readonly string[],
    needed: (header: Checkpoint) => ReadonlySet<string>,
  ) =>
    network.first(addresses, signal, async (file) => {
      const source = new PrefetchedFile(file);
      const checkpoint = await openCheckpoint(source, signal);
      const half = await halfFile(name, part, file, source, checkpoint, needed(checkpoint), chunkLength);
      return { checkpoint, half };
    });
  const unetPart = async () => {
    const { value, file } = await config(layout.unet.config, unet.config, parseUnetConfig);
    const needed = (header: Checkpoint) => unetTensors(value, header);
    const { checkpoint, half } = await weights(layout.unet.weights, 'UNet', unet.weights, needed);
    return { header: { config: value, checkpoint }, files: [file, half] };
  };
  const vaePart = async () => {
    const { value, file } = await config(layout.vae.config, vae.config, parseVaeConfig);
    const needed = (header: Checkpoint) => decoderTensors(value, header);
    const { checkpoint, half } = await weights(layout.vae.weights, 'decoder', vae.weights, needed);
    return { header: { config: value, checkpoint }, files: [file, half] };
  };
  const textFiles = (text: NonNullable<typeof textEncoder>) => [
    plain(layout.textEncoder.model, 'text encoder', text.model, checkOnnx),
    config(layout.textEncoder.tokenizer, text.tokenizer, (_, json) => json).then(({ file }) => file),
    config(layout.textEncoder.tokenizerConfig, text.tokenizerConfig, (_, json) => json).then(
      ({ file }) => file,
    ),
  ];

  const networks = [unetPart(), vaePart()] as const;
  const found = await Promise.allSettled([
    textFile(layout.manifest, 'settings', manifestOf(source)),
    config(layout.scheduler, source.scheduler, parseSchedulerConfig).then(({ file }) => file),
    ...networks.map(async (part) => (await part).files),
    plain(layout.imageEncoder, 'image encoder', imageEncoder.model, checkOnnx),
    ...(textEncoder ? textFiles(textEncoder) : []),
    ...(fixedPrompts ? [plain(layout.fixedPrompts, 'prompts', fixedPrompts.embeds, openCheckpoint)] : []),
  ]);
  signal?.throwIfAborted();
  const problems = found.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
  if (problems.length > 0) throw together(problems);
  const [unetFound, vaeFound] = await Promise.all(networks);
  checkLatents(unetFound.header.config, vaeFound.header.config);
  return new PreparedPlan(
    source,
    { unet: unetFound.header, vae: vaeFound.header },
    found.flatMap((each) => (each.status === 'fulfilled' ? each.value : [])),
  );
}

/** Combines several problems: the first, with the others as its cause. */
function together([first, ...others]: readonly unknown[]): unknown {
  if (others.length > 0 && first instanceof DriftError) first.cause = new AggregateError(others);
  return first;
}

/** All problems in an error thrown by `planInstall`. */
export function problemsOf(error: unknown): unknown[] {
  const cause = error instanceof DriftError ? error.cause : null;
  const others: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [];
  return [error, ...others];
}

/** Any size will do: the set of tensors does not depend on it. */
const anySize = { height: 64, width: 64 };

/** Tensors of a UNet's checkpoint that the compiler uses. Also checks their names and shapes. */
function unetTensors(config: UnetConfig, header: Checkpoint): Set<string> {
  return tensorsOf(
    compileUnet(config, header, 'float16', anySize, cpuKernels),
    compileContext(config, header, 'float16'),
  );
}

function decoderTensors(config: VaeConfig, header: Checkpoint): Set<string> {
  return tensorsOf(compileVaeDecoder(config, header, 'float16', anySize));
}

function tensorsOf(...graphs: readonly CompiledGraph[]): Set<string> {
  return new Set(graphs.flatMap(({ plan }) => plan.weights.flatMap(({ source }) => source.tensors)));
}
