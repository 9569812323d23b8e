/** Captures, logs of firewalls and sockets of hosts in, conversations between zones out. */
import { RoleJudge } from '../analysis/host-roles.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import { AllowedLines } from '../policy/allowed.ts';
import type { Conversation } from '../policy/conversation.ts';
import type { Zone } from '../policy/intent.ts';
import { type Learned, type LearnedFlow, Learner } from '../policy/learn.ts';
import { SocketFlows } from '../policy/socket-flows.ts';
import type { LogFault } from '../sources/logs/log-reader.ts';
import type { PrefixRule } from '../sources/logs/prefix-verdicts.ts';
import type { SocketView } from '../sources/sockets/socket-view.ts';
import { type ListedFlow, listFlows } from './flows.ts';
import type { CaptureChoices, CaptureSummary } from './reading.ts';

/** Logs to learn from, and how to read them. */
export interface LogWish {
  readonly files: readonly string[];
  readonly prefixes?: readonly PrefixRule[];
  /** Where stamps name no zone: ms east of UTC. */
  readonly offsetMs?: number;
}

/** What the logs gave. */
export interface LearnedLogs {
  readonly lines: number;
  readonly allowed: number;
  readonly denied: number;
  /** Lines let through without what a conversation needs, and without who began. */
  readonly unusable: number;
  readonly undirected: number;
  readonly faults: readonly LogFault[];
  readonly interrupted: boolean;
  readonly notes: readonly BlindSpot[];
}

/** Sockets to learn from: each look is one view of all that was asked for. */
export interface SocketWish {
  readonly look: () => Promise<readonly SocketView[]>;
  /** Look again and again, so often, until the signal; otherwise once. */
  readonly everyMs?: number;
}

/** What the sockets gave. */
export interface LearnedSockets {
  /** Whose: `this machine`, `ss.txt`. */
  readonly subjects: readonly string[];
  readonly looks: number;
  readonly connections: number;
  readonly undirected: number;
  readonly notes: readonly BlindSpot[];
}

export interface TrafficWish {
  /** Captures, or the interfaces that `choices.live` reads. */
  readonly captures: readonly string[];
  readonly logs?: LogWish;
  readonly sockets?: SocketWish;
}

export interface LearnedTraffic extends Learned {
  /** Undefined where no capture was asked for. */
  readonly summary: CaptureSummary | undefined;
  readonly logs: LearnedLogs | undefined;
  readonly sockets: LearnedSockets | undefined;
}

/** Reads captures, logs and sockets and says who talks to whom across zones. */
export async function learnConversations(
  { captures, logs, sockets }: TrafficWish,
  zones: readonly Zone[],
  choices: CaptureChoices,
): Promise<LearnedTraffic> {
  const learner = new RoleLearner(zones);
  // A live capture and repeated looks at sockets go on side by side.
  const [summary, seen] = await Promise.all([
    captures.length > 0 ? learnPackets(captures, learner, choices) : undefined,
    sockets === undefined ? undefined : learnSockets(sockets, learner, choices),
  ]);
  const read = logs === undefined ? undefined : await learnLogs(logs, learner, choices);
  return { ...learner.finish(), summary, logs: read, sockets: seen };
}

/** Learns beside the conversations what each host answers, within its zone too, and is for. */
class RoleLearner extends Learner {
  /** By address: ports such as `88/tcp`, each with the place that shows it. */
  private readonly answers = new Map<string, Map<string, string>>();

  override add(flow: LearnedFlow, answered: boolean, fate?: 'denied' | 'unknown'): void {
    super.add(flow, answered, fate);
    const { transport, server, serverPort, locator, direction } = flow;
    if (!answered || fate !== undefined || direction.confidence === 'unknown') return;
    if (direction.reason === 'port-class' || serverPort === 0) return;
    const port = `${serverPort}/${transport}`;
    const ports = this.answers.get(server);
    if (ports === undefined) this.answers.set(server, new Map([[port, locator]]));
    else if (!ports.has(port)) ports.set(port, locator);
  }

  override finish(): Learned {
    const learned = super.finish();
    const roles = this.roles();
    const conversations = learned.conversations.map((conversation): Conversation => {
      const clientRoles = roles.get(conversation.client);
      const serverRoles = roles.get(conversation.server);
      return {
        ...conversation,
        ...(clientRoles === undefined ? {} : { clientRoles }),
        ...(serverRoles === undefined ? {} : { serverRoles }),
      };
    });
    return { ...learned, conversations };
  }

  /** Roles that more than one sign speaks for; hosts without any are left out. */
  private roles(): Map<string, readonly string[]> {
    const judge = new RoleJudge();
    const all = new Map<string, readonly string[]>();
    for (const [address, ports] of this.answers) {
      const sure = judge.rolesOf(ports).filter(({ certainty }) => certainty !== 'hint');
      if (sure.length > 0) {
        all.set(
          address,
          sure.map(({ role }) => role),
        );
      }
    }
    return all;
  }
}

async function learnPackets(
  captures: readonly string[],
  learner: Learner,
  choices: CaptureChoices,
): Promise<CaptureSummary> {
  const add = ({ flow, confirmed, spoken }: ListedFlow): void =>
    learner.add({ ...flow, spoken }, confirmed !== null);
  const listing = await listFlows(captures, choices, add);
  for (const listed of listing.listed) add(listed);
  return listing;
}

async function learnSockets(
  { look, everyMs }: SocketWish,
  learner: Learner,
  { signal }: CaptureChoices,
): Promise<LearnedSockets> {
  const flows = new SocketFlows((flow, answer) =>
    learner.add(flow, answer === 'seen', answer === 'unknown' ? answer : undefined),
  );
  let views: readonly SocketView[] = [];
  let looks = 0;
  do {
    if (looks > 0) await pause(everyMs!, signal);
    views = await look();
    looks++;
    flows.add({
      listeners: views.flatMap((view) => view.listeners),
      connections: views.flatMap((view) => view.connections),
    });
  } while (everyMs !== undefined && signal?.aborted === false);
  flows.finish();
  const { connections, undirected } = flows;
  return {
    ...{ subjects: views.map(({ subject }) => subject), looks, connections, undirected },
    notes: [
      ...views.flatMap(({ blindSpots }) => blindSpots.filter(({ id }) => MISSES.includes(id))),
      ...socketNotes(flows, looks),
    ],
  };
}

/** Blind spots that keep connections out of sight, rather than who holds them. */
const MISSES: readonly string[] = [
  ...['table-unreadable', 'lines-unreadable', 'network-namespaces'],
  ...['lines-unread', 'passed-over', 'answer-cut-off'],
];

/** Ends early with the signal. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
    if (signal?.aborted) done();
  });
}

function socketNotes(
  { unusable, firstUnusable, undirected }: SocketFlows,
  looks: number,
): BlindSpot[] {
  const notes: BlindSpot[] = [
    {
      id: 'moments',
      what: 'connections that began and ended between looks',
      because:
        looks === 1 ? 'sockets were looked at once' : `sockets were looked at ${looks} times`,
      remedy: '“-i eth0 --for 1h” sees all that passes',
      missing: false,
    },
  ];
  if (undirected > 0) {
    notes.push({
      id: 'direction-unstated',
      what: `who began ${undirected === 1 ? 'one connection' : `${undirected} connections`}`,
      because: 'no listening sockets were shown, or none at a port that only servers have',
      remedy: 'save listening sockets too: ss -tuan, netstat -ano',
      missing: true,
    });
  }
  if (unusable > 0) {
    notes.push({
      id: 'sockets-unusable',
      what: `${unusable === 1 ? 'one socket' : `${unusable} sockets`}, first at ${firstUnusable}`,
      because: 'the state is none of a connection, or the peer is shown by its name',
      remedy: 'save addresses as numbers: ss -tuan, netstat -an',
      missing: true,
    });
  }
  return notes;
}

async function learnLogs(
  { files, prefixes, offsetMs }: LogWish,
  learner: Learner,
  { signal, onProgress }: CaptureChoices,
): Promise<LearnedLogs> {
  const [{ LogReader }, { logNotes }] = await Promise.all([
    import('../sources/logs/log-reader.ts'),
    import('../sources/logs/log-notes.ts'),
  ]);
  const nowMs = Date.now();
  const lines = new AllowedLines(
    (flow, answer) =>
      learner.add(flow, answer === 'seen', answer === 'unknown' ? answer : undefined),
    nowMs,
  );
  const options = {
    // Hash tables must not be foreseeable to whoever writes the log.
    ...{ seed: Math.floor(Math.random() * 2 ** 32) | 0, nowMs },
    ...(prefixes === undefined ? {} : { prefixes }),
    ...(offsetMs === undefined ? {} : { offsetMs }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : {
          onProgress: ({ bytesRead, bytesTotal, tally }: InstanceType<typeof LogReader>) =>
            onProgress({ bytesRead, bytesTotal, frames: tally.lines }),
        }),
  };
  const reader = new LogReader(options, (batch) => {
    for (let row = 0; row < batch.count; row++) lines.add(batch.verdictAt(row, reader.inputs));
  });
  await reader.read(files);
  lines.finish();
  const { allowed, denied, undirected, unusable } = lines;
  return {
    ...{ lines: reader.tally.lines, allowed, denied, undirected, unusable },
    ...{ faults: reader.faults, interrupted: signal?.aborted ?? false },
    notes: [...logNotes(reader).map(withoutTable), ...doubtNotes(lines)],
  };
}

/** The table of unread lines is another command's. */
function withoutTable(note: BlindSpot): BlindSpot {
  if (note.id !== 'unparsed-lines') return note;
  return { ...note, remedy: '“portreeve audit” shows them; the rest of the log was read' };
}

function doubtNotes(lines: AllowedLines): BlindSpot[] {
  const { undirected, firstUndirected, unusable, undated } = lines;
  const notes: BlindSpot[] = [];
  if (undirected > 0) {
    notes.push({
      id: 'direction-unstated',
      what: `who began in ${linesText(undirected)} that let traffic through, first at ${firstUndirected}`,
      because: 'they do not say it, and what is guessed from ports must not become a rule',
      remedy: 'log the first packet of each connection with its TCP flags, or capture there',
      missing: true,
    });
  }
  if (unusable > 0) {
    notes.push({
      id: 'lines-incomplete',
      what: `${linesText(unusable)} that let traffic through`,
      because: 'an address or a protocol is not given',
      missing: true,
    });
  }
  if (undated > 0) {
    notes.push({
      id: 'time-unstated',
      what: `when ${linesText(undated)} that let traffic through were written`,
      because: 'no time is given; that of the reading was taken',
      missing: false,
    });
  }
  return notes;
}

function linesText(lines: number): string {
  return lines === 1 ? 'one line' : `${lines} lines`;
}
