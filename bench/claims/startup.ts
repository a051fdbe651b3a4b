/** Claim 4: how soon it is there, how much memory it holds, how much it weighs. */
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openHome } from '@waxwing/client';
import { build } from 'esbuild';
import { atMost, type Claim, type ClaimResult, type Figure, figure, type Target } from '../measure/claim.ts';
import { type Contestant, interleave } from '../measure/interleave.ts';
import { medianOf, pairedRatio } from '../measure/statistics.ts';
import { HistoryFiller, makeHomes, withFolder } from '../pair/homes.ts';
import { Program, runOnce } from '../pair/program.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCHEDULE = { rounds: 15, warmUp: 1 };
const HISTORY = 100_000;
/** Of the resident memory with a long history to that with none. */
const FLAT = 1.1;
/** On any machine, also a busy one, ms. */
const SOON = 1_000;
/** An idle server is looked at so long after it is ready, ms. */
const SETTLED = 1_500;
const MEMORY_SAMPLES = 3;

export const startup: Claim = {
  name: 'startup',
  title: 'from the command to its being ready, memory, and size',
  async run({ tell }): Promise<ClaimResult> {
    return await withFolder(async (folder) => {
      const [alice = '', bob = '', long = ''] = await makeHomes(folder, 'alice', 'bob', 'long');
      tell('starting');
      const times = await measureStarts(alice, bob);
      tell(`memory with a history of ${HISTORY.toLocaleString('en')} messages`);
      const memory = await measureMemory({ none: alice, long });
      tell('sizes');
      const sizes = [figure('installed, with all dependencies', 'MB', [installedSize()]), ...(await bundleSizes())];
      return {
        figures: [...times.figures, ...memory.figures, ...sizes],
        targets: [...times.targets, ...memory.targets],
        skipped: memory.skipped,
        charts: [times.chart],
        versions: {},
      };
    });
  },
};

async function measureStarts(alice: string, bob: string) {
  const server = new Program(alice, 'server', '--plain', '--port', '0');
  const port = await server.port();
  const other = join(alice, '../other');
  (await openHome({ path: other })).close();
  const starting = (name: string, sample: () => Promise<number>): Contestant => ({
    name,
    parts: ['start'],
    sample: async () => [await sample()],
  });
  const names = {
    node: 'node, nothing else',
    version: 'waxwing --version',
    server: 'server ready',
    client: 'client connected',
  };
  const samples = await interleave(
    [
      starting(names.node, () => {
        const start = performance.now();
        spawnSync(process.execPath, ['-e', '0']);
        return Promise.resolve(performance.now() - start);
      }),
      starting(names.version, async () => {
        const start = performance.now();
        await runOnce(bob, '--version');
        return performance.now() - start;
      }),
      starting(names.server, async () => {
        const program = new Program(other, 'server', '--plain', '--port', '0');
        const { at } = await program.line(/^Listening/);
        await program.kill();
        return at - program.started;
      }),
      starting(names.client, async () => {
        const program = new Program(bob, 'client', `127.0.0.1:${String(port)}`, '--plain');
        const { at } = await program.line(/^Keys exchanged/);
        program.endInput();
        await program.ended();
        return at - program.started;
      }),
    ],
    SCHEDULE,
  );
  await server.kill();
  const of = (name: string): readonly number[] => samples.of(name, 'start');
  const figures = Object.values(names).map((name) => figure(name, 'ms', of(name)));
  const targets = [
    atMost('waxwing --version / bare node', pairedRatio(of(names.version), of(names.node)), 3),
    atMost('server ready with an identity', medianOf(of(names.server)), SOON, 'ms'),
    atMost('client connected with an identity', medianOf(of(names.client)), SOON, 'ms'),
  ];
  const chart = {
    kind: 'bars',
    file: 'startup',
    title: 'From the command to its being ready',
    unit: 'ms',
    groups: figures.map(({ name }) => name),
    series: [{ name: 'median', values: figures.map(({ median }) => median) }],
  } as const;
  return { figures, targets, chart };
}

async function measureMemory(homes: { readonly none: string; readonly long: string }): Promise<{
  figures: Figure[];
  targets: Target[];
  skipped: string[];
}> {
  const home = await openHome({ path: homes.long });
  await new HistoryFiller(home).fillTo(HISTORY);
  home.close();
  const none: number[] = [];
  const long: number[] = [];
  for (let round = 0; round < MEMORY_SAMPLES; round++) {
    for (const [path, samples] of [
      [homes.none, none],
      [homes.long, long],
    ] as const) {
      const server = new Program(path, 'server', '--plain', '--port', '0');
      await server.port();
      await new Promise((resolve) => setTimeout(resolve, SETTLED));
      const memory = server.memory();
      await server.kill();
      if (memory === undefined) return { figures: [], targets: [], skipped: ['memory: ps cannot tell it here'] };
      samples.push(memory);
    }
  }
  return {
    figures: [
      figure('resident, idle server, no history', 'MB', none),
      figure(`resident, idle server, history of ${HISTORY.toLocaleString('en')}`, 'MB', long),
    ],
    targets: [atMost('memory with a long history / with none', pairedRatio(long, none), FLAT)],
    skipped: [],
  };
}

/** The command and everything that is installed with it, MB. */
function installedSize(): number {
  const { stdout } = spawnSync('npm', ['ls', '--workspace', 'cli', '--omit=dev', '--all', '--parseable'], {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const folders = new Set(stdout.split('\n').filter((path) => path !== '' && path !== ROOT.replace(/\/$/, '')));
  let bytes = 0;
  for (const folder of folders) bytes += sizeOf(folder);
  return bytes / 1e6;
}

/** Bytes of the files in a folder, without what is installed or tested in it. */
function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += ['node_modules', 'test'].includes(entry.name) ? 0 : sizeOf(path);
    else if (entry.isFile()) bytes += lstatSync(path).size;
  }
  return bytes;
}

/** The protocol with the adapter for browsers, as one minified module. */
async function bundleSizes(): Promise<Figure[]> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from '@waxwing/protocol'; export * from '@waxwing/protocol/channel';
        export { webPrimitives } from '@waxwing/protocol/primitives/web';`,
      resolveDir: ROOT,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array(0);
  return [
    figure('browser build of protocol/, minified', 'kB', [code.length / 1_000]),
    figure('browser build of protocol/, gzip', 'kB', [gzipSync(code).length / 1_000]),
  ];
}
