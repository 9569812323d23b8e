/** What nft calls types and codes of ICMP and ICMPv6 (RFC 792, RFC 4443) where it prints packets. */
import { numberIn } from './fields.ts';
import { KeyTable } from './key-table.ts';

/** Names of ICMP types and codes; `name|name` are two of one. */
class Numbers {
  private readonly table: KeyTable;
  private readonly values: readonly number[];

  constructor(names: Readonly<Record<string, number>>) {
    this.table = new KeyTable(Object.keys(names));
    this.values = Object.values(names);
  }

  /** The number in `bytes[start, end)`, by name or in digits; -1 for neither. */
  in(bytes: Uint8Array, start: number, end: number): number {
    const place = this.table.of(bytes, start, end);
    return place < 0 ? numberIn(bytes, start, end, 255) : this.values[place]!;
  }
}

export const ICMP_TYPES = new Numbers({
  ...{ 'echo-reply': 0, 'destination-unreachable': 3, 'source-quench': 4, redirect: 5 },
  ...{ 'echo-request': 8, 'router-advertisement': 9, 'router-solicitation': 10 },
  ...{ 'time-exceeded': 11, 'parameter-problem': 12, 'timestamp-request': 13 },
  ...{ 'timestamp-reply': 14, 'info-request': 15, 'info-reply': 16 },
  ...{ 'address-mask-request': 17, 'address-mask-reply': 18 },
});
export const ICMPV6_TYPES = new Numbers({
  ...{ 'destination-unreachable': 1, 'packet-too-big': 2, 'time-exceeded': 3 },
  ...{ 'parameter-problem': 4, 'echo-request': 128, 'echo-reply': 129 },
  ...{ 'mld-listener-query': 130, 'mld-listener-report': 131 },
  ...{ 'mld-listener-done|mld-listener-reduction': 132, 'nd-router-solicit': 133 },
  ...{ 'nd-router-advert': 134, 'nd-neighbor-solicit': 135, 'nd-neighbor-advert': 136 },
  ...{ 'nd-redirect': 137, 'router-renumbering': 138, 'ind-neighbor-solicit': 141 },
  ...{ 'ind-neighbor-advert': 142, 'mld2-listener-report': 143 },
});
export const ICMP_CODES = new Numbers({
  ...{ 'net-unreachable': 0, 'host-unreachable': 1, 'prot-unreachable': 2, 'port-unreachable': 3 },
  ...{ 'frag-needed': 4, 'net-prohibited': 9, 'host-prohibited': 10, 'admin-prohibited': 13 },
});
export const ICMPV6_CODES = new Numbers({
  ...{ 'no-route': 0, 'admin-prohibited': 1, 'addr-unreachable': 3, 'port-unreachable': 4 },
  ...{ 'policy-fail': 5, 'reject-route': 6 },
});
