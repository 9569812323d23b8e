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
/** Credentials and verifiers have at most 400 octets (RFC 5531 section 8.2). */
const MOST_AUTH = 400;
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
  if (direction === REPLY) return detectReply(view, start, end);
  if (direction !== CALL || end - start < CALL_HEADER) return 0;
  if (view.getInt32(start + 8) !== 2) return 0;
  const flavour = end - start >= 32 ? view.getUint32(start + 24) : 0;
  const auth = end - start >= 32 ? view.getUint32(start + 28) : 0;
  if (!isFlavour(flavour) || auth > MOST_AUTH) return 0;
  // Versions and procedures are small; programs below 2^31 (section 13.1).
  if (view.getUint32(start + 16) > 64 || view.getUint32(start + 20) > 512) return 0;
  const program = view.getUint32(start + 12);
  return program > 0 && program < 0x8000_0000 ? CERTAIN | ASKS : 0;
}

function isFlavour(flavour: number): boolean {
  return flavour <= LAST_FLAVOUR || (flavour >= 390_003 && flavour <= 390_011);
}

function detectReply(view: DataView, start: number, end: number): Detection {
  const status = view.getUint32(start + 8);
  if (status === 1) {
    // Denied: RPC version mismatch with the two versions, or an authentication error.
    const why = view.getUint32(start + 12);
    return why <= 1 && view.getUint32(start + 16) <= 15 ? LIKELY | ANSWERS : 0;
  }
  if (status !== 0 || !isFlavour(view.getUint32(start + 12))) return 0;
  const accepted = start + 20 + view.getUint32(start + 16);
  if (accepted - start - 20 > MOST_AUTH) return 0;
  if (accepted + 4 > end) return LIKELY | ANSWERS;
  return view.getUint32(accepted) <= 5 ? CERTAIN | ANSWERS : 0;
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
