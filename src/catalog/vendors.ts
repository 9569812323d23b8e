/**
 * Who made a network card, by its MAC address: IEEE's registry of address blocks (MA-L, MA-M and
 * MA-S), compiled into two strings that are decoded when the first address is asked for.
 */
import { NAMES, PREFIXES } from './vendors.generated.ts';

/** Hexadecimal digits of prefixes, in the order of the compiled lines. */
const LENGTHS = [6, 7, 9];

interface Blocks {
  readonly names: readonly string[];
  /** Line of the name by prefix, one map for each length. */
  readonly prefixes: readonly ReadonlyMap<number, number>[];
}

let blocks: Blocks | undefined;

function decode(): Blocks {
  const prefixes = PREFIXES.split('\n').map((line) => {
    const map = new Map<number, number>();
    let prefix = 0;
    for (const token of line === '' ? [] : line.split(' ')) {
      const dot = token.indexOf('.');
      prefix += Number.parseInt(token.slice(0, dot), 36);
      map.set(prefix, Number.parseInt(token.slice(dot + 1), 36));
    }
    return map;
  });
  return { names: NAMES.split('\n'), prefixes };
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
  blocks ??= decode();
  for (let index = LENGTHS.length - 1; index >= 0; index--) {
    const name = blocks.prefixes[index]!.get(Number.parseInt(digits.slice(0, LENGTHS[index]), 16));
    if (name !== undefined) return blocks.names[name];
  }
  return undefined;
}
