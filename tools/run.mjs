#!/usr/bin/env node
/**
 * Runs a TypeScript tool in Node with the project's own module rules (WGSL as text, no build step):
 * `node tools/run.mjs tools/conformance.ts …`. The tool exports `main(args)`, which answers the exit status.
 */
import { resolve } from 'node:path';
import { createServer, createServerModuleRunner } from 'vite';

const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  console.error('Usage: node tools/run.mjs TOOL.ts [arguments]');
  process.exit(2);
}
const server = await createServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  cacheDir: '.cache/vite-tools',
  optimizeDeps: { noDiscovery: true, include: [] },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
try {
  const tool = await runner.import(resolve(entry));
  process.exitCode = await tool.main(args);
} finally {
  await runner.close();
  await server.close();
}
