/**
 * What a process's control groups say about it (cgroups(7), /proc/PID/cgroup): the systemd unit it
 * belongs to, and the container it runs in. One line per hierarchy, `0::` being the unified one:
 *
 *     0::/system.slice/nginx.service
 *     0::/system.slice/docker-3f4e….scope
 *
 * Names are those that the runtimes give; whoever may make control groups may imitate them.
 */
import type { Container } from '../../model/process.ts';

export interface Membership {
  readonly unit?: string;
  /** Uid of the user whose own systemd runs the unit; absent where it is the machine's. */
  readonly unitOf?: number;
  readonly container?: Container;
}

/** Id of a container: 64 hexadecimal digits, of which runtimes show the first 12. */
const ID = '([\\da-f]{12})[\\da-f]{52}';
/** Without `.scope` where the runtime makes groups itself ("cgroupfs"). */
const SCOPE = new RegExp(
  `^(docker|libpod|crio|cri-containerd|nerdctl)-(?:conmon-)?${ID}(?:\\.scope)?$`,
);
const BARE_ID = new RegExp(`^(?:cri-containerd[:-])?${ID}$`);
const LXC = /^lxc(?:\.payload)?[./](.{1,64})$/;
/** What starts and watches LXC's containers is in none. */
const LXC_MONITOR = /^lxc\.(?:monitor|pivot)(?:\.|$)/;
const MACHINE = /^(?:machine-(.{1,64})\.scope|systemd-nspawn@(.{1,64})\.service)$/;
const UNIT = /\.(?:service|scope|socket|mount|swap)$/;

/** Runs the units of one user. */
const USER_MANAGER = /^user@(\d{1,10})\.service$/;

const RUNTIMES: Readonly<Record<string, Container['runtime']>> = {
  docker: 'docker',
  libpod: 'podman',
  crio: 'kubernetes',
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
};

/** @param text the whole of /proc/PID/cgroup */
export function parseCgroup(text: string): Membership {
  let membership: Membership = {};
  for (const line of text.split('\n')) {
    const path = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (path === null) continue;
    const found = parsePath(path[2]!);
    if (found.container !== undefined) return found;
    // Version 1 has a hierarchy for systemd; in the others units are missing or coarser.
    const unified = path[1] === '' || path[1] === 'name=systemd';
    if (unified && found.unit !== undefined) membership = found;
  }
  return membership;
}

/** The same for many processes, of which most share their groups with others. */
export function cgroupReader(): (text: string) => Membership {
  const known = new Map<string, Membership>();
  return (text) => {
    let membership = known.get(text);
    if (membership === undefined) {
      membership = parseCgroup(text);
      known.set(text, membership);
    }
    return membership;
  };
}

function parsePath(path: string): Membership {
  const parts = path.split('/').filter((part) => part !== '');
  const container = containerOf(parts);
  if (container !== undefined) return { container };
  const at = parts.findLastIndex((part) => UNIT.test(part));
  if (at < 0) return {};
  // An underscore before it keeps a name apart from the files of its control group.
  const unit = parts[at]!.replace(/^_/, '');
  const manager = parts.slice(0, at).findLast((part) => USER_MANAGER.test(part));
  const uid = manager === undefined ? undefined : USER_MANAGER.exec(manager)?.[1];
  return uid === undefined ? { unit } : { unit, unitOf: Number(uid) };
}

function containerOf(parts: readonly string[]): Container | undefined {
  const kubernetes = parts.some((part) => part.startsWith('kubepods'));
  for (let at = parts.length - 1; at >= 0; at--) {
    const part = parts[at]!;
    const scope = SCOPE.exec(part);
    if (scope !== null) {
      return { runtime: kubernetes ? 'kubernetes' : RUNTIMES[scope[1]!]!, id: scope[2]! };
    }
    const bare = BARE_ID.exec(part)?.[1];
    if (bare !== undefined) return { runtime: bareRuntime(kubernetes, parts[at - 1]), id: bare };
    if (LXC_MONITOR.test(part)) return undefined;
    const lxc = LXC.exec(part)?.[1] ?? (parts[at - 1] === 'lxc' ? part : undefined);
    if (lxc !== undefined) return { runtime: 'lxc', id: lxc };
    const machine = MACHINE.exec(part);
    if (machine !== null) return { runtime: 'nspawn', id: machine[1] ?? machine[2]! };
  }
  return undefined;
}

function bareRuntime(kubernetes: boolean, parent: string | undefined): Container['runtime'] {
  if (kubernetes) return 'kubernetes';
  return parent === 'docker' ? 'docker' : 'containerd';
}
