/**
 * NTLM messages ([MS-NLMP] 2.2.1), which SMB, RPC, LDAP and HTTP carry in clear: the server's
 * challenge names its computer and domain and the version of its system, the client's answer
 * names its workstation.
 */
import { ascii, isAt, textAt, wideTextAt } from './octets.ts';
import type { FactSink } from './payload.ts';

const SIGNATURE = ascii('NTLMSSP\0');
const CHALLENGE = 2;
const AUTHENTICATE = 3;
const UNICODE = 1;
const VERSION_KNOWN = 0x02000000;
const COMPUTER = 1;
const DOMAIN = 2;
const DNS_COMPUTER = 3;
const DNS_DOMAIN = 4;
const MOST_PAIRS = 12;
/** Octets of a packet that are looked through for the signature. */
const MOST_LOOKED = 600;

/** Reads the NTLM message in the payload, if there is one. `kind` says what carried it. */
export function readNtlm(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  kind: string,
  to: FactSink,
): void {
  const from = signatureAt(bytes, at, Math.min(end, at + MOST_LOOKED));
  if (from < 0 || end - from < 32) return;
  const type = view.getUint32(from + 8, true);
  if (type === CHALLENGE) readChallenge(bytes, view, from, end, kind, to);
  else if (type === AUTHENTICATE) readWorkstation(bytes, view, from, end, kind, to);
}

function signatureAt(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at; next < end; next++) {
    if (bytes[next] === 0x4e && isAt(bytes, next, end, SIGNATURE)) return next;
  }
  return -1;
}

/** Flags at 20, target information (length, offset) at 40, version at 48. */
function readChallenge(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  kind: string,
  to: FactSink,
): void {
  if (end - at < 48) return;
  if ((view.getUint32(at + 20, true) & VERSION_KNOWN) !== 0 && end - at >= 52) {
    const build = view.getUint16(at + 50, true);
    to.service('ntlm version', `${bytes[at + 48]}.${bytes[at + 49]}.${build}`);
  }
  const stop = Math.min(end, at + view.getUint32(at + 44, true) + view.getUint16(at + 40, true));
  let next = at + view.getUint32(at + 44, true);
  for (let pair = 0; pair < MOST_PAIRS && stop - next >= 4; pair++) {
    const id = view.getUint16(next, true);
    const value = next + 4;
    next = value + view.getUint16(next + 2, true);
    if (id === 0 || next > stop) return;
    if (id === COMPUTER || id === DNS_COMPUTER)
      to.name(kind, wideTextAt(bytes, value, next), 'source');
    else if (id === DNS_DOMAIN || id === DOMAIN)
      to.service('domain', wideTextAt(bytes, value, next));
  }
}

/** Workstation (length, offset) at 44, flags at 60. */
function readWorkstation(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  kind: string,
  to: FactSink,
): void {
  if (end - at < 64) return;
  const from = at + view.getUint32(at + 48, true);
  const stop = from + view.getUint16(at + 44, true);
  if (stop > end || stop <= from) return;
  const wide = (view.getUint32(at + 60, true) & UNICODE) !== 0;
  const name = wide ? wideTextAt(bytes, from, stop) : textAt(bytes, from, stop);
  // Clients that have no name of their own give the server's, or none.
  to.name(kind, name.replace(/^\\+/, ''), 'source');
}
