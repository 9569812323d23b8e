/** `portreeve policy diff`: which packets does a change let in, which does it keep out? */
import type { Command } from 'commander';
import type { BlindSpot } from '../model/blind-spot.ts';
import { diffFilters, findPlan, type Platform } from '../pipeline/policy.ts';
import { readPolicyFile, readText } from '../pipeline/policy-files.ts';
import { textNotes } from '../pipeline/text-notes.ts';
import type { Difference } from '../policy/compare.ts';
import type { Filter, Hook } from '../policy/filter.ts';
import type { Zone } from '../policy/intent.ts';
import { counted } from '../report/numbers.ts';
import type { Report } from '../report/report.ts';
import { DONE, FINDINGS, INPUT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { findPlatform, withFiles } from './policy-files.ts';
import { differenceColumns } from './policy-prove.ts';

const EXAMPLES = `Examples:
  portreeve policy diff old.yaml policy.yaml
  portreeve policy diff running.nft policy.yaml --for nftables
`;

const NOTES = `
Each side is a policy, or with --for the text of a platform (whatever does not
end in .yaml). Exit codes: 0 no packet differs, 1 some do, 2 wrong usage, 3 a
file could not be read.
`;

interface DiffOptions {
  readonly for?: Platform;
}

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('<before>', 'a policy, or the text of a platform')
    .argument('<after>', 'the same, later')
    .option('--for <platform>', 'the platform of texts', findPlatform);
  addOutputOptions(command);
  command.action(run);
}

async function run(
  before: string,
  after: string,
  options: OutputOptions & DiffOptions,
): Promise<void> {
  const [one, two] = withFiles(() => [sideOf(before, options), sideOf(after, options)]);
  const zones = two.zones.length > 0 ? two.zones : one.zones;
  const differences = withFiles(() =>
    diffFilters(one.filter, two.filter, zones, one.hooks ?? two.hooks),
  );
  process.exitCode = differences.length === 0 ? DONE : FINDINGS;
  const extra = differences.filter(({ kind }) => kind === 'extra').length;
  const report: Report = {
    kind: 'policy-diff',
    version: 1,
    verdict: {
      severity: differences.length === 0 ? 'ok' : 'warning',
      text:
        differences.length === 0
          ? 'No packet is treated differently.'
          : `The change ${wordsFor(differences)}.`,
    },
    facts: [
      { key: 'before', value: before },
      { key: 'after', value: after },
      { key: 'letsIn', value: extra > 0 },
      { key: 'keepsOut', value: differences.length > extra },
      {
        key: 'differences',
        value: differences.length,
        text: counted(differences.length, 'kind of packet', 'kinds of packets'),
      },
    ],
    tables: [
      {
        key: 'differences',
        kind: 'difference',
        heading: 'DIFFERENCES',
        columns: differenceColumns(differences),
        rows: differences,
      },
    ],
    notes: [...one.notes, ...two.notes],
    next: [],
  };
  await writeReport(report, options);
}

function wordsFor(differences: readonly Difference[]): string {
  const kinds = new Set(differences.map(({ kind }) => kind));
  if (kinds.size === 2) return 'lets packets in and keeps packets out';
  return kinds.has('extra') ? 'lets packets in' : 'keeps packets out';
}

interface DiffSide {
  readonly filter: Filter;
  readonly zones: readonly Zone[];
  /** Where a policy filters; a text says so itself. */
  readonly hooks?: readonly Hook[];
  readonly notes: readonly BlindSpot[];
}

function sideOf(file: string, options: DiffOptions): DiffSide {
  if (options.for === undefined || /\.ya?ml$/i.test(file)) {
    const { policy } = readPolicyFile(file);
    const { filter } = findPlan(policy, Date.now(), options.for);
    return { filter, zones: policy.zones, hooks: ['forward'], notes: [] };
  }
  const parsed = options.for.parse(readText(file));
  const [first] = parsed.faults;
  if (first === undefined) {
    const notes = textNotes(options.for, parsed).map((note) => ({
      ...note,
      what: `${note.what} (${file})`,
    }));
    return { filter: parsed.filter, zones: [], notes };
  }
  throw new Failure(INPUT, {
    what: `${file} was not understood`,
    why: `${file}:${first.line} ${first.what}`,
  });
}
