/** `portreeve policy`: from validated traffic to proved firewall rules. */
import type { Command } from 'commander';
import { USAGE } from './exit-codes.ts';
import { configure as diff } from './policy-diff.ts';
import { addSubcommand } from './policy-files.ts';
import { configure as learn } from './policy-learn.ts';
import { configure as prove } from './policy-prove.ts';
import { configure as refine } from './policy-refine.ts';
import { configure as review } from './policy-review.ts';
import { configure as test } from './policy-test.ts';

const EXAMPLES = `Examples:
  portreeve policy learn lan.pcap -o candidates.ndjson \\
    --zone dmz=10.0.1.0/24 --zone internal=10.0.2.0/24
  portreeve policy review candidates.ndjson
  portreeve acl render policy.yaml --for nftables > rules.nft
  portreeve policy prove policy.yaml --for nftables rules.nft
`;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).helpCommand(false);
  command.action(() => {
    command.outputHelp();
    process.exitCode = USAGE;
  });
  learn(addSubcommand(command, 'learn', 'find the conversations between zones'));
  review(addSubcommand(command, 'review', 'decide which conversations are allowed'));
  refine(addSubcommand(command, 'refine', 'learn from what a firewall denied'));
  prove(addSubcommand(command, 'prove', 'prove that rules say what the policy says'));
  diff(addSubcommand(command, 'diff', 'show which packets a change lets in or keeps out'));
  test(addSubcommand(command, 'test', 'say whether a connection is allowed, and by which rule'));
}
