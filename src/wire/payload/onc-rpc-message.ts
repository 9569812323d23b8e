/**
 * ONC remote procedure calls (RFC 5531): transaction, direction, then a call (RPC version 2,
 * program, version, procedure, credentials, verifier) or a reply. Over TCP each record has a mark
 * of four octets before it (section 11). Portmap and NFS are programs of it.
 */
import { ANSWERS, ASKS, CERTAIN, type Detection, LIKELY, type Payload } from './payload.ts';

const TCP = 6;
const CALL = 0;
const REPLY = 1;
const CALL_HEADER = 24;
/** With a credential and a verifier of a flavour and a length each. */
const SMALLEST_CALL = 40;
/** Credentials and verifiers have at most 400 octets (RFC 5531 section 8.2). */
const MOST_AUTH = 400;
const NONE = 0;
const SYSTEM = 1;
/** A system credential: a number, a host's name, user, group, and at most 16 more groups. */
const LEAST_SYSTEM = 20;
const MOST_HOST = 255;
const MOST_GROUPS = 16;
/** IANA gives programs from here on; above the transient ones all are reserved (section 13.1). */
const FIRST_PROGRAM = 100_000;
const PROGRAMS_END = 0x6000_0000;
/** None, system, short, Diffie-Hellman, Kerberos, RSA, GSS; TLS (RFC 9289). */
const LAST_FLAVOUR = 7;

export const PROGRAM_PORTMAP = 100_000;
export const PROGRAM_NFS = 100_003;

/** First octets of a record's mark: no record has 16 MiB, and the last fragment has the top bit. */
export const RECORD_BEGINS: readonly number[] = [0x00, 0x80];

/** Index of the transaction id: over TCP after the record's mark. */
export function rpcStart({ at, transport }: Payload): number {
  return transport === TCP ? at + 4 : at;
}

/** The program that a call names, or 0 for replies and what is no RPC. */
export function calledProgram(payload: Payload): number {
  const start = rpcStart(payload);
  if (payload.end - start < CALL_HEADER || payload.view.getInt32(start + 4) !== CALL) return 0;
  return payload.view.getUint32(start + 12);
}

/**
 * Any program's call or reply; `CERTAIN` takes a version and a credential that the format allows.
 */
export function detectRpc(payload: Payload): Detection {
  const { view, at, end, length, transport } = payload;
  const start = rpcStart(payload);
  if (end - start < 20) return 0;
  if (transport === TCP) {
    // The last fragment's bit, and a length of at least a header's.
    const size = view.getUint32(at) & 0x7fff_ffff;
    if (size < 20 || size > 1 << 23 || (size & 3) !== 0) return 0;
  } else if ((length & 3) !== 0) return 0;
  const direction = view.getInt32(start + 4);
  if (direction === REPLY) return detectReply(payload, start);
  if (direction !== CALL || end - start < CALL_HEADER) return 0;
  if (view.getInt32(start + 8) !== 2) return 0;
  const isStream = transport === TCP;
  const octets = isStream ? view.getUint32(at) & 0x7fff_ffff : length;
  if (octets < SMALLEST_CALL) return 0;
  // Versions and procedures are small.
  if (view.getUint32(start + 16) > 64 || view.getUint32(start + 20) > 512) return 0;
  const program = view.getUint32(start + 12);
  if (program < FIRST_PROGRAM || program >= PROGRAMS_END) return 0;
  const verifier = authEnd(payload, start + CALL_HEADER);
  const after = verifier < 0 ? -1 : authEnd(payload, verifier);
  if (after < 0 || (!isStream && after > at + length)) return 0;
  // Version 0 is asked for to learn which there are; all zeros may be anything. Over TCP nearly all
  // calls are one fragment, the last.
  const isWhole = !isStream || view.getUint8(at) >= 0x80;
  const isUsual = isWhole && view.getInt32(start) !== 0 && view.getInt32(start + 16) !== 0;
  return (isUsual ? CERTAIN : LIKELY) | ASKS;
}

/**
 * Index after the credential or verifier at `at`, -1 where it cannot be one; what was not captured of
 * it counts as fitting.
 */
function authEnd({ view, end }: Payload, at: number): number {
  if (at + 8 > end) return at;
  const flavour = view.getUint32(at);
  const octets = view.getUint32(at + 4);
  if (!isFlavour(flavour) || octets > MOST_AUTH || (flavour === NONE && octets !== 0)) return -1;
  if (flavour === SYSTEM && octets > 0 && !isSystem(view, at + 8, octets, end)) return -1;
  return at + 8 + ((octets + 3) & ~3);
}

/** Whether the lengths of the host's name and of the list of groups fill the credential. */
function isSystem(view: DataView, at: number, octets: number, end: number): boolean {
  if (octets < LEAST_SYSTEM || (octets & 3) !== 0) return false;
  if (at + 8 > end) return true;
  const host = view.getUint32(at + 4);
  const groups = at + 16 + ((host + 3) & ~3);
  if (host > MOST_HOST || groups + 4 > at + octets) return false;
  if (groups + 4 > end) return true;
  const count = view.getUint32(groups);
  return count <= MOST_GROUPS && groups + 4 + 4 * count === at + octets;
}

function isFlavour(flavour: number): boolean {
  return flavour <= LAST_FLAVOUR || (flavour >= 390_003 && flavour <= 390_011);
}

/**
 * Replies name no program and may be but small numbers: they are never certain. Transactions are
 * numbered from a random number, or from the time.
 */
function detectReply(payload: Payload, start: number): Detection {
  const { view, end } = payload;
  const isNumbered = view.getUint16(start) !== 0 && view.getUint16(start + 2) !== 0;
  if (!isNumbered && !isOnPort(payload)) return 0;
  const status = view.getUint32(start + 8);
  if (status === 1) {
    // Denied: RPC version mismatch with the two versions, or an authentication error.
    const why = view.getUint32(start + 12);
    return why <= 1 && view.getUint32(start + 16) <= 15 ? LIKELY | ANSWERS : 0;
  }
  if (status !== 0) return 0;
  const accepted = authEnd(payload, start + 12);
  if (accepted < 0) return 0;
  if (accepted + 4 > end) return LIKELY | ANSWERS;
  if (view.getUint32(accepted) > 5) return 0;
  return isOnPort(payload) || !isEmpty(payload, accepted + 4) ? LIKELY | ANSWERS : 0;
}

/** Whether there are results, of which the first words are all zero. */
function isEmpty({ view, end }: Payload, at: number): boolean {
  const stop = Math.min(end, at + 16);
  for (let next = at; next + 4 <= stop; next += 4) if (view.getInt32(next) !== 0) return false;
  return stop - at > 4;
}

/** The port of the port mapper or of NFS, the side that answers. */
function isOnPort({ sourcePort }: Payload): boolean {
  return sourcePort === 111 || sourcePort === 2049;
}

/** Index of an accepted, successful reply's results, or -1. */
export function resultsAt({ view, end }: Payload, start: number): number {
  if (end - start < 24 || view.getInt32(start + 4) !== REPLY || view.getInt32(start + 8) !== 0) {
    return -1;
  }
  const accepted = start + 20 + view.getUint32(start + 16);
  if (accepted + 4 > end || view.getUint32(accepted) !== 0) return -1;
  return accepted + 4;
}
