/** What each rule decided, and what passed each pair of interfaces. */
import { ACTIONS, ALLOW, DENY } from '../../model/verdict.ts';
import type { PathVerdicts, RuleVerdicts } from './answer.ts';
import type { Cells } from './cells.ts';
import type { Context } from './contexts.ts';
import { MEANS } from './noise.ts';
import { serviceText } from './port-shown.ts';
import type { RowIndex } from './row-index.ts';
import { mostOf } from './sums.ts';

/** Numbers what is told apart by a text, in order of arrival. */
class Numbers {
  /** A cell of each. */
  readonly cells: number[] = [];
  private readonly numbers = new Map<string, number>();

  of(text: string, cell: number): number {
    let number = this.numbers.get(text);
    if (number === undefined) {
      number = this.cells.push(cell) - 1;
      this.numbers.set(text, number);
    }
    return number;
  }
}

/** One row for each rule of a device with each outcome, the most events first. */
export function ruleRows(
  cells: Cells,
  contexts: readonly Context[],
  { serviceKeys }: RowIndex,
  names: readonly string[],
): RuleVerdicts[] {
  const rules = new Numbers();
  // Events by service, of each rule.
  const services: Map<number, number>[] = [];
  const sums = cells.by((cell) => {
    const { rule, device } = contexts[cells.context(cell)]!;
    const number = rules.of(`${rule} ${device} ${cells.action(cell)}`, cell);
    services[number] ??= new Map();
    const key = serviceKeys[cells.service(cell)]!;
    const events = services[number].get(key) ?? 0;
    services[number].set(key, events + cells.sums.events(cell));
    return number;
  });
  return sums.inOrder().map((number) => {
    const cell = rules.cells[number]!;
    const { rule, device } = contexts[cells.context(cell)]!;
    const used = services[number]!;
    return {
      rule: names[rule] || null,
      device: names[device] || null,
      action: ACTIONS[cells.action(cell)]!,
      events: sums.events(number),
      firstMs: sums.firstMs(number),
      lastMs: sums.lastMs(number),
      services: used.size,
      topService: serviceText(mostOf([...used.keys()], [...used.values()])),
    };
  });
}

/**
 * One row for each pair of interfaces, or else zones, that lines name, those with the most verdicts
 * first.
 */
export function pathRows(
  cells: Cells,
  contexts: readonly Context[],
  names: readonly string[],
): PathVerdicts[] {
  const paths = new Numbers();
  const rows: { -readonly [Key in keyof PathVerdicts]: PathVerdicts[Key] }[] = [];
  for (let cell = 0; cell < cells.count; cell++) {
    const context = contexts[cells.context(cell)]!;
    const from = context.inInterface || context.inZone;
    const to = context.outInterface || context.outZone;
    const number = paths.of(`${from} ${to}`, cell);
    rows[number] ??= {
      ...{ from: names[from] || null, to: names[to] || null },
      ...{ allowed: 0, denied: 0, noise: 0, unknown: 0 },
    };
    const row = rows[number];
    const events = cells.sums.events(cell);
    const action = cells.action(cell);
    row[action === ALLOW ? 'allowed' : action === DENY ? 'denied' : 'unknown'] += events;
    if (cells.noise(cell) !== MEANS) row.noise += events;
  }
  return rows.sort((a, b) => b.denied + b.allowed - a.denied - a.allowed);
}
