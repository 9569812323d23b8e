/**
 * Reads the pcap-filter language (pcap-filter(7)) into an expression tree.
 *
 * `and` and `or` have the same precedence and group from the left, as in libpcap; an identifier
 * after them inherits the qualifiers before them (`tcp port 80 or 443`). An opening parenthesis
 * may begin an expression, a sum, or a list of identifiers: a sum is tried first, and a place
 * where that failed is remembered, so that nesting costs nothing.
 */
import { parseArithmetic, RELATIONS, readsFrame } from './arithmetic.ts';
import type {
  AddressKind,
  Direction,
  Expression,
  Identifier,
  Primitive,
  Qualifiers,
} from './expression.ts';
import { FilterFault, type Span } from './fault.ts';
import { identifierOf, isIdentifier } from './identifiers.ts';
import { parseSpecial } from './special-words.ts';
import { Tokens } from './tokens.ts';
import { KEYWORDS, PROTOCOL_WORDS, type Protocol } from './words.ts';

export interface ParsedFilter {
  readonly text: string;
  /** Undefined for an empty filter, which matches everything. */
  readonly expression: Expression | undefined;
  /** What was read otherwise than written, for the person who wrote it. */
  readonly notes: readonly string[];
  /** Names of hosts, each once, whose addresses are needed. */
  readonly hostNames: readonly string[];
}

/** Deepest nesting of parentheses and `not`. */
const DEEPEST = 200;
const DIRECTIONS: ReadonlySet<string> = new Set('src dst addr1 addr2 addr3 addr4 ra ta'.split(' '));
const ADDRESS_KINDS: ReadonlySet<string> = new Set(
  'host net port portrange gateway proto protochain'.split(' '),
);
/** Which transports `proto NAME port N` may name. */
const TRANSPORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp']);

/** Reads a filter. Throws `FilterFault`, located. */
export function parseFilter(text: string): ParsedFilter {
  const parser = new Parser(new Tokens(text));
  const expression = parser.whole();
  const hostNames = new Set<string>();
  if (expression !== undefined) collectHosts(expression, hostNames);
  return { text, expression, notes: parser.tokens.notes, hostNames: [...hostNames] };
}

function collectHosts(root: Expression, names: Set<string>): void {
  const stack: Expression[] = [root];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.kind === 'and' || next.kind === 'or') stack.push(next.right, next.left);
    else if (next.kind === 'not') stack.push(next.of);
    else if (next.kind === 'match' && next.id.kind === 'name') {
      const { address } = next.qualifiers;
      const needed = address === undefined || address === 'host' || address === 'gateway';
      if (needed && next.qualifiers.protocol !== 'decnet') names.add(next.id.text);
    }
  }
}

/** What an expression hands on: itself, and the qualifiers an identifier behind it inherits. */
interface Parsed {
  readonly expression: Expression;
  readonly qualifiers: Qualifiers | undefined;
}

class Parser {
  readonly tokens: Tokens;
  private depth = 0;

  constructor(tokens: Tokens) {
    this.tokens = tokens;
  }

  whole(): Expression | undefined {
    if (this.tokens.atEnd) return undefined;
    const { expression } = this.expression(undefined);
    if (!this.tokens.atEnd) throw this.tokens.unexpected(['and', 'or']);
    return expression;
  }

  private expression(inherited: Qualifiers | undefined): Parsed {
    this.descend();
    let left = this.term(inherited);
    for (let kind = this.conjunction(); kind !== undefined; kind = this.conjunction()) {
      const right = this.beginsIdentifier()
        ? this.identifiers(left.qualifiers)
        : this.term(left.qualifiers);
      left = {
        expression: { kind, left: left.expression, right: right.expression },
        qualifiers: right.qualifiers,
      };
    }
    this.depth--;
    return left;
  }

  private descend(): void {
    if (++this.depth > DEEPEST) {
      throw new FilterFault(`nested deeper than ${DEEPEST} levels`, this.tokens.span);
    }
  }

  private conjunction(): 'and' | 'or' | undefined {
    if (this.tokens.take('and') || this.tokens.take('&&')) return 'and';
    return this.tokens.take('or') || this.tokens.take('||') ? 'or' : undefined;
  }

  private negation(): boolean {
    return this.tokens.take('not') || this.tokens.take('!');
  }

  /** Whether what follows `and`, `or` or `(` is an identifier rather than an expression. */
  private beginsIdentifier(): boolean {
    const { tokens } = this;
    const start = tokens.position;
    let yes = false;
    while (tokens.take('not') || tokens.take('!') || tokens.take('(')) {
      // Each may stand before either.
    }
    tokens.readCapitals();
    if (isIdentifier(tokens)) {
      tokens.position = start;
      yes = this.relationAhead() === false;
    }
    tokens.position = start;
    return yes;
  }

  /** Whether a sum and a relation stand here, behind any negations and parentheses. */
  private relationAhead(): boolean {
    const { tokens } = this;
    while (tokens.take('not') || tokens.take('!')) {
      // A negated relation is a relation.
    }
    for (;;) {
      const here = tokens.position;
      const found = this.relation() !== undefined;
      tokens.position = here;
      if (found || !tokens.take('(')) return found;
      while (tokens.take('not') || tokens.take('!')) {
        // As above.
      }
    }
  }

  /** Identifiers that inherit qualifiers: one, or several in parentheses. */
  private identifiers(qualifiers: Qualifiers | undefined): Parsed {
    this.descend();
    const parsed = this.identifierItem(qualifiers);
    this.depth--;
    return parsed;
  }

  private identifierItem(qualifiers: Qualifiers | undefined): Parsed {
    const { tokens } = this;
    if (this.negation()) {
      const { expression } = this.identifiers(qualifiers);
      return { expression: { kind: 'not', of: expression }, qualifiers };
    }
    const { span } = tokens;
    if (tokens.take('(')) {
      let left = this.identifiers(qualifiers).expression;
      for (let kind = this.conjunction(); kind !== undefined; kind = this.conjunction()) {
        left = { kind, left, right: this.identifiers(qualifiers).expression };
      }
      tokens.close(span);
      return { expression: left, qualifiers };
    }
    const id = identifierOf(tokens, qualifiers);
    if (qualifiers === undefined) throw bareIdentifier(id, tokens.text, span);
    const end = tokens.lastEnd;
    return {
      expression: { kind: 'match', qualifiers, id, span: { at: span.at, end } },
      qualifiers,
    };
  }

  private term(inherited: Qualifiers | undefined): Parsed {
    const { tokens } = this;
    if (this.negation()) {
      this.descend();
      const { expression, qualifiers } = this.term(inherited);
      this.depth--;
      return { expression: { kind: 'not', of: expression }, qualifiers };
    }
    const relation = this.relation();
    if (relation !== undefined) return { expression: relation, qualifiers: undefined };
    const { span } = tokens;
    if (tokens.take('(')) {
      const { expression } = this.expression(inherited);
      tokens.close(span);
      return { expression, qualifiers: inherited };
    }
    return this.primitive();
  }

  /** A relation between two sums, or nothing, with the place unchanged. */
  private relation(): Primitive | undefined {
    const { tokens } = this;
    const start = tokens.position;
    if (tokens.noRelation.has(start)) return undefined;
    const from = tokens.span.at;
    const left = parseArithmetic(tokens);
    const found = left === undefined ? undefined : RELATIONS.get(tokens.symbol);
    if (found === undefined && left !== undefined && readsFrame(left)) {
      throw tokens.unexpected([], 'a relation, as in tcp[13] = 2');
    }
    if (left === undefined || found === undefined) {
      tokens.noRelation.add(start);
      tokens.position = start;
      return undefined;
    }
    tokens.advance();
    const right = parseArithmetic(tokens);
    if (right === undefined) throw tokens.unexpected([], 'a number or a field such as tcp[13]');
    const [relation, negated] = found;
    const span = { at: from, end: tokens.lastEnd };
    return { kind: 'relation', relation, negated, left, right, span };
  }

  private primitive(): Parsed {
    const { tokens } = this;
    const from = tokens.span.at;
    tokens.readCapitals();
    const special = parseSpecial(tokens);
    if (special !== undefined) return { expression: special, qualifiers: undefined };
    const protocol = PROTOCOL_WORDS.get(tokens.word);
    if (protocol !== undefined) {
      tokens.advance();
      tokens.readCapitals();
      // `ether broadcast`, `wlan type data`.
      const qualified = parseSpecial(tokens, protocol, from);
      if (qualified !== undefined) return { expression: qualified, qualifiers: undefined };
    }
    const qualifiers = this.qualifiers(protocol);
    if (qualifiers !== undefined) return this.qualified(qualifiers, from);
    const span = { at: from, end: tokens.lastEnd };
    if (protocol === undefined) {
      if (isIdentifier(tokens)) {
        const { span: bare, text } = tokens;
        throw bareIdentifier(identifierOf(tokens, undefined), text, bare);
      }
      throw tokens.unexpected([...PROTOCOL_WORDS.keys(), ...KEYWORDS.keys()]);
    }
    if (isIdentifier(tokens)) throw missingKind(tokens, protocol);
    return { expression: { kind: 'protocol', protocol, span }, qualifiers: undefined };
  }

  /** `src or dst`, `port`, `proto`: undefined where none of them stands here. */
  private qualifiers(protocol: Protocol | undefined): Qualifiers | undefined {
    const { tokens } = this;
    const direction = this.direction();
    tokens.readCapitals();
    const kind = KEYWORDS.get(tokens.word) ?? '';
    const address = ADDRESS_KINDS.has(kind) ? (kind as AddressKind) : undefined;
    if (address !== undefined) {
      const undirected = address === 'gateway' || address.startsWith('proto');
      if (direction !== undefined && undirected) {
        throw new FilterFault(`${address} has no direction`, tokens.span, {
          remedy: `leave out “${direction}”`,
        });
      }
      tokens.advance();
    }
    if (direction === undefined && address === undefined) return undefined;
    return {
      ...(protocol === undefined ? {} : { protocol }),
      ...(direction === undefined ? {} : { direction }),
      ...(address === undefined ? {} : { address }),
    };
  }

  private direction(): Direction | undefined {
    const { tokens } = this;
    const word = KEYWORDS.get(tokens.word) ?? '';
    if (!DIRECTIONS.has(word)) return undefined;
    tokens.advance();
    if (word !== 'src' && word !== 'dst') return word as Direction;
    const other = word === 'src' ? 'dst' : 'src';
    const start = tokens.position;
    const kind = this.conjunction();
    if (kind !== undefined && tokens.take(other)) return kind === 'and' ? 'both' : 'either';
    tokens.position = start;
    return word;
  }

  private qualified(qualifiers: Qualifiers, from: number): Parsed {
    const { tokens } = this;
    const start = tokens.position;
    const parsed = this.identifiers(qualifiers);
    const rest = qualifiers.address === 'proto' ? this.qualifiedByName(parsed) : undefined;
    if (rest === undefined) return parsed;
    // `proto TCP port 80`, as an article for administrators has it.
    const written = tokens.between(from, start);
    tokens.note(`“${written}” before a port is read as “${rest.protocol}”, as in tcp port 80`);
    const inner = this.qualifiers(rest.protocol)!;
    return this.qualified(inner, from);
  }

  /** The transport of `proto tcp` when `port`, `src`… follows at once. */
  private qualifiedByName({ expression }: Parsed): { protocol: Protocol } | undefined {
    if (expression.kind !== 'match' || expression.id.kind !== 'name') return undefined;
    const name = expression.id.text.toLowerCase();
    const next = (KEYWORDS.get(this.tokens.word.toLowerCase()) ?? '') as string;
    const follows = ['port', 'portrange', 'src', 'dst', 'host', 'net'].includes(next);
    return TRANSPORTS.has(name) && follows ? { protocol: name as Protocol } : undefined;
  }
}

function bareIdentifier(id: Identifier, text: string, span: Span): FilterFault {
  const { kind } = id;
  const host = kind === 'name' || kind === 'ipv4' || kind === 'ipv6';
  const typed = kind === 'name' ? { typed: text, candidates: filterWords() } : {};
  const before = kind === 'number' ? 'port' : kind === 'mac' ? 'ether host' : 'host';
  const word = host && kind !== 'ipv4' && kind !== 'ipv6' ? 'host' : before;
  return new FilterFault(`“${text}” does not say what it is`, span, {
    ...typed,
    remedy: `write ${kind === 'ipv4-net' ? 'net' : word} ${text}, if that is what you mean`,
  });
}

function filterWords(): string[] {
  return [...PROTOCOL_WORDS.keys(), ...KEYWORDS.keys()];
}

function missingKind(tokens: Tokens, protocol: string): FilterFault {
  const kind = tokens.kind === 'number' ? 'port' : 'host';
  return new FilterFault(
    `“${tokens.text}” after ${protocol} does not say what it is`,
    tokens.span,
    {
      typed: tokens.text,
      candidates: filterWords(),
      remedy: `write ${protocol} ${kind} ${tokens.text}, if that is what you mean`,
    },
  );
}
