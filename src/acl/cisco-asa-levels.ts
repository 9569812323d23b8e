/**
 * Interfaces of an ASA by their security levels: what decides where no list is asked, and whether
 * interfaces of one level speak with each other at all (Cisco ASA Series Command Reference,
 * security-level, same-security-traffic).
 */
import type { FilterRule } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import type { LineWords } from './list-line.ts';

export class AsaLevels {
  /** Levels by the names of interfaces; a level that is not written is 0. */
  private readonly levels = new Map<string, number>();
  private named: string | undefined;
  private betweenEqual = false;
  private backOut = false;

  /** Whether the line belongs here. */
  take(words: LineWords): boolean {
    const keyword = words.peek();
    if (keyword === 'interface') {
      this.named = undefined;
      return false;
    }
    if (keyword === 'nameif') {
      words.next(keyword);
      this.named = words.next('the name of an interface');
      // The device gives it this level unless another is set.
      this.levels.set(this.named, this.named === 'inside' ? 100 : 0);
    } else if (keyword === 'security-level') {
      words.next(keyword);
      const level = words.number('a level', 100);
      if (this.named !== undefined) this.levels.set(this.named, level);
    } else if (keyword === 'same-security-traffic') {
      words.next(keyword);
      words.next('permit');
      const which = words.next('which traffic');
      if (which === 'inter-interface') this.betweenEqual = true;
      else if (which === 'intra-interface') this.backOut = true;
      else throw new LineFault(`“${which}” is not known here.`);
    } else return false;
    words.end();
    return true;
  }

  get names(): readonly string[] {
    return [...this.levels.keys()];
  }

  /** What is dropped whatever the lists say: between interfaces of one level, and back out. */
  dropped(name: string): FilterRule[] {
    const level = this.levels.get(name);
    const equal = this.names.filter(
      (other) =>
        this.levels.get(other) === level && !(other === name ? this.backOut : this.betweenEqual),
    );
    if (equal.length === 0) return [];
    const match = { inInterfaces: [name], outInterfaces: equal };
    return [{ action: 'drop', match, line: 0 }];
  }

  /** Where no list is asked: to lower levels, and to equal ones that were not dropped before. */
  unlisted(name: string): FilterRule[] {
    const level = this.levels.get(name) ?? 0;
    const lower = this.names.filter((other) => this.levels.get(other)! <= level);
    return [
      { action: 'accept', match: { inInterfaces: [name], outInterfaces: lower }, line: 0 },
      { action: 'drop', match: { inInterfaces: [name] }, line: 0 },
    ];
  }
}
