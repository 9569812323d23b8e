/**
 * The columns of verdicts that an audit folds, wherever they lie: in the batch that a reader fills,
 * or in memory that it shares with another thread.
 */

/** Columns with a value per row, the widest values first. */
export const FOLDED_COLUMNS = {
  ...{ timeMs: Float64Array, events: Float64Array, bytes: Float64Array },
  ...{ source: Int32Array, destination: Int32Array },
  ...{ sourcePort: Int32Array, destinationPort: Int32Array, line: Uint32Array },
  ...{ rule: Int32Array, inInterface: Int32Array, outInterface: Int32Array },
  ...{ inZone: Int32Array, outZone: Int32Array, device: Int32Array, format: Int32Array },
  ...{ protocol: Int16Array, tcpFlags: Int16Array },
  ...{ family: Uint8Array, action: Uint8Array, event: Uint8Array, initiator: Uint8Array },
  ...{ direction: Uint8Array, group: Uint8Array },
} as const;

export type FoldedColumn = keyof typeof FOLDED_COLUMNS;

type Columns = {
  readonly [Name in FoldedColumn]: (typeof FOLDED_COLUMNS)[Name]['prototype'];
};

/** What is folded of a batch; whoever folds it may turn rows round. */
export interface VerdictColumns extends Columns {
  /** How many leading rows are filled. */
  readonly count: number;
  readonly inputIndex: number;
  /** Four words of each IPv6 address, by the number that rows give it. */
  readonly addresses: { readonly words: Int32Array };
}

/** Makes the destination of a row the source, with all that belongs to each; counters stay. */
export function turnRow(columns: VerdictColumns, row: number): void {
  swap(row, columns.source, columns.destination);
  swap(row, columns.sourcePort, columns.destinationPort);
  swap(row, columns.inInterface, columns.outInterface);
  swap(row, columns.inZone, columns.outZone);
}

function swap(row: number, left: Int32Array, right: Int32Array): void {
  const kept = left[row]!;
  left[row] = right[row]!;
  right[row] = kept;
}
