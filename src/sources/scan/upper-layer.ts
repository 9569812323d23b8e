/**
 * Where the answer begins in an IPv6 packet: behind its extension headers (RFC 8200 section 4),
 * which hosts and tunnels on the way may put before it.
 */
import { extensionLength, FRAGMENT, isExtension } from '../../wire/ipv6-extensions.ts';

const IPV6_HEADER = 40;
/** More extension headers than anybody needs. */
const MOST_EXTENSIONS = 8;

/** Re-aimed at each packet. */
export class UpperLayer {
  /** IP protocol number of what is behind the extension headers. */
  protocol = 0;
  /** Where it begins. */
  begin = 0;
  /** False: it is the first of several fragments, whose checksum nobody can tell. */
  whole = true;

  /** False: a later fragment, or cut short before its end. */
  find(bytes: Uint8Array, at: number, end: number): boolean {
    this.protocol = bytes[at + 6]!;
    this.begin = at + IPV6_HEADER;
    this.whole = true;
    for (let count = 0; isExtension(this.protocol); count++) {
      const { begin } = this;
      if (count >= MOST_EXTENSIONS || begin + 8 > end) return false;
      if (this.protocol === FRAGMENT) {
        const offset = (bytes[begin + 2]! << 8) | bytes[begin + 3]!;
        if (offset >>> 3 !== 0) return false;
        this.whole = this.whole && (offset & 1) === 0;
      }
      this.begin = begin + extensionLength(this.protocol, bytes[begin + 1]!);
      this.protocol = bytes[begin]!;
    }
    return this.begin + 8 <= end;
  }
}
