/** When it happened: a chart of text, one row for each span of time. */
import type { TimeSlice } from '../model/use.ts';
import { bytes, count, duration, isoTime } from '../report/numbers.ts';
import type { Column, Table } from '../report/table.ts';

const BAR = 30;

/** Rows of the chart at most. */
export const MOST_SLICES = 32;

/** Bars show bytes, or flows where packets could not be counted. */
export function overTimeTable(slices: readonly TimeSlice[]): Table {
  const counted = slices.every((slice) => slice.bytes !== null);
  const value = (slice: TimeSlice) => slice.bytes ?? slice.flows;
  const most = slices.reduce((largest, slice) => Math.max(largest, value(slice)), 0);
  const [first] = slices;
  const each = first === undefined ? '' : `, ${duration(first.widthMs)} each`;
  const columns: Column<TimeSlice>[] = [
    {
      key: 'startMs',
      title: 'FROM',
      value: ({ startMs }) => startMs,
      text: ({ startMs, widthMs }) => isoTime(startMs).slice(0, widthMs < 1000 ? 23 : 19),
    },
    { key: 'widthMs', title: '', value: ({ widthMs }) => widthMs, machineOnly: true },
    {
      key: 'packets',
      title: 'PACKETS',
      value: ({ packets }) => packets,
      text: ({ packets }) => (packets === null ? '-' : count(packets)),
      align: 'right',
      priority: 1,
    },
    {
      key: 'bytes',
      title: 'BYTES',
      value: (slice) => slice.bytes,
      text: (slice) => (slice.bytes === null ? '-' : bytes(slice.bytes)),
      align: 'right',
    },
    {
      key: 'flows',
      title: 'NEW FLOWS',
      value: ({ flows }) => flows,
      text: ({ flows }) => count(flows),
      align: 'right',
      priority: 2,
    },
    {
      key: 'bar',
      title: counted ? 'BY BYTES' : 'BY NEW FLOWS',
      value: (slice) => (most === 0 ? 0 : value(slice) / most),
      text: (slice) => '#'.repeat(barOf(value(slice), most)),
      priority: 3,
    },
  ];
  return {
    key: 'overTime',
    kind: 'time-slice',
    heading: `OVER TIME (UTC${each})`,
    columns: columns,
    rows: slices,
    empty: 'Nothing to show over time.',
    ...(counted
      ? {}
      : {
          footnote: 'Packets are not counted: the filter asks for more than one packet can tell.',
        }),
  };
}

/** Never nothing for something. */
function barOf(value: number, most: number): number {
  return value === 0 ? 0 : Math.max(1, Math.round((value / most) * BAR));
}
