import { serveModel } from './model-server.ts';

/**
 * Playwright's global setup: serves the small model for the whole run. Tests get its URL by an environment variable: see
 * `smallModelPage`.
 */
export default async function servePatterns(): Promise<() => Promise<void>> {
  const server = await serveModel();
  process.env['DRIFT_SMALL_MODEL'] = server.manifest;
  return () => server.close();
}
