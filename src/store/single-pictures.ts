import { InputError } from '../base/index.ts';
import type { AnimationStore } from './animation-store.ts';
import type { Environment } from './environment.ts';
import type { Notices } from './notices.ts';
import type { Pictures } from './pictures.ts';

/** Copies and saves single pictures of the animation as PNG files. Positions: 0 is the start, n is frame n. */
export interface SinglePictures {
  /** Copies a picture to the clipboard; null if the browser cannot copy pictures. */
  readonly copy: ((position: number) => Promise<void>) | null;
  readonly save: (position: number) => Promise<void>;
}

/** Creates copying and saving of single pictures. */
export function createSinglePictures({
  animation,
  pictures,
  notices,
  environment: { copyPicture, saveFile },
}: {
  animation: Pick<AnimationStore, 'pictureAt'>;
  pictures: Pick<Pictures, 'encode'>;
  notices: Notices;
  environment: Pick<Environment, 'copyPicture' | 'saveFile'>;
}): SinglePictures {
  const topic = 'picture file';
  const png = async (position: number) => pictures.encode(await animation.pictureAt(position));

  return {
    copy:
      copyPicture &&
      (async (position) => {
        // Safari and Firefox grant access to the clipboard only in the event handler of a click: the encoding must not be
        // awaited before the call.
        const file = png(position);
        try {
          await copyPicture(file);
          notices.info(topic, `${positionName(position)} is copied.`, []);
        } catch (error) {
          // If the picture could not be read, that is the reason to report, and not the clipboard's.
          const cause = await file.then(
            () =>
              new InputError('copy-refused', 'The browser did not let Drift copy the picture.', {
                remedy: 'Allow this page to use the clipboard, then try again, or save the picture.',
                cause: error,
              }),
            (reason: unknown) => reason,
          );
          notices.error(cause, { topic });
        }
      }),
    async save(position) {
      try {
        saveFile(
          await png(position),
          `drift-${position === 0 ? 'start' : String(position).padStart(4, '0')}.png`,
        );
      } catch (error) {
        notices.error(error, { topic });
      }
    },
  };
}

function positionName(position: number): string {
  return position === 0 ? 'The start picture' : `Frame ${position}`;
}
