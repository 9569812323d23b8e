/**
 * The fewest boxes (clients × servers × services) that hold exactly the given triples. Boxes may
 * overlap, since rules that only allow may. Finding the fewest is NP-hard already for pairs
 * (biclique cover, Orlin 1977), so small cases are solved exactly by branch and bound over all
 * maximal boxes, large ones greedily; the answer says which, and how far off it can be at most.
 *
 * Members that no triple tells apart are one class first: that loses nothing and makes networks
 * with roles small.
 */

export type Triple = readonly [client: number, server: number, service: number];

export interface Box {
  readonly clients: readonly number[];
  readonly servers: readonly number[];
  readonly services: readonly number[];
}

export interface Cover {
  readonly boxes: readonly Box[];
  /** No cover has fewer boxes than this. */
  readonly atLeast: number;
}

/** Cases up to this size are tried exactly. */
const EXACT_CELLS = 400;
const EXACT_BOXES = 1500;
const EXACT_STEPS = 60_000;

/** Triples are of any whole numbers, each triple once. */
export function coverTriples(triples: readonly Triple[]): Cover {
  const [clients, servers, services] = [0, 1, 2].map((axis) => classesOf(triples, axis)) as [
    Classes,
    Classes,
    Classes,
  ];
  const cells = new Map<string, Triple>();
  for (const [client, server, service] of triples) {
    const cell: Triple = [
      clients.of.get(client)!,
      servers.of.get(server)!,
      services.of.get(service)!,
    ];
    cells.set(cell.join(), cell);
  }
  const relation = new Relation([...cells.values()]);
  const { boxes, atLeast } = solve(relation);
  return {
    atLeast,
    boxes: trimmed(boxes).map((box) => ({
      clients: box.clients.flatMap((each) => clients.members[each]!),
      servers: box.servers.flatMap((each) => servers.members[each]!),
      services: box.services.flatMap((each) => services.members[each]!),
    })),
  };
}

interface Classes {
  readonly of: ReadonlyMap<number, number>;
  readonly members: readonly (readonly number[])[];
}

/** Groups the values of one axis that stand in the same triples otherwise. */
function classesOf(triples: readonly Triple[], axis: number): Classes {
  const others = [0, 1, 2].filter((each) => each !== axis) as [number, number];
  const pairs = new Map<string, number>();
  const signatures = new Map<number, number[]>();
  for (const triple of triples) {
    const key = `${triple[others[0]]} ${triple[others[1]]}`;
    let pair = pairs.get(key);
    if (pair === undefined) {
      pair = pairs.size;
      pairs.set(key, pair);
    }
    const signature = signatures.get(triple[axis]!);
    if (signature === undefined) signatures.set(triple[axis]!, [pair]);
    else signature.push(pair);
  }
  const classes = new Map<string, number[]>();
  for (const [value, signature] of signatures) {
    const key = signature.sort((left, right) => left - right).join();
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [value]);
    else members.push(value);
  }
  const members = [...classes.values()];
  const of = new Map(members.flatMap((each, index) => each.map((value) => [value, index])));
  return { of, members };
}

/** Triples with the lists that growing a box needs. */
class Relation {
  readonly cells: readonly Triple[];
  private readonly clients = new Map<string, Set<number>>();
  private readonly servers = new Map<string, Set<number>>();
  private readonly services = new Map<string, Set<number>>();

  constructor(cells: readonly Triple[]) {
    this.cells = cells;
    const add = (index: Map<string, Set<number>>, key: string, value: number) => {
      const set = index.get(key);
      if (set === undefined) index.set(key, new Set([value]));
      else set.add(value);
    };
    for (const [client, server, service] of cells) {
      add(this.clients, `${server} ${service}`, client);
      add(this.servers, `${client} ${service}`, server);
      add(this.services, `${client} ${server}`, service);
    }
  }

  /** All values of an axis that go with every pair of the two lists (in the order of axes). */
  common(axis: number, left: readonly number[], right: readonly number[]): number[] {
    const index = [this.clients, this.servers, this.services][axis]!;
    let values: number[] | undefined;
    for (const one of left) {
      for (const two of right) {
        const set = index.get(`${one} ${two}`);
        if (set === undefined) return [];
        values = values === undefined ? [...set] : values.filter((value) => set.has(value));
        if (values.length === 0) return values;
      }
    }
    return values ?? [];
  }

  pairServices(): ReadonlyMap<string, Set<number>> {
    return this.services;
  }
}

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** The box that grows from one cell by taking all it can along the axes in that order. */
function grow(relation: Relation, cell: Triple, order: readonly number[]): Box {
  const sides: number[][] = cell.map((value) => [value]);
  for (const axis of order) {
    const [left, right] = [0, 1, 2].filter((each) => each !== axis).map((each) => sides[each]!);
    sides[axis] = relation.common(axis, left!, right!).sort((one, two) => one - two);
  }
  return { clients: sides[0]!, servers: sides[1]!, services: sides[2]! };
}

function solve(relation: Relation): Cover {
  const greedy = greedyCover(relation);
  const { cells } = relation;
  if (cells.length > EXACT_CELLS) return { boxes: greedy, atLeast: Math.min(1, cells.length) };
  const boxes = maximalBoxes(relation);
  if (boxes === undefined) return { boxes: greedy, atLeast: lowerBoundBy(relation) };
  return exactCover(cells, boxes, greedy);
}

function* cellsOf({ clients, servers, services }: Box): Generator<string> {
  for (const client of clients) {
    for (const server of servers)
      for (const service of services) yield `${client},${server},${service}`;
  }
}

/** Covers cell by cell, those with the fewest companions first, each time by the best of six boxes. */
function greedyCover(relation: Relation): Box[] {
  const { cells } = relation;
  const open = new Set(cells.map((cell) => cell.join()));
  const degree = new Map<string, number>();
  for (const [client, server, service] of cells) {
    for (const key of [`c${client}`, `s${server}`, `v${service}`]) {
      degree.set(key, (degree.get(key) ?? 0) + 1);
    }
  }
  const companions = ([client, server, service]: Triple) =>
    degree.get(`c${client}`)! + degree.get(`s${server}`)! + degree.get(`v${service}`)!;
  const ordered = [...cells].sort((one, two) => companions(one) - companions(two));
  const boxes: Box[] = [];
  for (const cell of ordered) {
    if (!open.has(cell.join())) continue;
    let best: Box | undefined;
    let most = 0;
    for (const order of ORDERS) {
      const box = grow(relation, cell, order);
      let count = 0;
      for (const key of cellsOf(box)) if (open.has(key)) count++;
      if (count > most) {
        most = count;
        best = box;
      }
    }
    for (const key of cellsOf(best!)) open.delete(key);
    boxes.push(best!);
  }
  return withoutNeedless(boxes);
}

/** Drops boxes all of whose cells others hold too, the latest first. */
function withoutNeedless(boxes: readonly Box[]): Box[] {
  const counts = new Map<string, number>();
  for (const box of boxes) {
    for (const key of cellsOf(box)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const kept: Box[] = [];
  for (const box of boxes) {
    const keys = [...cellsOf(box)];
    if (keys.every((key) => counts.get(key)! > 1)) {
      for (const key of keys) counts.set(key, counts.get(key)! - 1);
    } else kept.push(box);
  }
  return kept;
}

/**
 * Takes out of each box, the smallest first, what others hold already: first services, then
 * clients, then servers. The rules get shorter and no more.
 */
function trimmed(boxes: readonly Box[]): Box[] {
  const counts = new Map<string, number>();
  for (const box of boxes) {
    for (const key of cellsOf(box)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const size = (box: Box) => box.clients.length * box.servers.length * box.services.length;
  const order = boxes
    .map((_, index) => index)
    .sort((one, two) => size(boxes[one]!) - size(boxes[two]!));
  const result = [...boxes];
  for (const index of order) {
    for (const side of ['services', 'clients', 'servers'] as const) {
      for (const value of result[index]![side]) {
        const box = result[index]!;
        if (box[side].length === 1) break;
        const part = [...cellsOf({ ...box, [side]: [value] })];
        if (!part.every((key) => counts.get(key)! > 1)) continue;
        for (const key of part) counts.set(key, counts.get(key)! - 1);
        result[index] = { ...box, [side]: box[side].filter((other) => other !== value) };
      }
    }
  }
  return result;
}

/** All sets that are intersections of the given ones, or undefined when there are too many. */
function intersections(sets: readonly (readonly number[])[]): number[][] | undefined {
  const found = new Map<string, number[]>();
  for (const set of sets) {
    for (const known of [...found.values()]) {
      const both = known.filter((value) => set.includes(value));
      if (both.length > 0) found.set(both.join(), both);
    }
    found.set(set.join(), [...set]);
    if (found.size > EXACT_BOXES) return undefined;
  }
  return [...found.values()];
}

/** Every box that no other one contains (and some more), or undefined when there are too many. */
function maximalBoxes(relation: Relation): Box[] | undefined {
  const pairs = [...relation.pairServices()].map(([key, services]) => {
    const [client, server] = key.split(' ').map(Number) as [number, number];
    return { client, server, services: [...services].sort((one, two) => one - two) };
  });
  const serviceSets = intersections(pairs.map(({ services }) => services));
  if (serviceSets === undefined) return undefined;
  const boxes = new Map<string, Box>();
  for (const wanted of serviceSets) {
    const reach = new Map<number, number[]>();
    for (const { client, server, services } of pairs) {
      if (!wanted.every((service) => services.includes(service))) continue;
      reach.set(
        client,
        [...(reach.get(client) ?? []), server].sort((one, two) => one - two),
      );
    }
    const serverSets = intersections([...reach.values()]);
    if (serverSets === undefined) return undefined;
    for (const servers of serverSets) {
      const clients = [...reach]
        .filter(([, own]) => servers.every((server) => own.includes(server)))
        .map(([client]) => client);
      const services = relation.common(2, clients, servers).sort((one, two) => one - two);
      const box = { clients, servers, services };
      boxes.set(JSON.stringify(box), box);
    }
    if (boxes.size > EXACT_BOXES) return undefined;
  }
  return [...boxes.values()];
}

/** Cells no two of which fit in one box need a box each. */
function lowerBoundBy(relation: Relation): number {
  const alone: Triple[] = [];
  for (const cell of relation.cells) {
    const apart = alone.every((other) => {
      const sides = [0, 1, 2].map((axis) => [...new Set([cell[axis]!, other[axis]!])]);
      const services = relation.common(2, sides[0]!, sides[1]!);
      return !sides[2]!.every((service) => services.includes(service));
    });
    if (apart) alone.push(cell);
  }
  return alone.length;
}

/** Branch and bound over which box holds the cell that has the fewest boxes to choose from. */
function exactCover(
  cells: readonly Triple[],
  boxes: readonly Box[],
  greedy: readonly Box[],
): Cover {
  const index = new Map(cells.map((cell, at) => [cell.join(), at]));
  const held = boxes.map((box) => [...cellsOf(box)].map((key) => index.get(key)!));
  const holders: number[][] = cells.map(() => []);
  held.forEach((list, box) => {
    for (const cell of list) holders[cell]!.push(box);
  });
  let best = greedy;
  let steps = 0;
  const counts = new Int32Array(cells.length);
  const chosen: number[] = [];
  /** Cells still open of which no two share a box. */
  const bound = (): number => {
    const blocked = new Uint8Array(boxes.length);
    let apart = 0;
    for (let cell = 0; cell < cells.length; cell++) {
      if (counts[cell] !== 0 || holders[cell]!.some((box) => blocked[box] === 1)) continue;
      apart++;
      for (const box of holders[cell]!) blocked[box] = 1;
    }
    return apart;
  };
  const atLeast = bound();
  const visit = (): void => {
    if (++steps > EXACT_STEPS || best.length === atLeast) return;
    let cell = -1;
    for (let at = 0; at < cells.length; at++) {
      if (counts[at] !== 0) continue;
      if (cell < 0 || holders[at]!.length < holders[cell]!.length) cell = at;
    }
    if (cell < 0) {
      if (chosen.length < best.length) best = chosen.map((box) => boxes[box]!);
      return;
    }
    if (chosen.length + bound() >= best.length) return;
    const options = holders[cell]!.map((box) => {
      let gain = 0;
      for (const other of held[box]!) if (counts[other] === 0) gain++;
      return { box, gain };
    }).sort((one, two) => two.gain - one.gain);
    for (const { box } of options) {
      chosen.push(box);
      for (const other of held[box]!) counts[other]!++;
      visit();
      for (const other of held[box]!) counts[other]!--;
      chosen.pop();
    }
  };
  visit();
  return { boxes: best, atLeast: steps > EXACT_STEPS ? atLeast : best.length };
}
