/** Reading threads that die: their end is no end of the capture. Real rings are read in test/lab. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ANY } from './interfaces.ts';
import { LiveSource } from './live-source.ts';
import type { OpenedInterface } from './open-ring.ts';

/** A program of a reading thread, of these statements; `stop()` is how its reading is to end. */
const program = (text: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort, workerData } from 'node:worker_threads';
      const { control } = workerData.relay;
      const stop = () => Atomics.load(control, 2);
      const say = (message) => parentPort.postMessage(message);
      say('ready');
      ${text}
    `)}`,
  );

const opened = (name: string): OpenedInterface => ({
  device: { ...ANY, name, index: 1 },
  cooked: false,
  described: { source: name, name, linkType: 1, snapLength: 262_144 },
  sockets: [{ descriptor: -1, blockOctets: 4096, blocks: 1 }],
});

/** Batches until the end, or its error. */
async function readAll(source: LiveSource): Promise<void> {
  while ((await source.next()) !== undefined) {
    // There are no frames.
  }
}

describe('a reading thread', () => {
  it('that says it is done ends the capture', async () => {
    const source = new LiveSource([opened('a')], program("say('done');"));
    await readAll(source);
  });

  it.each([
    ['throws', "throw new Error('no such ring');", 'no such ring'],
    ['leaves', 'process.exit(3);', 'a reading thread ended early (3)'],
  ])('that %s fails the capture, whenever that is noticed', async (_, text, message) => {
    const early = new LiveSource([opened('a')], program(text));
    await early.start().catch(() => {});
    await expect(readAll(early)).rejects.toThrow(message);
    const late = new LiveSource([opened('a')], program(`setTimeout(() => { ${text} }, 20);`));
    await late.start();
    await sleep(500);
    await expect(readAll(late)).rejects.toThrow(message);
  });

  it('that dies stops the others, whose frames are still read', async () => {
    const text = `
      if (workerData.socket.descriptor === 1) throw new Error('dead');
      const look = setInterval(() => {
        if (stop() === 0) return;
        say('done');
        clearInterval(look);
      }, 5);
    `;
    const [one, two] = [opened('a'), opened('b')];
    const dead = { ...two, sockets: [{ ...two.sockets[0]!, descriptor: 1 }] };
    const source = new LiveSource([one, dead], program(text));
    await source.start().catch(() => {});
    await expect(readAll(source)).rejects.toThrow('dead');
  });
});
