import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseModelCard } from '../../../../src/models/install/model-card.ts';

describe('parseModelCard', () => {
  it.each([
    ['---\nlicense: mit\n---\n# Model', 'mit', null],
    ['\uFEFF---\r\nlicense: mit\r\n---\r\n', 'mit', null],
    ['---\ntags:\n- a\nlicense: "mit" # as ever\nlicense_link: LICENSE\n---', 'mit', 'LICENSE'],
    ["---\nlicense: 'apache-2.0'\n---\n", 'apache-2.0', null],
    [
      '---\nlicense: other\nlicense_name: our-own\nlicense_link: https://a.example/#top\n---\n',
      'our-own',
      'https://a.example/#top',
    ],
    ['---\nlicense_name: our-own\n---\n', 'our-own', null],
    ['---\nlicense: other\n---\n', 'other', null],
    ['---\nlicense: [mit, "gpl-3.0"]\n---\n', 'mit, gpl-3.0', null],
    ['---\nlicense:\n- mit\n  - gpl-3.0\ntags:\n- b\n---\n', 'mit, gpl-3.0', null],
    ['---\nlicense:\ntags:\n- b\n---\n', null, null],
    ['---\nlicense: |\n  MIT\n---\n', null, null],
    ['---\nmodel:\n  license: mit\n---\n', null, null],
    ['---\nlicense: mit\n', null, null],
    ['license: mit\n', null, null],
    ['# Model\n---\nlicense: mit\n---\n', null, null],
    ['', null, null],
  ])('reads the licence of %j', (text, name, link) => {
    expect(parseModelCard(text)).toEqual({ name, link });
  });

  it('returns a single line of bounded length for any text', () => {
    const value = fc.string({ unit: 'binary', maxLength: 2000 });
    fc.assert(
      fc.property(value, value, (name, link) => {
        const card = parseModelCard(`---\nlicense: ${name}\nlicense_link: ${link}\n---\n`);
        expect(card.name ?? '').toMatch(/^[^\p{C}\u2028\u2029]*$/u);
        expect((card.name ?? '').length).toBeLessThanOrEqual(200);
        expect((card.link ?? '').length).toBeLessThanOrEqual(1000);
      }),
    );
  });

  it('is not slow for hostile input', () => {
    const hostile = `---\nlicense: "${'\\'.repeat(30_000)}\n${'---'.repeat(10_000)}`;
    expect(parseModelCard(hostile)).toEqual({ name: null, link: null });
  });
});
