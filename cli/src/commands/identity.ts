/** `waxwing id …`: this home's own identity. */
import { exportIdentity, type HomeLook, protectHome, unprotectHome, WaxwingError } from '@waxwing/client';
import { fromBase64 } from '@waxwing/protocol';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type HomeFlags, withHome, withLook, withNewHome } from '../known-home.ts';
import { writeNewFile } from '../new-file.ts';
import { print, printJson } from '../output.ts';
import { confirmed, newPassphrase, withProgress } from '../question.ts';
import { formatMoment } from '../text/duration.ts';
import { qrLines } from '../text/qr.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';

export interface ShowFlags extends HomeFlags {
  readonly json?: boolean;
  readonly qr?: boolean;
  readonly create?: boolean;
}

export async function showIdentity(flags: ShowFlags): Promise<ExitCode> {
  // A home that is there is looked at only: it may be in use.
  const use = flags.create === true ? createThenLook : withLook;
  return await use(flags, (home) => {
    const { bundle: _, ...identity } = exportIdentity(home);
    const { path, profileLabel, protection } = home;
    const nick = home.store.settings.get('nick');
    if (flags.json === true) {
      const where = { profile: profileLabel ?? null, path, databaseKey: protection };
      printJson({ ...identity, ...where, nick: nick ?? null, lab: home.lab });
      return EXIT.ok;
    }
    print(identity.fingerprint);
    if (flags.qr !== false && process.stdout.isTTY) print('', ...qrLines(identity.fingerprint, process.stdout.columns));
    print(
      '',
      `Device   ${identity.device} (serial ${identity.serial})`,
      `Valid    ${formatMoment(identity.notBefore)} to ${formatMoment(identity.notAfter)}, renewed by itself`,
      `Profile  ${profileLabel ?? '(WAXWING_HOME)'}`,
      `Home     ${sanitiseLine(path)}`,
      `Key      ${keyWords(home)}`,
      ...(nick === undefined ? [] : [`Nick     ${sanitiseName(nick)}`]),
      ...(home.lab
        ? ['Lab      yes: X-ray and recordings show its real keys and texts; never use it for anything real']
        : []),
      '',
      'Your peers compare the first line with what their side shows for you.',
    );
    return EXIT.ok;
  });
}

async function createThenLook<T>(flags: HomeFlags, use: (home: HomeLook) => T | Promise<T>): Promise<T> {
  try {
    return await withLook(flags, use);
  } catch (error) {
    if (!(error instanceof WaxwingError) || error.code !== 'home-missing') throw error;
    return await withNewHome(flags, use);
  }
}

function keyWords({ protection, path }: HomeLook): string {
  return protection === 'passphrase'
    ? `of the database: under a passphrase, in ${sanitiseLine(path)}/key.age`
    : `of the database: in ${sanitiseLine(path)}/key, a file that only you can read (0600); waxwing id protect puts it under a passphrase`;
}

export interface ExportFlags extends HomeFlags {
  readonly out?: string;
  readonly bundle?: string;
}

/** The public identity as JSON, or the bundle's bytes: nothing secret. */
export async function exportIdentityTo(flags: ExportFlags): Promise<ExitCode> {
  return await withLook(flags, (home) => {
    const identity = exportIdentity(home);
    if (flags.bundle !== undefined) {
      writeNewFile(flags.bundle, fromBase64(identity.bundle) ?? new Uint8Array(0));
      print(`${identity.fingerprint}: the bundle is in ${sanitiseLine(flags.bundle)}.`);
    }
    if (flags.out !== undefined) {
      writeNewFile(flags.out, `${JSON.stringify(identity, undefined, 2)}\n`);
      print(`${identity.fingerprint}: the public identity is in ${sanitiseLine(flags.out)}.`);
    }
    if (flags.bundle === undefined && flags.out === undefined) printJson(identity);
    return EXIT.ok;
  });
}

export async function protect(flags: HomeFlags): Promise<ExitCode> {
  return await withHome(flags, async (home) => {
    // Whoever has a passphrase already should learn it before typing a new one.
    const passphrase = home.protection === 'passphrase' ? '' : await newPassphrase('for this home');
    await withProgress('Putting the database key under the passphrase', () => protectHome(home, passphrase));
    print(
      'The database key is under your passphrase now. Every start asks for it, or reads the file that',
      'WAXWING_PASSPHRASE_FILE names. There is no way around it: make a backup (waxwing backup FILE).',
    );
    return EXIT.ok;
  });
}

export async function unprotect(flags: HomeFlags): Promise<ExitCode> {
  return await withHome(flags, async (home) => {
    await unprotectHome(home);
    print('The database key is in a file that only you can read (0600): whoever reads your files reads your messages.');
    return EXIT.ok;
  });
}

export interface RotateFlags extends HomeFlags {
  readonly device?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export async function rotate(flags: RotateFlags): Promise<ExitCode> {
  return await withHome(flags, async (home) => {
    const before = exportIdentity(home);
    if (flags.device !== true) {
      const question =
        'Make wholly new keys? You become a new account that nobody knows: every peer sees your key as CHANGED and is ' +
        'blocked until it accepts the new one, and every verification of you is void. History, peers and names stay.';
      if (!(await confirmed(question, flags))) {
        process.stderr.write('Nothing was changed.\n');
        return EXIT.failure;
      }
    }
    await withProgress('Generating RSA key pair...', () =>
      flags.device === true ? home.rotateDevice() : home.rotateAccount(),
    );
    const after = exportIdentity(home);
    if (flags.json === true) {
      const { bundle: _, ...identity } = after;
      printJson({ ...identity, before: { fingerprint: before.fingerprint, device: before.device } });
    } else if (flags.device === true) {
      print(
        `New device ${after.device} (before: ${before.device}) of the same account ${after.fingerprint}.`,
        'Your peers see the same key. What they had not acknowledged goes out again on the next connection.',
      );
    } else {
      print(
        `New account ${after.fingerprint}`,
        `     before ${before.fingerprint}`,
        'Tell your peers the new fingerprint over another way: each of them runs waxwing peers accept NAME SHA256:…',
      );
    }
    return EXIT.ok;
  });
}
