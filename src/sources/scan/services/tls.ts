/**
 * TLS on a port: whether it speaks it, which versions it takes (each asked for alone, from SSL 3.0
 * to TLS 1.3: RFC 6101, 2246, 4346, 5246, 8446), and the certificate it shows. Nothing is
 * verified: what a server claims is reported, not believed.
 */

import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { Conversation, endWith, LIMITS, type Limits, opened, type Target } from './exchange.ts';
import { filled, hex, join, octetsOf } from './octets.ts';
import { type Detail, detailsOf } from './recogniser.ts';

const VERSIONS: readonly (readonly [name: string, wire: number])[] = [
  ['SSLv3', 0x300],
  ['TLS 1.0', 0x301],
  ['TLS 1.1', 0x302],
  ['TLS 1.2', 0x303],
  ['TLS 1.3', 0x304],
];

/** Ciphers that servers of any age have: TLS 1.3's, then ECDHE, then plain RSA. */
const CIPHERS = hex(
  '1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c009 c013 c00a c014 009c 009d 002f 0035 003c 003d 000a 0005 0004 00ff',
);

function part(kind: number, content: Uint8Array): Uint8Array {
  return join(
    Uint8Array.of(kind >> 8, kind & 255, content.length >> 8, content.length & 255),
    content,
  );
}

/** A ClientHello that takes exactly one version. */
export function clientHello(version: number, serverName?: string): Uint8Array {
  const extensions: Uint8Array[] = [];
  if (serverName !== undefined) {
    const name = octetsOf(serverName);
    const size = name.length;
    extensions.push(
      part(
        0,
        join(Uint8Array.of((size + 3) >> 8, (size + 3) & 255, 0, size >> 8, size & 255), name),
      ),
    );
  }
  extensions.push(part(10, hex('0008 001d 0017 0018 0019')), part(11, hex('01 00')));
  if (version >= 0x303) {
    extensions.push(
      part(13, hex('0018 0403 0503 0603 0804 0805 0806 0401 0501 0601 0203 0201 0807')),
    );
  }
  if (version === 0x304) {
    extensions.push(part(43, hex('02 0304')));
    // A key share of x25519: any 32 octets are a public key.
    extensions.push(part(51, join(hex('0024 001d 0020'), filled(32, 9))));
  }
  const all = version === 0x300 ? new Uint8Array(0) : join(...extensions);
  const body = join(
    Uint8Array.of(3, Math.min(version, 0x303) & 255),
    filled(32, 0x70),
    Uint8Array.of(0),
    Uint8Array.of(CIPHERS.length >> 8, CIPHERS.length & 255),
    CIPHERS,
    hex('01 00'),
    ...(all.length === 0 ? [] : [Uint8Array.of(all.length >> 8, all.length & 255), all]),
  );
  const handshake = join(Uint8Array.of(1, 0, body.length >> 8, body.length & 255), body);
  const record = Uint8Array.of(
    22,
    3,
    version === 0x300 ? 0 : 1,
    handshake.length >> 8,
    handshake.length & 255,
  );
  return join(record, handshake);
}

/** What a server answered to a ClientHello. */
export type HelloAnswer =
  | { readonly kind: 'accepted'; readonly version: number }
  | { readonly kind: 'alert' }
  | { readonly kind: 'other' };

/** Reads the first record. Version of a ServerHello: the extension 43 where it is there. */
export function readHello(answer: Uint8Array): HelloAnswer {
  if (answer.length < 7 || answer[1] !== 3 || answer[2]! > 4) return { kind: 'other' };
  if (answer[0] === 21) return answer[5]! <= 2 ? { kind: 'alert' } : { kind: 'other' };
  if (answer[0] !== 22 || answer.length < 11) return { kind: 'other' };
  if (answer[5] !== 2) return { kind: 'other' };
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  let version = view.getUint16(9);
  let at = 9 + 2 + 32;
  if (at >= answer.length) return { kind: 'accepted', version };
  at += 1 + answer[at]! + 3;
  if (at + 2 > answer.length) return { kind: 'accepted', version };
  const end = Math.min(answer.length, at + 2 + view.getUint16(at));
  at += 2;
  while (at + 4 <= end) {
    const size = view.getUint16(at + 2);
    if (view.getUint16(at) === 43 && size === 2 && at + 6 <= end) version = view.getUint16(at + 4);
    at += 4 + size;
  }
  return { kind: 'accepted', version };
}

/** Whether a server takes any hello as TLS; `undefined`: it answered something else, or nothing. */
export async function speaksTls(
  target: Target,
  name: string | undefined,
  limits: Limits = LIMITS,
): Promise<boolean> {
  for (const [, version] of [VERSIONS[4]!, VERSIONS[3]!, VERSIONS[1]!]) {
    const answer = await helloTo(target, version, name, limits);
    if (answer.kind === 'accepted') return true;
    if (answer.kind === 'other') return false;
  }
  // It refused with an alert each time: TLS, on terms that are not ours.
  return true;
}

async function helloTo(
  target: Target,
  version: number,
  name: string | undefined,
  limits: Limits,
): Promise<HelloAnswer> {
  const conversation = await Conversation.open(target, limits);
  try {
    conversation.write(clientHello(version, nameFor(name)));
    return readHello(await conversation.read(3000, (octets) => octets.length >= 200));
  } finally {
    conversation.close();
  }
}

/** Host names only: an address must not be sent as a server name (RFC 6066 section 3). */
function nameFor(name: string | undefined): string | undefined {
  return name === undefined || isIP(name) !== 0 ? undefined : name;
}

/** Which versions a server takes, oldest first. */
export async function tlsVersions(
  target: Target,
  name: string | undefined,
  limits: Limits = LIMITS,
): Promise<string[]> {
  const taken: string[] = [];
  for (const [label, version] of VERSIONS) {
    const answer = await helloTo(target, version, name, limits);
    if (answer.kind === 'accepted' && answer.version === version) taken.push(label);
  }
  return taken;
}

export interface SecureLine {
  readonly conversation: Conversation;
  readonly details: readonly Detail[];
}

/**
 * Opens TLS and returns the line inside it, with what the certificate says. Old versions and
 * weak ciphers are taken, without a certificate only where there is none: the aim is to see, not to
 * be safe. Rejects with `ConnectFailed`.
 */
export async function openTls(
  target: Target,
  name: string | undefined,
  limits: Limits = LIMITS,
): Promise<SecureLine> {
  const line = connectTcp({ host: target.address, port: target.port, noDelay: true });
  endWith(line, limits);
  const socket = await opened(line, 'connect', limits.connectMs);
  const servername = nameFor(name);
  const tls: TLSSocket = connectTls({
    socket,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ciphers: 'ALL:+aNULL:@SECLEVEL=0',
    ALPNProtocols: ['http/1.1'],
    ...(servername === undefined ? {} : { servername }),
  });
  const ready = await opened(tls, 'secureConnect', limits.connectMs);
  return { conversation: Conversation.over(ready, limits), details: certificateDetails(ready) };
}

function certificateDetails(tls: TLSSocket): Detail[] {
  // The type says it is always there; a server that shows none gives an empty object.
  const certificate: Partial<PeerCertificate> = tls.getPeerCertificate();
  return [
    ...detailsOf({ 'tls-cipher': tls.getCipher()?.name }),
    ...(certificate.fingerprint256 === undefined ? [] : describeCertificate(certificate)),
  ];
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Names, issuer, validity, key and fingerprint of a certificate as details. */
export function describeCertificate(certificate: Partial<PeerCertificate>): Detail[] {
  const { subject, issuer, subjectaltname, valid_from, valid_to, fingerprint256, bits } =
    certificate;
  return detailsOf({
    'certificate-subject': joined(subject?.CN ?? subject?.O),
    'certificate-names': subjectaltname
      ?.split(', ')
      .slice(0, 50)
      .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
      .join(' '),
    'certificate-issuer': joined(issuer?.CN ?? issuer?.O),
    'certificate-from': dateOf(valid_from),
    'certificate-until': dateOf(valid_to),
    'certificate-key': bits === undefined ? undefined : `${bits} bits`,
    'certificate-sha256': fingerprint256,
    'certificate-self-signed':
      subject !== undefined && JSON.stringify(subject) === JSON.stringify(issuer)
        ? 'yes'
        : undefined,
  });
}

function dateOf(text: string | undefined): string | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().slice(0, 10);
}
