/**
 * DER and BER (X.690), as far as Kerberos, LDAP, CredSSP and SNMP need them: writing values, and
 * walking through what a stranger sent without ever leaving it.
 */
import { join, textOf } from './octets.ts';

/** Tag, short or long length, content; content of at most 65,535 octets. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = join(...parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return join(Uint8Array.of(tag, ...length), content);
}

/** A value within octets: its tag and where its content lies. */
export interface Value {
  readonly tag: number;
  readonly from: number;
  /** Index after the content, within the octets even where the length claims more. */
  readonly to: number;
}

/** The value at `at`; undefined where there is no whole header or the length form is odd. */
export function valueAt(octets: Uint8Array, at: number, end = octets.length): Value | undefined {
  if (at + 2 > end) return undefined;
  const tag = octets[at]!;
  let length = octets[at + 1]!;
  let from = at + 2;
  if (length >= 0x80) {
    const size = length & 0x7f;
    if (size === 0 || size > 4 || from + size > end) return undefined;
    length = 0;
    for (let index = 0; index < size; index++) length = length * 256 + octets[from + index]!;
    from += size;
  }
  return { tag, from, to: Math.min(end, from + length) };
}

/** The values inside a value; at most 200. */
export function valuesIn(octets: Uint8Array, { from, to }: Pick<Value, 'from' | 'to'>): Value[] {
  const values: Value[] = [];
  for (let at = from; at < to && values.length < 200; ) {
    const value = valueAt(octets, at, to);
    if (value === undefined) break;
    values.push(value);
    at = value.to;
  }
  return values;
}

/** An INTEGER of at most 6 octets as a number; undefined for anything else. */
export function integerOf(octets: Uint8Array, value: Value | undefined): number | undefined {
  if (value === undefined || value.to === value.from || value.to - value.from > 6) return undefined;
  let number = (octets[value.from]! & 0x80) === 0 ? 0 : -1;
  for (let at = value.from; at < value.to; at++) number = number * 256 + octets[at]!;
  return number;
}

/** Content as text, one character an octet. */
export function contentOf(octets: Uint8Array, value: Value): string {
  return textOf(octets, value.from, value.to);
}
