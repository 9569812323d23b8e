/** Opens the notes of a scan: fresh ones, or those of an earlier run that is taken up. */
import { existsSync, statSync } from 'node:fs';
import {
  type Journal,
  JournalError,
  type JournalHeader,
  JournalWriter,
  readJournal,
} from './journal.ts';
import type { ScanPlan } from './plan.ts';
import { portText } from './ports.ts';
import { parseTarget, TargetSet } from './targets.ts';

export interface HeldJournal {
  readonly writer: JournalWriter;
  /** What the earlier run learned; undefined: there was none. */
  readonly journal: Journal | undefined;
  /** With the seed of the earlier run. */
  readonly plan: ScanPlan;
}

/** Throws `JournalError` when the file belongs to another scan. */
export function openJournal(
  file: string,
  plan: ScanPlan,
  { tcpEngine, discovery }: { readonly tcpEngine: string; readonly discovery: boolean },
): HeldJournal {
  const header: JournalHeader = {
    portreeve: 'scan-resume/1',
    seed: plan.seed,
    targets: plan.targets.toString(),
    ports: Object.fromEntries([...plan.ports].map(([name, ports]) => [name, portText(ports)])),
    shard: plan.shard === undefined ? '1/1' : `${plan.shard.number}/${plan.shard.of}`,
    engines: [
      tcpEngine,
      discovery ? 'discovery' : 'no-discovery',
      ...(plan.local ? ['local'] : []),
    ],
  };
  let ports = 0;
  for (const list of plan.ports.values()) ports += list.length;
  const questions = plan.targets.size * ports;
  if (!existsSync(file) || statSync(file).size === 0) {
    return { writer: new JournalWriter(file, header, questions), journal: undefined, plan };
  }
  const journal = readJournal(file);
  for (const key of ['targets', 'ports', 'shard', 'engines'] as const) {
    if (key === 'targets' && plan.local) continue;
    if (JSON.stringify(journal.header[key]) !== JSON.stringify(header[key])) {
      throw new JournalError(`${file} is from a scan with other ${key}`);
    }
  }
  const { seed } = journal.header;
  // Of a machine's own networks the same are asked as before, whoever is there now.
  const targets = plan.local ? targetsOf(journal.header, plan.targets) : plan.targets;
  return {
    writer: new JournalWriter(file, undefined, questions),
    journal,
    plan: { ...plan, targets, seed },
  };
}

function targetsOf({ targets }: JournalHeader, now: TargetSet): TargetSet {
  if (targets === now.toString()) return now;
  return new TargetSet(targets.split(' ').flatMap((text) => parseTarget(text) ?? []));
}
