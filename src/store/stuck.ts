import { findStuck, settingFields, unmeasuredTrace } from '../project/index.ts';
import type { StuckKind, StuckOffer } from '../project/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Frames } from './frames.ts';
import type { GenerationStore } from './generation.ts';
import type { NoticeAction, Notices } from './notices.ts';
import type { PlayerStore } from './player.ts';
import type { SettingsStore } from './settings.ts';

const topic = 'stuck';

const words: Readonly<Record<StuckKind, string>> = {
  still: 'The frames have stopped changing.',
  circling: 'The animation keeps returning to the same pictures.',
  texture: 'The animation has lost its start picture and drifts away from the prompts, toward texture.',
};

/**
 * Number of frames without detection after which the same kind is reported again. As long as the longest span of
 * detection, so that an animation that moves only briefly is not reported each time.
 */
const calm = 12;

/** Proposes more guidance: half as many repeats more, at least five, up to the maximum; null at the maximum. */
export function moreRepeats(repeats: number): number | null {
  const maximum = settingFields.find(({ key }) => key === 'repeats')?.maximum ?? repeats;
  const more = Math.min(maximum, Math.max(repeats + 5, Math.round(repeats * 1.5)));
  return more > repeats ? more : null;
}

/**
 * Shows a notice with remedies when the animation gets stuck, once per occurrence. Loaded lazily with the first frame. A run is not interrupted; changed
 * settings apply to the next one.
 */
export function watchForStuck({
  animation,
  generation,
  settings,
  player,
  notices,
}: {
  animation: AnimationStore;
  generation: GenerationStore;
  settings: SettingsStore;
  player: PlayerStore;
  notices: Notices;
}): void {
  let said: StuckKind | null = null;
  let calmFor = 0;

  const moreGuidance = (): NoticeAction[] => {
    const repeats = moreRepeats(settings.getState().values.repeats);
    if (repeats === null) return [];
    const run = () => {
      settings.set({ repeats });
      notices.announce(`Repeats is ${repeats} from the next frames on that you generate.`);
    };
    return [{ label: `More guidance (${repeats} repeats)`, run }];
  };
  const newSeed = (): NoticeAction => ({
    label: 'New seed',
    run: () => {
      settings.newSeed();
      notices.announce('The next frames that you generate have another seed.');
    },
  });
  const goBack = (position: number): NoticeAction => ({
    label: position > 0 ? `Go back to frame ${position}` : 'Go back to the start',
    run: () => {
      generation.stop();
      animation.goBackTo(position);
      player.show(position);
      said = null;
      const target = position > 0 ? `frame ${position}` : 'the start';
      notices.announce(`Back at ${target}. The frames after it stay, as another branch.`);
    },
  });
  const actionsFor = (offers: readonly StuckOffer[], before: number): NoticeAction[] =>
    offers.flatMap((offer) => {
      switch (offer) {
        case 'guidance':
          return moreGuidance();
        case 'seed':
          return newSeed();
        case 'back':
          return goBack(before);
      }
    });

  function examine(frames: Frames) {
    // Frames within a segment of smooth mode are alike by design, so they are not examined.
    const stuck = findStuck({
      length: frames.length,
      slice: (start, end) =>
        frames.slice(start, end).map(({ insight, leg }) => (leg || !insight ? unmeasuredTrace : insight)),
    });
    if (!stuck) {
      calmFor++;
      if (said === null || calmFor < calm) return;
      said = null;
      notices.dismissTopic(topic);
      return;
    }
    calmFor = 0;
    if (stuck.kind === said) return;
    said = stuck.kind;
    notices.info(topic, words[stuck.kind], actionsFor(stuck.offers, stuck.before));
  }

  animation.subscribe(({ frames, edition }, previous) => {
    if (edition !== previous.edition) {
      said = null;
      calmFor = 0;
      notices.dismissTopic(topic);
    } else if (frames.length > previous.frames.length) {
      examine(frames);
    }
  });
}
