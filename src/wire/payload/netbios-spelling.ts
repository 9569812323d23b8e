/**
 * The first level of NetBIOS name encoding (RFC 1001 section 14.1): each half octet of a name is
 * the letter that many places after A.
 */

/**
 * The name spelled by the 32 letters after the length octet at `at`, with its sixteenth octet as a
 * suffix: `FILESERVER<20>`. The caller knows that there are 33 octets and letters from A to P.
 */
export function netbiosNameAt(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let next = at + 1; next < at + 31; next += 2) {
    text += String.fromCharCode(octetOf(bytes, next));
  }
  const suffix = octetOf(bytes, at + 31)
    .toString(16)
    .padStart(2, '0');
  // The wildcard name is padded with zero octets, all others with spaces.
  return `${text.replace(/[\0 ]+$/, '')}<${suffix}>`;
}

function octetOf(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! - 0x41) << 4) | (bytes[at + 1]! - 0x41);
}
