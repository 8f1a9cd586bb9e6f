import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DriftError, isAbort } from '../src/base/index.ts';
import { overlaySettings, settingsFromHash } from '../src/project/index.ts';
import type { SettingsPart } from '../src/project/index.ts';
import { fitPicture } from './builtin-model/measure/pictures.ts';
import { Subject } from './builtin-model/measure/subject.ts';
import { readPng, writePng } from './png.ts';

const usage = `Usage: npm run animate -- --picture PNG --out DIR [--model DIR] [--settings LINK] [--backend cpu|webgpu]

Makes an animation of a picture without a browser, by the code that the page runs: DIR gets the fitted start picture as
0000.png and every frame after it. --settings takes what follows “#settings:” in a settings link of the page, for example
“mode=smooth&frames=6&seed=3”; the model's own settings are the default. Animations of the page and the README, and
settings that are tried, are made with it.`;

const exit = { ok: 0, failed: 1, usage: 2 } as const;

/** Entry point. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      picture: { type: 'string' },
      out: { type: 'string' },
      model: { type: 'string', default: 'public/models/builtin' },
      settings: { type: 'string', default: '' },
      backend: { type: 'string', default: 'cpu' },
    },
  });
  const { picture, out, model, backend } = values;
  const changes = settingsFromHash(`#settings:${values.settings}`);
  if (picture === undefined || out === undefined || (backend !== 'cpu' && backend !== 'webgpu') || !changes) {
    console.error(usage);
    return exit.usage;
  }
  if (changes.refused.length > 0) {
    console.error(`These settings do not exist or have no such value: ${changes.refused.join(', ')}.`);
    return exit.usage;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
  });
  try {
    await animate({ picture, out, model, backend, changes: changes.settings }, stop.signal);
    return exit.ok;
  } catch (error) {
    if (!(error instanceof DriftError) && !isAbort(error)) throw error;
    console.error(error instanceof DriftError ? `${error.message} ${error.remedy}` : 'Stopped.');
    return exit.failed;
  }
}

interface Animation {
  readonly picture: string;
  readonly out: string;
  readonly model: string;
  readonly backend: 'cpu' | 'webgpu';
  readonly changes: SettingsPart;
}

async function animate(
  { picture, out, model, backend, changes }: Animation,
  signal: AbortSignal,
): Promise<void> {
  const subject = await Subject.open(model, backend, signal);
  try {
    const settings = overlaySettings(subject.settings, changes);
    const start = fitPicture(readPng(await readFile(picture)), settings.width, settings.height);
    await mkdir(out, { recursive: true });
    const file = (number: number) => join(out, `${String(number).padStart(4, '0')}.png`);
    await writeFile(file(0), writePng(start));
    const made =
      settings.mode === 'smooth' ? subject.smooth(start, settings) : subject.frames(start, settings);
    let number = 0;
    for await (const frame of made) {
      number++;
      await writeFile(file(number), writePng(frame.picture));
      console.error(`frame ${number} (${frame.seconds.toFixed(1)} s)`);
    }
  } finally {
    await subject.close();
  }
}
