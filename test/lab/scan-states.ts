/** States of ports, out of our JSON and out of Nmap's XML, to be compared. */

export interface ScannedPorts {
  readonly facts: { readonly states: Readonly<Record<string, number>> };
  readonly ports: readonly PortLine[];
  readonly hosts: readonly { readonly groups: readonly Group[] }[];
}

export interface PortLine {
  readonly port: number;
  readonly state: string;
  readonly reason: string;
}

export interface Group {
  readonly state: string;
  readonly reason: string;
  readonly ports: string;
}

/** `open syn-ack` and the like by port. */
export function statesOf(
  groups: readonly Group[],
  ports: readonly PortLine[],
): ReadonlyMap<number, string> {
  const states = new Map(ports.map(({ port, state, reason }) => [port, `${state} ${reason}`]));
  for (const { state, reason, ports: list } of groups) {
    for (const piece of list.split(',')) {
      const [first, last = first] = piece.split('-').map(Number) as [number, number?];
      for (let port = first; port <= last!; port++) states.set(port, `${state} ${reason}`);
    }
  }
  return states;
}

/** The same out of Nmap's XML; `-dd` makes it list every port. */
export function nmapStates(xml: string): ReadonlyMap<number, string> {
  const ports = xml.matchAll(/portid="(\d+)"><state state="([^"]+)" reason="([^"]+)"/g);
  return new Map([...ports].map(([, port, state, reason]) => [Number(port), `${state} ${reason}`]));
}
