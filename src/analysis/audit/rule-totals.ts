/** What each rule decided, and what passed each pair of interfaces. */
import { Column, EndpointTable } from '../../flow/endpoint-table.ts';
import { ACTIONS, ALLOW, DENY } from '../../model/verdict.ts';
import type { PathVerdicts, RuleVerdicts } from './answer.ts';
import type { Context } from './contexts.ts';
import { MEANS } from './noise.ts';
import { serviceText } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import type { RowIndex } from './row-index.ts';
import { GroupSums, mostOf } from './sums.ts';
import type { VerdictRows } from './verdict-rows.ts';

interface Rule {
  readonly context: Context;
  readonly action: number;
}

export class RuleTotals {
  private readonly index: RowIndex;
  private readonly sums: GroupSums;
  /** What each group of the sums is about, and its number by rule, device and action. */
  private readonly rules: Rule[] = [];
  private readonly numbers = new Map<string, number>();
  /** The same + 1 by number of the context and action. */
  private readonly byContext: Int32Array;
  /** Events by rule and service. */
  private readonly services: EndpointTable;
  private readonly events = new Column();

  constructor(table: VerdictRows, index: RowIndex, seed: number) {
    this.index = index;
    this.sums = new GroupSums(table);
    this.byContext = new Int32Array(ACTIONS.length * table.contexts.count);
    this.services = new EndpointTable(seed);
  }

  add(block: RowBlock, index: number): void {
    const events = block.events[index]!;
    const place = ACTIONS.length * block.context[index]! + block.action[index]!;
    const rule = (this.byContext[place] || this.learn(block, index, place)) - 1;
    this.sums.add(rule, block.entry[index]!, events, block.noise[index] !== MEANS);
    this.events.add(this.services.intern(rule, block.service[index]!, 0), events);
  }

  private learn(block: RowBlock, index: number, place: number): number {
    const action = block.action[index]!;
    const context = block.contextAt(block.context[index]!);
    const key = `${context.rule} ${context.device} ${action}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.sums.open();
      this.rules.push({ context, action });
      this.numbers.set(key, number);
    }
    this.byContext[place] = number + 1;
    return number + 1;
  }

  rows(names: readonly string[]): RuleVerdicts[] {
    const { sums } = this;
    const services = this.servicesByRule();
    return sums.inOrder().map((rule) => {
      const { context, action } = this.rules[rule]!;
      const { keys, counts } = services[rule]!;
      return {
        rule: names[context.rule] || null,
        device: names[context.device] || null,
        action: ACTIONS[action]!,
        events: sums.events(rule),
        firstMs: sums.firstMs(rule),
        lastMs: sums.lastMs(rule),
        services: keys.length,
        topService: serviceText(mostOf(keys, counts)),
      };
    });
  }

  private servicesByRule(): { keys: number[]; counts: number[] }[] {
    const { services, events, index } = this;
    const rules = this.rules.map(() => ({ keys: [] as number[], counts: [] as number[] }));
    for (let entry = 0; entry < services.count; entry++) {
      const { keys, counts } = rules[services.address(entry)]!;
      keys.push(index.serviceKeys[services.port(entry)]!);
      counts.push(events.get(entry));
    }
    return rules;
  }
}

/** Figures of a path: those of `ACTIONS`, then noise. */
const NOISE = ACTIONS.length;
const FIGURES = NOISE + 1;

export class PathTotals {
  private readonly names: readonly string[];
  /** From and to, by number of the path in order of arrival; its figures. */
  private readonly paths: { readonly from: number; readonly to: number }[] = [];
  private readonly figures: Float64Array[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly byContext: Int32Array;

  constructor(names: readonly string[], contexts: number) {
    this.names = names;
    this.byContext = new Int32Array(contexts);
  }

  add(block: RowBlock, index: number): void {
    const context = block.context[index]!;
    const path = (this.byContext[context] || this.learn(block.contextAt(context), context)) - 1;
    const figures = this.figures[path]!;
    const events = block.events[index]!;
    figures[block.action[index]!]! += events;
    if (block.noise[index] !== MEANS) figures[NOISE]! += events;
  }

  private learn(context: Context, place: number): number {
    const from = context.inInterface || context.inZone;
    const to = context.outInterface || context.outZone;
    const key = `${from} ${to}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.paths.push({ from, to }) - 1;
      this.figures.push(new Float64Array(FIGURES));
      this.numbers.set(key, number);
    }
    this.byContext[place] = number + 1;
    return number + 1;
  }

  rows(): PathVerdicts[] {
    const { names, figures } = this;
    const rows = this.paths.map(({ from, to }, number) => ({
      from: names[from] || null,
      to: names[to] || null,
      allowed: figures[number]![ALLOW]!,
      denied: figures[number]![DENY]!,
      noise: figures[number]![NOISE]!,
      unknown: figures[number]![0]!,
    }));
    return rows.sort((a, b) => b.denied + b.allowed - a.denied - a.allowed);
  }
}
