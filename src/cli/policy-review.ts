/**
 * `portreeve policy review`: a person decides which conversations are allowed. Every decision is
 * kept with who, when and why in the journal beside the policy; the rules are made of it.
 */
import type { Command } from 'commander';
import { compose, newPolicy, offersFor, zonesOf } from '../pipeline/policy.ts';
import {
  type CandidateFile,
  journalOf,
  readCandidates,
  readJournal,
  readPolicyFile,
  readText,
  writeJournal,
  writePolicyFile,
} from '../pipeline/policy-files.ts';
import type { Policy } from '../policy/intent.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { withFiles } from './policy-files.ts';
import {
  addReviewOptions,
  carryOut,
  isScripted,
  ORDER_NOTES,
  ordersOf,
  type ReviewOptions,
  stillOpen,
  who,
} from './review-orders.ts';
import { reviewReport } from './review-report.ts';

const EXAMPLES = `Examples:
  portreeve policy review candidates.ndjson
  portreeve policy review candidates.ndjson --approve 'web -> sql tcp/1433'
  portreeve policy review candidates.ndjson --from-file decisions.txt --by alice
`;

const NOTES = `${ORDER_NOTES}Exit codes: 0 done, 2 wrong usage, 3 a file could not be read.
`;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command.argument('<candidates>', 'what “policy learn” wrote');
  addReviewOptions(command);
  addOutputOptions(command);
  command.action(run);
}

async function run(file: string, options: OutputOptions & ReviewOptions): Promise<void> {
  const candidates = withFiles(() => readCandidates(file));
  const before = withFiles(() => policyBefore(options, candidates));
  const names = new Map(Object.entries({ ...candidates.names, ...options.name }));
  const journalFile = journalOf(options.policy);
  const journal = withFiles(() => readJournal(journalFile));
  const { conversations } = candidates;
  const decisions = isScripted(options)
    ? carryOut(
        conversations,
        withFiles(() => ordersOf(options, { names, policy: before.policy })),
        options,
      )
    : await (await import('./review-terminal.ts')).reviewOnTerminal(
        stillOpen(conversations, journal),
        names,
        who(options),
      );
  const complete = [...journal, ...decisions];
  const composition = compose(before.policy, complete, names);
  withFiles(() => {
    writeJournal(journalFile, complete);
    writePolicyFile(options.policy, composition.policy, before.text);
  });
  const left = stillOpen(conversations, complete);
  const decided = complete.map(({ conversation }) => conversation);
  const offers = offersFor([...conversations, ...decided]);
  const report = reviewReport(composition, decisions, left, offers, options.policy);
  await writeReport(report, options);
}

/** The policy as it is, or an empty one for the zones that were learned. */
function policyBefore(
  { policy: file, title }: ReviewOptions,
  candidates: CandidateFile,
): { policy: Policy; text: string | undefined } {
  if (readText(file, true) !== undefined) return readPolicyFile(file);
  return { policy: newPolicy(title ?? 'policy', zonesOf(candidates.zones)), text: undefined };
}
