import { describe, expect, it } from 'vitest';
import { ArpQuestions } from './arp-questions.ts';

const OWN = 0x0a000001;
const host = (n: number) => 0x0a000100 + n;

describe('questions by ARP', () => {
  it('count each address once, and those that spoke apart', () => {
    const questions = new ArpQuestions(5);
    for (let n = 0; n < 30; n++) questions.ask(OWN, host(n), 0, n + 1, n);
    for (let n = 0; n < 30; n++) questions.ask(OWN, host(n), 0, n + 100, n + 60);
    for (let n = 0; n < 4; n++) questions.spoke(host(n), 0);
    const [asker, ...others] = questions.askers(1);
    expect(others).toEqual([]);
    expect(asker).toMatchObject({ address: OWN, vain: 26, answered: 4 });
    expect(asker!.asked[0]).toEqual({ target: host(4), interface: 0, frame: 5, seconds: 4 });
  });

  it('of an address of one’s own, or from nobody, are none', () => {
    const questions = new ArpQuestions();
    questions.ask(0, host(1), 0, 1, 0);
    questions.ask(OWN, OWN, 0, 2, 0);
    expect(questions.askers(0)).toEqual([]);
  });

  it('are answered on the interface they were asked on', () => {
    const questions = new ArpQuestions();
    questions.ask(OWN, host(1), 0, 1, 0);
    questions.spoke(host(1), 1);
    expect(questions.askers(1)).toMatchObject([{ vain: 1, answered: 0 }]);
  });

  it('are forgotten, and counted, beyond what there is room for', () => {
    const questions = new ArpQuestions(9);
    for (let n = 0; n < 70_000; n++) questions.ask(OWN, n + 1, 0, n, 0);
    for (let n = 0; n < 10; n++) questions.ask(OWN, n + 1, 0, n, 0);
    expect(questions.beyond).toBe(70_000 - 65_536);
    expect(questions.askers(25)).toMatchObject([{ vain: 65_536 }]);
  });
});
