/** `portreeve policy test`: is this connection allowed, by which rule, and why? */
import type { Command } from 'commander';
import { decidedBy, findPlan, type Platform, testConversation } from '../pipeline/policy.ts';
import { readPolicyFile, readText } from '../pipeline/policy-files.ts';
import type { Policy, Rule } from '../policy/intent.ts';
import type { Hosts } from '../policy/plan.ts';
import { type NearRule, nearRules } from '../policy/rule-match.ts';
import type { Fact, Report } from '../report/report.ts';
import type { Column } from '../report/table.ts';
import { DONE, FINDINGS, INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { addHostOption, findPlatform, hostsAsked, withFiles } from './policy-files.ts';

const EXAMPLES = `Examples:
  portreeve policy test '10.0.1.10 -> 10.0.2.20 tcp/1433'
  portreeve policy test '10.0.1.10 -> 10.0.2.20 tcp/22' \\
    --rules rules.nft --for nftables
`;

const NOTES = `
Exit codes: 0 allowed, 1 denied, 2 wrong usage, 3 a file could not be read.
`;

/** More of them explain nothing. */
const MOST_NEAR = 8;

const NEAR_COLUMNS: readonly Column<NearRule>[] = [
  { key: 'rule', title: 'RULE', value: ({ rule }) => rule.id },
  {
    key: 'lacks',
    title: 'WOULD ALLOW IT FOR',
    value: ({ lacks }) => lacks,
    text: ({ lacks }) => `another ${lacks.join(' and ')}`,
  },
  {
    key: 'from',
    title: 'FROM',
    value: ({ rule }) => rule.from.names,
    text: ({ rule }) => rule.from.names.join(', '),
  },
  {
    key: 'to',
    title: 'TO',
    value: ({ rule }) => rule.to.names,
    text: ({ rule }) => rule.to.names.join(', '),
  },
  {
    key: 'services',
    title: 'SERVICES',
    value: ({ rule }) => rule.serviceNames,
    text: ({ rule }) => rule.serviceNames.join(' '),
    grow: true,
  },
];

/** As typed; what it means is looked at with the policy. */
interface Asked {
  readonly client: string;
  readonly server: string;
  readonly service: string;
}

interface TestOptions {
  readonly policy: string;
  readonly rules?: string;
  readonly for?: Platform;
  readonly host?: string;
}

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('<connection...>', '10.0.1.10 -> 10.0.2.20 tcp/1433')
    .option('--policy <file>', 'the policy', 'policy.yaml')
    .option('--rules <file>', 'test the text of a platform instead; - is standard input')
    .option('--for <platform>', 'the platform of that text', findPlatform);
  addHostOption(command);
  addOutputOptions(command);
  // An arrow that stands as a word of its own looks like an option.
  command.allowUnknownOption();
  command.action(run);
}

async function run(words: readonly string[], options: OutputOptions & TestOptions): Promise<void> {
  const asked = askedBy(words);
  const { policy } = withFiles(() => readPolicyFile(options.policy));
  const hosts = hostsAsked(policy.groups, policy.zones, options.host);
  const filter = withFiles(() => filterOf(options, policy, hosts));
  const told = withFiles(() => testConversation(filter, policy.zones, asked, hosts));
  const allowed = told.verdict === 'accept';
  const near = allowed || options.rules !== undefined ? [] : nearRules(policy, asked, Date.now());
  process.exitCode = allowed ? DONE : FINDINGS;
  const report: Report = {
    kind: 'policy-test',
    version: 1,
    verdict: {
      severity: allowed ? 'ok' : 'error',
      text: `${allowed ? 'Allowed' : 'Denied'} by ${decidedBy(told)}: ${asked.client} -> ${asked.server} ${asked.service}`,
    },
    facts: factsOf(
      told,
      policy.rules.find(({ id }) => id === told.rule?.id),
    ),
    tables: [
      {
        key: 'near',
        kind: 'rule',
        heading: 'RULES THAT COME NEAREST',
        columns: NEAR_COLUMNS,
        rows: near.slice(0, MOST_NEAR),
      },
    ],
    notes: [],
    next: [],
  };
  await writeReport(report, options);
}

/** The connection that the words name. Throws `Failure`. */
function askedBy(words: readonly string[]): Asked {
  const stray = words.find((word) => /^--?[a-z]/i.test(word));
  if (stray !== undefined) {
    throw new Failure(USAGE, {
      what: `unknown option '${stray}'`,
      ways: ['portreeve policy test --help shows options and examples'],
    });
  }
  const text = words.join(' ');
  const [, client, server, service] =
    /^\s*(\S+)\s*(?:->|→|=>)\s*(\S+)\s+(\S+)\s*$/.exec(text) ?? [];
  if (client === undefined) {
    throw new Failure(USAGE, {
      what: `“${text}” is not a connection`,
      ways: ["portreeve policy test '10.0.1.10 -> 10.0.2.20 tcp/1433'"],
    });
  }
  return { client, server: server!, service: service! };
}

/** What decided; `rule` is the policy's, where it was one of its rules. */
function factsOf(told: ReturnType<typeof testConversation>, rule: Rule | undefined): Fact[] {
  return [
    { key: 'allowed', value: told.verdict === 'accept' },
    { key: 'verdict', value: told.verdict },
    { key: 'rule', value: told.rule?.id ?? null },
    { key: 'line', value: told.rule?.line || null },
    { key: 'from', value: told.from, text: `from ${told.from || 'no zone'}` },
    { key: 'to', value: told.to, text: `to ${told.to || 'no zone'}` },
    {
      key: 'because',
      value: rule?.because ?? null,
      ...(rule?.because === undefined ? {} : { text: `because: ${rule.because}` }),
    },
    {
      key: 'approvedBy',
      value: rule?.approved?.by ?? null,
      ...(rule?.approved === undefined ? {} : { text: `approved by ${rule.approved.by}` }),
    },
  ];
}

/** The policy's own rules, or those of the text. */
function filterOf(options: TestOptions, policy: Policy, hosts: Hosts | undefined) {
  if (options.rules === undefined) return findPlan(policy, Date.now(), undefined, hosts).filter;
  if (options.for === undefined) throw new RangeError('The text of --rules needs --for PLATFORM.');
  const { filter, faults } = options.for.parse(readText(options.rules));
  const [first] = faults;
  if (first === undefined) return filter;
  throw new Failure(INPUT, {
    what: `${options.rules} was not understood`,
    why: `${options.rules}:${first.line} ${first.what}`,
    ways: ['portreeve acl check, with the same --for, lists all that is not understood'],
  });
}
