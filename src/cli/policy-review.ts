/**
 * `portreeve policy review`: a person decides which conversations are allowed. Every decision is
 * kept with who, when and why in the journal beside the policy; the rules are made of it.
 */
import type { Command } from 'commander';
import { newPolicy, zonesOf } from '../pipeline/policy.ts';
import { type CandidateFile, readCandidates, readText } from '../pipeline/policy-files.ts';
import { offersFor } from '../pipeline/policy-refine.ts';
import type { Decision } from '../policy/conversation.ts';
import type { Policy } from '../policy/intent.ts';
import { INTERRUPTED } from './exit-codes.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { PolicyDesk } from './policy-desk.ts';
import { withFiles } from './policy-files.ts';
import {
  addReviewOptions,
  carryOut,
  isScripted,
  ORDER_NOTES,
  ordersOf,
  type ReviewOptions,
  stillOpen,
  whoDecides,
} from './review-orders.ts';
import { reviewReport } from './review-report.ts';

const EXAMPLES = `Examples:
  portreeve policy review candidates.ndjson
  portreeve policy review candidates.ndjson --approve 'web -> sql tcp/1433'
  portreeve policy review candidates.ndjson --from-file decisions.txt --by alice
`;

const NOTES = `${ORDER_NOTES}
On a terminal each question takes one key. However it ends, with the last one, q
or Ctrl-C, what was answered is kept.
Exit codes: 0 done, 2 wrong usage, 3 a file could not be read, 130 interrupted.
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
  const fresh = withFiles(() => freshPolicy(options, candidates));
  const names = new Map(Object.entries({ ...candidates.names, ...options.name }));
  const desk = new PolicyDesk(options.policy, names, undefined, fresh);
  const [policy, journal] = [desk.read(), desk.journal()];
  const { conversations } = candidates;
  let decisions: readonly Decision[];
  if (isScripted(options)) {
    const orders = withFiles(() => ordersOf(options, { names, policy }));
    decisions = carryOut(conversations, orders, options);
  } else {
    const { reviewOnTerminal } = await import('./review-terminal.ts');
    const reviewed = await reviewOnTerminal(
      stillOpen(conversations, journal),
      journal,
      names,
      whoDecides(options),
      options,
    );
    decisions = reviewed.decisions;
    if (reviewed.ended === 'interrupted') process.exitCode = INTERRUPTED;
  }
  const composition = desk.decide(decisions);
  const complete = [...journal, ...decisions];
  const left = stillOpen(conversations, complete);
  const decided = complete.map(({ conversation }) => conversation);
  const offers = offersFor([...conversations, ...decided]);
  const report = reviewReport(composition, decisions, left, offers, options.policy);
  await writeReport(report, options);
}

/** An empty policy for the zones that were learned, where there is no file yet. */
function freshPolicy(
  { policy: file, title }: ReviewOptions,
  candidates: CandidateFile,
): Policy | undefined {
  if (readText(file, true) !== undefined) return undefined;
  return newPolicy(title ?? 'policy', zonesOf(candidates.zones));
}
