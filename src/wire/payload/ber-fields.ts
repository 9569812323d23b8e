/**
 * Steps from element to element of a BER message whose form is known, as indices: -1 stands for an
 * element that is not there, is cut or has another tag, and every function passes -1 on.
 */
import { Ber } from './ber.ts';

const element = new Ber();

/** Index of the content of the element at `at`, which may go on beyond `end`. */
export function berContent(bytes: Uint8Array, at: number, end: number): number {
  return at >= 0 && element.open(bytes, at, end) ? element.start : -1;
}

/** Index after the element at `at`, by its own account; it may lie beyond `end`. */
export function berStop(bytes: Uint8Array, at: number, end: number): number {
  return at >= 0 && element.open(bytes, at, end) ? element.stop : -1;
}

/** Index after the element at `at` if it has that tag and lies before `end`. */
export function berSkip(bytes: Uint8Array, at: number, end: number, tag: number): number {
  return at >= 0 && element.openTag(bytes, at, end, tag) && !element.cut ? element.stop : -1;
}

/** Value of an INTEGER or ENUMERATED of one to five octets, without sign. */
export function berInteger(bytes: Uint8Array, at: number, end: number, tag: number): number {
  const after = berSkip(bytes, at, end, tag);
  const octets = after - element.start;
  if (after < 0 || octets < 1 || octets > 5) return -1;
  let value = 0;
  for (let next = element.start; next < after; next++) value = value * 256 + bytes[next]!;
  return value;
}
