/** Adds to each process the package that owns its program. */
import type { Listener } from '../../model/listener.ts';
import type { Process } from '../../model/process.ts';
import { packagesOf } from './packages.ts';

/** Programs inside containers are not of this machine's packages. */
export function withPackages(listeners: readonly Listener[]): Listener[] {
  const mine = (process: Process): boolean =>
    process.executable !== undefined && process.container === undefined;
  const paths = listeners.flatMap(({ owner }) =>
    owner.kind === 'processes'
      ? owner.processes.filter(mine).map(({ executable }) => executable!)
      : [],
  );
  const packages = packagesOf(paths);
  const named = (process: Process): Process => {
    const name = mine(process) ? packages.get(process.executable!) : undefined;
    return name === undefined ? process : { ...process, package: name };
  };
  return listeners.map((listener) =>
    listener.owner.kind === 'processes'
      ? {
          ...listener,
          owner: { ...listener.owner, processes: listener.owner.processes.map(named) },
        }
      : listener,
  );
}
