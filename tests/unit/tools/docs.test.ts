import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Markdown files of the repository, as paths from its root. */
const pages = [
  '',
  'docs',
  'public/models/builtin',
  'public/examples',
  'tests/golden',
  'tools/builtin-model',
].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** Targets of relative links and images, without their fragments. */
function localLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

/** Code spans that look like paths of the repository. */
function namedPaths(text: string): string[] {
  return [...text.matchAll(/`((?:src|workers|tools|tests|docs|public)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
}

describe('the documents', () => {
  it('are found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']));
  });

  it.each(pages)('%s links to files that exist', (page) => {
    const missing = localLinks(textOf(page)).filter((link) => !existsSync(join(root, dirname(page), link)));
    expect(missing).toEqual([]);
  });

  it.each(pages)('%s names files that exist', (page) => {
    const missing = namedPaths(textOf(page)).filter((path) => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });

  it('name npm scripts that exist', () => {
    const { scripts } = v.parse(
      v.object({ scripts: v.record(v.string(), v.string()) }),
      JSON.parse(textOf('package.json')),
    );
    const used = pages.flatMap((page) =>
      [...textOf(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect([...new Set(used)].filter((name) => !(name in scripts))).toEqual([]);
  });

  it('README.md has at most 600 words', () => {
    expect(textOf('README.md').split(/\s+/).length).toBeLessThanOrEqual(600);
  });
});
