/**
 * Fake Hugging Face hub on localhost: one server resolves names, sends small files itself (after a relative redirect), and
 * redirects to a second origin, the content network, for files stored by content: weights, and anything large. Headers are
 * those that the hub sent in 2026. Faults can be injected (see `Fault`); all requests are recorded.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ByteSource } from '../../../src/models/types.ts';
import { answer, parseRange } from './answer.ts';
import type { SentAnswer } from './answer.ts';
import { ActiveRule, flawless } from './faults.ts';
import type { AnswerPlan, FaultRule } from './faults.ts';

export { createGate } from './faults.ts';
export type { Fault, FaultRule, Gate } from './faults.ts';

/** Files of a revision by path. */
export type RepositoryFiles = ReadonlyMap<string, ByteSource>;

/** A repository: files by revision (`main`, a tag, a commit). */
export interface Repository {
  /** `owner/name`. */
  readonly id: string;
  readonly licence?: string;
  readonly revisions: ReadonlyMap<string, RepositoryFiles>;
}

/** A recorded request and its answer. */
export interface HubRequest {
  readonly at: 'content' | 'resolve';
  readonly method: string;
  readonly repository: string;
  readonly revision: string;
  /** Path in the repository. */
  readonly path: string;
  /** `Range` header. */
  readonly range: string | null;
  /** 0 until there is an answer. */
  readonly status: number;
  /** Bytes of the body passed to the connection. */
  readonly bytes: number;
}

export interface Hub {
  /** Base URL without trailing slash; stands for `https://huggingface.co`. */
  readonly url: string;
  /** Origin of the content network. */
  readonly contentUrl: string;
  /** All requests in order of arrival; those in progress are updated. */
  readonly requests: readonly HubRequest[];
  /** Number of GET requests for a file's contents, and the total of bytes sent. */
  fetched(path: string): { requests: number; bytes: number };
  /** Injects faults from now on. All matching rules apply, in order of injection. */
  inject(rule: FaultRule): { matches(): number; remove(): void };
  /** Clears recorded requests and rules. */
  reset(): void;
  close(): Promise<void>;
}

/** Files always stored by content: the hub's default `.gitattributes`. */
const keptByContent = /\.(safetensors|bin|onnx|onnx_data|pt|ckpt|msgpack|h5)$/;
/** Other files are stored by content from this size on. */
const largeFile = 10_000_000;
/** Larger files are identified by path and size instead of their hash. */
const largestHashed = 2 ** 24;

const exposed =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash';

/** A file of the hub with its identity. */
interface Entry {
  readonly repository: string;
  readonly revision: string;
  readonly path: string;
  readonly source: ByteSource;
  readonly byContent: boolean;
  /** SHA-256 (stored by content) or git's SHA-1, which the hub uses as ETag. */
  oid(): Promise<string>;
}

/** Starts a hub on two free local ports. */
export async function startHub(repositories: readonly Repository[]): Promise<Hub> {
  const entries = new Map(
    repositories.flatMap(({ id, revisions }) =>
      [...revisions].flatMap(([revision, files]) =>
        [...files].map(([path, source]): [string, Entry] => [
          `${id}/${revision}/${path}`,
          { repository: id, revision, path, source, ...identity(path, source) },
        ]),
      ),
    ),
  );
  /** Files of the content network, by redirect path. */
  const contents = new Map<string, Entry>();
  const rules: ActiveRule[] = [];
  const requests: (HubRequest & SentAnswer)[] = [];

  /** Records a request, and plans its answer with matching faults. */
  function open(
    request: IncomingMessage,
    at: 'content' | 'resolve',
    entry: Entry,
    etag: string,
  ): { plan: AnswerPlan; sent: SentAnswer } {
    const { repository, revision, path, source } = entry;
    const method = request.method ?? 'GET';
    const range = request.headers.range ?? null;
    const record = { at, method, repository, revision, path, range, status: 0, bytes: 0 };
    requests.push(record);
    const plan = flawless(source, etag);
    const asked = parseRange(range ?? undefined, source.size);
    for (const rule of rules) rule.apply(plan, { at, method, path, range: asked });
    return { plan, sent: record };
  }

  const resolving = createServer((request, response) => {
    serve(response, resolveName(request, response));
  });
  const content = createServer((request, response) => {
    serve(response, sendContent(request, response));
  });
  const url = await listen(resolving);
  const contentUrl = await listen(content);

  async function resolveName(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cors = hubHeaders(request);
    if (preflight(request, response, cors)) return;
    const { pathname } = new URL(request.url ?? '/', url);
    const asked = splitPath(decodeURIComponent(pathname));
    if (asked === null) {
      refuse(request, response, 404, cors, 'Not Found', 'Not Found');
      return;
    }
    const { kind, id, revision, path } = asked;
    const repository = repositories.find((candidate) => candidate.id === id);
    if (repository === undefined) {
      // The hub does not distinguish missing from private repositories.
      refuse(request, response, 401, cors, 'RepoNotFound', 'Invalid username or password.');
      return;
    }
    const files = repository.revisions.get(revision);
    if (files === undefined) {
      refuse(request, response, 404, cors, 'RevisionNotFound', `Invalid rev id: ${revision}`);
      return;
    }
    const commit = commitOf(revision);
    if (kind === 'tree' || kind === 'revision') {
      const listing = await (kind === 'tree'
        ? listTree(entries, id, revision, files)
        : Promise.resolve(describe(repository, commit, files)));
      const body = JSON.stringify(listing);
      const headers = {
        ...cors,
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
      };
      response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body);
      return;
    }
    const entry = entries.get(`${id}/${revision}/${path}`);
    if (entry === undefined) {
      const known = { ...cors, 'X-Repo-Commit': commit };
      refuse(request, response, 404, known, 'EntryNotFound', 'Entry not found');
      return;
    }
    const oid = await entry.oid();
    const own = { ...cors, 'X-Repo-Commit': commit };
    if (kind === 'cached') {
      const { plan, sent } = open(request, 'content', entry, `"${oid}"`);
      await answer(request, response, plan, withCors(own, plan), sent);
      return;
    }
    const headers = {
      ...own,
      'Accept-Ranges': 'bytes',
      'X-Linked-Size': String(entry.source.size),
      'X-Linked-ETag': `"${oid}"`,
    };
    const { plan, sent } = open(request, 'resolve', entry, `"${oid}"`);
    if (plan.hangUp || plan.refusal !== null || plan.webPage) {
      await answer(request, response, plan, withCors(headers, plan), sent);
      return;
    }
    for (const { gate } of plan.stalls) await gate.pass();
    let status = 307;
    let location = `/api/resolve-cache/models/${id}/${encodeURIComponent(revision)}/${path}?etag=${oid}`;
    if (entry.byContent) {
      status = 302;
      const contentPath = `/${digest('sha1', id).slice(0, 24)}/${oid}`;
      contents.set(contentPath, entry);
      location = `${contentUrl}${contentPath}?Expires=4102444800&Signature=${digest('sha256', contentPath)}`;
    }
    sent.status = status;
    const body = `Found. Redirecting to ${location}`;
    const head = {
      ...withCors(headers, plan),
      Location: location,
      'Content-Length': Buffer.byteLength(body),
    };
    response.writeHead(status, head).end(request.method === 'HEAD' ? undefined : body);
  }

  async function sendContent(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cors = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': '*' };
    if (preflight(request, response, cors)) return;
    const { pathname, searchParams } = new URL(request.url ?? '/', contentUrl);
    const entry = contents.get(pathname);
    if (entry === undefined || searchParams.get('Signature') !== digest('sha256', pathname)) {
      const body = '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>';
      response.writeHead(403, { ...cors, 'Content-Type': 'application/xml' }).end(body);
      return;
    }
    // Like the real content network, it uses another ETag than the hub.
    const { plan, sent } = open(request, 'content', entry, `"${(await entry.oid()).slice(0, 32)}"`);
    await answer(request, response, plan, withCors(cors, plan), sent);
  }

  return {
    url,
    contentUrl,
    requests,
    fetched: (path) => {
      const own = requests.filter(
        (request) => request.path === path && request.at === 'content' && request.method === 'GET',
      );
      return { requests: own.length, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
    inject: (rule) => {
      const active = new ActiveRule(rule);
      rules.push(active);
      return {
        matches: () => active.matches,
        remove: () => {
          const index = rules.indexOf(active);
          if (index >= 0) rules.splice(index, 1);
        },
      };
    },
    reset: () => {
      rules.length = 0;
      requests.length = 0;
    },
    close: async () => {
      await Promise.all([resolving, content].map(stop));
    },
  };
}

/** Reports bugs of the fake server as 599 with a stack, distinguishable from injected faults. */
function serve(response: ServerResponse, work: Promise<void>): void {
  work.catch((error: unknown) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(599).end(String(error instanceof Error ? error.stack : error));
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The hub has no port.');
  return `http://127.0.0.1:${address.port}`;
}

function stop(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => {
      closed();
    });
    server.closeAllConnections();
  });
}

const digest = (kind: 'sha1' | 'sha256', content: string | Uint8Array) =>
  createHash(kind).update(content).digest('hex');

/** Commit of a revision; derived for names that are not commits. */
const commitOf = (revision: string) =>
  /^[0-9a-f]{40}$/.test(revision) ? revision : digest('sha1', revision);

function identity(path: string, source: ByteSource): Pick<Entry, 'byContent' | 'oid'> {
  const byContent = keptByContent.test(path) || source.size >= largeFile;
  let known: Promise<string> | null = null;
  const find = async () => {
    if (source.size > largestHashed) return digest('sha256', `${path} ${source.size}`);
    const bytes = await source.read(0, source.size);
    if (byContent) return digest('sha256', bytes);
    return digest('sha1', Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]));
  };
  return { byContent, oid: () => (known ??= find()) };
}

function hubHeaders(request: IncomingMessage): Record<string, string> {
  return {
    'Access-Control-Allow-Origin': request.headers.origin ?? 'https://huggingface.co',
    Vary: 'Origin',
    'Access-Control-Expose-Headers': exposed,
    'Access-Control-Max-Age': '86400',
  };
}

/** Headers without those removed by CORS faults. */
function withCors(headers: Readonly<Record<string, string>>, { cors }: AnswerPlan): Record<string, string> {
  if (cors === 'open') return { ...headers };
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) =>
        !name.startsWith('Access-Control-') ||
        (cors === 'hidden' && name !== 'Access-Control-Expose-Headers'),
    ),
  );
}

/** Answers a CORS preflight request. */
function preflight(
  request: IncomingMessage,
  response: ServerResponse,
  cors: Readonly<Record<string, string>>,
): boolean {
  if (request.method !== 'OPTIONS') return false;
  const allowed = request.headers['access-control-request-headers'];
  response.writeHead(204, {
    ...cors,
    'Access-Control-Allow-Methods': 'GET,HEAD',
    ...(allowed === undefined ? {} : { 'Access-Control-Allow-Headers': allowed }),
  });
  response.end();
  return true;
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  code: string,
  message: string,
): void {
  const reason = { 'X-Error-Code': code, 'X-Error-Message': message };
  const length = { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(message) };
  response.writeHead(status, { ...headers, ...reason, ...length });
  response.end(request.method === 'HEAD' ? undefined : message);
}

/** Parses the hub's URLs. A revision with a slash is encoded. */
function splitPath(pathname: string): {
  kind: 'resolve' | 'cached' | 'tree' | 'revision';
  id: string;
  revision: string;
  path: string;
} | null {
  const cached = /^\/api\/resolve-cache\/models\/([^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(pathname);
  const resolved = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
  const listed = /^\/api\/models\/([^/]+\/[^/]+)\/(tree|revision)\/([^/]+)\/?$/.exec(pathname);
  if (cached !== null) {
    const [, id = '', revision = '', path = ''] = cached;
    return { kind: 'cached', id, revision, path };
  }
  if (listed !== null) {
    const [, id = '', kind, revision = ''] = listed;
    return { kind: kind === 'tree' ? 'tree' : 'revision', id, revision, path: '' };
  }
  if (resolved !== null) {
    const [, id = '', revision = '', path = ''] = resolved;
    return { kind: 'resolve', id, revision, path };
  }
  return null;
}

/** `/api/models/{id}/tree/{revision}?recursive=true`. */
function listTree(
  entries: ReadonlyMap<string, Entry>,
  id: string,
  revision: string,
  files: RepositoryFiles,
): Promise<unknown[]> {
  return Promise.all(
    [...files].map(async ([path, { size }]) => {
      const entry = entries.get(`${id}/${revision}/${path}`);
      const oid = (await entry?.oid()) ?? '';
      const plain = { type: 'file', oid: oid.slice(0, 40), size, path };
      return entry?.byContent === true ? { ...plain, lfs: { oid, size, pointerSize: 135 } } : plain;
    }),
  );
}

/** `/api/models/{id}/revision/{revision}`, the part that is used. */
function describe({ id, licence }: Repository, sha: string, files: RepositoryFiles): unknown {
  return {
    id,
    modelId: id,
    sha,
    private: false,
    gated: false,
    cardData: licence === undefined ? {} : { license: licence },
    siblings: [...files.keys()].map((rfilename) => ({ rfilename })),
  };
}
