import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { helpOf, settingFields } from '../../../src/project/index.ts';
import type { Stores } from '../../../src/store/index.ts';
import { App } from '../../../src/ui/shell/App.tsx';
import { StoresContext } from '../../../src/ui/shared/stores.ts';
import { Rig, builtIn, until } from '../store/rig.ts';

/** Renders the page to HTML. */
function html(stores: Stores): string {
  return renderToStaticMarkup(createElement(StoresContext, { value: stores }, createElement(App)));
}

/** Opening tags of this element, with their attributes. */
function tags(page: string, name: string): Map<string, string>[] {
  return [...page.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'g'))].map(([, attributes]) => {
    const pairs = [...(attributes ?? '').matchAll(/([\w-]+)(?:="([^"]*)")?/g)];
    return new Map(pairs.map(([, key, value]) => [(key ?? '').toLowerCase(), value ?? '']));
  });
}

/** Text of each such element, without nested tags. */
function texts(page: string, name: string): string[] {
  return [...page.matchAll(new RegExp(`<${name}\\b[^>]*>(.*?)</${name}>`, 'gs'))].map(([, inner]) =>
    (inner ?? '').replaceAll(/<[^>]*>/g, '').trim(),
  );
}

/** Attributes of the field with this label. */
function field(page: string, label: string): Map<string, string> | undefined {
  const id = new RegExp(`<label for="([^"]+)">${label}</label>`).exec(page)?.[1];
  return [...tags(page, 'input'), ...tags(page, 'textarea')].find((tag) => tag.get('id') === id);
}

/** Preloads the lazily loaded parts of the page. */
beforeAll(async () => {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ mode: 'pick' });
  rig.stores.preferences.setState({ insight: true });
  await vi.waitFor(
    () => {
      const page = html(rig.stores);
      expect(page).toContain('Likeness of the frames');
      expect(page).toContain('Speculative');
      expect(page).toContain('Film strip');
    },
    { timeout: 60_000 },
  );
}, 60_000);

describe('the page', () => {
  it.each(['automatic', 'smooth'] as const)(
    'labels its fields in %s mode, each with a one-line description',
    async (mode) => {
      const rig = new Rig();
      await rig.ready();
      rig.stores.settings.set({ mode });
      const page = html(rig.stores);
      const fields = settingFields.filter(({ modes }) => modes.includes(mode));
      expect(new Set(fields.map(({ label }) => label)).size).toBe(fields.length);
      for (const setting of fields) {
        const { key, label } = setting;
        const help = helpOf(setting, mode);
        const input = field(page, label);
        expect([label, input?.get('type'), input?.get('value')]).toEqual([
          label,
          'number',
          String(rig.stores.settings.getState().values[key]),
        ]);
        const described = input?.get('aria-describedby') ?? '';
        expect(page).toContain(`<p id="${described}"`);
        expect(texts(page, 'p')).toContain(help);
      }
      expect(field(page, 'Start image')?.get('type')).toBe('file');
      for (const label of ['Positive prompts', 'Negative prompts']) expect(field(page, label)).toBeDefined();
      expect(texts(page, 'button')).toEqual(
        expect.arrayContaining(['Automatic', 'Smooth', 'Generate', 'Stop', 'Download GIF', 'Download MP4']),
      );
    },
  );

  it.each(['automatic', 'smooth', 'pick'] as const)(
    'offers speeds in %s mode and says what they save',
    async (mode) => {
      const rig = new Rig();
      await rig.ready();
      rig.stores.settings.set({ mode, steps: 20, speed: 'fast' });
      const page = html(rig.stores);
      const group =
        /<div[^>]*role="radiogroup"[^>]*aria-labelledby="([^"]+)"[^>]*aria-describedby="([^"]+)"/.exec(page);
      expect(page).toContain(`<span id="${group?.[1]}" class="`);
      expect(texts(page, 'span')).toContain('Speed');
      expect(page).toContain(`<p id="${group?.[2]}"`);
      expect(texts(page, 'p').filter((line) => line.includes('12 of 20 steps'))).toHaveLength(1);
      const speeds = tags(page, 'input').filter((tag) => `${tag.get('name')}-label` === group?.[1]);
      expect(speeds.map((tag) => [tag.get('value'), tag.has('checked')])).toEqual([
        ['exact', false],
        ['fast', true],
        ['fastest', false],
      ]);
    },
  );

  it('says nothing of defaults that are not known yet, and no longer waits once they are', async () => {
    const rig = new Rig();
    rig.loading.shut();
    rig.load();
    const waiting = html(rig.stores);
    expect(field(waiting, 'Steps')?.get('placeholder')).toBe('…');
    expect(waiting).not.toMatch(/Computes all \d+ steps/);
    rig.stores.settings.set({ steps: 7 });
    expect(html(rig.stores)).toContain('Computes all 7 steps');
    rig.loading.open();
    await rig.stores.model.whenReady();
    rig.stores.settings.edit('steps', '');
    const emptied = field(html(rig.stores), 'Steps');
    expect([emptied?.get('value'), emptied?.has('placeholder')]).toEqual(['', false]);
  });

  it('shows the drop area and example pictures until there is a start picture', async () => {
    const rig = new Rig();
    expect(html(rig.stores)).toContain('Drop a picture here');
    expect(tags(html(rig.stores), 'img')).toHaveLength(7);
    await rig.ready();
    expect(html(rig.stores)).not.toContain('Drop a picture here');
  });

  it('lists the frames as numbered pictures, separate from the start picture', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    const { frames, project, start } = rig.stores.animation.getState();
    if (!start) throw new Error('there is a start picture');
    await new Promise((resolve) => {
      rig.stores.thumbnails.showStart(start, resolve);
    });
    await Promise.all(
      [...frames].map(
        (frame) =>
          new Promise((resolve) => {
            rig.stores.thumbnails.showFrame(project?.id ?? '', frame, resolve);
          }),
      ),
    );
    const page = html(rig.stores);
    const list = /<ul[^>]*aria-label="Frames"[^>]*>(.*?)<\/ul>/s.exec(page)?.[1] ?? '';
    expect(tags(list, 'img').map((tag) => tag.get('alt'))).toEqual(['Frame 1', 'Frame 2', 'Frame 3']);
    expect(new Set(tags(list, 'img').map((tag) => tag.get('src'))).size).toBe(3);
    expect(tags(page, 'img').map((tag) => tag.get('alt'))).toContain('Start');
  });

  it('shows the similarity of the current frame to the prompts and to other frames', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.generation.generate();
    rig.stores.player.show(2);
    expect(html(rig.stores), 'hidden by default').not.toContain('role="slider"');
    rig.stores.preferences.setState({ insight: true });
    const slider = tags(html(rig.stores), 'div').find((tag) => tag.get('role') === 'slider');
    expect(slider?.get('aria-valuenow')).toBe('2');
    expect(slider?.get('aria-valuetext')).toBe('Frame 2, positive prompts 0.20, negative prompts 0.20');
    rig.stores.preferences.setState({ insightOf: 'frames' });
    expect(html(rig.stores)).toContain('"Frame 2, frame before 0.80, start picture 0.70"');
    rig.stores.preferences.setState({ insightOf: 'guidance' });
    expect(html(rig.stores)).toContain('"Frame 2, before guidance 0.90"');
  });

  it('draws no curve for values that were not measured', async () => {
    const rig = new Rig();
    rig.insight = { ...rig.insight, predecessor: null };
    await rig.ready();
    await rig.stores.generation.generate();
    rig.stores.preferences.setState({ insight: true, insightOf: 'frames' });
    expect(texts(html(rig.stores), 'dt')).toContain('start picture');
    expect(texts(html(rig.stores), 'dt')).not.toContain('frame before');
  });

  it('enables Stop only during a run', async () => {
    const rig = new Rig();
    await rig.ready();
    const disabled = (name: string) => {
      const opening = new RegExp(`<button([^>]*)>(?:(?!</button>).)*?${name}</button>`, 's');
      return opening.exec(html(rig.stores))?.[1]?.includes('aria-disabled="true"');
    };
    expect([disabled('Generate'), disabled('Stop')]).toEqual([false, true]);
    rig.nextFrame.shut();
    const running = rig.stores.generation.generate();
    await until(rig.stores.animation, ({ frames }) => frames.length === 1);
    expect([disabled('Generate'), disabled('Stop')]).toEqual([true, false]);
    expect(html(rig.stores)).toContain('role="progressbar"');
    rig.stores.generation.stop();
    rig.nextFrame.open();
    await running;
    expect([disabled('Generate'), disabled('Stop')]).toEqual([false, true]);
    expect(html(rig.stores)).toContain('Goes on from frame 1.');
  });

  it('shows an error at the invalid field and offers valid values', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.edit('width', '500');
    rig.stores.settings.commit('width');
    const page = html(rig.stores);
    const input = field(page, 'Width');
    expect(input?.get('aria-invalid')).toBe('true');
    const problem = input?.get('aria-describedby')?.split(' ')[1] ?? '';
    expect(page).toContain(`<p id="${problem}">Width must be a multiple of 8.</p>`);
    expect(texts(page, 'button')).toEqual(expect.arrayContaining(['Use 496', 'Use 504']));
  });

  it('expands the advanced settings when one of them is invalid', async () => {
    const rig = new Rig();
    await rig.ready();
    expect(tags(html(rig.stores), 'details').at(-1)?.has('open')).toBe(false);
    rig.stores.settings.edit('guidanceScale', '99');
    rig.stores.settings.commit('guidanceScale');
    expect(tags(html(rig.stores), 'details').at(-1)?.has('open')).toBe(true);
  });

  it.each([
    ['text', 'realistic HD photograph', false],
    ['fixed', 'round things|bright colours', true],
    ['none', '', true],
  ] as const)('with a model whose prompts are %s', async (prompts, start, locked) => {
    const rig = new Rig();
    rig.model = {
      ...builtIn,
      prompts,
      fixedPrompts: {
        positive: prompts === 'fixed' ? ['round things', 'bright colours'] : [],
        negative: [],
      },
    };
    await rig.ready();
    const page = html(rig.stores);
    const area = field(page, 'Positive prompts');
    expect((area?.has('readonly') ?? false) || (area?.has('disabled') ?? false)).toBe(locked);
    expect(texts(page, 'textarea')[0]?.startsWith(start)).toBe(true);
    expect(page.includes('This model')).toBe(locked);
  });

  it('shows the model and its device, and why there is no GPU', async () => {
    const rig = new Rig();
    await rig.ready();
    expect(html(rig.stores)).toContain('No GPU was found, so Drift runs on the processor');
    expect(html(rig.stores)).toContain('This browser has no WebGPU.');
    const other = new Rig();
    other.model = {
      ...builtIn,
      device: { ...builtIn.device, kind: 'webgpu', precision: 'float16', name: 'A fine GPU', reason: '' },
    };
    await other.ready();
    expect(html(other.stores)).not.toContain('No GPU');
    expect(texts(html(other.stores), 'dd')).toEqual(
      expect.arrayContaining(['Shapes', 'CC0-1.0', 'A fine GPU, float16']),
    );
  });

  it('shows an error with its remedy and what was kept, as an alert', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.failures.set('decode', new Error('broken'));
    await rig.stores.animation.chooseStart(new Blob(['x']), 'x.png');
    const page = html(rig.stores);
    expect(page).toContain('role="alert"');
    expect(texts(page, 'p')).toContain('broken');
    expect(page).toContain('The picture that was there before is still in place.');
  });
});
