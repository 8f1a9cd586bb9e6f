#!/usr/bin/env node
/**
 * Draws every picture of the six sets at one size and packs them: `node draw.mjs OUT`.
 *
 * Writes `pictures.bin`, PNG and WebP files one after another, and `pictures.json`, which says of each where it is,
 * what it shows and in which set. What a picture shows is its concept: the code points of the emoji, without skin
 * tones, so that all tones of a hand are one thing. Pictures whose name belongs to no emoji are left out: they could
 * show a held-out concept under another name.
 */
import { createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';

const SIDE = 128;
const [out] = process.argv.slice(2);
if (out === undefined) {
  console.error('Usage: node draw.mjs OUT');
  process.exit(2);
}

const require = createRequire(import.meta.url);
const json = (path) => JSON.parse(readFileSync(require.resolve(path), 'utf8'));

/** Code points without variation selectors, as all sets can agree on. */
const plainCode = (hexcode) =>
  hexcode
    .toLowerCase()
    .split('-')
    .filter((code) => code !== 'fe0f')
    .join('-');
const withoutTones = (code) =>
  code
    .split('-')
    .filter((part) => !/^1f3f[b-f]$/.test(part) || code === part)
    .join('-');
const slug = (name) =>
  name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f’'“”.!]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

const { groups, subgroups } = json('emojibase-data/meta/groups.json');

/** Keywords of a second source: more of them are general (food, animal, colours). */
const moreKeywords = new Map(
  Object.entries(json('emojilib')).map(([character, words]) => [character.replaceAll('\ufe0f', ''), words]),
);
const keywords = ({ label, tags, emoji: character }) => [
  ...new Set(
    [...(tags ?? []), ...(moreKeywords.get(character.replaceAll('\ufe0f', '')) ?? [])]
      .map((word) => word.toLowerCase().replaceAll('_', ' '))
      .filter((word) => word !== label.toLowerCase()),
  ),
];

/** Every emoji by its plain code, and the codes by the slug of the name. */
const emoji = new Map();
const codeOfSlug = new Map();
for (const entry of json('emojibase-data/en/data.json')) {
  // Letters of flags are no things.
  if (entry.group === undefined) continue;
  for (const tone of [entry, ...(entry.skins ?? [])]) {
    const code = plainCode(tone.hexcode);
    emoji.set(code, {
      name: entry.label,
      tags: keywords(entry),
      kind: [groups[entry.group], subgroups[entry.subgroup]],
    });
    codeOfSlug.set(slug(tone.label), code);
  }
}

/** The code of an icon, by the set's own table or by its name. */
function codeOf(name, codes) {
  const code =
    codes.get(name) ?? codeOfSlug.get(name) ?? codeOfSlug.get(name.replace(/-(button)$/, '')) ?? null;
  return code !== null && emoji.has(code) ? code : null;
}

/** resvg 2.6 aborts the whole process on these. */
const undrawable = new Set(['noto/package', 'noto/rainbow-flag']);

mkdirSync(out, { recursive: true });
const bytes = createWriteStream(join(out, 'pictures.bin'));
const index = [];
let offset = 0;

async function add(set, code, file) {
  const { name, tags, kind } = emoji.get(code);
  index.push({ set, code, concept: withoutTones(code), name, tags, kind, offset, length: file.length });
  offset += file.length;
  if (!bytes.write(file)) await new Promise((drained) => bytes.once('drain', drained));
}

const flatCodes = json('@iconify-json/fluent-emoji-flat/chars.json');
for (const set of ['fluent-emoji', 'fluent-emoji-flat', 'noto', 'twemoji', 'emojione']) {
  const icons = json(`@iconify-json/${set}/icons.json`);
  const own = join(require.resolve(`@iconify-json/${set}/icons.json`), '../chars.json');
  // Both Fluent sets name their icons alike, and only one of them lists the code points.
  const table = set === 'fluent-emoji' ? flatCodes : existsSync(own) ? json(own) : {};
  const codes = new Map(Object.entries(table).map(([code, name]) => [name, plainCode(code)]));
  let drawn = 0;
  const lost = [];
  for (const [name, { body, width, height, left, top }] of Object.entries(icons.icons)) {
    const code = codeOf(name, codes);
    if (code === null || undrawable.has(`${set}/${name}`)) {
      lost.push(name);
      continue;
    }
    const box = [
      left ?? 0,
      top ?? 0,
      width ?? icons.width ?? 16,
      height ?? icons.height ?? width ?? icons.width ?? 16,
    ];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${box.join(' ')}" width="${SIDE}" height="${SIDE}">${body}</svg>`;
    const picture = new Resvg(svg, {
      fitTo: { mode: 'width', value: SIDE },
      font: { loadSystemFonts: false },
    }).render();
    await add(set, code, picture.asPng());
    drawn++;
  }
  console.log(`${set}: ${drawn} drawn, ${lost.length} left out (${lost.slice(0, 12).join(', ')} …)`);
}

const folder = join(require.resolve('@lobehub/fluent-emoji-3d/package.json'), '../assets');
let taken = 0;
for (const file of readdirSync(folder).sort()) {
  const code = plainCode(file.replace(/\.webp$/, ''));
  if (!emoji.has(code)) continue;
  await add('fluent-emoji-3d', code, readFileSync(join(folder, file)));
  taken++;
}
console.log(`fluent-emoji-3d: ${taken} taken`);

await new Promise((done) => bytes.end(done));
writeFileSync(join(out, 'pictures.json'), JSON.stringify(index));
console.log(
  `${index.length} pictures of ${new Set(index.map(({ concept }) => concept)).size} concepts, ${offset} bytes`,
);
