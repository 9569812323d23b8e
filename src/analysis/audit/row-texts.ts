/**
 * Rows of a verdict table in words: their hosts, and the line that shows each. Texts come from
 * logs: whoever shows them must escape them.
 */
import { formatIPv4, formatIPv6 } from '../../net/address.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import { FAMILY_4, FAMILY_6, FAMILY_NAME, K_FAMILY } from './verdict-kind.ts';
import { R_INPUT, R_LINE, type VerdictRows } from './verdict-rows.ts';

const NOT_SAID = '(not said)';

/** What the words of rows refer to. */
export interface RowWords {
  readonly table: VerdictRows;
  readonly addresses: AddressPool;
  /** By number of the zone, and of a name. */
  readonly zones: readonly string[];
  readonly names: readonly string[];
  /** What locators begin with. */
  readonly inputs: readonly string[];
}

/** As the table is when it is asked, so that it serves as long as the table does. */
export class RowTexts {
  private readonly from: RowWords;

  constructor(from: RowWords) {
    this.from = from;
  }

  /** The end with that word, in a row of that kind: an address, a name, or a zone and its others. */
  address(kind: number, word: number): string {
    const { addresses, zones, names } = this.from;
    const family = (kind >>> K_FAMILY) & 3;
    if (family === FAMILY_4) return formatIPv4(word);
    if (family === FAMILY_6) return formatIPv6(addresses.words, 4 * word);
    if (family === FAMILY_NAME) return names[word] ?? '';
    return word > 0 ? `(others, ${zones[word - 1] ?? ''})` : '(none)';
  }

  /** Nothing is sent to the unspecified address: there the line names no destination. */
  server(kind: number, word: number): string {
    const text = this.address(kind, word);
    return text === '0.0.0.0' || text === '::' ? NOT_SAID : text;
  }

  /** Where the row was seen first: `fw.log:8812`. */
  locator(entry: number): string {
    const { table, inputs } = this.from;
    return placeText(inputs, table.word(entry, R_INPUT), table.word(entry, R_LINE));
  }
}

/** A line of an input, by their numbers. */
export function placeText(inputs: readonly string[], input: number, line: number): string {
  return `${inputs[input] ?? ''}:${line >>> 0}`;
}
