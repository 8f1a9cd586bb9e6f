import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { softwareVulkanManifest } from '../../tools/software-vulkan.ts';
import {
  buildShim,
  cache,
  copyWithoutSwiftShader,
  findChromium,
  findHeadlessShell,
  fingerprint,
  stamp,
} from './chromium.ts';

/**
 * The three kinds of machine that are tested: a GPU with float16 in shaders, a GPU without, and no GPU. Each is a
 * configuration of Chromium on this machine, independent of its hardware.
 */
export const machineNames = ['float16', 'float32', 'cpu'] as const;
export type MachineName = (typeof machineNames)[number];

const machineSchema = v.object({
  name: v.picklist(machineNames),
  executablePath: v.string(),
  /** The whole browser, where `executablePath` is its headless shell; otherwise the same. */
  wholeBrowser: v.string(),
  args: v.array(v.string()),
  env: v.record(v.string(), v.string()),
});
/** How to start Chromium as one of these machines. */
export type Machine = v.InferOutput<typeof machineSchema>;

const rigSchema = v.object({
  /** Hash of everything that the result depends on. */
  key: v.string(),
  machines: v.array(machineSchema),
  missing: v.array(v.object({ name: v.picklist(machineNames), reason: v.string() })),
});
/** Machines that are available here, and why others are not. */
export type Rig = v.InferOutput<typeof rigSchema>;

const rigFile = join(cache, 'machines.json');

const descriptions: Readonly<Record<MachineName, string>> = {
  float16: 'a GPU with float16 in shaders',
  float32: 'a GPU without float16 in shaders',
  cpu: 'no GPU that it can use',
};

/** Cached result of `prepareMachines`, or null if it has not run here. */
export function readRig(): Rig | null {
  try {
    return v.parse(rigSchema, JSON.parse(readFileSync(rigFile, 'utf8')));
  } catch {
    return null;
  }
}

/**
 * Builds the machines, and starts each once to verify its GPU. The result is cached until Chromium, Mesa or these
 * sources change.
 */
export async function prepareMachines(): Promise<Rig> {
  const program = findChromium();
  const mesa = softwareVulkanManifest();
  if (program === null) {
    const reason = 'Chromium is missing';
    return keep({ key: '', machines: [], missing: machineNames.map((name) => ({ name, reason })) });
  }
  const files = [program, findHeadlessShell(program), mesa].filter((file) => file !== null).map(stamp);
  const sources = ['machines.ts', 'chromium.ts', 'vulkan-icd.c'].map((file) =>
    readFileSync(new URL(file, import.meta.url), 'utf8'),
  );
  const key = fingerprint(cache, ...files, ...sources);
  const known = readRig();
  if (known?.key === key && known.machines.every((machine) => existsSync(machine.executablePath))) {
    return known;
  }

  const machines: Machine[] = [];
  const missing: Rig['missing'] = [];
  for (const name of machineNames) {
    try {
      machines.push(await verified(await build(name, program)));
    } catch (error) {
      missing.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  // An empty key, so that missing machines are tried again next time.
  return keep({ key: missing.length === 0 ? key : '', machines, missing });
}

function keep(rig: Rig): Rig {
  mkdirSync(cache, { recursive: true });
  writeFileSync(rigFile, JSON.stringify(rig, null, 2));
  return rig;
}

async function build(name: MachineName, program: string): Promise<Machine> {
  // Chromium's sandbox does not start as root or in most containers, and tests only open trusted pages.
  const common = ['--no-sandbox'];
  switch (name) {
    case 'float16': {
      const executablePath = copyWithoutSwiftShader(program);
      return {
        name,
        executablePath,
        wholeBrowser: executablePath,
        args: [
          ...common,
          '--enable-unsafe-webgpu',
          '--ignore-gpu-blocklist',
          '--disable-gpu-sandbox',
          '--use-webgpu-adapter=default',
        ],
        env: {
          VK_DRIVER_FILES: await buildShim(),
          XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? tmpdir(),
        },
      };
    }
    case 'float32':
      return {
        name,
        executablePath: program,
        wholeBrowser: program,
        args: [...common, '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
        env: {},
      };
    case 'cpu':
      // Most page tests run here, and in the shell a page takes a quarter less processor time than in the whole browser.
      return {
        name,
        executablePath: findHeadlessShell(program) ?? program,
        wholeBrowser: program,
        args: [...common, '--disable-gpu'],
        env: {},
      };
  }
}

/** The machine, in the whole browser if its headless shell does not start. */
async function verified(machine: Machine): Promise<Machine> {
  try {
    await verify(machine);
    return machine;
  } catch (error) {
    if (machine.executablePath === machine.wholeBrowser) throw error;
    const whole = { ...machine, executablePath: machine.wholeBrowser };
    await verify(whole);
    return whole;
  }
}

/**
 * Starts the machine and queries its GPU on a secure page.
 *
 * @throws Error if it does not start, or has another GPU than its name says
 */
async function verify(machine: Machine): Promise<void> {
  // Imported lazily, because it takes longer than a preparation with a cached result.
  const { chromium } = await import('@playwright/test');
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Drift</title>');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { executablePath, args, env } = machine;
  try {
    const browser = await chromium.launch({ executablePath, args, env: { ...process.env, ...env } });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      const found = await page.evaluate(async () => {
        const adapter = await navigator.gpu.requestAdapter();
        if (adapter === null) return 'cpu';
        const device = await adapter.requestDevice();
        device.destroy();
        return adapter.features.has('shader-f16') ? 'float16' : 'float32';
      });
      if (found !== machine.name) throw new Error(`Chromium found ${descriptions[found]} here`);
    } finally {
      await browser.close();
    }
  } finally {
    server.close();
  }
}
