/** What each rule decided, and what passed each pair of interfaces. */
import { Column, EndpointTable } from '../../flow/endpoint-table.ts';
import { ACTIONS, ALLOW, DENY } from '../../model/verdict.ts';
import type { PathVerdicts, RuleVerdicts } from './answer.ts';
import type { Context } from './contexts.ts';
import { MEANS } from './noise.ts';
import { serviceText } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import type { RowIndex } from './row-index.ts';
import { finite, mostOf, newSpan, type Span, widen } from './sums.ts';
import type { VerdictTable } from './verdict-table.ts';

interface RuleSum extends Span {
  readonly number: number;
  readonly context: Context;
  readonly action: number;
  /** The first row of it. */
  entry: number;
  events: number;
}

export class RuleTotals {
  private readonly table: VerdictTable;
  private readonly index: RowIndex;
  private readonly sums = new Map<string, RuleSum>();
  /** The same by number of the context and action. */
  private readonly byContext: (RuleSum | undefined)[] = [];
  /** Events by rule and service. */
  private readonly services: EndpointTable;
  private readonly events = new Column();

  constructor(table: VerdictTable, index: RowIndex, seed: number) {
    this.table = table;
    this.index = index;
    this.services = new EndpointTable(seed);
  }

  add(block: RowBlock, index: number): void {
    const action = block.action[index]!;
    const entry = block.entry[index]!;
    const place = ACTIONS.length * block.context[index]! + action;
    this.byContext[place] ??= this.sumOf(block.contextAt(block.context[index]!), action, entry);
    const sum = this.byContext[place];
    const events = block.events[index]!;
    sum.events += events;
    if (entry < sum.entry) sum.entry = entry;
    this.events.add(this.services.intern(sum.number, block.service[index]!, 0), events);
    widen(sum, this.table, entry);
  }

  private sumOf(context: Context, action: number, entry: number): RuleSum {
    const key = `${context.rule} ${context.device} ${action}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      sum = { number: this.sums.size, context, action, entry, events: 0, ...newSpan() };
      this.sums.set(key, sum);
    }
    return sum;
  }

  rows(names: readonly string[]): RuleVerdicts[] {
    const services = this.servicesByRule();
    const sums = [...this.sums.values()].sort((a, b) => b.events - a.events || a.entry - b.entry);
    return sums.map(({ number, context, action, events, firstMs, lastMs }) => {
      const { keys, counts } = services[number]!;
      return {
        rule: names[context.rule] || null,
        device: names[context.device] || null,
        action: ACTIONS[action]!,
        events,
        firstMs: finite(firstMs),
        lastMs: finite(lastMs),
        services: keys.length,
        topService: serviceText(mostOf(keys, counts)),
      };
    });
  }

  private servicesByRule(): { keys: number[]; counts: number[] }[] {
    const { services, events, index } = this;
    const rules = Array.from(this.sums, () => ({ keys: [] as number[], counts: [] as number[] }));
    for (let entry = 0; entry < services.count; entry++) {
      const { keys, counts } = rules[services.address(entry)]!;
      keys.push(index.serviceKeys[services.port(entry)]!);
      counts.push(events.get(entry));
    }
    return rules;
  }
}

interface PathSum {
  readonly row: { -readonly [Key in keyof PathVerdicts]: PathVerdicts[Key] };
  /** The first row of it. */
  entry: number;
}

export class PathTotals {
  private readonly sums = new Map<string, PathSum>();
  private readonly byContext: (PathSum | undefined)[] = [];
  private readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }

  add(block: RowBlock, index: number): void {
    const context = block.context[index]!;
    const entry = block.entry[index]!;
    this.byContext[context] ??= this.sumOf(block.contextAt(context), entry);
    const sum = this.byContext[context];
    const { row } = sum;
    const events = block.events[index]!;
    const action = block.action[index];
    if (action === ALLOW) row.allowed += events;
    else if (action === DENY) row.denied += events;
    else row.unknown += events;
    if (block.noise[index] !== MEANS) row.noise += events;
    if (entry < sum.entry) sum.entry = entry;
  }

  private sumOf(context: Context, entry: number): PathSum {
    const from = context.inInterface || context.inZone;
    const to = context.outInterface || context.outZone;
    const key = `${from} ${to}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      const [fromName, toName] = [this.names[from] || null, this.names[to] || null];
      const row = { from: fromName, to: toName, allowed: 0, denied: 0, noise: 0, unknown: 0 };
      sum = { row, entry };
      this.sums.set(key, sum);
    }
    return sum;
  }

  rows(): PathVerdicts[] {
    const passed = ({ row }: PathSum): number => row.denied + row.allowed;
    const sums = [...this.sums.values()];
    sums.sort((left, right) => passed(right) - passed(left) || left.entry - right.entry);
    return sums.map(({ row }) => row);
  }
}
