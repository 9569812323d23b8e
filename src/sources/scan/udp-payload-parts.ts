/** What requests of UDP services are made of: numbers, text, filling, chance, and BER. */
import { webcrypto as crypto } from 'node:crypto';
import { join, octetsOf } from './services/octets.ts';
import type { UdpPayload } from './udp-payloads.ts';

export function of(name: string, ports: readonly number[], bytes: Uint8Array): UdpPayload {
  return { name, ports, bytes };
}

/** ASCII. */
export function text(name: string, ports: readonly number[], words: string): UdpPayload {
  return of(name, ports, octetsOf(words));
}

/** From the system's generator: nobody can foresee it. */
export function random(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

/** 16 bits each, in network order. */
export function words16(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]));
}

/** 32 bits each, in network order. */
export function words32(...values: readonly number[]): Uint8Array {
  return words16(...values.flatMap((value) => [value >>> 16, value & 0xffff]));
}

/** BER: tag, length, contents (X.690 section 8.1), definite form. */
export function ber(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = join(...contents);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return join(Uint8Array.from([tag, ...length]), body);
}
