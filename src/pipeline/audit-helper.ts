/** The thread that reads the second halves of large logs, seen from the one that asks it to. */
import { Worker } from 'node:worker_threads';
import type { Audit } from '../analysis/audit/audit.ts';
import type { LineReader } from '../sources/logs/line-reader.ts';
import type { PartHelper, PartReading, PartTask } from '../sources/logs/log-reader.ts';
import type { HelperMessage, HelperTask } from './audit-part.ts';

/** From this size on a second thread saves more than starting it costs. */
const WORTH_A_THREAD = 24e6;

type PartMessage = Extract<HelperMessage, { kind: 'part' }>;

export class AuditHelper implements PartHelper {
  readonly least: number;
  private readonly program: URL;
  private readonly audit: Audit;
  private readonly options: Omit<HelperTask, 'part'>;

  /**
   * @param program of the worker
   * @param audit takes over what the thread folded
   * @param least octets of a file that are worth a thread; 24 MB
   */
  constructor(
    program: URL,
    audit: Audit,
    options: Omit<HelperTask, 'part'>,
    least = WORTH_A_THREAD,
  ) {
    this.program = program;
    this.audit = audit;
    this.options = options;
    this.least = least;
  }

  start(part: PartTask): PartReading {
    const worker = new Worker(this.program);
    // Until it is asked for, what it says waits here; a thread that dies has said `failed`.
    const [seam, tellSeam] = awaited<string | undefined>();
    const [read, tellRead] = awaited<PartMessage | undefined>();
    const fail = (): void => {
      tellSeam(undefined);
      tellRead(undefined);
    };
    worker.on('message', (message: HelperMessage) => {
      if (message.kind === 'seam') tellSeam(message.seam);
      else if (message.kind === 'part') tellRead(message);
      else fail();
    });
    worker.on('error', fail);
    worker.on('messageerror', fail);
    worker.on('exit', fail);
    worker.postMessage({ part, ...this.options } satisfies HelperTask);
    const absorb = async (lines: LineReader): Promise<boolean> =>
      absorbPart(await read, lines, this.audit);
    return { seam, absorb, abandon: () => void worker.terminate() };
  }
}

/** Takes over what was read of a part; false, with nothing changed that shows, when it cannot be. */
export function absorbPart(
  message: PartMessage | undefined,
  lines: LineReader,
  audit: Audit,
): boolean {
  const maps = message === undefined ? undefined : lines.mapsOf(message.lines);
  if (message === undefined || maps === undefined) return false;
  if (!audit.absorb(message.audit, maps)) return false;
  lines.absorb(message.lines, maps.names);
  return true;
}

/** A promise, and what fulfils it; only the first time counts. */
function awaited<Value>(): [Promise<Value>, (value: Value) => void] {
  let tell: (value: Value) => void = () => {};
  const promise = new Promise<Value>((resolve) => {
    tell = resolve;
  });
  return [promise, tell];
}
