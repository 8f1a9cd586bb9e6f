import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  closeSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { softwareVulkanManifest } from '../../tools/software-vulkan.ts';
import { findCommand, run } from './process.ts';

/** Folder of what the rig builds. */
export const cache = fileURLToPath(new URL('../../.cache/rig/', import.meta.url));
const shimSource = fileURLToPath(new URL('vulkan-icd.c', import.meta.url));

/** Short hash of strings that a cached result depends on. */
export function fingerprint(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}

/** Identifies a version of a file by its size and modification time. */
export function stamp(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${path} ${size} ${mtimeMs}`;
}

/**
 * Path of Chromium's ELF binary, or null. Debian's `/usr/bin/chromium` is a script that adds its own flags, and is
 * skipped. DRIFT_CHROMIUM overrides the search.
 */
export function findChromium(): string | null {
  const chosen = process.env['DRIFT_CHROMIUM'];
  if (chosen !== undefined) return isProgram(chosen) ? realpathSync(chosen) : null;
  const onPath = ['chromium', 'chromium-browser', 'google-chrome'].map(findCommand);
  const known = [
    '/usr/lib/chromium/chromium',
    '/usr/lib/chromium-browser/chromium-browser',
    '/usr/lib64/chromium-browser/chromium-browser',
    '/opt/google/chrome/chrome',
  ];
  const found = [...onPath, ...known].find((path) => path !== null && isProgram(path)) ?? null;
  return found === null ? null : realpathSync(found);
}

/**
 * Path of Chromium's headless shell, or null: the same engine without the browser's windows and menus. Debian has it in a
 * package of its own, which puts it beside Chromium.
 */
export function findHeadlessShell(program: string): string | null {
  const path = join(dirname(program), 'chromium-headless-shell');
  return isProgram(path) ? path : null;
}

/** Whether a path is an ELF program, not a script. */
function isProgram(path: string): boolean {
  if (!existsSync(path)) return false;
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(4);
    readSync(file, start, 0, 4, 0);
    return start.equals(Buffer.from('\x7fELF', 'latin1'));
  } finally {
    closeSync(file);
  }
}

const manifestSchema = v.object({
  file_format_version: v.string(),
  ICD: v.object({ library_path: v.string(), api_version: v.string() }),
});

/**
 * Builds the shim (vulkan-icd.c) in front of Mesa's software Vulkan driver.
 *
 * @returns the path of its Vulkan driver manifest
 * @throws Error with the compiler's output if the build fails
 */
export async function buildShim(): Promise<string> {
  const mesa = softwareVulkanManifest();
  if (mesa === null) throw new Error("Mesa's software Vulkan driver is not installed");
  const { file_format_version, ICD } = v.parse(manifestSchema, JSON.parse(readFileSync(mesa, 'utf8')));
  // The dynamic linker searches for a bare name; other relative paths are relative to the manifest's folder.
  const driver =
    ICD.library_path.includes('/') && !isAbsolute(ICD.library_path)
      ? resolve(dirname(mesa), ICD.library_path)
      : ICD.library_path;

  const name = `vulkan-icd-${fingerprint(readFileSync(shimSource, 'utf8'), driver, process.arch)}`;
  const library = join(cache, `${name}.so`);
  const manifest = join(cache, `${name}.json`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(library)) {
    const building = `${library}.${process.pid}`;
    const flags = ['-O1', '-Wall', '-shared', '-fPIC', '-fvisibility=hidden', `-DDRIVER="${driver}"`];
    const { status, output } = await run('cc', [...flags, shimSource, '-o', building, '-ldl'], {
      output: 'collect',
    });
    if (status !== 0) throw new Error(`the Vulkan shim could not be built: ${output.trim()}`);
    renameSync(building, library);
  }
  const text = { file_format_version, ICD: { library_path: library, api_version: ICD.api_version } };
  writeFileSync(manifest, JSON.stringify(text));
  return manifest;
}

/**
 * Copies Chromium without SwiftShader, which Chromium prefers to any other software GPU. The binary is hard-linked or
 * copied, because it looks for its files beside itself; all others are symbolic links.
 *
 * @returns the path of the copy's binary
 */
export function copyWithoutSwiftShader(program: string): string {
  const folder = dirname(program);
  const name = `chromium-${fingerprint(stamp(program))}`;
  const target = join(cache, name);
  const programName = program.slice(folder.length + 1);
  if (!existsSync(join(target, programName))) {
    mkdirSync(cache, { recursive: true });
    for (const old of readdirSync(cache).filter((entry) => entry.startsWith('chromium-'))) {
      rmSync(join(cache, old), { recursive: true, force: true });
    }
    const making = `${target}.${process.pid}`;
    mkdirSync(making);
    for (const entry of readdirSync(folder).filter((file) => !file.includes('vk_swiftshader'))) {
      if (entry === programName) linkOrCopy(program, join(making, entry));
      else symlinkSync(join(folder, entry), join(making, entry));
    }
    renameSync(making, target);
  }
  return join(target, programName);
}

/** Hard links fail across file systems and, usually, for files of other users. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
