import type { StoreApi } from 'zustand/vanilla';
import { InputError } from '../base/index.ts';
import { fileKind, pickFrames, projectFolder } from '../project/index.ts';
import type { Settings } from '../project/index.ts';
import type { mediaApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Autosave } from './autosave.ts';
import { badWords, framesWords, importedWords, leftOutWords, movingWords } from './import-words.ts';
import type { BadFile } from './import-words.ts';
import { createFoundSettings } from './found-settings.ts';
import type { NoticeAction, Notices } from './notices.ts';
import type { Offers } from './offers.ts';
import type { Preferences } from './preferences.ts';
import type { ProjectJobs } from './project-jobs.ts';
import type { SettingsStore } from './settings.ts';
import { copyToMemory } from './start-picture.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** A file and its name, which may be a path with folders. */
export interface NamedFile {
  readonly name: string;
  readonly file: Blob;
}

/** Pictures that belong together: loose files, or the entries of one archive. */
interface PictureSet {
  readonly name: string;
  readonly pictures: readonly (NamedFile & { readonly entry: string | null })[];
}

/** Imported files by kind. */
interface Found {
  readonly projects: readonly NamedFile[];
  readonly loose: readonly NamedFile[];
  readonly archives: readonly PictureSet[];
  readonly videos: readonly NamedFile[];
  /** Archives that cannot be read. */
  readonly bad: readonly (BadFile & { readonly error: InputError })[];
}

/** A picture or a video by itself; of an animation, all frames. */
function alone(only: NamedFile): PictureSet {
  return { name: only.name.split('/').at(-1) ?? only.name, pictures: [{ ...only, entry: null }] };
}

/** Maximum number of left-out sets that the notice offers as projects; the others are only named. */
const mostOffers = 3;

/** Settings with which the mode of `values` plays at a frame rate, as near as the settings allow. */
function playbackAt(frameRate: number | null, { mode }: Settings) {
  if (frameRate === null) return {};
  const nearest = Math.min(60, Math.max(1, Math.round(100 * frameRate) / 100));
  return mode === 'smooth' ? { smoothFrameRate: nearest } : { frameRate: nearest };
}

const topic = 'imported';
const unchanged = 'Nothing that was there has changed.';

/**
 * Creates the import of files of any kind: projects are opened, several pictures become the frames of a new project,
 * a single picture becomes the start picture, and videos give their settings. Settings in pictures are offered, as are the
 * frames of animations and videos. A notice names what was left out, and offers to import it separately.
 */
export function createFileImport({
  jobs: { job, signal: newestSignal },
  media,
  preferences,
  animation,
  autosave,
  settings,
  notices,
  offers,
  importProject,
}: {
  jobs: Pick<ProjectJobs, 'job' | 'signal'>;
  media: WorkerHandle<typeof mediaApi>;
  preferences: StoreApi<Preferences>;
  animation: AnimationStore;
  autosave: Pick<Autosave, 'isKept' | 'whenSettled'>;
  settings: SettingsStore;
  notices: Notices;
  offers: Offers;
  importProject: (file: Blob) => Promise<boolean>;
}) {
  const foundSettings = createFoundSettings({ media, settings, notices, offers });

  async function look(files: readonly NamedFile[], signal: AbortSignal): Promise<Found> {
    const of = (kind: ReturnType<typeof fileKind>) =>
      files.filter(({ name, file }) => fileKind(name, file.type) === kind);
    const projects = of('project');
    const archives: PictureSet[] = [];
    const bad: Found['bad'][number][] = [];
    for (const archive of of('archive')) {
      const { name, file } = archive;
      try {
        const entries = await media.call('contents', { archive: file }, { signal });
        if (projectFolder(entries) !== null) {
          projects.push(archive);
          continue;
        }
        const inside = entries.filter((entry) => fileKind(entry) === 'picture');
        archives.push({ name, pictures: inside.map((entry) => ({ name: entry, file, entry })) });
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        bad.push({ name, message: error.message, error });
      }
    }
    return { projects, loose: of('picture'), archives, videos: of('video'), bad };
  }

  /** Creates a project from pictures; the notice about it offers what was left out. */
  async function become(
    set: PictureSet,
    others: readonly PictureSet[],
    bad: readonly BadFile[],
  ): Promise<boolean> {
    const { order, missing, leftOut } = pickFrames(set.pictures.map(({ name }) => name));
    return job(
      'Reading the pictures',
      async (signal, onProgress) => {
        const { fit } = preferences.getState();
        const { multiple } = settings.getState();
        const files = [...new Set(set.pictures.map(({ file }) => file))];
        const indexOf = new Map(files.map((file, index) => [file, index]));
        const pictures = order.flatMap((index) => set.pictures[index] ?? []);
        const read = await media.call(
          'frames',
          {
            pictures: pictures.map(({ name, file, entry }) => ({
              name,
              file: indexOf.get(file) ?? 0,
              entry,
            })),
            files,
            fit,
            multiple,
          },
          { signal, onEvent: onProgress },
        );
        const { name, picture } = read.first;
        const file = await copyToMemory(read.first.file);
        if (signal.aborted) return;
        const { width, height } = picture;
        const start = { name: name.split('/').at(-1) ?? name, file, picture, cut: { width, height, fit } };
        const { animation: moving } = read;
        const playback = playbackAt(moving?.frameRate ?? null, settings.getState().values);
        animation.importPictures({ start, frames: read.frames, playback });
        release(read.store);
        const rest = [
          ...leftOut.map(({ name: label, indices }) => ({
            name: label,
            pictures: indices.flatMap((index) => set.pictures[index] ?? []),
          })),
          ...others,
        ];
        const said = moving
          ? movingWords(start.name, read.frames.length, moving)
          : importedWords({ ...read, missing }, fit);
        notify([said, badWords([...read.bad, ...bad]), leftOutWords(rest)], rest);
        const [source] = set.pictures;
        const isOwnFile = moving !== null && source?.entry === null;
        await foundSettings.offer(isOwnFile ? { name: start.name, file: source.file } : start, signal);
      },
      unchanged,
    );
  }

  /** Lets the worker remove the frames of an import once the project on the page is stored. */
  function release(imported: number) {
    const project = animation.getState().project?.id ?? '';
    void autosave.whenSettled().then(async () => {
      // Frames that could not be stored are still read from there.
      if (!autosave.isKept(project)) return;
      await media.call('release', { store: imported }).catch(() => undefined);
    });
  }

  /** Shows a notice about the import; `rest` are the sets to offer. Shows nothing if all of `words` are empty. */
  function notify(words: readonly string[], rest: readonly PictureSet[]) {
    const message = words.filter(Boolean).join(' ');
    if (message === '') return;
    const actions = rest.slice(0, mostOffers).map((set): NoticeAction => ({
      label: `Make a project of “${set.name}”`,
      run: () => {
        void become(set, [], []);
      },
    }));
    notices.info(topic, message, actions);
  }

  /** Shows why nothing could be imported. */
  function refuse(files: readonly NamedFile[], bad: Found['bad']): boolean {
    const [first] = bad;
    const nothing =
      files.length === 0
        ? new InputError('no-file', 'What was dropped is not a file.', {
            remedy: 'Save the picture first, then drop the file; or copy the picture and paste it here.',
          })
        : new InputError('no-pictures', 'There are no pictures in there.', {
            remedy: 'Drop pictures, a folder of pictures, or a ZIP of pictures.',
          });
    notices.error(first ? first.error.about(first.name) : nothing, { kept: unchanged });
    return false;
  }

  /** Makes a picture the start picture; of an animation its first frame, and the others are offered. */
  async function useAsStart(picture: NamedFile, others: readonly PictureSet[], bad: readonly BadFile[]) {
    const name = picture.name.split('/').at(-1) ?? picture.name;
    const words = [badWords(bad), leftOutWords(others)];
    notify(words, others);
    await animation.chooseStart(picture.file, name);
    const signal = newestSignal();
    const isMoving = await media.call('moving', { file: picture.file }, { signal }).catch(() => false);
    if (isMoving && !signal.aborted) {
      const whole = alone({ name, file: picture.file });
      notify([framesWords([whole]), ...words], [whole, ...others]);
    }
    await foundSettings.offer({ name, file: picture.file }, signal);
  }

  async function takeIn(
    files: readonly NamedFile[],
    { projects, loose, archives, videos, bad }: Found,
    frames: boolean,
  ): Promise<boolean> {
    const visible = files.filter(({ name }) => fileKind(name) !== 'hidden');
    const [only = visible[0]] = loose;
    const filled = archives.filter(({ pictures }) => pictures.length > 0);
    const films = videos.map((video) => alone(video));
    const sets = [
      ...(loose.length > 0
        ? [{ name: 'the pictures', pictures: loose.map((picture) => ({ ...picture, entry: null })) }]
        : []),
      ...filled,
      ...films,
    ];
    if (projects.length > 0) {
      let opened = false;
      for (const { file } of projects) opened = (await importProject(file)) || opened;
      notify([badWords(bad), leftOutWords(sets)], sets);
      return opened;
    }
    const [film] = films;
    if (film && films.length === visible.length && !frames) {
      notify([framesWords(films)], films);
      return job(
        'Looking at the videos',
        async (signal) => {
          await foundSettings.takeFromVideos(videos, signal);
        },
        unchanged,
      );
    }
    const isAlone =
      loose.length === 1 || (sets.length === 0 && visible.length === 1 && archives.length + bad.length === 0);
    if (isAlone && !frames && only) {
      await useAsStart(only, [...filled, ...films], bad);
      return true;
    }
    const [first, ...others] = sets;
    if (!first) return refuse(visible, bad);
    if (loose.length > 0) return become(first, others, bad);
    // Without loose pictures, each archive and video becomes a project; the last one stays on the page.
    let made = await become(first, [], bad);
    for (const set of others) {
      if (newestSignal().aborted) break;
      made = (await become(set, [], [])) || made;
    }
    return made;
  }

  /**
   * Imports files.
   *
   * @param frames whether a single picture becomes a project of one frame instead of the start picture
   * @returns whether something was imported
   */
  return async (files: readonly NamedFile[], { frames = false } = {}): Promise<boolean> => {
    const found: Found[] = [];
    const looked = await job(
      'Looking at the files',
      async (signal) => {
        found.push(await look(files, signal));
      },
      unchanged,
    );
    const [seen] = found;
    return looked && seen !== undefined && takeIn(files, seen, frames);
  };
}
