/**
 * Primitives that are more than qualifiers and an identifier: `broadcast`, `less`, `vlan`,
 * `wlan type`, `llc`, signalling and packet-filter fields.
 */
import { RELATIONS } from './arithmetic.ts';
import type {
  Encapsulation,
  Expression,
  Mtp2Kind,
  Mtp3Field,
  PfField,
  Primitive,
} from './expression.ts';
import { FilterFault } from './fault.ts';
import type { Tokens } from './tokens.ts';
import {
  ATM_WORDS,
  KEYWORDS,
  LLC_KINDS,
  PF_ACTIONS,
  PF_REASONS,
  type Protocol,
  WLAN_DIRECTIONS,
  WLAN_SUBTYPES,
  WLAN_TYPES,
} from './words.ts';

/** Without the place, which is added once the primitive was read. */
type Unplaced = Primitive extends infer Each
  ? Each extends Primitive
    ? Omit<Each, 'span'>
    : never
  : never;

/**
 * Reads such a primitive, or returns undefined with the place unchanged.
 *
 * @param protocol the protocol named before it; then only what can follow one is read
 * @param from where the text of the primitive begins
 */
export function parseSpecial(
  tokens: Tokens,
  protocol?: Protocol,
  from: number = tokens.span.at,
): Expression | undefined {
  const word = KEYWORDS.get(tokens.word);
  if (word === undefined) return undefined;
  if (ATM_WORDS.has(word)) {
    throw new FilterFault(`“${word}” is about ATM cells, which are not read here`, tokens.span);
  }
  const start = tokens.position;
  tokens.advance();
  const found = afterProtocol(tokens, word, protocol) ?? alone(tokens, word, protocol);
  if (found !== undefined) return place(found, from, tokens.lastEnd);
  const field = protocol === undefined ? mtp3(tokens, word, from) : undefined;
  if (field === undefined) tokens.position = start;
  return field;
}

function place(primitive: Unplaced, at: number, end: number): Primitive {
  return { ...primitive, span: { at, end } } as Primitive;
}

/** What may follow the name of a protocol. */
function afterProtocol(
  tokens: Tokens,
  word: string,
  protocol: Protocol | undefined,
): Unplaced | undefined {
  switch (word) {
    case 'broadcast':
    case 'multicast':
      return { kind: word, ...(protocol === undefined ? {} : { protocol }) };
    case 'type':
      return wlanType(tokens);
    case 'subtype': {
      const value = fromList(tokens, WLAN_SUBTYPES, 'a subtype of IEEE 802.11');
      return { kind: 'wlan', octet: 0, value, mask: 0xfc };
    }
    case 'dir': {
      const value = numberOr(tokens, 3, WLAN_DIRECTIONS, 'nods, tods, fromds or dstods');
      return { kind: 'wlan', octet: 1, value, mask: 3 };
    }
    default:
      return undefined;
  }
}

function wlanType(tokens: Tokens): Unplaced {
  const type = numberOr(tokens, 0x0c, WLAN_TYPES, 'a type of IEEE 802.11');
  if (!tokens.take('subtype')) return { kind: 'wlan', octet: 0, value: type, mask: 0x0c };
  const ofType = new Map(
    [...WLAN_SUBTYPES]
      .filter(([, value]) => (value & 0x0c) === type)
      .map(([name, value]) => [name, value & 0xf0]),
  );
  const subtype = numberOr(tokens, 0xf0, ofType, 'a subtype of that type');
  return { kind: 'wlan', octet: 0, value: type | subtype, mask: 0xfc };
}

function alone(tokens: Tokens, word: string, protocol: Protocol | undefined): Unplaced | undefined {
  if (protocol !== undefined) return undefined;
  switch (word) {
    case 'less':
    case 'greater': {
      const octets = plainNumber(tokens, 'a number of octets');
      return { kind: word === 'less' ? 'shorter' : 'longer', octets };
    }
    case 'byte':
      return octet(tokens);
    case 'inbound':
    case 'outbound':
      return { kind: 'travel', outbound: word === 'outbound' };
    case 'ifindex':
      return { kind: 'ifindex', value: plainNumber(tokens, 'the number of an interface') };
    case 'pppoed':
      return { kind: 'encapsulation', which: word };
    case 'vlan':
    case 'mpls':
    case 'pppoes':
    case 'geneve':
    case 'vxlan':
      return encapsulation(tokens, word);
    case 'llc':
      return llc(tokens);
    case 'fisu':
    case 'lssu':
    case 'msu':
    case 'hfisu':
    case 'hlssu':
    case 'hmsu':
      return { kind: 'mtp2', which: word as Mtp2Kind };
    case 'ifname':
    case 'rset':
    case 'rnr':
    case 'srnr':
    case 'reason':
    case 'action':
      return packetFilter(tokens, word);
    default:
      return undefined;
  }
}

function plainNumber(tokens: Tokens, what: string): number {
  if (tokens.kind !== 'number') throw tokens.unexpected([], what);
  return tokens.requireNumber(what);
}

function octet(tokens: Tokens): Unplaced {
  const index = plainNumber(tokens, 'the number of the octet, from 0');
  const operator = tokens.symbol;
  if (!['&', '|', '<', '>', '='].includes(operator)) {
    throw tokens.unexpected([], 'one of & | < > =');
  }
  tokens.advance();
  const { span } = tokens;
  const value = plainNumber(tokens, 'a number from 0 to 255');
  if (value > 255) throw new FilterFault('an octet has 255 at most', span);
  return { kind: 'byte', index, operator, value };
}

const MOST: Readonly<Record<string, number>> = {
  vlan: 4095,
  mpls: 0xfffff,
  pppoes: 0xffff,
  geneve: 0xffffff,
  vxlan: 0xffffff,
};

function encapsulation(tokens: Tokens, which: Encapsulation): Unplaced {
  const { span } = tokens;
  const id = tokens.number();
  if (id === undefined) return { kind: 'encapsulation', which };
  if (id > MOST[which]!) {
    throw new FilterFault(`the number after ${which} is ${MOST[which]} at most`, span);
  }
  return { kind: 'encapsulation', which, id };
}

function llc(tokens: Tokens): Unplaced {
  const which = LLC_KINDS.get(tokens.word.toLowerCase());
  if (which === undefined) {
    if (tokens.kind === 'word' && !tokens.reserved) {
      throw tokens.unexpected([...LLC_KINDS.keys()], 'llc alone, or with a kind of 802.2 frame');
    }
    return { kind: 'llc' };
  }
  tokens.advance();
  return { kind: 'llc', which };
}

function packetFilter(tokens: Tokens, field: PfField): Unplaced {
  if (field === 'rnr' || field === 'srnr') {
    return { kind: 'pf', field, value: plainNumber(tokens, 'the number of a rule') };
  }
  if (field === 'reason') {
    return { kind: 'pf', field, value: numberOr(tokens, 255, PF_REASONS, 'a reason of pf') };
  }
  if (field === 'action') {
    return { kind: 'pf', field, value: fromList(tokens, PF_ACTIONS, 'an action of pf') };
  }
  if (tokens.kind !== 'word' && tokens.kind !== 'escaped') throw tokens.unexpected([], 'a name');
  const { text, span } = tokens;
  if (text.length > 15) throw new FilterFault('that name has 15 characters at most', span);
  tokens.advance();
  return { kind: 'pf', field, value: text };
}

/** A number whose bits lie within `most`, or one of the names. */
function numberOr(
  tokens: Tokens,
  most: number,
  names: ReadonlyMap<string, number>,
  what: string,
): number {
  if (tokens.kind !== 'number') return fromList(tokens, names, what);
  const { value, span } = tokens;
  if ((value & ~most) !== 0) {
    throw new FilterFault(`${value} has bits that ${what} does not have`, span);
  }
  tokens.advance();
  return value;
}

function fromList(tokens: Tokens, names: ReadonlyMap<string, number>, what: string): number {
  const value = names.get(tokens.text.toLowerCase());
  if (value === undefined) throw tokens.unexpected([...names.keys()], what);
  tokens.advance();
  return value;
}

const MTP3_FIELDS = new Set('sio opc dpc sls hsio hopc hdpc hsls'.split(' '));

/** `opc 1`, `dpc > 2`, `sls (1 or 2)`. */
function mtp3(tokens: Tokens, word: string, from: number): Expression | undefined {
  if (!MTP3_FIELDS.has(word)) return undefined;
  const field = word as Mtp3Field;
  const one = (relation: '=' | '>' | '>=', negated: boolean): Expression => {
    const value = plainNumber(tokens, 'a number');
    const span = { at: from, end: tokens.lastEnd };
    return { kind: 'mtp3', field, relation, negated, value, span };
  };
  const found = RELATIONS.get(tokens.symbol);
  if (found !== undefined) {
    tokens.advance();
    return one(...found);
  }
  const { span } = tokens;
  if (!tokens.take('(')) return one('=', false);
  let all = one('=', false);
  while (tokens.take('or') || tokens.take('||')) {
    all = { kind: 'or', left: all, right: one('=', false) };
  }
  tokens.close(span);
  return all;
}
