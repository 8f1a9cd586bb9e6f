import { serveModel } from './model-server.ts';

/**
 * Playwright's global setup: serves the small model for the whole run. Tests get its URLs by environment variables: see
 * `smallModelPage` and `pageWithoutModel`.
 */
export default async function servePatterns(): Promise<() => Promise<void>> {
  const server = await serveModel();
  process.env['DRIFT_SMALL_MODEL'] = server.manifest;
  process.env['DRIFT_NO_MODEL'] = server.unanswered;
  return () => server.close();
}
