import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockSender, BlockTaker, newRelay, STOP_NOW } from './block-relay.ts';

const SLOT = 64;

/** Both ends, the slots behind an offset as with several rings. */
function relayOf(slots: number) {
  const bytes = new Uint8Array(new SharedArrayBuffer((slots + 3) * SLOT));
  const memory = newRelay(bytes, 3 * SLOT, slots, SLOT);
  return { bytes, sender: new BlockSender(memory), taker: new BlockTaker(memory) };
}

describe('a relay of blocks', () => {
  it('hands over each block once, in order, and writes over none that is still held', () => {
    const steps = fc.array(fc.constantFrom('send', 'take', 'oldest', 'newest'), { maxLength: 400 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), steps, (slots, what) => {
        const { bytes, sender, taker } = relayOf(slots);
        const held: { at: number; mark: number }[] = [];
        let sent = 0;
        let taken = 0;
        for (const step of what) {
          if (step === 'send') {
            const at = sender.room(0);
            expect(at < 0).toBe(sent - taken + held.length === slots);
            if (at < 0) continue;
            bytes[at] = ++sent & 255;
            sender.publish();
          } else if (step === 'take') {
            const at = taker.next();
            expect(at < 0).toBe(sent === taken);
            if (at >= 0) held.push({ at, mark: ++taken & 255 });
          } else {
            const gone = step === 'oldest' ? held.shift() : held.pop();
            if (gone !== undefined) taker.giveBack(gone.at);
          }
          for (const { at, mark } of held) expect(bytes[at]).toBe(mark);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('fills the slot that was given back last, so that few are used', () => {
    const { sender, taker } = relayOf(8);
    const used = new Set<number>();
    for (let round = 0; round < 50; round++) {
      used.add(sender.room(0));
      sender.publish();
      taker.giveBack(taker.next());
    }
    expect(used.size).toBe(1);
  });

  it('wakes a reader that sleeps, once, and lets none sleep beside a block', () => {
    const { sender, taker } = relayOf(2);
    expect(taker.sleep()).toBe(true);
    sender.room(0);
    expect(sender.publish()).toBe(true);
    expect(taker.sleep()).toBe(false);
    sender.room(0);
    expect(sender.publish()).toBe(true);
    taker.next();
    taker.next();
    expect(sender.room(0)).toBe(-1);
  });

  it('tells the other end to stop', () => {
    const { sender, taker } = relayOf(1);
    expect(sender.stop).toBe(0);
    taker.stop(STOP_NOW);
    expect(sender.stop).toBe(STOP_NOW);
  });
});
