/**
 * Who made a network card, by its MAC address: IEEE's registry of address blocks (MA-L, MA-M and
 * MA-S), compiled into two texts with a line for each first octet, decoded when such an address is asked for.
 */
import { namesText, prefixesText } from './vendors.generated.ts';

/** Hexadecimal digits of prefixes, in the order of the compiled lines: 256 for each, by octet. */
const LENGTHS = [6, 7, 9];
/** As in scripts/compile-vendors.mjs. */
const NAMES_A_LINE = 256;

let prefixLines: readonly string[] | undefined;
let nameLines: readonly string[] | undefined;
/** Numbers of names by what follows the first octet of a prefix; one map for each line asked for. */
const decoded: ReadonlyMap<number, number>[] = [];

function decode(line: string): ReadonlyMap<number, number> {
  const map = new Map<number, number>();
  let prefix = 0;
  for (const token of line === '' ? [] : line.split(' ')) {
    const dot = token.indexOf('.');
    prefix += Number.parseInt(token.slice(0, dot), 36);
    map.set(prefix, Number.parseInt(token.slice(dot + 1), 36));
  }
  return map;
}

function nameAt(index: number): string {
  nameLines ??= namesText().split('\n');
  return nameLines[Math.floor(index / NAMES_A_LINE)]!.split('\t')[index % NAMES_A_LINE]!;
}

/**
 * The vendor of a MAC address given as twelve hexadecimal digits, colons or hyphens between them
 * or not. Undefined for addresses that were made up (locally administered), for group addresses,
 * for blocks of nobody, and for anything else.
 */
export function vendorOf(mac: string): string | undefined {
  const digits = mac.replace(/[:-]/g, '');
  if (!/^[\da-f]{12}$/i.test(digits) || (Number.parseInt(digits.slice(0, 2), 16) & 3) !== 0) {
    return undefined;
  }
  prefixLines ??= prefixesText().split('\n');
  const octet = Number.parseInt(digits.slice(0, 2), 16);
  for (let index = LENGTHS.length - 1; index >= 0; index--) {
    const line = index * 256 + octet;
    decoded[line] ??= decode(prefixLines[line]!);
    const name = decoded[line].get(Number.parseInt(digits.slice(2, LENGTHS[index]), 16));
    if (name !== undefined) return nameAt(name);
  }
  return undefined;
}
