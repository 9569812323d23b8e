/**
 * Passes over a section of a FortiOS configuration that is no policy: keeps count of what opens and
 * ends in it, so that nothing after it is lost, and of what it says that may decide beside the rules.
 */

import { DECIDING_SETTINGS, FORTIOS_SECTIONS, OTHER_MEANING } from './fortios-settings.ts';
import type { Command } from './fortios-text.ts';
import { LineFault } from './line-fault.ts';

const COMMANDS: ReadonlySet<string> = new Set([
  ...['append', 'clear', 'select', 'set', 'unselect', 'unset'],
]);

/** Whether a list of ours names the section; undefined: none does. */
export function kindOf(path: string): 'deciding' | 'harmless' | undefined {
  const [first = '', second = ''] = path.split(' ');
  const { deciding, harmless } = FORTIOS_SECTIONS;
  const pair = `${first} ${second}`;
  if (deciding.has(pair) || deciding.has(first)) return 'deciding';
  return harmless.has(pair) || harmless.has(first) ? 'harmless' : undefined;
}

export class PassedSection {
  private readonly path: string;
  private readonly isDeciding: boolean;
  private readonly beside: (what: string, line: number) => void;
  /** `config` and `edit` that are open, the section itself first. */
  private readonly open = ['config'];

  constructor(path: string, beside: (what: string, line: number) => void) {
    this.path = path;
    this.isDeciding = kindOf(path) === 'deciding';
    this.beside = beside;
  }

  /** Whether the command ended the section. Throws `LineFault`. */
  take({ line, words: [verb = '', ...rest], isOpen }: Command): boolean {
    const { open } = this;
    if (isOpen) throw new LineFault('A quote is not closed.');
    if (verb === 'config') {
      // No section has these within it: the one before is not ended.
      if (/^(?:firewall|system)$/.test(rest[0] ?? '') && rest.length > 1) {
        throw new LineFault(`The section “${this.path}” is not ended above.`);
      }
      open.push('config');
    } else if (verb === 'edit') {
      if (open.at(-1) === 'edit') throw new LineFault('The entry before is not ended by “next”.');
      if (open.length === 1 && this.isDeciding) this.beside(this.path, line);
      open.push('edit');
    } else if (verb === 'next') {
      if (open.at(-1) !== 'edit') throw new LineFault('“next” stands outside of an entry.');
      open.pop();
    } else if (verb === 'end') {
      if (open.at(-1) === 'edit') open.pop();
      open.pop();
    } else if (!COMMANDS.has(verb)) throw new LineFault(`“${verb}” is not known here.`);
    else if (verb === 'set') this.set(rest, line);
    return open.length === 0;
  }

  private set([key = '', value = '']: readonly string[], line: number): void {
    const { isDeciding, open, path } = this;
    const off = DECIDING_SETTINGS.get(path)?.get(key);
    if (off !== undefined && value !== off) this.beside(key, line);
    if (isDeciding && open.length === 1 && value !== 'disable') this.beside(path, line);
    const [other, what] = path === 'system settings' ? (OTHER_MEANING.get(key) ?? []) : [];
    if (what !== undefined && value === other) throw new LineFault(what);
  }
}
