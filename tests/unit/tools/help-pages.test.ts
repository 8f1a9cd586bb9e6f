import { describe, expect, test } from 'vitest';
import { renderHelpPage } from '../../../tools/help-pages.ts';

const { html, pictures } = renderHelpPage(
  `# Files & "frames"

See [the guide](guide.md#by-hand), [the code](../src/index.ts), [a paper](https://example.org/a?b=1&c=2) and [below](#one-thing).

## One thing

![Frames at 1 < 2](guide/steps.webp)
`,
  "default-src 'none'; img-src 'self'",
);

describe('help pages', () => {
  test('link to pages of the site, to other sites and within the page; what is not on the site is plain text', () => {
    expect(html).toContain('<a href="guide.html#by-hand">the guide</a>');
    expect(html).toContain('<a href="https://example.org/a?b=1&amp;c=2">a paper</a>');
    expect(html).toContain('<a href="#one-thing">below</a>');
    expect(html).toContain('<h2 id="one-thing">One thing</h2>');
    expect(html).toContain('the code,');
    expect(html).not.toContain('src/index.ts');
  });

  test('carry the policy of the site, and a title', () => {
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self'">`,
    );
    expect(html).toContain('<title>Files &amp; &quot;frames&quot; – Drift</title>');
  });

  test('name the pictures that they show', () => {
    expect(pictures).toEqual(['guide/steps.webp']);
    expect(html).toContain('<img src="guide/steps.webp" alt="Frames at 1 &lt; 2" loading="lazy">');
  });
});
