import { describe, expect, it } from 'vitest';
import { icmp6Outcome, icmpOutcome, OUTCOMES } from './port-state.ts';

const said = (code: number): string => {
  const outcome = OUTCOMES[code];
  return outcome === undefined ? 'nothing' : `${outcome.state} ${outcome.reason}`;
};

describe('what ICMP errors say of a port, in words of Nmap', () => {
  it.each([
    [1, 0, 'filtered no-route', 'filtered no-route'],
    [1, 1, 'filtered admin-prohibited', 'filtered admin-prohibited'],
    [1, 2, 'filtered beyond-scope', 'filtered beyond-scope'],
    [1, 3, 'filtered host-unreach', 'filtered host-unreach'],
    [1, 4, 'filtered port-unreach', 'closed port-unreach'],
    [1, 5, 'filtered admin-prohibited', 'filtered admin-prohibited'],
    [1, 6, 'filtered reject-route', 'filtered reject-route'],
    [2, 0, 'nothing', 'nothing'],
    [3, 0, 'filtered time-exceeded', 'filtered time-exceeded'],
    [4, 0, 'nothing', 'nothing'],
    [4, 1, 'filtered param-problem', 'filtered param-problem'],
    [129, 0, 'nothing', 'nothing'],
  ])('type %i code %i of IPv6: TCP %s, UDP %s', (type, code, tcp, udp) => {
    expect(said(icmp6Outcome(type, code, 'tcp'))).toBe(tcp);
    expect(said(icmp6Outcome(type, code, 'udp'))).toBe(udp);
  });

  it.each([
    [3, 0, 'filtered net-unreach', 'filtered net-unreach'],
    [3, 1, 'filtered host-unreach', 'filtered host-unreach'],
    [3, 2, 'filtered proto-unreach', 'filtered proto-unreach'],
    [3, 3, 'filtered port-unreach', 'closed port-unreach'],
    [3, 4, 'nothing', 'nothing'],
    [3, 9, 'filtered net-prohibited', 'filtered net-prohibited'],
    [3, 10, 'filtered host-prohibited', 'filtered host-prohibited'],
    [3, 13, 'filtered admin-prohibited', 'filtered admin-prohibited'],
    [11, 0, 'filtered time-exceeded', 'filtered time-exceeded'],
    [5, 1, 'nothing', 'nothing'],
  ])('type %i code %i of IPv4: TCP %s, UDP %s', (type, code, tcp, udp) => {
    expect(said(icmpOutcome(type, code, 'tcp'))).toBe(tcp);
    expect(said(icmpOutcome(type, code, 'udp'))).toBe(udp);
  });
});
