import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../../tools/conformance.ts';

const shapes = fileURLToPath(new URL('../../golden/shapes/', import.meta.url));
const guidance = {
  kind: 'guidance',
  name: 'guidance_0',
  positives: 5,
  negatives: 9,
  positiveScale: 30,
  negativeScale: 30,
  repeats: 10,
  textEmbeds: 'gui0_text',
  imageEmbeds: 'gui0_in',
  shifted: 'gui0_out',
};

let folder: string;
let lines: string[];
let complaints: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-golden-'));
  await cp(join(shapes, 'arrays'), join(folder, 'arrays'), { recursive: true });
  await symlink(join(shapes, 'checkpoint'), join(folder, 'checkpoint'));
  [lines, complaints] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void complaints.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

function write(golden: unknown): Promise<void> {
  return writeFile(join(folder, 'golden.json'), JSON.stringify(golden));
}
const run = () => main([folder, '--backend', 'cpu']);

describe('the conformance command', () => {
  it('prints name, error, limit and ok for each check, and exits 0', async () => {
    await write({ checks: [guidance] });
    expect(await run()).toBe(0);
    expect(lines.at(-1)).toMatch(/^guidance_0 +\d\.\d\de-\d+ +1e-5 +ok$/);
  });

  it('exits 1 when an answer is wrong, and runs the other checks', async () => {
    const wrong = { ...guidance, name: 'wrong', shifted: 'gui0_in' };
    await write({ checks: [wrong, guidance] });
    expect(await run()).toBe(1);
    expect(lines.slice(-2).map((line) => line.split(/ +/).at(-1))).toEqual(['FAIL', 'ok']);
  });

  it('counts NaN as wrong', async () => {
    const bytes = await readFile(join(folder, 'arrays/gui0_out.npy'));
    bytes.writeFloatLE(NaN, bytes.length - 4);
    await writeFile(join(folder, 'arrays/gui0_out.npy'), bytes);
    await write({ checks: [guidance] });
    expect(await run()).toBe(1);
  });

  it.each([
    ['an unknown kind of check', { checks: [{ ...guidance, kind: 'taste' }] }],
    ['a check without its fields', { checks: [{ kind: 'guidance', name: 'bare' }] }],
    ['no checks', { checks: [] }],
    ['an array that is not there', { checks: [{ ...guidance, shifted: 'nowhere' }] }],
    ['an answer of another length', { checks: [{ ...guidance, shifted: 'gui5_out' }] }],
    ['a path that leads out of the folder', { checks: [{ ...guidance, shifted: '../../secret' }] }],
  ])('exits 2 for %s', async (_, golden) => {
    await write(golden);
    expect(await run()).toBe(2);
    expect(complaints.join()).not.toBe('');
  });

  it('exits 2 for a folder without golden.json, with damaged JSON, or without a checkpoint', async () => {
    expect(await run()).toBe(2);
    await writeFile(join(folder, 'golden.json'), '{"checks": [');
    expect(await run()).toBe(2);
    await write({ checks: [guidance] });
    await rm(join(folder, 'checkpoint'));
    expect(await run()).toBe(2);
  });

  it('exits 2 and prints its usage for invalid arguments', async () => {
    expect(await main([])).toBe(2);
    expect(await main([folder, '--backend', 'abacus'])).toBe(2);
    expect(complaints.join()).toContain('Usage');
  });
});
