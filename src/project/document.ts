import * as v from 'valibot';
import { ProjectError } from '../base/index.ts';
import { insightSchema } from './insight.ts';
import { defaultSettings, settingsSchema } from './settings.ts';
import { overlaySettings } from './stored.ts';
import { segmentStepSchema } from './trail.ts';
import { buildTree } from './tree.ts';
import type { FrameTree } from './tree.ts';

/** The most frames that a project may hold; a year of animating. */
const mostFrames = 100_000;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());
const name = v.pipe(v.string(), v.maxLength(200));
const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2048));

/**
 * Settings as they were kept. Those that a later Drift brought are filled with their defaults, which are what an
 * earlier one did; a value that is out of range is damage.
 */
export const keptSettingsSchema = v.pipe(
  v.partial(v.object(settingsSchema.entries)),
  v.transform((part) => overlaySettings(defaultSettings, part)),
);

export const frameNodeSchema = v.object({
  id: v.pipe(count, v.minValue(1)),
  parent: count,
  variant: count,
  width: side,
  height: side,
  model: name,
  made: time,
  seconds: v.pipe(v.number(), v.finite(), v.minValue(0)),
  settings: keptSettingsSchema,
  insight: v.nullable(insightSchema),
  leg: v.exactOptional(segmentStepSchema),
});

/** The picture that an animation starts from, as it was cut. */
export const startSchema = v.object({
  /** The name of the file that it came from. */
  name,
  width: side,
  height: side,
  fit: v.picklist(['crop', 'stretch']),
});
export type ProjectStart = v.InferOutput<typeof startSchema>;

/** A project but for its pictures, as it is kept and as it crosses a worker's border. */
export const projectDocumentSchema = v.object({
  name,
  created: time,
  start: startSchema,
  /** The settings that the next frame would be made with. */
  settings: keptSettingsSchema,
  leaf: count,
  frames: v.pipe(v.array(frameNodeSchema), v.maxLength(mostFrames)),
});
export type ProjectDocument = v.InferOutput<typeof projectDocumentSchema>;

const fileFormat = 'drift-project';

/** The version of `project.json` that this Drift writes, and the newest that it reads. */
export const fileVersion = 1;

const statementSchema = v.object({ format: v.literal(fileFormat), version: v.pipe(count, v.minValue(1)) });

/** `project.json`: meant to be read by people, too. */
export function documentToText(document: ProjectDocument): string {
  return `${JSON.stringify({ format: fileFormat, version: fileVersion, ...document }, null, 2)}\n`;
}

/**
 * Reads `project.json`.
 *
 * @throws ProjectError `project-newer` when a later Drift wrote it; `project-json` when it is not as agreed, naming
 *   the first place; `tree-damaged` for frames in an impossible order
 */
export function documentFromText(text: string): ProjectDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrongJson('it is not JSON', '', cause);
  }
  const stated = v.safeParse(statementSchema, json);
  if (!stated.success) throw wrongJson('it does not say that it is a project of Drift', '', stated.issues[0]);
  const { version } = stated.output;
  if (version > fileVersion) {
    throw new ProjectError(
      'project-newer',
      `This project was saved by a newer Drift (format ${version}, and this one reads up to ${fileVersion}).`,
      {
        remedy: 'Reload the page to get the newest Drift, then open it again.',
        details: { version, newest: fileVersion },
      },
    );
  }
  const result = v.safeParse(projectDocumentSchema, json);
  if (!result.success) {
    const issue = result.issues[0];
    throw wrongJson(issue.message, v.getDotPath(issue) ?? '', issue);
  }
  treeOf(result.output);
  return result.output;
}

/** The frames of a document as a tree. @throws ProjectError `tree-damaged` */
export function treeOf({ frames, leaf }: Pick<ProjectDocument, 'frames' | 'leaf'>): FrameTree {
  return buildTree(frames, leaf);
}

function wrongJson(reason: string, key: string, cause: unknown): ProjectError {
  const place = key === '' ? '' : ` at ${key}`;
  return new ProjectError('project-json', `The project's description is damaged${place}: ${reason}.`, {
    remedy: 'Use another copy of the project, if there is one.',
    details: { key },
    cause,
  });
}
