import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogReader } from './log-reader.ts';

const line = (port: number) =>
  `Oct  3 10:00:01 gw kernel: PR-DENY IN=eth1 OUT=eth0 SRC=10.0.1.10 DST=10.0.2.20 LEN=52 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=50112 DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0\n`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-follow-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Follows a log; `until` waits for so many verdicts, `end` stops. */
function follow(name: string, standardInput?: PassThrough) {
  const seen: string[] = [];
  const controller = new AbortController();
  let check: () => void = () => {};
  const reader = new LogReader(
    {
      ...{ seed: 1, nowMs: Date.now(), signal: controller.signal, onWait: () => check() },
      ...(standardInput === undefined ? {} : { standardInput }),
    },
    (batch) => {
      for (let row = 0; row < batch.count; row++) {
        const { destinationPort, locator } = batch.verdictAt(row, reader.inputs);
        seen.push(`${destinationPort} ${locator.slice(locator.lastIndexOf(':') + 1)}`);
      }
    },
  );
  const done = reader.read([name]);
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      check = () => {
        if (seen.length >= count) resolve();
      };
    });
  const end = async (): Promise<string[]> => {
    controller.abort();
    await done;
    expect(reader.faults).toEqual([]);
    return seen;
  };
  return { until, end };
}

describe('following a log', () => {
  it.concurrent('hands on lines as they come, the last one when it is whole', async () => {
    const file = join(folder, 'growing');
    writeFileSync(file, '');
    const { until, end } = follow(file);
    appendFileSync(file, line(1) + line(2).slice(0, 40));
    await until(1);
    appendFileSync(file, line(2).slice(40));
    await until(2);
    expect(await end()).toEqual(['1 1', '2 2']);
  });

  it.concurrent('goes on with the new file, after the last lines of the old', async () => {
    const file = join(folder, 'renamed');
    writeFileSync(file, line(1));
    const { until, end } = follow(file);
    await until(1);
    renameSync(file, `${file}.1`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    writeFileSync(file, line(3));
    // Who logs is told of the rotation later.
    appendFileSync(`${file}.1`, line(2));
    await until(3);
    expect(await end()).toEqual(['1 1', '2 2', '3 1']);
  });

  it.concurrent.each([
    ['shorter', [3], ['1 1', '2 2', '3 1']],
    ['longer', [3, 4, 5], ['1 1', '2 2', '3 1', '4 2', '5 3']],
  ])('notices that it was emptied, though it is %s again', async (name, ports, expected) => {
    const file = join(folder, name);
    writeFileSync(file, line(1) + line(2));
    const { until, end } = follow(file);
    await until(2);
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    appendFileSync(file, ports.map(line).join('').replaceAll('Oct  3', 'Oct  4'));
    await until(2 + ports.length);
    expect(await end()).toEqual(expected);
  });

  it.concurrent('hands on what a pipe gave while it waits for more', async () => {
    const pipe = new PassThrough();
    const { until, end } = follow('-', pipe);
    pipe.write(line(1));
    await until(1);
    expect(await end()).toEqual(['1 1']);
  });
});
