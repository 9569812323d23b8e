/**
 * The header that load balancers put before a connection's first octets (HAProxy's “PROXY
 * protocol”, versions 1 and 2): what is spoken comes after it.
 */
import { ascii, isAt, lineEnd } from './octets.ts';
import type { Payload } from './payload.ts';

const TCP = 6;
const TEXT = ascii('PROXY ');
const BINARY = ascii('\r\n\r\n\0\r\nQUIT\n');
/** Version 1 is one line; version 2 has its signature, two octets and the length of the rest. */
const MOST_TEXT = 107;
const BINARY_HEADER = 16;

/** Aims the payload behind a header it begins with; one that is all header stays as it is. */
export function skipProxyHeader(payload: Payload): void {
  const { bytes, at, end, length } = payload;
  if (payload.transport !== TCP || (bytes[at] !== 0x50 && bytes[at] !== 13)) return;
  let octets = 0;
  if (isAt(bytes, at, end, TEXT)) {
    const stop = lineEnd(bytes, at, Math.min(end, at + MOST_TEXT));
    if (stop < end && bytes[stop] === 13) octets = stop + 2 - at;
  } else if (isAt(bytes, at, end, BINARY) && end - at >= BINARY_HEADER) {
    octets = BINARY_HEADER + payload.view.getUint16(at + BINARY_HEADER - 2);
  }
  if (octets === 0 || octets >= length || at + octets >= end) return;
  payload.at += octets;
  payload.length -= octets;
}
