/** Octets that a detector compares with, spelled in hexadecimal; made once when it is loaded. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}
