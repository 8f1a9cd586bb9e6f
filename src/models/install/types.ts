import type { NetworkHeaders } from '../networks.ts';
import type { DeviceNetwork } from '../online.ts';
import type { Timer } from '../stall.ts';
import type { ByteSource } from '../types.ts';
import type { ModelSource } from './source.ts';

/** A model's folder on the user's disk. */
export interface LocalFolder {
  /** Folder name. */
  readonly name: string;
  /** Paths of all files, recursively, with slashes. */
  readonly names: readonly string[];
  /** Opens a file by its path; null if it does not exist. */
  open(name: string): Promise<ByteSource | null>;
}

/** Progress of an install or of its planning. */
export interface InstallProgress {
  /** `look` reads headers, `download` fetches, `verify` reads back stored files. */
  readonly stage: 'look' | 'download' | 'verify';
  /** Bytes: over the network for `look` and `download`, stored for `verify`. 0 of 0 while unknown. */
  readonly done: number;
  readonly of: number;
  /** Null until there is a rate. */
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
}

/** Something the user may want to know during an install. */
export interface InstallNotice {
  /**
   * `retry`: a failed request will be retried after `seconds`; `changed`: a file changed on its server and is downloaded
   * again; `fallback`: an address failed and the next one is used; `whole`: a server does not support ranges, so stored
   * parts of a file are downloaded again.
   */
  readonly kind: 'retry' | 'changed' | 'fallback' | 'whole';
  /** The address concerned. */
  readonly url: string;
  /** One sentence for the user. */
  readonly message: string;
  readonly seconds?: number;
}

/** A stored file of a model, as planned. */
export interface PlannedPart {
  /** Path in the model's folder. */
  readonly name: string;
  /** Name for users: "UNet", "decoder", "image encoder", "text encoder", "tokenizer", "settings", "prompts". */
  readonly part: string;
  /** The working address; null for files that Drift writes itself. */
  readonly url: string | null;
  readonly downloadBytes: number;
  readonly storedBytes: number;
}

/** Cost of an install, from headers alone. */
export interface InstallPlan {
  readonly source: ModelSource;
  /** Total bytes to download. */
  readonly downloadBytes: number;
  readonly storedBytes: number;
  readonly parts: readonly PlannedPart[];
  /** Headers from which the networks will be compiled. */
  readonly headers: NetworkHeaders;
}

/** A model in storage, complete or not. */
export interface StoredModel {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly licence: string;
  readonly licenceUrl: string | null;
  /** URL of a page about the model. */
  readonly page: string | null;
  /** `partial`: not complete yet; `damaged`: was complete, and chunks are missing now. `install` repairs both. */
  readonly state: 'complete' | 'partial' | 'damaged';
  /** Bytes stored now. */
  readonly bytes: number;
  /** Bytes stored when complete. */
  readonly storedBytes: number;
  /** When it was first complete, or else when the install started; ISO 8601. */
  readonly date: string;
  /** Source for `install`, to resume or repair. */
  readonly source: ModelSource;
}

/** A chunk of an installed model that is missing or fails its checksum. */
export interface DamagedChunk {
  /** Path in the model's folder. */
  readonly file: string;
  readonly at: number;
  readonly length: number;
  readonly kind: 'missing' | 'changed';
}

/** Network options, mostly for tests. */
export interface NetworkOptions {
  /** Base of relative addresses; default: the hub. */
  readonly base?: string | undefined;
  /** For a source that is not on the web: the folder that its addresses are relative to. */
  readonly folder?: LocalFolder | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** Waits before a retry, in milliseconds; rejects with the signal's reason as soon as it is aborted. */
  readonly wait?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined;
  /** Source of jitter, in [0, 1). */
  readonly random?: (() => number) | undefined;
  /** Maximum bytes of a file kept in memory if its server does not support ranges; default 64 MB. */
  readonly largestWhole?: number | undefined;
  /** Timer that detects stalled requests. */
  readonly timer?: Timer | undefined;
  /** Online state of this device. */
  readonly device?: DeviceNetwork | undefined;
  /** Clock: milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  readonly onNotice?: ((notice: InstallNotice) => void) | undefined;
}

export interface PlanOptions extends NetworkOptions {
  /** Bytes fetched per chunk; default 12 MB. Another value invalidates stored chunks. */
  readonly chunkLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface InstallOptions extends PlanOptions {
  /** Concurrent requests; default 4. Browsers allow 6 per server. */
  readonly connections?: number | undefined;
  readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
  /** Clock: milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}
