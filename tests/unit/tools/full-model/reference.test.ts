import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main as conformance } from '../../../../tools/conformance.ts';
import { main as writeModel } from '../../../../tools/full-model.ts';
import { main as writeReference } from '../../../../tools/full-reference.ts';

let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-full-reference-'));
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(console, 'error').mockReturnValue(undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

describe('reference answers for a model of random values', () => {
  it.each(['safetensors', 'bin'])('agree with the compiled networks, from %s', async (format) => {
    const [model, out] = [join(folder, 'model'), join(folder, 'golden')];
    expect(await writeModel(['--out', model, '--size', 'small', '--format', format])).toBe(0);
    expect(await writeReference(['--model', model, '--out', out, '--size', 'small'])).toBe(0);
    expect(await conformance([out, '--backend', 'cpu'])).toBe(0);
    const checks = lines.slice(-2);
    expect(checks[0]).toMatch(/^unet +\d\.\d\de-\d+ +1e-4 +ok$/);
    expect(checks[1]).toMatch(/^decode +\d\.\d\de-\d+ +1e-4 +ok$/);
  });

  it.each([
    [[]],
    [['--model', 'x', '--out', 'y', '--side', '12']],
    [['--model', 'x', '--out', 'y', '--size', 'l']],
  ])('are rejected for the arguments %j', async (args) => {
    expect(await writeReference(args)).toBe(2);
  });
});
