/**
 * Zeek's connection states from what both ends did.
 *
 *   S0 attempt unanswered        S1 established, not closed    SF established and closed
 *   REJ attempt rejected         S2, S3 closed by the originator, the responder alone
 *   RSTO, RSTR reset by the originator, the responder         RSTOS0 SYN, then RST by the same end
 *   RSTRH SYN-ACK, then RST by the responder, no SYN seen     SH SYN and FIN, no SYN-ACK seen
 *   SHR SYN-ACK and FIN by the responder, no SYN seen         OTH none of these (mid-stream)
 */
import type { ConnectionState } from '../model/flow.ts';
import type { Chunk } from './chunk.ts';
import {
  CLOSED,
  ESTABLISHED,
  F_PAYLOAD_A,
  INACTIVE,
  PARTIAL,
  R_KIND,
  R_PACKETS_A,
  R_PACKETS_B,
  R_SEEN,
  R_STATE,
  RESET,
  S_A,
  S_B,
  SYN_ACK_SENT,
  SYN_SENT,
} from './flow-row.ts';

/** The state of the row at `base`, given which side is the client. */
export function connectionState(chunk: Chunk, base: number, clientIsB: boolean): ConnectionState {
  const words = chunk.words;
  const protocol = words[base + R_KIND]! & 0xff;
  if (protocol === 6) {
    const state = words[base + R_STATE]!;
    const a = (state >>> S_A) & 7;
    const b = (state >>> S_B) & 7;
    const half = (base >>> 1) + F_PAYLOAD_A;
    const silent = chunk.floats[half] === 0 && chunk.floats[half + 1] === 0;
    const seen = (words[base + R_SEEN]! >>> (clientIsB ? 8 : 0)) & 0xff;
    const onlyAttempted = (seen & ATTEMPT) !== 0 && (seen & BEYOND_ATTEMPT) === 0;
    return clientIsB
      ? tcpState(b, a, silent, onlyAttempted)
      : tcpState(a, b, silent, onlyAttempted);
  }
  if (protocol === 17 || protocol === 132 || protocol === 33) {
    const client = words[base + (clientIsB ? R_PACKETS_B : R_PACKETS_A)] !== 0;
    const server = words[base + (clientIsB ? R_PACKETS_A : R_PACKETS_B)] !== 0;
    if (client) return server ? 'SF' : 'S0';
    return server ? 'SHR' : 'OTH';
  }
  return 'OTH';
}

/** History bits of the client (see history.ts): its SYN, and what goes beyond an attempt. */
const ATTEMPT = 1;
const BEYOND_ATTEMPT = 2 | 4 | 16 | 64 | 128;

function tcpState(
  client: number,
  server: number,
  silent: boolean,
  onlyAttempted: boolean,
): ConnectionState {
  const clientInactive = client === INACTIVE || client === PARTIAL;
  const serverInactive = server === INACTIVE || server === PARTIAL;
  if (server === RESET) {
    if (client === SYN_SENT || client === SYN_ACK_SENT || (client === RESET && silent))
      return 'REJ';
    return clientInactive ? 'RSTRH' : 'RSTR';
  }
  if (client === RESET) {
    if (!serverInactive) return 'RSTO';
    return onlyAttempted ? 'RSTOS0' : 'OTH';
  }
  if (client === CLOSED && server === CLOSED) return 'SF';
  if (client === CLOSED) return serverInactive ? 'SH' : 'S2';
  if (server === CLOSED) return clientInactive ? 'SHR' : 'S3';
  if (client === SYN_SENT && server === INACTIVE) return 'S0';
  if (client === ESTABLISHED && server === ESTABLISHED) return 'S1';
  return 'OTH';
}
