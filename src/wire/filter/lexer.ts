/**
 * Cuts a filter expression into tokens as libpcap's scanner does: the longest match wins, so
 * `80-90` and `tcp-syn` are one word, and `10.1` is the start of an address. Words keep their case.
 */
import { parseAddress } from '../../net/address.ts';
import { FilterFault, type Span } from './fault.ts';
import { NUMBER_WORDS } from './words.ts';

export type TokenKind =
  | 'word'
  /** `\tcp`: a name even though it is a keyword. */
  | 'escaped'
  | 'number'
  /** One to four decimal octets with at least one dot. */
  | 'ipv4'
  | 'ipv6'
  | 'mac'
  /** `$1f`: an address of one octet. */
  | 'mac8'
  | 'symbol'
  | 'end';

export interface Token extends Span {
  readonly kind: TokenKind;
  readonly text: string;
  /** Of numbers: 0 to 2^32 − 1. */
  readonly value: number;
}

/** Longest text that is read: beyond it nobody wrote it by hand. */
const MOST_CHARACTERS = 65_536;
const BLANK = /[ \r\n\t]*/y;
const SYMBOL = />=|<=|!=|==|<<|>>|&&|\|\||[-+*/%:[\]!<>()&|^=]/y;
const WORD = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y;
const ESCAPED = /\\[^ !()\n\t]+/y;
const NUMBER = /0[xX][0-9A-Fa-f]+|[0-9]+/y;
const IPV4 = /[0-9]+(?:\.[0-9]+){1,3}/y;
const COLONS = /[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/y;
const MAC =
  /[0-9A-Fa-f]{1,2}([:.-])[0-9A-Fa-f]{1,2}(?:\1[0-9A-Fa-f]{1,2}){4}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{12}/y;
const MAC8 = /\$[0-9A-Fa-f]{1,2}/y;

/** Throws `FilterFault` at the first character that begins nothing. The last token is `end`. */
export function tokenize(text: string): Token[] {
  if (text.length > MOST_CHARACTERS) {
    const span = { at: MOST_CHARACTERS, end: text.length };
    throw new FilterFault(`a filter has at most ${MOST_CHARACTERS} characters`, span);
  }
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += match(BLANK, text, at).length;
    if (at >= text.length) break;
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', text: '', value: 0, at, end: at });
  return tokens;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function tokenAt(text: string, at: number): Token {
  const make = (kind: TokenKind, found: string, value = 0): Token => {
    return { kind, text: found, value, at, end: at + found.length };
  };
  const word = match(WORD, text, at);
  const mac = match(MAC, text, at);
  const ipv4 = match(IPV4, text, at);
  const number = match(NUMBER, text, at);
  const ipv6 = ipv6At(text, at);
  const longest = Math.max(word.length, mac.length, ipv4.length, number.length, ipv6.length);
  if (longest === 0) {
    const escaped = match(ESCAPED, text, at);
    if (escaped !== '') return { ...make('escaped', escaped), text: escaped.slice(1) };
    const mac8 = match(MAC8, text, at);
    if (mac8 !== '') return make('mac8', mac8);
    const symbol = match(SYMBOL, text, at);
    if (symbol === '==') return { ...make('symbol', symbol), text: '=' };
    if (symbol !== '') return make('symbol', symbol);
    throw strayCharacter(text, at);
  }
  if (mac.length === longest) return make('mac', mac);
  if (ipv6.length < longest) refuseColons(text, at);
  if (number.length === longest) return make('number', number, numberOf(number, at));
  if (ipv4.length === longest) return make('ipv4', ipv4);
  if (ipv6.length === longest) return make('ipv6', ipv6);
  const value = NUMBER_WORDS.get(word);
  return value === undefined ? make('word', word) : make('number', word, value);
}

/** The longest IPv6 address that begins here, or nothing. */
function ipv6At(text: string, at: number): string {
  let run = match(COLONS, text, at).slice(0, 46);
  if (run.indexOf(':') === run.lastIndexOf(':')) return '';
  while (run.length > 1) {
    const address = parseAddress(run);
    if (address?.family === 6) return run;
    run = run.slice(0, -1);
  }
  return '';
}

/** `00:11:22` begins no word: it is an address with something wrong in it. */
function refuseColons(text: string, at: number): void {
  const run = match(COLONS, text, at);
  if (run.split(':').length < 3) return;
  throw new FilterFault(
    `“${run}” is neither an IPv6 nor an Ethernet address`,
    { at, end: at + run.length },
    { remedy: 'write 2001:db8::1, or six octets as in 00:00:5e:00:53:01' },
  );
}

function strayCharacter(text: string, at: number): FilterFault {
  const character = String.fromCodePoint(text.codePointAt(at)!);
  const span = { at, end: at + character.length };
  const shown = /\p{C}/u.test(character)
    ? `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
    : character;
  const quote = '\'"`‘’“”'.includes(character);
  return new FilterFault(`“${shown}” means nothing in a filter`, span, {
    remedy: quote ? 'quotes belong around the whole filter only, for the shell' : undefined,
  });
}

/** Decimal, octal with a leading zero, or hexadecimal, as in C; at most 32 bits. */
function numberOf(text: string, at: number): number {
  const octal = /^0\d/.test(text);
  const span = { at, end: at + text.length };
  if (octal && /[89]/.test(text)) {
    throw new FilterFault(`${text} begins with 0 and so is octal, which has no 8 or 9`, span, {
      remedy: `write ${text.replace(/^0+/, '')} for the decimal number`,
    });
  }
  const value = octal ? Number.parseInt(text, 8) : Number(text);
  if (value <= 0xffffffff) return value;
  throw new FilterFault(`${text} does not fit into 32 bits`, span);
}
