/** Elements of DER (ITU-T X.690) for certificates, LDAP and Kerberos messages. */
import { join, type Payload, u8, u16 } from './bytes.ts';

/** An element with its length in the shortest form. */
export function der(tag: number, ...contents: Payload[]): Uint8Array {
  const body = join(...contents);
  if (body.length < 0x80) return join(u8(tag, body.length), body);
  if (body.length < 0x100) return join(u8(tag, 0x81, body.length), body);
  return join(u8(tag, 0x82), u16(body.length), body);
}

/** An element as Windows writes it: the length always in four octets. */
export function longDer(tag: number, ...contents: Payload[]): Uint8Array {
  const body = join(...contents);
  return join(u8(tag, 0x84), u16(0, body.length), body);
}

/** An object identifier. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const digits = others.flatMap((value) => {
    const groups = [value & 0x7f];
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80);
    return groups;
  });
  return der(6, u8(40 * first + second, ...digits));
}

/** An integer of one octet. */
export const int = (value: number): Uint8Array => der(2, u8(value));
