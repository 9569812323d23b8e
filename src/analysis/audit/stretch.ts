/** What a stretch of log is of: its time, formats, devices, and whether it tells of both verdicts. */
import { DENY } from '../../model/verdict.ts';
import type { Stretch } from './answer.ts';
import type { RowBlock } from './row-block.ts';
import { finite, newSpan, widen } from './sums.ts';
import type { VerdictTable } from './verdict-table.ts';

export class StretchTotals {
  private readonly table: VerdictTable;
  private readonly span = newSpan();
  /** Numbers of names. */
  private readonly formats = new Set<number>();
  private readonly devices = new Set<number>();
  private passed = 0;
  private denied = 0;

  constructor(table: VerdictTable) {
    this.table = table;
  }

  get namesDevices(): boolean {
    return this.devices.size > 0;
  }

  add(block: RowBlock, index: number): void {
    const { format, device } = block.contextAt(block.context[index]!);
    const events = block.events[index]!;
    widen(this.span, this.table, block.entry[index]!);
    if (format !== 0) this.formats.add(format);
    if (device !== 0) this.devices.add(device);
    if (block.action[index] === DENY) this.denied += events;
    else this.passed += events;
  }

  answer(names: readonly string[]): Stretch {
    const { span, passed, denied, table } = this;
    const texts = (numbers: ReadonlySet<number>): string[] =>
      [...numbers].map((number) => names[number] ?? '').sort();
    return {
      events: passed + denied,
      ...{ passed, denied, firstMs: finite(span.firstMs), lastMs: finite(span.lastMs) },
      ...{ formats: texts(this.formats), devices: texts(this.devices) },
      collapsed: table.collapsed + table.lost,
    };
  }
}
