import { sharedFilesCache } from '../../src/base/index.ts';

/**
 * Receives files that another program shared with the installed page (Web Share Target), and leads to the page, which
 * takes them from the cache: see `src/ui/shell/handedOver.ts`.
 */
export async function receiveShared(request: Request, scope: string): Promise<Response> {
  const form = await request.formData();
  const files = form.getAll('files').filter((value) => value instanceof File);
  const cache = await caches.open(sharedFilesCache);
  for (const [index, file] of files.entries()) {
    const key = new URL(`shared/${index}/${encodeURIComponent(file.name)}`, scope);
    await cache.put(key, new Response(file, { headers: { 'Content-Type': file.type } }));
  }
  return Response.redirect(scope, 303);
}
