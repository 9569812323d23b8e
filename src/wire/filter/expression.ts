/**
 * A filter as it was written: the expression tree that the parser makes, before it is known on
 * which link type the filter will run. Every leaf knows its place in the text.
 */
import type { Span } from './fault.ts';
import type { Protocol } from './words.ts';

export type Direction =
  | 'src'
  | 'dst'
  | 'either'
  | 'both'
  | 'addr1'
  | 'addr2'
  | 'addr3'
  | 'addr4'
  | 'ra'
  | 'ta';

export type AddressKind =
  | 'host'
  | 'net'
  | 'port'
  | 'portrange'
  | 'gateway'
  | 'proto'
  | 'protochain';

/** What stands before an identifier, and is inherited by those after `and` and `or`. */
export interface Qualifiers {
  readonly protocol?: Protocol;
  readonly direction?: Direction;
  /** Absent: `src 192.0.2.1`, a host. */
  readonly address?: AddressKind;
}

export type Identifier =
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  /** Dotted octets, most significant first: 8, 16, 24 or 32 bits of an address. */
  | { readonly kind: 'ipv4'; readonly value: number; readonly bits: number; readonly text: string }
  | {
      readonly kind: 'ipv4-net';
      readonly value: number;
      readonly mask: number;
      readonly text: string;
    }
  | {
      readonly kind: 'ipv6';
      readonly words: readonly number[];
      readonly length: number;
      readonly text: string;
    }
  | { readonly kind: 'mac'; readonly octets: readonly number[] }
  | { readonly kind: 'mac8'; readonly value: number };

/** Relations, as the machine that runs filters knows them; the others are their negations. */
export type Relation = '=' | '>' | '>=';

export type MathOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';

export type Arithmetic =
  | { readonly kind: 'constant'; readonly value: number; readonly span: Span }
  | { readonly kind: 'length' }
  | { readonly kind: 'negative'; readonly of: Arithmetic }
  | {
      readonly kind: 'octets';
      readonly protocol: Protocol;
      readonly index: Arithmetic;
      readonly size: number;
      readonly span: Span;
    }
  | {
      readonly kind: 'math';
      readonly operator: MathOperator;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
      readonly span: Span;
    };

export type Mtp3Field = 'sio' | 'opc' | 'dpc' | 'sls' | 'hsio' | 'hopc' | 'hdpc' | 'hsls';
export type Mtp2Kind = 'fisu' | 'lssu' | 'msu' | 'hfisu' | 'hlssu' | 'hmsu';
export type Encapsulation = 'vlan' | 'mpls' | 'pppoed' | 'pppoes' | 'geneve' | 'vxlan';
export type PfField = 'ifname' | 'rset' | 'rnr' | 'srnr' | 'reason' | 'action';

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | Primitive;

export type Primitive = (
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'match'; readonly qualifiers: Qualifiers; readonly id: Identifier }
  | {
      readonly kind: 'relation';
      readonly relation: Relation;
      readonly negated: boolean;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
    }
  | { readonly kind: 'broadcast' | 'multicast'; readonly protocol?: Protocol }
  | { readonly kind: 'shorter' | 'longer'; readonly octets: number }
  | {
      readonly kind: 'byte';
      readonly index: number;
      readonly operator: string;
      readonly value: number;
    }
  | { readonly kind: 'travel'; readonly outbound: boolean }
  | { readonly kind: 'ifindex'; readonly value: number }
  | { readonly kind: 'encapsulation'; readonly which: Encapsulation; readonly id?: number }
  | { readonly kind: 'wlan'; readonly octet: 0 | 1; readonly value: number; readonly mask: number }
  | { readonly kind: 'llc'; readonly which?: readonly [value: number, mask: number] }
  | { readonly kind: 'mtp2'; readonly which: Mtp2Kind }
  | {
      readonly kind: 'mtp3';
      readonly field: Mtp3Field;
      readonly relation: Relation;
      readonly negated: boolean;
      readonly value: number;
    }
  | { readonly kind: 'pf'; readonly field: PfField; readonly value: number | string }
) & { readonly span: Span };
