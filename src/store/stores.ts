import type { StoreApi } from 'zustand/vanilla';
import { createAddresses } from './addresses.ts';
import type { AddressesState } from './addresses.ts';
import { createAnimation } from './animation.ts';
import type { AnimationStore } from './animation.ts';
import type { Environment } from './environment.ts';
import { createExport } from './export.ts';
import type { ExportStore } from './export.ts';
import { createGeneration } from './generation.ts';
import type { GenerationStore } from './generation.ts';
import { createLink } from './link.ts';
import { createModel } from './model.ts';
import type { ModelStore } from './model.ts';
import { createNotices } from './notices.ts';
import type { Notices } from './notices.ts';
import { createPlayer } from './player.ts';
import type { PlayerStore } from './player.ts';
import { createPreferences } from './preferences.ts';
import type { Preferences } from './preferences.ts';
import { createSettingsLink } from './settings-link.ts';
import type { SettingsLink } from './settings-link.ts';
import { createSettings } from './settings.ts';
import type { SettingsStore } from './settings.ts';
import { watchForStuck } from './stuck.ts';

/** All that the page shows and does. */
export interface Stores {
  readonly notices: Notices;
  readonly preferences: StoreApi<Preferences>;
  readonly settings: SettingsStore;
  readonly settingsLink: SettingsLink;
  readonly model: ModelStore;
  readonly animation: AnimationStore;
  readonly addresses: StoreApi<AddressesState>;
  readonly generation: GenerationStore;
  readonly player: PlayerStore;
  readonly exporter: ExportStore;
}

/** Makes the stores and ties them together. No worker starts before it is needed. */
export function createStores(environment: Environment): Stores {
  const { nextPaint, storage } = environment;
  const diffusion = createLink(environment.openDiffusion);
  const media = createLink(environment.openMedia);
  const notices = createNotices();
  const preferences = createPreferences(storage);
  const settings = createSettings(environment);
  const settingsLink = createSettingsLink({ settings, notices, environment });
  const model = createModel({ link: diffusion, settings, notices, nextPaint });
  const addresses = createAddresses({ media, pictureUrls: environment.pictureUrls });
  const animation = createAnimation({ media, addresses, settings, preferences, notices });
  const generation = createGeneration({ diffusion, animation, model, settings, notices, environment });
  const player = createPlayer({ animation, generation, settings, preferences });
  watchForStuck({ animation, settings, player, notices });
  const exporter = createExport({ media, animation, settings, preferences, notices, environment });
  return {
    notices,
    preferences,
    settings,
    settingsLink,
    model,
    animation,
    addresses,
    generation,
    player,
    exporter,
  };
}
