/**
 * The messages of ICMP and ICMPv6 that come in pairs, as a table by type. It imports nothing: the
 * decoders import each other in a circle, and this is needed while they are being loaded.
 */

/** In a pair table: the type has a counterpart; its sender asks, or answers. */
const PAIRED = 0x8000;
const ASKS = 0x1000;
const ANSWERS = 0x2000;

/**
 * Index by type: 0 = not in a pair; else `PAIRED`, the other type in the low bits, and what the
 * message says about its sender. Advertisements and reports are sent unasked too: they say nothing.
 */
export function pairs(
  requests: ReadonlyMap<number, number>,
  unasked: ReadonlySet<number>,
): Uint16Array {
  const table = new Uint16Array(256);
  for (const [request, answer] of requests) {
    table[request] = PAIRED | ASKS | answer;
    table[answer] = PAIRED | (unasked.has(answer) ? 0 : ANSWERS) | request;
  }
  return table;
}
