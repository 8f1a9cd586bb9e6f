import type { ByteSource } from '../../../src/models/types.ts';

/** Blocks answers until a test opens it: an event instead of a timer. */
export interface Gate {
  /** Resolves when the first answer is blocked. */
  readonly reached: Promise<void>;
  /** Releases all current and later answers. */
  open(): void;
  /** For the server: waits until the gate is open. */
  pass(): Promise<void>;
}

export function createGate(): Gate {
  let reach: () => void = () => undefined;
  let open: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    reached,
    open,
    pass: () => {
      reach();
      return opened;
    },
  };
}

/** A fault in an answer; several can be combined. */
export type Fault =
  /** The connection closes without an answer. */
  | { readonly kind: 'hang-up' }
  /** No answer, not even headers, until the gate opens. */
  | { readonly kind: 'silence'; readonly gate: Gate }
  /** The connection closes after this many bytes of the announced body. */
  | { readonly kind: 'drop'; readonly after: number }
  /** An error status: 429, 500, 503, 403 of an expired link, …; `retryAfter` in seconds. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number }
  /** 200 and the whole file, even for range requests. */
  | { readonly kind: 'ignore-range' }
  /** 416 for a valid range. */
  | { readonly kind: 'refuse-range' }
  /** A range shifted by this many bytes, with a matching Content-Range. */
  | { readonly kind: 'other-range'; readonly shift: number }
  /** The requested bytes, with a Content-Range shifted by this many bytes. */
  | { readonly kind: 'false-range'; readonly shift: number }
  /** Another file, with another ETag by default. */
  | { readonly kind: 'replaced'; readonly by: ByteSource; readonly etag?: string }
  /** A body shorter by this many bytes than Content-Range says, with a Content-Length that matches the body. */
  | { readonly kind: 'short'; readonly by: number }
  /** 200 and a web page, like a captive portal. */
  | { readonly kind: 'web-page' }
  /** No more data after this many bytes of the body until the gate opens. */
  | { readonly kind: 'stall'; readonly after: number; readonly gate: Gate }
  /** Limited bandwidth, shared by all answers of the rule. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** No CORS headers. */
  | { readonly kind: 'no-cors' }
  /** Headers not exposed by CORS (Content-Range, ETag), which therefore appear to be missing. */
  | { readonly kind: 'hide-headers' };

/** Which requests fail, and how. */
export interface FaultRule {
  readonly faults: readonly Fault[];
  /** Path in the repository; default: all. */
  readonly path?: string;
  /**
   * Server: the one that sends contents (default), or the one that resolves names, which supports only `hang-up`, `status`,
   * `web-page`, `stall` and the CORS faults.
   */
  readonly at?: 'content' | 'resolve';
  readonly method?: 'GET' | 'HEAD';
  /** Only requests whose range includes this byte: the order of concurrent requests may vary. */
  readonly covering?: number;
  /** First and last matching request to fail, counted from 1 (default: 1 to infinity). */
  readonly from?: number;
  readonly to?: number;
}

/** How a request will be answered; faults modify the plan. */
export interface AnswerPlan {
  file: ByteSource;
  etag: string;
  hangUp: boolean;
  silence: Gate | null;
  refusal: { readonly status: number; readonly retryAfter: number | null } | null;
  webPage: boolean;
  ranges: 'honoured' | 'ignored' | 'refused';
  /** Shift of the range that is sent, and of the one that is claimed, in bytes. */
  sentShift: number;
  claimedShift: number;
  shorter: number;
  dropAfter: number;
  stalls: { readonly after: number; readonly gate: Gate }[];
  lines: SlowLine[];
  cors: 'open' | 'hidden' | 'none';
}

/** A plan without faults. */
export function flawless(file: ByteSource, etag: string): AnswerPlan {
  return {
    file,
    etag,
    hangUp: false,
    silence: null,
    refusal: null,
    webPage: false,
    ranges: 'honoured',
    sentShift: 0,
    claimedShift: 0,
    shorter: 0,
    dropAfter: Infinity,
    stalls: [],
    lines: [],
    cors: 'open',
  };
}

/** Bandwidth limiter; senders take turns. */
export class SlowLine {
  readonly #bytesPerSecond: number;
  #free = 0;
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Bytes sent at a time: a fiftieth of a second's. */
  get portion(): number {
    return Math.max(1, Math.ceil(this.#bytesPerSecond / 50));
  }

  /** Waits until earlier bytes have been sent, and reserves `bytes`. */
  async take(bytes: number): Promise<void> {
    const now = performance.now();
    const turn = Math.max(now, this.#free);
    this.#free = turn + (1000 * bytes) / this.#bytesPerSecond;
    if (turn > now) await new Promise((resolve) => setTimeout(resolve, turn - now));
  }
}

/** An active fault rule, which counts its matches. */
export class ActiveRule {
  readonly #rule: FaultRule;
  readonly #lines = new Map<Fault, SlowLine>();
  #matches = 0;
  constructor(rule: FaultRule) {
    this.#rule = rule;
  }

  /** Number of matching requests, including those before `from` and after `to`. */
  get matches(): number {
    return this.#matches;
  }

  /** Applies the faults to the plan of a matching request. */
  apply(plan: AnswerPlan, request: FaultedRequest): void {
    const { path, at = 'content', method = 'GET', covering, from = 1, to = Infinity, faults } = this.#rule;
    if (path !== undefined && path !== request.path) return;
    if (at !== request.at || method !== request.method) return;
    const { first, last } = request.range ?? { first: 0, last: Infinity };
    if (covering !== undefined && !(first <= covering && covering <= last)) return;
    this.#matches++;
    if (this.#matches < from || this.#matches > to) return;
    for (const fault of faults) this.#apply(plan, fault);
  }

  #apply(plan: AnswerPlan, fault: Fault): void {
    switch (fault.kind) {
      case 'hang-up':
        plan.hangUp = true;
        break;
      case 'silence':
        plan.silence = fault.gate;
        break;
      case 'drop':
        plan.dropAfter = Math.min(plan.dropAfter, fault.after);
        break;
      case 'status':
        plan.refusal = { status: fault.status, retryAfter: fault.retryAfter ?? null };
        break;
      case 'ignore-range':
        plan.ranges = 'ignored';
        break;
      case 'refuse-range':
        plan.ranges = 'refused';
        break;
      case 'other-range':
        plan.sentShift += fault.shift;
        plan.claimedShift += fault.shift;
        break;
      case 'false-range':
        plan.claimedShift += fault.shift;
        break;
      case 'replaced':
        plan.file = fault.by;
        plan.etag = fault.etag ?? `"replaced-${fault.by.size}"`;
        break;
      case 'short':
        plan.shorter += fault.by;
        break;
      case 'web-page':
        plan.webPage = true;
        break;
      case 'stall':
        plan.stalls.push(fault);
        break;
      case 'throttle': {
        const line = this.#lines.get(fault) ?? new SlowLine(fault.bytesPerSecond);
        this.#lines.set(fault, line);
        plan.lines.push(line);
        break;
      }
      case 'no-cors':
        plan.cors = 'none';
        break;
      case 'hide-headers':
        plan.cors = 'hidden';
        break;
    }
  }
}

/** Properties of a request that rules match. */
export interface FaultedRequest {
  readonly at: 'content' | 'resolve';
  readonly method: string;
  readonly path: string;
  readonly range: { readonly first: number; readonly last: number } | null;
}
