/** verify.sh of an evidence bundle (§7) under the real sh and openssl: it agrees with the program, whatever changed. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { concat, equalBytes, textOf, toBase64, utf8 } from '../../protocol/src/bytes.ts';
import { ProtocolError } from '../../protocol/src/errors.ts';
import { exportEvidence } from '../../protocol/src/evidence/export.ts';
import { EVIDENCE_FILES, type EvidenceFile, type EvidenceFiles } from '../../protocol/src/evidence/files.ts';
import { VERIFY_SCRIPT } from '../../protocol/src/evidence/verify-script.ts';
import { verifyEvidence } from '../../protocol/src/evidence/verify.ts';
import { encodeFingerprint } from '../../protocol/src/keys/fingerprint.ts';
import { signStatement } from '../../protocol/src/keys/profile.ts';
import { nodePrimitives as p } from '../../protocol/src/primitives/node.ts';
import { alice, aliceAccount } from '../../protocol/test/fixtures/devices.ts';
import { SIGNED_ITEMS, signedItem } from '../../protocol/test/fixtures/signed-flight.ts';
import { type EvidenceVectorFile, evidenceFiles } from '../../protocol/test/vectors/evidence.ts';
import { loadVectors } from '../../protocol/test/vectors/load.ts';

type SomeFiles = Partial<Record<EvidenceFile, Uint8Array>>;

interface Outcome {
  readonly good: boolean;
  readonly lines: readonly string[];
  readonly errors: string;
}

const PROVING = EVIDENCE_FILES.slice(0, 8);
const AT_ONCE = 4;
/** Bytes of each file that are flipped here, evenly spread: the program's own test flips every one. */
const SAMPLE = 10;
const openssl = spawnSync('openssl', ['version']);
const skip = openssl.error === undefined && openssl.status === 0 ? false : 'openssl is not installed';

let folder = '';
let runs = 0;

/** Writes the files (with our verify.sh) into a folder of their own and runs it from elsewhere. */
async function runScript(files: SomeFiles, shell = 'sh'): Promise<Outcome> {
  const here = join(folder, String(runs++));
  await mkdir(here);
  for (const [name, contents] of Object.entries(files)) await writeFile(join(here, name), contents);
  await writeFile(join(here, 'verify.sh'), VERIFY_SCRIPT);
  const outcome = await new Promise<Outcome>((resolve) => {
    execFile(shell, [join(here, 'verify.sh')], { cwd: '/', timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ good: error === null, lines: stdout.trimEnd().split('\n'), errors: stderr });
    });
  });
  await rm(here, { recursive: true });
  return outcome;
}

async function programSaysGood(files: SomeFiles): Promise<boolean> {
  try {
    await verifyEvidence(p, files);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'evidence') return false;
    throw error;
  }
}

/** Runs the script on every case, a few at a time, and demands the program's verdict of each. */
async function agreeOn(cases: readonly { readonly name: string; readonly files: SomeFiles; readonly good: boolean }[]) {
  const queue = [...cases];
  const worker = async (): Promise<void> => {
    for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
      const { good, lines, errors } = await runScript(each.files);
      assert.equal(good, each.good, `${each.name}: the script says ${lines.join(' | ')} ${errors}`);
      assert.equal(await programSaysGood(each.files), each.good, `${each.name}: the program`);
      assert.match(lines.at(-1) ?? '', each.good ? /^OK: {2}signed by account SHA256:/ : /^BAD: /, each.name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function replaced(bytes: Uint8Array, from: string | RegExp, to: string): Uint8Array {
  const text = textOf(bytes) ?? '';
  const changed = text.replace(from, to);
  assert.notEqual(changed, text);
  return utf8(changed);
}

suite('verify.sh (§7)', { skip, concurrency: false }, () => {
  let good: EvidenceFiles;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waxwing-evidence-'));
    good = await exportEvidence(p, await signedItem(1));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('agrees with the program on all of evidence.json', async () => {
    const file = loadVectors('evidence') as EvidenceVectorFile;
    assert.equal(file.vectors.length, 36);
    await agreeOn(
      file.vectors.map((entry) => ({
        name: entry.name,
        files: evidenceFiles(file, entry),
        good: entry.fails === undefined,
      })),
    );
  });

  test('passes what the program exports, says each check and ends with the fingerprint', async () => {
    for (const index of SIGNED_ITEMS.keys()) {
      const { good: passes, lines, errors } = await runScript(await exportEvidence(p, await signedItem(index)));
      assert.ok(passes, `${lines.join(' | ')} ${errors}`);
      assert.equal(errors, '');
      assert.ok(lines.every((line) => line.startsWith('OK:  ')));
      assert.equal(lines.at(-1), `OK:  signed by account ${encodeFingerprint(alice.bundle.account)}`);
    }
  });

  test('runs under every shell that is here, and as a command of its own', async () => {
    for (const shell of ['dash', 'bash', 'ksh', 'zsh', 'mksh', 'yash']) {
      if (spawnSync(shell, ['-c', 'true']).error !== undefined) continue;
      const { good: passes, lines, errors } = await runScript(good, shell);
      assert.ok(passes, `${shell}: ${lines.join(' | ')} ${errors}`);
    }
    const here = join(folder, 'a folder with -n spaces');
    await mkdir(here);
    for (const [name, contents] of Object.entries(good)) await writeFile(join(here, name), contents);
    await chmod(join(here, 'verify.sh'), 0o755);
    const result = spawnSync(join(here, 'verify.sh'), {
      cwd: here,
      encoding: 'utf8',
      env: { ...process.env, CDPATH: '/' },
    });
    assert.equal(result.status, 0, result.stdout + result.stderr);
  });

  test('refuses a changed byte anywhere, and bytes added or missing', async () => {
    const cases: { name: string; files: SomeFiles; good: boolean }[] = [];
    const add = (file: EvidenceFile, what: string, contents: Uint8Array): void => {
      if (equalBytes(contents, good[file])) return; // message.txt in lower case is message.txt
      cases.push({ name: `${file}: ${what}`, files: { ...good, [file]: contents }, good: false });
    };
    for (const [place, file] of PROVING.entries()) {
      const contents = good[file];
      const step = Math.max(1, Math.ceil(contents.length / SAMPLE));
      for (let at = place % step; at < contents.length; at += step) {
        const changed = contents.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << ((at / step) % 8));
        add(file, `byte ${at}`, changed);
      }
      add(file, 'line feed added', concat(contents, utf8('\n')));
      add(file, 'NUL added', concat(contents, new Uint8Array(1)));
      add(file, 'space in front', concat(utf8(' '), contents));
      add(file, 'last byte missing', contents.subarray(0, -1));
      add(file, 'empty', new Uint8Array(0));
    }
    for (const file of ['account.pub.pem', 'device.txt', 'message.txt'] as const) {
      const text = textOf(good[file]) ?? '';
      add(file, 'CRLF', utf8(text.replaceAll('\n', '\r\n')));
      add(file, 'one CRLF', utf8(text.replace('\n', '\r\n')));
      add(file, 'upper case', utf8(text.toUpperCase()));
      add(file, 'lower case', utf8(text.toLowerCase()));
      add(file, 'a NUL inside', concat(contents(text, 0, 40), new Uint8Array(1), contents(text, 40)));
    }
    add('account.pub.pem', 'in one line', utf8(pem(toBase64(alice.bundle.accountKey.spki))));
    add('account.pub.pem', 'text in front', concat(utf8('a key:\n'), good['account.pub.pem']));
    add('account.pub.pem', 'twice', concat(good['account.pub.pem'], good['account.pub.pem']));
    await agreeOn(cases);
  });

  test('refuses other spellings even when they are properly signed', async () => {
    const signedByDevice = async (from: string | RegExp, to: string): Promise<SomeFiles> => {
      const changed = replaced(good['message.txt'], from, to);
      return { ...good, 'message.txt': changed, 'message.sig': await signStatement(p, alice.signKey, changed) };
    };
    const signedByAccount = async (from: string | RegExp, to: string): Promise<SomeFiles> => {
      const changed = replaced(good['device.txt'], from, to);
      return { ...good, 'device.txt': changed, 'device.sig': await signStatement(p, aliceAccount.privateKey, changed) };
    };
    const messages: readonly (readonly [string | RegExp, string])[] = [
      [/\n$/, '\nmore: x\n'],
      [/\n$/, ''],
      [/\n/g, '\r\n'],
      ['seq: 5', 'seq: 0'],
      ['seq: 5', 'seq: 05'],
      ['seq: 5', 'seq: +5'],
      ['seq: 5', 'seq: 5 '],
      ['seq: 5', 'seq: 9007199254740992'],
      ['seq: 5', 'seq: 18446744073709551621'],
      ['seq: 5', 'seq: $(touch pwned)'],
      ['seq: 5\n', 'seq: 5\nseq: 5\n'],
      ['ttl: 60', 'ttl: -60'],
      ['ttl: 60', 'ttl: 0x3c'],
      ['count: 3', 'count: 03'],
      ['count: 3', 'count: 1+2'],
      ['sent: ', 'sent: 0'],
      [/^to: .*/m, 'to: 00'],
      [/^prev: 0/m, 'prev: G'],
      ['session: 07', 'session: 0A'],
      ['items: sha256:', 'items: SHA256:'],
      ['waxwing/1 message', 'waxwing/1  message'],
    ];
    const certificates: readonly (readonly [string | RegExp, string])[] = [
      [/\n$/, '\nmore: x\n'],
      ['serial: 1', 'serial: 0'],
      ['serial: 1', 'serial: 01'],
      ['serial: 1', 'serial: one'],
      [/not-before: .*/, 'not-before: 0'],
      [/not-after: .*/, 'not-after: 1'],
      [/dh-key: .*/, `dh-key: ${'A'.repeat(42)}B=`],
      [/dh-key: .*/, 'dh-key: AAAA'],
      [/wrap-key: .*/, 'wrap-key: AAAA'],
      [/wrap-key: .*/, `wrap-key: ${toBase64(alice.bundle.certificate.signKey.spki)}`],
      [/wrap-key: .*/, `wrap-key: ${toBase64(aliceAccount.publicKey.spki)}`],
      [/wrap-key: MIIB/, 'wrap-key: MIIC'],
      ['device: ', 'device: 0'],
    ];
    const cases: { name: string; files: SomeFiles; good: boolean }[] = [];
    for (const [from, to] of messages) {
      cases.push({ name: `message.txt ${to}`, files: await signedByDevice(from, to), good: false });
    }
    for (const [from, to] of certificates) {
      cases.push({ name: `device.txt ${to}`, files: await signedByAccount(from, to), good: false });
    }
    cases.push({ name: 'another seq', files: await signedByDevice('seq: 5', 'seq: 9007199254740991'), good: true });
    cases.push({ name: 'another serial', files: await signedByAccount('serial: 1', 'serial: 77'), good: true });
    await agreeOn(cases);
  });

  test('refuses a first line of item.txt that is no media type, though its hash is committed to', async () => {
    const opening = good['opening.bin'];
    const cases: { name: string; files: SomeFiles; good: boolean }[] = [];
    const items: readonly (readonly [string, boolean])[] = [
      [`${'a'.repeat(64)}\n`, true],
      [`${'a'.repeat(65)}\n`, false],
      ['no line feed', false],
      ['\nbody', false],
      ['text plain\nbody', false],
      ['text/plain\r\nbody', false],
      ['text/\0plain\nbody', false],
      ['téxt/plain\nbody', false],
      ['text/plain\n\0\r\n$(touch pwned)', true],
    ];
    for (const [text, fine] of items) {
      const item = utf8(text);
      const commitment = p.sha256(concat(opening, item));
      const hash = Buffer.from(p.sha256(commitment)).toString('hex');
      const message = replaced(
        replaced(good['message.txt'], 'count: 3', 'count: 1'),
        /items: .*/,
        `items: sha256:${hash}`,
      );
      cases.push({
        name: JSON.stringify(text),
        files: {
          ...good,
          'item.txt': item,
          'commitments.bin': commitment,
          'message.txt': message,
          'message.sig': await signStatement(p, alice.signKey, message),
        },
        good: fine,
      });
    }
    await agreeOn(cases);
  });

  test('says which file is missing', async () => {
    for (const missing of PROVING) {
      const files = Object.fromEntries(Object.entries(good).filter(([name]) => name !== missing)) as SomeFiles;
      const { good: passes, lines } = await runScript(files);
      assert.equal(passes, false);
      assert.equal(lines.at(-1), `BAD: ${missing} is missing`);
    }
  });

  test('account.pub.pem is what openssl prints from it', async () => {
    const path = join(folder, 'account.pub.pem');
    await writeFile(path, good['account.pub.pem']);
    const printed = spawnSync('openssl', ['pkey', '-pubin', '-in', path]).stdout;
    assert.ok(equalBytes(printed, good['account.pub.pem']));
  });
});

function contents(text: string, from: number, to?: number): Uint8Array {
  return utf8(text.slice(from, to));
}

function pem(base64: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
}
