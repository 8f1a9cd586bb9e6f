import { serveModel } from './model-server.ts';

/**
 * Serves the small model for a whole run of Playwright. Its address reaches the tests by their environment: see
 * `smallModelPage`.
 */
export default async function servePatterns(): Promise<() => Promise<void>> {
  const server = await serveModel();
  process.env['DRIFT_SMALL_MODEL'] = server.manifest;
  return () => server.close();
}
