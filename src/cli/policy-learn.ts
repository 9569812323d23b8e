/** `portreeve policy learn`: which conversations cross the firewall, as candidates for rules. */
import type { Command } from 'commander';
import type { PrefixRule } from '../pipeline/audit.ts';
import { type ZoneWish, zonesOf } from '../pipeline/policy.ts';
import { candidateText, replaceFile } from '../pipeline/policy-files.ts';
import {
  type LearnedLogs,
  type LearnedSockets,
  type LearnedTraffic,
  type LogWish,
  learnConversations,
  type SocketWish,
} from '../pipeline/policy-learn.ts';
import type { Conversation } from '../policy/conversation.ts';
import { shellWord } from '../report/escape.ts';
import { count, counted } from '../report/numbers.ts';
import type { Fact, Report } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import {
  addCaptureOptions,
  type CaptureOptions,
  choicesOf,
  exitCodeOf,
  refuseNothing,
  whileReading,
} from './capture-options.ts';
import { conversationColumns } from './conversation-columns.ts';
import { DONE, INCOMPLETE, INPUT, INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addFarOptions, type FarOptions, viewBySsh } from './far-options.ts';
import { addLiveOptions, type LiveOptions, readInterfaces } from './interface-options.ts';
import { parseOffset, parsePrefixRule } from './log-options.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { gather, parseHostName, parseZoneWish, withFiles } from './policy-files.ts';
import { readFiles, viewThisMachine } from './sockets.ts';

const EXAMPLES = `Examples:
  portreeve policy learn a.pcap --zone dmz=10.0.1.0/24 --zone lan=10.0.2.0/24
  portreeve policy learn *.pcap --zone dmz=10.0.1.0/24 --zone internet=rest \\
    --name 10.0.1.10=web -o candidates.ndjson
  portreeve policy learn -i eth0 --for 1h --zone dmz=10.0.1.0/24 --zone out=rest
  portreeve policy learn --log fw.log --zone dmz=10.0.1.0/24 --zone out=rest
  portreeve policy learn --sockets ss.txt --zone dmz=10.0.1.0/24 --zone out=rest
`;

const NOTES = `
Nothing becomes a rule by itself: “portreeve policy review” asks a person.
Scans, unanswered sweeps and flows whose direction is not known are set aside,
with the reason. Of logs, those “portreeve audit” reads, only lines count that
let traffic through and say which end began. Where they do not show that the
server answered, the conversation counts as asked for, not as answered. Of
sockets the end that listens serves; with --for, those of a machine are looked
at every second. Saved output is what “portreeve sockets” reads, of listening
sockets and connections alike: ss -tuan, netstat -ano.
Exit codes: 0 done, 2 wrong usage, 3 an input could not be read, 5 something was
not seen, under --complete, 130 interrupted.
`;

interface LearnOptions extends CaptureOptions, LiveOptions, FarOptions {
  readonly zone?: Readonly<Record<string, ZoneWish>>;
  readonly name?: Readonly<Record<string, string>>;
  readonly output?: string;
  readonly log?: readonly string[];
  /** Files; true: those of this machine. */
  readonly sockets?: readonly string[] | true;
  readonly prefix?: readonly PrefixRule[];
  readonly utcOffset?: number;
}

const VERSION = 1;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  addCaptureOptions(command);
  command
    .option(
      '--zone <name=prefix>',
      'a part of the network: prefixes, or rest; repeatable',
      parseZoneWish,
    )
    .option('--name <address=name>', 'what a host is called; repeatable', parseHostName)
    .option('--log <file>', 'a firewall log or flow log, or a folder; repeatable', gather)
    .option('--prefix <text=verdict>', 'what a log prefix stands for; repeatable', parsePrefixRule)
    .option('--utc-offset <offset>', 'of log stamps without a zone, such as +02:00', parseOffset)
    .option('--sockets [file]', "this machine's sockets, or saved output; repeatable", gatherFiles)
    .option('-o, --output <file>', 'write the candidates here, for “policy review”');
  addLiveOptions(command);
  addFarOptions(command);
  addOutputOptions(command);
  command.action(run);
}

async function run(
  inputs: readonly string[],
  options: OutputOptions & LearnOptions,
): Promise<void> {
  const wishes = options.zone ?? {};
  if (Object.keys(wishes).length < 2) {
    throw new Failure(USAGE, {
      what: 'rules stand between zones, so at least two are needed',
      ways: ['--zone dmz=10.0.1.0/24 --zone internal=10.0.2.0/24', '--zone internet=rest'],
    });
  }
  const logs = logWish(options);
  const sockets = socketWish(options);
  refuseMixture(inputs, options);
  if ((options.i ?? inputs).length + (logs?.files.length ?? 0) === 0 && sockets === undefined) {
    throw new Failure(USAGE, {
      what: 'there is nothing to learn from',
      ways: [
        'name captures, or - for standard input',
        '-i eth0 --for 1h captures from the network',
        '--log fw.log reads a firewall log, --sockets ss.txt a list of sockets',
      ],
    });
  }
  const live = options.i === undefined ? undefined : await readInterfaces(options, undefined);
  const wish = {
    captures: options.i ?? inputs,
    ...(logs === undefined ? {} : { logs }),
    ...(sockets === undefined ? {} : { sockets }),
  };
  await whileReading(
    (watch) =>
      learnConversations(wish, zonesOf(wishes), {
        ...choicesOf(options),
        ...(live === undefined ? {} : { live }),
        ...watch,
      }),
    {
      limitMs: options.for,
      answer: async (learned) => {
        refuseUnread(learned);
        const names = options.name ?? {};
        if (options.output !== undefined) {
          const { conversations } = learned;
          const sources = [
            ...wish.captures,
            ...(logs?.files ?? []),
            ...(learned.sockets?.subjects.map((subject) => `sockets of ${subject}`) ?? []),
          ];
          const text = candidateText({ zones: wishes, names, inputs: sources, conversations });
          withFiles(() => replaceFile(options.output!, text));
        }
        process.exitCode = codeOf(learned, options);
        await writeReport(learnReport(learned, names, options.output), options);
      },
    },
  );
}

/** Throws for what cannot be read together, or has no end. */
function refuseMixture(inputs: readonly string[], options: LearnOptions): void {
  const { i, sockets, ssh } = options;
  if (inputs.length > 0 && i !== undefined) {
    throw new Failure(USAGE, {
      what: 'captures and interfaces cannot be read together',
      ways: ['leave out -i, or the files'],
    });
  }
  const watched = i !== undefined || sockets === true || ssh !== undefined;
  if (options.for !== undefined && !watched) {
    throw new Failure(USAGE, {
      what: '--for goes with -i, --sockets or --ssh: files end by themselves',
      ways: ['leave it out, or add -i eth0'],
    });
  }
}

const LOOK_EVERY_MS = 1000;

/** Gathers `--sockets ss.txt`, which may be repeated, for commander. */
function gatherFiles(text: string, before: readonly string[] | true = []): string[] {
  return [...(before === true ? [] : before), text];
}

function socketWish(options: LearnOptions): SocketWish | undefined {
  const { sockets, ssh } = options;
  if (sockets === undefined && ssh === undefined) return undefined;
  const look: SocketWish['look'] = async () => [
    ...(sockets === true ? [await viewThisMachine({ connections: true })] : []),
    // Each file may be of another machine.
    ...(Array.isArray(sockets) ? await Promise.all(sockets.map((file) => readFiles([file]))) : []),
    ...(await Promise.all((ssh ?? []).map((machine) => viewBySsh(machine, options, true)))),
  ];
  const again = options.for !== undefined && (sockets === true || ssh !== undefined);
  return { look, ...(again ? { everyMs: LOOK_EVERY_MS } : {}) };
}

function logWish({ log, prefix, utcOffset }: LearnOptions): LogWish | undefined {
  if (log === undefined) return undefined;
  return {
    files: log,
    ...(prefix === undefined ? {} : { prefixes: prefix }),
    ...(utcOffset === undefined ? {} : { offsetMs: utcOffset }),
  };
}

/** Throws when nothing of the captures, or nothing of the logs, could be read. */
function refuseUnread({ summary, logs }: LearnedTraffic): void {
  if (summary !== undefined) refuseNothing(summary);
  const [first] = logs?.faults ?? [];
  if (first === undefined || logs!.lines > 0) return;
  const { source, what, why, do: remedy } = first;
  throw new Failure(INPUT, { what: `cannot read ${source}: ${what}`, why, ways: [remedy] });
}

function codeOf({ summary, logs, sockets }: LearnedTraffic, options: LearnOptions): number {
  const code = summary === undefined ? DONE : exitCodeOf(summary, options);
  if (code === INTERRUPTED || logs?.interrupted) return INTERRUPTED;
  if (code === INPUT || (logs?.faults.length ?? 0) > 0) return INPUT;
  const notes = [...(logs?.notes ?? []), ...(sockets?.notes ?? [])];
  return options.complete && notes.some(({ missing }) => missing) ? INCOMPLETE : code;
}

function socketFacts({ looks, connections, undirected }: LearnedSockets): Report['facts'] {
  return [
    {
      key: 'socketLooks',
      value: looks,
      text: looks === 1 ? 'one look at sockets' : `${count(looks)} looks at sockets`,
    },
    { key: 'socketConnections', value: connections, text: `${counted(connections, 'connection')}` },
    {
      key: 'socketsUndirected',
      value: undirected,
      text: `${count(undirected)} of them undirected`,
    },
  ];
}

function logFacts({ lines, allowed, denied, undirected }: LearnedLogs): Report['facts'] {
  return [
    { key: 'logLines', value: lines, text: `${count(lines)} log lines` },
    { key: 'logAllowed', value: allowed, text: `${count(allowed)} let through` },
    { key: 'logUndirected', value: undirected, text: `${count(undirected)} of them undirected` },
    { key: 'logDenied', value: denied, text: `${count(denied)} denied, not looked at` },
  ];
}

function factsOf(
  { flows, flowsWithinZone, flowsOutside, logs, sockets }: LearnedTraffic,
  {
    candidates,
    asked,
    quarantined,
  }: Readonly<Record<'candidates' | 'asked' | 'quarantined', number>>,
): Fact[] {
  return [
    { key: 'flows', value: flows, text: `${counted(flows, 'flow')}` },
    { key: 'candidates', value: candidates },
    { key: 'asked', value: asked, text: `${count(asked)} unanswered` },
    { key: 'quarantined', value: quarantined, text: `${count(quarantined)} set aside` },
    {
      key: 'flowsWithinZone',
      value: flowsWithinZone,
      text: `${counted(flowsWithinZone, 'flow')} within a zone`,
    },
    {
      key: 'flowsOutside',
      value: flowsOutside,
      text: `${counted(flowsOutside, 'flow')} outside all zones`,
    },
    ...(logs === undefined ? [] : logFacts(logs)),
    ...(sockets === undefined ? [] : socketFacts(sockets)),
  ];
}

function learnReport(
  learned: LearnedTraffic,
  names: Readonly<Record<string, string>>,
  output: string | undefined,
): Report {
  const { conversations, summary, logs, sockets } = learned;
  const number = (wanted: (conversation: Conversation) => boolean) =>
    conversations.filter(wanted).length;
  const candidates = number(({ standing }) => standing === 'confirmed' || standing === 'thin');
  const counts = {
    candidates,
    asked: number(({ standing }) => standing === 'asked'),
    quarantined: number(({ standing }) => standing === 'quarantined'),
  };
  const table = (key: string, heading: string, wanted: (one: Conversation) => boolean): Table => {
    const rows = conversations.filter(wanted);
    const columns = conversationColumns(names, rows);
    return { key, kind: 'conversation', heading, columns, rows };
  };
  return {
    kind: 'policy-learn',
    version: VERSION,
    verdict: {
      severity: candidates > 0 ? 'ok' : 'warning',
      text:
        candidates === 1
          ? 'One conversation between zones was answered and can be allowed.'
          : `${count(candidates)} conversations between zones were answered and can be allowed`,
    },
    facts: factsOf(learned, counts),
    tables: [
      table('candidates', 'ANSWERED', ({ standing }) => ['confirmed', 'thin'].includes(standing)),
      table('asked', 'ASKED, NOT ANSWERED', ({ standing }) => standing === 'asked'),
      table('quarantined', 'SET ASIDE', ({ standing }) => standing === 'quarantined'),
    ],
    notes: [...(summary?.notes ?? []), ...(logs?.notes ?? []), ...(sockets?.notes ?? [])],
    next:
      output === undefined
        ? []
        : [
            {
              command: `portreeve policy review ${shellWord(output)}`,
              purpose: 'decide what is allowed',
            },
          ],
  };
}
