import { expect, it, vi } from 'vitest';
import { goOn, LinkPaths, MPLS, NO_FILTER_ENTERS, PPPOE, VLAN } from './link-paths.ts';

it('lists each path of an interface once, in the order they come', () => {
  const paths = new LinkPaths();
  const tagged = goOn(0, VLAN);
  const labelled = goOn(goOn(0, MPLS), MPLS);
  for (const path of [tagged, labelled, tagged, labelled]) {
    for (const port of [0, 1]) paths.note(path, port);
  }
  expect(paths.list).toEqual([
    { layers: [VLAN], interface: 0 },
    { layers: [VLAN], interface: 1 },
    { layers: [MPLS, MPLS], interface: 0 },
    { layers: [MPLS, MPLS], interface: 1 },
  ]);
});

it('makes nothing for packets of paths that are known, however they take turns', () => {
  const paths = new LinkPaths();
  const both = [goOn(0, VLAN), goOn(goOn(0, VLAN), PPPOE)];
  for (const path of both) paths.note(path, 0);
  const made = [vi.spyOn(Array.prototype, 'join'), vi.spyOn(Array.prototype, 'unshift')];
  for (let count = 0; count < 100; count++) paths.note(both[count & 1]!, 0);
  const calls = made.map((spy) => spy.mock.calls.length);
  vi.restoreAllMocks();
  expect(calls).toEqual([0, 0]);
});

it('keeps 64 paths, and one for all others', () => {
  const paths = new LinkPaths();
  for (let port = 0; port < 200; port++) paths.note(goOn(0, VLAN), port);
  expect(paths.list).toHaveLength(65);
  expect(paths.list.at(-1)).toEqual({ layers: [NO_FILTER_ENTERS], interface: 64 });
});

it('takes a path of more layers than it tells for one that no filter enters', () => {
  const paths = new LinkPaths();
  let path = 0;
  for (let count = 0; count < 10; count++) path = goOn(path, VLAN);
  paths.note(path, 0);
  expect(paths.list[0]!.layers[0]).toBe(NO_FILTER_ENTERS);
});
