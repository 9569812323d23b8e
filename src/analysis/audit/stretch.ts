/** What a stretch of log is of: its time, formats, devices, and whether it tells of both verdicts. */
import { DENY } from '../../model/verdict.ts';
import type { Stretch } from './answer.ts';
import type { RowBlock } from './row-block.ts';
import { GroupSums } from './sums.ts';
import type { VerdictRows } from './verdict-rows.ts';

/** Groups of the sums. */
const PASSED = 0;
const DENIED = 1;

export class StretchTotals {
  private readonly table: VerdictRows;
  /** What passed, and what was denied. */
  private readonly sums: GroupSums;
  /** Numbers of names. */
  private readonly formats = new Set<number>();
  private readonly devices = new Set<number>();

  constructor(table: VerdictRows) {
    this.table = table;
    this.sums = new GroupSums(table);
    this.sums.open();
    this.sums.open();
  }

  add(block: RowBlock, index: number): void {
    const { format, device } = block.contextAt(block.context[index]!);
    const group = block.action[index] === DENY ? DENIED : PASSED;
    this.sums.add(group, block.entry[index]!, block.events[index]!, false);
    if (format !== 0) this.formats.add(format);
    if (device !== 0) this.devices.add(device);
  }

  answer(names: readonly string[]): Stretch {
    const { sums, table } = this;
    const [passed, denied] = [sums.events(PASSED), sums.events(DENIED)];
    const texts = (numbers: ReadonlySet<number>): string[] =>
      [...numbers].map((number) => names[number] ?? '').sort();
    return {
      events: passed + denied,
      ...{ passed, denied, ...sums.span() },
      ...{ formats: texts(this.formats), devices: texts(this.devices) },
      collapsed: table.collapsed + table.lost,
    };
  }
}
