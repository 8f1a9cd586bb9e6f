import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { headingId } from '../../../tools/help-pages.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Markdown files of the repository, as paths from its root with `/` between folders. */
const pages = [
  ...readdirSync(root),
  ...['docs', 'public', 'src', 'tests', 'tools', 'workers'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  ),
]
  .filter((path) => path.endsWith('.md'))
  .map((path) => path.replaceAll('\\', '/'));
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** Targets of relative links and images, in Markdown and in HTML. */
function localLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s+(\S+)|(?:src|href)="([^"]+)"/gm)]
    .map(([, inline, reference, html]) => inline ?? reference ?? html ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Fragments by which the headings of a document can be linked to. */
function anchorsOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => headingId(heading));
}

/** Links of a text of `folder` whose file or heading does not exist. `self` is the text's own file. */
function brokenLinks(text: string, folder: string, self: string): string[] {
  return localLinks(text).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? self : join(folder, path);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(textOf(target)).includes(anchor);
  });
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

  it.each(pages)('%s links to files and headings that exist', (page) => {
    expect(brokenLinks(textOf(page), dirname(page), page)).toEqual([]);
  });

  it('of which a link, an image or a heading is missing are found', () => {
    const text = [
      '[a](README.md) [b](gone.md) [c](ARCHITECTURE.md#glossary) [d](ARCHITECTURE.md#gone)',
      '![e](docs/gone.png) ![f](docs/layers.svg "Layers") <img src="docs/gone.webp" width="1">',
      '[g](https://drift.example/gone) [h](#decisions) [i](#gone)',
      '[j]: docs/gone.md',
    ].join('\n');
    const gone = [
      'gone.md',
      'ARCHITECTURE.md#gone',
      'docs/gone.png',
      'docs/gone.webp',
      '#gone',
      'docs/gone.md',
    ];
    expect(brokenLinks(text, '', 'ARCHITECTURE.md')).toEqual(gone);
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
