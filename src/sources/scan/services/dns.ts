/**
 * `version.bind` in class CHAOS (RFC 4892 describes the practice): name servers that answer say
 * their product; any well-formed answer to the question shows a name server.
 */
import { hex, join, octetsOf, textOf } from './octets.ts';
import { detailsOf, type Found } from './recogniser.ts';

const ID = 0x7072;

/** A query for TXT of `version.bind` in class CHAOS. */
export function versionQuestion(): Uint8Array {
  return join(
    hex('7072 0000 0001 0000 0000 0000 07'),
    octetsOf('version\x04bind\0'),
    hex('0010 0003'),
  );
}

/** The answer to that question, over UDP or without TCP's length. */
export function readDns(message: Uint8Array): Found | undefined {
  if (message.length < 12) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const flags = view.getUint16(2);
  if (view.getUint16(0) !== ID || (flags & 0xf800) !== 0x8000) return undefined;
  const code = flags & 15;
  const said = code === 0 && view.getUint16(6) > 0 ? textRecord(message, view) : undefined;
  return {
    name: 'domain',
    ...(said === undefined ? {} : productOf(said)),
    details: detailsOf({
      answer: [
        'no error',
        'format error',
        'server failure',
        'no such name',
        'not implemented',
        'refused',
      ][code],
      recursion: (flags & 0x80) === 0 ? 'not available' : 'available',
    }),
    confidence: 10,
  };
}

/** First character string of the first TXT record of the answer section. */
function textRecord(message: Uint8Array, view: DataView): string | undefined {
  let at = skipName(message, 12);
  for (let questions = view.getUint16(4); questions > 0 && at > 0; questions--) {
    at += 4;
    if (questions > 1) at = skipName(message, at);
  }
  at = at < 0 ? -1 : skipName(message, at);
  if (at < 0 || at + 11 > message.length || view.getUint16(at) !== 16) return undefined;
  const length = message[at + 10]!;
  return textOf(message, at + 11, Math.min(message.length, at + 11 + length));
}

/** Index after a name; -1 when it runs out of the message. */
function skipName(message: Uint8Array, from: number): number {
  for (let at = from; at < message.length; ) {
    const length = message[at]!;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return -1;
}

function productOf(said: string): { product?: string; version?: string } {
  const known =
    /^(?:(dnsmasq|unbound|PowerDNS[^\d]{0,30}|NSD|Knot DNS)[- ])?v?(\d+\.\d[\w.+~-]*)/i.exec(said);
  if (known === null) return { product: said.slice(0, 120) };
  const [, product = 'BIND', version = ''] = known;
  return { product: product.trim(), version };
}
