import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { Device, InstalledModel, ModelCost, ModelProgress, WantedModel } from '../protocol/index.ts';

/** The topic of notices about downloads. */
export const downloadTopic = 'download';
/** The topic of the model that the address names. */
export const namedTopic = 'named';
/** The topic of what went wrong when a model was loaded: it is over once one is there. */
export const loadTopic = 'model';

/** Topics of notices about models: the Models dialog shows these too. */
export const modelTopics: readonly string[] = [downloadTopic, namedTopic, loadTopic];

/** What is known of a model that is not on this device: what it costs, or what is wrong with it. */
export type Look =
  | { readonly status: 'looking'; readonly wanted: WantedModel }
  | {
      readonly status: 'cost';
      readonly wanted: WantedModel;
      readonly cost: ModelCost;
      readonly free: number | null;
      /** The device that it was looked at for; null where none was known. */
      readonly device: Device | null;
    }
  | {
      readonly status: 'problems';
      readonly wanted: WantedModel;
      readonly problems: readonly { readonly message: string; readonly remedy: string }[];
    };

/** The model that is being fetched. */
export interface ModelFetch {
  readonly wanted: WantedModel;
  /** Null until the worker knows. */
  readonly id: string | null;
  readonly name: string;
  /**
   * `waiting`: the network was lost, and it goes on by itself; `pausing`: what has come is being saved; `failed`: it goes
   * on when the person says so.
   */
  readonly phase: 'running' | 'waiting' | 'pausing' | 'paused' | 'failed';
  readonly progress: ModelProgress | null;
  /** What is out of the ordinary, in one sentence; empty while nothing is. */
  readonly news: string;
  /** Whether the model is used as soon as it is whole. */
  readonly thenUse: boolean;
}

export interface ModelsState {
  /** The models on this device; null until that is known. */
  readonly installed: readonly InstalledModel[] | null;
  /** Bytes that may still be written; null where the browser does not tell. */
  readonly free: number | null;
  /** Whether the browser has promised to keep them when room gets short; null before it was asked. */
  readonly promised: boolean | null;
  /** What is known of the model that Drift recommends; null before anybody asked. */
  readonly full: Look | null;
  /** What is known of another model that the person wants to add. */
  readonly added: Look | null;
  readonly fetch: ModelFetch | null;
  /** The dialog, while it is open: `address` is of the model that is to be added there, or empty. */
  readonly dialog: { readonly address: string } | null;
  /** The model that is compared with its checksums just now. */
  readonly check: { readonly id: string; readonly progress: ModelProgress | null } | null;
}

export function createModelsState(): StoreApi<ModelsState> {
  return createStore<ModelsState>()(() => ({
    installed: null,
    free: null,
    promised: null,
    full: null,
    added: null,
    fetch: null,
    dialog: null,
    check: null,
  }));
}

/** What a model of this device is called. */
export function nameOf({ installed }: ModelsState, id: string): string {
  return installed?.find((each) => each.id === id)?.name ?? id;
}
