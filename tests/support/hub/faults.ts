import type { ByteSource } from '../../../src/models/types.ts';

/** Holds answers back until a test lets go of them: an event, where a timer would guess. */
export interface Gate {
  /** Once the first answer waits here. */
  readonly reached: Promise<void>;
  /** Lets everything pass, now and later. */
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

/** One thing that goes wrong with an answer. Several of them add up. */
export type Fault =
  /** The connection ends before there is any answer. */
  | { readonly kind: 'hang-up' }
  /** No answer, not even headers, until the gate is opened. */
  | { readonly kind: 'silence'; readonly gate: Gate }
  /** The connection ends after so many bytes of the body, of those that the headers announced. */
  | { readonly kind: 'drop'; readonly after: number }
  /** A refusal: 429, 500, 503, 403 of an expired link, …; `retryAfter` in seconds. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number }
  /** 200 and the whole file, whatever was asked for. */
  | { readonly kind: 'ignore-range' }
  /** 416, though the range is good. */
  | { readonly kind: 'refuse-range' }
  /** Another part than the one asked for, that many bytes further on, and said so in Content-Range. */
  | { readonly kind: 'other-range'; readonly shift: number }
  /** A Content-Range that lies: the bytes are those asked for, the header claims that many bytes further on. */
  | { readonly kind: 'false-range'; readonly shift: number }
  /** Another file in its place, with another ETag unless that is given. */
  | { readonly kind: 'replaced'; readonly by: ByteSource; readonly etag?: string }
  /** A body that is that many bytes shorter than Content-Range says, with a Content-Length that agrees with the body. */
  | { readonly kind: 'short'; readonly by: number }
  /** 200 and a web page, as networks answer that want a log-in first. */
  | { readonly kind: 'web-page' }
  /** Nothing more comes after so many bytes of the body, until the gate is opened. */
  | { readonly kind: 'stall'; readonly after: number; readonly gate: Gate }
  /** A slow line, shared by all answers of the rule. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** None of the headers that let pages of other sites read the answer. */
  | { readonly kind: 'no-cors' }
  /** Headers that pages of other sites may not see, and so find missing (Content-Range, ETag). */
  | { readonly kind: 'hide-headers' };

/** Which requests go wrong, and how. */
export interface FaultRule {
  readonly faults: readonly Fault[];
  /** Path in the repository; all of them when left out. */
  readonly path?: string;
  /**
   * Which server: the one that sends the content (default), or the one that resolves names, where only `hang-up`,
   * `status`, `web-page`, `stall` and the faults of CORS mean anything.
   */
  readonly at?: 'content' | 'resolve';
  readonly method?: 'GET' | 'HEAD';
  /** Only requests for a range with this byte in it: which request that is may depend on how many run side by side. */
  readonly covering?: number;
  /** The first matching request that goes wrong, counted from 1 (default 1), and the last (default: no end). */
  readonly from?: number;
  readonly to?: number;
}

/** How one request will be answered: the file as it should be, until faults change the plan. */
export interface AnswerPlan {
  file: ByteSource;
  etag: string;
  hangUp: boolean;
  silence: Gate | null;
  refusal: { readonly status: number; readonly retryAfter: number | null } | null;
  webPage: boolean;
  ranges: 'honoured' | 'ignored' | 'refused';
  /** Bytes by which the part that is sent, and the one that is claimed, lie further on. */
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

/** A line of so many bytes a second; who sends waits for its turn. */
export class SlowLine {
  readonly #bytesPerSecond: number;
  #free = 0;
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Bytes that are sent at once: a fiftieth of a second. */
  get portion(): number {
    return Math.max(1, Math.ceil(this.#bytesPerSecond / 50));
  }

  /** Waits until the line has sent what it was given before, and takes `bytes`. */
  async take(bytes: number): Promise<void> {
    const now = performance.now();
    const turn = Math.max(now, this.#free);
    this.#free = turn + (1000 * bytes) / this.#bytesPerSecond;
    if (turn > now) await new Promise((resolve) => setTimeout(resolve, turn - now));
  }
}

/** A rule at work: it counts the requests that match it. */
export class ActiveRule {
  readonly #rule: FaultRule;
  readonly #lines = new Map<Fault, SlowLine>();
  #matches = 0;
  constructor(rule: FaultRule) {
    this.#rule = rule;
  }

  /** How many requests matched so far, those before `from` and after `to` among them. */
  get matches(): number {
    return this.#matches;
  }

  /** Changes the plan for a request, if it is one of the rule's. */
  apply(plan: AnswerPlan, request: FaultedRequest): void {
    const { path, at = 'content', method = 'GET', covering, from = 1, to = Infinity, faults } = this.#rule;
    if (path !== undefined && path !== request.path) return;
    if (at !== request.at || method !== request.method) return;
    const { first, last } = request.range ?? { first: 0, last: Infinity };
    if (covering !== undefined && !(first <= covering && covering <= last)) return;
    this.#matches++;
    if (this.#matches < from || this.#matches > to) return;
    for (const fault of faults) this.#spoil(plan, fault);
  }

  #spoil(plan: AnswerPlan, fault: Fault): void {
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

/** What a rule looks at. */
export interface FaultedRequest {
  readonly at: 'content' | 'resolve';
  readonly method: string;
  readonly path: string;
  readonly range: { readonly first: number; readonly last: number } | null;
}
