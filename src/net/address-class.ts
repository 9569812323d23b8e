/**
 * What kind of address this is, by the IANA special-purpose address registries (IPv4: RFC 6890
 * as updated; IPv6: the same and RFC 4291), the IPv4 multicast space (RFC 5771) and the IPv6
 * address space registry. Each branch names its source. Registry text as of 2026.
 */
import { type Address, isMappedIPv4 } from './address.ts';

export type AddressClass =
  /** The one address that means “none” or “all of mine”: `0.0.0.0`, `::`. */
  | 'unspecified'
  | 'loopback'
  | 'link-local'
  /** RFC 1918, unique local IPv6 (RFC 4193), site-local IPv6 (RFC 3879), local NAT64. */
  | 'private'
  /** Carrier-grade NAT, RFC 6598: `100.64.0.0/10`. */
  | 'shared'
  | 'multicast'
  /** `255.255.255.255` only: a subnet's own broadcast address cannot be known from the number. */
  | 'broadcast'
  | 'documentation'
  | 'benchmarking'
  /** Not to be met on a working network: set aside, discard-only, or never allocated. */
  | 'reserved'
  /** Everything else: reachable, or meant to be, from the whole internet. */
  | 'global';

/** Class of an IPv4 address given as a 32-bit integer (signed or unsigned). */
export function classifyIPv4(address: number): AddressClass {
  const first = address >>> 24;
  const second = (address >>> 16) & 255;
  const third = (address >>> 8) & 255;
  switch (first) {
    case 0: // RFC 791 section 3.2, “this network”
      return (address | 0) === 0 ? 'unspecified' : 'reserved';
    case 10: // RFC 1918
      return 'private';
    case 100: // RFC 6598: 100.64.0.0/10
      return (second & 0xc0) === 64 ? 'shared' : 'global';
    case 127: // RFC 1122 section 3.2.1.3
      return 'loopback';
    case 169: // RFC 3927: 169.254.0.0/16
      return second === 254 ? 'link-local' : 'global';
    case 172: // RFC 1918: 172.16.0.0/12
      return (second & 0xf0) === 16 ? 'private' : 'global';
    case 192:
      return classify192(second, third, address & 255);
    case 198:
      if ((second & 0xfe) === 18) return 'benchmarking'; // RFC 2544: 198.18.0.0/15
      return second === 51 && third === 100 ? 'documentation' : 'global'; // RFC 5737, TEST-NET-2
    case 203: // RFC 5737, TEST-NET-3: 203.0.113.0/24
      return second === 0 && third === 113 ? 'documentation' : 'global';
    default:
      if (first < 224) return 'global';
      if (first < 240) return 'multicast'; // RFC 5771
      return (address | 0) === -1 ? 'broadcast' : 'reserved'; // RFC 8190; RFC 1112 section 4
  }
}

function classify192(second: number, third: number, fourth: number): AddressClass {
  if (second === 168) return 'private'; // RFC 1918
  if (second === 0 && third === 2) return 'documentation'; // RFC 5737, TEST-NET-1
  if (second === 0 && third === 0) {
    // RFC 6890 section 2.1, protocol assignments; PCP and TURN anycast (RFC 7723, RFC 8155) are
    // globally reachable exceptions.
    return fourth === 9 || fourth === 10 ? 'global' : 'reserved';
  }
  if (second === 88 && third === 99) return 'reserved'; // RFC 7526, 6to4 relays, withdrawn
  return 'global'; // with AS112 and AMT: 192.31.196.0/24, 192.52.193.0/24, 192.175.48.0/24
}

/**
 * Class of the IPv6 address in the four words at `at`. An IPv4-mapped address has the class of
 * the IPv4 address inside; 6to4 and Teredo addresses count as global whatever they carry.
 */
export function classifyIPv6(words: ArrayLike<number>, at = 0): AddressClass {
  const first = words[at]! >>> 0;
  const second = words[at + 1]! >>> 0;
  if (first >>> 29 === 1) return classifyUnicast(first, second, words[at + 2]!, words[at + 3]!);
  if (first === 0) {
    if (isMappedIPv4(words, at)) return classifyIPv4(words[at + 3]!);
    if (second !== 0 || words[at + 2] !== 0) return 'reserved';
    if (words[at + 3] === 0) return 'unspecified';
    return words[at + 3] === 1 ? 'loopback' : 'reserved'; // RFC 4291 sections 2.5.2, 2.5.3, 2.5.5.1
  }
  if (first >>> 24 === 0xff) return 'multicast'; // RFC 4291 section 2.7
  if (first >>> 22 === 0xfe80 >>> 6) return 'link-local'; // RFC 4291 section 2.5.6: fe80::/10
  if (first >>> 25 === 0xfc00 >>> 9) return 'private'; // RFC 4193: fc00::/7
  if (first >>> 22 === 0xfec0 >>> 6) return 'private'; // RFC 3879: fec0::/10, deprecated
  if (first === 0x0064ff9b) {
    if (second === 0 && words[at + 2] === 0) return 'global'; // RFC 6052: 64:ff9b::/96
    if (second >>> 16 === 1) return 'private'; // RFC 8215: 64:ff9b:1::/48
  }
  // 100::/64 discard-only (RFC 6666), 5f00::/16 segment identifiers (RFC 9602), and all that the
  // address space registry has never given out (RFC 4291 section 4).
  return 'reserved';
}

/** Inside 2000::/3, the only space from which unicast addresses are allocated so far. */
function classifyUnicast(
  first: number,
  second: number,
  third: number,
  fourth: number,
): AddressClass {
  if (first === 0x20010db8) return 'documentation'; // RFC 3849
  if (first >>> 12 === 0x3fff0) return 'documentation'; // RFC 9637: 3fff::/20
  if (first >>> 9 !== 0x20010000 >>> 9) return 'global';
  // 2001::/23, protocol assignments (RFC 2928), with what the registry marks reachable in it.
  if (first === 0x20010000) return 'global'; // Teredo, RFC 4380
  if (first === 0x20010001) {
    // PCP, TURN and DNS-SD registration anycast: RFC 7723, RFC 8155, RFC 9665
    return second === 0 && third === 0 && fourth >= 1 && fourth <= 3 ? 'global' : 'reserved';
  }
  if (first === 0x20010002 && second >>> 16 === 0) return 'benchmarking'; // RFC 5180: 2001:2::/48
  if (first === 0x20010003) return 'global'; // AMT, RFC 7450
  if (first === 0x20010004 && second >>> 16 === 0x112) return 'global'; // AS112, RFC 7535
  const orchid = first >>> 4;
  return orchid === 0x2001002 || orchid === 0x2001003 ? 'global' : 'reserved'; // RFC 7343, RFC 9374
}

/** Class of an address of either family. */
export function classifyAddress(address: Address): AddressClass {
  return address.family === 4 ? classifyIPv4(address.words[0]!) : classifyIPv6(address.words);
}
