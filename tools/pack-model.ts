import { rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DriftError } from '../src/base/index.ts';
import {
  folderSource,
  hubSource,
  install,
  manifestSource,
  parseModelSource,
  planInstall,
  problemsOf,
  stableDiffusionVariations,
} from '../src/models/index.ts';
import type { LocalFolder, ModelSource } from '../src/models/index.ts';
import { journalName, journalCopyName } from '../src/models/install/journal.ts';
import { fileOnDisk, filesIn, modelFilesIn } from './model-files.ts';

const usage = `Usage: npm run pack-model -- --from DIR|URL|OWNER/NAME|${stableDiffusionVariations.id} --out DIR [--hub URL]

Writes a model as a static host serves it to Drift: in float16, without what Drift does not read, with a model.json.
It is taken from a folder (with a model.json, or in the layout of diffusers), from the address of a model.json, or from
the hub. Run it again to go on with one that was interrupted.`;

/** Packs a model for self-hosting, with the installer of the page. */
export async function main(args: string[]): Promise<number> {
  const { from, out, hub } = readArguments(args);
  if (from === undefined || out === undefined) {
    console.error(usage);
    return 2;
  }
  const target = resolve(out);
  const files = modelFilesIn(dirname(target));
  const there = await filesIn(target);
  // Without a journal the installer starts over, which could destroy files in an unrelated folder.
  if (there.length > 0 && !there.includes(journalName)) {
    console.error(`${target} is not empty. Choose a folder that is, or that does not exist yet.`);
    return 2;
  }
  try {
    const { source, folder } = await sourceOf(from, hub);
    const options = {
      folder,
      base: hub,
      onNotice: ({ message }: { message: string }) => {
        console.error(message);
      },
    };
    const plan = await planInstall(parseModelSource({ ...source, id: basename(target) }), options);
    for (const { name, url, storedBytes } of plan.parts) {
      console.log(`${megabytes(storedBytes).padStart(10)}  ${name}${url === null ? '' : `  from ${url}`}`);
    }
    let printed = -1;
    await install(plan, files, {
      ...options,
      onProgress: ({ stage, done, of, bytesPerSecond }) => {
        const percent = of === 0 ? 100 : Math.floor((100 * done) / of);
        if (percent === printed) return;
        printed = percent;
        const rate = bytesPerSecond === null ? '' : `, ${megabytes(bytesPerSecond)}/s`;
        console.log(`${stage} ${percent} % of ${megabytes(of)}${rate}`);
      },
    });
    // The journal is only needed to resume an installation.
    for (const name of [journalName, journalCopyName]) await rm(join(target, name), { force: true });
    console.log(`${target}: ${megabytes(plan.storedBytes)}`);
    return 0;
  } catch (error) {
    const problems = problemsOf(error);
    if (!problems.every((problem) => problem instanceof DriftError)) throw error;
    for (const { message, remedy } of problems) console.error(`${message} ${remedy}`);
    return 1;
  }
}

function readArguments(args: readonly string[]): { from?: string; out?: string; hub?: string } {
  const values: { from?: string; out?: string; hub?: string } = {};
  for (let at = 0; at < args.length; at += 2) {
    const [name, value] = [args[at], args[at + 1]];
    if (value === undefined) return {};
    if (name === '--from') values.from = value;
    else if (name === '--out') values.out = value;
    else if (name === '--hub') values.hub = value;
    else return {};
  }
  return values;
}

async function sourceOf(
  from: string,
  hub: string | undefined,
): Promise<{ source: ModelSource; folder?: LocalFolder }> {
  if (from === stableDiffusionVariations.id) return { source: stableDiffusionVariations };
  if (/^https?:/.test(from)) return { source: await manifestSource(from) };
  const path = resolve(from);
  const names = await filesIn(path);
  if (names.length === 0 && /^[\w.-]+\/[\w.-]+$/.test(from)) {
    return { source: await hubSource(from, { base: hub }) };
  }
  const folder: LocalFolder = {
    name: basename(path),
    names,
    open: async (name) => {
      const file = join(path, name);
      return names.includes(name) ? fileOnDisk(file, file, (await stat(file)).size) : null;
    },
  };
  return { source: await folderSource(folder), folder };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
