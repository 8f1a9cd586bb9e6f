import type { NetworkHeaders } from '../networks.ts';
import type { DeviceNetwork } from '../online.ts';
import type { Timer } from '../stall.ts';
import type { ByteSource } from '../types.ts';
import type { ModelSource } from './source.ts';

/** A folder that a model is taken from, on the user's disk. */
export interface LocalFolder {
  /** What it is called. */
  readonly name: string;
  /** All files in it and in the folders in it, by their paths with slashes. */
  readonly names: readonly string[];
  /** A file by its path, null where there is none. */
  open(name: string): Promise<ByteSource | null>;
}

/** How far an installation, or a look through one, is. */
export interface InstallProgress {
  /** `look` reads headers, `download` fetches, `verify` reads back what is there. */
  readonly stage: 'look' | 'download' | 'verify';
  /** Bytes: over the network while looking and downloading, on disk while verifying. 0 of 0 while that is not known. */
  readonly done: number;
  readonly of: number;
  /** Null until there is something to measure. */
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
}

/** Something that the user may want to know while an installation goes on. */
export interface InstallNotice {
  /**
   * `retry`: a request failed and is made again after `seconds`; `changed`: a file was replaced on its server and is
   * begun again; `fallback`: an address could not be had and the next one is taken; `whole`: a file can only be had from
   * its beginning on, and what is there of it comes again.
   */
  readonly kind: 'retry' | 'changed' | 'fallback' | 'whole';
  /** The address that it is about. */
  readonly url: string;
  /** One sentence for a person. */
  readonly message: string;
  readonly seconds?: number;
}

/** One file of a model as it will be stored. */
export interface PlannedPart {
  /** Its path in the model's folder. */
  readonly name: string;
  /** What people call it: "UNet", "decoder", "image encoder", "text encoder", "tokenizer", "settings", "prompts". */
  readonly part: string;
  /** The address that was found to have it; null for what Drift writes itself. */
  readonly url: string | null;
  readonly downloadBytes: number;
  readonly storedBytes: number;
}

/** What an installation will cost, known from headers alone. */
export interface InstallPlan {
  readonly source: ModelSource;
  /** Bytes over the network for all of it. */
  readonly downloadBytes: number;
  readonly storedBytes: number;
  readonly parts: readonly PlannedPart[];
  /** What the networks will be compiled from. */
  readonly headers: NetworkHeaders;
}

/** A model that is in the store, whole or not. */
export interface StoredModel {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly licence: string;
  readonly licenceUrl: string | null;
  /** Where people can read about it. */
  readonly page: string | null;
  /** `partial`: never whole so far; `damaged`: it was whole, and pieces are missing now. `install` mends both. */
  readonly state: 'complete' | 'partial' | 'damaged';
  /** What it takes on disk now. */
  readonly bytes: number;
  /** What it takes on disk once it is whole. */
  readonly storedBytes: number;
  /** When it was first whole, or begun where it never was: an ISO 8601 time. */
  readonly date: string;
  /** For `install`, to go on or to mend. */
  readonly source: ModelSource;
}

/** A piece of an installed model that is not what it was when it was written. */
export interface Damage {
  /** The file, by its path in the model's folder. */
  readonly file: string;
  readonly at: number;
  readonly length: number;
  readonly kind: 'missing' | 'changed';
}

/** How requests are made, and what tests replace. */
export interface NetworkOptions {
  /** What addresses that are not absolute are relative to; the hub where it is left out. */
  readonly base?: string | undefined;
  /** Where the source's files are, when they are not on the web: its addresses are paths in this folder. */
  readonly folder?: LocalFolder | undefined;
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** Waits before a request is made again, in milliseconds; rejects with the signal's reason as soon as it is aborted. */
  readonly wait?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined;
  /** From 0 to below 1: spreads the waiting of many who failed together. */
  readonly random?: (() => number) | undefined;
  /** The largest file, in bytes, that is kept in memory when its server sends no parts; 64 MB where it is left out. */
  readonly largestWhole?: number | undefined;
  /** By which requests are found to get nothing any more. */
  readonly timer?: Timer | undefined;
  /** Tells when this device is offline. */
  readonly device?: DeviceNetwork | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  readonly onNotice?: ((notice: InstallNotice) => void) | undefined;
}

export interface PlanOptions extends NetworkOptions {
  /** How many bytes are fetched for one piece; 12 MB where it is left out. Other pieces are another layout. */
  readonly pieceLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface InstallOptions extends PlanOptions {
  /** How many requests are made at once; 4 where it is left out. Browsers allow 6 to one server. */
  readonly connections?: number | undefined;
  readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}
