/** Who may import whom (docs/architecture.md), as a rule set of dependency-cruiser. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import type { ICruiseResult, IForbiddenRuleType } from 'dependency-cruiser';

/** The floors of protocol/src from the ground up: a floor imports only lower ones, rooms of one floor do not know each other. */
export const FLOORS: readonly (readonly string[])[] = [
  ['bytes.ts', 'errors.ts', 'labels.ts', 'limits.ts', 'primitives.ts', 'trace.ts'],
  ['primitives/', 'codec/', 'symmetric/'],
  ['keys/'],
  ['framing/', 'handshake/', 'ratchet/', 'envelope/', 'evidence/', 'prekeys/', 'links/', 'outer/'],
  ['start/', 'rooms/'],
  ['channel/', 'conversation/', 'classic/', 'relay-messages/'],
  ['index.ts', 'wire.ts', 'unsafe.ts'],
];

/** What the product code of each workspace may import of the others: workspaces that are not built yet have their rule too. */
const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  client: ['protocol'],
  relay: ['protocol'],
  cli: ['client', 'protocol', 'relay', 'lab'],
  web: ['client', 'protocol'],
  lab: ['protocol', 'client', 'relay'],
  bench: ['protocol', 'client', 'relay'],
};

const WORKSPACES = Object.keys(NEIGHBOURS);
/** The benchmarks are a plain folder; everything else has its product code in `src` and `bin`. */
const codeOf = (name: string): string => (name === 'bench' ? '^bench/' : `^${name}/(src|bin)/`);

const escape = (text: string): string => text.replaceAll('.', '\\.');
const inProtocol = (room: string): string => `^protocol/src/${escape(room)}${room.endsWith('/') ? '' : '$'}`;

function floorRules(): IForbiddenRuleType[] {
  return FLOORS.flatMap((rooms, level) =>
    rooms.map((room): IForbiddenRuleType => {
      // The ground floor's files and the two tops may see their own floor: they are files, not rooms (cycles are caught apart).
      const below = FLOORS.slice(0, level).flat();
      const beside = level === 0 ? rooms : [room];
      return {
        name: `floor ${String(level)}: ${room}`,
        severity: 'error',
        from: { path: inProtocol(room) },
        to: { path: '^protocol/src/', pathNot: [...below, ...beside].map(inProtocol) },
      };
    }),
  );
}

function neighbourRules(): IForbiddenRuleType[] {
  return WORKSPACES.map((name) => {
    const strangers = WORKSPACES.filter((other) => other !== name && !NEIGHBOURS[name]?.includes(other));
    return {
      name: `neighbours of ${name}`,
      severity: 'error',
      from: { path: codeOf(name) },
      to: { path: `^(${strangers.join('|')})/` },
    };
  });
}

/** Files that a workspace's package.json exports: its doors. */
function doorsOf(root: string): string[] {
  return WORKSPACES.flatMap((name) => {
    const file = join(root, name, 'package.json');
    if (!existsSync(file)) return [];
    const { exports = {} } = JSON.parse(readFileSync(file, 'utf8')) as { exports?: Record<string, string> };
    return Object.values(exports).map((door) => `^${escape(join(name, door))}$`);
  });
}

function importRules(root: string): IForbiddenRuleType[] {
  const doors = doorsOf(root);
  return [
    ...floorRules(),
    ...neighbourRules(),
    ...WORKSPACES.map(
      (name): IForbiddenRuleType => ({
        name: `${name} enters others by their doors`,
        severity: 'error',
        from: { path: codeOf(name) },
        to: { path: `^(${WORKSPACES.filter((other) => other !== name).join('|')})/`, pathNot: doors },
      }),
    ),
    {
      name: 'the relay sees sealed envelopes only',
      severity: 'error',
      from: { path: '^relay/src/' },
      to: { path: '^protocol/', pathNot: ['^protocol/src/wire\\.ts$', '^protocol/src/channel/index\\.ts$'] },
    },
    {
      name: 'nothing behind the relay’s doors opens or seals an envelope',
      severity: 'error',
      from: { path: '^protocol/src/(wire|channel/index)\\.ts$' },
      to: {
        path: '^protocol/src/(envelope/(open|seal)[a-z-]*\\.ts$|ratchet/|conversation/|outer/|start/|rooms/)',
        reachable: true,
      },
    },
    {
      name: 'only the lab command imports the lab',
      severity: 'error',
      from: { path: '^cli/', pathNot: ['/lab\\.ts$', '/lab-[a-z]+\\.ts$'] },
      to: { path: '^lab/' },
    },
    {
      name: 'only the lab takes the protocol apart',
      severity: 'error',
      from: { path: '^[a-z]+/(src|bin)/', pathNot: '^lab/' },
      to: { path: '^protocol/src/unsafe\\.ts$' },
    },
    {
      name: 'the protocol is pure',
      severity: 'error',
      from: { path: '^protocol/src/', pathNot: '^protocol/src/primitives/node\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'an adapter is chosen outside the protocol',
      severity: 'error',
      from: { path: '^protocol/src/', pathNot: '^protocol/src/primitives/' },
      to: { path: '^protocol/src/primitives/' },
    },
    {
      name: 'the product imports no test',
      severity: 'error',
      from: { path: '^[a-z]+/(src|bin)/' },
      to: { path: '(^|/)test/' },
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every import resolves',
      severity: 'error',
      from: { path: '^[a-z]+/(src|bin)/' },
      to: { couldNotResolve: true },
    },
  ];
}

export interface ImportFault {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface ImportReport {
  readonly modules: number;
  readonly faults: readonly ImportFault[];
}

/** Reads every import of the product under `root` (type-only ones too) and judges it by the rules. */
export async function judgeImports(root: string): Promise<ImportReport> {
  const folders = [...WORKSPACES.flatMap((name) => [`${name}/src`, `${name}/bin`]), 'bench'].filter((name) =>
    existsSync(join(root, name)),
  );
  const { output } = await cruise(
    folders,
    {
      baseDir: root,
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '(^|/)(dist|dist-packages)/' },
      validate: true,
      ruleSet: { forbidden: importRules(root) },
    },
    { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js', '.json'] },
  );
  const { modules, summary } = output as ICruiseResult;
  const own = modules.filter(({ source }) => WORKSPACES.some((name) => source.startsWith(`${name}/`)));
  const rooms = FLOORS.flat().map((room) => new RegExp(inProtocol(room)));
  const homeless = own.filter(
    ({ source }) => source.startsWith('protocol/src/') && !rooms.some((room) => room.test(source)),
  );
  return {
    modules: own.length,
    faults: [
      ...summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
      ...homeless.map(({ source }) => ({ rule: 'every room has its floor', from: source, to: source })),
    ],
  };
}
