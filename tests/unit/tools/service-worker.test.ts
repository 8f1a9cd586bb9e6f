import { describe, expect, test } from 'vitest';
import { siteFiles } from '../../../tools/service-worker.ts';

describe('siteFiles', () => {
  const contents = new Map([
    ['index.html', '<!doctype html>'],
    ['assets/index-abc.js', 'page'],
    ['assets/ort.wasm.min-abc.js', 'runtime'],
    ['assets/ort-abc.wasm', 'runtime'],
    ['assets/ffmpeg-core-abc.js', 'ffmpeg'],
    ['assets/7zz.es6-abc.js', '7-Zip'],
    ['models/builtin/model.json', '{}'],
    ['models/builtin/README.md', 'not needed'],
    ['models/builtin/vae/encoder.safetensors', 'not needed'],
    ['_headers', 'not needed'],
  ]);

  test('precaches the page, and lists large files for caching on use', () => {
    const { early, late } = siteFiles(contents);
    // All scripts of the runtime, because a lazily imported one may need another that was not used before.
    expect(early.map(({ url }) => url)).toEqual([
      'index.html',
      'assets/index-abc.js',
      'assets/ort.wasm.min-abc.js',
    ]);
    expect(late.map(({ url }) => url)).toEqual([
      'assets/ort-abc.wasm',
      'assets/ffmpeg-core-abc.js',
      'assets/7zz.es6-abc.js',
      'models/builtin/model.json',
    ]);
  });

  test('gives other contents another revision, except where the name has a hash', () => {
    const revision = (name: string, content: string) => {
      const { early, late } = siteFiles(new Map([[name, content]]));
      return [...early, ...late][0]?.revision;
    };
    expect(revision('index.html', 'a')).toMatch(/^[\da-f]{16}$/);
    expect(revision('index.html', 'a')).not.toBe(revision('index.html', 'b'));
    expect(revision('models/builtin/model.json', 'a')).not.toBe(revision('models/builtin/model.json', 'b'));
    expect(revision('assets/index-abc.js', 'a')).toBeNull();
  });
});
