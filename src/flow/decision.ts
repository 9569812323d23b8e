/**
 * The direction of a flow as one octet: who is the client, by which rung of the ladder of
 * `direction.ts`, and how far that can be trusted. Octets, so that millions of flows take little room.
 */
import type { Confidence, DirectionReason } from '../model/flow.ts';

const DIRECTION_REASONS: readonly DirectionReason[] = [
  'first-packet',
  'syn',
  'syn-ack',
  'init',
  'known-service',
  'group-destination',
  'message',
  'learned-service',
  'fan-in',
  'port-class',
  'declared',
];

export const FIRST_PACKET = 0;
export const BY_SYN = 1;
export const BY_SYN_ACK = 2;
export const BY_INIT = 3;
export const BY_KNOWN = 4;
export const BY_GROUP = 5;
export const BY_MESSAGE = 6;
export const BY_LEARNED = 7;
export const BY_FAN_IN = 8;
export const BY_PORT_CLASS = 9;
export const BY_DECLARED = 10;

/** A decision in one octet: reason (bits 0–3), client is B (bit 4), confidence (bits 5–6), and: */
export const CLIENT_IS_B = 16;
/** Its question, or its answer, is another flow: see asked-elsewhere.ts. */
export const OTHER_HALF_ELSEWHERE = 128;
export const CERTAIN = 64;
export const LIKELY = 32;

/** The rung that decided. */
export function reasonOf(decision: number): DirectionReason {
  return DIRECTION_REASONS[decision & 15]!;
}

/** How far the rung can be trusted. */
export function confidenceOf(decision: number): Confidence {
  return (decision & CERTAIN) !== 0 ? 'certain' : (decision & LIKELY) !== 0 ? 'likely' : 'unknown';
}
