/** Expected frame: the value that its picture is filled with, and its parent. */
interface Made {
  readonly value: number;
  /** Null for a child of the start picture. */
  readonly parent: Made | null;
}

/** Expected project: a tree of frames, one path of which is the animation. */
export interface Known {
  readonly name: string;
  readonly start: number;
  readonly made: ReadonlySet<Made>;
  readonly last: Made | null;
}

export function begun(name: string, start: number): Known {
  return { name, start, made: new Set(), last: null };
}

/** Values of the animation's frames, in order. */
export function valuesOfKnown({ last }: Known): number[] {
  const values: number[] = [];
  for (let made = last; made; made = made.parent) values.unshift(made.value);
  return values;
}

export function withFrame(project: Known, value: number): Known {
  const last = { value, parent: project.last };
  return { ...project, made: new Set([...project.made, last]), last };
}

/** @param position counted from 1; 0 for the start picture */
function frameAt({ last }: Known, position: number): Made | null {
  let made = last;
  for (let back = length(last) - position; back > 0; back--) made = made?.parent ?? null;
  return made;
}

function length(last: Made | null): number {
  return last ? 1 + length(last.parent) : 0;
}

export function endedAt(project: Known, position: number): Known {
  return { ...project, last: frameAt(project, position) };
}

/** Removes the frame at a position with its descendants on all branches. */
export function withoutFrom(project: Known, position: number): Known {
  const first = frameAt(project, position);
  const comesOf = (made: Made | null): boolean => made !== null && (made === first || comesOf(made.parent));
  return {
    ...project,
    made: new Set([...project.made].filter((made) => !comesOf(made))),
    last: first?.parent ?? null,
  };
}

export const seed = 7;

/** Values that the fake diffusion worker generates after a project's last frame. */
export function nextValues(project: Known, count: number): number[] {
  const path = valuesOfKnown(project);
  let value = path.at(-1) ?? project.start;
  return Array.from(
    { length: count },
    (_, frame) => (value = (value * 3 + path.length + frame + seed) % 251),
  );
}

/** A variant of a round of picking. */
export function variantValue(project: Known, roll: number, index: number): number {
  const path = valuesOfKnown(project);
  return ((path.at(-1) ?? project.start) * 3 + path.length + seed + 10 * roll + index) % 251;
}
