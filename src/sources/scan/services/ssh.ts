/**
 * What an SSH server shows before any login (RFC 4253, RFC 5656, RFC 8731): the algorithms it
 * offers and, by a key exchange that is then dropped, its host keys and their fingerprints.
 */

import {
  createECDH,
  createHash,
  generateKeyPairSync,
  getDiffieHellman,
  randomBytes,
} from 'node:crypto';
import type { Conversation } from './exchange.ts';
import { big, filled, hex, join, octetsOf, textOf, viewOf } from './octets.ts';
import type { Detail, Inquiry } from './recogniser.ts';

const KEXINIT = 20;
const KEX_REPLY = 31;
/** Exchanges this file can do, the cheapest first. */
const EXCHANGES = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group14-sha1',
] as const;
/** Signature algorithms whose host keys differ; the first offered of each line is asked for. */
const KEY_KINDS: readonly (readonly string[])[] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
  ['ssh-dss'],
];
/** A packet may hold 35,000 octets (RFC 4253 section 6.1). */
const LARGEST = 35_000;

/** A length-prefixed string (RFC 4251 section 5). */
function text(value: string | Uint8Array): Uint8Array {
  const octets = typeof value === 'string' ? octetsOf(value) : value;
  return join(big(4, octets.length), octets);
}

/** A packet before encryption: length, padding length, payload, padding to 8 octets. */
function packet(payload: Uint8Array): Uint8Array {
  // At least 4 octets, and as many as make the whole a multiple of 8.
  const padding = 4 + ((8 - ((payload.length + 9) % 8)) % 8);
  return join(
    big(4, 1 + payload.length + padding),
    Uint8Array.of(padding),
    payload,
    filled(padding),
  );
}

function kexInit(exchanges: readonly string[], keys: readonly string[], offer: Offer): Uint8Array {
  const lists = [exchanges, keys, offer.ciphers, offer.ciphers, offer.macs, offer.macs];
  return join(
    Uint8Array.of(KEXINIT),
    Uint8Array.from(randomBytes(16)),
    ...lists.map((list) => text(list.join(','))),
    text('none'),
    text('none'),
    text(''),
    text(''),
    hex('00 00000000'),
  );
}

interface Offer {
  readonly exchanges: readonly string[];
  readonly keys: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
}

/** The lists of a KEXINIT payload; undefined when it is none. */
export function readOffer(payload: Uint8Array): Offer | undefined {
  if (payload[0] !== KEXINIT) return undefined;
  const view = viewOf(payload);
  const lists: string[][] = [];
  let at = 17;
  for (let index = 0; index < 6; index++) {
    if (at + 4 > payload.length) return undefined;
    const length = view.getUint32(at);
    if (length > payload.length - at - 4) return undefined;
    lists.push(textOf(payload, at + 4, at + 4 + length).split(',', 100));
    at += 4 + length;
  }
  const [exchanges = [], keys = [], ciphers = [], , macs = []] = lists;
  return { exchanges, keys, ciphers, macs };
}

/** Takes packets off what a server sends, after its line of identification. */
class PacketReader {
  private held: Uint8Array;
  private readonly conversation: Conversation;

  constructor(conversation: Conversation, first: Uint8Array) {
    this.conversation = conversation;
    this.held = first;
  }

  /** The payload of the next packet of type `wanted`; undefined when none comes. */
  async next(wanted: number): Promise<Uint8Array | undefined> {
    for (let packets = 0; packets < 8; packets++) {
      const payload = await this.packet();
      if (payload === undefined || payload[0] === wanted) return payload;
    }
    return undefined;
  }

  private async packet(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.held.length >= 5) {
        const view = viewOf(this.held);
        const length = view.getUint32(0);
        if (length > LARGEST || length < 2) return undefined;
        if (this.held.length >= 4 + length) {
          const end = 4 + length - this.held[4]!;
          const payload = this.held.subarray(5, Math.max(5, end));
          this.held = this.held.subarray(4 + length);
          return payload;
        }
      }
      const more = await this.conversation.read(3000);
      if (more.length === 0) return undefined;
      this.held = join(this.held, more);
    }
  }
}

/** Says hello and takes the server's offer. */
async function greet(
  conversation: Conversation,
): Promise<{ reader: PacketReader; offer: Offer } | undefined> {
  conversation.write(octetsOf('SSH-2.0-portreeve\r\n'));
  let greeting = await conversation.read(3000);
  // Lines before the identification are allowed (RFC 4253 section 4.2).
  for (let reads = 0; reads < 5; reads++) {
    const line = /(?:^|\n)SSH-[^\n]{0,300}\n/.exec(
      textOf(greeting, 0, Math.min(4096, greeting.length)),
    );
    if (line !== null) {
      const reader = new PacketReader(conversation, greeting.subarray(line.index + line[0].length));
      const payload = await reader.next(KEXINIT);
      const offer = payload === undefined ? undefined : readOffer(payload);
      return offer === undefined ? undefined : { reader, offer };
    }
    const more = await conversation.read(2000);
    if (more.length === 0) return undefined;
    greeting = join(greeting, more);
  }
  return undefined;
}

/** The client's half of an exchange: message 30 of RFC 4253, RFC 5656 and RFC 8731 alike. */
function opening(exchange: string): Uint8Array {
  if (exchange.startsWith('curve25519')) {
    const { publicKey } = generateKeyPairSync('x25519');
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    return join(Uint8Array.of(30), text(Uint8Array.from(raw)));
  }
  if (exchange === 'ecdh-sha2-nistp256') {
    const ecdh = createECDH('prime256v1');
    return join(Uint8Array.of(30), text(Uint8Array.from(ecdh.generateKeys())));
  }
  const group = getDiffieHellman('modp14');
  // A leading zero keeps the number positive.
  return join(
    Uint8Array.of(30),
    text(join(Uint8Array.of(0), Uint8Array.from(group.generateKeys()))),
  );
}

/** `ssh-ed25519 256 SHA256:…`; undefined when the octets are no key. */
export function describeKey(key: Uint8Array): string | undefined {
  if (key.length < 8) return undefined;
  const view = viewOf(key);
  const length = view.getUint32(0);
  if (length > 64 || 4 + length > key.length) return undefined;
  const kind = textOf(key, 4, 4 + length);
  if (!/^[a-z0-9@.-]+$/.test(kind)) return undefined;
  const digest = createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
  const bits = bitsOf(kind, key, 4 + length);
  return `${kind}${bits === undefined ? '' : ` ${bits}`} SHA256:${digest}`;
}

function bitsOf(kind: string, key: Uint8Array, at: number): number | undefined {
  if (kind === 'ssh-ed25519') return 256;
  const curve = /nistp(\d+)$/.exec(kind)?.[1];
  if (curve !== undefined) return Number(curve);
  if (kind !== 'ssh-rsa') return undefined;
  // mpint e, mpint n (RFC 4253 section 6.6).
  const view = viewOf(key);
  if (at + 4 > key.length) return undefined;
  const modulus = at + 4 + view.getUint32(at);
  if (modulus + 5 > key.length) return undefined;
  const size = view.getUint32(modulus);
  const zero = key[modulus + 4] === 0 ? 1 : 0;
  const first = key[modulus + 4 + zero] ?? 0;
  return 8 * (size - zero) - (first === 0 ? 0 : Math.clz32(first) - 24);
}

/** The host key that the server shows for one of `keys`. */
async function hostKey(
  conversation: Conversation,
  exchange: string,
  keys: readonly string[],
): Promise<string | undefined> {
  const greeted = await greet(conversation);
  if (greeted === undefined) return undefined;
  conversation.write(packet(kexInit([exchange], keys, greeted.offer)));
  conversation.write(packet(opening(exchange)));
  const reply = await greeted.reader.next(KEX_REPLY);
  if (reply === undefined || reply.length < 5) return undefined;
  const view = viewOf(reply);
  const length = view.getUint32(1);
  return 5 + length > reply.length ? undefined : describeKey(reply.subarray(5, 5 + length));
}

/** Algorithms that are no longer to be offered (RFC 9142, RFC 8758, RFC 8308). */
const WEAK =
  /^(?:diffie-hellman-group1-sha1|diffie-hellman-group-exchange-sha1|ssh-dss|ssh-rsa|arcfour.*|.*-cbc|hmac-md5.*|none)$/;

/**
 * One connection for what is offered, one more for each kind of host key; nothing of a login is
 * tried.
 */
export const inquireSsh: Inquiry = async ({ open }) => {
  const first = await open();
  let offer: Offer | undefined;
  try {
    offer = (await greet(first))?.offer;
  } finally {
    first.close();
  }
  if (offer === undefined) return [];
  const details: Detail[] = [
    { key: 'key-exchange', value: offer.exchanges.join(' ').slice(0, 600) },
    { key: 'ciphers', value: offer.ciphers.join(' ').slice(0, 600) },
  ];
  const weak = [...offer.exchanges, ...offer.keys, ...offer.ciphers, ...offer.macs].filter((name) =>
    WEAK.test(name),
  );
  if (weak.length > 0)
    details.push({ key: 'weak-algorithms', value: [...new Set(weak)].join(' ').slice(0, 600) });
  const exchange = EXCHANGES.find((name) => offer.exchanges.includes(name));
  if (exchange === undefined) return details;
  for (const kinds of KEY_KINDS) {
    const offered = kinds.filter((name) => offer.keys.includes(name));
    if (offered.length === 0) continue;
    const conversation = await open();
    try {
      const key = await hostKey(conversation, exchange, offered);
      if (key !== undefined) details.push({ key: 'host-key', value: key });
    } finally {
      conversation.close();
    }
  }
  return details;
};
