/** `portreeve acl`: rules in the text of a platform. */
import type { Command } from 'commander';
import { configure as check } from './acl-check.ts';
import { configure as platforms } from './acl-platforms.ts';
import { configure as render } from './acl-render.ts';
import { USAGE } from './exit-codes.ts';
import { addSubcommand } from './policy-files.ts';

const EXAMPLES = `Examples:
  portreeve acl platforms
  portreeve acl render policy.yaml --for nftables > rules.nft
  nft list ruleset | portreeve acl check - --for nftables
`;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).helpCommand(false);
  command.action(() => {
    command.outputHelp();
    process.exitCode = USAGE;
  });
  render(addSubcommand(command, 'render', 'write the rules of a policy for a platform'));
  check(
    addSubcommand(command, 'check', 'find what is wrong with existing rules, and what is unused'),
  );
  platforms(addSubcommand(command, 'platforms', 'list the platforms and what they can do'));
}
