/** A flood through the two real programs, and the way of one typed line between them. */
import { SyncedFile } from '../pair/disk.ts';
import { Floor } from '../pair/floor.ts';
import { makeHomes } from '../pair/homes.ts';
import { Program } from '../pair/program.ts';

export interface ProgramFlood {
  readonly seconds: number;
  /** Processor time of both, seconds; undefined where the system does not tell. */
  readonly processor: number | undefined;
  /** Resident memory of the server, MB, after half of the messages and after all. */
  readonly early: number | undefined;
  readonly late: number | undefined;
}

const LINES_A_WRITE = 1_000;
/** Messages between two looks at the processor time. */
const TIMED_EVERY = 1_000;

/** Two programs that have met; `flags` go to both. */
async function connectPrograms(
  folder: string,
  ...flags: readonly string[]
): Promise<{ server: Program; client: Program }> {
  const [alice = '', bob = ''] = await makeHomes(folder, 'alice', 'bob');
  const server = new Program(alice, 'server', '--plain', '--once', '--port', '0', ...flags);
  const port = await server.port();
  const client = new Program(bob, 'client', `127.0.0.1:${String(port)}`, '--plain', ...flags);
  await client.line(/^Peer SHA256:/);
  return { server, client };
}

/**
 * Pipes `count` lines into a client, and waits until the server has shown all of them in order, and the client has left
 * because all are acknowledged.
 */
export async function floodPrograms(folder: string, count: number): Promise<ProgramFlood> {
  const { server, client } = await connectPrograms(folder);
  let next = 0;
  let early: number | undefined;
  let late: number | undefined;
  let processor: number | undefined;
  let fault: string | undefined;
  const used = (): number => (server.processorTime() ?? Number.NaN) + (client.processorTime() ?? Number.NaN);
  const before = used();
  const spent = (): number | undefined => (Number.isNaN(used()) ? undefined : used() - before);
  const shown = new Promise<void>((resolve) => {
    server.watch((line) => {
      if (!line.startsWith('Message: ')) return;
      if (line !== `Message: message ${String(next)}`) fault ??= `"${line}" in place of message ${String(next)}`;
      next += 1;
      if (next === Math.floor(count / 2)) early = server.memory();
      // The client leaves soon after the last message was shown, and takes its figures along.
      if (next % TIMED_EVERY === 0) processor = spent() ?? processor;
      if (next < count) return;
      late = server.memory();
      resolve();
    });
  });
  const start = performance.now();
  for (let from = 0; from < count; from += LINES_A_WRITE) {
    const lines = Array.from(
      { length: Math.min(LINES_A_WRITE, count - from) },
      (_, at) => `message ${String(from + at)}\n`,
    );
    await client.type(lines.join(''));
  }
  client.endInput();
  const code = await client.ended();
  const seconds = (performance.now() - start) / 1_000;
  await shown;
  server.endInput();
  await server.ended();
  if (fault !== undefined || code !== 0) throw new Error(fault ?? `the client ended with ${String(code)}`);
  return { seconds, processor, early, late };
}

export interface TypedLines {
  /** From the typed line to its being shown at the other end, ms. */
  readonly shown: readonly number[];
  /** The bare calls of sealing and opening, measured between the lines, ms. */
  readonly floor: readonly number[];
  /** Four kilobytes forced onto the disk of the homes, measured between the lines, ms. */
  readonly sync: readonly number[];
}

const PAUSE = 15;

/** Types lines one at a time, each after the one before was shown and a pause. */
export async function typeLines(folder: string, count: number, ...flags: readonly string[]): Promise<TypedLines> {
  const { server, client } = await connectPrograms(folder, ...flags);
  const bare = new Floor(12, 512);
  const file = new SyncedFile(folder);
  const shown: number[] = [];
  const floor: number[] = [];
  const sync: number[] = [];
  for (let number = 0; number < count; number++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const bareStart = performance.now();
    bare.open(bare.seal());
    floor.push(performance.now() - bareStart);
    sync.push(file.time());
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const arrival = server.line(new RegExp(`^Message: line ${String(number)}$`));
    const start = performance.now();
    await client.type(`line ${String(number)}\n`);
    shown.push((await arrival).at - start);
  }
  file.close();
  client.endInput();
  await client.ended();
  await server.kill();
  return { shown, floor, sync };
}
