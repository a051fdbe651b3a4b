/** Connections that say nothing: how fast they come, and what each keeps of the server's memory. */
import { readFileSync } from 'node:fs';
import { Load } from './load.ts';
import type { Server } from './server.ts';

/** Files that a server needs beside its connections. */
const OTHER_FILES = 200;
/** Until a server has come to rest, ms. */
const REST = 3_000;

export interface Crowd {
  readonly connections: number;
  /** Resident memory above that of the server with none, bytes a connection. */
  readonly each: number;
}

export interface CrowdResult {
  readonly crowds: readonly Crowd[];
  /** Connections a second, from the first to the last, each with its handshake and its place as a member or a session. */
  readonly rate: number;
  /** Processor time of the server, ms a connection. */
  readonly processor: number;
}

/** How many connections a process may have here; undefined where the system does not tell. */
export function mostConnections(): number | undefined {
  try {
    const limit = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? undefined : Number(limit) - OTHER_FILES;
  } catch {
    return undefined;
  }
}

/** Grows a crowd to each of `sizes` in turn, ascending; two processes hold it. */
export async function gatherCrowd(server: Server, sizes: readonly number[]): Promise<CrowdResult> {
  const loads: Load[] = [];
  try {
    for (let half = 0; half < 2; half++) loads.push(await Load.start(server.network));
    const empty = server.memory() ?? Number.NaN;
    const crowds: Crowd[] = [];
    let connections = 0;
    let seconds = 0;
    const before = server.processorTime() ?? Number.NaN;
    for (const size of sizes) {
      const half = Math.floor((size - connections) / 2);
      const start = performance.now();
      await Promise.all(
        loads.map(async (load, at) => {
          const first = connections + at * half;
          await load.tell('hold', { first, count: at === 0 ? half : size - first });
        }),
      );
      seconds += (performance.now() - start) / 1_000;
      connections = size;
      await new Promise((resolve) => setTimeout(resolve, REST));
      crowds.push({ connections, each: ((server.memory() ?? Number.NaN) - empty) / connections });
    }
    const processor = (((server.processorTime() ?? Number.NaN) - before) / connections) * 1_000;
    return { crowds, rate: connections / seconds, processor };
  } finally {
    for (const load of loads) load.end();
    await server.stop();
  }
}
