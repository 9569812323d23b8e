/** Identifiers of the filter language: hosts, networks, ports and protocols by name or number. */
import { parseAddress } from '../../net/address.ts';
import type { Identifier, Qualifiers } from './expression.ts';
import { FilterFault, type Span } from './fault.ts';
import type { Tokens } from './tokens.ts';
import { PROTOCOL_WORDS } from './words.ts';

/** Whether an identifier begins here. A keyword is none, unless escaped (`\tcp`). */
export function isIdentifier(tokens: Tokens): boolean {
  const { kind } = tokens;
  return kind === 'word' ? !tokens.reserved : kind !== 'symbol' && kind !== 'end';
}

/** Reads one identifier. Throws `FilterFault`. */
export function identifierOf(tokens: Tokens, qualifiers: Qualifiers | undefined): Identifier {
  const { kind, text, value, span } = tokens;
  switch (kind) {
    case 'number':
      tokens.advance();
      return { kind: 'number', value };
    case 'ipv4':
      return qualifiers?.protocol === 'decnet' ? nameOf(tokens) : ipv4(tokens);
    case 'ipv6':
      return ipv6(tokens);
    case 'mac':
      tokens.advance();
      return { kind: 'mac', octets: macOctets(text, span) };
    case 'mac8':
      tokens.advance();
      return { kind: 'mac8', value: Number.parseInt(text.slice(1), 16) };
    case 'escaped':
      return nameOf(tokens);
    case 'word':
      if (!tokens.reserved || isProtocolName(tokens, qualifiers)) return nameOf(tokens);
      throw new FilterFault(`“${text}” is a word of the filter language`, span, {
        remedy: `write \\${text} for something of that name`,
      });
    default:
      throw tokens.unexpected([], wanted(qualifiers));
  }
}

function nameOf(tokens: Tokens): Identifier {
  const { text } = tokens;
  tokens.advance();
  return { kind: 'name', text };
}

/** After `proto` only a protocol can be meant: `proto tcp` needs no backslash here. */
function isProtocolName(tokens: Tokens, qualifiers: Qualifiers | undefined): boolean {
  const address = qualifiers?.address;
  if (address !== 'proto' && address !== 'protochain') return false;
  return PROTOCOL_WORDS.has(tokens.word);
}

function wanted(qualifiers: Qualifiers | undefined): string {
  switch (qualifiers?.address) {
    case 'port':
      return 'the number or name of a port';
    case 'portrange':
      return 'two ports, as in 8000-8100';
    case 'net':
      return 'a network, as in 192.0.2.0/24';
    case 'proto':
    case 'protochain':
      return 'the number or name of a protocol';
    default:
      return 'an address or a name';
  }
}

/** One to four octets as written, most significant first. Throws above 255. */
function octetsOf(tokens: Tokens): { value: number; bits: number } {
  let value = 0;
  let bits = 0;
  for (const part of tokens.text.split('.')) {
    const octet = Number(part);
    if (octet > 255) {
      throw new FilterFault(
        `“${tokens.text}” is no IPv4 address: ${part} is above 255`,
        tokens.span,
      );
    }
    value = value * 256 + octet;
    bits += 8;
  }
  return { value, bits };
}

function ipv4(tokens: Tokens): Identifier {
  const { text, span } = tokens;
  const { value, bits } = octetsOf(tokens);
  const network = value * 2 ** (32 - bits);
  tokens.advance();
  if (tokens.take('/')) {
    const length = tokens.value;
    const whole = { at: span.at, end: tokens.span.end };
    if (tokens.kind !== 'number' || length > 32) {
      throw new FilterFault('a prefix length of IPv4 is a number from 0 to 32', tokens.span);
    }
    tokens.advance();
    const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
    return masked(network, mask, `${text}/${length}`, whole);
  }
  if (tokens.take('mask')) {
    if (tokens.kind !== 'ipv4') throw tokens.unexpected([], 'a mask, as in 255.255.255.0');
    const { text: maskText, span: maskSpan } = tokens;
    const { value: maskValue, bits: maskBits } = octetsOf(tokens);
    tokens.advance();
    const whole = { at: span.at, end: maskSpan.end };
    return masked(network, maskValue * 2 ** (32 - maskBits), `${text} mask ${maskText}`, whole);
  }
  return { kind: 'ipv4', value, bits, text };
}

function masked(value: number, mask: number, text: string, span: Span): Identifier {
  if ((value & ~mask) !== 0) {
    const network = (value & mask) >>> 0;
    const octets = [24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join('.');
    throw new FilterFault(`“${text}” has bits set behind the network`, span, {
      remedy: `write ${octets}${text.slice(text.search(/[ /]/))}`,
    });
  }
  return { kind: 'ipv4-net', value, mask, text };
}

function ipv6(tokens: Tokens): Identifier {
  const { text, span } = tokens;
  const words = parseAddress(text)!.words;
  tokens.advance();
  if (!tokens.take('/')) return { kind: 'ipv6', words, length: 128, text };
  const length = tokens.value;
  if (tokens.kind !== 'number' || length > 128) {
    throw new FilterFault('a prefix length of IPv6 is a number from 0 to 128', tokens.span);
  }
  const whole = { at: span.at, end: tokens.span.end };
  tokens.advance();
  words.forEach((word, index) => {
    const kept = Math.min(32, Math.max(0, length - 32 * index));
    const mask = kept === 0 ? 0 : 0xffffffff << (32 - kept);
    if ((word & ~mask) !== 0) {
      throw new FilterFault(`“${text}/${length}” has bits set behind the network`, whole);
    }
  });
  return { kind: 'ipv6', words, length, text: `${text}/${length}` };
}

/** Octets of an address written with colons, dashes, dots, in groups of four, or in one piece. */
function macOctets(text: string, span: Span): number[] {
  const parts = text.split(/[:.-]/);
  const pairs = parts.length === 6 ? parts : parts.flatMap((part) => part.match(/../g) ?? []);
  if (pairs.length !== 6) throw new FilterFault(`“${text}” is no Ethernet address`, span);
  return pairs.map((pair) => Number.parseInt(pair, 16));
}
