import { expect } from 'vitest';
import { Visits, projectOf, seen, settled } from '../faults/visits.ts';
import { createStripEdits } from '../../../../src/store/strip-edits.ts';
import { file, plain, until } from '../rig.ts';
import type { Rig } from '../rig.ts';
import {
  begun,
  edited,
  endedAt,
  holdsOfKnown,
  nextValues,
  remade,
  remadeValue,
  seed,
  valuesOfKnown,
  variantValue,
  withFrame,
  withoutFrom,
} from './person.ts';
import type { Known } from './person.ts';
import type { Fault, Share, Step, Undo } from './steps.ts';

/** Maximum number of projects, which bounds the duration of a walk. */
const mostProjects = 5;

/** Seed of frames that are made again. */
const otherSeed = 11;

/** Stands for the id of a copy until that is known. */
const copyId = 'copy';

/** The page under test, and the model of what a user expects to see. */
export class Walk {
  readonly visits = new Visits();
  #rig = this.visits.tab();
  /** By id. */
  #projects = new Map<string, Known>();
  #open: string | null = null;

  async begin(): Promise<void> {
    this.#rig.load();
    await this.#rig.stores.model.whenReady();
    await this.#take({ kind: 'choose', value: 100, undo: false });
    await this.#check();
  }

  /** Takes a step, and compares the page with the model. */
  async take(step: Step, failing: Fault | null): Promise<void> {
    const before = { projects: new Map(this.#projects), open: this.#open };
    const { faults } = this.visits.device;
    // A reload and an undone deletion may be done partly when a call fails; that is tested call by call elsewhere.
    const comesWhole = step.kind !== 'reload' && !(step.kind === 'delete' && step.undo !== false);
    if (failing && comesWhole) faults.arm(failing.fault, failing.nth);
    await this.#take(step);
    await settled(this.#rig);
    const failed = failing !== null && comesWhole && faults.failed !== null;
    faults.disarm();
    this.#rig.stores.autosave.retry();
    await settled(this.#rig);
    if (step.kind === 'duplicate') await this.#adoptCopy();
    if (failed && (await this.#isAsBefore(before))) {
      // The action failed, and the page has reported it.
      const errors = this.#rig.stores.notices.getState().notices.filter(({ kind }) => kind === 'error');
      if (JSON.stringify(this.#expected()) !== JSON.stringify(this.#expected(before))) {
        expect(errors, 'the page reports the error').not.toEqual([]);
      }
      [this.#projects, this.#open] = [before.projects, before.open];
    }
    await this.#check();
    this.#dismissErrors();
  }

  /** Reloads, waits until nothing can be undone, and looks for orphaned files. */
  async end(): Promise<void> {
    await this.#take({ kind: 'reload' });
    await this.#check();
    expect(await this.visits.orphans()).toEqual([]);
    expect(this.visits.device.files.disk.writers, 'files left open').toBe(0);
  }

  #expected({ projects, open } = { projects: this.#projects, open: this.#open }) {
    const project = open === null ? undefined : projects.get(open);
    return {
      page: project
        ? {
            name: project.name,
            start: project.start,
            frames: valuesOfKnown(project),
            holds: holdsOfKnown(project),
          }
        : null,
      // A project in which nothing was made is gone once it is left.
      list: [...projects.values()].map(({ name, made }) => `${name}: ${made.size}`).sort(),
    };
  }

  async #isAsBefore(before: { projects: Map<string, Known>; open: string | null }): Promise<boolean> {
    // A project may look like the previous one.
    const isSameProject = projectOf(this.#rig) === (before.open ?? '');
    return isSameProject && JSON.stringify(await seen(this.#rig)) === JSON.stringify(this.#expected(before));
  }

  async #check(): Promise<void> {
    expect(await seen(this.#rig)).toEqual(this.#expected());
    const { autosave, animation } = this.#rig.stores;
    expect(autosave.getState()).toMatchObject({ status: 'kept', stuck: [] });
    expect(animation.getState().unsaved).toBe(false);
  }

  #dismissErrors(): void {
    const { notices } = this.#rig.stores;
    for (const { id, kind } of notices.getState().notices) if (kind === 'error') notices.dismiss(id);
  }

  async #adoptCopy(): Promise<void> {
    const { projects } = this.#rig.stores;
    const copy = this.#projects.get(copyId);
    await projects.refresh();
    const id = projects.getState().list?.find((listed) => !this.#projects.has(listed.id))?.id;
    if (!copy || id === undefined) return;
    this.#projects.delete(copyId);
    this.#projects.set(id, copy);
  }

  #current(): Known | null {
    return (this.#open !== null && this.#projects.get(this.#open)) || null;
  }

  #setCurrent(project: Known): void {
    if (this.#open !== null) this.#projects.set(this.#open, project);
  }

  /** The page now shows another project, or none; an empty project is not kept. */
  #leaveFor(id: string | null): void {
    const left = this.#current();
    if (this.#open !== null && this.#open !== id && left?.made.size === 0) this.#projects.delete(this.#open);
    this.#open = id;
  }

  #idAt(which: Share): string | undefined {
    const ids = [...this.#projects.keys()];
    return ids[Math.floor(which * ids.length)];
  }

  async #take(step: Step): Promise<void> {
    const rig = this.#rig;
    const { animation, projects, settings } = rig.stores;
    const current = this.#current();
    switch (step.kind) {
      case 'generate':
        if (current) await this.#generate(current, step);
        return;
      case 'pick':
        if (current) await this.#pick(current, step.rolls, step.variant);
        return;
      case 'goBack': {
        if (!current) return;
        const position = Math.floor(step.to * (valuesOfKnown(current).length + 1));
        animation.goBackTo(position);
        this.#setCurrent(endedAt(current, position));
        return;
      }
      case 'deleteFrames': {
        const count = current ? valuesOfKnown(current).length : 0;
        if (!current || count === 0) return;
        const position = 1 + Math.floor(step.from * count);
        animation.removeFrom(position);
        if (step.undo) await undo(rig, 'removed', step.undo);
        else this.#setCurrent(withoutFrom(current, position));
        return;
      }
      case 'edit':
        if (current) await this.#edit(current, step);
        return;
      case 'remake': {
        const count = current ? valuesOfKnown(current).length : 0;
        if (!current || count === 0) return;
        const position = 1 + Math.floor(step.at * count);
        const { tree } = animation.getState();
        await rig.stores.generation.remake(position, otherSeed);
        // It makes nothing if its worker cannot read the picture before.
        if (animation.getState().tree.nodes.size === tree.nodes.size) return;
        this.#setCurrent(remade(current, position, remadeValue(current, position, otherSeed)));
        return;
      }
      case 'choose': {
        if (this.#projects.size >= mostProjects) return;
        const had = current !== null && valuesOfKnown(current).length > 0;
        settings.set({ seed, steps: 1, batchSize: 2, width: 64, height: 64 });
        await animation.chooseStart(file(`64x64:${step.value}`), 'start.png');
        await this.#begun(step.value, had && step.undo, 'start');
        return;
      }
      case 'startOver': {
        if (!current || current.made.size === 0 || this.#projects.size >= mostProjects) return;
        const had = valuesOfKnown(current).length > 0;
        animation.startOver();
        await this.#begun(current.start, had && step.undo, 'start');
        return;
      }
      case 'resize':
        if (!current || current.made.size > 0) return;
        for (const width of [128, 64]) {
          settings.set({ width });
          await animation.whenRead();
          expect(animation.getState().start?.picture.width).toBe(width);
        }
        return;
      case 'leave':
        projects.create();
        this.#leaveFor(null);
        return;
      case 'open': {
        const id = this.#idAt(step.which);
        if (id === undefined) return;
        await projects.open(id);
        this.#leaveFor(projectOf(rig) === id ? id : this.#open);
        return;
      }
      case 'rename': {
        const id = this.#idAt(step.which);
        const project = this.#projects.get(id ?? '');
        if (id === undefined || !project) return;
        await projects.rename(id, step.name);
        this.#projects.set(id, { ...project, name: step.name });
        return;
      }
      case 'duplicate': {
        const id = this.#idAt(step.which);
        const project = this.#projects.get(id ?? '');
        if (id === undefined || !project || this.#projects.size >= mostProjects) return;
        await projects.duplicate(id);
        this.#projects.set(copyId, { ...project, name: `${project.name} (copy)` });
        return;
      }
      case 'delete':
        await this.#delete(this.#idAt(step.which), step.undo);
        return;
      case 'export':
        if (!current || current.played.length === 0) return;
        await rig.stores.exporter.download('zip');
        return;
      case 'reload':
        this.#rig = this.visits.nextTab();
        this.#rig.load();
        await Promise.all([this.#rig.stores.projects.reopen(), this.#rig.stores.model.whenReady()]);
        return;
      case 'die':
        await this.#die(step.worker);
    }
  }

  async #generate(current: Known, { frames, end, at }: Extract<Step, { kind: 'generate' }>): Promise<void> {
    const rig = this.#rig;
    const { animation, generation, model, settings } = rig.stores;
    settings.set({ frames });
    const had = valuesOfKnown(current).length;
    const stopAt = had + Math.min(at, frames);
    const unsubscribe = animation.subscribe((state) => {
      if (end === 'done' || state.frames.length < stopAt) return;
      unsubscribe();
      if (end === 'stopped') generation.stop();
      else rig.killDiffusion('The GPU is lost.');
    });
    await generation.generate();
    unsubscribe();
    if (end === 'lost') {
      rig.load();
      await model.whenReady();
    }
    // Frames made before the end are kept, and equal those of an uninterrupted run.
    const made = animation.getState().frames.length - had;
    const reported = rig.stores.notices.getState().notices.some(({ kind }) => kind === 'error');
    if (end === 'done' && !reported) expect(made).toBe(frames);
    if (end !== 'done' && !reported) expect(made).toBeGreaterThanOrEqual(stopAt - had);
    for (const value of nextValues(current, frames).slice(0, made)) {
      const project = this.#current();
      if (project) this.#setCurrent(withFrame(project, value));
    }
  }

  async #edit(current: Known, { how, from, to, undo: back }: Extract<Step, { kind: 'edit' }>): Promise<void> {
    const rig = this.#rig;
    const { length } = valuesOfKnown(current);
    if (length === 0 || length > 40) return;
    const [first, last] = [from, to].map((at) => 1 + Math.floor(at * length)).sort((a, b) => a - b);
    if (first === undefined || last === undefined) return;
    const after = edited(current, how, first, last);
    // What changes nothing is not recorded, and Undo would take back what was done before.
    const before = [valuesOfKnown(current), holdsOfKnown(current)];
    const changes = JSON.stringify(before) !== JSON.stringify([valuesOfKnown(after), holdsOfKnown(after)]);
    const { selection } = rig.stores;
    selection.select(Array.from({ length: last - first + 1 }, (_, at) => first + at));
    const edits = createStripEdits(rig.stores);
    if (how === 'delete') edits.remove();
    else if (how === 'duplicate') edits.duplicate();
    else if (how === 'hold') edits.hold(3);
    else if (how === 'move on') edits.moveBy(1);
    else edits.keepOnly();
    if (back && changes) await undo(rig, '', back);
    else this.#setCurrent(after);
  }

  async #pick(current: Known, rolls: number, variant: number): Promise<void> {
    const { pick, animation } = this.#rig.stores;
    const had = valuesOfKnown(current).length;
    await pick.begin();
    for (let roll = 0; roll < rolls; roll++) await pick.reroll();
    const isThere = pick.getState().round?.variants[variant]?.candidate !== undefined;
    await pick.take(variant);
    pick.stop();
    if (animation.getState().frames.length > had || isThere) {
      this.#setCurrent(withFrame(current, variantValue(current, rolls, variant)));
    }
  }

  /** A project was started; undoing that restores the previous project. */
  async #begun(start: number, back: Undo, name: string): Promise<void> {
    if (back) {
      await undo(this.#rig, 'frames', back);
      return;
    }
    const id = projectOf(this.#rig);
    if (id === '' || this.#projects.has(id)) return;
    this.#leaveFor(id);
    this.#projects.set(id, begun(name, start));
  }

  async #delete(id: string | undefined, back: Undo): Promise<void> {
    if (id === undefined) return;
    const { projects, animation, notices } = this.#rig.stores;
    const wasOpen = this.#open === id;
    await projects.remove(id);
    // A storage call may have failed.
    if (!notices.getState().notices.some(({ topic }) => topic === 'deleted')) return;
    if (!back) {
      notices.dismissTopic('deleted');
      this.#projects.delete(id);
      if (wasOpen) this.#open = null;
      return;
    }
    await undo(this.#rig, 'deleted', back);
    await until(projects, ({ list }) => list?.some((listed) => listed.id === id) === true);
    if (wasOpen) await until(animation, ({ project }) => project !== null);
  }

  /** Kills a worker, which is replaced on the next call. */
  async #die(worker: 'media' | 'projects' | 'diffusion'): Promise<void> {
    const rig = this.#rig;
    switch (worker) {
      case 'media':
        rig.killMedia('It is gone.');
        await rig.stores.pictures.encode(plain(8, 8, 1));
        return;
      case 'projects':
        rig.killProjects('It is gone.');
        this.visits.device.locks.held.clear();
        // The first caller gets the error.
        await rig.stores.projects.refresh();
        return;
      case 'diffusion':
        rig.killDiffusion('It is gone.');
        rig.load();
        // The first caller gets the error; loading again starts another worker.
        if (!(await rig.stores.model.whenReady())) rig.load();
        expect(await rig.stores.model.whenReady()).toBe(true);
    }
  }
}

/** Undoes the last action, by its notice or by the keyboard. */
async function undo(
  { stores: { notices, history } }: Rig,
  about: string,
  how: Exclude<Undo, false>,
): Promise<void> {
  const keys = ['undo', 'redo', 'undo'] as const;
  if (how === 'keys') {
    for (const way of keys) await history[way]();
    return;
  }
  if (how === 'hasty keys') {
    await Promise.all(keys.map((way) => history[way]()));
    return;
  }
  const notice = notices.getState().notices.find(({ topic }) => topic === about);
  notice?.actions.find(({ label }) => label === 'Bring back')?.run();
}
