import { describe, expect, it } from 'vitest';
import { tcpTalk } from '../../test/builders/conversation.ts';
import { caseOf, talk } from '../../test/builders/findings.ts';
import { lost, poolsFull } from './blind-spots.ts';

const full = (addresses: number, contexts: number) =>
  poolsFull({ addresses: { overflowed: addresses }, contexts: { overflowed: contexts } });

it('says nothing while everything found room', () => expect(full(0, 0)).toBeUndefined());

it.each([
  [1200, 0, 'the IPv6 addresses of 1,200 look-ups, shown as ::'],
  [0, 3, 'the VLAN or tunnel of 3 packets'],
  [1, 2, 'the IPv6 addresses of 1 look-ups, shown as ::, the VLAN or tunnel of 2 packets'],
])('says what %d addresses and %d contexts too many hide', (addresses, contexts, what) => {
  expect(full(addresses, contexts)).toMatchObject({ id: 'pools-full', what, missing: true });
});

it('says how much TCP acknowledged that was not captured', () => {
  const opening = ['> S 100', '< SA 500 101', '> A 101 501'];
  const whole = talk({ client: '10.0.0.1:40000', server: '10.0.0.9:80' });
  const gapped = [...opening, '> PA 101 501 +10', '< A 501 2111', '> A 2111 4501', '> A 2111 4501'];
  const wild = [...opening, '> A 101 999999999', '< A 501 101'];
  const steps = (lines: string[], server: string) => tcpTalk(lines, { server });
  expect(lost(caseOf(whole).traffic)).toBeUndefined();
  expect(lost(caseOf(steps(wild, '10.0.0.9:80')).traffic)).toBeUndefined();
  const { traffic } = caseOf([...whole, ...steps(gapped, '10.0.0.9:81')]);
  expect(lost(traffic)).toMatchObject({
    id: 'capture-loss',
    what: '6,000 octets of 1 of 2 TCP connections: acknowledged, but not captured',
    missing: true,
  });
});

describe('data captured after its acknowledgment', () => {
  const opening = ['> S 100', '< SA 500 101', '> A 101 501'];
  const missed = (...lines: string[]) => {
    const { traffic } = caseOf(tcpTalk([...opening, ...lines], { server: '10.0.0.9:81' }));
    return traffic.missedOctets;
  };

  it.each<[string, string[], number]>([
    ['one segment', ['< A 501 111', '> PA 101 501 +10'], 0],
    [
      'segments one by one',
      ['< A 501 111', '> PA 101 501 +10', '< A 501 121', '> PA 111 501 +10'],
      0,
    ],
    ['segments together', ['< A 501 111', '< A 501 121', '> A 101 501 +10', '> A 111 501 +10'], 0],
    ['more than was acknowledged', ['< A 501 111', '> PA 101 501 +30'], 0],
    ['of both ends', ['< A 501 111', '> A 111 511', '< A 501 111 +10', '> A 101 501 +10'], 0],
    ['with its end', ['< A 501 112', '> FA 101 501 +10'], 0],
    ['in part', ['< A 501 131', '> A 111 501 +10'], 20],
    ['in part, then what lies behind', ['< A 501 131', '> A 111 501 +10', '> A 121 501 +10'], 10],
    ['its end alone', ['< A 501 131', '> A 121 501 +10', '> A 101 501 +20'], 0],
    ['sent again and again', ['< A 501 131', '> A 101 501 +10', '> A 101 501 +10'], 20],
    ['none', ['< A 501 131'], 30],
  ])('is not lost: %s', (_, lines, octets) => {
    expect(missed(...lines)).toBe(octets);
  });
});
