import { describe, expect, it } from 'vitest';
import { backportsSource, namesSuite } from '../../rig/apt-sources.ts';

const stanzas = `Types: deb
# an old note
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

describe('the backports source for a Debian machine', () => {
  it('keeps the URI and signature of a deb822 stanza', () => {
    const source = backportsSource([{ name: 'debian.sources', text: stanzas }], 'bookworm');
    expect(source?.suite).toBe('bookworm-backports');
    expect(source?.fileName).toMatch(/\.sources$/);
    expect(source?.text.trim().split('\n').sort()).toEqual([
      'components: main',
      'signed-by: /usr/share/keyrings/debian-archive-keyring.gpg',
      'suites: bookworm-backports',
      'types: deb',
      'uris: http://mirror.example/debian',
    ]);
  });

  it('keeps a key that is embedded in the stanza', () => {
    const key =
      ' -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBFit2ioBEADhWpZ8\n -----END PGP PUBLIC KEY BLOCK-----';
    const text = `Types: deb\nURIs: https://mirror.example/\nSuites: trixie\nComponents: main\nSigned-By:\n${key}\n`;
    expect(backportsSource([{ name: 'a.sources', text }], 'trixie')?.text).toContain(`signed-by:\n${key}\n`);
  });

  it.each([
    [
      'deb http://mirror.example/debian bookworm main',
      'deb http://mirror.example/debian bookworm-backports main\n',
    ],
    [
      'deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/d bookworm main non-free # note',
      'deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/d bookworm-backports main\n',
    ],
    [
      'deb http://mirror.example/debian oldstable main',
      'deb http://mirror.example/debian oldstable-backports main\n',
    ],
  ])('keeps the URI and options of the line "%s"', (line, expected) => {
    const text = `# deb http://wrong.example bookworm main\ndeb-src http://wrong.example bookworm main\n${line}\n`;
    expect(backportsSource([{ name: 'sources.list', text }], 'bookworm')?.text).toBe(expected);
  });

  it.each([
    ['another release', 'deb http://mirror.example/debian bullseye main'],
    ['security only', 'deb http://mirror.example/debian-security bookworm-security main'],
    ['an installation disc', 'deb cdrom:[Debian_12]/ bookworm main'],
    ['a third-party archive', 'deb http://other.example/apt bookworm stable'],
  ])('is null for %s', (_, text) => {
    expect(backportsSource([{ name: 'sources.list', text }], 'bookworm')).toBeNull();
  });

  it('is null for a disabled stanza', () => {
    const text = stanzas.replaceAll('Types: deb', 'Enabled: no\nTypes: deb');
    expect(backportsSource([{ name: 'debian.sources', text }], 'bookworm')).toBeNull();
  });

  it('recognises a suite that is listed already, but not in a comment', () => {
    expect(namesSuite([{ text: stanzas }], 'bookworm-updates')).toBe(true);
    expect(
      namesSuite(
        [{ text: '# deb http://mirror.example/debian bookworm-backports main' }],
        'bookworm-backports',
      ),
    ).toBe(false);
  });
});
