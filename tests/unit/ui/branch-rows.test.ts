import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import type { Stores } from '../../../src/store/index.ts';
import { Branches } from '../../../src/ui/branches/Branches.tsx';
import { StoresContext } from '../../../src/ui/shared/stores.ts';
import { Rig, until } from '../store/rig.ts';

/** What is said of the rows: whether each is disabled, and its title. */
function rows(stores: Stores): { disabled: boolean; title: string | undefined }[] {
  const html = renderToStaticMarkup(createElement(StoresContext, { value: stores }, createElement(Branches)));
  return [...html.matchAll(/<div [^>]*role="treeitem"[^>]*>/g)].map(([tag]) => ({
    disabled: tag.includes('aria-disabled="true"'),
    title: /title="([^"]*)"/.exec(tag)?.[1],
  }));
}

it('branches that cannot be played now are disabled, and say why', async () => {
  const rig = new Rig();
  await rig.ready();
  const { stores } = rig;
  const { animation, generation } = stores;
  await generation.generate();
  animation.goBackTo(1);
  await generation.generate();
  const free = rows(stores);
  expect(free).toEqual([
    { disabled: false, title: 'Frames 1 to 3' },
    { disabled: false, title: 'Frames 2 to 4, from frame 1' },
  ]);

  const running = generation.generate();
  await until(generation, ({ run }) => run?.phase === 'running');
  expect(rows(stores)).toMatchObject([
    { disabled: true, title: 'Another branch can be played when the run is over.' },
    { disabled: false },
  ]);
  await running;
  expect(rows(stores).map(({ disabled }) => disabled)).toEqual([false, false]);

  animation.setState(({ project }) => ({ project: project && { ...project, readOnly: true } }));
  expect(rows(stores)).toMatchObject([
    { disabled: true, title: 'This project is open in another tab: another branch can be played there.' },
    { disabled: false },
  ]);
});
