/** A file for apt's `sources.list.d`, and the suite that it adds. */
export interface BackportsSource {
  readonly fileName: string;
  readonly text: string;
  readonly suite: string;
}

/** Suite names of a release besides its code name. */
const aliases = ['stable', 'oldstable'];

/**
 * Source of the release's backports: the URL, signature and options of the release itself, because Debian keeps both in
 * one archive. Null if no source of the release is listed.
 *
 * @param files - apt's source files by name, in both formats (deb822 `*.sources` and one-line `*.list`)
 * @param codename - code name of the release as in `/etc/os-release`, for example `bookworm`
 */
export function backportsSource(
  files: readonly { readonly name: string; readonly text: string }[],
  codename: string,
): BackportsSource | null {
  for (const { name, text } of files) {
    const found = name.endsWith('.sources') ? inStanzas(text, codename) : inLines(text, codename);
    if (found !== null) return found;
  }
  return null;
}

/** Whether the existing sources already include the suite. */
export function namesSuite(files: readonly { readonly text: string }[], suite: string): boolean {
  return files.some(({ text }) =>
    text.split('\n').some((line) => !line.trimStart().startsWith('#') && line.split(/\s+/).includes(suite)),
  );
}

function isRelease(suite: string, codename: string): boolean {
  return suite === codename || aliases.includes(suite);
}

/** One-line format: `deb [options] uri suite components…`. */
function inLines(text: string, codename: string): BackportsSource | null {
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (match === null) continue;
    const [, options = '', uri = '', release = '', components = ''] = match;
    if (uri.startsWith('cdrom:') || !isRelease(release, codename)) continue;
    if (!components.split(/\s+/).includes('main')) continue;
    const suite = `${release}-backports`;
    return {
      fileName: 'drift-backports.list',
      text: `deb ${options}${uri} ${suite} main\n`,
      suite,
    };
  }
  return null;
}

/** deb822: stanzas of `Field: value`; lines that begin with whitespace continue the value. */
function inStanzas(text: string, codename: string): BackportsSource | null {
  for (const stanza of text.split(/\n[ \t]*\n/)) {
    const fields = new Map<string, string>();
    let current: string | null = null;
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const match = /^([A-Za-z0-9-]+):(.*)$/.exec(line);
      if (match?.[1] !== undefined) {
        current = match[1].toLowerCase();
        fields.set(current, match[2] ?? '');
      } else if (current !== null && /^[ \t]/.test(line)) {
        fields.set(current, `${fields.get(current) ?? ''}\n${line}`);
      }
    }
    const words = (field: string): string[] => (fields.get(field) ?? '').split(/\s+/).filter(Boolean);
    const release = words('suites').find((suite) => isRelease(suite, codename));
    const disabled = /^(no|false|off|0)$/i.test(words('enabled')[0] ?? 'yes');
    const uris = words('uris').filter((uri) => !uri.startsWith('cdrom:'));
    if (disabled || release === undefined || uris.length === 0) continue;
    if (!words('types').includes('deb') || !words('components').includes('main')) continue;
    const suite = `${release}-backports`;
    const own = new Map(fields);
    own.set('types', ' deb');
    own.set('uris', ` ${uris.join(' ')}`);
    own.set('suites', ` ${suite}`);
    own.set('components', ' main');
    const lines = [...own].map(([field, value]) => `${field}:${value}`);
    return { fileName: 'drift-backports.sources', text: `${lines.join('\n')}\n`, suite };
  }
  return null;
}
