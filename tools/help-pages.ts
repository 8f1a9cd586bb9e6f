import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Marked } from 'marked';
import type { Plugin } from 'vite';
import { helpDocuments } from '../src/ui/shell/documents.ts';
import { isSite } from './site-bundle.ts';

const root = new URL('../', import.meta.url);
const folder = 'help';
const stylesheets = ['src/ui/shared/tokens.css', 'tools/help-pages.css'];
/** A relative link: without a scheme, and not within the page. */
const relative = /^(?![a-z][a-z+.-]*:|#|\/)/i;

/** An HTML page, and the files beside `docs/` that it shows. */
export interface HelpPage {
  readonly html: string;
  /** Paths of pictures, relative to the document. */
  readonly pictures: readonly string[];
}

/**
 * Renders a document as a page of the site. Links to documents that are not part of the site become plain text.
 *
 * @param markdown - the project's own text, which is trusted
 * @param policy - the site's content security policy
 */
export function renderHelpPage(markdown: string, policy: string): HelpPage {
  const pictures: string[] = [];
  let title = '';
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        if (depth === 1) title ||= text;
        const words = this.parser.parseInline(tokens);
        return `<h${depth} id="${headingId(text)}">${words}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens);
        const target = relative.test(href) ? pageOf(href) : href;
        return target === null ? words : `<a href="${attribute(target)}">${words}</a>`;
      },
      image({ href, text }) {
        pictures.push(href);
        return `<img src="${attribute(href)}" alt="${attribute(text)}" loading="lazy">`;
      },
    },
  });
  const body = marked.parse(markdown, { async: false });
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${attribute(title)} – Drift</title>
<link rel="icon" href="../icon.svg">
<link rel="stylesheet" href="help.css">
</head>
<body>
<nav aria-label="Help"><a href="../">Drift</a>${helpDocuments.map(({ name, label }) => `<a href="${name}.html">${label}</a>`).join('')}</nav>
<main>
${body}</main>
</body>
</html>
`;
  return { html, pictures };
}

/** Address of the page of a linked document; null if it is not part of the site. */
function pageOf(href: string): string | null {
  const [path = '', anchor] = href.split('#');
  const document = helpDocuments.find(({ name }) => path === `${name}.md`);
  if (!document) return null;
  return `${document.name}.html${anchor === undefined ? '' : `#${anchor}`}`;
}

/** The id that a heading has on code hosts: lower case, hyphens between words, no punctuation. */
export function headingId(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replace(/\s+/g, '-');
}

function attribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Files of the help by path in the site. */
function helpFiles(policy: string): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>();
  files.set(
    `${folder}/help.css`,
    stylesheets.map((path) => readFileSync(new URL(path, root), 'utf8')).join('\n'),
  );
  for (const { name } of helpDocuments) {
    const { html, pictures } = renderHelpPage(readFileSync(new URL(`docs/${name}.md`, root), 'utf8'), policy);
    files.set(`${folder}/${name}.html`, html);
    for (const picture of pictures) {
      files.set(`${folder}/${picture}`, readFileSync(fileURLToPath(new URL(`docs/${picture}`, root))));
    }
  }
  return files;
}

/** Vite plugin that adds documents of `docs/` to the site, as pages in `help/`, to which the page's help links. */
export function helpPages(policy: string): Plugin {
  return {
    name: 'drift:help-pages',
    enforce: 'post',
    generateBundle(_, bundle) {
      if (!isSite(bundle)) return;
      for (const [fileName, source] of helpFiles(policy)) this.emitFile({ type: 'asset', fileName, source });
    },
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const path = (request.url ?? '').split('?')[0]?.slice(1) ?? '';
        const file = path.startsWith(`${folder}/`) ? helpFiles(policy).get(path) : undefined;
        if (file === undefined) {
          next();
          return;
        }
        const type = path.endsWith('.css') ? 'text/css' : path.endsWith('.html') ? 'text/html' : 'image/webp';
        response.setHeader('Content-Type', type);
        response.end(file);
      });
    },
  };
}
