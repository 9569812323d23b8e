/**
 * Groups that hold other groups. Whoever writes thirty groups of thirty names each means no more
 * than thirty times thirty members: each group is walked once, whatever the number of ways to it.
 */
import type { AddressRange } from '../net/address-range.ts';
import { LineFault } from './line-fault.ts';

/** Groups within groups, beyond which it is no person's work. */
const DEEPEST = 16;

/**
 * The names without members that `names` stand for, each once, in the order they are met. Throws
 * `LineFault` where a group holds itself, or groups nest deeper than 16.
 * @param membersOf of a group; undefined: the name is none
 */
export function leavesOf(
  names: readonly string[],
  membersOf: (name: string) => readonly string[] | undefined,
): string[] {
  const leaves: string[] = [];
  const seen = new Set<string>();
  const open: string[] = [];
  const visit = (name: string): void => {
    const members = membersOf(name);
    if (members !== undefined && (open.length > DEEPEST || open.includes(name))) {
      throw new LineFault(`“${name}” holds too many groups within groups.`);
    }
    if (seen.has(name)) return;
    seen.add(name);
    if (members === undefined) {
      leaves.push(name);
      return;
    }
    open.push(name);
    for (const member of members) visit(member);
    open.pop();
  };
  for (const name of names) visit(name);
  return leaves;
}

/** Addresses, and groups of them that were defined before. */
export class AddressGroup {
  private readonly own: AddressRange[] = [];
  private readonly groups = new Set<AddressGroup>();
  private all: readonly AddressRange[] | undefined;

  add(range: AddressRange): void {
    this.own.push(range);
    this.all = undefined;
  }

  include(group: AddressGroup): void {
    this.groups.add(group);
    this.all = undefined;
  }

  /** All of them, those of each group once; shared until something is added. */
  get ranges(): readonly AddressRange[] {
    if (this.all !== undefined) return this.all;
    const all: AddressRange[] = [];
    const waiting: AddressGroup[] = [this];
    const seen = new Set(waiting);
    for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
      for (const range of group.own) all.push(range);
      for (const inner of group.groups) {
        if (seen.has(inner)) continue;
        seen.add(inner);
        waiting.push(inner);
      }
    }
    this.all = all;
    return all;
  }
}
