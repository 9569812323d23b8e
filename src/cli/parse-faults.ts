/** What a platform's text held that was not understood: a table that every judgement begins with. */
import type { Table } from '../report/table.ts';

export interface FaultRow {
  readonly line: number;
  readonly what: string;
}

export function faultTable(faults: readonly FaultRow[]): Table {
  const table: Table<FaultRow> = {
    key: 'faults',
    kind: 'fault',
    heading: 'NOT UNDERSTOOD',
    columns: [
      { key: 'line', title: 'LINE', value: ({ line }) => line, align: 'right' },
      { key: 'what', title: 'WHAT', value: ({ what }) => what, grow: true },
    ],
    rows: faults,
  };
  return table;
}
