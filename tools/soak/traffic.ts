/** Network traffic and transfer rates. */

/** Cumulative bytes sent by a hub at a moment: float32 weights and everything else. */
export interface Sent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly float32: number;
  readonly others: number;
}

export interface Rate {
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Bytes and seconds of a time span, for float32 weights and in total. An interval with both kinds of traffic is divided
 * in proportion to their bytes; an interval without traffic is attributed like the one before, whose bytes may still be
 * being converted.
 *
 * @param sent - in chronological order
 */
export function ratesIn(
  sent: readonly Sent[],
  from: number,
  to: number,
): { readonly float32: Rate; readonly all: Rate } {
  const inside = sent.filter(({ at }) => at >= from && at <= to);
  let share = 1;
  let [bytes, float32Bytes, seconds, float32Seconds] = [0, 0, 0, 0];
  for (const [index, now] of inside.entries()) {
    const before = inside[index - 1];
    if (!before) continue;
    const float32 = now.float32 - before.float32;
    const all = float32 + now.others - before.others;
    if (all > 0) share = float32 / all;
    const span = (now.at - before.at) / 1000;
    bytes += all;
    float32Bytes += float32;
    seconds += span;
    float32Seconds += share * span;
  }
  return { float32: { bytes: float32Bytes, seconds: float32Seconds }, all: { bytes, seconds } };
}

/** Sum of several rates. */
export function together(rates: readonly Rate[]): Rate {
  return {
    bytes: rates.reduce((sum, rate) => sum + rate.bytes, 0),
    seconds: rates.reduce((sum, rate) => sum + rate.seconds, 0),
  };
}
