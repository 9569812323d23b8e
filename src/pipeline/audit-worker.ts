/**
 * The worker's program: reads the second half of a log and folds it. What its first lines mean may
 * depend on lines before them, so that it first looks at the file's begin and at what stands just
 * before its half; the other thread judges whether that led to the same.
 */
import { parentPort } from 'node:worker_threads';
import { Audit } from '../analysis/audit/audit.ts';
import { FileSpan, lineStart, openForSpans, readSpan } from '../sources/logs/file-span.ts';
import { LineReader, LONGEST_LINE } from '../sources/logs/line-reader.ts';
import type { HelperMessage, HelperTask } from './audit-helper.ts';

/** Octets that are looked at of the file's begin, and before the half. */
const BEGIN_OCTETS = 64 * 1024;
const BEFORE_OCTETS = 256 * 1024;

function send(message: HelperMessage, moved: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, moved);
}

async function work({ part, lines: lineOptions, audit: auditOptions }: HelperTask): Promise<void> {
  const audit = new Audit({ ...auditOptions, top: 0 });
  let counting = false;
  const lines = new LineReader(lineOptions, (batch) => {
    if (counting) audit.add(batch);
  });
  const handle = await openForSpans(part.path);
  const read = (from: number, to: number) =>
    readSpan(lines, new FileSpan(handle, from, to), () => true);
  try {
    lines.begin(part.input, part.path, part.referenceMs, part.format);
    const begun = lineStart(handle, BEGIN_OCTETS, LONGEST_LINE);
    const before = lineStart(handle, part.from - BEFORE_OCTETS, LONGEST_LINE);
    const apart = begun >= 0 && before > begun;
    if (apart) await read(0, begun);
    await read(apart ? before : 0, part.from);
    const seam = lines.seam();
    send({ kind: 'seam', seam });
    if (seam === undefined) return;
    lines.startCounting();
    counting = true;
    const { bytes, start, end, error } = await read(part.from, Number.POSITIVE_INFINITY);
    if (error !== undefined) throw error;
    lines.end(bytes, start, end);
  } finally {
    await handle.close();
  }
  const folded = audit.part();
  send({ kind: 'part', lines: lines.part(), audit: folded }, [folded.table.buffer]);
}

parentPort?.on('message', (task: HelperTask) => {
  work(task).catch(() => send({ kind: 'failed' }));
});
