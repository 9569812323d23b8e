/**
 * Names in an X.509 certificate (RFC 5280): the subject's common name and the DNS names of the
 * subject alternative name extension. The certificate may be cut anywhere, since it is read from
 * single packets; what is there is read.
 */
import { Ber } from './ber.ts';
import { isAt, textAt } from './octets.ts';

/** DNS names taken of one certificate; those of shared hosting have hundreds. */
const MOST_NAMES = 8;
const SEQUENCE = 0x30;
const SET = 0x31;
const OBJECT = 0x06;
const EXTENSIONS = 0xa3;
const VERSION = 0xa0;
const BOOLEAN = 0x01;
const OCTET_STRING = 0x04;
/** [2] in GeneralName: dNSName. */
const DNS_NAME = 0x82;
/** 2.5.4.3 and 2.5.29.17. */
const COMMON_NAME = Uint8Array.of(0x55, 4, 3);
const ALTERNATIVE_NAMES = Uint8Array.of(0x55, 0x1d, 0x11);

const outer = new Ber();
const inner = new Ber();

export interface CertificateNames {
  /** Empty when the subject has none or was cut off. */
  readonly commonName: string;
  readonly dnsNames: readonly string[];
}

/** The names in the certificate at `at`. Allocates. */
export function certificateNames(bytes: Uint8Array, at: number, end: number): CertificateNames {
  const names = { commonName: '', dnsNames: [] as string[] };
  // Certificate, and in it the part that is signed.
  if (!outer.openTag(bytes, at, end, SEQUENCE)) return names;
  if (!outer.openTag(bytes, outer.start, end, SEQUENCE)) return names;
  const stop = Math.min(end, outer.stop);
  let next = outer.start;
  if (outer.openTag(bytes, next, stop, VERSION)) next = outer.stop;
  // Serial number, signature algorithm, issuer, validity.
  for (let field = 0; field < 4; field++) {
    if (!outer.open(bytes, next, stop)) return names;
    next = outer.stop;
  }
  if (!outer.openTag(bytes, next, stop, SEQUENCE)) return names;
  const afterSubject = outer.stop;
  names.commonName = commonName(bytes, outer.start, Math.min(stop, outer.stop));
  // Public key, unique identifiers, extensions.
  for (next = afterSubject; outer.open(bytes, next, stop); next = outer.stop) {
    if (outer.tag !== EXTENSIONS) continue;
    readExtensions(bytes, outer.start, Math.min(stop, outer.stop), names.dnsNames);
    break;
  }
  return names;
}

function commonName(bytes: Uint8Array, at: number, end: number): string {
  for (let next = at; outer.openTag(bytes, next, end, SET); ) {
    next = outer.stop;
    if (!inner.openTag(bytes, outer.start, end, SEQUENCE)) return '';
    if (!inner.openTag(bytes, inner.start, end, OBJECT)) return '';
    const value = inner.stop;
    if (!isAt(bytes, inner.start, Math.min(end, inner.stop), COMMON_NAME)) continue;
    if (!inner.open(bytes, value, end) || inner.cut) return '';
    return textAt(bytes, inner.start, inner.stop);
  }
  return '';
}

function readExtensions(bytes: Uint8Array, at: number, end: number, names: string[]): void {
  if (!outer.openTag(bytes, at, end, SEQUENCE)) return;
  const stop = Math.min(end, outer.stop);
  for (let next = outer.start; outer.openTag(bytes, next, stop, SEQUENCE); next = outer.stop) {
    if (!inner.openTag(bytes, outer.start, stop, OBJECT)) return;
    if (!isAt(bytes, inner.start, Math.min(stop, inner.stop), ALTERNATIVE_NAMES)) continue;
    let value = inner.stop;
    if (inner.openTag(bytes, value, stop, BOOLEAN)) value = inner.stop;
    if (!inner.openTag(bytes, value, stop, OCTET_STRING)) return;
    if (!inner.openTag(bytes, inner.start, stop, SEQUENCE)) return;
    readNames(bytes, inner.start, Math.min(stop, inner.stop), names);
    return;
  }
}

function readNames(bytes: Uint8Array, at: number, end: number, names: string[]): void {
  for (let next = at; inner.open(bytes, next, end) && !inner.cut; next = inner.stop) {
    if (inner.tag !== DNS_NAME) continue;
    if (names.length === MOST_NAMES) return;
    names.push(textAt(bytes, inner.start, inner.stop));
  }
}
