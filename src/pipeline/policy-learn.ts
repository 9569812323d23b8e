/** Captures and logs of firewalls in, conversations between zones out. */
import type { BlindSpot } from '../model/blind-spot.ts';
import { AllowedLines } from '../policy/allowed.ts';
import type { Zone } from '../policy/intent.ts';
import { type Learned, Learner } from '../policy/learn.ts';
import type { LogFault } from '../sources/logs/log-reader.ts';
import type { PrefixRule } from '../sources/logs/prefix-verdicts.ts';
import { listFlows } from './flows.ts';
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

export interface LearnedTraffic extends Learned {
  /** Undefined where no capture was asked for. */
  readonly summary: CaptureSummary | undefined;
  readonly logs: LearnedLogs | undefined;
}

/** Reads captures and logs and says who talks to whom across zones. */
export async function learnConversations(
  inputs: readonly string[],
  zones: readonly Zone[],
  choices: CaptureChoices,
  wish: LogWish = { files: [] },
): Promise<LearnedTraffic> {
  const learner = new Learner(zones);
  let summary: CaptureSummary | undefined;
  if (inputs.length > 0) {
    const listing = await listFlows(inputs, choices, ({ flow, confirmed }) =>
      learner.add(flow, confirmed !== null),
    );
    for (const { flow, confirmed } of listing.listed) learner.add(flow, confirmed !== null);
    summary = listing;
  }
  const logs = wish.files.length > 0 ? await learnLogs(wish, learner, choices) : undefined;
  return { ...learner.finish(), summary, logs };
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
