/** `npm run bench` runs every claim, `npm run bench -- NAME …` those named: tables, bench/results/*.json, charts. */
import type { Claim, ClaimResult } from './measure/claim.ts';
import { writeCharts } from './measure/chart.ts';
import { describeMachine } from './measure/machine.ts';
import { printClaim, targetLine, writeResult } from './measure/report.ts';
import { installComparators } from './compare/install.ts';
import { message } from './claims/message.ts';
import { growth } from './claims/growth.ts';
import { handshake } from './claims/handshake.ts';
import { hostile } from './claims/hostile.ts';
import { startup } from './claims/startup.ts';
import { floodClaim } from './claims/flood.ts';
import { relay } from './claims/relay.ts';

const CLAIMS: readonly Claim[] = [message, floodClaim, handshake, startup, growth, hostile, relay];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !CLAIMS.some((claim) => claim.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no benchmark ${unknown.join(', ')}. There are: ${CLAIMS.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

const started = performance.now();
const machine = describeMachine();
const comparators = installComparators();
const { processor, cores, system, node, openssl } = machine;
process.stdout.write(`${processor}, ${String(cores)} cores, ${system}, Node.js ${node}, OpenSSL ${openssl}\n`);

const results: (readonly [Claim, ClaimResult])[] = [];
for (const claim of CLAIMS) {
  if (wanted.length > 0 && !wanted.includes(claim.name)) continue;
  const tell = (what: string): void => void process.stderr.write(`… ${claim.name}: ${what}\n`);
  const result = await claim.run({ comparators, tell });
  printClaim(claim, result);
  writeResult(claim, result, machine);
  if (comparators) await writeCharts(result.charts);
  results.push([claim, result]);
}

process.stdout.write('\nTargets\n');
for (const [, { targets }] of results)
  process.stdout.write(targets.map((target) => `${targetLine(target)}\n`).join(''));
process.stdout.write(`${String(Math.round((performance.now() - started) / 1_000))} s\n`);
