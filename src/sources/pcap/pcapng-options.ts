/**
 * Options of pcapng blocks (draft-ietf-opsawg-pcapng, section 3.5): a list of 16-bit code,
 * 16-bit length, value padded to 32 bits, ended by code 0 or by the end of the block's body.
 * Read only where they matter (interfaces, statistics, frames that carry any): not per frame.
 */

/** Texts longer than this are cut: an interface's name is shown to people, not computed with. */
const TEXT_OCTETS = 1024;

/** One option: `at` and `length` are its value's place. */
export interface OptionPlace {
  code: number;
  at: number;
  length: number;
}

/**
 * Calls `visit` for each option of `bytes[from..to)`. Returns -1, or the index of the first
 * option that runs beyond `to`. The place is reused between calls.
 */
export function eachOption(
  view: DataView,
  little: boolean,
  from: number,
  to: number,
  visit: (option: OptionPlace) => void,
): number {
  const place: OptionPlace = { code: 0, at: 0, length: 0 };
  let at = from;
  while (to - at >= 4) {
    place.code = view.getUint16(at, little);
    place.length = view.getUint16(at + 2, little);
    if (place.code === 0) return -1;
    place.at = at + 4;
    if (place.at + place.length > to) return at;
    visit(place);
    at = place.at + ((place.length + 3) & ~3);
  }
  return -1;
}

/** UTF-8 text, without the NUL octets some writers end it with. Not escaped for display. */
export function optionText(bytes: Uint8Array, option: OptionPlace): string {
  const octets = bytes.subarray(option.at, option.at + Math.min(option.length, TEXT_OCTETS));
  const nul = octets.indexOf(0);
  return new TextDecoder().decode(nul < 0 ? octets : octets.subarray(0, nul));
}

/** Unsigned 64-bit value; beyond 2^53 - 1 the nearest number. Undefined when too short. */
export function optionCount(
  view: DataView,
  little: boolean,
  option: OptionPlace,
): number | undefined {
  if (option.length < 8) return undefined;
  return Number(view.getBigUint64(option.at, little));
}
