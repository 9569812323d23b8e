/**
 * Copying a frame from one buffer to another. A view made for the system's copy costs more than
 * the octets of a short frame do, and leaves something behind to collect for each one.
 */

/** From so many octets on the system's copy is the sooner one, with its view. */
const LONG = 128;

/** A buffer, with a view over exactly the same octets. */
export interface Octets {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Copies octets between two buffers. Throws `RangeError` where they do not fit. */
export function copyOctets(
  from: Octets,
  start: number,
  length: number,
  to: Octets,
  at: number,
): void {
  if (length >= LONG) {
    to.bytes.set(from.bytes.subarray(start, start + length), at);
    return;
  }
  const source = from.view;
  const target = to.view;
  const words = start + (length & ~3);
  const end = start + length;
  let read = start;
  let write = at;
  for (; read < words; read += 4, write += 4) {
    target.setUint32(write, source.getUint32(read, true), true);
  }
  for (; read < end; read++, write++) target.setUint8(write, source.getUint8(read));
}
