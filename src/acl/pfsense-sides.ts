/**
 * The two sides of a rule of a config.xml as addresses and ports: interfaces by name, the firewall
 * itself, aliases, addresses.
 */
import type { Family } from '../net/address.ts';
import type { AddressRange } from '../net/address-range.ts';
import type { NumberRange } from '../net/header-match.ts';
import { LineFault } from './line-fault.ts';
import type { PfAliases } from './pfsense-aliases.ts';
import { fieldsOf, isSet, type Product, sure } from './pfsense-fields.ts';
import type { PfInterfaces } from './pfsense-interfaces.ts';
import type { XmlElement } from './xml-text.ts';

/** A side as it is written. */
export interface SideText {
  /** Addresses, aliases or interfaces; undefined = any. */
  readonly words: readonly string[] | undefined;
  readonly not: boolean;
  readonly port: string | undefined;
  /** Stands where the product takes only interfaces. */
  readonly isPlace: boolean;
}

/** What a side asks for in one family. */
export interface Side {
  /** Undefined = any. */
  readonly ranges: readonly AddressRange[] | undefined;
  readonly not: boolean;
  readonly ports: readonly NumberRange[] | undefined;
}

/** Where the words of sides are looked up. */
export interface Names {
  readonly product: Product;
  readonly aliases: PfAliases;
  readonly interfaces: PfInterfaces;
  /** Is told of what was taken for granted, a clause each. */
  readonly assume: (clause: string) => void;
}

/** Throws `LineFault`. */
export function sideText(
  element: XmlElement | undefined,
  name: string,
  product: Product,
): SideText {
  if (element === undefined) throw new LineFault(`The rule has no “${name}”.`);
  const fields = fieldsOf(element);
  const word = (field: string): string | undefined => fields.get(field)?.text;
  for (const field of fields.keys()) {
    if (!['any', 'address', 'network', 'port', 'not'].includes(field)) {
      throw new LineFault(`“${field}” is not read in a side.`);
    }
  }
  const kinds = ['any', 'address', 'network'].filter((field) => fields.has(field));
  if (kinds.length !== 1) throw new LineFault('A side is any, an address or a network.');
  const not = sure(word('not'), 'not', product);
  const value = word(kinds[0]!) ?? '';
  const port = word('port') || undefined;
  if (kinds[0] === 'any') {
    if (!isSet(value)) throw new LineFault('A side is any, or it does not say so.');
    if (not) throw new LineFault('Nothing is not any.');
    return { words: undefined, not, port, isPlace: false };
  }
  if (value === 'any') return { words: undefined, not: false, port, isPlace: false };
  return { words: [value], not, port, isPlace: kinds[0] === 'network' };
}

/**
 * What the side asks for; undefined where the product makes no rule of it, or where it is about the
 * firewall itself, which is none of what is forwarded. Throws `LineFault`.
 * @param from the interfaces of the rule, for its source where it is asked of what comes in
 */
export function readSide(
  { words, not, port, isPlace }: SideText,
  family: Family,
  names: Names,
  from: readonly string[] | undefined,
): Side | undefined {
  const ports = port === undefined ? undefined : names.aliases.ports(port);
  if (words === undefined) return { ranges: undefined, not: false, ports };
  if (not && words.length > 1) throw new LineFault('All but several is not read.');
  const ranges: AddressRange[] = [];
  for (const word of words) {
    const found = rangesOf(word, { family, isPlace, not, from }, names);
    if (found === 'any') return { ranges: undefined, not: false, ports };
    if (found === 'none') {
      if (words.length === 1) return undefined;
    } else ranges.push(...found);
  }
  return { ranges, not, ports };
}

interface Asked {
  readonly family: Family;
  readonly isPlace: boolean;
  readonly not: boolean;
  readonly from: readonly string[] | undefined;
}

function rangesOf(
  word: string,
  asked: Asked,
  names: Names,
): readonly AddressRange[] | 'any' | 'none' {
  const { aliases, interfaces, product } = names;
  const [, place] = /^(.+)ip$/.exec(word) ?? [];
  const isPlaceOnly = asked.isPlace && product === 'pfsense' && interfaces.isKnown;
  if (word === '(self)') return ownRanges(undefined, asked, names);
  if (aliases.has(word) && !isPlaceOnly) return aliasRanges(word, asked, names);
  if (place !== undefined && interfaces.ownOf(place, asked.family) !== undefined) {
    return ownRanges(place, asked, names);
  }
  const network = interfaces.networkNamed(word, asked.family);
  if (network === undefined) {
    // pfSense makes no rule of it; whoever wrote it meant something else.
    if (isPlaceOnly) {
      throw new LineFault(`“${word}” is no interface; addresses stand in “address”.`);
    }
    return aliasRanges(word, asked, names);
  }
  if (network.isDynamic) {
    const isOwn = asked.from?.length === 1 && asked.from[0] === word;
    if (!isOwn || asked.not) {
      throw new LineFault(`The text does not tell the IPv${asked.family} network of “${word}”.`);
    }
    names.assume(
      `that what comes in by “${word}” is of its own IPv${asked.family} network, which the text does not tell`,
    );
    return 'any';
  }
  return network.networks.length === 0 ? 'none' : network.networks;
}

function aliasRanges(word: string, { family }: Asked, { aliases, interfaces }: Names) {
  return aliases.addresses(word, family, (name) => {
    const network = interfaces.networkNamed(name, family);
    return network === undefined || network.isDynamic ? undefined : network.networks;
  });
}

/** Addresses of the firewall itself, as far as the text tells them: others are never forwarded to. */
function ownRanges(
  place: string | undefined,
  { family, not }: Asked,
  { interfaces }: Names,
): readonly AddressRange[] | 'any' | 'none' {
  if (!interfaces.isKnown) {
    if (not) throw new LineFault('All but the firewall itself is not read.');
    return 'none';
  }
  const { own = [], isDynamic = false } = interfaces.ownOf(place, family) ?? {};
  if (own.length > 0) return own;
  // Where it has no address at all, the product makes no rule.
  return not && (isDynamic || place === undefined) ? 'any' : 'none';
}
