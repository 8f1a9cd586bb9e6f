import type { Edit } from './steps.ts';

/** A frame as a person knows it: the value that its picture is filled with, and the frame that it was made from. */
interface Made {
  readonly value: number;
  /** Null for a child of the start picture. */
  readonly parent: Made | null;
}

/** A frame as it is played. */
interface Shown {
  readonly made: Made;
  readonly hold: number;
}

/** A project as a person knows it: the frames that were made, and those that are played, in order. */
export interface Known {
  readonly name: string;
  readonly start: number;
  readonly made: ReadonlySet<Made>;
  readonly played: readonly Shown[];
}

export function begun(name: string, start: number): Known {
  return { name, start, made: new Set(), played: [] };
}

/** The values of the animation's frames, in order. */
export function valuesOfKnown({ played }: Known): number[] {
  return played.map(({ made }) => made.value);
}

export function holdsOfKnown({ played }: Known): number[] {
  return played.map(({ hold }) => hold);
}

export function withFrame(project: Known, value: number): Known {
  const made = { value, parent: project.played.at(-1)?.made ?? null };
  return {
    ...project,
    made: new Set([...project.made, made]),
    played: [...project.played, { made, hold: 1 }],
  };
}

/** The number of frames from the start picture to a frame, itself included. */
function depth(made: Made | null): number {
  return made ? 1 + depth(made.parent) : 0;
}

/** @param position counted from 1; 0 for the start picture */
export function endedAt(project: Known, position: number): Known {
  return { ...project, played: project.played.slice(0, position) };
}

/** Whether the frames that are played are a path of the tree. */
function isPath({ played }: Known): boolean {
  return played.every(({ made, hold }, at) => hold === 1 && made.parent === (played[at - 1]?.made ?? null));
}

/**
 * Deletes the frame at a position and those after it: from the project, with all that came of it on every branch, or
 * only from the animation if that was edited.
 */
export function withoutFrom(project: Known, position: number): Known {
  const ended = endedAt(project, position - 1);
  if (!isPath(project)) return ended;
  const first = project.played[position - 1]?.made;
  const comesOf = (made: Made | null): boolean => made !== null && (made === first || comesOf(made.parent));
  return { ...ended, made: new Set([...project.made].filter((made) => !comesOf(made))) };
}

/** Edits of the frames from a position to another, both included, counted from 1. */
export function edited(project: Known, how: Edit, from: number, to: number): Known {
  const { played } = project;
  const [before, chosen, after] = [played.slice(0, from - 1), played.slice(from - 1, to), played.slice(to)];
  switch (how) {
    case 'delete':
      return { ...project, played: [...before, ...after] };
    case 'duplicate':
      return { ...project, played: [...before, ...chosen, ...chosen, ...after] };
    case 'hold':
      return {
        ...project,
        played: [...before, ...chosen.map(({ made }) => ({ made, hold: 3 })), ...after],
      };
    case 'move on':
      return { ...project, played: [...before, ...after.slice(0, 1), ...chosen, ...after.slice(1)] };
    case 'keep only':
      return { ...project, played: chosen };
  }
}

/** Makes the frame at a position again, from the same frame as before. */
export function remade(project: Known, position: number, value: number): Known {
  const before = project.played[position - 1];
  if (!before) return project;
  const made = { value, parent: before.made.parent };
  return {
    ...project,
    made: new Set([...project.made, made]),
    played: project.played.with(position - 1, { made, hold: 1 }),
  };
}

export const seed = 7;

/** What the diffusion worker of the tests makes after a project's last frame. */
export function nextValues({ played, start }: Known, count: number): number[] {
  const last = played.at(-1)?.made ?? null;
  let value = last?.value ?? start;
  return Array.from(
    { length: count },
    (_, frame) => (value = (value * 3 + depth(last) + frame + seed) % 251),
  );
}

/** What it makes in place of the frame at a position. */
export function remadeValue({ played, start }: Known, position: number, otherSeed: number): number {
  const parent = played[position - 1]?.made.parent ?? null;
  return ((parent?.value ?? start) * 3 + depth(parent) + otherSeed) % 251;
}

/** A variant of a round of picking. */
export function variantValue(project: Known, roll: number, index: number): number {
  const last = project.played.at(-1)?.made ?? null;
  return ((last?.value ?? project.start) * 3 + depth(last) + seed + 10 * roll + index) % 251;
}
