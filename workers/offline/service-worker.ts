/**
 * Service worker: makes the page work without a network, and isolates it from other origins on hosts that set no headers.
 *
 * The page's code is stored when the service worker is installed, so that one version is always complete. Large files are
 * stored once the page has used them, those of the first visit, which has no service worker yet, when the page names them:
 * see `OnDemandCache`. A new version waits until the page asks for it.
 */
import * as v from 'valibot';
import { PrecacheController } from 'workbox-precaching';
import { serviceMessageSchema } from '../../src/base/index.ts';
import { withIsolationHeaders } from './isolation-headers.ts';
import { OnDemandCache } from './on-demand-cache.ts';
import type { SiteFile } from './on-demand-cache.ts';
import { receiveShared } from './shared-files.ts';

declare const self: ServiceWorkerGlobalScope;
/** Files of this build, defined by `tools/service-worker.ts`: those stored at once, and those stored once used. */
declare const SITE_FILES: { readonly early: readonly SiteFile[]; readonly late: readonly SiteFile[] };

const { scope } = self.registration;
const page = new URL('index.html', scope).href;
const pageUrls = [scope, page];
const shareTarget = new URL('share', scope).href;
const builtInModel = new URL('models/builtin/', scope).href;

const early = new PrecacheController();
early.addToCacheList([...SITE_FILES.early]);
const late = new OnDemandCache('drift-used-files', SITE_FILES.late, scope);

self.addEventListener('install', (event) => {
  void early.install(event);
});
self.addEventListener('activate', (event) => {
  void early.activate(event);
  event.waitUntil(late.sweep());
  // The first visit has no service worker until now. Activation must not wait for it: Firefox settles the promise only
  // after the activation, and holds back all requests of the page until then.
  void self.clients.claim();
});

self.addEventListener('message', (event) => {
  const message = v.safeParse(serviceMessageSchema, event.data);
  if (!message.success) return;
  if (message.output.kind === 'activate') event.waitUntil(self.skipWaiting());
  else event.waitUntil(late.keep([...message.output.used, ...late.in(builtInModel)]));
});

// The page's notifications on systems that allow them only of service workers.
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(showPage());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, href } = new URL(request.url);
  if (origin !== self.location.origin || !href.startsWith(scope)) return;
  if (request.method === 'POST' && href === shareTarget) event.respondWith(receiveShared(request, scope));
  if (request.method === 'GET') event.respondWith(respond(event));
});

/** Focuses a tab with the page, or opens one. */
async function showPage(): Promise<void> {
  const [tab] = await self.clients.matchAll({ type: 'window' });
  await (tab ? tab.focus() : self.clients.openWindow(scope));
}

/** Response from a cache, else from the network; large files that come from there are stored. */
async function respond(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  // Parameters of the page's address do not change the page.
  const isPage = request.mode === 'navigate' && pageUrls.includes(origin + pathname);
  const stored = (await early.matchPrecache(isPage ? page : request)) ?? (await late.match(request));
  if (stored) return withIsolationHeaders(stored);
  const fetched = await fetch(request);
  event.waitUntil(late.put(request, fetched));
  return withIsolationHeaders(fetched);
}
