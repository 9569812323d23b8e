/**
 * When a flow is over without having said so. Defaults are Zeek's, so that flows are cut at the
 * same places; each is an option.
 */
import {
  INACTIVE,
  MARK_OVER,
  R_FIRST_SECONDS,
  R_INTERFACE,
  R_KIND,
  R_LAST_SECONDS,
  R_STATE,
  S_A,
  S_B,
  SYN_SENT,
} from './flow-row.ts';

/** All in seconds, fractions included; 0 ends a flow with each packet, Infinity never does. */
export interface Timeouts {
  /** Silence on a TCP or SCTP connection. */
  readonly tcp: number;
  /** Silence on a UDP conversation. */
  readonly udp: number;
  /** Silence between hosts on ICMP and protocols without ports. */
  readonly other: number;
  /** A TCP attempt that nobody answered, from its first packet. */
  readonly attempt: number;
  /**
   * After a TCP connection was closed or reset, to a 64th of a second. Beyond 8 minutes, of silence
   * instead.
   */
  readonly closed: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { tcp: 300, udp: 60, other: 60, attempt: 5, closed: 5 };

/**
 * The timeouts to use: `given`, and the defaults for the others. Throws a `TypeError` for what is
 * no time.
 */
export function timeoutsOf(given: Partial<Timeouts> = {}): Timeouts {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...given };
  for (const [name, value] of Object.entries(timeouts)) {
    if (!(value >= 0)) throw new TypeError(`timeout ${name} is not a number of seconds: ${value}`);
  }
  return timeouts;
}

/**
 * Whole seconds of silence before which no row is over, so that most packets need no further look.
 */
export function shortestOf(timeouts: Timeouts): number {
  return Object.values(timeouts).every((timeout) => timeout >= 1) ? 1 : 0;
}

/** Whether the row at `base` was over by the time given. */
export function isOver(
  timeouts: Timeouts,
  words: Int32Array,
  base: number,
  seconds: number,
  nanoseconds: number,
): boolean {
  const idle = elapsed(words, base + R_LAST_SECONDS, seconds, nanoseconds);
  const protocol = words[base + R_KIND]! & 0xff;
  if (protocol === 17) return idle >= timeouts.udp;
  if (protocol !== 6) return idle >= (protocol === 132 ? timeouts.tcp : timeouts.other);
  const state = words[base + R_STATE]!;
  const a = (state >>> S_A) & 7;
  const b = (state >>> S_B) & 7;
  if ((a === SYN_SENT && b === INACTIVE) || (b === SYN_SENT && a === INACTIVE)) {
    return elapsed(words, base + R_FIRST_SECONDS, seconds, nanoseconds) >= timeouts.attempt;
  }
  if ((state & MARK_OVER) !== 0) {
    const stamp = closeStamp(seconds, nanoseconds) - (words[base + R_INTERFACE]! >>> 16);
    // Signed: a packet out of order may be from before the end.
    const since = (stamp << 16) >> 16;
    return since >= timeouts.closed * STAMPS_PER_SECOND || idle >= timeouts.closed;
  }
  return idle >= timeouts.tcp;
}

/** Seconds from the time stored at `at` (seconds, nanoseconds) to the time given. */
function elapsed(words: Int32Array, at: number, seconds: number, nanoseconds: number): number {
  return (seconds >>> 0) - (words[at]! >>> 0) + (nanoseconds - words[at + 1]!) / 1e9;
}

const STAMPS_PER_SECOND = 64;

/** A time in 64ths of a second modulo 2^16 (17 minutes): when a connection was closed. */
export function closeStamp(seconds: number, nanoseconds: number): number {
  return (seconds * STAMPS_PER_SECOND + Math.floor(nanoseconds / 15_625_000)) & 0xffff;
}
