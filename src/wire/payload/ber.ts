/**
 * A cursor over BER and DER elements (ITU-T X.690): tag, length, contents. LDAP, Kerberos, SNMP
 * and certificates are made of them. One cursor is re-aimed at every element; lengths are taken
 * from strangers and never lead beyond `end`.
 */

/** Octets of a length in the long form; none of these protocols needs more. */
const MOST_LENGTH_OCTETS = 4;

/** Borrows nothing: each call names the octets it reads, and the fields speak of the last one. */
export class Ber {
  tag = 0;
  /** Index of the first octet of the contents, and after their last one as stated. */
  start = 0;
  stop = 0;
  /** The contents go on beyond `end`. */
  cut = false;

  /**
   * Reads the header at `at`; false when there is none that can be followed. Tags of one octet
   * only, definite lengths only.
   */
  open(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < 2) return false;
    this.tag = bytes[at]!;
    if ((this.tag & 0x1f) === 0x1f) return false;
    const first = bytes[at + 1]!;
    let length = first;
    let next = at + 2;
    if (first >= 0x80) {
      const octets = first & 0x7f;
      if (octets === 0 || octets > MOST_LENGTH_OCTETS || end - next < octets) return false;
      length = 0;
      for (let index = 0; index < octets; index++) length = length * 256 + bytes[next++]!;
    }
    this.start = next;
    this.stop = next + length;
    this.cut = this.stop > end;
    return true;
  }

  /** As `open`, for an element that must have this tag. */
  openTag(bytes: Uint8Array, at: number, end: number, tag: number): boolean {
    return at < end && bytes[at] === tag && this.open(bytes, at, end);
  }
}
