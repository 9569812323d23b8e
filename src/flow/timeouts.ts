/**
 * When a flow is over without having said so. Defaults are Zeek's, so that flows are cut at the
 * same places; each is an option.
 */
import {
  CLOSED,
  INACTIVE,
  MARK_CLOSED_A,
  MARK_CLOSED_B,
  R_FIRST_SECONDS,
  R_KIND,
  R_LAST_SECONDS,
  R_STATE,
  RESET,
  S_A,
  S_B,
  SYN_SENT,
} from './flow-row.ts';

/** All in seconds. */
export interface Timeouts {
  /** Silence on a TCP or SCTP connection. */
  readonly tcp: number;
  /** Silence on a UDP conversation. */
  readonly udp: number;
  /** Silence between hosts on ICMP and protocols without ports. */
  readonly other: number;
  /** A TCP attempt that nobody answered, from its first packet. */
  readonly attempt: number;
  /** After a TCP connection was closed or reset. */
  readonly closed: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { tcp: 300, udp: 60, other: 60, attempt: 5, closed: 5 };

/** No row is over before this many seconds of silence, so most packets need no further look. */
export const SHORTEST_TIMEOUT = 1;

/** Whether the row at `base` was over by `now` (seconds). */
export function isOver(timeouts: Timeouts, words: Int32Array, base: number, now: number): boolean {
  const idle = now - words[base + R_LAST_SECONDS]!;
  const protocol = words[base + R_KIND]! & 0xff;
  if (protocol === 17) return idle >= timeouts.udp;
  if (protocol !== 6) return idle >= (protocol === 132 ? timeouts.tcp : timeouts.other);
  const state = words[base + R_STATE]!;
  const a = (state >>> S_A) & 7;
  const b = (state >>> S_B) & 7;
  if ((a === SYN_SENT && b === INACTIVE) || (b === SYN_SENT && a === INACTIVE)) {
    return now - words[base + R_FIRST_SECONDS]! >= timeouts.attempt;
  }
  const closes = MARK_CLOSED_A | MARK_CLOSED_B;
  const over = a === RESET || b === RESET || (state & closes) === closes;
  const half = (a === CLOSED && b === INACTIVE) || (b === CLOSED && a === INACTIVE);
  return idle >= (over || half ? timeouts.closed : timeouts.tcp);
}
