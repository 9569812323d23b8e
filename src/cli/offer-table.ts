/** Known sets of services that suggest themselves, as a table. */
import type { Offer } from '../pipeline/policy-refine.ts';
import type { Column, Table } from '../report/table.ts';

const COLUMNS: readonly Column<Offer>[] = [
  { key: 'server', title: 'SERVER', value: ({ server }) => server },
  { key: 'set', title: 'SET', value: ({ set }) => set },
  {
    key: 'services',
    title: 'NOT SEEN',
    value: ({ services }) => services,
    text: ({ services }) => services.join(' '),
    grow: true,
  },
  { key: 'note', title: 'NOTE', value: ({ note }) => note, priority: 2 },
];

export function offerTable(offers: readonly Offer[]): Table {
  return {
    key: 'offers',
    kind: 'offer',
    heading: 'WHAT THE SAME APPLICATIONS MAY ASK FOR NEXT',
    columns: COLUMNS,
    rows: offers,
    footnote: "Nobody saw these. --with-set 'CLIENT -> SERVER SET' allows a set, marked as such.",
  };
}
