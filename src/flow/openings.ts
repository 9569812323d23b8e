/**
 * Who opened an SCTP association (RFC 9260: INIT is chunk type 1, INIT ACK 2) or a DCCP
 * connection (RFC 4340: request is type 0, response 1; the decoder adds one).
 */
import {
  MARK_ACCEPT_FROM_A,
  MARK_ACCEPT_FROM_B,
  MARK_OPEN_FROM_A,
  MARK_OPEN_FROM_B,
  R_STATE,
} from './flow-row.ts';

/** Notes in the row's state whether a packet sent by `side` opens or accepts. */
export function noteOpening(words: Int32Array, base: number, side: number, flags: number): void {
  const type = flags & 0xff;
  if (type === 1) words[base + R_STATE]! |= side === 0 ? MARK_OPEN_FROM_A : MARK_OPEN_FROM_B;
  else if (type === 2)
    words[base + R_STATE]! |= side === 0 ? MARK_ACCEPT_FROM_A : MARK_ACCEPT_FROM_B;
}
