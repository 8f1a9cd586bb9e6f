import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { Device, InstalledModel, ModelCost, ModelProgress, WantedModel } from '../protocol/index.ts';

/** Topic of notices about downloads. */
export const downloadTopic = 'download';
/** Topic of notices about the model that the URL names. */
export const namedTopic = 'named';
/** Topic of errors of loading a model; they are dismissed when one is loaded. */
export const loadTopic = 'model';

/** Topics of notices about models, which the Models dialog also shows. */
export const modelTopics: readonly string[] = [downloadTopic, namedTopic, loadTopic];

/** Result of looking at a model that is not installed: its costs, or the problems with it. */
export type LookResult =
  | { readonly status: 'looking'; readonly wanted: WantedModel }
  | {
      readonly status: 'cost';
      readonly wanted: WantedModel;
      readonly cost: ModelCost;
      readonly free: number | null;
      /** The device that the costs are for; null if none was known. */
      readonly device: Device | null;
    }
  | {
      readonly status: 'problems';
      readonly wanted: WantedModel;
      readonly problems: readonly { readonly message: string; readonly remedy: string }[];
    };

/** A model download. */
export interface ModelFetch {
  readonly wanted: WantedModel;
  /** Null until the worker has determined it. */
  readonly id: string | null;
  readonly name: string;
  /**
   * `waiting`: for the network, then it resumes by itself; `pausing`: until the worker has stored what was received;
   * `failed`: it resumes on the user's request.
   */
  readonly phase: 'running' | 'waiting' | 'pausing' | 'paused' | 'failed';
  readonly progress: ModelProgress | null;
  /** Current problem or message of the worker, in words; empty if there is none. */
  readonly news: string;
  /** Whether the model is used as soon as it is complete. */
  readonly thenUse: boolean;
}

/** State of all models, and of what the Models dialog shows. */
export interface ModelsState {
  /** Models on this device; null until the list is loaded. */
  readonly installed: readonly InstalledModel[] | null;
  /** Bytes that can still be written; null if the browser does not say. */
  readonly free: number | null;
  /** Whether the browser has granted persistent storage; null before it was requested. */
  readonly promised: boolean | null;
  /** Costs of the recommended model; null before they were requested. */
  readonly full: LookResult | null;
  /** Costs of another model that the user may add. */
  readonly added: LookResult | null;
  readonly fetch: ModelFetch | null;
  /** State of the Models dialog, null if it is closed; `address` names the model to add, or is empty. */
  readonly dialog: { readonly address: string } | null;
  /** Running verification of a model. */
  readonly check: { readonly id: string; readonly progress: ModelProgress | null } | null;
}

/** Creates the state that the parts of the models store share. */
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

/** Name of an installed model; its id if it is not in the list. */
export function nameOf({ installed }: ModelsState, id: string): string {
  return installed?.find((each) => each.id === id)?.name ?? id;
}
