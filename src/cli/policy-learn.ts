/** `portreeve policy learn`: which conversations cross the firewall, as candidates for rules. */
import type { Command } from 'commander';
import {
  type LearnedCaptures,
  learnConversations,
  type ZoneWish,
  zonesOf,
} from '../pipeline/policy.ts';
import { candidateText, replaceFile } from '../pipeline/policy-files.ts';
import type { Conversation } from '../policy/conversation.ts';
import { count } from '../report/numbers.ts';
import type { Report } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import {
  addCaptureOptions,
  type CaptureOptions,
  choicesOf,
  exitCodeOf,
  quoted,
  refuseNothing,
  whileReading,
} from './capture-options.ts';
import { conversationColumns } from './conversation-columns.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { parseHostName, parseZoneWish, withFiles } from './policy-files.ts';

const EXAMPLES = `Examples:
  portreeve policy learn a.pcap --zone dmz=10.0.1.0/24 --zone lan=10.0.2.0/24
  portreeve policy learn *.pcap --zone dmz=10.0.1.0/24 --zone internet=rest \\
    --name 10.0.1.10=web -o candidates.ndjson
`;

const NOTES = `
Nothing becomes a rule by itself: “portreeve policy review” asks a person.
Scans, unanswered sweeps and flows whose direction is not known are set aside,
with the reason. Exit codes: 0 done, 2 wrong usage, 3 an input could not be
read.
`;

interface LearnOptions extends CaptureOptions {
  readonly zone?: Readonly<Record<string, ZoneWish>>;
  readonly name?: Readonly<Record<string, string>>;
  readonly output?: string;
}

const VERSION = 1;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  addCaptureOptions(command);
  command
    .option(
      '--zone <name=prefix>',
      'a part of the network, or name=rest; repeatable',
      parseZoneWish,
    )
    .option('--name <address=name>', 'what a host is called; repeatable', parseHostName)
    .option('-o, --output <file>', 'write the candidates here, for “policy review”');
  addOutputOptions(command);
  command.action(run);
}

async function run(
  inputs: readonly string[],
  options: OutputOptions & LearnOptions,
): Promise<void> {
  if (inputs.length === 0) {
    throw new Failure(USAGE, {
      what: "missing required argument 'input'",
      ways: ['name a capture file, or - for standard input'],
    });
  }
  const wishes = options.zone ?? {};
  if (Object.keys(wishes).length < 2) {
    throw new Failure(USAGE, {
      what: 'rules stand between zones, so at least two are needed',
      ways: ['--zone dmz=10.0.1.0/24 --zone internal=10.0.2.0/24', '--zone internet=rest'],
    });
  }
  const learned = await whileReading((watch) =>
    learnConversations(inputs, zonesOf(wishes), { ...choicesOf(options), ...watch }),
  );
  refuseNothing(learned.summary);
  const names = options.name ?? {};
  if (options.output !== undefined) {
    const { conversations } = learned;
    const text = candidateText({ zones: wishes, names, inputs, conversations });
    withFiles(() => replaceFile(options.output!, text));
  }
  process.exitCode = exitCodeOf(learned.summary, options);
  await writeReport(learnReport(learned, names, options.output), options);
}

function learnReport(
  learned: LearnedCaptures,
  names: Readonly<Record<string, string>>,
  output: string | undefined,
): Report {
  const { conversations, flows, flowsWithinZone, flowsOutside, summary } = learned;
  const number = (wanted: (conversation: Conversation) => boolean) =>
    conversations.filter(wanted).length;
  const candidates = number(({ standing }) => standing === 'confirmed' || standing === 'thin');
  const asked = number(({ standing }) => standing === 'asked');
  const quarantined = number(({ standing }) => standing === 'quarantined');
  const columns = conversationColumns(names);
  const table = (key: string, heading: string, wanted: (one: Conversation) => boolean): Table =>
    ({
      ...{ key, kind: 'conversation', heading, columns },
      rows: conversations.filter(wanted),
    }) as Table;
  return {
    kind: 'policy-learn',
    version: VERSION,
    verdict: {
      severity: candidates > 0 ? 'ok' : 'warning',
      text: `${count(candidates)} conversations between zones were answered and can be allowed`,
    },
    facts: [
      { key: 'flows', value: flows, text: `${count(flows)} flows` },
      { key: 'candidates', value: candidates },
      { key: 'asked', value: asked, text: `${count(asked)} unanswered` },
      { key: 'quarantined', value: quarantined, text: `${count(quarantined)} set aside` },
      {
        key: 'flowsWithinZone',
        value: flowsWithinZone,
        text: `${count(flowsWithinZone)} flows stay in a zone`,
      },
      {
        key: 'flowsOutside',
        value: flowsOutside,
        text: `${count(flowsOutside)} flows outside all zones`,
      },
    ],
    tables: [
      table('candidates', 'ANSWERED', ({ standing }) => ['confirmed', 'thin'].includes(standing)),
      table('asked', 'ASKED, NOT ANSWERED', ({ standing }) => standing === 'asked'),
      table('quarantined', 'SET ASIDE', ({ standing }) => standing === 'quarantined'),
    ],
    notes: summary.notes,
    next:
      output === undefined
        ? []
        : [
            {
              command: `portreeve policy review ${quoted(output)}`,
              purpose: 'decide what is allowed',
            },
          ],
  };
}
