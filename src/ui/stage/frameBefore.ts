import type { Picture } from '../../base/index.ts';
import type { Frame, StartPicture, Stores } from '../../store/index.ts';

type OnionStores = Pick<Stores, 'animation' | 'generation' | 'pictures' | 'player'>;

/**
 * Shows the frame before the one on the stage, and null while there is none or it is not read yet, until the returned
 * function is called. Each is shown once, and one that cannot be read is not read again until another one was wanted.
 */
export function followFrameBefore(
  { animation, generation, pictures, player }: OnionStores,
  show: (picture: Picture | null) => void,
): () => void {
  let wanted: StartPicture | Frame | null = null;
  let ended = false;
  let reading = false;

  const draw = () => {
    const position = positionBefore({ generation, player });
    const { project, start, frames } = animation.getState();
    const next = position === null ? null : position === 0 ? start : (frames.at(position - 1) ?? null);
    if (next === wanted) return;
    wanted = next;
    const inMemory =
      next && 'picture' in next ? next.picture : project && next && pictures.peek(project.id, next.id);
    // Until a picture is read, another frame would show through.
    show(inMemory);
    if (next && position !== null && !inMemory) void read(position, next);
  };
  const read = async (position: number, asked: StartPicture | Frame) => {
    if (reading) return;
    reading = true;
    // A picture that cannot be read is reported when it is on the stage itself.
    const picture = await animation.pictureAt(position).catch(() => null);
    reading = false;
    if (ended) return;
    if (wanted === asked) {
      if (picture) show(picture);
      return;
    }
    wanted = null;
    draw();
  };

  show(null);
  draw();
  const stops = [animation, generation, player].map((store) => store.subscribe(draw));
  return () => {
    ended = true;
    for (const stop of stops) stop();
  };
}

/** Position of the frame before the one on the stage, 0 being the start picture; null if none is to be shown. */
function positionBefore({ generation, player }: Pick<Stores, 'generation' | 'player'>): number | null {
  const { compared, following, playing, position } = player.getState();
  if (playing || compared !== null) return null;
  // On the stage is the next frame, which has no position yet.
  if (following && generation.getState().run?.preview) return position;
  return position > 0 ? position - 1 : null;
}
