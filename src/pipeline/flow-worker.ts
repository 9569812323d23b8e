/** The worker's program: keeps flows, and afterwards folds them by host if it is told to. */
import { keepFlows } from '../sources/flows/worker.ts';

keepFlows(async (flows, task) => {
  // Loaded only where it is needed, and when there is nothing else left to do.
  const { foldHosts } = await import('./host-part.ts');
  return foldHosts(flows, task);
});
