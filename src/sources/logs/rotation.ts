/**
 * The order in which the files of one rotation set are read: oldest first, so that time goes
 * forward. `fw.log.10.gz`, …, `fw.log.1`, `fw.log`; `fw.log-20261001`, …, `fw.log`.
 */
import { basename, dirname } from 'node:path';
import type { NamedInput } from '../pcap/inputs.ts';

interface Member {
  readonly input: NamedInput;
  readonly set: string;
  /** Sorted downward: the highest is the oldest. */
  readonly age: number;
}

const COMPRESSED = /\.(?:gz|zst|zstd)$/;
const NUMBERED = /^(.+)\.(\d{1,4})$/;
const DATED = /^(.+?)[.-](\d{4})-?(\d{2})-?(\d{2})(?:[-T]?(\d{2}):?(\d{2})(?::?(\d{2}))?)?$/;

function memberOf(input: NamedInput): Member {
  const name = basename(input.source).replace(COMPRESSED, '');
  const folder = dirname(input.source);
  const numbered = NUMBERED.exec(name);
  if (numbered !== null) {
    return { input, set: `${folder}/${numbered[1]}`, age: Number(numbered[2]) };
  }
  const dated = DATED.exec(name);
  if (dated !== null) {
    const stamp = Number(
      dated
        .slice(2)
        .map((part) => part ?? '00')
        .join(''),
    );
    // Dates count upward, ages downward; any date is older than the file without one.
    return { input, set: `${folder}/${dated[1]}`, age: 1e15 - stamp };
  }
  return { input, set: `${folder}/${name}`, age: 0 };
}

/** The inputs, each set where its first member was named, oldest first. */
export function inRotationOrder(inputs: readonly NamedInput[]): NamedInput[] {
  const sets = new Map<string, Member[]>();
  for (const input of inputs) {
    const member = memberOf(input);
    const members = sets.get(member.set);
    if (members === undefined) sets.set(member.set, [member]);
    else members.push(member);
  }
  return [...sets.values()].flatMap((members) =>
    members.sort((left, right) => right.age - left.age).map(({ input }) => input),
  );
}
