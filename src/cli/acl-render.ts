/** `portreeve acl render`: the rules of a policy as text for a platform, on standard output. */
import type { Command } from 'commander';
import { type Platform, renderPolicy } from '../pipeline/policy.ts';
import { readPolicyFile } from '../pipeline/policy-files.ts';
import { FINDINGS } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { OutputBuffer } from './output.ts';
import { addHostOption, addPlatformOption, hostsAsked, withFiles } from './policy-files.ts';

const EXAMPLES = `Examples:
  portreeve acl render policy.yaml --for nftables > rules.nft
  portreeve acl render policy.yaml --for iptables | iptables-restore --test
  portreeve acl render policy.yaml --for windows --host 192.0.2.10 > rules.ps1
`;

const NOTES = `
What the platform cannot express is refused, never weakened. Nothing is
installed; the text says how to check, install and go back. Exit codes: 0
written, 1 refused, 2 wrong usage, 3 the policy could not be read.
`;

/** Refusals shown to people. */
const SHOWN = 5;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command.argument('<policy>', 'the policy');
  addPlatformOption(command);
  addHostOption(command);
  command.action(run);
}

async function run(
  file: string,
  options: { readonly for: Platform; readonly host?: string },
): Promise<void> {
  const { policy } = withFiles(() => readPolicyFile(file));
  const hosts = hostsAsked(policy.groups, policy.zones, options.host);
  const rendered = renderPolicy(policy, options.for, Date.now(), hosts);
  if (rendered.text === undefined) {
    const { refusals } = rendered;
    const lines = refusals
      .slice(0, SHOWN)
      .map(({ rule, what }) => `${rule ?? 'the policy'}: ${what}`);
    const more = refusals.length - lines.length;
    throw new Failure(FINDINGS, {
      what: `${options.for.title} cannot express this policy`,
      why: lines.join(' ') + (more > 0 ? ` (${more} more)` : ''),
      ways: refusals
        .flatMap(({ instead }) => (instead === undefined ? [] : [instead]))
        .slice(0, SHOWN),
    });
  }
  const output = new OutputBuffer();
  output.add(rendered.text);
  await output.flush();
}
