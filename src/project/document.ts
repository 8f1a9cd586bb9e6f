import * as v from 'valibot';
import { ProjectError, mostFrames } from '../base/index.ts';
import { insightSchema } from './insight.ts';
import { defaultSettings, settingsSchema } from './settings.ts';
import { playedFrameSchema } from './play-order.ts';
import type { PlayOrder } from './play-order.ts';
import { overlaySettings } from './settings-part.ts';
import { segmentStepSchema } from './trail.ts';
import { buildTree } from './tree.ts';
import type { FrameTree } from './tree.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());
const name = v.pipe(v.string(), v.maxLength(200));
const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2048));

/**
 * Schema of stored settings. Those that are missing, because an earlier version did not have them, get defaults that
 * reproduce what that version did. Values out of range are an error.
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

/** The start picture: its size in pixels, and how it was fitted to that size. */
export const startSchema = v.object({
  /** Name of the original file. */
  name,
  width: side,
  height: side,
  fit: v.picklist(['crop', 'stretch']),
});
export type ProjectStart = v.InferOutput<typeof startSchema>;

/** A project without its pictures: the contents of `project.json`, also sent between page and worker. */
export const projectDocumentSchema = v.object({
  name,
  created: time,
  start: startSchema,
  /** Settings for the next frame. */
  settings: keptSettingsSchema,
  leaf: count,
  /** The frames of an edited animation, as they are played; absent for the path to `leaf`. */
  order: v.exactOptional(v.pipe(v.array(playedFrameSchema), v.maxLength(mostFrames))),
  frames: v.pipe(v.array(frameNodeSchema), v.maxLength(mostFrames)),
});
export type ProjectDocument = v.InferOutput<typeof projectDocumentSchema>;

const fileFormat = 'drift-project';

/** The newest format version of `project.json` that can be read. Version 2 has an edited animation's order. */
export const fileVersion = 2;

const statementSchema = v.object({ format: v.literal(fileFormat), version: v.pipe(count, v.minValue(1)) });

/**
 * Serialises a document as `project.json`, indented so that people can read it. The version is that of the oldest Drift
 * that can read it.
 */
export function documentToText(document: ProjectDocument): string {
  const version = document.order ? fileVersion : 1;
  return `${JSON.stringify({ format: fileFormat, version, ...document }, null, 2)}\n`;
}

/**
 * Parses `project.json`.
 *
 * @throws ProjectError `project-newer` if a newer version wrote it; `project-json` if it is not valid, with the path of
 *   the first invalid value; `tree-damaged` if the frames are no tree
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

/** Builds the frame tree of a document. @throws ProjectError `tree-damaged` */
export function treeOf({
  frames,
  leaf,
  order,
}: Pick<ProjectDocument, 'frames' | 'leaf'> & { readonly order?: PlayOrder }): FrameTree {
  return buildTree(frames, leaf, order);
}

function wrongJson(reason: string, key: string, cause: unknown): ProjectError {
  const where = key === '' ? '' : ` at ${key}`;
  return new ProjectError('project-json', `The project's description is damaged${where}: ${reason}.`, {
    remedy: 'Use another copy of the project, if there is one.',
    details: { key },
    cause,
  });
}
